#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/text/wordpiece.hpp"

namespace model = ohmic::model;
using ohmic::errc;
using namespace ohmic_test;
using ids = std::vector<std::int32_t>;

namespace {
std::string const wordnet = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet";

// Ids: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, then in order from 4.
std::vector<std::string> const few_pieces{"[PAD]", "[UNK]",  "[CLS]", "[SEP]", "un", "##aff",  "##able",
                                          "##a",   "unaffa", "a",     "##aa",  ",",  "\u00e9", "##\u00e9\u00e9"};

model::wordpiece tokenizer(std::size_t max_length = 64, model::basic_token_config basic = {}) {
  model::wordpiece_config config;
  config.basic = basic;
  config.max_length = max_length;
  return {few_pieces, config};
}

ids inner(model::wordpiece const& t, std::string const& text) {
  ids const all = t.encode(text).ids;
  REQUIRE(all.size() >= 2);
  CHECK(all.front() == 2);
  CHECK(all.back() == 3);
  return {all.begin() + 1, all.end() - 1};
}

std::string const vocab_text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n";

/// What reading a tokenizer of these files says.
ohmic::error read_failure(std::string const& vocab, std::string const& config, model::bert_config const& m = {}) {
  temporary_folder const folder;
  folder.write("vocab.txt", vocab);
  folder.write("tokenizer_config.json", config);
  return failure([&] { (void)model::read_wordpiece(folder.path(), m); });
}

model::wordpiece_config read_config(std::string const& text, std::size_t positions = 512) {
  temporary_folder const folder;
  return model::read_wordpiece_config(folder.write("tokenizer_config.json", text), positions);
}
}  // namespace

TEST_CASE("bert-wordnet's golden ids and pieces are met exactly") {
  model::bert_config const config = model::read_bert_config(wordnet + "/config.json").first;
  model::wordpiece const t = model::read_wordpiece(wordnet, config);
  CHECK(t.size() == 4000);
  CHECK(t.config().max_length == 64);
  nlohmann::json const golden = nlohmann::json::parse(read_bytes(wordnet + "/golden.json"));
  std::size_t texts = 0;
  for (auto const& text : golden.at("texts")) {
    model::encoded_text const got = t.encode(text.at("text").get<std::string>());
    INFO(text.at("text"));
    CHECK(got.ids == text.at("ids").get<ids>());
    CHECK_FALSE(got.truncated);
    std::vector<std::string> pieces;
    for (std::int32_t const id : got.ids) pieces.push_back(t.piece(id));
    CHECK(pieces == text.at("pieces").get<std::vector<std::string>>());
    ++texts;
  }
  CHECK(texts == 20);
}

TEST_CASE("14 of the 3000 test texts are too long for bert-wordnet, none has an unknown word") {
  model::bert_config const config = model::read_bert_config(wordnet + "/config.json").first;
  model::wordpiece const t = model::read_wordpiece(wordnet, config);
  std::size_t truncated = 0, unknown = 0, n = 0;
  for (auto const& d : model::read_labelled(wordnet + "/test.tsv")) {
    model::encoded_text const e = t.encode(d.text);
    model::check_ids(e.ids, config.vocabulary, "test.tsv");
    truncated += e.truncated ? 1 : 0;
    for (std::int32_t const id : e.ids) unknown += id == 1 ? 1 : 0;
    ++n;
  }
  CHECK(n == 3000);
  CHECK(truncated == 14);
  CHECK(unknown == 0);
}

TEST_CASE("the longest piece is taken first, also where a shorter one would lead further") {
  model::wordpiece const t = tokenizer();
  CHECK(inner(t, "unaffable") == ids{1});  // unaffa, then ##ble has no piece
  CHECK(inner(t, "unaff") == ids{4, 5});   // un ##aff
  CHECK(inner(t, "unable") == ids{4, 6});  // un ##able
  CHECK(inner(t, "UNAFFA, unaffaa") == ids{8, 11, 8, 7});
  CHECK(inner(t, "aaaa") == ids{9, 10, 7});  // a ##aa ##a
}

TEST_CASE("a word of which some part has no piece is unknown as a whole") {
  model::wordpiece const t = tokenizer();
  CHECK(inner(t, "unx a") == ids{1, 9});
  CHECK(inner(t, "aff") == ids{1});  // only a continuation has that name
  CHECK(inner(t, "\U0001F600") == ids{1});
}

