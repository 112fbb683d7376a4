// The sentence encoder: golden ids and embeddings where the published files are at hand, and what its readers refuse.
#include "ohmic/model/import/sentence_encoder.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "import_support.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/model/text/unigram.hpp"
#include "ohmic/model/transformer.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic::model;
using ohmic_test::check_failure;
using ohmic_test::failure;
namespace fs = std::filesystem;

/// Where examples/models/use-lite/fetch.sh puts the model; empty if it is not there.
fs::path published_folder() {
  char const *const data = std::getenv("OHMIC_DATA"), *const cache = std::getenv("XDG_CACHE_HOME"),
                    *const home = std::getenv("HOME");
  fs::path const base = data != nullptr    ? fs::path(data)
                        : cache != nullptr ? fs::path(cache) / "ohmic"
                                           : fs::path(home != nullptr ? home : "/") / ".cache/ohmic";
  return fs::exists(base / "use-lite/model.json") ? base / "use-lite" : fs::path();
}

std::string raw(std::vector<float> const& values) { return ohmic_test::raw_bytes(values); }

/// A model.json of one group with two tensors in two shards.
struct tiny_tfjs {
  nlohmann::json weights = nlohmann::json::array({{{"name", "m"}, {"shape", {1, 2, 3}}, {"dtype", "float32"}},
                                                  {{"name", "v"}, {"shape", {2}}, {"dtype", "float32"}}});
  nlohmann::json paths = {"one", "two"};
  std::string one = raw({1, 2, 3, 4}), two = raw({5, 6, 7, 8});

  [[nodiscard]] ohmic::error failure_of_reading() const {
    return failure([&] { static_cast<void>(read()); });
  }
  [[nodiscard]] std::pair<ohmic::matrix<float>, std::vector<float>> read() const {
    ohmic_test::temporary_folder const f;
    f.write("model.json", nlohmann::json{{"weightsManifest", {{{"paths", paths}, {"weights", weights}}}}}.dump());
    f.write("one", one);
    f.write("two", two);
    tfjs_weights const w(f.path() / "model.json");
    return {w.read_matrix("m", 2, 3), w.read_vector("v", 2)};
  }
};

std::vector<scored_piece> const vocabulary = {{"?", 0}, {"1", 0},   {"2", 0},  {"3", 0},   {"4", 0},
                                              {"5", 0}, {"a", -2},  {"b", -2}, {"ab", -4}, {"\xE2\x96\x81", -1},
                                              {"c", 0}, {"abb", -9}};

}  // namespace

TEST_CASE("the published sentence encoder gives its golden ids and embeddings") {
  auto const folder = published_folder();
  if (folder.empty()) {
    WARN(
        "skipped: the Universal Sentence Encoder lite is not there; bash examples/models/use-lite/fetch.sh fetches it");
    return;
  }
  auto const m = read_sentence_encoder(folder);
  auto const tokenizer = read_unigram(folder / "vocab.json");
  fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto const golden = nlohmann::json::parse(std::ifstream(OHMIC_SOURCE_DIR "/tests/golden/use_lite.json"));
  retrieve_task const task({}, {});
  constexpr double tolerance = 2e-6;  // the golden values have 8 decimals and were added up in another order
  for (auto const& sentence : golden) {
    auto const ids = tokenizer.encode(sentence["text"].get<std::string>());
    CHECK(ids == sentence["ids"].get<std::vector<std::int32_t>>());
    fp32_engine e(weights);
    auto const got = task.answer_of(0, forward(e, m, ids));
    auto const want = sentence["embedding"].get<std::vector<double>>();
    REQUIRE(got.size() == want.size());
    double worst = 0.0;
    for (std::size_t i = 0; i < want.size(); ++i)
      worst = std::max(worst, std::fabs(static_cast<double>(got[i]) - want[i]));
    CHECK(worst < tolerance);
  }
  fp32_engine e(weights);
  auto const fox = task.answer_of(0, forward(e, m, tokenizer.encode("the fox jumped over the lazy dog")));
  double const published[] = {0.0087370, -0.0642598, -0.0231352, -0.0439296, 0.0108330, 0.0634542};
  for (std::size_t i = 0; i < 6; ++i) CHECK(std::fabs(static_cast<double>(fox[i]) - published[i]) < tolerance);
}

TEST_CASE("the unigram tokenizer takes the best split, of equal ones the later") {
  unigram const t(vocabulary);
  CHECK(t.encode("").empty());
  CHECK(t.encode("ab") == std::vector<std::int32_t>{9, 6, 7});  // a + b as good as ab, and ends with the later start
  CHECK(t.encode("a b") == std::vector<std::int32_t>{9, 6, 9, 7});
}

TEST_CASE("the unigram tokenizer makes one id 0 of a run of unknown characters, and counts a score of null as 0") {
  unigram const t(vocabulary);
  CHECK(t.encode("xyz") == std::vector<std::int32_t>{9, 0});
  ohmic_test::temporary_folder const f;
  nlohmann::json list = nlohmann::json::array();
  for (auto const& p : vocabulary) list.push_back({p.text, p.text == "c" ? nlohmann::json() : nlohmann::json(p.score)});
  f.write("vocab.json", list.dump());
  CHECK(read_unigram(f.path() / "vocab.json").encode("ac") == t.encode("ac"));
}

