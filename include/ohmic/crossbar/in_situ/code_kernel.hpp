// The inner loops of in-situ arrays: currents of 16 columns from byte products, converted while in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/simd_f64.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/crossbar/kernel.hpp"
#include "ohmic/periphery/concept.hpp"

namespace ohmic::inline OHMIC_ABI::in_situ {

/// One pass of some tokens against one slice of a block of 16 outputs, as plain pointers (see block_job).
struct column_job {
  std::uint8_t const* plus =
      nullptr;  ///< digits of cells, (tiles, groups, 16, 4); where `sums` is set, + - minus + 128
  std::uint8_t const* minus = nullptr;  ///< of the second line of a pair, or null
  float const* seen_plus = nullptr;   ///< instead of plus, what columns see of cells, (tiles, groups x 4, 16); or null
  float const* seen_minus = nullptr;  ///< of the second line of a pair, or null
  float const* variance_plus = nullptr;  ///< of a read of what columns see; or null
  float const* variance_minus = nullptr;
  double const* drives = nullptr;       ///< what a digit drives a row with, from the middle, -top..top; null: the digit
  std::int8_t const* digits = nullptr;  ///< of inputs, (tokens, tiles, groups, 4)
  std::int32_t const* sums = nullptr;   ///< of digits, (tokens, tiles), which take the 128 off again; or null
  std::int32_t const* flips = nullptr;  ///< -1 for a flipped column, else 0, (tiles, 16); or null
  std::int32_t const* units = nullptr;  ///< codes of the sum of inputs, (tokens, tiles, 16)
  double unit_gain = 0.0;               ///< what such a code adds to a flipped column
  double* unit_sums = nullptr;          ///< where to, rows as those of the target
  float* normals = nullptr;  ///< room for a number a conversion, (tokens, tiles, lines that are converted, 16); or null
  stream reads{};            ///< which numbers, from `first_read` on
  std::uint64_t first_read = 0;
  std::uint32_t time = 0;
  std::size_t tokens = 0;
  std::size_t tiles = 0;
  std::size_t groups = 0;   ///< of four rows of an array
  bool wide = false;        ///< products of digits need the wide recipe of dot4.hpp
  bool difference = false;  ///< pairs are subtracted before the converter
  bool has_sign = false;    ///< currents below 0 are converted, by their magnitude
};

namespace detail {

/// Hands the currents of every array to the visitor: p of the first line, q of the second (0 without).
template <class Arch, bool Wide, bool Pair, std::size_t Tokens, class Visitor>
inline void visit_columns(column_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using dot = simd::dot4<Arch>;
  std::size_t const tile_bytes = job.groups * 4, row_bytes = job.tiles * tile_bytes;
  for (std::size_t lane = 0; lane < output_block; lane += dot::lanes) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      std::size_t const cells = tile * tile_bytes * output_block + 4 * lane;
      std::size_t const row = first * row_bytes + tile * tile_bytes;
      typename dot::sums p[Tokens], q[Tokens];
      std::int32_t const* const sums = job.sums == nullptr ? nullptr : job.sums + first * job.tiles + tile;
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        dot::start(p[n], sums == nullptr ? 0 : -128 * sums[n * job.tiles]);
        if constexpr (Pair) dot::start(q[n], 0);
      });
      for (std::size_t g = 0; g < job.groups; ++g)
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          std::int32_t d;
          std::memcpy(&d, job.digits + row + n * row_bytes + 4 * g, 4);
          dot::template add<Wide>(p[n], job.plus + cells + 4 * output_block * g, d);
          if constexpr (Pair) dot::template add<Wide>(q[n], job.minus + cells + 4 * output_block * g, d);
        });
      ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
        if constexpr (Pair) {
          visitor.tile(n, tile, dot::total(p[n]), dot::total(q[n]));
        } else {
          visitor.tile(n, tile, dot::total(p[n]), simd::i32<Arch>(0));
        }
      });
    }
    visitor.end(lane);
  }
}

template <class Arch, class Make>
inline void visit_column_tokens(column_job const& job, Make const& make) noexcept {
  std::size_t n = 0;
  auto const some = [&]<std::size_t Tokens>() {
    while (job.tokens - n >= Tokens) {
      auto visitor = make.template operator()<Tokens>(n);
      if (job.minus == nullptr) {
        job.wide ? visit_columns<Arch, true, false, Tokens>(job, n, visitor)
                 : visit_columns<Arch, false, false, Tokens>(job, n, visitor);
      } else {
        job.wide ? visit_columns<Arch, true, true, Tokens>(job, n, visitor)
                 : visit_columns<Arch, false, true, Tokens>(job, n, visitor);
      }
      n += Tokens;
    }
  };
  if constexpr (simd::dot4<Arch>::lanes == output_block) some.template operator()<8>();
  some.template operator()<4>();
  some.template operator()<1>();
}