TEST_CASE("pieces never end within a character") {
  model::wordpiece const t = tokenizer(64, {true, false, true});
  CHECK(inner(t, "\u00e9\u00e9\u00e9") == ids{12, 13});
  CHECK(inner(t, "\u00e9\u00e9") == ids{1});  // ##e-acute alone has no piece
  CHECK(inner(t, "\u00e8") == ids{1});        // shares its first byte with a piece
}

TEST_CASE("a word of 100 characters is split, one of 101 is unknown") {
  model::wordpiece const t = tokenizer(300, {true, false, true});
  CHECK(inner(t, std::string(100, 'a')).size() == 51);  // a, 49 ##aa, ##a
  CHECK(inner(t, std::string(101, 'a')) == ids{1});
  std::string accents;
  for (int i = 0; i < 99; ++i) accents += "\u00e9";
  CHECK(inner(t, accents).size() == 50);  // characters are counted, not bytes
  CHECK(inner(t, accents + "\u00e9\u00e9") == ids{1});
  // Characters that vanish do not count.
  CHECK(inner(t, std::string(100, 'a') + "\u200b").size() == 51);
}

TEST_CASE("names of special tokens inside a text are text") { CHECK(inner(tokenizer(), "[SEP]") == ids{1, 1, 1}); }

TEST_CASE("texts that are too long keep their first pieces, or are refused") {
  model::wordpiece const t = tokenizer(5);
  CHECK(t.encode("a a a") == model::encoded_text{{2, 9, 9, 9, 3}, false});
  CHECK(t.encode("a a a ,") == model::encoded_text{{2, 9, 9, 9, 3}, true});
  CHECK(t.encode("a a unaff") == model::encoded_text{{2, 9, 9, 4, 3}, true});  // cut within a word
  CHECK(t.encode("") == model::encoded_text{{2, 3}, false});
  CHECK(t.encode("a a a", model::long_text::refuse).ids.size() == 5);
  check_failure(failure([&] { (void)t.encode("a a a a", model::long_text::refuse, "test.tsv, line 3"); }),
                errc::capacity,
                {"test.tsv, line 3", "more pieces than the model has positions", "5 with [CLS] and [SEP]"});
}

TEST_CASE("a vocabulary that is empty, repeats itself or lacks a special token is refused") {
  check_failure(read_failure("", "{}"), errc::file_format, {"vocab.txt", "vocabulary is empty"});
  check_failure(read_failure(vocab_text + "a\n", "{}"), errc::file_format,
                {"vocab.txt, line 7", "piece 'a' is given twice", "line 5"});
  check_failure(read_failure(vocab_text + "\nc\n", "{}"), errc::file_format, {"vocab.txt, line 7", "piece is empty"});
  check_failure(read_failure(vocab_text + "\xff\n", "{}"), errc::file_format, {"line 7", "not UTF-8", R"('\xff')"});
  check_failure(read_failure("[UNK]\n[CLS]\na\n", "{}"), errc::missing_entry,
                {"vocab.txt", "special token '[SEP]' (sep_token) is missing"});
  check_failure(read_failure("[SEP]\n[CLS]\na\n", "{}"), errc::missing_entry, {"'[UNK]' (unk_token)"});
  check_failure(read_failure("[SEP]\n[UNK]\na\n", "{}"), errc::missing_entry, {"'[CLS]' (cls_token)"});
  check_failure(read_failure(vocab_text, R"({"cls_token":"<s>"})"), errc::missing_entry, {"'<s>' (cls_token)"});
  temporary_folder const folder;
  check_failure(failure([&] { (void)model::read_wordpiece(folder.path(), {}); }), errc::file_missing,
                {"vocab.txt", "no such file"});
}

