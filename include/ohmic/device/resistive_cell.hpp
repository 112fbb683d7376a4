// Settings of a memristor that keeps one of many conductances: its range, its device, and what happens to it.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/device/catalogue.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/device_choice.hpp"
#include "ohmic/device/iv_curve.hpp"

namespace ohmic::inline OHMIC_ABI {

/// What the digital side multiplies outputs with, because conductances have drifted; measured without noise of reads.
enum class drift_compensation {
  none,
  global,      ///< one factor of a matrix: mean |w| as programmed over mean |w| as it is
  per_column,  ///< one of every output
  exact,       ///< one of a matrix, against the weights that were wanted instead of those that were programmed
};
template <>
struct enum_names<drift_compensation> {
  static constexpr std::pair<std::string_view, drift_compensation> value[] = {
      {"none", drift_compensation::none},
      {"global", drift_compensation::global},
      {"per_column", drift_compensation::per_column},
      {"exact", drift_compensation::exact}};
};

/// When the array is read, and drift by a power law for devices that have no law of their own.
struct retention_config {
  seconds age{0.0};        ///< after programming
  double exponent = 0.0;   ///< nu in G(t) = G (t / t0)^-nu, its mean over cells
  double spread = 0.0;     ///< standard deviation of nu from cell to cell
  seconds reference{1.0};  ///< t0, also of a table; assumed: nothing drifts before
  drift_compensation compensation = drift_compensation::none;
};

struct temperature_config {
  kelvins at{300.0};           ///< when it is read
  kelvins reference{300.0};    ///< when it was programmed
  double activation_eV = 0.1;  ///< assumed, as AnalogLib does
};

/// Settings of a cell that keeps a conductance between 1 / r_off and 1 / r_on.
struct resistive_cell_config {
  ohms r_on{10e3};
  ohms r_off{1e6};  ///< inf: the lowest level conducts nothing
  int levels = 0;   ///< evenly spaced, both ends included; 0: any conductance
  device_choice device{};
  std::string states{};  ///< of device=table: its CSV file
  double programming_error =
      0.0;                  ///< standard deviation, as a share of the range; for devices without a law of their own
  double read_noise = 0.0;  ///< the same of every read
  write_config write{};
  retention_config retention{};
  temperature_config temperature{};
  fault_config faults{};
  read_curve_config curve{};
  std::string parameters{};  ///< of a plugin's device: what its README says, key=value;key=value

  /// Errors  config_value, config_conflict, naming the field; those of read_states
  static void validate(resistive_cell_config const& c);
  /// The same for a law with these facts, which is no device of the catalogue.
  static void validate(resistive_cell_config const& c, device_facts const& own);

  [[nodiscard]] double g_max_S() const noexcept { return 1.0 / r_on.si(); }
  [[nodiscard]] double g_min_S() const noexcept { return std::isfinite(r_off.si()) ? 1.0 / r_off.si() : 0.0; }
};

namespace detail {

/// Facts of the device, a table's read from its file.
[[nodiscard]] inline device_facts facts_of(resistive_cell_config const& c) {
  device_facts facts;
  if (c.device == device_name::table) {
    measured_states table;
    table.states = read_states(c.states);
    facts = table.facts();
  } else {
    with_law(c.device, [&](auto const& law) { facts = law.facts(); });
  }
  return facts;
}

/// Far below what any device has, and far from where conductances overflow.
inline constexpr double least_on_ohm = 1e-30;

class cell_check {
 public:
  explicit cell_check(resistive_cell_config const& c) : c_(c) {}

