// The inner loop of a computation crossbar whose resistors, converters and reads are not ideal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/cell_lines.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/periphery/concept.hpp"
#include "ohmic/periphery/errors.hpp"

namespace ohmic::inline OHMIC_ABI {

/// The states of the cells that are closed in a row, one for each of 16 outputs: of I+ and I- one cell is closed.
/// Range   shares in multiples of 2^-16; 1/2 takes a bit a cell, any other share 16 bits
struct telegraph_law {
  std::uint32_t threshold = 1u << 15;  ///< the upper state is taken below it

  [[nodiscard, gnu::always_inline]] inline bool even() const noexcept { return threshold == 1u << 15; }
  [[nodiscard, gnu::always_inline]] inline float share() const noexcept {
    return static_cast<float>(threshold) * 0x1p-16f;
  }
  /// Random words that a row takes.
  [[nodiscard, gnu::always_inline]] inline std::size_t row_words() const noexcept {
    return even() ? 1 : output_block / 2;
  }
  /// 1 in the upper state.
  /// Shape   words (row_words)
  [[nodiscard, gnu::always_inline]] inline float upper(std::uint32_t const* words, std::size_t output) const noexcept {
    if (even()) return static_cast<float>(words[0] >> output & 1u);
    return (words[output / 2] >> output % 2 * 16 & 0xffffu) < threshold ? 1.0f : 0.0f;
  }
};

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
  bool noisy = false;  ///< conversions draw a normal number each
  float thermal_variance = 0.0f, cell_variance = 0.0f, row_sigma = 0.0f;
  float rtn = 0.0f;  ///< distance of the two states of a cell; 0: none has any
  telegraph_law states;
  stream reads, row_reads, state_reads;
  std::uint32_t time = 0;
  double* drives = nullptr;   ///< room for (rows of a tile, 2, 16): what each row drives, by sign of the weight
  float* nominals = nullptr;  ///< room for as many nominal cell currents; null where cells are quiet
  float* normals = nullptr;   ///< room for (rows of a tile, 16); null where rows are quiet
  float* upper = nullptr;     ///< room for (rows of a tile, 16): 1 in the upper state; null without telegraph noise
  std::uint32_t* words = nullptr;  ///< room for the words of these states
  float const* lines = nullptr;    ///< what word lines leave of closed cells: (tokens, tiles, line_rows, 2)
  std::size_t line_rows = 0;
  double bit_load = 0.0;    ///< a segment of a column over the resistor of conductance 1; 0: none resists
  double* signs = nullptr;  ///< room for (activations, 2, 16): 1 where the weight has the sign; null without bit_load

  [[nodiscard, gnu::always_inline]] inline std::size_t filled(std::size_t tile) const noexcept {
    std::size_t const rest = inner - tile * activations;
    return rest < activations ? rest : activations;
  }
  [[nodiscard, gnu::always_inline]] inline std::size_t array_of(std::size_t tile) const noexcept {
    return (tile * copies + copy) % arrays;
  }
  /// First number of a pair of tokens in a tile: (2, 2, 16), by token, I+ or I-, and output.
  [[nodiscard, gnu::always_inline]] inline std::uint64_t read_element(std::size_t token,
                                                                      std::size_t tile) const noexcept {
    return ((((token / 2) * digits + digit) * base.tiles + tile) * blocks + block) * 4 * output_block;
  }
  /// First number of the rows of a tile: (rows of a full tile, 16).
  [[nodiscard, gnu::always_inline]] inline std::uint64_t row_element(std::size_t tile) const noexcept {
    return (((copy * digits + digit) * base.tiles + tile) * blocks + block) * scale * activations * output_block;
  }
  /// First word of the states of the cells that a token closes in a tile: (rows of a full tile, words of a row).
  [[nodiscard, gnu::always_inline]] inline std::uint64_t state_element(std::size_t token,
                                                                       std::size_t tile) const noexcept {
    return (((token * digits + digit) * base.tiles + tile) * blocks + block) * scale * activations * states.row_words();
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
      if (job.signs != nullptr) {
        alignas(cache_line) float below[floats::size];
        simd::select<Arch>(w < none, floats(1.0f), none).store_aligned(below);
        double* const to = job.signs + i * 2 * output_block + lane;
        for (std::size_t l = 0; l < floats::size; ++l) {
          to[l] = 1.0 - static_cast<double>(below[l]);
          to[output_block + l] = static_cast<double>(below[l]);
        }
      }
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
        if (job.nominals == nullptr) continue;
        floats const nominal = simd::mul<floats>(size, floats(static_cast<float>(1 << r)));
        float* const at = job.nominals + row * 2 * output_block + lane;
        simd::store<floats>(at, simd::select<Arch>(w < none, none, nominal));
        simd::store<floats>(at + output_block, simd::select<Arch>(w < none, nominal, none));
      }
    }
  }
}