TEST_CASE("a vocabulary with more pieces than the model has rows is refused, fewer are fine") {
  model::bert_config m;
  m.vocabulary = 5;
  check_failure(read_failure(vocab_text, "{}", m), errc::config_conflict,
                {"vocab.txt", "6 pieces", "at most 5 (vocab_size of the model)"});
  m.vocabulary = 8;
  temporary_folder const folder;
  folder.write("vocab.txt", "[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\nb");  // CRLF, no line end at the end
  folder.write("tokenizer_config.json", "{}");
  model::wordpiece const t = model::read_wordpiece(folder.path(), m);
  CHECK(t.size() == 6);
  CHECK(t.encode("b A").ids == ids{2, 5, 4, 3});
  CHECK(t.piece(4) == "a");
  temporary_folder const bare;  // without settings: their defaults, as transformers has them
  bare.write("vocab.txt", vocab_text);
  m.positions = 4;
  CHECK(model::read_wordpiece(bare.path(), m).encode("b A b a").ids.size() == 4);
  CHECK(model::read_wordpiece(bare.path(), m).encode("A").ids == model::read_wordpiece(bare.path(), m).encode("a").ids);
  check_failure(failure([&] { (void)t.piece(6); }), errc::value, {"token id out of range", "got 6", "0 to 5"});
}

TEST_CASE("accents follow lower case unless strip_accents says otherwise") {
  auto const accents = [](std::string const& text) { return read_config(text).basic.strip_accents; };
  CHECK(accents("{}"));
  CHECK(accents(R"({"do_lower_case":true,"strip_accents":null})"));
  CHECK_FALSE(accents(R"({"do_lower_case":false})"));
  CHECK_FALSE(accents(R"({"do_lower_case":false,"strip_accents":null})"));
  CHECK_FALSE(accents(R"({"strip_accents":false})"));
  CHECK(accents(R"({"do_lower_case":false,"strip_accents":true})"));
  CHECK_FALSE(read_config(R"({"do_lower_case":false})").basic.lower_case);
  CHECK_FALSE(read_config(R"({"tokenize_chinese_chars":false})").basic.space_ideographs);
}

TEST_CASE("the length limit is the smaller of model_max_length and the positions") {
  auto const limit = [](std::string const& text) { return read_config(text, 512).max_length; };
  CHECK(limit("{}") == 512);
  CHECK(limit(R"({"model_max_length":null})") == 512);
  CHECK(limit(R"({"model_max_length":64})") == 64);
  CHECK(limit(R"({"model_max_length":1024})") == 512);
  CHECK(limit(R"({"model_max_length":1000000000000000019884624838656})") == 512);  // how Hugging Face writes "none"
  CHECK(limit(R"({"model_max_length":1e30})") == 512);
}

TEST_CASE("special tokens are strings or objects with a content") {
  auto const c =
      read_config(R"({"cls_token":{"__type":"AddedToken","content":"<s>","lstrip":false},"sep_token":"</s>"})");
  CHECK(c.first == "<s>");
  CHECK(c.last == "</s>");
  CHECK(c.unknown == "[UNK]");
}

TEST_CASE("tokenizer settings that are broken or change the tokenizer are refused by name") {
  auto const fails = [](std::string const& text, errc code, std::string const& key, std::vector<std::string> parts) {
    INFO(text);
    parts.push_back("tokenizer_config.json, key '" + key + "'");
    check_failure(read_failure(vocab_text, text), code, parts);
  };
  fails(R"({"do_lower_case":1})", errc::file_format, "do_lower_case", {"got 1", "true or false"});
  fails(R"({"strip_accents":"no"})", errc::file_format, "strip_accents", {"\"no\""});
  fails(R"({"model_max_length":2})", errc::config_value, "model_max_length", {"got 2", "3 to"});
  fails(R"({"model_max_length":-1})", errc::config_value, "model_max_length", {"got -1"});
  fails(R"({"model_max_length":64.5})", errc::file_format, "model_max_length", {"64.5", "a whole number"});
  fails(R"({"model_max_length":"64"})", errc::file_format, "model_max_length", {"a whole number"});
  fails(R"({"unk_token":5})", errc::file_format, "unk_token", {"got 5", "a string"});
  fails(R"({"unk_token":{"content":5}})", errc::file_format, "unk_token", {"got 5", "a string"});
  fails(R"({"tokenizer_class":"BertJapaneseTokenizer"})", errc::config_value, "tokenizer_class",
        {"'BertJapaneseTokenizer'", "'BertTokenizer'"});
  fails(R"({"do_basic_tokenize":false})", errc::config_value, "do_basic_tokenize", {"got false"});
  fails(R"({"never_split":["x"]})", errc::config_value, "never_split", {"absent or empty"});
  fails(R"({"truncation_side":"left"})", errc::config_value, "truncation_side", {"'left'", "'right'"});
  check_failure(read_failure(vocab_text, "{"), errc::file_format, {"tokenizer_config.json", "broken JSON"});
  model::bert_config tiny;
  tiny.positions = 2;
  check_failure(read_failure(vocab_text, "{}", tiny), errc::config_value, {"max_length leaves no room", "got 2"});
}

