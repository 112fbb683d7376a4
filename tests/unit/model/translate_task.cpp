// Sources and targets: reading them, what the decoder reads of a target, and its perplexity.
#include "ohmic/model/translate_task.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/dataset.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace {
using namespace ohmic::model;
using ohmic::errc;
using pairs_task = translate_task<std::vector<std::int32_t>>;
}  // namespace

TEST_CASE("a decoder reads a target behind its start token, and is scored by every token of it, the end too") {
  pairs_task const task({{{5, 6}, {2, 1}}, {{5}, {1}}}, 0, "pairs");
  CHECK((task.inputs()[0].target == std::vector<std::int32_t>{0, 2}));
  CHECK((task.inputs()[1].target == std::vector<std::int32_t>{0}));
  CHECK(task.targets() == 3);
  ohmic::matrix<float> even(2, 4), sure(1, 4);
  sure(0, 1) = 20.0f;
  std::vector<pairs_task::answer> const answers{task.answer_of(0, even), task.answer_of(1, sure)};
  // Two tokens of probability 1/4, one of nearly 1.
  CHECK(std::fabs(task.scores(answers).front().value - std::pow(16.0, 1.0 / 3.0)) < 1e-6);
  auto other = answers;
  other[0].likeliest[1] = 3;
  CHECK(std::fabs(task.agreement(answers, other) - 2.0 / 3.0) < 1e-12);
}

TEST_CASE("pairs without texts, or with a target of no id, are refused") {
  using ohmic_test::check_failure;
  using ohmic_test::failure;
  check_failure(failure([] { pairs_task({}, 0, "nothing.tsv"); }), errc::shape, {"nothing.tsv"});
  check_failure(failure([] { pairs_task({{{1}, {}}}, 0, "one.tsv"); }), errc::shape, {"one.tsv", "target"});
}

TEST_CASE("lines of sources and targets are read, and broken ones named") {
  ohmic_test::temporary_folder const folder;
  auto const file = folder.path() / "pairs.tsv";
  folder.write("pairs.tsv", "a dog\tein Hund\r\nb\tc");
  auto const read = read_translations(file);
  REQUIRE(read.size() == 2);
  CHECK(read[0].source == "a dog");
  CHECK(read[0].target == "ein Hund");
  CHECK(read[1].line == 2);
  for (auto const& [text, part] : std::vector<std::pair<std::string, std::string>>{{"a\tb\nc", "line 2"},
                                                                                   {"a\tb\tc", "one TAB"},
                                                                                   {"a\t ", "empty part"},
                                                                                   {"\xff\tb", "UTF-8"},
                                                                                   {"", "no text"}}) {
    folder.write("pairs.tsv", text);
    ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_translations(file)); }),
                              errc::file_format, {part});
  }
}
