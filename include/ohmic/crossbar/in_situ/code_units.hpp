// The sums of inputs that offset mappings take off: counted beside the arrays, or read from their unit columns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/imperfections.hpp"
#include "ohmic/crossbar/in_situ/code_operand.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/periphery/adc.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// Where the noise of a product's reads stands: of a conversion the element (((pass x slices + slice) x blocks + block) x
/// tokens + token) x tiles + tile, each of 16 outputs, and twice where both columns of a pair are converted; those of unit
/// columns, ((pass x tokens + token) x tiles + tile) x groups + group, follow after all of them.
struct read_address {
  stream reads{};
  std::uint32_t time = 0;
  std::size_t tokens = 0, first_token = 0;  ///< of the whole product, and where this part of it starts
  std::size_t tiles = 1, blocks = 1, slices = 1, lines = 1, passes = 1;

  [[nodiscard]] std::uint64_t of_column(std::size_t pass, std::size_t slice, std::size_t block,
                                        std::size_t token) const noexcept {
    return ((((std::uint64_t{pass} * slices + slice) * blocks + block) * tokens + first_token + token) * tiles) *
           lines * output_block;
  }
  [[nodiscard]] std::uint64_t of_unit(std::size_t pass, std::size_t token, std::size_t groups) const noexcept {
    return std::uint64_t{passes} * slices * blocks * tokens * tiles * lines * output_block +
           (std::uint64_t{pass} * tokens + first_token + token) * tiles * groups;
  }
};

/// The addresses of a product, or of a part of it.
/// Errors  capacity if it has more conversions than addresses
[[nodiscard]] inline read_address reads_of(code_layout const& c, input_operand const& in, stored_operand const& y,
                                           stream const& reads, read_place const& place, std::string const& where) {
  bool const apart = c.weights.is_differential() && c.weights.pairs == pair_reading::apart;
  read_address at{reads,
                  place.time,
                  std::max(place.tokens, place.first_token + in.tokens()),
                  place.first_token,
                  y.cut().tiles(),
                  y.blocks(),
                  c.weights.slices.size(),
                  apart ? std::size_t{2} : std::size_t{1},
                  in.passes()};
  require_addressable(1, at.of_unit(in.passes(), 0, y.groups(c)), 1, where);
  return at;
}

/// Codes of the sums of inputs, by pass, token and array. Arrays side by side read the same as long as their unit columns
/// and converters are ideal.
template <adc_policy Adc>
class unit_readings {
 public:
  /// Range   drives: what a digit drives a row with, null for itself; noise: null where reads are exact; convert(current, pass,
  ///         token, tile, group, clipped): the code that a converter of its own finds, null: the nearest
  template <class Convert = std::nullptr_t>
  unit_readings(input_operand const& in, stored_operand const& y, code_layout const& c, Adc const& converter,
                double const* drives, read_address const* noise, Convert const& convert = {})
      : tokens_(in.tokens()), tiles_(y.cut().tiles()), outputs_(y.outputs()), width_(c.weights_per_row()) {
    if (c.weights.is_differential()) return;
    bool const read = c.has_unit_column();
    if (read) step_ = snapped_step(converter.step());
    constexpr bool of_its_own = !std::is_same_v<Convert, std::nullptr_t>;
    if (y.units(0) != nullptr || (read && of_its_own)) groups_ = y.groups(c);
    codes_.reserve(in.passes() * tokens_ * tiles_ * groups_);
    std::vector<float> draws(tiles_ * groups_);
    for (std::size_t p = 0; p < in.passes(); ++p)
      for (std::size_t n = 0; n < tokens_; ++n) {
        if (noise != nullptr && read) noise->reads.normals(noise->of_unit(p, n, groups_), noise->time, draws);
        for (std::size_t t = 0; t < tiles_; ++t)
          for (std::size_t g = 0; g < groups_; ++g) {
            if (!read) {
              codes_.push_back(in.sums(p, n)[t]);
              continue;
            }
            auto current = static_cast<float>(in.sums(p, n)[t]);
            if (y.units(g) != nullptr) {
              current = current_of(in.row(p, n), y.units(g), y.cut(), t, drives);
              if (noise != nullptr)
                current += simd::mul(std::sqrt(variance_of(in.row(p, n), y.unit_variance(g), y.cut(), t, drives)),
                                     draws[t * groups_ + g]);
              if (!c.has_signed_currents()) current = std::max(current, 0.0f);
            }
            if constexpr (of_its_own) {
              codes_.push_back(convert(current, p, n, t, g, clipped_));
              continue;
            }
            clipped_ += static_cast<std::uint64_t>(std::fabs(current) > converter.full_scale());
            codes_.push_back(code_of(converter, current));
          }
      }
  }

