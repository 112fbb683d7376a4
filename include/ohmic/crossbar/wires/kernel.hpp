// The inner loops of the wire solver: conjugate gradients on the bit lines, one or eight sets of voltages at a time.
//
// With devices G, word lines T (ladders with G to the crossing lines) and bit lines M alike, Kirchhoff's law is
//   T u = s + G w - i,   M w = t + G u + i       s, t: sources; i: currents of devices beyond G (u - w)
// Word lines are eliminated: (M - G T^-1 G) w = t + i + G T^-1 (s - i), solved with M as preconditioner. Neither M nor T is
// ever applied, only solved, so that segments of 0 ohm are nothing special. Lanes run over bit lines, or over sets of
// voltages; every sum has one order, so that bits depend neither on the register nor on the company of a set.
#pragma once

#include <cstddef>

#include "ohmic/core/simd_f64.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/wires/lines.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Sets of voltages that one call solves: 1, or all of these.
inline constexpr std::size_t wire_lanes = 8;

/// One call of a kernel with K sets of voltages.
/// Shape   word_V (rows, K), bit_V (stride, K), devices (rows, stride, K)
struct wire_job {
  wire_lines const* lines = nullptr;
  double const* word_V = nullptr;      ///< of the drivers, 0 where there is none
  double const* bit_V = nullptr;       ///< of the sense ends
  double const* injected_A = nullptr;  ///< from word node to bit node beyond g (u - w), or null
  double tolerance = 0.0;              ///< of the energy norm, relative
  double residual = 0.0;               ///< largest missed current over the largest current of a line
  std::size_t max_iterations = 0;
  std::size_t max_rounds = 0;
  double *u = nullptr, *w = nullptr;                               ///< out: node voltages, (rows, stride, K)
  double *r = nullptr, *z = nullptr, *p = nullptr, *mp = nullptr;  ///< memory of that size
  double *input_A = nullptr, *far_input_A = nullptr;               ///< out: (rows, K)
  double *output_A = nullptr, *far_output_A = nullptr;             ///< out: (stride, K)
  double* sums = nullptr;                                          ///< memory, (stride, K)
  double* kept = nullptr;  ///< memory, (2 rows + stride, K): ends of sets that others outlast; null for a single one
  std::size_t iterations[wire_lanes] = {};  ///< out
  bool ended[wire_lanes] = {};              ///< out: the search did, before its limit
  double residual_A[wire_lanes] = {};       ///< out: largest current by which Kirchhoff's law is missed at a node
  double largest_A[wire_lanes] = {};        ///< out: largest current at the end of a line
};

namespace detail {

/// K doubles that belong together: one number, or a set of eight in registers.
template <class Arch, std::size_t K>
struct wire_value {
  static constexpr std::size_t width = simd::width_f64<Arch>, count = K / width;
  simd::f64<Arch> v[count];
  static wire_value load(double const* p) noexcept {
    wire_value x;
    for (std::size_t b = 0; b < count; ++b) x.v[b] = simd::load_f64<Arch>(p + b * width);
    return x;
  }
  void store(double* p) const noexcept {
    for (std::size_t b = 0; b < count; ++b) simd::store_f64<Arch>(p + b * width, v[b]);
  }
  /// k x + y, and k x.
  static wire_value mul_add(double k, wire_value const& x, wire_value const& y) noexcept {
    wire_value s;
    for (std::size_t b = 0; b < count; ++b) s.v[b] = simd::mul_add_f64<Arch>(simd::f64<Arch>(k), x.v[b], y.v[b]);
    return s;
  }
  static wire_value mul(double k, wire_value const& x) noexcept {
    wire_value s;
    for (std::size_t b = 0; b < count; ++b) s.v[b] = simd::mul_f64<Arch>(simd::f64<Arch>(k), x.v[b]);
    return s;
  }
  static wire_value sub(wire_value const& x, wire_value const& y) noexcept {
    wire_value s;
    for (std::size_t b = 0; b < count; ++b) s.v[b] = x.v[b] - y.v[b];
    return s;
  }
};
template <class Arch>
struct wire_value<Arch, 1> {
  double v;
  static wire_value load(double const* p) noexcept { return {*p}; }
  void store(double* p) const noexcept { *p = v; }
  static wire_value mul_add(double k, wire_value x, wire_value y) noexcept { return {simd::fence(k * x.v) + y.v}; }
  static wire_value mul(double k, wire_value x) noexcept { return {simd::fence(k * x.v)}; }
  static wire_value sub(wire_value x, wire_value y) noexcept { return {x.v - y.v}; }
};

/// The parts of the solver, each a pass over the array. Members are names of what the job holds.
template <class Arch, std::size_t K>
struct wire_passes {
  using value = wire_value<Arch, K>;
  using batch = simd::f64<Arch>;
  static constexpr std::size_t width = simd::width_f64<Arch>;
  static_assert(wire_lanes % width == 0, "ohmic: registers are narrower than a set of lanes, or as wide");