TEST_CASE("a damaged unigram vocabulary is refused") {
  ohmic_test::temporary_folder const f;
  auto const read = [&](std::string const& text) {
    f.write("vocab.json", text);
    return failure([&] { static_cast<void>(read_unigram(f.path() / "vocab.json")); });
  };
  check_failure(read("{}"), ohmic::errc::file_format, {"vocab.json", "list"});
  check_failure(read("[[\"a\","), ohmic::errc::file_format, {"list"});
  check_failure(read("[[\"a\", \"b\"]]"), ohmic::errc::file_format, {"entry 0"});
  check_failure(read("[[\"a\", 1]]"), ohmic::errc::file_format, {"empty"});
  nlohmann::json long_piece = nlohmann::json::array();
  for (int i = 0; i < 6; ++i) long_piece.push_back({std::to_string(i), 0});
  long_piece.push_back({std::string(257, 'a'), -1});
  check_failure(read(long_piece.dump()), ohmic::errc::capacity, {"piece 6", "257 bytes"});
}

TEST_CASE("text that is not UTF-8 has no tokens") {
  check_failure(failure([] { static_cast<void>(unigram(vocabulary).encode("a\xFF")); }), ohmic::errc::value,
                {"normalised"});
}

TEST_CASE("tfjs weights are read across shards") {
  auto const [m, v] = tiny_tfjs().read();
  CHECK(m(1, 2) == 6.0f);
  CHECK(v == std::vector<float>{7, 8});
}

TEST_CASE("damaged tfjs shards are refused") {
  tiny_tfjs shorter, longer, missing, outside, repeated, many, twice, quantised, shape, nan;
  shorter.two.resize(12);
  check_failure(shorter.failure_of_reading(), ohmic::errc::file_truncated, {"28 bytes", "32 bytes"});
  longer.one += "more";
  check_failure(longer.failure_of_reading(), ohmic::errc::file_truncated, {"36 bytes", "32 bytes"});
  missing.paths = {"one", "three"};
  check_failure(missing.failure_of_reading(), ohmic::errc::file_missing, {"three"});
  outside.paths = {"../one", "two"};
  check_failure(outside.failure_of_reading(), ohmic::errc::file_format, {"../one", "plain file name"});
  repeated.paths = {"one", "two", "one"};
  check_failure(repeated.failure_of_reading(), ohmic::errc::file_format, {"key 'paths'", "'one'", "twice"});
  for (int i = 0; i < 5; ++i)
    many.weights.push_back({{"name", std::to_string(i)}, {"shape", {std::uint64_t{1} << 28}}, {"dtype", "float32"}});
  check_failure(many.failure_of_reading(), ohmic::errc::capacity, {"too many weights", "all groups"});
  twice.weights[1]["name"] = "m";
  check_failure(twice.failure_of_reading(), ohmic::errc::file_format, {"twice"});
  quantised.weights[0]["quantization"] = {{"dtype", "uint8"}};
  check_failure(quantised.failure_of_reading(), ohmic::errc::file_format, {"quantised"});
  shape.weights[0]["shape"] = {3, 2};
  check_failure(shape.failure_of_reading(), ohmic::errc::shape, {"3 x 2", "2 x 3"});
  nan.one = raw({1, std::nanf(""), 3, 4});
  check_failure(nan.failure_of_reading(), ohmic::errc::value, {"element 1", "NaN"});
}

TEST_CASE("a tfjs shard belongs to one group") {
  ohmic_test::temporary_folder const f;
  auto const group = [](char const* name, char const* shard) {
    return nlohmann::json{{"paths", {shard}}, {"weights", {{{"name", name}, {"shape", {2}}, {"dtype", "float32"}}}}};
  };
  f.write("one", raw({1, 1}));
  f.write("two", raw({2, 2}));
  auto const read = [&](char const* second) {
    f.write("model.json", nlohmann::json{{"weightsManifest", {group("a", "one"), group("b", second)}}}.dump());
    return tfjs_weights(f.path() / "model.json").read_vector("b", 2);
  };
  CHECK(read("two") == std::vector<float>{2, 2});
  check_failure(failure([&] { static_cast<void>(read("one")); }), ohmic::errc::file_format, {"'one'", "twice"});
}

TEST_CASE("a sentence encoder made by hand is checked part by part") {
  auto const after = [&](auto change) {
    sentence_encoder m = ohmic_test::tiny_sentence_encoder();
    change(m);
    return failure([&] { validate(m, "mine"); });
  };
  validate(ohmic_test::tiny_sentence_encoder());
  check_failure(after([](sentence_encoder& m) { m.frequencies.pop_back(); }), ohmic::errc::shape,
                {"mine", "frequencies", "3 x 1", "4 x 1"});
  check_failure(after([](sentence_encoder& m) { m.layers[0].residual = {}; }), ohmic::errc::shape,
                {"layers[0].residual.weight", "0 x 0", "12 x 8"});
  check_failure(after([](sentence_encoder& m) { m.layers[1].attention_norm.gamma.push_back(1.0f); }),
                ohmic::errc::shape, {"layers[1].attention_norm.gamma"});
  check_failure(after([](sentence_encoder& m) { m.head.bias.pop_back(); }), ohmic::errc::shape, {"head.bias"});
  check_failure(after([](sentence_encoder& m) { m.head.weight = ohmic::matrix<float>(3, 12); }), ohmic::errc::shape,
                {"head.weight", "3 x 12", "12 x 12"});
  check_failure(after([](sentence_encoder& m) {
                  m.layers[1].intermediate = {ohmic::matrix<float>(0, 12), {}};
                  m.layers[1].output = {ohmic::matrix<float>(12, 0), {}};
                }),
                ohmic::errc::config_value, {"layers[1].hidden", "got 0"});
  check_failure(after([](sentence_encoder& m) { m.config.heads = 3; }), ohmic::errc::config_conflict,
                {"heads does not divide"});
  check_failure(after([](sentence_encoder& m) { m.config.embedding = 7; }), ohmic::errc::config_conflict,
                {"embedding is odd"});
}
