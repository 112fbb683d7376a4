// A T5's folder through the program: scored whole and token by token, generated from, and what is refused.
#include <cstdlib>
#include <string>

#include "run_program.hpp"
#include "support/catch.hpp"

namespace {

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::refused;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

/// A small T5 of random weights with its tokenizer and pairs, as the script of the examples makes it.
struct small_t5 : scratch_folder {
  explicit small_t5(std::string const& more = "") {
    std::string const make = "python3 '" OHMIC_SOURCE_DIR "/examples/models/synthetic/make_t5.py' '" + path().string() +
                             "' --layers 1 --width 16 --hidden 24 " + more;
    made = std::system(make.c_str()) == 0;
  }
  [[nodiscard]] std::string arguments() const {
    return " --model '" + path().string() + "' --json " + (*this / "out.json");
  }
  bool made = false;
};

}  // namespace

TEST_CASE("a T5's folder is scored whole and token by token, to the same scores, and generated from", "[slow]") {
  for (char const* more : {"", "--gated"}) {
    small_t5 const t(more);
    if (!t.made) {
      WARN("no python3: not tested");
      return;
    }
    std::string const chips = " --limit 4 --chip wang2024,multi_bit --data " + (t / "test.tsv") + t.arguments();
    auto const scored = run_program("deploy --task translate" + chips);
    INFO(scored.text);
    REQUIRE(scored.status == 0);
    auto const whole = read_json(t.path() / "out.json");
    CHECK(whole.at("model").at("type") == "t5");
    CHECK(whole.at("task") == "translate");
    CHECK(whole.at("metric") == "perplexity");
    CHECK(whole.at("n") == 4);
    auto const decoded = run_program("deploy --decode" + chips);
    INFO(decoded.text);
    REQUIRE(decoded.status == 0);
    auto const steps = read_json(t.path() / "out.json");
    for (std::size_t i = 0; i < 3; ++i) CHECK(whole.at("chips")[i].at("scores") == steps.at("chips")[i].at("scores"));
    auto const generated =
        run_program("generate --prompt 'mega fe gosano' --tokens 6 --chip wang2024,multi_bit" + t.arguments());
    INFO(generated.text);
    REQUIRE(generated.status == 0);
    auto const j = read_json(t.path() / "out.json");
    CHECK(j.at("prompt").at("ids").back() == 1);
    CHECK(j.at("texts")[0].at("tokens").size() >= 1);
    for (std::size_t i = 2; i < 4; ++i) CHECK(j.at("texts")[i].at("actions_equal_plan") == true);
  }
}

TEST_CASE("of a T5, windows and other tasks are refused, and too long texts if asked", "[slow]") {
  small_t5 const t("--positions 6");
  if (!t.made) {
    WARN("no python3: not tested");
    return;
  }
  std::string const deploy = "deploy --data " + (t / "test.tsv") + t.arguments();
  refused(deploy + " --task lm", {"--task", "translate"});
  refused(deploy + " --window 4", {"--window"});
  refused(deploy + " --no-truncate", {"positions", "line 1"});
}
