// What programmed matrices take, and what products allocate: nothing that grows with the number of tasks.
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <vector>

#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"
#include "product_cases.hpp"
#include "support/catch.hpp"

namespace {
std::atomic<std::size_t> memory_calls{0}, memory_bytes{0};

void* counted(std::size_t size, std::size_t alignment) {
  void* const p = alignment == 0 ? std::malloc(size == 0 ? 1 : size)
                                 : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (p == nullptr) throw std::bad_alloc();
  memory_calls += 1;
  memory_bytes += malloc_usable_size(p);
  return p;
}
void uncounted(void* p) noexcept {
  if (p == nullptr) return;
  memory_bytes -= malloc_usable_size(p);
  std::free(p);
}
}  // namespace

// NOLINTBEGIN: every form of these is replaced, so that what one allocates another one frees.
void* operator new(std::size_t n) { return counted(n, 0); }
void* operator new[](std::size_t n) { return counted(n, 0); }
void* operator new(std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
void* operator new[](std::size_t n, std::align_val_t a) { return counted(n, static_cast<std::size_t>(a)); }
void operator delete(void* p) noexcept { uncounted(p); }
void operator delete[](void* p) noexcept { uncounted(p); }
void operator delete(void* p, std::size_t) noexcept { uncounted(p); }
void operator delete[](void* p, std::size_t) noexcept { uncounted(p); }
void operator delete(void* p, std::align_val_t) noexcept { uncounted(p); }
void operator delete[](void* p, std::align_val_t) noexcept { uncounted(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { uncounted(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { uncounted(p); }
// NOLINTEND

using namespace ohmic_test;

namespace {
namespace codes_in_situ = ohmic::in_situ;

/// Weights of a layer with BERT-Large's inner size.
codes layer_weights(std::size_t outputs, std::size_t inner) {
  dice random(5);
  return filled(outputs, inner, filling::normal, 127, random);
}
/// Bytes of the heap that a programmed matrix of 1024 inner elements holds, over its weights padded to whole blocks.
template <class Array>
double bytes_per_weight(Array const& array) {
  std::size_t const outputs = 200, padded = 208, inner = 1024;
  auto const w = layer_weights(outputs, inner);
  std::size_t const before = memory_bytes;
  auto const y = array.drive(w.view(), "w");
  return static_cast<double>(memory_bytes - before) / static_cast<double>(padded * inner);
}

enum class cells_of { ideal, finite, noisy };
codes_in_situ::code_array<>::config pairs(cells_of kind) {
  codes_in_situ::code_array<>::config c;
  c.layout.weights.mapping = codes_in_situ::mapping::differential;
  c.layout.weights.slices = {7};
  c.layout.weights.pairs = codes_in_situ::pair_reading::difference;
  c.layout.inputs.slice_bits = 7;
  c.layout.inputs.coding = codes_in_situ::code_coding::sign_magnitude;
  c.range.rule = ohmic::range_rule::mean_sigma;
  if (kind == cells_of::finite) c.cells.cell.r_off = ohmic::ohms(1e6);
  if (kind == cells_of::noisy) c.cells.cell.read_noise = 0.02;
  return c;
}
codes_in_situ::code_array<>::config sliced() {
  codes_in_situ::code_array<>::config c;
  c.layout.weights.mapping = codes_in_situ::mapping::offset;
  c.layout.weights.slices = {2, 2, 2, 2};
  c.layout.inputs.slice_bits = 1;
  c.range.rule = ohmic::range_rule::mean_sigma;
  return c;
}
/// What is allocated beside the matrix: its shape, and the heap's own bookkeeping.
constexpr double heap = 0.01;
}  // namespace

TEST_CASE("a programmed matrix takes two bytes a weight in integers, four with real cells, eight with noise of reads") {
  CHECK(bytes_per_weight(ohmic::computation_array<2>({})) <= 2.0 + heap);
  CHECK(bytes_per_weight(codes_in_situ::code_array<>(pairs(cells_of::ideal))) <= 2.0 + heap);
  CHECK(bytes_per_weight(codes_in_situ::code_array<>(sliced())) <= 2.0 + heap);
  CHECK(bytes_per_weight(codes_in_situ::code_array<>(pairs(cells_of::finite))) <= 4.0 + heap);
  CHECK(bytes_per_weight(codes_in_situ::code_array<>(pairs(cells_of::noisy))) <= 8.0 + heap);
}

namespace {
/// Calls of operator new of a product, after one that went before.
template <class Array>
std::size_t calls_of_product(Array const& array, std::size_t tokens, std::size_t inner, std::size_t outputs) {
  dice random(6);
  auto const x = filled(tokens, inner, filling::normal, 127, random);
  auto const y = array.drive(layer_weights(outputs, inner).view(), "w");
  auto seen = array.no_statistics(array.digits_for(127, true));
  if (!array.lossless()) array.observe(x, y, seen, "x");
  auto const adcs = array.converters(array.full_scales(seen, static_cast<int>(seen.size()), "w"));
  ohmic::executor one(1);
  typename Array::report_type report;
  std::string const where;
  std::size_t calls = 0;
  for (int run = 0; run < 3; ++run) {
    std::size_t const before = memory_calls;
    auto const z = array.multiply(x, y, adcs, ohmic::operand_source::weights, report, one, where);
    std::size_t const here = memory_calls - before;
    if (run > 1) CHECK(here == calls);
    calls = here;
  }
  return calls;
}
template <class Array>
void check_calls(Array const& array) {
  std::size_t const small = calls_of_product(array, 64, 130, 16), large = calls_of_product(array, 200, 520, 170);
  CHECK(small == large);
  CHECK(small < 30);
}
}  // namespace

TEST_CASE("a product allocates its operand and its result, and nothing for tokens, blocks, arrays or passes") {
  check_calls(ohmic::computation_array<2>({}));
  ohmic::computation_array<2>::config lossless;
  lossless.adc.lossless = true;
  check_calls(ohmic::computation_array<2>(lossless));
  for (auto const kind : {cells_of::ideal, cells_of::finite, cells_of::noisy})
    check_calls(codes_in_situ::code_array<>(pairs(kind)));
  check_calls(codes_in_situ::code_array<>(sliced()));
}
