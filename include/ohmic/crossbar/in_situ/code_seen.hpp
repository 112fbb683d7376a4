// Currents of cells that are not ideal, and the noise of their reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/simd_f64.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/in_situ/code_job.hpp"
#include "ohmic/crossbar/kernel.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// What columns see of a cell is a whole number of steps of 2^-14 of a digit (see code_cells); below 512 digits it has three
/// bytes, the highest of them with 128 on top.
inline constexpr double seen_steps = 16384.0;
inline constexpr std::size_t seen_bytes = 3;
inline constexpr std::int32_t seen_zero = 1 << 23;

namespace detail {

/// Currents of a line of cells that are not ideal, and the variances of their reads: of 16 outputs, for some tokens side by
/// side. Currents are sums of integers, or exact in double where a curve bends what drives the rows; variances add up in float,
/// row by row.
template <class Arch, std::size_t Tokens>
struct seen_sums {
  using floats = simd::f32<Arch>;
  using doubles = simd::f64<Arch>;
  using dot = simd::dot4<Arch>;
  static constexpr std::size_t width = simd::width<floats>, parts = width / simd::width_f64<Arch>;
  static_assert(width == dot::lanes);
  /// Rows whose drives are kept at a time.
  static constexpr std::size_t chunk = 64;

  column_job const& job;
  std::int8_t const* digits;  ///< of the first token and array, `stride` bytes to the next token
  std::size_t stride;

  /// Byte by byte of the cells.
  /// Shape   cells (groups, 3, 16, 4), from the first lane; sums of the digits, `tiles` apart
  [[gnu::always_inline]] inline void whole(std::uint8_t const* cells, std::int32_t const* sums,
                                           floats (&current)[Tokens]) const noexcept {
    constexpr std::size_t bytes = 4 * output_block;
    typename dot::sums parts_of[seen_bytes][Tokens];
    ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
      dot::start(parts_of[0][n], 0);
      dot::start(parts_of[1][n], 0);
      dot::start(parts_of[2][n], -128 * sums[n * job.tiles]);
    });
    for (std::size_t g = 0; g < job.groups; ++g)
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        std::int32_t d;
        std::memcpy(&d, digits + n * stride + 4 * g, 4);
        ohmic::detail::unrolled<seen_bytes>([&](auto b) __attribute__((always_inline)) {
          dot::template add<true>(parts_of[b][n], cells + (seen_bytes * g + b) * bytes, d);
        });
      });
    ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
      alignas(cache_line) std::int32_t of[seen_bytes][width];
      alignas(cache_line) float out[width];
      ohmic::detail::unrolled<seen_bytes>([&](auto b) __attribute__((always_inline)) {
        dot::total(parts_of[b][n]).store_aligned(of[b]);
      });
      for (std::size_t l = 0; l < width; ++l)  // exact up to the rounding to a float
        out[l] = static_cast<float>((static_cast<double>(of[2][l]) * 65536.0 + static_cast<double>(of[1][l]) * 256.0 +
                                     static_cast<double>(of[0][l])) *
                                    (1.0 / seen_steps));
      current[n] = floats::load_aligned(out);
    });
  }

  /// Whatever drives the rows.
  /// Shape   cells (rows, 16), from the first lane
  void bent(float const* cells, floats (&current)[Tokens]) const noexcept {
    doubles sums[Tokens][parts];
    ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
      for (std::size_t i = 0; i < parts; ++i) sums[n][i] = doubles(0.0);
    });
    std::size_t const rows = job.groups * 4;
    alignas(cache_line) double drives[Tokens][chunk];
    for (std::size_t first = 0; first < rows; first += chunk) {
      std::size_t const here = rows - first < chunk ? rows - first : chunk;
      for (std::size_t n = 0; n < Tokens; ++n)
        for (std::size_t k = 0; k < here; ++k) drives[n][k] = drive(n, first + k);
      // One register of outputs at a time: then the sums of eight tokens stay in registers.
      ohmic::detail::unrolled<parts>([&](auto i) __attribute__((always_inline)) {
        std::size_t const lane = first * output_block + i * simd::width_f64<Arch>;
        doubles of_current[Tokens];
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { of_current[n] = sums[n][i]; });
        for (std::size_t k = 0; k < here; ++k) {
          doubles const conducts = simd::load_f64<Arch>(cells + lane + k * output_block);
          ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
            of_current[n] = of_current[n] + doubles(drives[n][k]) * conducts;
          });
        }
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { sums[n][i] = of_current[n]; });
      });
    }
    for (std::size_t n = 0; n < Tokens; ++n) {
      alignas(cache_line) double wide[width];
      alignas(cache_line) float out[width];
      for (std::size_t i = 0; i < parts; ++i) simd::store_f64<Arch>(wide + i * simd::width_f64<Arch>, sums[n][i]);
      for (std::size_t l = 0; l < width; ++l) out[l] = static_cast<float>(wide[l]);
      current[n] = floats::load_aligned(out);
    }
  }

  /// Shape   variances (rows, 16), from the first lane
  [[gnu::always_inline]] inline void variances(float const* cells, floats (&variance)[Tokens]) const noexcept {
    std::size_t const rows = job.groups * 4;
    alignas(cache_line) float squares[Tokens][chunk];
    ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) { variance[n] = floats(0.0f); });
    for (std::size_t first = 0; first < rows; first += chunk) {
      std::size_t const here = rows - first < chunk ? rows - first : chunk;
      for (std::size_t n = 0; n < Tokens; ++n) {
        std::int8_t const* const of_token = digits + n * stride + first;
        if (job.drives == nullptr) {
          for (std::size_t k = 0; k < here; ++k) {  // in this form the compiler takes whole registers
            auto const x = static_cast<float>(of_token[k]);
            squares[n][k] = x * x;
          }
        } else {
          for (std::size_t k = 0; k < here; ++k) {
            double const x = job.drives[of_token[k]];
            squares[n][k] = static_cast<float>(x * x);
          }
        }
      }
      for (std::size_t k = 0; k < here; ++k) {
        floats const varies = simd::load<floats>(cells + (first + k) * output_block);
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          variance[n] = simd::mul_add<floats>(varies, floats(squares[n][k]), variance[n]);
        });
      }
    }
  }

 private:
  [[nodiscard]] double drive(std::size_t n, std::size_t row) const noexcept {
    std::int8_t const digit = digits[n * stride + row];
    return job.drives != nullptr ? job.drives[digit] : static_cast<double>(digit);
  }
};