  void range() const {
    double const on = c_.r_on.si(), off = c_.r_off.si();
    if (!(on > 0.0 && std::isfinite(on)))
      throw error({errc::config_value, "conductance is not positive and finite", "cell.r_on", to_text(c_.r_on),
                   "above 0 ohm", "set cell.r_on to the resistance of the highest level"});
    if (on < least_on_ohm)
      throw error({errc::config_value, "conductance is out of all proportion", "cell.r_on", to_text(c_.r_on),
                   to_text(ohms(least_on_ohm)) + " and above", "set cell.r_on to the resistance of the highest level"});
    if (!(off > on))
      throw error({errc::config_value, "the lowest level conducts no less than the highest", "cell.r_off",
                   to_text(c_.r_off), "above cell.r_on = " + to_text(c_.r_on) + ", or inf ohm",
                   "exchange cell.r_on and cell.r_off"});
    if (c_.levels != 0 && (c_.levels < 2 || c_.levels > 65536))
      throw error({errc::config_value, "out of range", "cell.levels", std::to_string(c_.levels),
                   "0 (any conductance) or 2..65536", "set cell.levels"});
  }
  void numbers() const {
    within("programming_error", c_.programming_error, 1.0);
    within("read_noise", c_.read_noise, 1.0);
    if (c_.write.max_tries < 1 || c_.write.max_tries > 255)
      throw error({errc::config_value, "out of range", "cell.write.max_tries", std::to_string(c_.write.max_tries),
                   "1..255", "set cell.write.max_tries"});
    if (!(c_.write.tolerance > 0.0 && c_.write.tolerance <= 1.0))
      throw error({errc::config_value, "out of range", "cell.write.tolerance", number_text(c_.write.tolerance),
                   "above 0, at most 1 of the range", "set cell.write.tolerance"});
    quantity_within("write.pulse", c_.write.pulse, 0.0, 1.0, "0 (not known) to 1 s");
    within("retention.exponent", c_.retention.exponent, 1.0);
    within("retention.spread", c_.retention.spread, 1.0);
    quantity_within("retention.age", c_.retention.age, 0.0, 1e12, "0..1e12 s");
    quantity_within("retention.reference", c_.retention.reference, 1e-9, 1e12, "1e-9..1e12 s");
    quantity_within("temperature.at", c_.temperature.at, 1.0, 1000.0, "1..1000 K");
    quantity_within("temperature.reference", c_.temperature.reference, 1.0, 1000.0, "1..1000 K");
    within("temperature.activation_eV", c_.temperature.activation_eV, 10.0);
    if (!(c_.curve.scale.si() >= 1e-3))
      throw error({errc::config_value, "out of range", "cell.curve.scale", to_text(c_.curve.scale),
                   "1 mV and above, or inf V", "set cell.curve.scale"});
    curve();
    within("faults.stuck_low", c_.faults.stuck_low, 1.0);
    within("faults.stuck_high", c_.faults.stuck_high, 1.0);
    if (c_.faults.stuck_low + c_.faults.stuck_high > 1.0 + 1e-12)
      throw error({errc::config_value, "more cells are stuck than there are", "cell.faults.stuck_low, stuck_high",
                   number_text(c_.faults.stuck_low) + " + " + number_text(c_.faults.stuck_high), "at most 1 together",
                   "set cell.faults"});
    auto const& t = c_.temperature;
    double const factor = thermal_factor(t.activation_eV, t.at.si(), t.reference.si());
    if (!(factor >= 1e-3 && factor <= 1e3))
      throw error({errc::config_value, "temperature changes conductances beyond what one law holds for",
                   "cell.temperature.at", "times " + number_text(factor), "times 0.001..1000",
                   "set cell.temperature.at, reference or activation_eV"});
  }

  void curve() const {
    auto const& k = c_.curve;
    if (k.law == curve_law::sinh)
      return quantity_within("curve.read", k.read, 1e-6, k.is_linear() ? 1e6 : 100.0 * k.scale.si(),
                             "above 0 V, at most 100 x cell.curve.scale");
    refuse_if(std::isfinite(k.scale.si()), "this curve has no scale", "curve.scale", to_text(k.scale), "inf V",
              "leave cell.curve.scale out, or set cell.curve.law=sinh");
    quantity_within("curve.read", k.read, 1e-6, milo_iv::most_V, "above 0 V, at most 0.5 V, where it was measured");
    refuse_if(c_.g_max_S() > milo_iv::high_S * (1.0 + 1e-9) || c_.g_min_S() < milo_iv::low_S * (1.0 - 1e-9),
              "conductances are outside what the curve was fitted to", "curve.law",
              "milo with " + to_text(c_.r_on) + " to " + to_text(c_.r_off), "50 to 225 uS",
              "set cell.r_on=4445 ohm and cell.r_off=20000 ohm");
  }