namespace {
/// bert-wordnet's tokenizer in the form of tokenizer.json.
nlohmann::json json_tokenizer(std::vector<std::string> const& pieces) {
  nlohmann::json vocabulary;
  for (std::size_t i = 0; i < pieces.size(); ++i) vocabulary[pieces[i]] = i;
  auto const special = [](char const* id) { return nlohmann::json{{"SpecialToken", {{"id", id}, {"type_id", 0}}}}; };
  nlohmann::json const text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  return {
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"}, {"single", nlohmann::json::array({special("[CLS]"), text, special("[SEP]")})}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", vocabulary}}}};
}
}  // namespace

TEST_CASE("tokenizer.json with WordPiece gives the ids of vocab.txt") {
  model::bert_config const config = model::read_bert_config(wordnet + "/config.json").first;
  model::wordpiece const lines = model::read_wordpiece(wordnet, config);
  std::vector<std::string> pieces;
  for (std::size_t i = 0; i < lines.size(); ++i) pieces.push_back(lines.piece(static_cast<std::int32_t>(i)));
  temporary_folder const folder;
  auto tokenizer = json_tokenizer(pieces);
  folder.write("tokenizer.json", tokenizer.dump());
  model::wordpiece const json = model::read_wordpiece(folder.path(), config);
  tokenizer["post_processor"] = {{"type", "BertProcessing"}, {"sep", {"[SEP]", 3}}, {"cls", {"[CLS]", 2}}};
  model::wordpiece const other =
      model::read_wordpiece_json(folder.write("other.json", tokenizer.dump()), config.positions);
  std::size_t n = 0;
  for (auto const& t : model::read_labelled(wordnet + "/test.tsv")) {
    if (++n > 200) break;
    CHECK(json.encode(t.text) == lines.encode(t.text));
    CHECK(other.encode(t.text) == lines.encode(t.text));
  }
  CHECK(json.encode("\u00c9tude of 5 na\u00efve \u4e2d caf\u00e9s") ==
        lines.encode("\u00c9tude of 5 na\u00efve \u4e2d caf\u00e9s"));
}

TEST_CASE("a tokenizer_config.json beside tokenizer.json bounds texts, and its rules of basic tokens count") {
  auto const read = [](char const* settings, bool lower_case = true) {
    auto tokenizer = json_tokenizer(few_pieces);
    tokenizer["normalizer"]["lowercase"] = lower_case;
    tokenizer["truncation"] = {{"max_length", 16}, {"direction", "Right"}};
    temporary_folder const folder;
    folder.write("tokenizer.json", tokenizer.dump());
    if (settings != nullptr) folder.write("tokenizer_config.json", settings);
    return model::read_wordpiece(folder.path(), {}).config();
  };
  CHECK(read(nullptr).max_length == 16);
  CHECK(read(R"({"model_max_length":8})").max_length == 8);
  CHECK(read(R"({"model_max_length":64})").max_length == 64);  // what a run left behind in the file cuts nothing
  CHECK(read(R"({"model_max_length":1e30})").max_length == model::bert_config{}.positions);
  CHECK_FALSE(read(nullptr, false).basic.lower_case);
  CHECK(read("{}", false).basic.lower_case);
  CHECK_FALSE(read(R"({"tokenizer_class":"PreTrainedTokenizerFast"})", false).basic.lower_case);
  CHECK_FALSE(read(R"({"tokenizer_class":"TokenizersBackend"})", false).basic.lower_case);
  auto const cased = read(R"({"do_lower_case":false,"tokenizer_class":"BertTokenizer"})").basic;
  CHECK_FALSE(cased.lower_case);
  CHECK_FALSE(cased.strip_accents);
  CHECK_FALSE(read(R"({"strip_accents":false})").basic.strip_accents);
  CHECK_FALSE(read(R"({"tokenize_chinese_chars":false})").basic.space_ideographs);
  check_failure(failure([&] { (void)read(R"({"model_max_length":2})"); }), errc::config_value, {"model_max_length"});
  check_failure(failure([&] { (void)read(R"({"truncation_side":"left"})"); }), errc::config_value, {"truncation_side"});
}

