// A whole evaluation gives the same on every instruction set.
#include "instruction_sets.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "small_chip.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;
namespace chip = ohmic::chip;

namespace {

struct run {
  chip::value_ranges values;
  std::vector<std::size_t> fp32;
  classifier_outcome outcome;
};

run evaluated_on(chip_kernel_set const& set, small_model const& f, chip::token_lists const& texts) {
  auto const values = chip::calibrated_values(f.m, f.weights, f.calibration, serial(), {}, *set.reference);
  auto on = chip::deploy<chip::wang2024>(f.m, chip::defaults<chip::wang2024>(), values, f.calibration, serial(), {},
                                         *set.products);
  on.run_rows_with(*set.reference->rows);
  std::vector<classifier_contestant> contestants;
  contestants.emplace_back(on, chip::product_mode::convert);
  auto fp32 = chip::evaluate(f.m, f.weights, classification(texts), contestants, serial(), {}, *set.reference);
  return {values, fp32, contestants[0].finish()};
}

}  // namespace

TEST_CASE("calibration, reference and chip give the same on every instruction set") {
  small_model const f;
  auto const texts = small_texts(f.m.config, 10, 51);
  auto const sets = chip_kernel_sets();
  auto const first = evaluated_on(sets[0], f, texts);
  for (auto const& set : sets) {
    auto const other = evaluated_on(set, f, texts);
    CAPTURE(set.flags, set.products->instruction_set);
    CHECK(other.values.largest == first.values.largest);
    CHECK(other.fp32 == first.fp32);
    CHECK(other.outcome.answers == first.outcome.answers);
    CHECK(report_difference(other.outcome.report, first.outcome.report, f.names()) == "");
    std::size_t different = 0;
    for (std::size_t s = 0; s < first.outcome.quality.size(); ++s)
      different += static_cast<std::size_t>(other.outcome.quality[s].signal != first.outcome.quality[s].signal ||
                                            other.outcome.quality[s].noise != first.outcome.quality[s].noise);
    CHECK(different == 0);
  }
}

TEST_CASE("rows are what the lane functions make of single floats, on every instruction set and at every length") {
  using ohmic::activation;
  float const infinity = std::numeric_limits<float>::infinity();
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0f, 4.0f);
  for (std::size_t n = 0; n <= 150; n = n < 40 ? n + 1 : n + 11) {
    std::vector<float> x(n), gamma(n), beta(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = normal(random), gamma[i] = normal(random), beta[i] = normal(random);
    if (n > 3) x[1] = -infinity, x[n - 1] = 200.0f;
    for (auto const& set : chip_kernel_sets()) {
      ohmic::row_kernels const& rows = *set.reference->rows;
      CAPTURE(n, set.flags, rows.instruction_set);
      std::vector<float> got(n), expected(n);
      auto finite = x;
      if (n > 3) finite[1] = -30.0f;
      for (auto f : {activation::identity, activation::relu, activation::gelu, activation::tanh, activation::gelu_tanh,
                     activation::silu}) {
        rows.activate(f, finite.data(), got.data(), n);
        ohmic::with_activation(f, [&](auto const& g) {
          for (std::size_t i = 0; i < n; ++i) expected[i] = g(finite[i]);
        });
        CHECK(bits_of(got) == bits_of(expected));
      }
      rows.exponentials(x.data(), got.data(), n, 2.5f);
      for (std::size_t i = 0; i < n; ++i) expected[i] = x[i] > -infinity ? ohmic::lane_exp(x[i] - 2.5f) : 0.0f;
      CHECK(bits_of(got) == bits_of(expected));
      rows.normalise(x.data(), n, 0.3f, 1.7f, gamma.data(), beta.data(), got.data());
      for (std::size_t i = 0; i < n; ++i)
        expected[i] = ohmic::simd::mul_add(x[i] - 0.3f, ohmic::simd::mul(gamma[i], 1.7f), beta[i]);
      CHECK(bits_of(got) == bits_of(expected));

      std::vector<std::uint16_t> codes(n), expected_codes(n);
      std::size_t above = 0, clipped = 0;
      for (std::size_t i = 0; i < n; ++i) {
        float const c = ohmic::exponential_code(x[i], 2.5f, 127.0f);
        above += static_cast<std::size_t>(c > 127.0f);
        expected_codes[i] = static_cast<std::uint16_t>(c > 127.0f ? 127.0f : c);
      }
      CHECK(rows.codes(x.data(), n, 2.5f, 127.0f, codes.data()) == above);
      CHECK(codes == expected_codes);
      std::vector<std::int16_t> integers(n), expected_integers(n);
      for (std::size_t i = 0; i < n; ++i) {
        expected_integers[i] = static_cast<std::int16_t>(ohmic::symmetric_code(x[i], 20.0f, 127.0f));
        clipped += static_cast<std::size_t>(std::fabs(x[i]) > 6.375f);
      }
      CHECK(rows.quantise(x.data(), n, 20.0f, 127.0f, 6.375f, integers.data()) == clipped);
      CHECK(integers == expected_integers);
    }
  }
}

