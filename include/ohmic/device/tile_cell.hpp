// Writing a tile of cells of a device that is asked for whole tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/device/device_cell.hpp"
#include "ohmic/device/tile_device.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A cell that was written, at its age.
/// Units   uS
struct tile_state {
  written_cell written{};
  double aged_uS = 0.0, read_sigma_uS = 0.0;
};

/// What `cell` makes of every cell of a tile, to the bits of asking cell by cell: the questions that decorators and addresses lead
/// to are gathered first, and answered by one call each for programming, ageing and reading.
/// Shape   target_uS, out: tile.size(), row by row
/// Errors  those of the device
/// Random  as device_cell; a device that draws is asked once a tile, and cell by cell where verifying writes again
template <class Law>
void write_tile(device_cell<Law> cell, device_streams const& s, cell_tile const& tile,
                std::span<double const> target_uS, double age_s, std::span<tile_state> out) {
  tile_device const& device = *cell.law.of;
  device_facts const facts = device.facts();
  std::size_t const n = tile.size();
  tile_answers now;
  cell.law.answers = &now;
  // What each call is asked; where a cell does not ask, for example a stuck one, what stands there is harmless.
  std::vector<double> target(n), programmed(n), other(n), mean(n), sigma(n);
  for (std::size_t i = 0; i < n; ++i) {
    static_cast<void>(cell.law.programming_mean(target_uS[i]));
    target[i] = now.asked_target_uS;
  }
  device.program(tile, target, mean, sigma);
  std::vector<double> drawn(device.draws() ? n : 0);
  if (device.draws()) device.draw(tile, s.programming, s.first_try, target, drawn);
  now.drawn_time = s.first_try;
  for (std::size_t i = 0; i < n; ++i) {
    now.mean_uS = mean[i], now.sigma_uS = sigma[i];
    if (device.draws()) now.drawn_uS = drawn[i];
    out[i].written = cell.write(s, tile.cell(i), target_uS[i]);
    if (now.failure) std::rethrow_exception(now.failure);
  }

  auto const aged = [&](std::size_t i) { return cell.aged(s, tile.cell(i), out[i].written, age_s); };
  if (age_s > 0.0 && facts.has_drift) {
    for (std::size_t i = 0; i < n; ++i) {
      now.asked = false;
      static_cast<void>(aged(i));
      target[i] = now.asked ? now.asked_target_uS : target_uS[i];
      programmed[i] = now.asked ? now.asked_programmed_uS : out[i].written.programmed_uS;
      other[i] = now.asked ? now.asked_z : 0.0;
    }
    device.age(tile, age_s, target, programmed, other, mean);
    for (std::size_t i = 0; i < n; ++i) now.aged_uS = mean[i], out[i].aged_uS = aged(i);
  } else {
    for (std::size_t i = 0; i < n; ++i) now.aged_uS = out[i].written.programmed_uS, out[i].aged_uS = aged(i);
  }

  auto const noise = [&](std::size_t i) { return cell.read_sigma(out[i].written, out[i].aged_uS, age_s); };
  if (facts.has_read_noise) {
    for (std::size_t i = 0; i < n; ++i) {
      now.asked = false;
      static_cast<void>(noise(i));
      programmed[i] = now.asked ? now.asked_programmed_uS : out[i].written.programmed_uS;
      other[i] = now.asked ? now.asked_aged_uS : out[i].aged_uS;
    }
    device.read(tile, age_s, programmed, other, sigma);
    for (std::size_t i = 0; i < n; ++i) now.read_uS = sigma[i], out[i].read_sigma_uS = noise(i);
  } else {
    now.read_uS = 0.0;
    for (std::size_t i = 0; i < n; ++i) out[i].read_sigma_uS = noise(i);
  }
}

}  // namespace ohmic::inline OHMIC_ABI
