// The fp32 engine on the trained model, against the values that came with it.
// Source  examples/models/bert-wordnet/golden.json: an independent forward pass in float32 (its README)
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/encoder.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/text/wordpiece.hpp"
#include "support/catch.hpp"

namespace model = ohmic::model;
using ohmic::program::operation;
using ohmic::program::site;

namespace {

std::filesystem::path const folder = std::filesystem::path(OHMIC_SOURCE_DIR) / "examples/models/bert-wordnet";

struct trained {
  model::bert m;
  model::wordpiece tokenizer;
  model::fp32_weights weights;
  std::vector<model::labelled_text> texts;
  nlohmann::json golden;

  trained()
      : m(model::read_bert(folder)),
        tokenizer(model::read_wordpiece(folder, m.config)),
        weights(model::sites_of(m).sites(), [this](auto const& f) { model::for_each_projection(m, f); }),
        texts(model::read_labelled(folder / "test.tsv")),
        golden(nlohmann::json::parse(std::ifstream(folder / "golden.json"))) {}

  std::vector<float> logits(std::vector<std::int32_t> const& ids, model::recording* seen = nullptr) const {
    model::fp32_engine engine(weights, seen);
    return model::classify(engine, m, ids);
  }
  std::vector<float> logits_of(std::size_t text) const { return logits(tokenizer.encode(texts[text].text).ids); }
};

trained const& the_model() {
  static trained const t;
  return t;
}

/// What is asked for is 1e-4, relative. A single value can be the small difference of large ones, so that its own size is no
/// measure of what float can do: relative is meant against the vector, whose largest magnitude is the size of what was added up.
constexpr double relative = 1e-4;

double relative_error(std::vector<float> const& got, nlohmann::json const& wanted, std::size_t first) {
  double worst = 0.0, largest = 0.0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto const ref = wanted[i].get<double>();
    largest = std::max(largest, std::fabs(ref));
    worst = std::max(worst, std::fabs(static_cast<double>(got.at(first + i)) - ref));
  }
  return worst / largest;
}

}  // namespace

TEST_CASE("the fp32 engine meets the golden values of the trained model") {
  auto const& t = the_model();
  REQUIRE(t.golden["texts"].size() == 20);
  double worst = 0.0;
  for (auto const& g : t.golden["texts"]) {
    auto const text = g["text"].get<std::string>();
    auto const ids = t.tokenizer.encode(text).ids;
    CAPTURE(text);
    CHECK(ids == g["ids"].get<std::vector<std::int32_t>>());
    model::recording seen(model::sites_of(t.m).sites());
    auto const logits = t.logits(ids, &seen);
    REQUIRE(g["logits"].size() == logits.size());
    REQUIRE(g["cls_layers"].size() == 4);
    std::vector<double> errors{relative_error(logits, g["logits"], 0),
                               relative_error(seen.at(site{0, operation::L2}.index()), g["cls_embeddings"], 0),
                               relative_error(seen.at(site{5, operation::pooler}.index()), g["cls_pooled"], 0)};
    for (std::size_t layer = 0; layer < 4; ++layer)
      errors.push_back(relative_error(seen.at(site{layer + 1, operation::B_L2}.index()), g["cls_layers"][layer], 0));
    for (double e : errors) CHECK(e <= relative);
    worst = std::max(worst, *std::max_element(errors.begin(), errors.end()));
    CHECK(model::largest_index(logits) == g["predicted"].get<std::size_t>());
  }
  UNSCOPED_INFO("largest relative error " << worst);
  CHECK(worst < relative);
}

TEST_CASE("the fp32 engine predicts the first 200 test texts as the golden data do") {
  auto const& t = the_model();
  auto const wanted = t.golden["test_predictions_first_200"].get<std::vector<std::size_t>>();
  REQUIRE(wanted.size() == 200);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < 200; ++i)
    wrong += static_cast<std::size_t>(model::largest_index(t.logits_of(i)) != wanted[i]);
  CHECK(wrong == 0);
}

TEST_CASE("the fp32 engine gives the trained model's logits the same bits with 1 and 3 threads") {
  auto const& t = the_model();
  constexpr std::size_t texts = 40;
  std::vector<std::vector<float>> serial(texts), parallel(texts);
  ohmic::executor one(1), three(3);
  one.for_each_index(texts, [&](std::size_t i) { serial[i] = t.logits_of(i); });
  three.for_each_index(texts, [&](std::size_t i) { parallel[i] = t.logits_of(i); });
  CHECK(serial == parallel);
}