/// Codes of every array, summed; flipped columns turned back.
template <class Arch, class Adc, std::size_t Tokens>
struct converting_columns {
  using ints = simd::i32<Arch>;
  using floats = simd::f32<Arch>;
  column_job const& job;
  Adc const& adc;
  float full_scale;
  sum_target const& z;
  std::uint64_t& clipped;
  std::size_t first, lane = 0;
  ints sum[Tokens], units[Tokens];
  floats over;

  void begin(std::size_t at) noexcept {
    lane = at;
    for (std::size_t n = 0; n < Tokens; ++n) sum[n] = units[n] = ints(0);
    over = floats(0.0f);
  }
  [[nodiscard, gnu::always_inline]] inline ints read(ints const& current) noexcept {
    return read(simd::to_float<Arch>(current));
  }
  [[nodiscard, gnu::always_inline]] inline ints read(floats const& value) noexcept {
    floats const size = job.has_sign ? simd::abs<floats>(value) : value;
    floats const none(0.0f);
    auto const above = size > floats(full_scale);
    if (simd::any<Arch>(above)) over = over + simd::select<Arch>(above, floats(1.0f), none);  // rare where ranges fit
    floats const code = adc.code(size);
    return simd::to_int<floats>(job.has_sign ? simd::select<Arch>(value < none, -code, code) : code);
  }
  /// Currents of whole digits, or of what columns see.
  template <class Currents>
  [[gnu::always_inline]] inline void tile(std::size_t n, std::size_t at, Currents const& p,
                                          Currents const& q) noexcept {
    if (job.minus != nullptr) {
      sum[n] = sum[n] + (job.difference ? read(p - q) : read(p) - read(q));
      return;
    }
    ints code = read(p);
    if (job.flips != nullptr) {
      ints const flip = ints::load_unaligned(job.flips + at * output_block + lane);
      code = (code ^ flip) - flip;
      units[n] =
          units[n] + (flip & ints::load_unaligned(job.units + ((first + n) * job.tiles + at) * output_block + lane));
    }
    sum[n] = sum[n] + code;
  }
  void end(std::size_t) noexcept {
    for (std::size_t n = 0; n < Tokens; ++n) {
      ohmic::detail::add_scaled<Arch>(z, first + n, lane, sum[n]);
      if (job.flips != nullptr)
        ohmic::detail::add_scaled<Arch>({job.unit_sums, z.stride, job.unit_gain}, first + n, lane, units[n]);
    }
    alignas(cache_line) float counts[simd::width<floats>];
    over.store_aligned(counts);
    for (float c : counts) clipped += static_cast<std::uint64_t>(c);
  }
};

/// Magnitudes of the currents that are converted, into a buffer (tokens, tiles, readings, 16).
template <class Arch, std::size_t Tokens>
struct observing_columns {
  using ints = simd::i32<Arch>;
  column_job const& job;
  std::int32_t* out;
  std::size_t first, lane = 0;

  void begin(std::size_t at) noexcept { lane = at; }
  void tile(std::size_t n, std::size_t at, ints const& p, ints const& q) noexcept {
    bool const two = job.minus != nullptr && !job.difference;
    std::int32_t* const to = out + ((first + n) * job.tiles + at) * (two ? 2 : 1) * output_block + lane;
    if (two) {
      size(p).store_unaligned(to);
      size(q).store_unaligned(to + output_block);
    } else {
      size(p - q).store_unaligned(to);
    }
  }
  [[nodiscard]] static ints size(ints const& v) noexcept {
    ints const sign = v >> 31;
    return (v ^ sign) - sign;
  }
  void end(std::size_t) noexcept {}
};

/// Currents as they reach the converters, into a buffer (tokens, tiles, readings, 16).
template <class Arch, std::size_t Tokens>
struct reading_columns {
  using ints = simd::i32<Arch>;
  using floats = simd::f32<Arch>;
  column_job const& job;
  float* out;
  std::size_t first, lane = 0;

  void begin(std::size_t at) noexcept { lane = at; }
  void tile(std::size_t n, std::size_t at, ints const& p, ints const& q) noexcept {
    tile(n, at, simd::to_float<Arch>(p), simd::to_float<Arch>(q));
  }
  void tile(std::size_t n, std::size_t at, floats const& p, floats const& q) noexcept {
    bool const second = job.minus != nullptr || job.seen_minus != nullptr, two = second && !job.difference;
    float* const to = out + ((first + n) * job.tiles + at) * (two ? 2 : 1) * output_block + lane;
    simd::store(to, second && !two ? p - q : p);
    if (two) simd::store(to + output_block, q);
  }
  void end(std::size_t) noexcept {}
};

}  // namespace detail

