// A device that is chosen by name when the program runs.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <variant>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/device/tile_cell.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {
template <class Laws>
struct cells_of;
template <class... Laws>
struct cells_of<std::tuple<Laws...>> {
  using type = std::variant<device_cell<decorated<Laws>>..., device_cell<decorated<foreign_device>>>;
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
    with_law(c.device, [&]<class Law>(Law const& published) {
      auto& cell = cell_.emplace<device_cell<decorated<Law>>>();
      if constexpr (std::same_as<Law, foreign_device>) cell.law.of = published.of;
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
  [[nodiscard]] state written(device_streams const& s, std::uint64_t cell, double target) const {
    state out;
    write_tile(s, {1, 1, cell, 0}, {&target, 1}, {&out, 1});
    return out;
  }
  /// The same of a tile of cells.
  /// Shape   target, out: tile.size(), row by row
  /// Errors  of a plugin's device: what it did wrong; of the catalogue's none
  void write_tile(device_streams const& s, cell_tile const& tile, std::span<double const> target,
                  std::span<state> out) const {
    std::visit([&](auto const& c) { write(c, s, tile, target, out); }, cell_);
  }

 private:
  template <class Law>
  void write(device_cell<Law> const& c, device_streams const& s, cell_tile const& tile, std::span<double const> target,
             std::span<state> out) const {
    for (std::size_t i = 0; i < tile.size(); ++i) {
      auto const w = c.write(s, tile.cell(i), target[i] * g_max_uS_);
      double const aged = c.aged(s, tile.cell(i), w, age_s_);
      out[i] = relative(w, aged, c.read_sigma(w, aged, age_s_));
    }
  }
  void write(device_cell<decorated<foreign_device>> const& c, device_streams const& s, cell_tile const& tile,
             std::span<double const> target, std::span<state> out) const {
    std::vector<double> target_uS(tile.size());
    for (std::size_t i = 0; i < tile.size(); ++i) target_uS[i] = target[i] * g_max_uS_;
    std::vector<tile_state> states(tile.size());
    ohmic::write_tile(c, s, tile, target_uS, age_s_, states);
    for (std::size_t i = 0; i < tile.size(); ++i)
      out[i] = relative(states[i].written, states[i].aged_uS, states[i].read_sigma_uS);
  }
  [[nodiscard]] state relative(written_cell const& w, double aged_uS, double read_sigma_uS) const noexcept {
    return {w.programmed_uS / g_max_uS_, aged_uS / g_max_uS_, read_sigma_uS / g_max_uS_, w};
  }
  template <device_law Law>
  static void set_drift(with_drift<Law>& law, retention_config const& r) {
    law.exponent = r.exponent, law.spread = r.spread, law.reference_s = r.reference.si();
  }

  double g_max_uS_, age_s_;
  bool keeps_targets_ = true, reads_exactly_ = true;
  detail::cells_of<device_laws>::type cell_{};
};

}  // namespace ohmic::inline OHMIC_ABI