/// Which states the cells of a token have in a tile.
template <class Arch>
inline void draw_states(imperfect_job const& job, std::size_t token, std::size_t tile) noexcept {
  std::size_t const rows = job.filled(tile) * job.scale, of_row = job.states.row_words();
  job.state_reads.template words<Arch>(job.state_element(token, tile), job.time,
                                       std::span<std::uint32_t>(job.words, rows * of_row));
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t l = 0; l < output_block; ++l)
      job.upper[row * output_block + l] = job.states.upper(job.words + row * of_row, l);
}

/// What the closed cells of a token in a tile add up to, for I+ of 16 outputs and for I-.
struct cell_sums {
  alignas(cache_line) double currents[2 * output_block];
  alignas(cache_line) float squares[2 * output_block];   ///< of nominal currents
  alignas(cache_line) float nominals[2 * output_block];  ///< nominal currents
  alignas(cache_line) float upper[2 * output_block];     ///< of those in the upper state
};

/// Range   currents are exact: multiples of 2^-20 below 2^53 of them; nominal currents are integers below 2^22, so that
///         their sums are exact too. The squares are added row after row
template <class Arch, bool Squares, bool States>
inline void add_cells(imperfect_job const& job, std::int8_t const* digits, std::size_t filled, float const* resistors,
                      cell_sums& out) noexcept {
  using doubles = simd::f64<Arch>;
  using floats = simd::f32<Arch>;
  constexpr std::size_t pieces64 = output_block / doubles::size, pieces32 = output_block / floats::size;
  doubles currents[2 * pieces64];  // I+, I-
  floats squares[2 * pieces32], nominals[2 * pieces32], upper[2 * pieces32];
  for (auto& c : currents) c = doubles(0.0);
  for (auto& s : squares) s = floats(0.0f);
  for (auto& n : nominals) n = floats(0.0f);
  for (auto& u : upper) u = floats(0.0f);
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
        currents[p] = currents[p] + doubles::load_aligned(drives + to_plus + p * doubles::size) * g_plus;
        currents[pieces64 + p] =
            currents[pieces64 + p] + doubles::load_aligned(drives + to_minus + p * doubles::size) * g_minus;
      }
      if constexpr (Squares || States) {
        float const* const of_row = job.nominals + row * 2 * output_block;
        for (std::size_t p = 0; p < pieces32; ++p) {
          std::size_t const lane = p * floats::size;
          floats const plus = floats::load_aligned(of_row + to_plus + lane),
                       minus = floats::load_aligned(of_row + to_minus + lane);
          if constexpr (Squares) {
            squares[p] = squares[p] + simd::mul<floats>(plus, plus);
            squares[pieces32 + p] = squares[pieces32 + p] + simd::mul<floats>(minus, minus);
          }
          if constexpr (States) {
            floats const up = floats::load_aligned(job.upper + row * output_block + lane);
            nominals[p] = nominals[p] + plus;
            nominals[pieces32 + p] = nominals[pieces32 + p] + minus;
            upper[p] = upper[p] + plus * up;
            upper[pieces32 + p] = upper[pieces32 + p] + minus * up;
          }
        }
      }
    }
  }
  for (std::size_t p = 0; p < 2 * pieces64; ++p) currents[p].store_aligned(out.currents + p * doubles::size);
  for (std::size_t p = 0; p < 2 * pieces32; ++p) {
    if constexpr (Squares) squares[p].store_aligned(out.squares + p * floats::size);
    if constexpr (States) nominals[p].store_aligned(out.nominals + p * floats::size);
    if constexpr (States) upper[p].store_aligned(out.upper + p * floats::size);
  }
}

