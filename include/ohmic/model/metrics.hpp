// Metrics of answers: classes (F1, Matthews), graded answers (Pearson, Spearman), ranks (reciprocal rank, recall), words (error rate).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {
inline void require_pairs(std::size_t a, std::size_t b, char const* what) {
  if (a != b)
    throw error({errc::shape, "not as many answers as references", what, std::to_string(a), std::to_string(b), ""});
}
[[nodiscard]] inline double ratio_or(double above, double below, double otherwise) noexcept {
  return below == 0.0 ? otherwise : above / below;
}
}  // namespace detail

/// How often which class was taken for which.
/// Shape   counts (classes, classes): row = label, column = answer
struct confusion {
  std::size_t classes = 0;
  std::vector<double> counts;

  [[nodiscard]] double at(std::size_t label, std::size_t answer) const noexcept {
    return counts[label * classes + answer];
  }
  [[nodiscard]] double labels(std::size_t c) const noexcept {
    double n = 0.0;
    for (std::size_t a = 0; a < classes; ++a) n += at(c, a);
    return n;
  }
  [[nodiscard]] double answers(std::size_t c) const noexcept {
    double n = 0.0;
    for (std::size_t l = 0; l < classes; ++l) n += at(l, c);
    return n;
  }
};

/// Of as many classes as the largest index asks for.
/// Errors  shape for lists of different lengths
[[nodiscard]] inline confusion confusion_of(std::span<std::size_t const> answers, std::span<std::size_t const> labels) {
  detail::require_pairs(answers.size(), labels.size(), "confusion");
  confusion c;
  for (std::size_t i = 0; i < labels.size(); ++i) c.classes = std::max({c.classes, answers[i] + 1, labels[i] + 1});
  c.counts.assign(c.classes * c.classes, 0.0);
  for (std::size_t i = 0; i < labels.size(); ++i) c.counts[labels[i] * c.classes + answers[i]] += 1.0;
  return c;
}

/// F1 of one class: 2 hits / (its labels + its answers); 0 where neither occurs.
/// Source  van Rijsbergen 1979, with equal weight of precision and recall
[[nodiscard]] inline double f1_of_class(confusion const& c, std::size_t of) noexcept {
  return of < c.classes ? detail::ratio_or(2.0 * c.at(of, of), c.labels(of) + c.answers(of), 0.0) : 0.0;
}

/// Mean F1 of the classes that have a label or an answer.
[[nodiscard]] inline double macro_f1(confusion const& c) noexcept {
  double sum = 0.0, n = 0.0;
  for (std::size_t k = 0; k < c.classes; ++k) {
    if (c.labels(k) + c.answers(k) == 0.0) continue;
    sum += f1_of_class(c, k);
    n += 1.0;
  }
  return detail::ratio_or(sum, n, 0.0);
}

/// Matthews' correlation of answers and labels, of any number of classes; 0 where either is always the same class.
/// Range   -1..1
/// Source  Gorodkin 2004, equation 8; of two classes Matthews 1975
[[nodiscard]] inline double matthews_correlation(confusion const& c) noexcept {
  double all = 0.0, hits = 0.0, both = 0.0, labels2 = 0.0, answers2 = 0.0;
  for (std::size_t k = 0; k < c.classes; ++k) {
    double const l = c.labels(k), a = c.answers(k);
    all += l, hits += c.at(k, k), both += l * a, labels2 += l * l, answers2 += a * a;
  }
  return detail::ratio_or(hits * all - both, std::sqrt((all * all - labels2) * (all * all - answers2)), 0.0);
}

