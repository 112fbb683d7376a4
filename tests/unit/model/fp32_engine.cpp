// The fp32 reference engine against BERT in double precision, written from its definition.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/model/encoder.hpp"
#include "ohmic/model/fp32.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/plain_bert.hpp"
#include "support/small_bert.hpp"

namespace model = ohmic::model;
using ohmic::program::operation;
using ohmic::program::site;
using namespace ohmic_test;

namespace {

struct fixture {
  model::bert m;
  model::fp32_weights weights;

  explicit fixture(model::bert const& from)
      : m(from), weights(model::sites_of(m).sites(), [this](auto const& f) { model::for_each_projection(m, f); }) {}

  std::vector<float> logits(std::vector<std::int32_t> const& ids, model::recording* seen = nullptr) const {
    model::fp32_engine engine(weights, seen);
    return model::classify(engine, m, ids);
  }
};

double largest_difference(std::span<float const> got, std::span<double const> wanted) {
  REQUIRE(got.size() == wanted.size());
  double worst = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i)
    worst = std::max(worst, std::fabs(static_cast<double>(got[i]) - wanted[i]));
  return worst;
}

/// A float sum of k terms around 1 is off by k / 2 roundings of 2^-24 at most; layer normalisation brings what went before back to
/// a deviation of 1, so that the five or six products of a layer add up: 6 x 40 / 2 x 2^-24 = 7e-6 for each layer, two layers and
/// a head of two products. The 2-norm growth of random matrices of gain 1.5 is taken as 4.
constexpr double float_chain = 4 * 2.5 * 7e-6;

}  // namespace

TEST_CASE("attention of more tokens than fit is refused before memory is taken for it") {
  fixture const f(small_bert(small_bert_sizes(), 1));
  model::fp32_engine engine(f.weights);
  ohmic::matrix<float> const many(60000, 1);
  check_refused([&] { static_cast<void>(engine.attend(2, many, many, many, 1, ohmic::attention_mask::none)); },
                ohmic::errc::capacity, {"attention of block 2", "60000 queries x 60000 keys", "536870912 scores"});
  CHECK_NOTHROW(ohmic::require_scores(8 * 8192, 8192, ""));
  CHECK_NOTHROW(ohmic::require_scores(23170, 23170, ""));
  CHECK_NOTHROW(ohmic::require_scores(1, 1 << 20, ""));
  CHECK_NOTHROW(ohmic::require_scores(1 << 20, 0, ""));
}

TEST_CASE("the fp32 engine computes BERT") {
  auto sizes = small_bert_sizes();
  for (auto act : {ohmic::activation::gelu, ohmic::activation::relu})
    for (std::size_t heads : {1u, 3u, 8u}) {
      sizes.hidden_activation = act;
      sizes.heads = heads;
      fixture const f(small_bert(sizes, heads));
      for (auto const& ids : small_texts(sizes, 5, 2)) {
        model::recording seen(model::sites_of(f.m).sites());
        auto const logits = f.logits(ids, &seen);
        auto const wanted = plain_bert(f.m, ids);
        CAPTURE(heads, ids.size(), static_cast<int>(act));
        CHECK(largest_difference(logits, wanted.logits) <= float_chain);
        CHECK(largest_difference(seen.at(site{3, operation::pooler}.index()), wanted.pooled) <= float_chain);
        for (std::size_t block = 0; block <= 2; ++block) {
          doubles all;
          for (auto const& row : wanted.tokens[block]) all.insert(all.end(), row.begin(), row.end());
          site const last{block, block == 0 ? operation::L2 : operation::B_L2};
          CHECK(largest_difference(seen.at(last.index()), all) <= float_chain);
        }
      }
    }
}

