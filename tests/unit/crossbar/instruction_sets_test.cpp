// The same products on every instruction set.
#include "instruction_sets.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "product_cases.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;

namespace {

template <int S, class Adc>
void check_equal(product_run<S, Adc> const& a, product_run<S, Adc> const& b, product_case const& c) {
  CHECK(differences(a.z, b.z, c.tokens, c.outputs) == 0);
  CHECK(a.report.clipped == b.report.clipped);
  CHECK(a.report.actions == b.report.actions);
  for (std::size_t d = 0; d < a.seen.size(); ++d) {
    CHECK(a.seen[d].count() == b.seen[d].count());
    CHECK(a.seen[d].mean() == b.seen[d].mean());
    CHECK(a.seen[d].sigma() == b.seen[d].sigma());
    CHECK(a.seen[d].percentile(99.0) == b.seen[d].percentile(99.0));
    CHECK(a.converters[d].step() == b.converters[d].step());
  }
}

template <int S>
void check_all_sets(int cases) {
  dice random(40 + S);
  auto const sets = kernel_sets();
  auto& threads = *thread_counts()[1];
  for (int i = 0; i < cases; ++i) {
    auto const c = random_case<S>(random, 100000);
    ohmic::uniform_adc::config const uniform{1 + i % 16, i % 17 == 16};
    levels_adc::config const levels{2 + 37 * i};
    product_run<S, ohmic::uniform_adc> const first(c, uniform, threads, *sets[0].uniform);
    product_run<S, levels_adc> const first_levels(c, levels, threads, *sets[0].levels);
    for (auto const& set : sets) {
      INFO(set.flags << ", S = " << S << ", " << c.text());
      check_equal(product_run<S, ohmic::uniform_adc>(c, uniform, threads, *set.uniform), first, c);
      check_equal(product_run<S, levels_adc>(c, levels, threads, *set.levels), first_levels, c);
    }
  }
}

}  // namespace

TEST_CASE("products are the same bits on every instruction set") {
  check_all_sets<1>(20);
  check_all_sets<2>(36);
  check_all_sets<6>(20);  // the last with digits below 64
  check_all_sets<7>(20);  // wide digits
}

namespace {

/// A product with every imperfection on the kernels of one instruction set.
template <int S, class Adc>
ohmic::product_sums imperfect_sums(product_case const& c, typename Adc::config const& adc,
                                   ohmic::product_kernels<Adc> const& kernels, std::uint64_t& clipped) {
  ohmic::imperfections noise;
  noise.mismatch = noise.dac_gain = noise.adc_gain = 0.02;
  noise.dac_offset = noise.dac_inl = noise.adc_offset = noise.adc_inl = 0.6;
  noise.adc_dnl = 0.3;
  noise.thermal = 9.0;
  noise.row = noise.cell = noise.rtn = 0.05;
  noise.switch_resistance = noise.word_segment = noise.bit_segment = ohmic::ohms(20.0);
  noise.arrays = 3;
  product_run<S, Adc> const ideal(c, adc, *thread_counts()[0]);
  ohmic::computation_array<S, Adc> const array({c.array, {}, adc, c.range, noise}, kernels);
  ohmic::product_report report;
  auto z = array.multiply(ideal.x, ideal.driven, ideal.converters, c.source, report, *thread_counts()[1], "x",
                          {12, 34, 0, 0});
  clipped = report.clipped;
  return z;
}

template <int S>
void check_imperfect_sets(int cases) {
  dice random(60 + S);
  auto const sets = kernel_sets();
  for (int i = 0; i < cases; ++i) {
    auto const c = random_case<S>(random, 50000);
    std::uint64_t clipped = 0, clipped_levels = 0;
    auto const first = imperfect_sums<S, ohmic::uniform_adc>(c, {8, false}, *sets[0].uniform, clipped);
    auto const first_levels = imperfect_sums<S, levels_adc>(c, {100}, *sets[0].levels, clipped_levels);
    for (auto const& set : sets) {
      INFO(set.flags << ", S = " << S << ", " << c.text());
      std::uint64_t other = 0;
      CHECK(imperfect_sums<S, ohmic::uniform_adc>(c, {8, false}, *set.uniform, other) == first);
      CHECK(other == clipped);
      CHECK(imperfect_sums<S, levels_adc>(c, {100}, *set.levels, other) == first_levels);
      CHECK(other == clipped_levels);
    }
  }
}

}  // namespace

