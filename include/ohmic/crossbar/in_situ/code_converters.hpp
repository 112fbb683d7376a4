// The converters of in-situ arrays for codes as they were made: each with errors of its own, on every array of a chip.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/in_situ/code_kernel.hpp"
#include "ohmic/crossbar/in_situ/code_operand.hpp"
#include "ohmic/crossbar/in_situ/code_units.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/converter.hpp"
#include "ohmic/periphery/converter_kinds.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Errors  those of converter_config::validate; config_conflict for a law beside an ADC that loses nothing, or has its own
template <adc_policy Adc>
void require_law_fits(converter_config const& law, typename Adc::config const& adc) {
  std::string const kind = field_format<converter_kind>::print(law.kind);
  if constexpr (std::is_same_v<Adc, uniform_adc>) {
    converter_config::validate(law, adc.bits);
    if (law.kind != converter_kind::ideal && adc.lossless)
      throw error({errc::config_conflict, "a converter that loses nothing has no errors", "converter.kind",
                   kind + " with adc.lossless=true", "ideal", "set adc.lossless=false or converter.kind=ideal"});
  } else if (law.kind != converter_kind::ideal) {
    throw error({errc::config_conflict, "this ADC has a law of its own", "converter.kind", kind, "ideal",
                 "set converter.kind=ideal, or take uniform_adc as the slot 'adc'"});
  }
}

/// Which converter of its array reads a column. Neighbouring columns, as cells lie beside each other in a row, share one; of
/// pairs that are subtracted first both columns are one. The unit column lies beyond all others.
/// Shape   weight: number in its row of the array
[[nodiscard]] inline std::size_t converter_of(code_layout const& c, converter_config const& law, std::size_t weight,
                                              std::size_t slice, std::size_t line) noexcept {
  std::size_t const readings = c.weights.pairs == pair_reading::difference ? 1 : c.weights.lines();
  return ((weight * c.weights.slices.size() + slice) * readings + line) / static_cast<std::size_t>(law.columns);
}
[[nodiscard]] inline std::size_t unit_converter_of(code_layout const& c, converter_config const& law) noexcept {
  return static_cast<std::size_t>(c.array.columns) / static_cast<std::size_t>(law.columns);
}
/// Converters that an array has; one for all columns where they are ideal, as ISAAC has it.
[[nodiscard]] inline std::size_t converters_of_array(code_layout const& c, converter_config const& law) noexcept {
  if (law.kind == converter_kind::ideal) return 1;
  if (c.has_unit_column()) return unit_converter_of(c, law) + 1;
  return converter_of(c, law, c.weights_per_row() - 1, c.weights.slices.size() - 1,
                      c.weights.pairs == pair_reading::difference ? 0 : c.weights.lines() - 1) +
         1;
}

/// The numbers that a converter is made with: those of the chip, of the array and of its place in it. Arrays of K and V keep
/// theirs while they fill: they go by their row and column among the arrays of a head.
/// Shape   tile, group: of the array in its matrix; groups: arrays side by side
[[nodiscard]] inline converter_numbers numbers_of(std::uint64_t seed, converter_site const& at, std::size_t tile,
                                                  std::size_t group, std::size_t groups,
                                                  std::size_t converter) noexcept {
  auto const row = static_cast<std::uint32_t>(tile), column = static_cast<std::uint32_t>(group);
  if (at.grows) return {{seed, purpose::adc, at.array}, converter, 1 + (row << 16 | column)};
  return {{seed, purpose::adc, at.array + row * static_cast<std::uint32_t>(groups) + column}, converter, 0};
}

/// Numbers that a conversion draws at most: comparisons of a SAR, comparators of a flash, the crossing of a ramp.
[[nodiscard]] inline std::uint64_t draws_of(converter_config const& law, int bits) noexcept {
  return law.kind == converter_kind::flash ? std::uint64_t{1} << bits : law.kind == converter_kind::sar ? 32 : 1;
}

/// All converters that read a stored matrix. A current of either sign is converted by its magnitude; which sign it has is never
/// mistaken. Steps are those of the ADC, so that without errors codes are the same bits.
/// Random  purpose::adc of the chip's seed for what converters are made with, purpose::adc_read of product and text for noise of
///         comparisons, in the order of read_address
/// Source  ours: one converter a column, or one for converter.columns of them
class code_converters {
 public:
  /// Most levels of the converters of a product: 1 GiB.
  static constexpr std::uint64_t max_levels = std::uint64_t{1} << 26;

