// What is asked of a model and how its answers are scored: classification, language modelling, retrieval.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/metrics.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Tokens of the texts of a data set.
using token_lists = std::vector<std::vector<std::int32_t>>;

/// One figure of a task, e.g. {"accuracy", 0.84}.
struct named_score {
  std::string name;
  double value = 0.0;
};

/// A task: the texts that a model is run on, token ids or what its `input` is, what is kept of each output, the scores of all answers (the first is the task's metric), and
/// how far answers agree with those of the reference.
template <class T>
concept task = requires(T const& t, std::size_t text, matrix<float> const& output,
                        std::vector<typename T::answer> const& answers) {
  { t.inputs().size() } -> std::convertible_to<std::size_t>;
  t.inputs()[text];
  { t.answer_of(text, output) } -> std::same_as<typename T::answer>;
  { t.scores(answers) } -> std::same_as<std::vector<named_score>>;
  { t.agreement(answers, answers) } -> std::same_as<double>;
  { T::name } -> std::convertible_to<char const*>;
  { T::agreement_name } -> std::convertible_to<char const*>;
};

/// Index of the largest value, the first of equals.
[[nodiscard]] inline std::size_t largest_index(std::span<float const> values) noexcept {
  std::size_t best = 0;
  for (std::size_t i = 1; i < values.size(); ++i)
    if (values[i] > values[best]) best = i;
  return best;
}

/// Share of equal answers.
[[nodiscard]] inline double share_equal(std::vector<std::size_t> const& a, std::vector<std::size_t> const& b) noexcept {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) equal += static_cast<std::size_t>(a[i] == b[i]);
  return a.empty() ? 0.0 : static_cast<double>(equal) / static_cast<double>(a.size());
}

/// Classes of texts: accuracy, the mean F1 of the classes, Matthews' correlation.
class classify_task {
 public:
  using answer = std::size_t;
  static constexpr char const* name = "classify";
  static constexpr char const* agreement_name = "share of equal predictions";

  classify_task(token_lists inputs, std::vector<std::size_t> labels)
      : inputs_(std::move(inputs)), labels_(std::move(labels)) {}

  [[nodiscard]] token_lists const& inputs() const noexcept { return inputs_; }
  [[nodiscard]] answer answer_of(std::size_t, matrix<float> const& logits) const {
    return largest_index(logits.row(0));
  }
  [[nodiscard]] std::vector<named_score> scores(std::vector<answer> const& answers) const {
    confusion const c = confusion_of(answers, labels_);
    return {
        {"accuracy", share_equal(answers, labels_)}, {"macro_f1", macro_f1(c)}, {"matthews", matthews_correlation(c)}};
  }
  [[nodiscard]] double agreement(std::vector<answer> const& answers, std::vector<answer> const& reference) const {
    return share_equal(answers, reference);
  }

 private:
  token_lists inputs_;
  std::vector<std::size_t> labels_;
};

/// Windows of a text and the tokens that follow each of theirs: perplexity.
class language_task {
 public:
  /// What is kept of a window: its negative log likelihood in nats, and the likeliest token after each.
  struct answer {
    double negative_log_likelihood = 0.0;
    std::vector<std::int32_t> likeliest;
  };
  static constexpr char const* name = "lm";
  static constexpr char const* agreement_name = "share of equal likeliest tokens";
  static constexpr bool lower_is_better = true;

  /// Cuts a stream of ids into windows of `length` inputs, targets shifted by one; what does not fill a window is left out.
  /// Errors  shape if there is no whole window
  language_task(std::vector<std::int32_t> const& stream, std::size_t length, std::string const& where,
                std::size_t limit = 0) {
    std::size_t const whole = length == 0 || stream.empty() ? 0 : (stream.size() - 1) / length;
    if (whole == 0)
      throw error({errc::shape, "text is too short for a window", where, std::to_string(stream.size()) + " ids",
                   "at least " + std::to_string(length + 1) + " ids", "give a longer text"});
    std::size_t const windows = limit > 0 ? std::min(limit, whole) : whole;
    for (std::size_t w = 0; w < windows; ++w) {
      auto const first = stream.begin() + static_cast<std::ptrdiff_t>(w * length);
      inputs_.emplace_back(first, first + static_cast<std::ptrdiff_t>(length));
      targets_.emplace_back(first + 1, first + 1 + static_cast<std::ptrdiff_t>(length));
    }
  }

  [[nodiscard]] token_lists const& inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t targets() const noexcept {
    return inputs_.empty() ? 0 : inputs_.size() * inputs_.front().size();
  }

