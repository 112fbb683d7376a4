// Energies and areas from Accelergy's tables: ERT.yaml and ART.yaml.
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <yaml-cpp/yaml.h>  // YAML 1.2: parsing, and errors with their line

#include "ohmic/cost/book_file.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/plugin/author_prices.hpp"
#include "ohmic/plugin/parameters.hpp"

namespace {

struct accelergy_parameters {
  std::string energies{};             ///< ERT.yaml
  std::string areas{};                ///< ART.yaml, or empty
  std::string rename{};               ///< their.name:ours,..
  std::string origin = "regression";  ///< what the estimator's numbers are, unless told otherwise
  std::string source{};               ///< in front of the file's name
};

}  // namespace

BOOST_HANA_ADAPT_STRUCT(accelergy_parameters, energies, areas, rename, origin, source);

namespace {

using ohmic::errc;
using ohmic::error;

/// Largest file that is read, in bytes, and most prices that it gives, as the host takes them.
constexpr std::uint64_t max_table_bytes = std::uint64_t{16} << 20;
constexpr std::size_t max_lines = 65536;

/// The name of a component without its path and all instances: system.tile[1..12].adc[1..128] is adc.
std::string component_of(std::string const& name) {
  std::string last;
  bool inside = false;
  for (char c : name) {
    if (c == '[') inside = true;
    if (c == '.' && !inside)
      last.clear();
    else if (!inside)
      last += c;
    if (c == ']') inside = false;
  }
  return last;
}

class accelergy_file {
 public:
  accelergy_file(accelergy_parameters const& p, std::string file, char const* root) : p_(p), file_(std::move(file)) {
    try {
      auto const all = YAML::Load(ohmic::model::read_whole(file_, max_table_bytes));
      if (!all.IsMap() || !all[root] || !all[root]["tables"] || !all[root]["tables"].IsSequence())
        throw error({errc::file_format, "is no table of Accelergy", file_, "", std::string(root) + ": {tables: [..]}",
                     "give ERT.yaml as energies and ART.yaml as areas"});
      tables_ = all[root]["tables"];
    } catch (YAML::Exception const& e) { throw broken(e); }
  }

  /// Lines of a price book. Units: pJ, um2, as Accelergy writes them.
  std::string energies() const {
    return each([&](YAML::Node const& t, std::string const& component) {
      std::string lines;
      for (auto const& action : entry(t, "actions"))
        lines += line("energy", component + "." + entry(action, "name").as<std::string>(),
                      number(action, "energy") * 1e-12, "J", action);
      return lines;
    });
  }
  std::string areas() const {
    return each([&](YAML::Node const& t, std::string const& component) {
      return line("area", component, number(t, "area") * 1e-12, "m2", t);
    });
  }

 private:
  error broken(YAML::Exception const& e) const {
    return error(
        {errc::file_format, "broken YAML: " + e.msg, file_ + " line " + std::to_string(e.mark.line + 1), "", "", ""});
  }
  std::string place(YAML::Node const& n) const { return file_ + " line " + std::to_string(n.Mark().line + 1); }

  /// Aliases let a short file name the same actions many times over.
  void count_line(YAML::Node const& at) const {
    if (++lines_ > max_lines)
      throw error({errc::capacity, "has too many prices", place(at), "more than " + std::to_string(max_lines),
                   "at most " + std::to_string(max_lines), ""});
  }
  template <class F>
  std::string each(F const& f) const {
    std::string lines;
    try {
      for (auto const& t : tables_) lines += f(t, component_of(entry(t, "name").as<std::string>()));
    } catch (YAML::Exception const& e) { throw broken(e); }
    return lines;
  }
  YAML::Node entry(YAML::Node const& n, char const* key) const {
    if (!n.IsMap() || !n[key]) throw error({errc::missing_entry, "is missing", place(n), key, "", ""});
    return n[key];
  }
  double number(YAML::Node const& n, char const* key) const {
    auto const v = entry(n, key).as<double>();
    if (!(v >= 0.0 && v < 1e30))
      throw error({errc::value, "out of range", place(n), ohmic::detail::number_text(v), "0 and above", ""});
    return v;
  }
  std::string line(char const* kind, std::string name, double value, char const* unit, YAML::Node const& at) const {
    count_line(at);
    std::string const from = name;
    for (std::string_view rest = p_.rename; !rest.empty();) {
      auto const end = std::min(rest.find(','), rest.size());
      auto const pair = rest.substr(0, end);
      auto const colon = pair.find(':');
      if (colon == pair.npos)
        throw error({errc::config_value, "is no pair", "rename", std::string(pair), "their.name:ours", ""});
      if (pair.substr(0, colon) == from) name = pair.substr(colon + 1);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return std::string(kind) + "," + name + "," + ohmic::detail::number_text(value) + " " + unit + "," + p_.origin +
           "," + (p_.source.empty() ? "" : p_.source + "; ") + "Accelergy, " + place(at) + ": " + from + "\n";
  }

  accelergy_parameters const& p_;
  std::string file_;
  YAML::Node tables_{};
  mutable std::size_t lines_ = 0;
};

struct accelergy_reader {
  static constexpr std::string_view
      name = "cost_accelergy",
      summary = "energies and areas from Accelergy's tables",
      parameters_help = "energies=ERT.yaml;areas=ART.yaml;rename=their.name:ours,..;origin=regression;source=..";

  static ohmic::run_time_book open(std::string_view text) {
    auto const p = ohmic::plugin::parameters_of<accelergy_parameters>(text);
    if (p.energies.empty() && p.areas.empty())
      throw error({errc::config_value, "no file is named", "energies, areas", "nothing", "ERT.yaml, ART.yaml",
                   "give energies=.."});
    std::string lines;
    if (!p.energies.empty()) lines += accelergy_file(p, p.energies, "ERT").energies();
    if (!p.areas.empty()) lines += accelergy_file(p, p.areas, "ART").areas();
    return ohmic::parse_price_book(lines, p.energies.empty() ? p.areas : p.energies);
  }
};

void const* extension(char const* name) { return ohmic::plugin::prices_of<accelergy_reader>(name); }

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<>({"cost_accelergy", "1.0", "energies and areas from Accelergy's tables"}, &extension);
}