  /// Range   law validates and is not ideal; top: the largest code, 2^bits - 1
  /// Errors  capacity where random numbers have no addresses, or beyond max_levels
  code_converters(converter_config const& law, code_layout const& c, double top, std::uint64_t seed,
                  input_operand const& x, stored_operand const& y, read_place const& place, std::string const& where)
      : c_(&c), law_(&law), tiles_(y.cut().tiles()), outputs_(y.outputs()), draws_(draws_of(law, bits_of(top))) {
    int const bits = bits_of(top);
    std::size_t const groups = y.groups(c), each = converters_of_array(c, law), width = c.weights_per_row();
    if (tiles_ >= 65536 || groups >= 65535)
      throw error({errc::capacity, "more arrays than converters have addresses for", where,
                   std::to_string(tiles_) + " x " + std::to_string(groups), "65535 x 65534", "use larger arrays"});
    reads_ = reads_of(c, x, y, {seed, purpose::adc_read, place.product}, place, where);
    groups_ = groups;
    if (law.is_noisy()) require_addressable(1, reads_.of_unit(x.passes(), 0, groups) * draws_, 1, where);
    // A flash converter keeps its comparators, a ramp its levels: up to 16 bytes each.
    std::uint64_t const levels = law.kind == converter_kind::sar ? std::uint64_t{32} : std::uint64_t{1} << bits;
    if (std::uint64_t{tiles_} * groups * each * levels > max_levels)
      throw error({errc::capacity, "converters of a product take too much memory", where,
                   std::to_string(std::uint64_t{tiles_} * groups * each) + " of " + std::to_string(levels) + " levels",
                   "at most " + std::to_string(max_levels) + " levels",
                   "share converters (converter.columns), or take fewer bits"});
    with_converter_law(law.kind, [&]<class Law>() {
      std::vector<Law> laws;
      laws.reserve(tiles_ * groups * each);
      // Of the last arrays only converters that read a column are made.
      for (std::size_t t = 0; t < tiles_; ++t)
        for (std::size_t g = 0; g < groups; ++g) {
          std::size_t const weights = std::min(width, outputs_ - g * width);
          first_.push_back(laws.size());
          std::size_t const used = converter_of(c, law, weights - 1, c.weights.slices.size() - 1, reads_.lines - 1) + 1;
          auto const make = [&](std::size_t i) {
            laws.emplace_back(law, converter_scale{bits, top, 0.0},
                              numbers_of(seed, y.converters_at(), t, g, groups, i));
          };
          for (std::size_t i = 0; i < used; ++i) make(i);
          unit_.push_back(laws.size() - 1);
          if (!c.has_unit_column() || unit_converter_of(c, law) < used) continue;
          make(unit_converter_of(c, law));
          unit_.back() = laws.size() - 1;
        }
      code_ = [laws = std::move(laws), at = reads_, draws = draws_, noisy = law.is_noisy()](
                  std::size_t i, double position, std::uint64_t conversion) {
        if (!noisy) return laws[i].code(position, no_noise{});
        return laws[i].code(position, [&](std::uint64_t k) {
          return static_cast<double>(at.reads.normal(conversion * draws + k, at.time));
        });
      };
    });
  }

  /// The code of a current of an output's column, and whether it lay above the full scale.
  /// Shape   token: of the whole call
  template <class Adc>
  [[nodiscard]] std::int32_t code(Adc const& a, float current, std::size_t pass, std::size_t slice, std::size_t token,
                                  std::size_t tile, std::size_t output, std::size_t line,
                                  std::uint64_t& clipped) const {
    std::size_t const width = c_->weights_per_row();
    std::uint64_t const conversion = reads_.of_column(pass, slice, output / output_block, token) +
                                     (tile * reads_.lines + line) * output_block + output % output_block;
    return code_of(a, first_[tile * groups_ + output / width] + converter_of(*c_, *law_, output % width, slice, line),
                   current, conversion, clipped);
  }
  /// The same of the unit column of a group of arrays.
  template <class Adc>
  [[nodiscard]] std::int32_t unit_code(Adc const& a, float current, std::size_t pass, std::size_t token,
                                       std::size_t tile, std::size_t group, std::uint64_t& clipped) const {
    std::size_t const array = tile * groups_ + group;
    return code_of(a, unit_[array], current, reads_.of_unit(pass, token, groups_) + array, clipped);
  }

  /// What a kernel's `convert` does: z += gain x sum over arrays of the codes, flipped columns turned back.
  /// Range   read: that of the kernels
  template <class Adc>
  void convert(void (*read)(column_job const&, float*) noexcept, column_job const& job, Adc const& a, std::size_t pass,
               std::size_t slice, std::size_t block, std::size_t first, sum_target const& z,
               std::uint64_t& clipped) const {
    std::vector<float> currents(job.tokens * tiles_ * reads_.lines * output_block);
    read(job, currents.data());
    std::size_t const here = std::min(output_block, outputs_ - block * output_block), lines = reads_.lines;
    for (std::size_t n = 0; n < job.tokens; ++n)
      for (std::size_t l = 0; l < here; ++l) {
        std::int64_t sum = 0, units = 0;
        for (std::size_t t = 0; t < tiles_; ++t) {
          std::size_t const at = (n * tiles_ + t) * output_block + l;
          auto const of_line = [&](std::size_t line) {
            float const current = currents[((n * tiles_ + t) * lines + line) * output_block + l];
            return code(a, current, pass, slice, first + n, t, block * output_block + l, line, clipped);
          };
          std::int64_t const found = of_line(0);
          if (lines == 2) {
            sum += found - of_line(1);
          } else if (job.flips != nullptr && job.flips[t * output_block + l] != 0) {
            sum -= found;
            units += job.units[at];
          } else {
            sum += found;
          }
        }
        z.first[n * z.stride + l] += z.gain * static_cast<double>(sum);
        if (job.flips != nullptr) job.unit_sums[n * z.stride + l] += job.unit_gain * static_cast<double>(units);
      }
  }

 private:
  [[nodiscard]] static int bits_of(double top) noexcept {
    return static_cast<int>(std::bit_width(static_cast<std::uint32_t>(top)));
  }
  template <class Adc>
  [[nodiscard]] std::int32_t code_of(Adc const& a, std::size_t which, float current, std::uint64_t conversion,
                                     std::uint64_t& clipped) const {
    float const size = current < 0.0f ? -current : current;
    clipped += static_cast<std::uint64_t>(size > a.full_scale());
    double const position = static_cast<double>(simd::mul(size, static_cast<float>(1.0 / a.step())));
    auto const found = static_cast<std::int32_t>(code_(which, position, conversion));
    return current < 0.0f ? -found : found;
  }

  code_layout const* c_;
  converter_config const* law_;
  std::size_t tiles_, outputs_, groups_ = 1;
  std::uint64_t draws_;
  read_address reads_{};
  std::vector<std::size_t> first_{}, unit_{};  ///< of an array: its first converter, and that of its unit column
  std::function<double(std::size_t which, double position, std::uint64_t conversion)> code_{};
};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
