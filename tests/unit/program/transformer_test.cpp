#include "ohmic/program/transformer.hpp"

#include "ohmic/program/convolution.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"

using namespace ohmic;
using namespace ohmic::program;

namespace {

transformer_shape small() { return {3, 24, 4, 4, 6, 40, 100, 64}; }

/// Sum of a program's actions.
site_tally total(repeated_program const& p, array_geometry const& g = {}) {
  site_tally sum;
  for (auto const& r : p) {
    site_tally t = planned(r.op, g, 2);
    t *= r.times;
    sum += t;
  }
  return sum;
}
site_tally total(std::vector<sub_operation> const& p) {
  site_tally sum;
  for (auto const& op : p) sum += planned(op, {}, 2);
  return sum;
}

}  // namespace

TEST_CASE("an encoder from its sizes has the actions of the encoder's program, layer by layer") {
  for (std::size_t tokens : {1u, 7u, 65u}) {
    for (bool two_pass : {true, false}) {
      function_choices c;
      c.two_pass_variance = two_pass;
      CHECK(total(transformer_program(small(), {tokens, 0, 1}, c)) ==
            total(encoder_program({tokens, 24, 40, 4, 3, 0}, c)));
    }
  }
}

TEST_CASE("equal layers cost no more to plan: the program does not grow with the depth") {
  auto deep = small();
  deep.layers = 300;
  CHECK(transformer_program(deep, {8, 0, 1}, {}).size() == transformer_program(small(), {8, 0, 1}, {}).size());
}

TEST_CASE("a batch is so many sequences: products with weights share the session, attention does not") {
  function_choices const c;
  auto const one = total(transformer_program(small(), {64, 0, 1}, c)),
             four = total(transformer_program(small(), {64, 0, 4}, c));
  CHECK(four.count<"encoder", "encode">() == 4 * one.count<"encoder", "encode">());
  CHECK(four.count<"dense_bank", "column_access">() == one.count<"dense_bank", "column_access">());
  CHECK(four.count<"operand_register", "load">() == 4 * one.count<"operand_register", "load">());
}

TEST_CASE("a decoder's step meets its whole context") {
  auto s = small();
  s.decoder = true;
  auto const scores = [&](std::size_t past) {
    return total(transformer_program(s, {1, past, 1}, {}, true)).count<"exp_unit", "exp">();
  };
  CHECK(scores(9) == 3u * 4u * 10u);
  CHECK(scores(99) == 3u * 4u * 100u);
}

TEST_CASE("queries that share keys load them once") {
  auto shared = small();
  shared.decoder = true;
  shared.key_heads = 2;
  auto own = shared;
  own.key_heads = 4;
  auto const loads = [](transformer_shape const& s) {
    std::uint64_t n = 0;
    for (auto const& r : transformer_program(s, {5, 0, 1}, {}))
      if (r.op.where.op == operation::A4) n += planned(r.op, {}, 2).count<"operand_register", "load">();
    return n;
  };
  CHECK(2 * loads(shared) == loads(own));
  CHECK(shared.weights() < own.weights());
  // The scores are the same.
  CHECK(total(transformer_program(shared, {5, 0, 1}, {})).count<"exp_unit", "exp">() ==
        total(transformer_program(own, {5, 0, 1}, {})).count<"exp_unit", "exp">());
}

TEST_CASE("a gated block has three matrices, a norm without mean has no L1") {
  auto s = small();
  s.gated = true;
  s.norm = norm_kind::rms_norm;
  CHECK(s.feed_forward_weights() == 3u * 24u * 40u);
  std::size_t gates = 0, means = 0;
  for (auto const& r : transformer_program(s, {5, 0, 1}, {})) {
    gates += static_cast<std::size_t>(r.op.where.op == operation::gate);
    means += static_cast<std::size_t>(r.op.where.op == operation::A_L1 || r.op.where.op == operation::B_L1);
  }
  CHECK(gates == 1);
  CHECK(means == 0);
}

TEST_CASE("without biases none is added") {
  auto s = small();
  s.biases = false;
  CHECK(total(transformer_program(s, {5, 0, 1}, {})).count<"post", "add_bias">() == 0);
}

TEST_CASE("the kv cache holds keys and values of every layer and head") {
  auto s = small();
  s.key_heads = 2;
  CHECK(kv_cache_bytes(s, 10, 3) == 2u * 3u * 12u * 10u * 3u);
}

TEST_CASE("impossible shapes are refused") {
  auto s = small();
  s.key_heads = 3;
  CHECK_THROWS_AS(transformer_program(s, {5, 0, 1}, {}), error);
  s = small();
  s.width = 0;
  CHECK_THROWS_AS(transformer_program(s, {5, 0, 1}, {}), error);
  CHECK_THROWS_AS(transformer_program(small(), {0, 0, 1}, {}), error);
  CHECK_THROWS_AS(transformer_program(small(), {std::size_t{1} << 40, 0, 1}, {}), error);
}

TEST_CASE("a convolution is a product of patches") {
  convolution const c{56, 64, 3, 2, 128, 2};
  CHECK(c.positions() == 28u * 28u);
  CHECK(c.patch() == 576u);
  CHECK(c.weights() == 2u * 576u * 128u);
  auto const p = convolution_program({c}, 1, {});
  REQUIRE(p.size() == 1);
  CHECK(p[0].times == 2);
  CHECK(p[0].op.shape == product_shape{784, 576, 128});
}