namespace detail {

/// Currents of a line of cells that are not ideal, and the variances of their reads: of 16 outputs, for some tokens side by
/// side. Sums of currents are exact in double (see code_cells); those of variances follow the rows.
template <class Arch, std::size_t Tokens, bool Noisy>
struct seen_sums {
  using floats = simd::f32<Arch>;
  using doubles = simd::f64<Arch>;
  static constexpr std::size_t width = simd::width<floats>, parts = width / simd::width_f64<Arch>;
  /// Rows whose drives are kept at a time.
  static constexpr std::size_t chunk = 64;
  doubles current[Tokens][parts], variance[Tokens][parts];

  /// Shape   digits of the first token, `stride` bytes to the next; cells and variances (rows, 16), from the first lane
  seen_sums(column_job const& job, std::int8_t const* digits, std::size_t stride, float const* cells,
            float const* variances) noexcept {
    ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
      for (std::size_t i = 0; i < parts; ++i) current[n][i] = variance[n][i] = doubles(0.0);
    });
    std::size_t const rows = job.groups * 4;
    alignas(cache_line) double drives[Tokens][chunk], squares[Tokens][chunk];
    for (std::size_t first = 0; first < rows; first += chunk) {
      std::size_t const here = rows - first < chunk ? rows - first : chunk;
      for (std::size_t n = 0; n < Tokens; ++n)
        for (std::size_t k = 0; k < here; ++k) {
          std::int8_t const digit = digits[n * stride + first + k];
          drives[n][k] = job.drives != nullptr ? job.drives[digit] : static_cast<double>(digit);
          // As a float, so that its products with variances are exact.
          if constexpr (Noisy) squares[n][k] = static_cast<double>(static_cast<float>(drives[n][k] * drives[n][k]));
        }
      // One register of outputs at a time: then the sums of eight tokens stay in registers.
      ohmic::detail::unrolled<parts>([&](auto i) __attribute__((always_inline)) {
        std::size_t const lane = first * output_block + i * simd::width_f64<Arch>;
        doubles of_current[Tokens], of_variance[Tokens];
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          of_current[n] = current[n][i];
          of_variance[n] = variance[n][i];
        });
        for (std::size_t k = 0; k < here; ++k) {
          doubles const conducts = simd::load_f64<Arch>(cells + lane + k * output_block);
          ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
            of_current[n] = of_current[n] + doubles(drives[n][k]) * conducts;
          });
          if constexpr (Noisy) {
            doubles const varies = simd::load_f64<Arch>(variances + lane + k * output_block);
            ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
              of_variance[n] = of_variance[n] + doubles(squares[n][k]) * varies;
            });
          }
        }
        ohmic::detail::unrolled<Tokens>([&](auto n) __attribute__((always_inline)) {
          current[n][i] = of_current[n];
          variance[n][i] = of_variance[n];
        });
      });
    }
  }
  [[nodiscard]] static floats as_floats(doubles const (&values)[parts]) noexcept {
    alignas(cache_line) double wide[width];
    alignas(cache_line) float out[width];
    for (std::size_t i = 0; i < parts; ++i) simd::store_f64<Arch>(wide + i * simd::width_f64<Arch>, values[i]);
    for (std::size_t l = 0; l < width; ++l) out[l] = static_cast<float>(wide[l]);
    return floats::load_aligned(out);
  }
  /// The current as a read finds it: one normal number a conversion, with the variances of all cells.
  [[nodiscard]] floats read(column_job const& job, std::size_t n, float const* draw) const noexcept {
    floats const exact = as_floats(current[n]), none(0.0f);
    if constexpr (!Noisy) return exact;
    floats const found =
        exact + simd::mul<floats>(simd::sqrt<floats>(as_floats(variance[n])), simd::load<floats>(draw));
    // A converter of currents of one sign has no code below 0.
    return job.has_sign ? found : simd::select<Arch>(found < none, none, found);
  }
};

