// Compiled once per instruction set; OHMIC_TEST_ARCH is its name. What is not local carries that name.
#include "functions.hpp"

#include "ohmic/core/dot4.hpp"
#include "ohmic/core/simd.hpp"

#define OHMIC_JOIN_(a, b) a##b
#define OHMIC_JOIN(a, b) OHMIC_JOIN_(a, b)

namespace OHMIC_JOIN(core_, OHMIC_TEST_ARCH) {

  namespace simd = ohmic::simd;
  using batch = simd::f32<simd::native>;

  void words(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<std::uint32_t> out) {
    s.words(first, time, out);
  }
  void uniforms(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<float> out) {
    s.uniforms(first, time, out);
  }
  void normals(ohmic::stream const& s, std::uint64_t first, std::uint32_t time, std::span<float> out) {
    s.normals(first, time, out);
  }
  // Whole batches only: a single float's functions carry no instruction set in their names.
  // Shape   all (n), n a multiple of the width
  void quantiles(std::span<float const> p, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); i += batch::size)
      simd::store(&out[i], ohmic::upper_quantile(simd::load<batch>(&p[i])));
  }
  void mul_add(std::span<float const> a, std::span<float const> b, std::span<float const> c, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); i += batch::size)
      simd::store(&out[i], simd::mul_add(simd::load<batch>(&a[i]), simd::load<batch>(&b[i]), simd::load<batch>(&c[i])));
  }
  void mul_add_by_one(std::span<float const> a, std::span<float const> b, std::span<float const> c,
                      std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = simd::mul_add(a[i], b[i], c[i]);
  }
  double product_and_sum(double a, double b, double c) { return simd::fence(a * b) + c; }
  // What a compiler does when it is not held back.
  void unfenced(std::span<float const> a, std::span<float const> b, std::span<float const> c, std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      // Read first: a sanitizer's check between product and sum would hold the compiler back too.
      float const x = a[i], y = b[i], z = c[i];
      float const sum = x * y + z;
      out[i] = sum;
    }
  }

  void lane_function(int which, std::span<float const> in, std::span<float> out) {
    auto const apply = [&](auto const& f) { simd::for_each_lane(in.data(), out.data(), in.size(), f); };
    switch (which) {
      case 0:
        return apply([](auto v) { return simd::round_even(v); });
      case 1:
        return apply([](auto v) { return simd::abs(v); });
      case 2:
        return apply([](auto v) { return simd::sqrt(simd::abs(v)); });
      case 3:
        return apply([]<class V>(V v) { return simd::clamp(v, V(-1.5f), V(2.5f)); });
      case 4:
        return apply([]<class V>(V v) { return V(simd::to_float(simd::to_int(v))); });
      case 5:
        return apply([]<class V>(V v) { return V(simd::from_bits(simd::to_bits(v))); });
      case 6:
        return apply([]<class V>(V v) { return V(simd::select(v < V(0.0f), V(-1.0f), v)); });
      case 7:
        return apply([]<class V>(V v) { return simd::min(v, V(0.25f)); });
      default:
        return apply([]<class V>(V v) { return simd::max(v, V(0.25f)); });
    }
  }

  std::size_t dot4_lanes() { return simd::dot4<simd::native>::lanes; }

  // Shape   u (n, 4 lanes), s (n), sums (lanes) on top of what sums[0] starts every lane from
  void dot4(bool wide, std::span<std::uint8_t const> u, std::span<std::int32_t const> s, std::int32_t* sums) {
    using dot = simd::dot4<simd::native>;
    typename dot::sums acc;
    dot::start(acc, sums[0]);
    for (std::size_t i = 0; i < s.size(); ++i) {
      auto const* row = u.data() + i * 4 * dot::lanes;
      if (wide) {
        dot::add<true>(acc, row, s[i]);
      } else {
        dot::add<false>(acc, row, s[i]);
      }
    }
    dot::total(acc).store_unaligned(sums);
  }

}  // namespace )
