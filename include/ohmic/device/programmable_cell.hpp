// Cells as settings say: a law with decorators, of your own or chosen by name when the program runs.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <variant>

#include "ohmic/core/config.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/resistive_cell.hpp"
#include "ohmic/device/tile_cell.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A written cell at the age of the settings.
/// Units   conductances relative to 1 / r_on
struct cell_state {
  double programmed = 0.0, aged = 0.0, read_sigma = 0.0;
  written_cell written{};
};

/// The cells of an array, of one law with the decorators that settings say.
/// Units   conductances relative to 1 / r_on
/// Random  as device_cell
template <device_law Law>
class configured_cell {
 public:
  /// Range   a config that validates for this law. Errors  those of read_states
  explicit configured_cell(resistive_cell_config const& c, Law const& own = {})
      : g_max_uS_(1e6 * c.g_max_S()), age_s_(c.retention.age.si()) {
    double const low_uS = 1e6 * c.g_min_S(), span_uS = g_max_uS_ - low_uS;
    auto& law = cell_.law;
    static_cast<Law&>(law) = own;
    if constexpr (is_catalogued<Law>) {  // a law of a user's own keeps what it was given
      if constexpr (requires { law.full_scale_uS; }) law.full_scale_uS = span_uS;
      if constexpr (requires { law.states; }) {
        if (!c.states.empty()) law.states = read_states(c.states);
        law.Law::reference_s = c.retention.reference.si();
      }
    }
    law.spread_uS = c.programming_error * span_uS;
    law.noise_uS = c.read_noise * span_uS;
    set_drift(law, c.retention);
    law.factor = thermal_factor(c.temperature.activation_eV, c.temperature.at.si(), c.temperature.reference.si());
    cell_.faults = c.faults, cell_.writing = c.write, cell_.low_uS = low_uS, cell_.high_uS = g_max_uS_;
    auto const f = law.facts();
    cell_.drifts = f.has_drift;
    cell_.has_states = f.levels > 0;
    keeps_targets_ =
        !f.has_spread && law.factor == 1.0 && age_s_ == 0.0 && c.faults.stuck_low + c.faults.stuck_high == 0.0;
    reads_exactly_ = !f.has_read_noise;
  }

  /// True where every cell holds its target.
  [[nodiscard]] bool keeps_targets() const noexcept { return keeps_targets_; }
  [[nodiscard]] bool reads_exactly() const noexcept { return reads_exactly_; }

  [[nodiscard]] cell_state written(device_streams const& s, std::uint64_t cell, double target) const {
    cell_state out;
    write_tile(s, {1, 1, cell, 0}, {&target, 1}, {&out, 1});
    return out;
  }
  /// The same of a tile of cells.
  /// Shape   target, out: tile.size(), row by row
  /// Errors  of a plugin's device: what it did wrong; of other laws none
  void write_tile(device_streams const& s, cell_tile const& tile, std::span<double const> target,
                  std::span<cell_state> out) const {
    if constexpr (std::same_as<Law, foreign_device>) {
      auto const target_uS = std::make_unique_for_overwrite<double[]>(tile.size());
      for (std::size_t i = 0; i < tile.size(); ++i) target_uS[i] = target[i] * g_max_uS_;
      ohmic::write_tile(cell_, s, tile, {target_uS.get(), tile.size()}, age_s_,
                        [&](std::size_t i, written_cell const& w, double aged_uS, double sigma_uS) {
                          out[i] = relative(w, aged_uS, sigma_uS);
                        });
    } else {
      tile_normals const errors(s.programming, s.first_try, tile, cell_.law.facts().has_spread);
      tile_normals const ageing(s.drift, 0, tile, age_s_ > 0.0 && cell_.drifts);
      for_each_cell(tile, [&](std::size_t i, std::uint64_t at) {
        auto const w = cell_.write(s, at, target[i] * g_max_uS_, errors.of(i));
        double const aged = cell_.aged(s, at, w, age_s_, ageing.of(i));
        out[i] = relative(w, aged, cell_.read_sigma(w, aged, age_s_));
      });
    }
  }

 private:
  [[nodiscard]] cell_state relative(written_cell const& w, double aged_uS, double read_sigma_uS) const noexcept {
    double const programmed = w.programmed_uS / g_max_uS_;  // what is the same is not divided again
    return {programmed, aged_uS == w.programmed_uS ? programmed : aged_uS / g_max_uS_,
            read_sigma_uS == 0.0 ? 0.0 : read_sigma_uS / g_max_uS_, w};
  }
  template <device_law Inner>
  static void set_drift(with_drift<Inner>& law, retention_config const& r) {
    law.exponent = r.exponent, law.spread = r.spread, law.reference_s = r.reference.si();
  }

  double g_max_uS_, age_s_;
  bool keeps_targets_ = true, reads_exactly_ = true;
  device_cell<decorated<Law>> cell_{};
};

namespace detail {
template <class Laws>
struct cells_of;
template <class... Laws>
struct cells_of<std::tuple<Laws...>> {
  using type = std::variant<configured_cell<Laws>..., configured_cell<foreign_device>>;
};
}  // namespace detail

/// The cells of an array, of the device of the catalogue that settings name.
/// Units   conductances relative to 1 / r_on
/// Random  as device_cell
class programmable_cell {
 public:
  using state = cell_state;

  /// Range   a config that validates. Errors  those of read_states
  explicit programmable_cell(resistive_cell_config const& c) : cell_(std::in_place_index<0>, c) {
    with_law(c.device, [&]<class Law>(Law const& law) {
      auto const& made = cell_.emplace<configured_cell<Law>>(c, law);
      keeps_targets_ = made.keeps_targets(), reads_exactly_ = made.reads_exactly();
    });
  }

  /// True where every cell holds its target.
  [[nodiscard]] bool keeps_targets() const noexcept { return keeps_targets_; }
  [[nodiscard]] bool reads_exactly() const noexcept { return reads_exactly_; }
  [[nodiscard]] state written(device_streams const& s, std::uint64_t cell, double target) const {
    state out;
    write_tile(s, {1, 1, cell, 0}, {&target, 1}, {&out, 1});
    return out;
  }
  void write_tile(device_streams const& s, cell_tile const& tile, std::span<double const> target,
                  std::span<state> out) const {
    std::visit([&](auto const& c) { c.write_tile(s, tile, target, out); }, cell_);
  }

 private:
  detail::cells_of<device_laws>::type cell_;
  bool keeps_targets_ = true, reads_exactly_ = true;
};

}  // namespace ohmic::inline OHMIC_ABI