/// Hands the currents of cells that are not ideal to the visitor: those of a line, or of two that are converted apart.
template <class Arch, std::size_t Tokens, bool Noisy, class Visitor>
inline void visit_seen(column_job const& job, std::size_t first, Visitor& visitor) noexcept {
  using floats = simd::f32<Arch>;
  using sums = seen_sums<Arch, Tokens, Noisy>;
  std::size_t const rows = job.groups * 4, stride = job.tiles * rows, lines = job.seen_minus != nullptr ? 2 : 1;
  for (std::size_t lane = 0; lane < output_block; lane += simd::width<floats>) {
    visitor.begin(lane);
    for (std::size_t tile = 0; tile < job.tiles; ++tile) {
      std::int8_t const* const digits = job.digits + first * stride + tile * rows;
      std::size_t const at = tile * rows * output_block + lane;
      auto const of_line = [&](float const* cells, float const* variances) {
        return sums(job, digits, stride, cells + at, Noisy ? variances + at : cells + at);
      };
      auto const draw = [&](std::size_t n, std::size_t line) {
        return Noisy ? job.normals + (((first + n) * job.tiles + tile) * lines + line) * output_block + lane : nullptr;
      };
      floats plus[Tokens], minus[Tokens];
      sums const of_plus = of_line(job.seen_plus, job.variance_plus);
      for (std::size_t n = 0; n < Tokens; ++n) {
        plus[n] = of_plus.read(job, n, draw(n, 0));
        minus[n] = floats(0.0f);
      }
      if (job.seen_minus != nullptr) {
        sums const of_minus = of_line(job.seen_minus, job.variance_minus);
        for (std::size_t n = 0; n < Tokens; ++n) minus[n] = of_minus.read(job, n, draw(n, 1));
      }
      for (std::size_t n = 0; n < Tokens; ++n) visitor.tile(n, tile, plus[n], minus[n]);
    }
    visitor.end(lane);
  }
}

}  // namespace detail

/// The kernels of one instruction set, as pointers (see product_kernels).
template <adc_policy Adc>
struct column_kernels {
  char const* instruction_set;
  /// z += gain x sum over arrays of the codes, and unit_gain x codes of the sums of inputs of flipped columns; counts
  /// currents above full scale.
  void (*convert)(column_job const&, Adc const&, float full_scale, sum_target const&, std::uint64_t& clipped) noexcept;
  /// Magnitudes of what is converted, (tokens, tiles, 2 for pairs that are read apart, 16).
  void (*observe)(column_job const&, std::int32_t* currents) noexcept;
  /// z += gain x sum over arrays of the integer products of codes.
  void (*subtract)(block_job const&, sum_target const&) noexcept;
  /// What is converted, as reads find it, (tokens, tiles, 2 for pairs that are read apart, 16).
  void (*read)(column_job const&, float* currents) noexcept;
};

namespace detail {

/// Hands the currents of a job to visitors of some tokens each: make.template operator()<Tokens>(first token).
template <class Arch, class Make>
inline void visit_currents(column_job const& job, Make const& make) noexcept {
  if (job.seen_plus == nullptr) return visit_column_tokens<Arch>(job, make);
  if (job.normals != nullptr) {
    std::size_t const lines = job.seen_minus != nullptr ? 2 : 1;
    job.reads.template normals<Arch>(job.first_read, job.time,
                                     std::span<float>(job.normals, job.tokens * job.tiles * lines * output_block));
  }
  std::size_t n = 0;
  auto const some = [&]<std::size_t Tokens>() {
    for (; job.tokens - n >= Tokens; n += Tokens) {
      auto visitor = make.template operator()<Tokens>(n);
      if (job.normals != nullptr) {
        visit_seen<Arch, Tokens, true>(job, n, visitor);
      } else {
        visit_seen<Arch, Tokens, false>(job, n, visitor);
      }
    }
  };
  if constexpr (simd::dot4<Arch>::lanes == output_block) some.template operator()<8>();
  some.template operator()<4>();
  some.template operator()<1>();
}

template <class Arch, class Adc>
void convert_columns(column_job const& job, Adc const& adc, float full_scale, sum_target const& z,
                     std::uint64_t& clipped) noexcept {
  visit_currents<Arch>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return converting_columns<Arch, Adc, Tokens>{job, adc, full_scale, z, clipped, n, 0, {}, {}, {}};
  });
}
template <class Arch>
void read_columns(column_job const& job, float* currents) noexcept {
  visit_currents<Arch>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return reading_columns<Arch, Tokens>{job, currents, n};
  });
}
template <class Arch>
void observe_columns(column_job const& job, std::int32_t* currents) noexcept {
  visit_column_tokens<Arch>(job, [&]<std::size_t Tokens>(std::size_t n) {
    return observing_columns<Arch, Tokens>{job, currents, n};
  });
}

}  // namespace detail

/// The kernels compiled for one instruction set; by default for the one that the flags of this translation unit allow.
template <adc_policy Adc, class Arch = simd::native>
inline constexpr column_kernels<Adc> column_kernels_of{
    Arch::name(), &detail::convert_columns<Arch, Adc>, &detail::observe_columns<Arch>,
    &ohmic::detail::subtract_block<Arch>, &detail::read_columns<Arch>};

}  // namespace ohmic::inline OHMIC_ABI::in_situ