  wire_job const& job;
  wire_lines const& n;
  std::size_t const step;  ///< doubles of a row
  std::size_t const used;  ///< of these: padding is left out where a device is K doubles

  explicit wire_passes(wire_job const& j) noexcept
      : job(j), n(*j.lines), step(n.stride * K), used(K == 1 ? n.stride : n.cols * K) {}

  /// A device's number for the doubles from c on.
  static batch coefficient(double const* p, std::size_t c) noexcept {
    if constexpr (K == 1) {
      return simd::load_f64<Arch>(p + c);
    } else {
      return batch(p[c / K]);
    }
  }
  /// A number of a set of voltages for the doubles from c on.
  static batch of_set(double const* p, std::size_t c) noexcept {
    if constexpr (K == 1) {
      return batch(*p);
    } else {
      return simd::load_f64<Arch>(p + c % K);
    }
  }

  /// Solves R word lines from `first` on: f, at their first double, has node currents and gets voltages. `volts` (rows, K)
  /// of the drivers, or null for 0 V and no wish for `input` (rows, K), the currents from the drivers.
  template <std::size_t R>
  void solve_words(std::size_t first, double* f, double const* volts, double* input) const noexcept {
    value carry[R];
    double const* const l = n.word_l + first * n.stride;
    for (std::size_t k = 0; k < R; ++k) carry[k] = value::load(f + k * step + (n.cols - 1) * K);
    for (std::size_t j = n.cols - 1; j > 0; --j)
      for (std::size_t k = 0; k < R; ++k) {
        double* const at = f + k * step + (j - 1) * K;
        carry[k] = value::mul_add(l[k * n.stride + j], carry[k], value::load(at));
        carry[k].store(at);
      }
    for (std::size_t k = 0; k < R; ++k) {
      std::size_t const i = first + k;
      if (volts == nullptr) {
        carry[k] = value::mul(n.word_end_ohm[i], carry[k]);
      } else {
        value const v = value::mul(1.0 - n.word_stiff[i], value::load(volts + i * K));
        value::mul(n.word_end_l[i], value::sub(value::mul(n.word_end_S[i], v), carry[k])).store(input + i * K);
        carry[k] = value::mul_add(n.word_end_ohm[i], carry[k], value::mul(n.word_end_l[i], v));
      }
      carry[k].store(f + k * step);
    }
    for (std::size_t j = 1; j < n.cols; ++j)
      for (std::size_t k = 0; k < R; ++k) {
        double* const at = f + k * step + j * K;
        carry[k] = value::mul(l[k * n.stride + j], value::mul_add(n.word_r, value::load(at), carry[k]));
        carry[k].store(at);
      }
  }

  /// Calls before(i), solves row i of f, calls after(i), for all rows, several at a time.
  template <class Before, class After>
  void for_word_lines(double* f, double const* volts, double* input, Before const& before,
                      After const& after) const noexcept {
    constexpr std::size_t together = K == 1 ? 8 : 4;
    std::size_t i = 0;
    auto const some = [&]<std::size_t R>() {
      for (; n.rows - i >= R; i += R) {
        for (std::size_t k = 0; k < R; ++k) before(i + k);
        solve_words<R>(i, f + i * step, volts, input);
        for (std::size_t k = 0; k < R; ++k) after(i + k);
      }
    };
    some.template operator()<together>();
    some.template operator()<1>();
  }

  /// Solves B registers of bit lines from double c on: current(i, c) yields what flows into node i, taken(i, c, v) gets its
  /// voltage, from the sense end up. `volts` (stride, K) of the sense ends, or null; `output` gets the currents into them.
  template <std::size_t B, class Current, class Taken>
  void solve_bits(std::size_t c, double const* volts, double* output, Current const& current,
                  Taken const& taken) const noexcept {
    batch carry[B];
    for (std::size_t b = 0; b < B; ++b) {
      carry[b] = current(std::size_t{0}, c + b * width);
      simd::store_f64<Arch>(job.z + c + b * width, carry[b]);
    }
    for (std::size_t i = 1; i < n.rows; ++i)
      for (std::size_t b = 0; b < B; ++b) {
        std::size_t const at = c + b * width;
        carry[b] = simd::mul_add_f64<Arch>(coefficient(n.bit_l + (i - 1) * n.stride, at), carry[b], current(i, at));
        simd::store_f64<Arch>(job.z + i * step + at, carry[b]);
      }
    for (std::size_t b = 0; b < B; ++b) {
      std::size_t const at = c + b * width;
      batch const l = coefficient(n.bit_end_l, at);
      batch const v = volts != nullptr ? simd::load_f64<Arch>(volts + at) : batch(0.0);
      if (output != nullptr)
        simd::store_f64<Arch>(output + at,
                              simd::mul_f64<Arch>(l, carry[b] - simd::mul_f64<Arch>(coefficient(n.bit_end_S, at), v)));
      carry[b] = simd::mul_add_f64<Arch>(coefficient(n.bit_end_ohm, at), carry[b], simd::mul_f64<Arch>(l, v));
      taken(n.rows - 1, at, carry[b]);
    }
    batch const segment(n.bit_r);
    for (std::size_t i = n.rows - 1; i-- > 0;)
      for (std::size_t b = 0; b < B; ++b) {
        std::size_t const at = c + b * width;
        batch const f = simd::load_f64<Arch>(job.z + i * step + at);
        carry[b] =
            simd::mul_f64<Arch>(coefficient(n.bit_l + i * n.stride, at), simd::mul_add_f64<Arch>(segment, f, carry[b]));
        taken(i, at, carry[b]);
      }
  }
  template <class Current, class Taken>
  void for_bit_lines(double const* volts, double* output, Current const& current, Taken const& taken) const noexcept {
    std::size_t c = 0;
    for (; used - c >= 4 * width; c += 4 * width) solve_bits<4>(c, volts, output, current, taken);
    for (; c < used; c += width) solve_bits<1>(c, volts, output, current, taken);
  }

