// A device that is chosen by name when the program runs.
#pragma once

#include <cstdint>
#include <tuple>
#include <variant>

#include "ohmic/core/config.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/resistive_cell.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {
template <class Laws>
struct cells_of;
template <class... Laws>
struct cells_of<std::tuple<Laws...>> {
  using type = std::variant<device_cell<decorated<Laws>>...>;
};
}  // namespace detail

/// The cells of an array, of the device and with the decorators that its settings say.
/// Units   conductances relative to 1 / r_on
/// Random  as device_cell
class programmable_cell {
 public:
  /// Range   a config that validates. Errors  those of read_states
  explicit programmable_cell(resistive_cell_config const& c)
      : g_max_uS_(1e6 * c.g_max_S()), age_s_(c.retention.age.si()) {
    with_law(c.device, [&]<class Law>(Law const&) {
      auto& cell = cell_.emplace<device_cell<decorated<Law>>>();
      double const low_uS = 1e6 * c.g_min_S(), span_uS = g_max_uS_ - low_uS;
      auto& law = cell.law;
      if constexpr (requires { law.full_scale_uS; }) law.full_scale_uS = span_uS;
      if constexpr (requires { law.states; }) {
        law.states = read_states(c.states);
        law.Law::reference_s = c.retention.reference.si();
      }
      law.spread_uS = c.programming_error * span_uS;
      law.noise_uS = c.read_noise * span_uS;
      set_drift(law, c.retention);
      law.factor = thermal_factor(c.temperature.activation_eV, c.temperature.at.si(), c.temperature.reference.si());
      cell.faults = c.faults, cell.writing = c.write, cell.low_uS = low_uS, cell.high_uS = g_max_uS_;
      auto const f = law.facts();
      cell.drifts = f.has_drift;
      keeps_targets_ =
          !f.has_spread && law.factor == 1.0 && age_s_ == 0.0 && c.faults.stuck_low + c.faults.stuck_high == 0.0;
      reads_exactly_ = !f.has_read_noise;
    });
  }

  /// True where every cell holds its target.
  [[nodiscard]] bool keeps_targets() const noexcept { return keeps_targets_; }
  [[nodiscard]] bool reads_exactly() const noexcept { return reads_exactly_; }

  /// A written cell at the age of the settings.
  struct state {
    double programmed = 0.0, aged = 0.0, read_sigma = 0.0;
    written_cell written{};
  };
  [[nodiscard]] state written(device_streams const& s, std::uint64_t cell, double target) const noexcept {
    return std::visit(
        [&](auto const& c) {
          auto const w = c.write(s, cell, target * g_max_uS_);
          double const aged = c.aged(s, cell, w, age_s_);
          return state{w.programmed_uS / g_max_uS_, aged / g_max_uS_, c.read_sigma(w, aged, age_s_) / g_max_uS_, w};
        },
        cell_);
  }

 private:
  template <device_law Law>
  static void set_drift(with_drift<Law>& law, retention_config const& r) {
    law.exponent = r.exponent, law.spread = r.spread, law.reference_s = r.reference.si();
  }

  double g_max_uS_, age_s_;
  bool keeps_targets_ = true, reads_exactly_ = true;
  detail::cells_of<device_laws>::type cell_{};
};

}  // namespace ohmic::inline OHMIC_ABI