namespace {

/// The native row functions, which count their calls.
struct counted_rows {
  static inline std::size_t activate, codes, exponentials, normalise, quantise;
  static void clear() { activate = codes = exponentials = normalise = quantise = 0; }
  static constexpr ohmic::row_kernels kernels{
      "counted",
      [](ohmic::activation f, float const* in, float* out, std::size_t n) noexcept {
        ++activate;
        ohmic::activate_row(f, in, out, n);
      },
      [](float const* scores, std::size_t n, float reference, float top, std::uint16_t* to) noexcept {
        ++codes;
        return ohmic::exponential_codes(scores, n, reference, top, to);
      },
      [](float const* scores, float* out, std::size_t n, float reference) noexcept {
        ++exponentials;
        ohmic::exponential_row(scores, out, n, reference);
      },
      [](float const* u, std::size_t n, float mean, float root, float const* gamma, float const* beta,
         float* out) noexcept {
        ++normalise;
        ohmic::normalise_row(u, n, mean, root, gamma, beta, out);
      },
      [](float const* values, std::size_t n, float per_code, float top, float limit, std::int16_t* to) noexcept {
        ++quantise;
        return ohmic::quantise_row(values, n, per_code, top, limit, to);
      }};
};

}  // namespace

TEST_CASE("rows of a chip and of the reference go through the kernels that they were given") {
  small_model const f;
  auto on = f.on<chip::wang2024>(chip::defaults<chip::wang2024>());
  on.run_rows_with(counted_rows::kernels);
  counted_rows::clear();
  auto const ids = small_texts(f.m.config, 1, 51).front();
  static_cast<void>(chip_pass<chip::wang2024>(on, f.m, ids, chip::product_mode::convert));
  CHECK(counted_rows::activate > 0);
  CHECK(counted_rows::codes > 0);
  CHECK(counted_rows::normalise > 0);
  CHECK(counted_rows::quantise > 0);
  counted_rows::clear();
  auto kernel = ohmic::fp32_kernel_of<>;
  kernel.rows = &counted_rows::kernels;
  ohmic::model::fp32_engine e(f.weights, nullptr, kernel);
  static_cast<void>(ohmic::model::classify(e, f.m, ids));
  CHECK(counted_rows::activate > 0);
  CHECK(counted_rows::exponentials > 0);
  CHECK(counted_rows::normalise > 0);
}

namespace {

/// FNV-1a over the bits of the logits of some texts.
class hash_of_logits {
 public:
  void add(std::vector<float> const& logits) {
    for (std::uint32_t bits : bits_of(logits))
      for (int byte = 0; byte < 4; ++byte) value_ = (value_ ^ (bits >> (8 * byte) & 0xffu)) * 1099511628211u;
  }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14695981039346656037u;
};

template <class Spec>
std::uint64_t logits_hash(small_model const& f, chip::product_mode mode, char const* weight_scales) {
  auto settings = chip::defaults<Spec>();
  ohmic::set(settings, "coding.weight_scales", weight_scales);
  auto const on = f.on<Spec>(settings);
  hash_of_logits hash;
  for (auto const& ids : small_texts(f.m.config, 10, 51)) hash.add(chip_pass<Spec>(on, f.m, ids, mode).logits);
  return hash.value();
}

}  // namespace

// Source  this test with g++ 12 -O2. Whoever changes what a chip computes changes these, and says so in the commit.
TEST_CASE("a small model gives the same logits with every compiler and flag") {
  small_model const f;
  hash_of_logits reference;
  for (auto const& ids : small_texts(f.m.config, 10, 51)) {
    ohmic::model::fp32_engine engine(f.weights);
    reference.add(ohmic::model::classify(engine, f.m, ids));
  }
  CHECK(reference.value() == 0x7148cb37976949feu);
  CHECK(logits_hash<chip::wang2024>(f, chip::product_mode::exact, "per_matrix") == 0x60a83061d44097au);
  CHECK(logits_hash<chip::wang2024>(f, chip::product_mode::convert, "per_matrix") == 0x1cb5b5b0535beffu);
  CHECK(logits_hash<chip::wang2024_published>(f, chip::product_mode::convert, "per_matrix") == 0xef2b6aa2c845ee7au);
  CHECK(logits_hash<chip::wang2024>(f, chip::product_mode::exact, "per_output") == 0xd4aef754ac1d3d64u);
  CHECK(logits_hash<chip::wang2024>(f, chip::product_mode::convert, "per_output") == 0x6def4155521c0365u);
  CHECK(logits_hash<chip::wang2024_published>(f, chip::product_mode::convert, "per_output") == 0x9427d1d98ff7491eu);
}