  /// The sum of sums over the bit lines, one for every set.
  void add_up(double* total) const noexcept {
    for (std::size_t k = 0; k < K; ++k) {
      double t = 0.0;
      for (std::size_t j = 0; j < n.cols; ++j) t += job.sums[j * K + k];
      total[k] = t;
    }
  }
  void clear(double* x, std::size_t count) const noexcept {
    for (std::size_t c = 0; c < count; ++c) x[c] = 0.0;
  }
  /// sums += x y for one row.
  void add_products(double const* x, double const* y) const noexcept {
    for (std::size_t c = 0; c < used; c += width)
      simd::store_f64<Arch>(job.sums + c,
                            simd::mul_add_f64<Arch>(simd::load_f64<Arch>(x + c), simd::load_f64<Arch>(y + c),
                                                    simd::load_f64<Arch>(job.sums + c)));
  }
  /// f = g x for row i.
  void through_devices(std::size_t i, double const* x, double* f) const noexcept {
    double const* const g = n.g_S + i * n.stride;
    for (std::size_t c = 0; c < used; c += width)
      simd::store_f64<Arch>(f + i * step + c,
                            simd::mul_f64<Arch>(coefficient(g, c), simd::load_f64<Arch>(x + i * step + c)));
  }

  /// u: word lines for bit voltages w (null: 0 V), sources and injected currents. A line with a stiff driver is solved for
  /// the drop from it, one with a soft driver for its voltage: either way currents keep their digits.
  void find_words(double const* w) const noexcept {
    for_word_lines(
        job.u, job.word_V, job.input_A,
        [&](std::size_t i) {
          double const *const g = n.g_S + i * n.stride, *const v = job.word_V + i * K;
          batch const stiff(n.word_stiff[i]);
          for (std::size_t c = 0; c < used; c += width) {
            std::size_t const at = i * step + c;
            batch const below =
                (w != nullptr ? simd::load_f64<Arch>(w + at) : batch(0.0)) - simd::mul_f64<Arch>(stiff, of_set(v, c));
            batch f = simd::mul_f64<Arch>(coefficient(g, c), below);
            if (job.injected_A != nullptr) f = f - simd::load_f64<Arch>(job.injected_A + at);
            simd::store_f64<Arch>(job.u + at, f);
          }
          double* const last = job.u + i * step + (n.cols - 1) * K;
          value::mul_add(n.far_word_S[i], far_volts(i), value::load(last)).store(last);
        },
        [&](std::size_t i) {
          double* const row = job.u + i * step;
          value::mul(n.far_word_S[i], value::sub(far_volts(i), value::load(row + (n.cols - 1) * K)))
              .store(job.far_input_A + i * K);
          batch const stiff(n.word_stiff[i]);
          for (std::size_t c = 0; c < used; c += width)
            simd::store_f64<Arch>(
                row + c, simd::mul_add_f64<Arch>(stiff, of_set(job.word_V + i * K, c), simd::load_f64<Arch>(row + c)));
        });
  }
  /// Voltage of a second driver as the line is solved for it; a grounded end has none.
  [[nodiscard]] value far_volts(std::size_t i) const noexcept {
    return value::mul(n.far_driven * (1.0 - n.word_stiff[i]), value::load(job.word_V + i * K));
  }
  /// Bit lines for the word voltages u, handed to taken(i, c, volts).
  template <class Taken>
  void find_bits(Taken const& taken) const noexcept {
    for_bit_lines(
        job.bit_V, job.output_A,
        [&](std::size_t i, std::size_t c) {
          batch const f =
              simd::mul_f64<Arch>(coefficient(n.g_S + i * n.stride, c), simd::load_f64<Arch>(job.u + i * step + c));
          return job.injected_A == nullptr ? f : f + simd::load_f64<Arch>(job.injected_A + i * step + c);
        },
        taken);
  }
  /// r = G T^-1 G x: what a change x of the bit lines' voltages sends back to them.
  void send_back(double const* x) const noexcept {
    for_word_lines(
        job.r, nullptr, nullptr, [&](std::size_t i) { through_devices(i, x, job.r); },
        [&](std::size_t i) { through_devices(i, job.r, job.r); });
  }
};

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI
