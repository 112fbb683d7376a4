// Designs at equal delay, and the area figures of the comparison: functions of prices and settings alone.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/published.hpp"
#include "ohmic/chip/resident_crossbar.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Delay of the baselines: one input vector per 100 ns, four serial weight stages per encoder layer, layers one after
/// the other.
/// Units   s, for one text of 256 tokens or one image
/// Source  Wang et al. 2024, section 6.3; the four stages are our reading
[[nodiscard]] inline double serial_delay_s(model::network const& n) noexcept {
  double vectors = 0.0;
  if (n.transformer) vectors = 4.0 * static_cast<double>(n.transformer->layers * n.usual_tokens);
  for (auto const& c : n.convolutions) vectors += static_cast<double>(c.positions() * c.times);
  return vectors * 100e-9;
}

[[nodiscard]] inline double computation_crossbar_mm2(component_prices const& p,
                                                     computation_chip_config const& c) noexcept {
  auto const book = computation_chip_book(price_set::as_published, p, c);
  auto const parts = computation_crossbar_block<>{c}.parts();
  return block_area_mm2(parts, part_prices<square_metres>(parts, book.areas));
}
[[nodiscard]] inline double dense_crossbar_mm2(component_prices const& p, computation_chip_config const& c) noexcept {
  auto const book = computation_chip_book(price_set::as_published, p, c);
  auto const parts = dense_crossbar_block{c}.parts();
  return block_area_mm2(parts, part_prices<square_metres>(parts, book.areas));
}
/// The paper's typical caches, 608 kB: 256 tokens x 1024.
[[nodiscard]] inline double typical_caches_mm2(component_prices const& p, computation_chip_config const& c) noexcept {
  return static_cast<double>(cache_sizes::of(256, 1024, c.cached_columns, c.cached_columns).total()) / 1024.0 *
         p.edram_kB_area.value.si() * 1e6;
}

/// Crossbars that make the MACs of a model in a given time, as a real number: duplication is not rounded in the
/// printed areas.
[[nodiscard]] inline double crossbars_for_delay(double macs, double delay_s, computation_chip_config const& c,
                                                int digits) noexcept {
  return macs / (c.macs_per_s(digits) * delay_s);
}

/// Area of wang2024 with the delay of the baselines.
[[nodiscard]] inline double equal_delay_area_mm2(std::string_view id, component_prices const& p,
                                                 computation_chip_config const& c, int digits = 3) {
  auto const& n = model::find_network(id);
  model_size const s = size_of(id);
  return crossbars_for_delay(s.macs, serial_delay_s(n), c, digits) * computation_crossbar_mm2(p, c) +
         static_cast<double>(c.banks_for(n.weights())) * dense_crossbar_mm2(p, c) + typical_caches_mm2(p, c);
}

/// Area times delay of the computation crossbars alone: what the product tends to as they are duplicated.
/// Units   mm2 s
[[nodiscard]] inline double area_delay_mm2_s(double macs, component_prices const& p, computation_chip_config const& c,
                                             int digits = 3) noexcept {
  return computation_crossbar_mm2(p, c) * macs / c.macs_per_s(digits);
}

/// Area of the dense bank for so many weights: whole crossbars, or not rounded as in the printed ratio.
[[nodiscard]] inline double dense_bank_mm2(double weights, component_prices const& p,
                                           computation_chip_config const& c) noexcept {
  return weights * c.array.cells_per_weight / static_cast<double>(c.weight_cells()) * dense_crossbar_mm2(p, c);
}

}  // namespace ohmic::inline OHMIC_ABI::chip