TEST_CASE("the fp32 engine records every site once") {
  fixture const f(small_bert());
  std::vector<std::int32_t> const ids{5, 6, 7, 8};
  model::recording seen(model::sites_of(f.m).sites());
  (void)f.logits(ids, &seen);
  auto const size = [&](std::size_t block, operation op) { return seen.at(site{block, op}.index()).size(); };
  CHECK(size(0, operation::input) == 4 * 24);
  CHECK(size(0, operation::L1) == 4);
  CHECK(size(0, operation::L2) == 4 * 24);
  for (std::size_t block : {1u, 2u}) {
    CHECK(size(block, operation::A1) == 4 * 24);
    CHECK(size(block, operation::A4) == 3 * 4 * 4);
    CHECK(size(block, operation::A6) == 4 * 24);
    CHECK(size(block, operation::A7) == 4 * 24);
    CHECK(size(block, operation::A_L1) == 4);
    CHECK(size(block, operation::B1) == 4 * 40);
    CHECK(size(block, operation::B_L2) == 4 * 24);
  }
  CHECK(size(3, operation::pooler) == 24);
  CHECK(size(3, operation::classifier) == 5);
}

TEST_CASE("recorded keys have 1 / sqrt(d_k) in them and recorded projections their residuals") {
  fixture const f(small_bert());
  std::vector<std::int32_t> const ids{5, 6, 7};
  model::recording seen(model::sites_of(f.m).sites());
  (void)f.logits(ids, &seen);
  auto const wanted = plain_bert(f.m, ids);
  doubles key = plain_linear(f.m.layers[0].key, wanted.tokens[0][1]);
  for (double& v : key) v /= std::sqrt(8.0);
  CHECK(largest_difference(std::span<float const>(seen.at(site{1, operation::A2}.index())).subspan(24, 24), key) <=
        float_chain);
}

TEST_CASE("fp32 logits have the same bits with 1 and 3 threads, in any order") {
  fixture const f(small_bert());
  auto const texts = small_texts(f.m.config, 40, 3);
  std::vector<std::vector<float>> serial(texts.size()), parallel(texts.size()), backwards(texts.size());
  ohmic::executor one(1), three(3);
  one.for_each_index(texts.size(), [&](std::size_t i) { serial[i] = f.logits(texts[i]); });
  three.for_each_index(texts.size(), [&](std::size_t i) { parallel[i] = f.logits(texts[i]); });
  for (std::size_t i = texts.size(); i-- > 0;) backwards[i] = f.logits(texts[i]);
  CHECK(serial == parallel);
  CHECK(serial == backwards);
}

TEST_CASE("a float product adds in the order of the inner elements, whatever the sizes") {
  dice random(5);
  for (std::size_t tokens : {1u, 3u, 8u, 13u})
    for (std::size_t inner : {1u, 24u, 33u, 1025u, 2100u})  // the last ones in parts, whatever the registers
      for (std::size_t outputs : {1u, 5u, 16u, 17u, 40u}) {
        ohmic::matrix<float> x(tokens, inner), w(outputs, inner);
        for (float& v : x.flat()) v = static_cast<float>(random.normal());
        for (float& v : w.flat()) v = static_cast<float>(random.normal());
        auto const packed = model::fp32_weights::packed(w.view());
        REQUIRE(packed.cols() % 16 == 0);
        ohmic::matrix<float> y(tokens, packed.cols());
        ohmic::fp32_kernel_of<>.product(x.data(), tokens, inner, inner, packed.data(), packed.cols(), y.data(),
                                        y.cols());
        std::size_t wrong = 0;
        for (std::size_t n = 0; n < tokens; ++n)
          for (std::size_t o = 0; o < outputs; ++o) {
            float sum = 0.0f;
            for (std::size_t i = 0; i < inner; ++i) {
              float volatile product = x(n, i) * w(o, i);  // rounded by itself
              sum += product;
            }
            wrong +=
                static_cast<std::size_t>(std::bit_cast<std::uint32_t>(sum) != std::bit_cast<std::uint32_t>(y(n, o)));
          }
        CAPTURE(tokens, inner, outputs);
        CHECK(wrong == 0);
      }
}
