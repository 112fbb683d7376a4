// Metrics against worked examples, their definitions and their laws.
#include "ohmic/model/metrics.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/model/task.hpp"
#include "support/catch.hpp"

namespace {

using namespace ohmic::model;
using classes = std::vector<std::size_t>;

/// Roundings of a handful of operations in double precision.
constexpr double rounding = 1e-14;

bool close(double a, double b) { return std::fabs(a - b) <= rounding; }

/// The phi coefficient of two classes, Matthews 1975.
double phi(double tp, double tn, double fp, double fn) {
  return (tp * tn - fp * fn) / std::sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
}

}  // namespace

TEST_CASE("F1 and Matthews' correlation of two classes are those of their four counts") {
  // 3 true positives, 2 true negatives, 1 false positive, 2 false negatives of class 1
  classes const labels{1, 1, 1, 0, 0, 0, 1, 1}, answers{1, 1, 1, 0, 0, 1, 0, 0};
  auto const c = confusion_of(answers, labels);
  CHECK(close(f1_of_class(c, 1), 2.0 * 3.0 / (2.0 * 3.0 + 1.0 + 2.0)));
  CHECK(close(f1_of_class(c, 0), 2.0 * 2.0 / (2.0 * 2.0 + 2.0 + 1.0)));
  CHECK(close(macro_f1(c), 0.5 * (6.0 / 9.0 + 4.0 / 7.0)));
  CHECK(close(matthews_correlation(c), phi(3, 2, 1, 2)));
}

TEST_CASE("Matthews' correlation of several classes is the correlation of indicators") {
  classes const labels{0, 1, 2, 2, 1, 0, 2, 3, 3, 1}, answers{0, 1, 2, 1, 1, 2, 2, 3, 0, 1};
  // Gorodkin's definition: covariances of the indicators of each class, added up.
  double xy = 0.0, xx = 0.0, yy = 0.0;
  auto const n = static_cast<double>(labels.size());
  for (std::size_t k = 0; k < 4; ++k) {
    double x = 0.0, y = 0.0;
    for (std::size_t i = 0; i < labels.size(); ++i) x += answers[i] == k, y += labels[i] == k;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      double const dx = (answers[i] == k) - x / n, dy = (labels[i] == k) - y / n;
      xy += dx * dy, xx += dx * dx, yy += dy * dy;
    }
  }
  CHECK(close(matthews_correlation(confusion_of(answers, labels)), xy / std::sqrt(xx * yy)));
}

TEST_CASE("scores of classes at their limits") {
  classes const labels{0, 1, 2, 1}, same{1, 1, 1, 1};
  CHECK(close(macro_f1(confusion_of(labels, labels)), 1.0));
  CHECK(close(matthews_correlation(confusion_of(labels, labels)), 1.0));
  CHECK(matthews_correlation(confusion_of(same, labels)) == 0.0);
  CHECK(macro_f1(confusion_of({}, {})) == 0.0);
  CHECK(f1_of_class(confusion_of(labels, labels), 7) == 0.0);
  // A class in between that nobody names does not count.
  CHECK(close(macro_f1(confusion_of(classes{0, 5}, classes{0, 5})), 1.0));
  CHECK_THROWS_AS(confusion_of(classes{1}, classes{1, 2}), ohmic::error);
}

TEST_CASE("correlations of graded answers") {
  std::vector<double> const x{1.0, 2.0, 3.0, 4.0, 5.0}, y{2.0, 1.0, 4.0, 3.0, 5.0};
  CHECK(close(pearson_correlation(x, y), 0.8));
  CHECK(close(spearman_correlation(x, y), 0.8));  // 1 - 6 (4 x 1) / (5 x 24)
  std::vector<double> cubes;
  for (double v : x) cubes.push_back(v * v * v);
  CHECK(close(spearman_correlation(x, cubes), 1.0));
  CHECK(pearson_correlation(x, cubes) < 0.95);
  CHECK(mean_ranks(std::vector<double>{3.0, 1.0, 3.0, 2.0, 3.0}) == std::vector<double>{4.0, 1.0, 4.0, 2.0, 4.0});
  CHECK(std::isnan(pearson_correlation(x, std::vector<double>(5, 1.0))));
  CHECK(std::isnan(pearson_correlation({}, {})));
  CHECK_THROWS_AS(spearman_correlation(x, {}), ohmic::error);
}

TEST_CASE("ranks and word errors") {
  std::vector<std::size_t> const ranks{1, 2, 4, 1};
  CHECK(close(mean_reciprocal_rank(ranks), (1.0 + 0.5 + 0.25 + 1.0) / 4.0));
  CHECK(recall_at(ranks, 1) == 0.5);
  CHECK(recall_at(ranks, 2) == 0.75);
  CHECK(recall_at({}, 2) == 0.0);
  auto const errors = [](std::string const& a, std::string const& b) { return count_word_errors(a, b).errors; };
  CHECK(errors("the cat sat on the mat", "the cat sat on the mat") == 0);
  CHECK(errors("the cat sat on the mat", "the cat sat mat") == 2);  // two left out
  CHECK(errors("the cat sat", "the big cat sat") == 1);             // one put in
  CHECK(errors("the cat sat", "a cat  sat\tdown") == 2);            // one changed, one put in
  CHECK(errors("", "one two") == 2);
  auto all = count_word_errors("a b c d", "a x c");
  CHECK(all.errors == 2);
  all += count_word_errors("e f", "e f");
  CHECK(close(all.rate(), 2.0 / 6.0));
  CHECK(std::isnan(count_word_errors("", "x").rate()));
}

TEST_CASE("tasks score with these metrics") {
  classify_task const task({{1}, {2}, {3}, {4}}, {0, 1, 1, 0});
  auto const scores = task.scores({0, 1, 0, 0});
  REQUIRE(scores.size() == 3);
  CHECK(scores[0].name == "accuracy");
  CHECK(scores[0].value == 0.75);
  CHECK(scores[1].name == "macro_f1");
  CHECK(close(scores[1].value, 0.5 * (4.0 / 5.0 + 2.0 / 3.0)));
  CHECK(scores[2].name == "matthews");
  CHECK(close(scores[2].value, phi(1, 2, 0, 1)));
}
