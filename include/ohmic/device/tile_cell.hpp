// Writing a tile of cells of a device that is asked for whole tiles.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <type_traits>

#include "ohmic/core/config.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/tile_device.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A cell that was written, at its age.
/// Units   uS
struct tile_state {
  written_cell written{};
  double aged_uS = 0.0, read_sigma_uS = 0.0;
};

/// Calls f(i, cell) with every element of a tile and the address of its cell.
template <class F>
void for_each_cell(cell_tile const& tile, F const& f) {
  for (std::size_t r = 0, i = 0; r < tile.rows; ++r)
    for (std::uint64_t c = 0, cell = tile.first + r * tile.stride; c < tile.cols; ++c) f(i++, cell++);
}

/// One normal number of every cell of a tile, drawn together: the bits of drawing them one by one.
class tile_normals {
 public:
  /// None where they are not needed, or where rows are so short that it would not pay.
  tile_normals(stream const& numbers, std::uint32_t time, cell_tile const& tile, bool needed) {
    if (!needed || tile.cols < 8) return;
    z_ = std::make_unique_for_overwrite<float[]>(tile.size());
    bool const joined = tile.stride == tile.cols;
    std::size_t const n = joined ? tile.size() : tile.cols;
    for (std::size_t at = 0, r = 0; at < tile.size(); at += n, ++r)
      numbers.normals(tile.first + r * tile.stride, time, {z_.get() + at, n});
  }
  /// That of element i, or null: then who asks draws it himself.
  [[nodiscard]] float const* of(std::size_t i) const noexcept { return z_ ? z_.get() + i : nullptr; }

 private:
  std::unique_ptr<float[]> z_{};
};

/// What `cell` makes of every cell of a tile, to the bits of asking cell by cell: the questions that decorators and addresses lead
/// to are gathered first, and answered by one call each for programming, ageing and reading.
/// Shape   target_uS: tile.size(), row by row; take(i, written_cell, aged_uS, read_sigma_uS), element by element
/// Errors  those of the device
/// Random  as device_cell; a device that draws is asked once a tile, and cell by cell where verifying writes again
template <class Law, std::invocable<std::size_t, written_cell const&, double, double> Take>
void write_tile(device_cell<Law> cell, device_streams const& s, cell_tile const& tile,
                std::span<double const> target_uS, double age_s, Take const& take) {
  tile_device const& device = *cell.law.of;
  device_facts const facts = device.facts();
  bool const draws = device.draws(), drifts = age_s > 0.0 && facts.has_drift, reads = facts.has_read_noise;
  std::size_t const n = tile.size();
  tile_answers now;
  cell.law.answers = &now;
  // What each call is asked; where a cell does not ask, for example a stuck one, what stands there is harmless.
  auto const room = std::make_unique_for_overwrite<double[]>(6 * n);
  auto const part = [&](std::size_t k) { return std::span<double>(room.get() + k * n, n); };
  auto const target = part(0), programmed = part(1), other = part(2), mean = part(3), sigma = part(4), drawn = part(5);
  auto asked = target_uS;
  if constexpr (!std::is_same_v<Law, decorated<foreign_device>>) {  // those ask for the target itself
    for (std::size_t i = 0; i < n; ++i) {
      static_cast<void>(cell.law.programming_mean(target_uS[i]));
      target[i] = now.asked_target_uS;
    }
    asked = target;
  }
  device.program(tile, asked, mean, sigma);
  if (draws) device.draw(tile, s.programming, s.first_try, asked, drawn);
  now.drawn_time = s.first_try, now.draws = draws;

  tile_normals const errors(s.programming, s.first_try, tile, !draws && cell.law.facts().has_spread);
  tile_normals const ageing(s.drift, 0, tile, age_s > 0.0 && cell.drifts);
  auto const write = [&](std::size_t i, std::uint64_t at) __attribute__((always_inline)) {
    now.mean_uS = mean[i], now.sigma_uS = sigma[i];
    if (draws) now.drawn_uS = drawn[i];
    return cell.write(s, at, target_uS[i], errors.of(i));
  };
  auto const require_answers = [&] {
    if (now.failure) std::rethrow_exception(now.failure);
  };
  if (!drifts && !reads) {
    bool const noisy = cell.law.facts().has_read_noise;  // of a decorator
    auto const finish = [&](std::size_t i, std::uint64_t at, written_cell const& w) __attribute__((always_inline)) {
      now.aged_uS = w.programmed_uS, now.read_uS = 0.0;
      double const aged = cell.aged(s, at, w, age_s, ageing.of(i));
      take(i, w, aged, noisy ? cell.read_sigma(w, aged, age_s) : 0.0);
    };
    if (cell.is_written_once() && errors.of(0) != nullptr &&
        !(age_s > 0.0)) {  // nearly always: no address is asked for
      for (std::size_t i = 0; i < n; ++i) {
        now.mean_uS = mean[i], now.sigma_uS = sigma[i];
        finish(i, 0, cell.write_once(target_uS[i], *errors.of(i)));
      }
    } else {
      for_each_cell(tile, [&](std::size_t i, std::uint64_t at) { finish(i, at, write(i, at)); });
    }
    return require_answers();
  }

  auto const written = std::make_unique_for_overwrite<tile_state[]>(n);
  auto const aged = [&](std::size_t i, std::uint64_t at) {
    return cell.aged(s, at, written[i].written, age_s, ageing.of(i));
  };
  for_each_cell(tile, [&](std::size_t i, std::uint64_t at) {
    written[i].written = write(i, at);
    now.aged_uS = written[i].written.programmed_uS;
    if (!drifts) return static_cast<void>(written[i].aged_uS = aged(i, at));
    now.asked = false;
    static_cast<void>(aged(i, at));
    target[i] = now.asked ? now.asked_target_uS : target_uS[i];
    programmed[i] = now.asked ? now.asked_programmed_uS : written[i].written.programmed_uS;
    other[i] = now.asked ? now.asked_z : 0.0;
  });
  require_answers();
  if (drifts) {
    device.age(tile, age_s, target, programmed, other, mean);
    for_each_cell(tile, [&](std::size_t i, std::uint64_t at) {
      now.aged_uS = mean[i];
      written[i].aged_uS = aged(i, at);
    });
  }

  auto const noise = [&](std::size_t i) { return cell.read_sigma(written[i].written, written[i].aged_uS, age_s); };
  now.read_uS = 0.0;
  if (reads) {
    for (std::size_t i = 0; i < n; ++i) {
      now.asked = false;
      static_cast<void>(noise(i));
      programmed[i] = now.asked ? now.asked_programmed_uS : written[i].written.programmed_uS;
      other[i] = now.asked ? now.asked_aged_uS : written[i].aged_uS;
    }
    device.read(tile, age_s, programmed, other, sigma);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (reads) now.read_uS = sigma[i];
    take(i, written[i].written, written[i].aged_uS, noise(i));
  }
}

/// The same into memory.
/// Shape   target_uS, out: tile.size(), row by row
template <class Law>
void write_tile(device_cell<Law> const& cell, device_streams const& s, cell_tile const& tile,
                std::span<double const> target_uS, double age_s, std::span<tile_state> out) {
  write_tile(cell, s, tile, target_uS, age_s, [&](std::size_t i, written_cell const& w, double aged, double sigma) {
    out[i] = {w, aged, sigma};
  });
}

}  // namespace ohmic::inline OHMIC_ABI
