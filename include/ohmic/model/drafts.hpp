// Generation with drafts: a step verifies several proposed tokens with one read of the weights, on column pairs that are idle otherwise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/model/decoder.hpp"
#include "ohmic/model/generation.hpp"
#include "ohmic/model/task.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Up to `most` tokens that followed the last words of a text when they stood in it before: the latest place where its last
/// `longest`, or fewer, tokens were. Costs nothing on the chip.
/// Shape   text (n) -> (at most `most`)
/// Source  Yang et al., arXiv 2304.04487, section 3, who take them from a reference text
[[nodiscard]] inline std::vector<std::int32_t> looked_up_draft(std::span<std::int32_t const> text, std::size_t most,
                                                               std::size_t longest = 3) {
  for (std::size_t n = std::min(longest, text.size() - std::min<std::size_t>(1, text.size())); n > 0; --n)
    for (std::size_t at = text.size() - n; at-- > 0;)
      if (std::equal(text.end() - static_cast<std::ptrdiff_t>(n), text.end(),
                     text.begin() + static_cast<std::ptrdiff_t>(at))) {
        auto const rest = text.subspan(at + n);
        auto const draft = rest.first(std::min(most, rest.size()));
        return {draft.begin(), draft.end()};
      }
  return {};
}

/// A step with drafts: `tokens` new ones after `past`, of which `gained` stand and are in the text from then on.
struct draft_step {
  std::size_t tokens = 0;
  std::size_t past = 0;
  std::size_t gained = 0;
};

/// Continues a prompt by the likeliest token at a time, several a step: the tokens of `generate` at temperature 0, because a drafted
/// token stands only where it is the likeliest after those before it. `draft(text, most)` proposes; `seen(step)` is called after each.
/// Shape   prompt (n) -> (at most tokens)
/// Errors  shape if prompt and tokens exceed the positions, or for no prompt; those of extend
template <engine E, decoder M, class Draft, class Observer>
[[nodiscard]] std::vector<std::int32_t> generate_with_drafts(E& e, M const& m, std::span<std::int32_t const> prompt,
                                                             std::size_t tokens, std::size_t drafted, std::int32_t end,
                                                             Draft const& draft, Observer const& seen) {
  detail::require_room(prompt.size(), tokens, positions_of(m));
  auto state = new_context(e, m);
  std::vector<std::int32_t> text(prompt.begin(), prompt.end());
  std::vector<std::int32_t> fresh = text;  // of which all that are no drafts are sure
  std::size_t const wanted = prompt.size() + tokens;
  bool ended = false;
  while (text.size() < wanted && !ended) {
    std::size_t const past = state.tokens(), sure = fresh.size();
    // The last token that is wanted is never read.
    auto const proposed = draft(std::span<std::int32_t const>(text), std::min(drafted, wanted - text.size() - 1));
    fresh.insert(fresh.end(), proposed.begin(), proposed.end());
    auto const logits = extend(e, m, state, fresh);
    draft_step step{fresh.size(), past, 0};
    for (std::size_t i = 0; i <= proposed.size() && !ended; ++i) {
      auto const next = static_cast<std::int32_t>(largest_index(logits.row(sure - 1 + i)));
      text.push_back(next);
      ++step.gained;
      ended = next == end;
      if (i == proposed.size() || next != proposed[i]) break;
    }
    state.keep(past + sure + step.gained - 1);  // what was read and stands
    fresh.assign(1, text.back());
    seen(step);
  }
  return {text.begin() + static_cast<std::ptrdiff_t>(prompt.size()), text.end()};
}

}  // namespace ohmic::inline OHMIC_ABI::model
