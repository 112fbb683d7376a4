// The program of an encoder: which sub-operations, in which order, of which shapes.
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "support/catch.hpp"

using ohmic::operand_source;
using ohmic::product_shape;
using ohmic::program::encoder_program;
using ohmic::program::encoder_shape;
using ohmic::program::function_choices;
using ohmic::program::operation;
using ohmic::program::site_names;
using ohmic::program::sub_operation;

namespace {

// 5 tokens, width 12 in 3 heads of 4, hidden 20, 2 layers, 7 classes.
constexpr encoder_shape sizes{5, 12, 20, 3, 2, 7};

std::vector<std::string> names_of(std::vector<sub_operation> const& ops, std::size_t layers) {
  std::vector<std::string> names;
  for (auto const& op : ops) names.push_back(site_names{layers}.name(op.where));
  return names;
}

sub_operation const& named(std::vector<sub_operation> const& ops, std::string const& name) {
  for (auto const& op : ops)
    if (site_names{sizes.layers}.name(op.where) == name) return op;
  FAIL("no sub-operation " << name);
  return ops.front();
}

struct expected {
  char const* name;
  operand_source source;
  product_shape shape;
  int digits;
  std::size_t repeats;
};

}  // namespace

TEST_CASE("an encoder is normalised embeddings, layers of A1 to A7, norm, B1, B2, norm, and a head") {
  std::vector<std::string> wanted{"embeddings.L1", "embeddings.L2"};
  for (std::string const layer : {"layer.0.", "layer.1."})
    for (char const* op : {"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A.L1", "A.L2", "B1", "B2", "B.L1", "B.L2"})
      wanted.push_back(layer + op);
  wanted.insert(wanted.end(), {"pooler", "classifier"});
  auto const names = names_of(encoder_program(sizes, {}), 2);
  CHECK(names == wanted);
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
}

TEST_CASE("an encoder without classes has no head") {
  auto shape = sizes;
  shape.classes = 0;
  auto const names = names_of(encoder_program(shape, {}), 2);
  CHECK(names.size() == 2 + 2 * 13);
  CHECK(names.back() == "layer.1.B.L2");
}

TEST_CASE("sub-operations have the shapes of Tables 2 to 4") {
  auto const w = operand_source::weights, y = operand_source::activations, s = operand_source::sums;
  auto const ops = encoder_program(sizes, {3, 4, true, true, {}});
  expected const list[] = {{"embeddings.L1", s, {1, 12, 1}, 3, 5}, {"embeddings.L2", s, {1, 12, 1}, 3, 5},
                           {"layer.0.A1", w, {5, 12, 12}, 3, 1},   {"layer.0.A2", w, {5, 12, 12}, 3, 1},
                           {"layer.0.A3", w, {5, 12, 12}, 3, 1},   {"layer.0.A4", y, {5, 4, 5}, 3, 3},
                           {"layer.0.A5", s, {5, 5, 1}, 4, 3},     {"layer.0.A6", y, {5, 5, 4}, 4, 3},
                           {"layer.0.A7", w, {5, 12, 12}, 3, 1},   {"layer.0.A.L1", s, {1, 12, 1}, 3, 5},
                           {"layer.0.A.L2", s, {1, 12, 1}, 3, 5},  {"layer.0.B1", w, {5, 12, 20}, 3, 1},
                           {"layer.0.B2", w, {5, 20, 12}, 3, 1},   {"layer.1.B.L1", s, {1, 12, 1}, 3, 5},
                           {"pooler", w, {1, 12, 12}, 3, 1},       {"classifier", w, {1, 12, 7}, 3, 1}};
  for (auto const& e : list) {
    auto const& op = named(ops, e.name);
    CAPTURE(e.name);
    CHECK(op.source == e.source);
    CHECK(op.shape == e.shape);
    CHECK(op.digits == e.digits);
    CHECK(op.repeats == e.repeats);
  }
}

TEST_CASE("post-functions are planned by what each sub-operation leaves to F") {
  auto const ops = encoder_program(sizes, {3, 3, true, true, {}});
  auto const& a7 = named(ops, "layer.1.A7").post;
  CHECK(a7.count<"post", "scale">() == 60);
  CHECK(a7.count<"post", "add_bias">() == 60);
  CHECK(a7.count<"post", "add_residual">() == 60);
  CHECK(a7.count<"cache", "write">() == 60);
  auto const& a1 = named(ops, "layer.1.A1").post;
  CHECK(a1.count<"post", "add_residual">() == 0);
  CHECK(a1.count<"cache", "write">() == 60);
  CHECK(named(ops, "layer.0.B1").post.count<"activation_unit", "apply">() == 100);
  CHECK(named(ops, "layer.0.A4").post.count<"exp_unit", "exp">() == 75);
  CHECK(named(ops, "layer.0.A4").post.count<"comparator", "compare">() == 75);
  CHECK(named(ops, "layer.0.A6").post.count<"divider", "divide">() == 60);
  CHECK(named(ops, "layer.0.A.L1").post.count<"post", "centre">() == 60);
  CHECK(named(ops, "layer.0.A.L2").post.count<"root_unit", "inverse_root">() == 5);
  CHECK(named(ops, "layer.0.A.L2").post.count<"post", "normalise">() == 60);
  CHECK(named(ops, "pooler").post.count<"activation_unit", "apply">() == 12);
  CHECK(named(ops, "classifier").post.count<"cache", "write">() == 0);
}

TEST_CASE("choices of the chip change the program") {
  function_choices published{3, 3, false, false, {}};
  auto const ops = encoder_program(sizes, published);
  CHECK(named(ops, "layer.0.A4").post.count<"comparator", "compare">() == 0);
  CHECK(named(ops, "layer.0.A.L1").post.count<"post", "centre">() == 0);
}

TEST_CASE("bias rows lengthen the inner size and take the addition out of F") {
  function_choices choices{3, 3, true, true, std::vector<std::size_t>(site_names{2}.sites())};
  choices.bias_rows[ohmic::program::site{1, operation::B1}.index()] = 2;
  auto const ops = encoder_program(sizes, choices);
  CHECK(named(ops, "layer.0.B1").shape == product_shape{5, 14, 20});
  CHECK(named(ops, "layer.0.B1").post.count<"post", "add_bias">() == 0);
  CHECK(named(ops, "layer.1.B1").shape == product_shape{5, 12, 20});
  CHECK(named(ops, "layer.1.B1").post.count<"post", "add_bias">() == 100);
}
