// The same computation from three translation units with other flags; main.cpp compares them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/view.hpp"

struct outcome {
  std::vector<float> values;  ///< x * y + x, lane by lane
  std::string contract;       ///< message of a broken contract, empty where contracts are not tested
};

outcome run_plain(std::vector<float> const& x, std::vector<float> const& y);
outcome run_checked(std::vector<float> const& x, std::vector<float> const& y);
outcome run_no_rtti(std::vector<float> const& x, std::vector<float> const& y);
outcome run_avx2(std::vector<float> const& x, std::vector<float> const& y);

// Internal linkage, as a user's own helper would have: every unit has its own copy. What they share are the library's functions.
static inline outcome run_here(std::vector<float> const& x, std::vector<float> const& y) {
  using batch = ohmic::simd::f32<ohmic::simd::native>;
  outcome result{std::vector<float>(x.size()), {}};
  std::size_t i = 0;
  for (; i + batch::size <= x.size(); i += batch::size) {
    auto const a = ohmic::simd::load<batch>(&x[i]), b = ohmic::simd::load<batch>(&y[i]);
    ohmic::simd::store<batch>(&result.values[i], ohmic::simd::mul_add<batch>(a, b, a));
  }
  for (; i < x.size(); ++i) result.values[i] = ohmic::simd::mul_add(x[i], y[i], x[i]);
  try {
    OHMIC_EXPECTS(x.empty());
  } catch (ohmic::contract_error const& e) { result.contract = e.what(); }
  return result;
}