/// What the bit lines leave of the currents of a token in a tile, for I+ of 16 outputs and for I-: as first_order_current.
template <class Arch>
inline void leave_bit_lines(imperfect_job const& job, std::int8_t const* digits, std::size_t filled,
                            float const* resistors, cell_sums& out) noexcept {
  using doubles = simd::f64<Arch>;
  constexpr std::size_t pieces64 = output_block / doubles::size, all = 2 * pieces64;
  doubles currents[all], conductances[all], rises[all];  // I+, I-
  for (std::size_t p = 0; p < all; ++p) currents[p] = conductances[p] = rises[p] = doubles(0.0);
  std::size_t segments = 0;
  auto const pass = [&]() noexcept {
    doubles const count(static_cast<double>(segments));
    for (std::size_t p = 0; p < all; ++p)
      rises[p] = rises[p] + simd::fence(simd::fence(currents[p] * conductances[p]) * count);
    segments = 0;
  };
  for (std::size_t i = filled; i-- > 0;) {
    int const digit = digits[i];
    unsigned const size = static_cast<unsigned>(digit < 0 ? -digit : digit);
    std::size_t const to_plus = digit < 0 ? output_block : 0, to_minus = output_block - to_plus;
    double const* const signs = job.signs + i * 2 * output_block;
    for (std::size_t r = job.scale; r-- > 0; ++segments) {
      if ((size >> r & 1u) == 0) continue;
      pass();
      std::size_t const row = i * job.scale + r;
      double const* const drives = job.drives + row * 2 * output_block;
      doubles const g_plus(static_cast<double>(resistors[2 * row])),
          g_minus(static_cast<double>(resistors[2 * row + 1]));
      for (std::size_t p = 0; p < pieces64; ++p) {
        std::size_t const lane = p * doubles::size, q = pieces64 + p;
        currents[p] = currents[p] + doubles::load_aligned(drives + to_plus + lane) * g_plus;
        currents[q] = currents[q] + doubles::load_aligned(drives + to_minus + lane) * g_minus;
        conductances[p] = conductances[p] + doubles::load_aligned(signs + to_plus + lane) * g_plus;
        conductances[q] = conductances[q] + doubles::load_aligned(signs + to_minus + lane) * g_minus;
      }
    }
  }
  pass();
  alignas(cache_line) double rise[2 * output_block];
  for (std::size_t p = 0; p < all; ++p) rises[p].store_aligned(rise + p * doubles::size);
  for (std::size_t l = 0; l < 2 * output_block; ++l)
    out.currents[l] = cell_lines::behind_bit_line(out.currents[l], job.bit_load, rise[l]);
}

/// What telegraph noise adds to a current: mean 0.
/// Shape   distance of the states, share of the upper one, nominal currents of all closed cells and of those in it
template <simd::lane V>
[[nodiscard]] inline V telegraph_shift(V rtn, V share, V nominals, V upper) noexcept {
  return simd::mul<V>(rtn, upper - simd::mul<V>(share, nominals));
}

/// ADC(I+) - ADC(I-) of every tile with all imperfections, summed; currents above the full scale counted.
template <class Arch, class Adc>
void imperfect_block(imperfect_job const& job, Adc const& adc, sum_target const& z, std::uint64_t& clipped) noexcept {
  using floats = simd::f32<Arch>;
  std::size_t const row_bytes = job.base.tiles * job.base.groups * 4;
  auto const full_scale = static_cast<float>(adc.full_scale());
  auto const step = static_cast<double>(adc.step());
  cell_sums cells;
  alignas(cache_line) float reads[2 * output_block], codes[2 * output_block];
  alignas(cache_line) float normals[4 * output_block] = {};
  for (std::size_t tile = 0; tile < job.base.tiles; ++tile) {
    std::size_t const array = job.array_of(tile), filled = job.filled(tile);
    drive_rows<Arch>(job, tile, array);
    float const* const adc_errors = job.adc == nullptr ? nullptr : job.adc + 3 * array;
    for (std::size_t n = 0; n < job.base.tokens; ++n) {
      std::int8_t const* const digits = job.base.digits + n * row_bytes + tile * job.base.groups * 4;
      float const* const resistors = job.lines != nullptr ? job.lines + (n * job.base.tiles + tile) * job.line_rows * 2
                                                          : job.resistors + (array * job.pairs + n) * job.rows * 2;
      std::size_t const token = job.copy * job.pairs + n;
      bool const cell_noise = job.cell_variance > 0.0f, states = job.rtn > 0.0f;
      if (states) draw_states<Arch>(job, token, tile);
      if (cell_noise && states) {
        add_cells<Arch, true, true>(job, digits, filled, resistors, cells);
      } else if (cell_noise) {
        add_cells<Arch, true, false>(job, digits, filled, resistors, cells);
      } else if (states) {
        add_cells<Arch, false, true>(job, digits, filled, resistors, cells);
      } else {
        add_cells<Arch, false, false>(job, digits, filled, resistors, cells);
      }
      if (job.bit_load > 0.0) leave_bit_lines<Arch>(job, digits, filled, resistors, cells);
      for (std::size_t l = 0; l < 2 * output_block; ++l) reads[l] = static_cast<float>(cells.currents[l]);
      if (job.noisy && (n == 0 || token % 2 == 0))
        job.reads.template normals<Arch>(job.read_element(token, tile), job.time, std::span<float>(normals));
      for (std::size_t l = 0; l < 2 * output_block; l += floats::size) {
        floats read = simd::load<floats>(reads + l);
        if (states)
          read = read + telegraph_shift<floats>(floats(job.rtn), floats(job.states.share()),
                                                simd::load<floats>(cells.nominals + l),
                                                simd::load<floats>(cells.upper + l));
        if (job.noisy) {
          floats variance(job.thermal_variance);
          if (cell_noise)
            variance = variance + simd::mul<floats>(floats(job.cell_variance), simd::load<floats>(cells.squares + l));
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
