// Two flag sets and both kinds of build in one program: every unit computes the same bits, and only the checked unit tests contracts.
#include <cstdio>

#include "product.hpp"
#include "units.hpp"

static int failures = 0;

static void expect(bool condition, char const* what) {
  if (condition) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

int main() {
  std::vector<float> x(1003), y(1003);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = 1.0f + static_cast<float>(i) / 997.0f;
    y[i] = 1.0f / x[i] - 0.3f;
  }
  outcome const plain = run_plain(x, y), checked = run_checked(x, y);
  expect(plain.values == checked.values, "checked and plain units compute the same bits");
  expect(plain.values == run_no_rtti(x, y).values, "a unit without run-time type information computes the same bits");
  expect(plain.contract.empty(), "a plain unit does not test contracts");
  expect(checked.contract.find("x.empty()") != std::string::npos, "a checked unit names the broken contract");
#if defined(OHMIC_WITH_AVX2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    outcome const wide = run_avx2(x, y);
    expect(plain.values == wide.values, "AVX2 and baseline units compute the same bits");
    auto const product = product_plain();
    expect(product == product_avx2(), "arrays of AVX2 and baseline units compute the same bits");
    expect(product.size() == 70 * 33 && product != std::vector<double>(product.size()), "there is a product");
  } else {
    std::puts("skipped: this machine has no AVX2");
  }
#endif
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
