// The plain definition of a computation crossbar that is not ideal: every resistor with its mismatch, every driven row,
// every cell's noise drawn by itself. Slow on purpose; the fast product is held to it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/cell_lines.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/numeral/balanced.hpp"
#include "ohmic/periphery/errors.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One array with its errors, by the definition.
/// Units   product units, LSB
template <int S>
struct imperfect_array {
  imperfections const& c;
  array_geometry const& g;
  std::int32_t driven_top;
  std::uint32_t number;

  /// Conductance of a closed cell: 1, 2, 4, .. with a relative error, in steps of 2^-12, and its switch.
  [[nodiscard]] double resistor(std::size_t row, std::size_t pair, int side) const noexcept {
    double const nominal = static_cast<double>(1 << (row % S));
    auto const rows = static_cast<std::size_t>(g.rows);
    double const z = static_cast<double>(
        stream{c.seed, purpose::resistor, number}.normal((pair * rows + row) * 2 + static_cast<std::size_t>(side), 0));
    double const closed = nominal + std::nearbyint(c.mismatch * z * (4096.0 * nominal)) / 4096.0;
    return static_cast<double>(cell_lines::behind_switch(closed, c.switch_load()));
  }
  /// What the DAC of a row drives for a magnitude, before noise.
  [[nodiscard]] double drive(std::size_t row, int size) const noexcept {
    if (c.dac_gain == 0.0 && c.dac_offset == 0.0 && c.dac_inl == 0.0) return size;
    float errors[3];
    three(purpose::dac, row, {c.dac_gain, c.dac_offset, c.dac_inl}, errors);
    return static_cast<double>(
        converter_errors::drive<float>(static_cast<float>(size), errors, static_cast<float>(driven_top)));
  }
  /// The code of a current.
  template <adc_policy Adc>
  [[nodiscard]] float code(Adc const& adc, float& current) const noexcept {
    auto const full_scale = static_cast<float>(adc.full_scale());
    auto const step = static_cast<double>(adc.step());
    if (c.adc_gain != 0.0 || c.adc_offset != 0.0 || c.adc_inl != 0.0) {
      float errors[3];
      three(purpose::adc, 0, {c.adc_gain, c.adc_offset, c.adc_inl}, errors);
      current = converter_errors::reading<float>(current, errors, full_scale, static_cast<float>(step));
    }
    float const even = adc.code(current);
    if (c.adc_dnl == 0.0) return even;
    auto const top = static_cast<std::size_t>(std::lround(full_scale / static_cast<float>(step)));
    std::vector<float> shifts(top + 1);
    for (std::size_t k = 0; k <= top; ++k)
      shifts[k] = std::clamp(simd::mul(stream{c.seed, purpose::adc, number}.normal(16 + k, 0),
                                       static_cast<float>(c.adc_dnl * 0.70710678118654752)),
                             -0.49f, 0.49f);
    return converter_errors::moved_code(current, even, shifts.data(), static_cast<float>(top), step);
  }

 private:
  void three(purpose use, std::size_t owner, std::vector<double> const& sigmas, float* out) const noexcept {
    for (std::size_t i = 0; i < 3; ++i)
      out[i] = simd::mul(stream{c.seed, use, number}.normal(owner * 3 + i, 0), static_cast<float>(sigmas[i]));
  }
};