  /// What the device can do.
  void device() const {
    std::string const name = field_format<device_choice>::print(c_.device);
    known(name);
    bool const table = c_.device == device_name::table;
    refuse_if(table == c_.states.empty(), table ? "a table has no file" : "a table of states is given and not used",
              "states", "'" + c_.states + "' with cell.device=" + name, table ? "a CSV file" : "cell.device=table",
              table ? "set cell.states" : "set cell.device=table, or leave cell.states out");
    if (find_invalid_utf8(c_.states) != std::string::npos)
      throw error({errc::config_value, "a name that is not UTF-8", "cell.states", in_quotes(c_.states),
                   "UTF-8, as settings are kept in JSON", "rename the file"});
    matches(facts_of(c_), name);
  }

  /// What a law of these facts can do.
  void own_law(device_facts const& f) const {
    refuse_if(c_.device != device_name::ideal || !c_.states.empty(), "a law is given beside a device of the catalogue",
              "device", field_format<device_choice>::print(c_.device) + " with the law " + std::string(f.name), "ideal",
              "leave cell.device and cell.states out");
    matches(f, std::string(f.name));
  }

 private:
  void matches(device_facts const& f, std::string const& name) const {
    bool const table = c_.device == device_name::table;
    // A part in 10^9 of room: 25 uS is 1 / 40 kohm but for a rounding.
    double const low = 1e6 * c_.g_min_S(), high = 1e6 * c_.g_max_S();
    refuse_if(high > f.high_uS * (1.0 + 1e-9) || low < f.low_uS * (1.0 - 1e-9),
              "conductances are outside what the device was measured on", "device",
              name + " with " + to_text(c_.r_on) + " to " + to_text(c_.r_off),
              to_text(siemens(f.low_uS / 1e6)) + " to " + to_text(siemens(f.high_uS / 1e6)),
              std::isfinite(f.high_uS) ? "set cell.r_on=" + to_text(ohms(1e6 / f.high_uS)) + " and cell.r_off=" +
                                             (f.low_uS > 0.0 ? to_text(ohms(1e6 / f.low_uS)) : std::string("inf ohm"))
                                       : std::string());
    refuse_if(f.levels > 0 && (c_.levels > f.levels || (c_.levels == 0 && !table)), "the device has fewer levels",
              "levels",
              std::to_string(c_.levels) + (c_.levels == 0 ? " (any conductance)" : "") + " with cell.device=" + name,
              table           ? "0.." + std::to_string(f.levels)
              : f.levels == 2 ? std::string("2")
                              : "2.." + std::to_string(f.levels),
              "set cell.levels=" + std::to_string(f.levels));
    refuse_if(c_.programming_error > 0.0 && f.has_spread, "the device has a law of this error already",
              "programming_error", number_text(c_.programming_error) + " with cell.device=" + name, "0",
              "set cell.programming_error=0 or cell.device=ideal");
    refuse_if(c_.read_noise > 0.0 && f.has_read_noise, "the device has a law of this noise already", "read_noise",
              number_text(c_.read_noise) + " with cell.device=" + name, "0",
              "set cell.read_noise=0 or cell.device=ideal");
    refuse_if(c_.write.max_tries > 1 && !f.programmable, "what is made with its value is not written again",
              "write.max_tries", std::to_string(c_.write.max_tries) + " with cell.device=" + name, "1",
              "set cell.write.max_tries=1");
    ageing(f, name);
    refuse_if(c_.temperature.at != c_.temperature.reference && !f.is_activated,
              "the device does not conduct by thermal activation, so that Arrhenius' law says nothing of it",
              "temperature.at", to_text(c_.temperature.at) + " with cell.device=" + name, "cell.temperature.reference",
              "set both temperatures equal");
  }