  /// Shape   logits (n, vocabulary)
  [[nodiscard]] answer answer_of(std::size_t window, matrix<float> const& logits) const {
    return answer_to(logits, targets_[window]);
  }
  /// The same for the tokens that follow each of a text's.
  /// Shape   logits (n, vocabulary), targets (n)
  [[nodiscard]] static answer answer_to(matrix<float> const& logits, std::span<std::int32_t const> targets) {
    answer a;
    for (std::size_t n = 0; n < logits.rows(); ++n) {
      auto const row = logits.row(n);
      std::size_t const best = largest_index(row);
      auto const largest = static_cast<double>(row[best]);
      double sum = 0.0;
      for (float l : row) sum += std::exp(static_cast<double>(l) - largest);
      auto const target = static_cast<std::size_t>(targets[n]);
      // The difference first: beside a large logit the logarithm would be rounded away.
      a.negative_log_likelihood += std::log(sum) + (largest - static_cast<double>(row[target]));
      a.likeliest.push_back(static_cast<std::int32_t>(best));
    }
    return a;
  }
  /// Natural logarithm; perplexity per token.
  [[nodiscard]] std::vector<named_score> scores(std::vector<answer> const& answers) const {
    return scores_of(answers, targets());
  }
  [[nodiscard]] double agreement(std::vector<answer> const& answers, std::vector<answer> const& reference) const {
    return agreement_of(answers, reference, targets());
  }
  /// The same of answers about so many tokens.
  [[nodiscard]] static std::vector<named_score> scores_of(std::vector<answer> const& answers, std::size_t tokens) {
    double total = 0.0;
    for (answer const& a : answers) total += a.negative_log_likelihood;
    return {{"perplexity", std::exp(total / static_cast<double>(tokens))}, {"negative_log_likelihood", total}};
  }
  [[nodiscard]] static double agreement_of(std::vector<answer> const& answers, std::vector<answer> const& reference,
                                           std::size_t tokens) {
    std::size_t equal = 0;
    for (std::size_t w = 0; w < answers.size(); ++w)
      for (std::size_t n = 0; n < answers[w].likeliest.size(); ++n)
        equal += static_cast<std::size_t>(answers[w].likeliest[n] == reference[w].likeliest[n]);
    return static_cast<double>(equal) / static_cast<double>(tokens);
  }

 private:
  token_lists inputs_, targets_;
};

/// Pairs of a query and its document: how often, and how early, the document is found among all by the cosine of embeddings.
class retrieve_task {
 public:
  using answer = std::vector<float>;  ///< of unit length
  static constexpr char const* name = "retrieve";
  static constexpr char const* agreement_name = "mean cosine to the fp32 embedding";

  /// Shape   queries (n), documents (n): document i answers query i
  retrieve_task(token_lists const& queries, token_lists const& documents) : pairs_(queries.size()) {
    inputs_ = queries;
    inputs_.insert(inputs_.end(), documents.begin(), documents.end());
  }

  [[nodiscard]] token_lists const& inputs() const noexcept { return inputs_; }
  [[nodiscard]] std::size_t pairs() const noexcept { return pairs_; }

  [[nodiscard]] answer answer_of(std::size_t, matrix<float> const& output) const {
    auto const row = output.row(0);
    double power = 0.0;
    for (float v : row) power += static_cast<double>(v) * static_cast<double>(v);
    double const length = std::sqrt(power);
    answer a(row.begin(), row.end());
    if (length > 0.0)
      for (float& v : a) v = static_cast<float>(static_cast<double>(v) / length);
    return a;
  }
  /// A rank counts the documents that score strictly higher.
  [[nodiscard]] std::vector<named_score> scores(std::vector<answer> const& answers) const {
    std::vector<std::size_t> ranks;
    for (std::size_t q = 0; q < pairs_; ++q) {
      double const own = cosine(answers[q], answers[pairs_ + q]);
      std::size_t rank = 1;
      for (std::size_t d = 0; d < pairs_; ++d)
        rank += static_cast<std::size_t>(cosine(answers[q], answers[pairs_ + d]) > own);
      ranks.push_back(rank);
    }
    return {{"recall_at_1", recall_at(ranks, 1)},
            {"recall_at_10", recall_at(ranks, 10)},
            {"mean_reciprocal_rank", mean_reciprocal_rank(ranks)}};
  }
  [[nodiscard]] double agreement(std::vector<answer> const& answers, std::vector<answer> const& reference) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < answers.size(); ++i) sum += cosine(answers[i], reference[i]);
    return sum / static_cast<double>(answers.size());
  }

  /// Dot product of two vectors of unit length.
  [[nodiscard]] static double cosine(answer const& a, answer const& b) noexcept {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
  }

 private:
  token_lists inputs_;
  std::size_t pairs_ = 0;
};

/// What a task's metric loses against a reference: the difference of shares, or the ratio less 1 where lower is better.
template <task T>
[[nodiscard]] double score_loss(double score, double reference) noexcept {
  if constexpr (requires { T::lower_is_better; })
    return score / reference - 1.0;
  else
    return reference - score;
}

static_assert(task<classify_task> && task<language_task> && task<retrieve_task>);

}  // namespace ohmic::inline OHMIC_ABI::model
