// The inner loop of a computation crossbar whose resistors, converters and reads are not ideal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/errors.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One digit of a group of tokens against one block of 16 outputs, with the errors of the arrays that hold them. Made
/// by fixed_errors::job. Pointers that are null stand for what is ideal.
struct imperfect_job {
  block_job base;
  std::size_t inner = 0, activations = 0, scale = 0;  ///< inner size, activations in a tile, rows of an activation
  std::size_t rows = 0, pairs = 0, arrays = 0;        ///< of the arrays
  std::size_t block = 0, blocks = 0, digit = 0, digits = 0;
  std::size_t outputs = 0;             ///< of the block
  std::size_t copy = 0, copies = 0;    ///< which group of tokens of the product, and how many
  float const* resistors = nullptr;    ///< (arrays, pairs, rows, 2)
  float const* dac = nullptr;          ///< gain, offset, bow: (arrays, rows, 3)
  float const* adc = nullptr;          ///< gain, offset, bow: (arrays, 3)
  float const* transitions = nullptr;  ///< shifts of the edges of codes: (arrays, codes)
  std::size_t codes = 0;
  float drive_top = 1.0f;
  bool noisy = false;
  float thermal_variance = 0.0f, cell_variance = 0.0f, row_sigma = 0.0f;
  stream reads, row_reads;
  std::uint32_t time = 0;
  double* drives = nullptr;  ///< room for (rows of a tile, 2, 16): what each row drives, by sign of the weight
  float* squares = nullptr;  ///< room for as many squared nominal cell currents; null where cells are quiet
  float* normals = nullptr;  ///< room for (rows of a tile, 16); null where rows are quiet

  [[nodiscard]] std::size_t filled(std::size_t tile) const noexcept {
    std::size_t const rest = inner - tile * activations;
    return rest < activations ? rest : activations;
  }
  [[nodiscard]] std::size_t array_of(std::size_t tile) const noexcept { return (tile * copies + copy) % arrays; }
  /// First number of a pair of tokens in a tile: (2, 2, 16), by token, I+ or I-, and output.
  [[nodiscard]] std::uint64_t read_element(std::size_t token, std::size_t tile) const noexcept {
    return ((((token / 2) * digits + digit) * base.tiles + tile) * blocks + block) * 4 * output_block;
  }
  /// First number of the rows of a tile: (rows of a full tile, 16).
  [[nodiscard]] std::uint64_t row_element(std::size_t tile) const noexcept {
    return (((copy * digits + digit) * base.tiles + tile) * blocks + block) * scale * activations * output_block;
  }
};

