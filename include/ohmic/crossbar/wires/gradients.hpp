// Conjugate gradients over the passes of kernel.hpp, and the solver of one instruction set as pointers.
#pragma once

#include <cstddef>

#include "ohmic/crossbar/wires/kernel.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {

/// The numbers of every set of voltages. A set that is done keeps its voltages, whatever its neighbours still do.
template <class Arch, std::size_t K>
struct wire_search {
  double alpha[K] = {}, beta[K] = {}, rz[K] = {}, gain[K] = {}, energy[K] = {}, scale[K] = {};
  double keep[K] = {};  ///< 1 while a set is searched
  bool done[K] = {};
  [[nodiscard]] bool all_done() const noexcept {
    for (bool d : done)
      if (!d) return false;
    return true;
  }
};

/// Adds to w what removes r, by conjugate gradients with the bit lines as preconditioner. The square of the error's energy
/// norm is at least what the last two steps gained (Hestenes and Stiefel 1952, theorem 6:1): they end the search.
template <class Arch, std::size_t K>
void search_wires(wire_job& job, wire_passes<Arch, K> const& pass, wire_search<Arch, K>& s) noexcept {
  using batch = simd::f64<Arch>;
  std::size_t const size = pass.n.rows * pass.step, width = pass.width;
  for (std::size_t k = 0; k < K; ++k) s.alpha[k] = s.rz[k] = s.gain[k] = s.energy[k] = 0.0;
  double product[K];
  for (std::size_t step = 0; step < job.max_iterations && !s.all_done(); ++step) {
    pass.clear(job.sums, pass.step);
    // r -= alpha q, w += alpha p, z = M^-1 r
    pass.for_bit_lines(
        nullptr, nullptr,
        [&](std::size_t i, std::size_t c) {
          std::size_t const at = i * pass.step + c;
          batch const a = pass.of_set(s.alpha, c);
          batch const r = simd::load_f64<Arch>(job.r + at) - simd::mul_f64<Arch>(a, simd::load_f64<Arch>(job.u + at));
          simd::store_f64<Arch>(job.r + at, r);
          simd::store_f64<Arch>(job.w + at, simd::mul_add_f64<Arch>(a, simd::load_f64<Arch>(job.p + at),
                                                                    simd::load_f64<Arch>(job.w + at)));
          return r;
        },
        [&](std::size_t i, std::size_t c, batch z) {
          std::size_t const at = i * pass.step + c;
          simd::store_f64<Arch>(job.z + at, z);
          simd::store_f64<Arch>(job.sums + c, simd::mul_add_f64<Arch>(simd::load_f64<Arch>(job.r + at), z,
                                                                      simd::load_f64<Arch>(job.sums + c)));
        });
    pass.add_up(product);
    for (std::size_t k = 0; k < K; ++k) {
      if (!(product[k] > 0.0)) s.done[k] = true;  // nothing is left of r
      s.beta[k] = s.rz[k] > 0.0 && !s.done[k] ? product[k] / s.rz[k] : 0.0;
      s.rz[k] = product[k];
    }
    // p = z + beta p, M p likewise from r, q = M p - G T^-1 G p
    pass.clear(job.sums, pass.step);
    pass.for_word_lines(
        job.u, nullptr, nullptr,
        [&](std::size_t i) {
          for (std::size_t c = 0; c < pass.used; c += width) {
            std::size_t const at = i * pass.step + c;
            if (step == 0) {  // whatever p and M p held before
              simd::store_f64<Arch>(job.p + at, simd::load_f64<Arch>(job.z + at));
              simd::store_f64<Arch>(job.mp + at, simd::load_f64<Arch>(job.r + at));
              continue;
            }
            batch const b = pass.of_set(s.beta, c);
            simd::store_f64<Arch>(job.p + at, simd::mul_add_f64<Arch>(b, simd::load_f64<Arch>(job.p + at),
                                                                      simd::load_f64<Arch>(job.z + at)));
            simd::store_f64<Arch>(job.mp + at, simd::mul_add_f64<Arch>(b, simd::load_f64<Arch>(job.mp + at),
                                                                       simd::load_f64<Arch>(job.r + at)));
          }
          pass.through_devices(i, job.p, job.u);
        },
        [&](std::size_t i) {
          double const* const g = pass.n.g_S + i * pass.n.stride;
          for (std::size_t c = 0; c < pass.used; c += width) {
            std::size_t const at = i * pass.step + c;
            simd::store_f64<Arch>(job.u + at,
                                  simd::load_f64<Arch>(job.mp + at) -
                                      simd::mul_f64<Arch>(pass.coefficient(g, c), simd::load_f64<Arch>(job.u + at)));
          }
          pass.add_products(job.p + i * pass.step, job.u + i * pass.step);
        });
    pass.add_up(product);
    for (std::size_t k = 0; k < K; ++k) {
      s.alpha[k] = 0.0;
      if (s.done[k]) continue;
      if (!(product[k] > 0.0)) {  // rounding has the last word: the residual will tell
        s.done[k] = true;
        continue;
      }
      ++job.iterations[k];
      s.alpha[k] = s.rz[k] / product[k];
      double const gain = simd::fence(s.alpha[k] * s.rz[k]), last = s.gain[k];
      s.gain[k] = gain;
      s.energy[k] += gain;
      if (s.energy[k] > s.scale[k]) s.scale[k] = s.energy[k];
      double const allowed = simd::fence(simd::fence(job.tolerance * job.tolerance) * s.scale[k]);
      s.done[k] = step > 0 && gain + last <= allowed;
    }
  }
  for (std::size_t k = 0; k < K; ++k) job.ended[k] = s.done[k];
  for (std::size_t at = 0; at < size; at += pass.step)
    for (std::size_t c = 0; c < pass.used; c += width)
      simd::store_f64<Arch>(job.w + at + c,
                            simd::mul_add_f64<Arch>(pass.of_set(s.alpha, c), simd::load_f64<Arch>(job.p + at + c),
                                                    simd::load_f64<Arch>(job.w + at + c)));
}

