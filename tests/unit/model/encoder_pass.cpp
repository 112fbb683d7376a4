// The forward pass of BERT over an engine: which steps, in which order, of which sites; and what it refuses.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/model/encoder.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/program/encoder.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/small_bert.hpp"

namespace model = ohmic::model;
using ohmic::errc;
using ohmic::program::operation;
using ohmic::program::site;
using namespace ohmic_test;

namespace {

/// An engine that computes nothing and writes down what it is asked for.
struct note_taker {
  struct tensor {
    std::size_t rows = 0, cols = 0;
  };
  struct cache {
    [[nodiscard]] std::size_t tokens() const noexcept { return 0; }
  };
  model::bert const& m;
  std::vector<std::string> notes{};

  std::string name(site s) const { return model::sites_of(m).name(s); }
  tensor input(site s, ohmic::matrix<float> const& values) {
    notes.push_back(name(s));
    return {values.rows(), values.cols()};
  }
  tensor project(site s, model::linear_weights const& w, tensor const& x,
                 model::projection_options<tensor> const& options) {
    CHECK(w.inputs() == x.cols);
    std::string note = name(s);
    if (options.act != ohmic::activation::identity) note += " activated";
    if (options.factor != 1.0f) note += " / sqrt(d_k)";
    if (options.residual != nullptr) {
      note += " + residual";
      CHECK(options.residual->cols == w.outputs());
    }
    notes.push_back(note);
    return {x.rows, w.outputs()};
  }
  tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                ohmic::attention_mask mask) {
    notes.push_back("attention " + std::to_string(block));
    CHECK(q.rows == k.rows);
    CHECK(v.cols == q.cols);
    CHECK(heads == m.config.heads);
    CHECK(mask == ohmic::attention_mask::none);
    return q;
  }
  tensor attend(std::size_t block, tensor const& q, tensor const& k, tensor const& v, std::size_t heads,
                ohmic::attention_mask mask, cache&) {
    return attend(block, q, k, v, heads, mask);
  }
  tensor normalise(site mean, site square, model::norm_weights const&, float epsilon, tensor const& u) {
    notes.push_back(name(mean) + " " + name(square));
    CHECK(epsilon == m.config.norm_epsilon);
    return u;
  }
  tensor row(tensor const& x, std::size_t n) {
    notes.push_back("row " + std::to_string(n));
    return {1, x.cols};
  }
  tensor none(tensor const& x) { return {0, x.cols}; }
  tensor mean(site s, tensor const& x) {
    notes.push_back(name(s));
    return {1, x.cols};
  }
  ohmic::matrix<float> output(site s, model::linear_weights const& w, tensor const& x,
                              model::projection_options<tensor> const&) {
    CHECK(x.rows == 1);
    notes.push_back(name(s));
    return {x.rows, w.outputs()};
  }
};
static_assert(model::engine<note_taker>);
static_assert(model::engine<model::fp32_engine>);
static_assert(!model::engine<int>);

}  // namespace

TEST_CASE("a pass of BERT takes the steps of a post-LN encoder in order") {
  auto const m = small_bert();
  note_taker engine{m};
  std::vector<std::int32_t> const ids{3, 1, 2};
  auto const logits = model::classify(engine, m, ids);
  std::vector<std::string> wanted{"embeddings.input", "embeddings.L1 embeddings.L2"};
  for (std::string const l : {"layer.0.", "layer.1."})
    for (std::string const& step :
         {l + "A1", l + "A2 / sqrt(d_k)", l + "A3", "attention " + std::to_string(l == "layer.0." ? 1 : 2),
          l + "A7 + residual", l + "A.L1 " + l + "A.L2", l + "B1 activated", l + "B2 + residual",
          l + "B.L1 " + l + "B.L2"})
      wanted.push_back(step);
  for (char const* step : {"row 0", "pooler activated", "classifier"}) wanted.emplace_back(step);
  CHECK(engine.notes == wanted);
  CHECK(logits.size() == 5);
}

TEST_CASE("every weight matrix has a site, and every weight-stationary site of the program a matrix") {
  auto const m = small_bert();
  std::vector<std::string> matrices, planned;
  model::for_each_projection(m, [&](site s, model::linear_weights const& w) {
    matrices.push_back(model::sites_of(m).name(s) + " " + std::to_string(w.outputs()) + " x " +
                       std::to_string(w.inputs()));
  });
  for (auto const& op : ohmic::program::encoder_program(model::shape_of(m, 7), {}))
    if (op.source == ohmic::operand_source::weights)
      planned.push_back(model::sites_of(m).name(op.where) + " " + std::to_string(op.shape.outputs) + " x " +
                        std::to_string(op.shape.inner));
  CHECK(matrices == planned);
}

TEST_CASE("a projection reads what the site before it left") {
  auto const from = [](std::size_t block, operation op) { return model::producer_of(model::bert{}, {block, op}); };
  for (auto op : {operation::A1, operation::A2, operation::A3}) {
    CHECK(from(1, op) == site{0, operation::L2});
    CHECK(from(2, op) == site{1, operation::B_L2});
  }
  CHECK(from(2, operation::A7) == site{2, operation::A6});
  CHECK(from(2, operation::B1) == site{2, operation::A_L2});
  CHECK(from(2, operation::B2) == site{2, operation::B1});
  CHECK(from(3, operation::pooler) == site{2, operation::B_L2});
  CHECK(from(3, operation::classifier) == site{3, operation::pooler});
}

TEST_CASE("the shape of a pass is that of the model") {
  auto const s = model::shape_of(small_bert(), 9);
  CHECK(s.tokens == 9);
  CHECK(s.width == 24);
  CHECK(s.hidden == 40);
  CHECK(s.heads == 3);
  CHECK(s.head_width() == 8);
  CHECK(s.layers == 2);
  CHECK(s.classes == 5);
}

TEST_CASE("embeddings are the sums of word, position and first token type") {
  auto const m = small_bert();
  std::vector<std::int32_t> const ids{39, 0, 39};
  auto const x = model::embedded(m, ids);
  REQUIRE(x.rows() == 3);
  for (std::size_t n = 0; n < 3; ++n)
    for (std::size_t i = 0; i < 24; ++i)
      CHECK(x(n, i) == m.word(static_cast<std::size_t>(ids[n]), i) + m.position(n, i) + m.token_type(0, i));
}

TEST_CASE("a pass refuses token ids outside the vocabulary with their position") {
  auto const m = small_bert();
  for (std::int32_t bad : {-1, 40, 2147483647})
    check_refused(
        [&] {
          (void)model::embedded(m, std::vector<std::int32_t>{1, 2, bad});
        },
        errc::value, {"position 2", std::to_string(bad), "0 to 39"});
}

TEST_CASE("texts of no tokens, or of more than the model has positions, are refused") {
  auto const m = small_bert();
  check_refused([&] { (void)model::embedded(m, {}); }, errc::shape, {"bert input", "got 0", "1..20"});
  check_refused([&] { (void)model::embedded(m, std::vector<std::int32_t>(21, 1)); }, errc::shape,
                {"bert input", "got 21", "1..20"});
  CHECK_NOTHROW(model::embedded(m, std::vector<std::int32_t>(20, 1)));
}

TEST_CASE("the prediction is the largest logit, the first of equals") {
  CHECK(model::largest_index(std::vector<float>{1.0f, 3.0f, 3.0f, 2.0f}) == 1);
  CHECK(model::largest_index(std::vector<float>{-5.0f, -7.0f}) == 0);
  CHECK(model::largest_index(std::vector<float>{-5.0f, -1.0f}) == 1);
}
