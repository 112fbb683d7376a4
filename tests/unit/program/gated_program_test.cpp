// Llama's layers and steps from a KV cache: by hand, and against the program that cost takes.
#include <algorithm>
#include <utility>
#include <vector>

#include "ohmic/program/gated.hpp"
#include "ohmic/program/plan.hpp"
#include "ohmic/program/transformer.hpp"
#include "support/catch.hpp"

namespace {

using namespace ohmic::program;

sub_operation const& step_of(std::vector<sub_operation> const& ops, operation op) {
  return *std::find_if(ops.begin(), ops.end(), [&](sub_operation const& o) { return o.where.op == op; });
}

}  // namespace

TEST_CASE("attention of a step: queries of heads that share keys ride together, the cache is met whole") {
  // Two new tokens after three; four heads of width 2 on two key heads.
  std::vector<sub_operation> ops;
  attention_program(ops, 1, {2, 8, 4, 3, 2}, {});
  auto const &a4 = step_of(ops, operation::A4), &a5 = step_of(ops, operation::A5), &a6 = step_of(ops, operation::A6);
  CHECK(a4.shape == ohmic::product_shape{4, 2, 5});
  CHECK(a5.shape == ohmic::product_shape{4, 5, 1});
  CHECK(a6.shape == ohmic::product_shape{4, 5, 2});
  for (auto const* op : {&a4, &a5, &a6}) CHECK(op->repeats == 2);
  CHECK(a4.held == 3);
  CHECK(a5.held == 0);
  CHECK(a6.held == 3);
  // Scores of four heads, two queries, five keys; results of two tokens.
  CHECK(a4.post.count<"exp_unit", "exp">() == 40);
  CHECK(a5.post.count<"cache", "write">() == 8);
  CHECK(a6.post.count<"divider", "divide">() == 16);
}

TEST_CASE("the layer of a Llama takes the steps that its cost is made of") {
  transformer_shape s;
  s.layers = 1, s.width = 12, s.heads = 4, s.key_heads = 2, s.head_width = 6, s.hidden = 20, s.vocabulary = 23;
  s.decoder = s.gated = s.rotary = true;
  s.biases = false;
  s.norm = norm_kind::rms_norm;
  using ohmic::attention_policy;
  for (auto [past, policy] : {std::pair{std::size_t{0}, attention_policy::shared_array},
                              {std::size_t{9}, attention_policy::shared_array},
                              {std::size_t{0}, attention_policy::written_arrays},
                              {std::size_t{9}, attention_policy::written_arrays},
                              {std::size_t{9}, attention_policy::digital}}) {
    std::size_t const tokens = past == 0 ? 5 : 1;
    function_choices choices;
    choices.attention.policy = policy;
    std::vector<sub_operation> ours;
    gated_program(ours, 1, tokens, {12, 4, 2, 6, 20, past, false, false, false}, choices);
    auto const cost = transformer_program(s, {tokens, past, 1, 0}, choices, past > 0);
    for (auto const& mine : ours) {
      CAPTURE(name_of(mine.where.op), past, static_cast<int>(policy));
      auto const theirs = std::find_if(cost.begin(), cost.end(),
                                       [&](repeated_operation const& r) { return r.op.where.op == mine.where.op; });
      REQUIRE(theirs != cost.end());
      CHECK(theirs->op.shape == mine.shape);
      CHECK(theirs->op.repeats == mine.repeats);
      CHECK(theirs->op.source == mine.source);
      CHECK(theirs->op.post == mine.post);
      CHECK(theirs->op.unit == mine.unit);
      CHECK(theirs->op.digits == mine.digits);
      CHECK(theirs->op.written_codes() == mine.written_codes());
    }
    CHECK(ours.size() == 12);
  }
}