/// Largest current at the end of a line, by sets.
template <class Arch, std::size_t K>
void find_largest(wire_job& job) noexcept {
  auto const look = [&](double const* currents, std::size_t lines) {
    for (std::size_t i = 0; i < lines; ++i)
      for (std::size_t k = 0; k < K; ++k) {
        double const a = currents[i * K + k] < 0.0 ? -currents[i * K + k] : currents[i * K + k];
        if (a > job.largest_A[k]) job.largest_A[k] = a;
      }
  };
  for (std::size_t k = 0; k < K; ++k) job.largest_A[k] = 0.0;
  look(job.input_A, job.lines->rows);
  look(job.output_A, job.lines->cols);
}

/// The ends of set k into the memory of those that are done, or back.
template <class Arch, std::size_t K>
void keep_ends(wire_job& job, std::size_t k, bool back) noexcept {
  double* at = job.kept + k;
  auto const move = [&](double* ends, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i, at += K) (back ? ends[i * K + k] : *at) = back ? *at : ends[i * K + k];
  };
  move(job.input_A, job.lines->rows);
  move(job.far_input_A, job.lines->rows);
  move(job.output_A, job.lines->cols);
}

}  // namespace detail

/// Solves a network for K sets of voltages: bit lines first with the word lines that no device loads them back, then what is
/// sent back, then both once more, which gives the residual. Where it is too large the search goes on from there.
/// Errors  none: what is not reached shows in residual_A
/// Cost    per step 2 solves of all lines, some 40 operations a device and set; 6 numbers a device and set of memory
template <class Arch, std::size_t K>
void solve_wires(wire_job& job) noexcept {
  using batch = simd::f64<Arch>;
  detail::wire_passes<Arch, K> const pass(job);
  detail::wire_search<Arch, K> s;
  double const* const g = pass.n.g_S;
  pass.clear(job.sums, pass.step);
  pass.find_words(nullptr);
  pass.find_bits([&](std::size_t i, std::size_t c, batch v) {
    std::size_t const at = i * pass.step + c;
    batch f = simd::mul_f64<Arch>(pass.coefficient(g + i * pass.n.stride, c), simd::load_f64<Arch>(job.u + at));
    if (job.injected_A != nullptr) f = f + simd::load_f64<Arch>(job.injected_A + at);
    simd::store_f64<Arch>(job.sums + c, simd::mul_add_f64<Arch>(f, v, simd::load_f64<Arch>(job.sums + c)));
    simd::store_f64<Arch>(job.w + at, v);
    simd::store_f64<Arch>(job.p + at, v);
  });
  pass.add_up(s.scale);
  for (double& e : s.scale) e = e < 0.0 ? -e : e;
  bool reached[K] = {};
  double residual_A[K] = {}, largest_A[K] = {};
  for (std::size_t round = 0; round < job.max_rounds; ++round) {
    for (std::size_t k = 0; k < K; ++k) s.keep[k] = s.done[k] ? 0.0 : 1.0;
    pass.send_back(job.p);
    detail::search_wires<Arch, K>(job, pass, s);
    pass.find_words(job.w);
    pass.clear(job.sums, pass.step);
    pass.find_bits([&](std::size_t i, std::size_t c, batch v) {
      std::size_t const at = i * pass.step + c;
      batch const old = simd::load_f64<Arch>(job.w + at), d = v - old;
      simd::store_f64<Arch>(job.p + at, d);
      simd::store_f64<Arch>(job.w + at, simd::mul_add_f64<Arch>(pass.of_set(s.keep, c), d, old));
      batch const missed = simd::mul_f64<Arch>(pass.coefficient(g + i * pass.n.stride, c), simd::abs_f64<Arch>(d));
      simd::store_f64<Arch>(job.sums + c, simd::max_f64<Arch>(simd::load_f64<Arch>(job.sums + c), missed));
    });
    detail::find_largest<Arch, K>(job);
    bool enough = true;
    for (std::size_t k = 0; k < K; ++k) {
      if (reached[k]) {  // a set ends where it ends alone, however long the others take
        detail::keep_ends<Arch, K>(job, k, true);
        job.residual_A[k] = residual_A[k], job.largest_A[k] = largest_A[k];
        s.done[k] = true;
        continue;
      }
      job.residual_A[k] = 0.0;
      for (std::size_t j = 0; j < pass.n.cols; ++j)
        if (double const a = job.sums[j * K + k]; !(a <= job.residual_A[k])) job.residual_A[k] = a;
      s.done[k] = reached[k] = job.ended[k] && job.residual_A[k] <= job.residual * job.largest_A[k];
      residual_A[k] = job.residual_A[k], largest_A[k] = job.largest_A[k];
      if (reached[k] && job.kept != nullptr) detail::keep_ends<Arch, K>(job, k, false);
      enough = enough && s.done[k];
    }
    if (enough) break;
  }
  for (std::size_t c = 0; c < pass.used; ++c) job.far_output_A[c] = simd::fence(pass.n.far_bit_S * job.w[c]);
}

/// The solver compiled for one instruction set. Every set gives the same bits.
struct wire_kernels {
  void (*one)(wire_job&) noexcept;
  void (*eight)(wire_job&) noexcept;
};
template <class Arch = simd::native>
inline constexpr wire_kernels wire_kernels_of{&solve_wires<Arch, 1>, &solve_wires<Arch, wire_lanes>};

}  // namespace ohmic::inline OHMIC_ABI
