// The standardised sub-operations F(X . col_t(Y)) = F(col_t(Z)) that a transformer is made of, with their shapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/action.hpp"
#include "ohmic/core/config.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/program/attention_policy.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// The sub-operations, numbered as in the paper. An encoder layer normalises twice, after A7 and after B2.
/// Beside them: `input`, where embeddings arrive; the heads (`pooler`, `classifier`, `lm_head`, `embedding`); `A_residual`,
/// a projection on the residual path where a layer changes the width; `mean`, the average over tokens X^T . 1; `gate`, the
/// second product beside B1 of a gated feed-forward block; `router`, what chooses the experts of a token; `convolution`, a layer of a convolutional network.
/// Source  Wang et al. 2024, Tables 2 to 4
enum class operation : std::uint8_t {
  A1,
  A2,
  A3,
  A4,
  A5,
  A6,
  A7,
  A_L1,
  A_L2,
  B1,
  B2,
  B_L1,
  B_L2,
  L1,
  L2,
  pooler,
  classifier,
  input,
  A_residual,
  mean,
  lm_head,
  embedding,
  gate,
  convolution,
  router
};

[[nodiscard]] constexpr std::string_view name_of(operation op) noexcept {
  constexpr std::string_view names[] = {"A1",        "A2",     "A3",          "A4",    "A5",         "A6",   "A7",
                                        "A.L1",      "A.L2",   "B1",          "B2",    "B.L1",       "B.L2", "L1",
                                        "L2",        "pooler", "classifier",  "input", "A.residual", "mean", "lm_head",
                                        "embedding", "gate",   "convolution", "router"};
  return names[static_cast<std::size_t>(op)];
}
inline constexpr std::size_t operation_count = static_cast<std::size_t>(operation::router) + 1;

/// A place in a model where a sub-operation happens: block 0 is the embedding, 1..n the layers, n + 1 the head.
struct site {
  std::size_t block = 0;
  operation op = operation::A1;

  /// Dense index, so that per-site data are vectors.
  [[nodiscard]] constexpr std::size_t index() const noexcept {
    return block * operation_count + static_cast<std::size_t>(op);
  }
  friend constexpr bool operator==(site const&, site const&) = default;
};

/// Blocks of a model and the names of its sites: "embeddings.L1", "layer.0.A4", "classifier"; of an encoder-decoder "encoder.0.A4",
/// "decoder.0.self.A4" and "decoder.0.cross.B1": a layer of its decoder is two blocks, attention to its own tokens, and attention to the
/// encoder's with the feed-forward block.
struct site_names {
  std::size_t layers = 0;
  std::size_t encoders = 0;  ///< of them blocks of an encoder, which come first; 0: no encoder-decoder

  [[nodiscard]] constexpr std::size_t sites() const noexcept { return (layers + 2) * operation_count; }
  [[nodiscard]] constexpr std::size_t head() const noexcept { return layers + 1; }
  [[nodiscard]] std::string name(site s) const {
    std::string const op(name_of(s.op));
    if (s.block == 0) return "embeddings." + op;
    if (s.block == head()) return op;
    if (encoders == 0) return "layer." + std::to_string(s.block - 1) + "." + op;
    if (s.block <= encoders) return "encoder." + std::to_string(s.block - 1) + "." + op;
    std::size_t const of_decoder = s.block - 1 - encoders;
    return "decoder." + std::to_string(of_decoder / 2) + (of_decoder % 2 == 0 ? ".self." : ".cross.") + op;
  }
  [[nodiscard]] std::string name(std::size_t index) const {
    return name(site{index / operation_count, static_cast<operation>(index % operation_count)});
  }
};

/// What the post-functions F do to digital sums, one action each.
using post_actions =
    action_list<action<"post", "scale">, action<"post", "add_bias">, action<"post", "add_residual">,
                action<"post", "centre">, action<"post", "normalise">, action<"exp_unit", "exp">,
                action<"comparator", "compare">, action<"divider", "divide">, action<"activation_unit", "apply">,
                action<"root_unit", "inverse_root">, action<"rotary_unit", "rotate">, action<"cache", "write">>;
using post_tally = tally<post_actions>;

/// Everything that a site can do.
using site_actions = join<product_actions, post_actions>;
using site_tally = tally<site_actions>;

/// One sub-operation of one pass: `repeats` products of the same shape (heads; tokens for L1 and L2), and what F does
/// in all.
struct sub_operation {
  site where{};
  operand_source source = operand_source::weights;
  product_shape shape{};
  int digits = 1;  ///< of the switched operand
  std::size_t repeats = 1;
  post_tally post{};
  std::size_t held = 0;   ///< tokens of the operand Y of A4 and A6 that a step before left in the cache
  std::size_t fresh = 0;  ///< tokens of it that are new, and are written where it is held in cells
  product_unit unit = product_unit::array;

  /// Codes of Y that a product of A4 or A6 writes where it is held in cells.
  [[nodiscard]] constexpr std::uint64_t written_codes() const noexcept {
    return std::uint64_t{fresh} * (where.op == operation::A4 ? shape.inner : shape.outputs);
  }
};

}  // namespace ohmic::inline OHMIC_ABI::program
