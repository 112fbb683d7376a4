// What an attention policy computes, and what it reports.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "ohmic/core/action.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Which keys a query may see.
enum class attention_mask {
  none,    ///< all of them: encoders
  causal,  ///< itself and what came before: decoders
};

class position_bias;

/// What a layer does to the scores of a head beside scaling them: the mask, the nearest keys alone, a bias by position.
/// Range   window 0: no limit; otherwise keys that a query sees under a causal mask, its own among them
struct attention_scope {
  attention_mask mask = attention_mask::none;
  std::size_t window = 0;
  position_bias const* bias = nullptr;  ///< outlives the call

  constexpr attention_scope(attention_mask m = attention_mask::none, std::size_t nearest = 0,
                            position_bias const* added = nullptr) noexcept
      : mask(m), window(nearest), bias(added) {}
};

/// Scores that an engine holds at a time, those of a head or of heads that are computed side by side: 2 to 4 GB. A head of 23170 tokens
/// has as many, eight that share their keys at 8192 tokens, 32 of a decomposed attention at 4096.
inline constexpr std::size_t most_scores = std::size_t{1} << 29;

/// Shape   queries: of all heads that are computed side by side
/// Errors  capacity naming the place for more scores than are held
inline void require_scores(std::size_t queries, std::size_t keys, std::string const& where) {
  if (keys == 0 || queries <= most_scores / keys) return;
  throw error({errc::capacity, "has more scores than are held at a time", where,
               std::to_string(queries) + " queries x " + std::to_string(keys) + " keys",
               "at most " + std::to_string(most_scores) + " scores", "cut the text, or take a shorter window"});
}

/// The three products of a head: A4, A5, A6.
enum class attention_step { scores = 0, sums = 1, values = 2 };

/// Operands of one head as codes, 1 / sqrt(d_k) already in the keys. The queries are of the last tokens of the context; queries of
/// several heads that share keys follow each other as further rows.
/// Shape   q (heads x tokens, d_k), k, v (c, d_k)
struct head_operands {
  matrix_view<std::int16_t const> q, k, v;
  float q_scale = 1.0f, k_scale = 1.0f, v_scale = 1.0f;
  std::span<float const> q_scales{};  ///< one per query instead of q_scale, where every token has its own
  std::size_t tokens = 0;             ///< new ones, of each head; 0: as many as queries
  std::size_t first_head = 0;         ///< of the queries, for what differs from head to head

  [[nodiscard]] std::size_t new_tokens() const noexcept { return tokens == 0 ? q.rows : tokens; }
  /// The token of the context that row i of the queries belongs to.
  [[nodiscard]] std::size_t position(std::size_t i) const noexcept { return k.rows - new_tokens() + i % new_tokens(); }
  [[nodiscard]] std::size_t head_of(std::size_t i) const noexcept { return first_head + i / new_tokens(); }
  [[nodiscard]] float scale_of_query(std::size_t i) const noexcept { return q_scales.empty() ? q_scale : q_scales[i]; }
};

/// What F does around the products of a head.
using attention_actions =
    action_list<action<"post", "scale">, action<"post", "add_bias">, action<"comparator", "compare">,
                action<"exp_unit", "exp">, action<"divider", "divide">, action<"cache", "write">>;

/// Actions by step, and what went wrong with scores: rows whose codes were all zero, codes that saturated; and how many codes a
/// running maximum made over again.
struct attention_report {
  std::array<tally<attention_actions>, 3> tallies{};
  std::uint64_t rows = 0;
  std::uint64_t empty_rows = 0;
  std::uint64_t saturated = 0;
  std::uint64_t rescaled = 0;
};

/// Keys that query i sees of n; they are the first ones.
[[nodiscard]] constexpr std::size_t visible_keys(attention_mask mask, std::size_t i, std::size_t n) noexcept {
  return mask == attention_mask::causal && i + 1 < n ? i + 1 : n;
}

/// Keys that query i sees of n, with a window: `count` of them from `first` on.
struct key_range {
  std::size_t first = 0, count = 0;
};
[[nodiscard]] constexpr key_range visible_range(attention_scope const& scope, std::size_t i, std::size_t n) noexcept {
  std::size_t const end = visible_keys(scope.mask, i, n);
  bool const limited = scope.window > 0 && scope.mask == attention_mask::causal && end > scope.window;
  std::size_t const first = limited ? end - scope.window : 0;
  return {first, end - first};
}

/// Scores of query i that the mask or the window hides become -infinity.
inline void apply_mask(attention_scope const& scope, std::size_t i, std::span<float> scores) noexcept {
  auto const seen = visible_range(scope, i, scores.size());
  for (std::size_t j = 0; j < scores.size(); ++j)
    if (j < seen.first || j >= seen.first + seen.count) scores[j] = -std::numeric_limits<float>::infinity();
}

}  // namespace ohmic::inline OHMIC_ABI