namespace detail {

/// What every row of a tile drives, for 16 outputs: weights that are not negative in the first 16, others in the next.
template <class Arch>
inline void drive_rows(imperfect_job const& job, std::size_t tile, std::size_t array) noexcept {
  using floats = simd::f32<Arch>;
  using ints = simd::i32<Arch>;
  std::size_t const filled = job.filled(tile);
  if (job.normals != nullptr)
    job.row_reads.template normals<Arch>(job.row_element(tile), job.time,
                                         std::span<float>(job.normals, filled * job.scale * output_block));
  floats const none(0.0f);
  for (std::size_t i = 0; i < filled; ++i) {
    auto const* const bytes = job.base.offset + (tile * job.base.groups + i / 4) * 4 * output_block;
    auto const* const words = reinterpret_cast<std::int32_t const*>(bytes);
    for (std::size_t lane = 0; lane < output_block; lane += floats::size) {
      ints const word = ints::load_unaligned(words + lane);
      floats const w = simd::to_float<Arch>(((word >> static_cast<int>(8 * (i % 4))) & ints(255)) - ints(128));
      floats const size = simd::abs<floats>(w);
      for (std::size_t r = 0; r < job.scale; ++r) {
        std::size_t const row = i * job.scale + r;
        floats drive = size;
        if (job.dac != nullptr)
          drive = converter_errors::drive<floats>(size, job.dac + (array * job.rows + row) * 3, job.drive_top);
        if (job.normals != nullptr)
          drive = drive + converter_errors::drive_noise<floats>(
                              size, simd::load<floats>(job.normals + row * output_block + lane), job.row_sigma);
        alignas(cache_line) float positive[floats::size], negative[floats::size];
        simd::select<Arch>(w < none, none, drive).store_aligned(positive);
        simd::select<Arch>(w < none, drive, none).store_aligned(negative);
        double* const to = job.drives + row * 2 * output_block + lane;
        for (std::size_t l = 0; l < floats::size; ++l) {
          to[l] = static_cast<double>(positive[l]);
          to[output_block + l] = static_cast<double>(negative[l]);
        }
        if (job.squares == nullptr) continue;
        floats const square =
            simd::mul<floats>(simd::mul<floats>(size, size), floats(static_cast<float>(1 << (2 * r))));
        float* const at = job.squares + row * 2 * output_block + lane;
        simd::store<floats>(at, simd::select<Arch>(w < none, none, square));
        simd::store<floats>(at + output_block, simd::select<Arch>(w < none, square, none));
      }
    }
  }
}

/// I+ and I- of a token in a tile, and the sums of squared nominal cell currents.
/// Shape   each (2, 16)
/// Range   currents are exact: multiples of 2^-20 below 2^53 of them. The squares are added row after row.
template <class Arch, bool Squares>
inline void add_cells(imperfect_job const& job, std::int8_t const* digits, std::size_t filled, float const* resistors,
                      double* currents, float* squares) noexcept {
  using doubles = simd::f64<Arch>;
  using floats = simd::f32<Arch>;
  constexpr std::size_t pieces64 = output_block / doubles::size, pieces32 = output_block / floats::size;
  doubles plus[pieces64], minus[pieces64];
  floats plus_squares[pieces32], minus_squares[pieces32];
  for (auto& p : plus) p = doubles(0.0);
  for (auto& m : minus) m = doubles(0.0);
  for (auto& p : plus_squares) p = floats(0.0f);
  for (auto& m : minus_squares) m = floats(0.0f);
  for (std::size_t i = 0; i < filled; ++i) {
    int const digit = digits[i];
    if (digit == 0) continue;
    unsigned const size = static_cast<unsigned>(digit < 0 ? -digit : digit);
    std::size_t const to_plus = digit < 0 ? output_block : 0, to_minus = output_block - to_plus;
    for (std::size_t r = 0; r < job.scale; ++r) {
      if ((size >> r & 1u) == 0) continue;
      std::size_t const row = i * job.scale + r;
      double const* const drives = job.drives + row * 2 * output_block;
      doubles const g_plus(static_cast<double>(resistors[2 * row])),
          g_minus(static_cast<double>(resistors[2 * row + 1]));
      for (std::size_t p = 0; p < pieces64; ++p) {
        plus[p] = plus[p] + doubles::load_aligned(drives + to_plus + p * doubles::size) * g_plus;
        minus[p] = minus[p] + doubles::load_aligned(drives + to_minus + p * doubles::size) * g_minus;
      }
      if constexpr (Squares) {
        float const* const of_row = job.squares + row * 2 * output_block;
        for (std::size_t p = 0; p < pieces32; ++p) {
          plus_squares[p] = plus_squares[p] + floats::load_aligned(of_row + to_plus + p * floats::size);
          minus_squares[p] = minus_squares[p] + floats::load_aligned(of_row + to_minus + p * floats::size);
        }
      }
    }
  }
  for (std::size_t p = 0; p < pieces64; ++p) {
    plus[p].store_aligned(currents + p * doubles::size);
    minus[p].store_aligned(currents + output_block + p * doubles::size);
  }
  if constexpr (Squares)
    for (std::size_t p = 0; p < pieces32; ++p) {
      plus_squares[p].store_aligned(squares + p * floats::size);
      minus_squares[p].store_aligned(squares + output_block + p * floats::size);
    }
}

/// ADC(I+) - ADC(I-) of every tile with all imperfections, summed; currents above the full scale counted.
template <class Arch, class Adc>
void imperfect_block(imperfect_job const& job, Adc const& adc, sum_target const& z, std::uint64_t& clipped) noexcept {
  using floats = simd::f32<Arch>;
  std::size_t const row_bytes = job.base.tiles * job.base.groups * 4;
  auto const full_scale = static_cast<float>(adc.full_scale());
  auto const step = static_cast<double>(adc.step());
  alignas(cache_line) double currents[2 * output_block];
  alignas(cache_line) float squares[2 * output_block] = {}, reads[2 * output_block], codes[2 * output_block];
  alignas(cache_line) float normals[4 * output_block] = {};
  for (std::size_t tile = 0; tile < job.base.tiles; ++tile) {
    std::size_t const array = job.array_of(tile), filled = job.filled(tile);
    drive_rows<Arch>(job, tile, array);
    float const* const adc_errors = job.adc == nullptr ? nullptr : job.adc + 3 * array;
    for (std::size_t n = 0; n < job.base.tokens; ++n) {
      std::int8_t const* const digits = job.base.digits + n * row_bytes + tile * job.base.groups * 4;
      float const* const resistors = job.resistors + (array * job.pairs + n) * job.rows * 2;
      if (job.squares != nullptr) {
        add_cells<Arch, true>(job, digits, filled, resistors, currents, squares);
      } else {
        add_cells<Arch, false>(job, digits, filled, resistors, currents, squares);
      }
      for (std::size_t l = 0; l < 2 * output_block; ++l) reads[l] = static_cast<float>(currents[l]);
      std::size_t const token = job.copy * job.pairs + n;
      if (job.noisy && (n == 0 || token % 2 == 0))
        job.reads.template normals<Arch>(job.read_element(token, tile), job.time, std::span<float>(normals));
      for (std::size_t l = 0; l < 2 * output_block; l += floats::size) {
        floats read = simd::load<floats>(reads + l);
        if (job.noisy) {
          floats variance(job.thermal_variance);
          if (job.squares != nullptr)
            variance = variance + simd::mul<floats>(floats(job.cell_variance), simd::load<floats>(squares + l));
          floats const draw = simd::load<floats>(normals + token % 2 * 2 * output_block + l);
          read = read + simd::mul<floats>(simd::sqrt<floats>(variance), draw);
        }
        if (adc_errors != nullptr)
          read = converter_errors::reading<floats>(read, adc_errors, full_scale, static_cast<float>(step));
        simd::store<floats>(reads + l, read);
        simd::store<floats>(codes + l, adc.code(read));
      }
      if (job.transitions != nullptr)
        for (std::size_t l = 0; l < 2 * output_block; ++l)
          codes[l] = converter_errors::moved_code(reads[l], codes[l], job.transitions + array * job.codes,
                                                  static_cast<float>(job.codes - 1), step);
      double* const sums = z.first + n * z.stride;
      for (std::size_t l = 0; l < output_block; ++l)
        sums[l] += z.gain * static_cast<double>(codes[l] - codes[output_block + l]);
      for (std::size_t l = 0; l < job.outputs; ++l)
        clipped += static_cast<std::uint64_t>(reads[l] > full_scale) +
                   static_cast<std::uint64_t>(reads[output_block + l] > full_scale);
    }
  }
}

}  // namespace detail
}  // namespace ohmic::inline OHMIC_ABI