TEST_CASE("imperfect products are the same bits on every instruction set") {
  check_imperfect_sets<1>(6);
  check_imperfect_sets<2>(12);
  check_imperfect_sets<7>(6);
}

TEST_CASE("a product in integers does not depend on the parts that it is taken in") {
  dice random(78);
  for (std::size_t const tokens : {1u, 7u, 19u})
    for (std::size_t const activations : {5u, 64u}) {
      std::size_t const inner = 203, outputs = 40;
      ohmic::matrix<std::int16_t> x(tokens, inner), w(outputs, inner);
      for (auto& v : x.flat()) v = static_cast<std::int16_t>(random.between(-127, 127));
      for (auto& v : w.flat()) v = static_cast<std::int16_t>(random.between(-127, 127));
      ohmic::driven_operand const y(w.view(), activations, 127, "weights", false);
      auto const switched = ohmic::switched_operand::bytes_of(ohmic::switched_view(x), y.cut(), "inputs");
      for (auto const& set : kernel_sets())
        for (std::size_t const part : {1u, 3u, 16u, 1000u}) {
          ohmic::product_sums z(tokens, outputs);
          ohmic::block_job job = ohmic::job_for(switched, y, 0, 0, 0, tokens, y.blocks());
          job.part = part;
          set.uniform->subtract(job, z.target(0, 0, static_cast<double>(switched.weight(0))));
          std::size_t wrong = 0;
          for (std::size_t n = 0; n < tokens; ++n)
            for (std::size_t o = 0; o < outputs; ++o) {
              std::int64_t sum = 0;
              for (std::size_t i = 0; i < inner; ++i) sum += std::int64_t{x(n, i)} * w(o, i);
              wrong += static_cast<std::size_t>(z(n, o) != static_cast<double>(sum));
            }
          CAPTURE(set.flags, tokens, activations, part);
          REQUIRE(switched.digits() == 1);
          CHECK(wrong == 0);
        }
    }
}

TEST_CASE("the kernels of an instruction set say which it is") {
  std::vector<std::string> names;
  for (auto const& set : kernel_sets()) names.emplace_back(set.uniform->instruction_set);
  CAPTURE(names);
#if defined(__x86_64__)
  CHECK_THAT(names[0], contains("sse"));
  for (std::size_t i = 1; i < names.size(); ++i) CHECK_THAT(names[i], contains(i == 1 ? "avx2" : "avx512"));
#endif
  for (std::size_t i = 1; i < names.size(); ++i) CHECK(names[i] != names[0]);
}

TEST_CASE("bits are counted lane by lane on every instruction set") {
  dice random(91);
  for (auto const& set : kernel_sets()) {
    INFO(set.flags);
    for (std::size_t const rows : {0u, 1u, 2u, 30u, 31u}) {
      for (int const kind : {0, 1, 2}) {
        std::vector<std::uint32_t> words(rows * set.lanes);
        std::vector<std::int32_t> expected(set.lanes, 0), counts(set.lanes, -1);
        for (std::size_t i = 0; i < words.size(); ++i) {
          words[i] = kind == 0   ? 0xffffffffu
                     : kind == 1 ? 1u << random.between(0, 31)
                                 : static_cast<std::uint32_t>(random.bits());
          expected[i % set.lanes] += std::popcount(words[i]);
        }
        set.count_bits(words, counts.data());
        CHECK(counts == expected);
      }
    }
  }
}

TEST_CASE("the kernels of this translation unit's flags give the bits of all others") {
  dice random(77);
  auto const c = random_case<2>(random, 100000);
  product_run<2, ohmic::uniform_adc> const native(c, {8, false}, *thread_counts()[0]);
  product_run<2, ohmic::uniform_adc> const baseline(c, {8, false}, *thread_counts()[0], *kernel_sets()[0].uniform);
  check_equal(native, baseline, c);
}