/// Pearson's correlation; NaN where one of the two does not vary, or for fewer than two pairs.
/// Errors  shape for lists of different lengths
[[nodiscard]] inline double pearson_correlation(std::span<double const> x, std::span<double const> y) {
  detail::require_pairs(x.size(), y.size(), "pearson_correlation");
  auto const n = static_cast<double>(x.size());
  double const mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n,
               mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0.0, xx = 0.0, yy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const dx = x[i] - mean_x, dy = y[i] - mean_y;
    xy += dx * dy, xx += dx * dx, yy += dy * dy;
  }
  return x.size() < 2 || xx == 0.0 || yy == 0.0 ? std::numeric_limits<double>::quiet_NaN() : xy / std::sqrt(xx * yy);
}

/// Places from 1 on in rising order; equal values share the mean of theirs.
[[nodiscard]] inline std::vector<double> mean_ranks(std::span<double const> x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> ranks(x.size());
  for (std::size_t first = 0; first < x.size();) {
    std::size_t last = first;
    while (last + 1 < x.size() && x[order[last + 1]] == x[order[first]]) ++last;
    for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = 0.5 * static_cast<double>(first + last) + 1.0;
    first = last + 1;
  }
  return ranks;
}

/// Spearman's correlation: Pearson's of the mean ranks.
/// Errors  as pearson_correlation
[[nodiscard]] inline double spearman_correlation(std::span<double const> x, std::span<double const> y) {
  detail::require_pairs(x.size(), y.size(), "spearman_correlation");
  return pearson_correlation(mean_ranks(x), mean_ranks(y));
}

/// Mean of 1 / rank; ranks start at 1. 0 for none.
[[nodiscard]] inline double mean_reciprocal_rank(std::span<std::size_t const> ranks) noexcept {
  double sum = 0.0;
  for (std::size_t r : ranks) sum += 1.0 / static_cast<double>(r);
  return detail::ratio_or(sum, static_cast<double>(ranks.size()), 0.0);
}

/// Share of ranks up to k. 0 for none.
[[nodiscard]] inline double recall_at(std::span<std::size_t const> ranks, std::size_t k) noexcept {
  auto const hits =
      static_cast<double>(std::count_if(ranks.begin(), ranks.end(), [k](std::size_t r) { return r <= k; }));
  return detail::ratio_or(hits, static_cast<double>(ranks.size()), 0.0);
}

/// Fewest words to change, leave out or put in so that one text becomes the other, and the words of the reference.
struct word_errors {
  std::size_t errors = 0, words = 0;

  word_errors& operator+=(word_errors const& o) noexcept {
    errors += o.errors, words += o.words;
    return *this;
  }
  /// Errors over words; may be above 1. NaN for a reference without words.
  [[nodiscard]] double rate() const noexcept {
    return words == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : static_cast<double>(errors) / static_cast<double>(words);
  }
};

/// Words are what blanks separate. A corpus adds up its texts' errors and words.
/// Source  Levenshtein 1966 over words; the usual word error rate
[[nodiscard]] inline word_errors count_word_errors(std::string_view reference, std::string_view answer) {
  auto const words_of = [](std::string_view text) {
    std::vector<std::string_view> words;
    constexpr std::string_view blanks = " \t\r\n";
    for (std::size_t at = text.find_first_not_of(blanks); at != text.npos; at = text.find_first_not_of(blanks, at)) {
      std::size_t const end = std::min(text.find_first_of(blanks, at), text.size());
      words.push_back(text.substr(at, end - at));
      at = end;
    }
    return words;
  };
  auto const want = words_of(reference), got = words_of(answer);
  std::vector<std::size_t> distance(got.size() + 1);
  std::iota(distance.begin(), distance.end(), std::size_t{0});
  for (std::size_t w = 0; w < want.size(); ++w) {
    std::size_t before = distance[0];  // of one word less on either side
    distance[0] = w + 1;
    for (std::size_t g = 0; g < got.size(); ++g) {
      std::size_t const changed = before + static_cast<std::size_t>(want[w] != got[g]);
      before = distance[g + 1];
      distance[g + 1] = std::min({changed, distance[g] + 1, distance[g + 1] + 1});
    }
  }
  return {distance.back(), want.size()};
}

}  // namespace ohmic::inline OHMIC_ABI::model
