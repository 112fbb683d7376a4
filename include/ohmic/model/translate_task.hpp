// Sources and their targets: the perplexity of every target, given its source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/encoder_decoder.hpp"
#include "ohmic/model/task.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Targets that an encoder-decoder reads token by token after their sources, and the token that follows each: perplexity.
template <class Source>
class translate_task {
 public:
  using answer = language_task::answer;
  using input = source_and_target<Source>;
  static constexpr char const* name = "translate";
  static constexpr char const* agreement_name = language_task::agreement_name;
  static constexpr bool lower_is_better = true;

  /// Shape   of every text: the source, and the target whose ids follow `start`, the last of them being what ends it
  /// Errors  shape for no texts, or a target without an id
  translate_task(std::vector<input> texts, std::int32_t start, std::string const& where) : inputs_(std::move(texts)) {
    for (auto& text : inputs_) {
      if (text.target.empty()) throw error({errc::shape, "target is empty", where, "0 ids", "at least its end", ""});
      targets_.push_back(text.target);
      text.target.insert(text.target.begin(), start);
      text.target.pop_back();
      tokens_ += targets_.back().size();
    }
    if (inputs_.empty()) throw error({errc::shape, "no texts", where, "0 pairs", "at least one", ""});
  }

  [[nodiscard]] std::vector<input> const& inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t targets() const noexcept { return tokens_; }

  /// Shape   logits (n, vocabulary)
  [[nodiscard]] answer answer_of(std::size_t text, matrix<float> const& logits) const {
    return language_task::answer_to(logits, targets_[text]);
  }
  [[nodiscard]] std::vector<named_score> scores(std::vector<answer> const& answers) const {
    return language_task::scores_of(answers, tokens_);
  }
  [[nodiscard]] double agreement(std::vector<answer> const& answers, std::vector<answer> const& reference) const {
    return language_task::agreement_of(answers, reference, tokens_);
  }

 private:
  std::vector<input> inputs_;
  token_lists targets_;
  std::size_t tokens_ = 0;
};
static_assert(task<translate_task<std::vector<std::int32_t>>>);

}  // namespace ohmic::inline OHMIC_ABI::model
