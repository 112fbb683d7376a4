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

TEST_CASE("of several experts a token takes some: their weights are all kept, and only those taken are read") {
  auto s = small();
  s.gated = true;
  s.experts = 8;
  s.experts_per_token = 2;
  s.expert_hidden = 10;
  s.shared_hidden = 6;
  s.dense_layers = 1;
  std::uint64_t const attention = 2 * 24 * (24 + 24), router = 24 * 8, block = 3 * 24;
  CHECK(s.weights() == 3 * attention + block * 40 + 2 * (router + 8 * block * 10 + block * 6));
  std::uint64_t macs = 0, read = 0, exponentials = 0;
  std::size_t repeats = 0;
  auto const run = [&](std::size_t tokens) {
    macs = read = exponentials = 0;
    for (auto const& r : transformer_program(s, {tokens, 0, 1}, {})) {
      if (r.op.where.op == operation::router) exponentials += r.times * r.op.post.count<"exp_unit", "exp">();
      if (r.op.where.op != operation::B1) continue;
      std::uint64_t const matrix = r.op.shape.inner * r.op.shape.outputs * r.op.repeats * r.times;
      read += matrix;
      macs += matrix * r.op.shape.tokens;
      repeats = std::max(repeats, r.op.repeats);
    }
  };
  // One token: two experts and the shared block in each of two layers, one dense layer.
  run(1);
  CHECK(macs == 24u * (40 + 2 * (2 * 10 + 6)));
  CHECK(read == macs);
  CHECK(repeats == 2);
  // Many tokens: all experts, 40 choices over 8 of them.
  run(20);
  CHECK(macs == 24u * 20 * (40 + 2 * (2 * 10 + 6)));
  CHECK(read == 24u * (40 + 2 * (8 * 10 + 6)));
  CHECK(exponentials == 2u * 20 * 8);
  // What F does follows the tokens: 20 tokens of two experts each are 40 activations of width 10 a layer.
  auto const activations = total(transformer_program(s, {20, 0, 1}, {})).count<"activation_unit", "apply">();
  CHECK(activations == 20u * 40 + 2 * (40u * 10 + 20 * 6));
  for (auto change :
       {+[](transformer_shape& t) { t.experts_per_token = 9; }, +[](transformer_shape& t) { t.expert_hidden = 0; },
        +[](transformer_shape& t) { t.dense_layers = 4; }, +[](transformer_shape& t) { t.cross_layers = 1; }}) {
    auto bad = s;
    change(bad);
    CHECK_THROWS_AS(transformer_program(bad, {1, 0, 1}, {}), error);
  }
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

TEST_CASE("a windowed layer meets its window and caches no more") {
  auto s = small();
  s.decoder = true;
  s.window = 16;
  s.windowed_layers = 2;
  auto const scores = [&](std::size_t past) {
    return total(transformer_program(s, {1, past, 1}, {}, true)).count<"exp_unit", "exp">();
  };
  CHECK(scores(9) == 3u * 4u * 10u);
  CHECK(scores(99) == 4u * (100u + 2u * 16u));
  CHECK(kv_cache_bytes(s, 100, 1) == 2u * 24u * (100u + 2u * 16u));
  s.windowed_layers = 4;
  CHECK_THROWS_AS(transformer_program(s, {1, 0, 1}, {}), error);
}

TEST_CASE(
    "latent attention reads the same weights in both forms, and only the generated token meets the latent cache") {
  auto s = small();
  s.decoder = true;
  s.vocabulary = 0;
  s.head_width = 6, s.rotary_width = 2, s.value_width = 5, s.key_latent = 7, s.query_latent = 9;
  auto const weights_of = [](repeated_program const& p) {
    std::uint64_t n = 0;
    for (auto const& r : p)
      if (r.op.source == operand_source::weights) n += r.op.shape.inner * r.op.shape.outputs * r.op.repeats * r.times;
    return n;
  };
  auto const prefill = transformer_program(s, {20, 0, 1}, {}), step = transformer_program(s, {1, 20, 1}, {}, true);
  CHECK(s.attention_weights() == 24u * 9 + 9u * 24 + 24u * (7 + 2) + 7u * 4 * (4 + 5) + 20u * 24);
  CHECK(weights_of(prefill) == s.weights());
  CHECK(weights_of(step) == s.weights());
  auto const shape_of = [](repeated_program const& p, operation op) {
    for (auto const& r : p)
      if (r.op.where.op == op) return std::pair{r.op.shape, r.op.repeats};
    return std::pair{product_shape{}, std::size_t{0}};
  };
  CHECK(shape_of(prefill, operation::A4) == std::pair{product_shape{20, 6, 20}, std::size_t{4}});
  CHECK(shape_of(prefill, operation::A6) == std::pair{product_shape{20, 20, 5}, std::size_t{4}});
  CHECK(shape_of(step, operation::A4) == std::pair{product_shape{4, 9, 21}, std::size_t{1}});
  CHECK(shape_of(step, operation::A6) == std::pair{product_shape{4, 21, 7}, std::size_t{1}});
  CHECK(kv_cache_bytes(s, 10, 3) == 3u * 9u * 10u * 3u);
  s.key_heads = 2;
  CHECK_THROWS_AS(transformer_program(s, {1, 0, 1}, {}), error);
}

TEST_CASE("an encoder-decoder caches in its decoder's layers only") {
  auto s = small();
  s.cross_layers = 2;
  CHECK(kv_cache_bytes(s, 10, 1) == 2u * 2u * 24u * 10u);
}

TEST_CASE("shared layers keep one set of weights and read it in each") {
  auto s = small();
  s.unique_layers = 1;
  CHECK(3 * s.weights() == small().weights());
  CHECK(total(transformer_program(s, {5, 0, 1}, {})) == total(transformer_program(small(), {5, 0, 1}, {})));
}

TEST_CASE("weights and scores beyond 64 bits are refused, not wrapped") {
  auto s = small();
  s.layers = 1 << 16;
  s.width = s.hidden = 1u << 24;
  auto const code = [](auto const& f) {
    try {
      f();
    } catch (error const& e) { return e.code(); }
    return errc{};
  };
  CHECK(code([&] { static_cast<void>(transformer_program(s, {1, 0, 1}, {})); }) == errc::capacity);
  s = small();
  s.heads = s.key_heads = 1u << 20;
  CHECK(code([&] { static_cast<void>(transformer_program(s, {1u << 26, 0, 1}, {})); }) == errc::capacity);
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
  auto const p = convolution_program({c}, {}, 0, 1, {});
  REQUIRE(p.size() == 1);
  CHECK(p[0].times == 2);
  CHECK(p[0].op.shape == product_shape{784, 576, 128});
}