/// Hands the currents of cells that are not ideal to the visitor: those of a line, or of two that are converted apart. A read
/// finds them with one normal number a conversion, of the variances of all cells.
template <class Arch, std::size_t Tokens, bool Noisy, class Visitor>
inline void visit_seen(column_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using floats = simd::f32<Arch>;
  std::size_t const rows = job.groups * 4, stride = job.tiles * rows, lines = job.pair ? 2 : 1;
  for (std::size_t lane = 0; lane < output_block; lane += simd::width<floats>) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      seen_sums<Arch, Tokens> const sums{job, job.digits + first * stride + tile * rows, stride};
      std::size_t const at = tile * rows * output_block + lane;
      auto const of_line = [&](std::size_t line, floats(&current)[Tokens]) __attribute__((always_inline)) {
        std::uint8_t const* const fixed = line == 0 ? job.fixed_plus : job.fixed_minus;
        float const* const seen = line == 0 ? job.seen_plus : job.seen_minus;
        if (fixed != nullptr) {
          sums.whole(fixed + seen_bytes * tile * rows * output_block + 4 * lane,
                     job.input_sums + first * job.tiles + tile, current);
        } else {
          sums.bent(seen + at, current);
        }
        if constexpr (Noisy) {
          floats variance[Tokens], none(0.0f);
          sums.variances((line == 0 ? job.variance_plus : job.variance_minus) + at, variance);
          ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
            float const* const draw =
                job.normals + (((first + n) * job.tiles + tile) * lines + line) * output_block + lane;
            floats const found =
                current[n] + simd::mul<floats>(simd::sqrt<floats>(variance[n]), simd::load<floats>(draw));
            // A converter of currents of one sign has no code below 0.
            current[n] = job.has_sign ? found : simd::select<Arch>(found < none, none, found);
          });
        }
      };
      floats plus[Tokens], minus[Tokens];
      of_line(0, plus);
      for (std::size_t n = 0; n < Tokens; ++n) minus[n] = floats(0.0f);
      if (job.pair) of_line(1, minus);
      for (std::size_t n = 0; n < Tokens; ++n) visitor.tile(n, tile, plus[n], minus[n]);
    }
    visitor.end(lane);
  }
}

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::in_situ