  void known(std::string const& name) const {
    if (c_.device.is_unbound()) {
      auto const near = nearest_name(name, field_format<device_name>::names());
      throw error({errc::config_value, "no such device", "cell.device", in_quotes(name),
                   field_format<device_choice>::allowed(),
                   near.empty() ? "give the plugin that has it: --plugin FILE" : "did you mean '" + near + "'?"});
    }
    refuse_if(c_.device.name != device_name::plugin && !c_.parameters.empty(), "parameters are given and not used",
              "parameters", in_quotes(c_.parameters) + " with cell.device=" + name, "those of a plugin's device",
              "leave cell.parameters out");
  }
  void ageing(device_facts const& f, std::string const& name) const {
    auto const& r = c_.retention;
    bool const set = r.exponent > 0.0 || r.spread > 0.0;
    std::string const exponents =
        number_text(r.exponent) + " +- " + number_text(r.spread) + " with cell.device=" + name;
    refuse_if(set && f.has_drift, "the device has a law of drift already", "retention.exponent", exponents, "0",
              "set cell.retention.exponent=0 and cell.retention.spread=0, or cell.device=ideal");
    refuse_if(set && (!f.programmable || f.is_volatile),
              f.is_volatile ? "a bit that is held by its supply does not drift"
                            : "what is made with its value does not drift",
              "retention.exponent", exponents, "0", "set cell.retention.exponent=0 and cell.retention.spread=0");
    double const age = r.age.si();
    if (age == 0.0) return;
    refuse_if(!set && !f.has_drift, "nothing ages: the device has no law of drift", "retention.age",
              to_text(r.age) + " with cell.device=" + name, "0 s", "set cell.retention.exponent, or age=0 s");
    refuse_if(f.has_drift && (age < f.first_s || age > f.last_s), "the drift was not measured at this age",
              "retention.age", to_text(r.age) + " with cell.device=" + name,
              "0 s, or " + to_text(seconds(f.first_s)) + " to " + to_text(seconds(f.last_s)), "set cell.retention.age");
  }
  void within(char const* key, double v, double top) const {
    if (!(v >= 0.0 && v <= top))
      throw error({errc::config_value, "out of range", std::string("cell.") + key, number_text(v),
                   "0.." + number_text(top), std::string("set cell.") + key});
  }
  template <class Q>
  void quantity_within(char const* key, Q v, double low, double high, char const* allowed) const {
    if (!(v.si() >= low && v.si() <= high))
      throw error({errc::config_value, "out of range", std::string("cell.") + key, to_text(v), allowed,
                   std::string("set cell.") + key});
  }
  void refuse_if(bool bad, char const* what, char const* key, std::string got, std::string allowed,
                 std::string fix) const {
    if (bad)
      throw error({errc::config_conflict, what, std::string("cell.") + key, std::move(got), std::move(allowed),
                   std::move(fix)});
  }

  resistive_cell_config const& c_;
};

}  // namespace detail

inline void resistive_cell_config::validate(resistive_cell_config const& c) {
  detail::cell_check const check(c);
  check.range();
  check.numbers();
  check.device();
}
inline void resistive_cell_config::validate(resistive_cell_config const& c, device_facts const& own) {
  detail::cell_check const check(c);
  check.range();
  check.numbers();
  check.own_law(own);
}

/// The cell's range: from a share of it to the conductance that is wanted.
/// Units   conductances relative to that of the highest level, so that 1 is 1 / r_on
class resistive_cell {
 public:
  /// Range   a config that validates
  explicit resistive_cell(resistive_cell_config const& c) noexcept
      : g_max_S_(c.g_max_S()),
        low_(std::isfinite(c.r_off.si()) ? c.r_on.si() / c.r_off.si() : 0.0),
        span_(1.0 - low_),
        steps_(c.levels > 0 ? static_cast<double>(c.levels - 1) : 0.0) {}

  [[nodiscard]] double low() const noexcept { return low_; }
  [[nodiscard]] double span() const noexcept { return span_; }  ///< 1 - low()
  [[nodiscard]] double g_max_S() const noexcept { return g_max_S_; }

  /// The level nearest to this share of the range, ties to even; without finite levels the share itself.
  /// Range   share in 0..1
  [[nodiscard]] double target(double share) const noexcept {
    double const level = steps_ > 0.0 ? std::nearbyint(share * steps_) / steps_ : share;
    return low_ + simd::fence(span_ * level);
  }

 private:
  double g_max_S_, low_, span_, steps_;
};

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::retention_config, age, exponent, spread, reference, compensation);
OHMIC_MEMBERS(ohmic::temperature_config, at, reference, activation_eV);
OHMIC_MEMBERS(ohmic::resistive_cell_config, r_on, r_off, levels, device, states, programming_error, read_noise, write,
              retention, temperature, faults, curve, parameters);