/// Z = X . Y of an imperfect computation array, by the definition. Every cell's noise is a number of its own (purpose
/// cell_read), so that a product with `cell` equals the fast one in distribution; with everything else, telegraph states
/// among it, it equals it bit for bit.
/// Shape   x (tokens, inner), y (outputs, inner), converters (digits) -> z (tokens, outputs)
template <int S, adc_policy Adc, class Dac>
[[nodiscard]] matrix<double> imperfect_reference(computation_array<S, Adc, Dac> const& array,
                                                 matrix_view<std::int16_t const> x, matrix_view<std::int16_t const> y,
                                                 std::vector<Adc> const& adcs, std::uint64_t& clipped,
                                                 read_place const& place = {}) {
  auto const& c = array.settings().noise;
  auto const& g = array.settings().array;
  std::size_t const per_tile = g.activations(S), digits = adcs.size(), pairs = g.pairs();
  std::size_t const tiles = pieces(y.cols, per_tile), blocks = pieces(y.rows, output_block);
  std::size_t const copies = pieces(std::max(place.tokens, place.first_token + x.rows), pairs);
  stream const reads{c.seed, purpose::read, place.product}, rows{c.seed, purpose::dac_read, place.product};
  stream const cells{c.seed, purpose::cell_read, place.product}, states{c.seed, purpose::rtn, place.product};
  telegraph_law const law = c.states();
  bool const lines = c.word_load() > 0.0 || c.bit_load() > 0.0;
  matrix<double> z(x.rows, y.rows);
  for (std::size_t n = 0; n < x.rows; ++n)
    for (std::size_t t = 0; t < y.rows; ++t)
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        std::size_t const token = place.first_token + n, copy = token / pairs, pair = token % pairs;
        imperfect_array<S> const on{
            c, g, array.driven_top(),
            static_cast<std::uint32_t>((tile * copies + copy) % static_cast<std::size_t>(c.arrays))};
        double sum = 0.0;
        for (std::size_t d = 0; d < digits; ++d) {
          std::size_t const at = ((d * tiles + tile) * blocks + t / output_block) * output_block;
          std::size_t const per_pair = digits * tiles * blocks * output_block;
          double current[2] = {0.0, 0.0}, noise[2] = {0.0, 0.0};
          cell_array lined{matrix<double>(S * std::min(per_tile, y.cols - tile * per_tile),
                                          2 * std::min(pairs, x.rows - (n - pair))),
                           {}};
          lined.drives.assign(lined.closed.rows(), 0.0);
          float nominals[2] = {0.0f, 0.0f}, upper[2] = {0.0f, 0.0f};
          for (std::size_t i = 0; i < per_tile && tile * per_tile + i < y.cols; ++i) {
            std::int8_t digit[16];
            balanced<S>::encode(x(n, tile * per_tile + i), std::span(digit, digits));
            int const w = y(t, tile * per_tile + i), size = w < 0 ? -w : w;
            int const side = (digit[d] < 0) == (w < 0) ? 0 : 1;
            for (int r = 0; r < S; ++r) {
              std::size_t const row = i * S + static_cast<std::size_t>(r);
              if (lines)
                for (std::size_t k = n - pair; k < std::min(n - pair + pairs, x.rows); ++k) {
                  std::int8_t other[16];
                  balanced<S>::encode(x(k, tile * per_tile + i), std::span(other, digits));
                  int const at_side = (other[d] < 0) == (w < 0) ? 0 : 1;
                  std::size_t const at_pair = (place.first_token + k) % pairs;
                  if (balanced<S>::switched_on(other[d], r))
                    lined.closed(row, 2 * at_pair + static_cast<std::size_t>(at_side)) =
                        on.resistor(row, at_pair, at_side);
                }
              if (!balanced<S>::switched_on(digit[d], r)) continue;
              double drive = on.drive(row, size);
              if (c.row > 0.0) {
                std::size_t const element =
                    (copy * per_pair + at) * S * per_tile + row * output_block + t % output_block;
                drive += static_cast<double>(converter_errors::drive_noise<float>(
                    static_cast<float>(size), rows.normal(element, place.time), static_cast<float>(c.row)));
              }
              current[side] += drive * on.resistor(row, pair, side);
              lined.drives[row] = drive;
              double const nominal = static_cast<double>(size) * static_cast<double>(1 << r);
              std::size_t const cell =
                  ((token * 2 + static_cast<std::size_t>(side)) * per_pair + at + t % output_block) *
                      static_cast<std::size_t>(g.rows) +
                  row;
              if (c.cell > 0.0) noise[side] += nominal * c.cell * static_cast<double>(cells.normal(cell, place.time));
              if (c.rtn > 0.0) {
                // One word a row, or eight, for 16 outputs side by side.
                std::size_t const first =
                    (token * per_pair + at) / output_block * S * per_tile * law.row_words() + row * law.row_words();
                std::uint32_t words[output_block];
                for (std::size_t k = 0; k < law.row_words(); ++k) words[k] = states.word(first + k, place.time);
                nominals[side] += static_cast<float>(nominal);
                upper[side] += static_cast<float>(nominal) * law.upper(words, t % output_block);
              }
            }
          }
          float code[2];
          for (std::size_t side = 0; side < 2; ++side) {
            if (lines) current[side] = first_order_current(lined, 2 * pair + side, c.word_load(), c.bit_load());
            auto read = static_cast<float>(current[side] + noise[side]);
            if (c.rtn > 0.0)
              read +=
                  detail::telegraph_shift<float>(static_cast<float>(c.rtn), law.share(), nominals[side], upper[side]);
            if (c.thermal > 0.0) {
              std::size_t const element = token / 2 * per_pair * 4 + at * 4 + (token % 2 * 2 + side) * output_block;
              float const sigma = simd::sqrt(static_cast<float>(c.thermal * c.thermal));
              read += simd::mul(sigma, reads.normal(element + t % output_block, place.time));
            }
            code[side] = on.code(adcs[d], read);
            clipped += static_cast<std::uint64_t>(read > static_cast<float>(adcs[d].full_scale()));
          }
          sum = sum * balanced<S>::base +
                snapped_step(adcs[d].step()) * (static_cast<double>(code[0]) - static_cast<double>(code[1]));
        }
        z(n, t) += sum;
      }
  return z;
}

}  // namespace ohmic::inline OHMIC_ABI