  [[nodiscard]] double step() const noexcept { return step_; }
  /// Unit columns whose current lay above the full scale.
  [[nodiscard]] std::uint64_t clipped() const noexcept { return clipped_; }
  /// The codes that some tokens of a block of outputs see in a pass; empty where nothing is taken off.
  /// Shape   (tokens, tiles, 16)
  [[nodiscard]] std::vector<std::int32_t> of_block(std::size_t pass, std::size_t first, std::size_t tokens,
                                                   std::size_t block) const {
    std::vector<std::int32_t> out;
    if (codes_.empty()) return out;
    out.reserve(tokens * tiles_ * output_block);
    for (std::size_t at = (pass * tokens_ + first) * tiles_; at < (pass * tokens_ + first + tokens) * tiles_; ++at)
      for (std::size_t l = 0; l < output_block; ++l) {
        std::size_t const output = std::min(block * output_block + l, outputs_ - 1);
        out.push_back(codes_[at * groups_ + (groups_ == 1 ? 0 : output / width_)]);
      }
    return out;
  }

  /// Current of a column of these conductances in an array; the variance of its read.
  /// Shape   digits, cells: padded rows
  [[nodiscard]] static float current_of(std::int8_t const* digits, float const* cells, tiling const& cut,
                                        std::size_t tile, double const* drives) noexcept {
    double sum = 0.0;  // exact, as in detail::visit_seen
    for (std::size_t k = tile * cut.groups() * 4; k < (tile + 1) * cut.groups() * 4; ++k)
      if (digits[k] != 0)
        sum += (drives != nullptr ? drives[digits[k]] : static_cast<double>(digits[k])) * static_cast<double>(cells[k]);
    return static_cast<float>(sum);
  }
  [[nodiscard]] static float variance_of(std::int8_t const* digits, float const* variance, tiling const& cut,
                                         std::size_t tile, double const* drives) noexcept {
    double sum = 0.0;
    for (std::size_t k = tile * cut.groups() * 4; k < (tile + 1) * cut.groups() * 4; ++k) {
      if (digits[k] == 0) continue;
      double const x = drives != nullptr ? drives[digits[k]] : static_cast<double>(digits[k]);
      sum += static_cast<double>(static_cast<float>(x * x)) * static_cast<double>(variance[k]);
    }
    return static_cast<float>(sum);
  }

 private:
  [[nodiscard]] static std::int32_t code_of(Adc const& a, float sum) noexcept {
    auto const code = static_cast<std::int32_t>(a.code(sum < 0.0f ? -sum : sum));
    return sum < 0.0f ? -code : code;
  }
  std::size_t tokens_, tiles_, outputs_, width_, groups_ = 1;
  double step_ = 1.0;
  std::uint64_t clipped_ = 0;
  std::vector<std::int32_t> codes_;
};

/// Takes so many times the sums of inputs off again that weights are stored with on top.
/// Shape   units (tokens, tiles, 16)
inline void take_off_offset(std::vector<std::int32_t> const& units, double offset, std::size_t tokens,
                            std::size_t tiles, sum_target const& z) noexcept {
  for (std::size_t n = 0; n < tokens; ++n)
    for (std::size_t l = 0; l < output_block; ++l) {
      std::int64_t sum = 0;
      for (std::size_t t = 0; t < tiles; ++t) sum += units[(n * tiles + t) * output_block + l];
      z.first[n * z.stride + l] -= offset * static_cast<double>(sum);
    }
}

}  // namespace ohmic::inline OHMIC_ABI::in_situ