TEST_CASE("a tokenizer.json that is no BERT's is refused by key") {
  auto const with = [](auto const& spoil) {
    auto tokenizer = json_tokenizer(few_pieces);
    spoil(tokenizer);
    temporary_folder const folder;
    folder.write("tokenizer.json", tokenizer.dump());
    return failure([&] { (void)model::read_wordpiece(folder.path(), {}); });
  };
  check_failure(with([](auto& t) { t["model"]["type"] = "Unigram"; }), errc::config_value, {"model.type", "WordPiece"});
  check_failure(with([](auto& t) { t["model"]["continuing_subword_prefix"] = ""; }), errc::config_value, {"prefix"});
  check_failure(with([](auto& t) { t["normalizer"]["clean_text"] = false; }), errc::config_value, {"clean_text"});
  check_failure(with([](auto& t) { t["normalizer"]["type"] = "NFC"; }), errc::config_value, {"normalizer.type"});
  check_failure(with([](auto& t) { t["pre_tokenizer"]["type"] = "Whitespace"; }), errc::config_value,
                {"pre_tokenizer"});
  check_failure(with([](auto& t) { t["post_processor"]["single"].erase(2); }), errc::config_value, {"post_processor"});
  check_failure(with([](auto& t) { t["post_processor"]["single"][0] = 3; }), errc::config_value, {"single"});
  check_failure(with([](auto& t) { t["post_processor"]["type"] = "BertProcessing"; }), errc::file_format, {"cls"});
  check_failure(with([](auto& t) { t["model"]["vocab"]["a"] = 3; }), errc::file_format, {"given twice"});
  check_failure(with([](auto& t) { t["model"]["vocab"]["zz"] = 99; }), errc::file_format, {"piece is empty"});
  check_failure(with([](auto& t) { t["model"]["vocab"]["a"] = -1; }), errc::file_format, {"an id"});
  check_failure(with([](auto& t) { t["truncation"] = {{"max_length", 1}}; }), errc::config_value, {"max_length"});
  check_failure(with([](auto& t) { t["model"]["max_input_chars_per_word"] = 257; }), errc::config_value,
                {"max_input_chars_per_word", "256"});
  check_failure(with([](auto& t) { t.erase("post_processor"); }), errc::missing_entry, {"post_processor"});
  check_failure(with([](auto& t) {
                  t["truncation"] = {{"max_length", 8}, {"direction", "Left"}};
                }),
                errc::config_value, {"truncation.direction", "'Left'", "'Right'"});
  auto const with_id = [](nlohmann::json const& cls) {
    return [=](auto& t) { t["post_processor"] = {{"type", "BertProcessing"}, {"sep", {"[SEP]", 2}}, {"cls", cls}}; };
  };
  auto const last = [](auto& t) { return t["model"]["vocab"]["[SEP]"].template get<int>(); };
  check_failure(with([&](auto& t) {
                  with_id(nlohmann::json{"[CLS]", last(t)})(t);
                }),
                errc::file_format, {"post_processor.cls", "'[CLS]'", "that is '[SEP]'"});
  check_failure(with([&](auto& t) {
                  with_id(nlohmann::json{"[CLS]", 4000})(t);
                }),
                errc::file_format, {"post_processor.cls", "4000", "an id of the vocabulary"});
  check_failure(with([&](auto& t) {
                  t["post_processor"]["special_tokens"] = {{"[CLS]", {{"ids", {last(t)}}}}};
                }),
                errc::file_format, {"special_tokens", "that is '[SEP]'"});
  check_failure(with([&](auto& t) {
                  t["post_processor"]["special_tokens"] = {{"[CLS]", {{"ids", {1, 2}}}}};
                }),
                errc::file_format, {"special_tokens", "not one id for '[CLS]'"});
}

TEST_CASE("a vocabulary ends at its first blank line, and begins with no byte order mark") {
  check_failure(read_failure(std::string(30'000'000, '\n'), "{}"), errc::file_format, {"vocab.txt, line 1", "empty"});
  check_failure(read_failure("[UNK]\n[CLS]\r\n\r\n[SEP]\n", "{}"), errc::file_format, {"vocab.txt, line 3", "empty"});
  check_failure(read_failure("\xEF\xBB\xBF[PAD]\n[UNK]\n[CLS]\n[SEP]\n", "{}"), errc::file_format,
                {"vocab.txt, line 1", "byte order mark"});
}
