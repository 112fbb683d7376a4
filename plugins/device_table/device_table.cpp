// A table of measured states as a plugin.
#include <string>
#include <string_view>

#include "ohmic/device/measured_states.hpp"
#include "ohmic/plugin/author.hpp"
#include "ohmic/plugin/parameters.hpp"

namespace {

/// What cell.parameters says.
struct table_parameters {
  std::string states{};           ///< CSV file
  ohmic::seconds reference{1.0};  ///< nothing drifts before
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(table_parameters, states, reference);

namespace {

struct device_table : ohmic::measured_states {
  static constexpr std::string_view parameters_help =
      "states=FILE.csv (conductance_uS,spread_uS[,drift_exponent,drift_spread]); reference=1 s (nothing drifts before)";

  [[nodiscard]] static device_table from_parameters(std::string_view text) {
    auto const p = ohmic::plugin::parameters_of<table_parameters>(text);
    if (p.states.empty())
      throw ohmic::error({ohmic::errc::config_value, "a table has no file", "states", "nothing", "a CSV file",
                          "set cell.parameters=states=FILE.csv"});
    if (!(p.reference.si() > 0.0))
      throw ohmic::error({ohmic::errc::config_value, "out of range", "reference", ohmic::to_text(p.reference),
                          "above 0 s", "set reference"});
    device_table out;
    out.states = ohmic::read_states(p.states);
    out.reference_s = p.reference.si();
    return out;
  }
  [[nodiscard]] ohmic::device_facts facts() const noexcept {
    auto f = ohmic::measured_states::facts();
    f.name = "device_table";
    return f;
  }
};

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<device_table>({"device_table", "1.0", "measured states from a CSV file"});
}
