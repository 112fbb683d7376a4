// Byte pair encoding by ranked merges, the words of the published patterns, and tokenizer.json.
#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/text/tokenizer_json.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace {

using namespace ohmic::model;
using ohmic::errc;
using ohmic_test::check_failure;
using ohmic_test::failure;
using merge_list = std::vector<std::pair<std::string, std::string>>;
using token_ids = std::vector<std::int32_t>;

/// The definition: of all neighbours the pair of the first merge, the leftmost, until none is left.
std::vector<std::string> merged_by_definition(std::string const& word, merge_list const& merges) {
  std::vector<std::string> parts;
  for (char const c : word) parts.emplace_back(1, c);
  for (;;) {
    std::size_t best = merges.size(), where = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
      for (std::size_t r = 0; r < best; ++r)
        if (merges[r].first == parts[i] && merges[r].second == parts[i + 1]) best = r, where = i;
    if (best == merges.size()) return parts;
    parts[where] += parts[where + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

std::vector<std::string> cut(std::string_view text, word_pattern pattern) {
  std::vector<std::string> out;
  for (auto const w : word_cutter(text, pattern).words()) out.emplace_back(w);
  return out;
}
using words_list = std::vector<std::string>;

/// A tokenizer of SentencePiece's form: unknown, begin, end, all bytes, the mark, letters, two merges.
nlohmann::json sentencepiece_form() {
  nlohmann::json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (unsigned b = 0; b < 256; ++b) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", b);
    vocab[name] = 3 + b;
  }
  int next = 259;
  for (std::string const piece : {"\xE2\x96\x81", "a", "b", "ab",
                                  "\xE2\x96\x81"
                                  "ab"})
    vocab[piece] = next++;
  nlohmann::json const bos = {{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}},
                       text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  return {{"added_tokens",
           {{{"id", 0}, {"content", "<unk>"}, {"special", true}},
            {{"id", 1}, {"content", "<s>"}, {"special", true}},
            {{"id", 2}, {"content", "</s>"}, {"special", true}}}},
          {"normalizer",
           {{"type", "Sequence"},
            {"normalizers",
             {{{"type", "Prepend"}, {"prepend", "\xE2\x96\x81"}},
              {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\xE2\x96\x81"}}}}}},
          {"pre_tokenizer", nullptr},
          {"post_processor",
           {{"type", "TemplateProcessing"},
            {"single", {bos, text}},
            {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}}}}}},
          {"model",
           {{"type", "BPE"},
            {"byte_fallback", true},
            {"fuse_unk", true},
            {"unk_token", "<unk>"},
            {"vocab", vocab},
            {"merges", {"a b", "\xE2\x96\x81 ab"}}}}};
}

/// Bytes as their characters, "he" and "Gh" (a space and an h) merged.
nlohmann::json byte_level_form() {
  nlohmann::json vocab;
  int next = 0;
  for (std::string const piece : {"h", "e", "!", "\xC4\xA0", "he", "\xC4\xA0he", "\xC3\x83", "\xC2\xA9"})
    vocab[piece] = next++;
  return {{"added_tokens", {{{"id", 8}, {"content", "<|end|>"}, {"special", true}}}},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"model",
           {{"type", "BPE"},
            {"vocab", vocab},
            {"merges",
             nlohmann::json::array({nlohmann::json::array({"h", "e"}), nlohmann::json::array({"\xC4\xA0", "he"})})}}}};
}

bpe_tokenizer read(nlohmann::json const& j, nlohmann::json const& settings = nullptr) {
  ohmic_test::temporary_folder const folder;
  return read_tokenizer_json(folder.write("tokenizer.json", j.dump()),
                             settings.is_null() ? "" : folder.write("tokenizer_config.json", settings.dump()));
}

}  // namespace

TEST_CASE("byte pairs are those of the definition, for random merges and words") {
  std::uint32_t state = 7;
  auto const draw = [&](std::uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
  };
  for (int trial = 0; trial < 40; ++trial) {
    std::vector<std::string> pieces{"a", "b", "c"};
    merge_list merges;
    for (int i = 0; i < 12; ++i) {
      auto const left = pieces[draw(static_cast<std::uint32_t>(pieces.size()))],
                 right = pieces[draw(static_cast<std::uint32_t>(pieces.size()))];
      if (std::find(pieces.begin(), pieces.end(), left + right) != pieces.end()) continue;
      merges.emplace_back(left, right);
      pieces.push_back(left + right);
    }
    byte_pairs const pairs(pieces, merges, {}, "test");
    for (int w = 0; w < 20; ++w) {
      std::string word;
      for (std::uint32_t n = draw(24); n > 0; --n) word.push_back(static_cast<char>('a' + draw(3)));
      token_ids ids;
      pairs.encode(word, ids);
      std::vector<std::string> got;
      for (auto id : ids) got.emplace_back(pairs.piece(id));
      CAPTURE(trial, word);
      CHECK(got == merged_by_definition(word, merges));
    }
  }
}

TEST_CASE("texts are cut into the words of GPT-2's pattern") {
  CHECK(cut("Hello, world!  It's 12a", word_pattern::gpt2) ==
        words_list{"Hello", ",", " world", "!", " ", " It", "'s", " 12", "a"});
  CHECK(cut("a\n\n b  ", word_pattern::gpt2) == words_list{"a", "\n\n", " b", "  "});
  CHECK(cut("we'll WE'LL", word_pattern::gpt2) == words_list{"we", "'ll", " WE", "'", "LL"});
  CHECK(cut("", word_pattern::gpt2).empty());
}

TEST_CASE("texts are cut into the words of Llama 3 and Qwen2") {
  CHECK(cut("x=1234 (abc)", word_pattern::llama3) == words_list{"x", "=", "123", "4", " (", "abc", ")"});
  CHECK(cut("x=12 .a", word_pattern::qwen2) == words_list{"x", "=", "1", "2", " .", "a"});
  CHECK(cut("WE'LL go\n\n  on;\n", word_pattern::llama3) == words_list{"WE", "'LL", " go", "\n\n", " ", " on", ";\n"});
  CHECK(cut("a  \n b", word_pattern::llama3) == words_list{"a", "  \n", " b"});
}

TEST_CASE("nothing of a text is lost between words, whatever its bytes") {
  std::string text;
  for (int i = 0; i < 600; ++i) text.push_back(static_cast<char>(i * 7919 % 256));
  for (auto pattern : {word_pattern::gpt2, word_pattern::llama3, word_pattern::qwen2}) {
    std::string all;
    for (auto const& w : cut(text, pattern)) all += w;
    CHECK(all == text);
  }
}

TEST_CASE("tokenizer.json of SentencePiece's form: marks, bytes for what is no piece, the first id") {
  auto const t = read(sentencepiece_form());
  CHECK(t.size() == 264);
  CHECK(t.begin() == token_ids{1});
  CHECK(t.encode("ab") == token_ids{263});              // the mark in front merges with ab
  CHECK(t.encode("b ab") == token_ids{259, 261, 263});  // mark, b, mark and ab
  CHECK(t.encode("a\xC3\xA9") == token_ids{259, 260, 3 + 0xC3, 3 + 0xA9});
  CHECK(t.encode(" ab") == token_ids{259, 263});                  // one more mark
  CHECK(t.encode("a</s>b") == token_ids{259, 260, 2, 259, 261});  // each part has a mark
  for (std::string const text : {"ab", "b ab", "a\xC3\xA9 b", " a", ""}) CHECK(t.decode(t.encode(text)) == text);
  CHECK(t.decode(token_ids{1, 263, 2}) == "ab");
}

TEST_CASE("a Metaspace puts a mark in front of what begins with none: of the first part, or of each") {
  auto const with = [](nlohmann::json const& more) {
    auto j = sentencepiece_form();
    j["normalizer"] = nullptr;
    j["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"split", false}};
    j["pre_tokenizer"].update(more);
    return read(j);
  };
  for (nlohmann::json const& more :
       {nlohmann::json{{"prepend_scheme", "always"}}, {{"add_prefix_space", true}}, nlohmann::json::object()}) {
    auto const t = with(more);
    CHECK(t.encode("ab") == token_ids{263});
    CHECK(t.encode(" ab") == token_ids{263});
    CHECK(t.encode("  ab") == token_ids{259, 263});
    CHECK(t.encode("a</s>b</s> b") == token_ids{259, 260, 2, 259, 261, 2, 259, 261});
    CHECK(t.encode("</s>b") == token_ids{2, 259, 261});
    CHECK(t.decode(t.encode("b ab")) == "b ab");
  }
  auto const first = with({{"prepend_scheme", "first"}});
  CHECK(first.encode(" ab") == token_ids{263});
  CHECK(first.encode("a</s>b</s> b") == token_ids{259, 260, 2, 261, 2, 259, 261});
  CHECK(first.encode("</s>b") == token_ids{2, 261});
  for (nlohmann::json const& more : {nlohmann::json{{"prepend_scheme", "never"}}, {{"add_prefix_space", false}}}) {
    CHECK(with(more).encode("ab") == token_ids{262});
    CHECK(with(more).encode(" ab</s>ab") == token_ids{263, 2, 262});
  }
}

TEST_CASE("each part between added tokens gets the space of a byte-level tokenizer that puts one in front") {
  auto j = byte_level_form();
  j["pre_tokenizer"]["add_prefix_space"] = true;
  auto const t = read(j);
  CHECK(t.encode("he<|end|>he<|end|> he") == token_ids{5, 8, 5, 8, 5});
  CHECK(t.encode("<|end|>") == token_ids{8});
}

TEST_CASE("normalised added tokens are found in normal text, as their normal forms, after all others") {
  auto j = byte_level_form();
  j["normalizer"] = {{"type", "NFC"}};
  std::string const composed = "h\u00e9", apart = "he\u0301";
  auto const add = [&](int id, std::string const& text, bool normalised) {
    j["added_tokens"].push_back({{"id", id}, {"content", text}, {"special", false}, {"normalized", normalised}});
  };
  add(9, apart, true);
  add(10, "\u00e9h", false);
  auto const t = read(j);
  CHECK(t.encode(composed) == token_ids{9});
  CHECK(t.encode(apart) == token_ids{9});
  CHECK(t.encode("he" + apart + "!" + composed + "<|end|>") == token_ids{4, 9, 2, 9, 8});
  CHECK(t.encode(composed + "h") == token_ids{0, 10});  // found first, though it begins later
  j["added_tokens"][1]["normalized"] = false;
  CHECK(read(j).encode(composed) == token_ids{0, 6, 7});
  // A mark in front belongs to the normal form, so that such a token begins a part or follows a space.
  auto marked = sentencepiece_form();
  marked["added_tokens"][2]["normalized"] = true;
  CHECK(read(marked).encode("</s>b </s>") == token_ids{2, 261, 2});
  marked["added_tokens"][2]["normalized"] = "yes";
  check_failure(failure([&] { static_cast<void>(read(marked)); }), errc::file_format, {"added_tokens.normalized"});
}

TEST_CASE("what a template has after a text is read, for a text that stands in it once") {
  nlohmann::json const bos = {{"SpecialToken", {{"id", "<s>"}}}}, text = {{"Sequence", {{"id", "A"}}}};
  nlohmann::json const eos = {{"SpecialToken", {{"id", "</s>"}}}};
  auto const with = [&](nlohmann::json const& single, int id = 2) {
    auto j = sentencepiece_form();
    j["post_processor"]["single"] = single;
    j["post_processor"]["special_tokens"]["</s>"] = {{"ids", {id}}};
    return j;
  };
  auto const t = read(with({bos, text, eos, eos}));
  CHECK(t.begin() == token_ids{1});
  CHECK(t.after() == token_ids{2, 2});
  CHECK(t.encode("ab") == token_ids{263});
  auto j = with({text, eos});
  j["post_processor"] = {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}, j["post_processor"]}}};
  CHECK(read(j).begin().empty());
  CHECK(read(j).after() == token_ids{2});
  auto const refused = [](nlohmann::json const& of, errc code, std::vector<std::string> const& words) {
    check_failure(failure([&] { static_cast<void>(read(of)); }), code, words);
  };
  j["post_processor"]["processors"].push_back(j["post_processor"]["processors"][1]);
  refused(j, errc::config_value, {"post_processor", "tokens of one part"});
  refused(with({bos, text, text}), errc::config_value, {"post_processor.single", "sequence A, once"});
  refused(with(nlohmann::json::array({bos})), errc::config_value, {"post_processor.single", "no sequence"});
  refused(with({{{"Sequence", {{"id", "B"}}}}}), errc::config_value, {"post_processor.single", "sequence A, once"});
  refused(with({text, eos}, 900), errc::file_format, {"post_processor", "ends with a token that is none", "900"});
  refused(with({text, {{"SpecialToken", {{"id", "<e>"}}}}}), errc::file_format, {"without ids", "'<e>'"});
  auto many = with({text, eos});
  many["post_processor"]["special_tokens"]["</s>"]["ids"] = std::vector<int>(257, 2);
  refused(many, errc::capacity, {"post_processor", "after a text", "at most 256"});
}

TEST_CASE("what stands around a text goes by tokenizer_config.json where its class makes it anew") {
  nlohmann::json const tokens = {{"bos_token", {{"content", "<s>"}}}, {"eos_token", "</s>"}};
  auto const with = [&](char const* family, nlohmann::json settings) {
    settings.update(tokens);
    settings["tokenizer_class"] = family;
    return read(sentencepiece_form(), settings);
  };
  for (char const* family : {"LlamaTokenizer", "LlamaTokenizerFast", "GPTNeoXTokenizerFast"}) {
    auto const t = with(family, {{"add_bos_token", false}, {"add_eos_token", true}});
    CHECK(t.begin().empty());
    CHECK(t.after() == token_ids{2});
    CHECK(with(family, nlohmann::json::object()).begin() == token_ids{1});  // the file's
    CHECK(with(family, {{"add_eos_token", true}}).begin() == token_ids{1});
  }
  // Releases differ in what others do.
  CHECK(with("PreTrainedTokenizerFast", {{"add_bos_token", true}, {"add_eos_token", false}}).begin() == token_ids{1});
  auto const refused = [](auto const& call, errc code, std::vector<std::string> const& parts) {
    check_failure(failure([&] { static_cast<void>(call()); }), code, parts);
  };
  refused(
      [&] {
        return with("PreTrainedTokenizerFast", {{"add_bos_token", false}});
      },
      errc::config_conflict, {"add_bos_token", "post_processor of tokenizer.json", "got false"});
  refused(
      [&] {
        return with("Qwen2Tokenizer", {{"add_eos_token", true}});
      },
      errc::config_conflict, {"add_eos_token", "got true"});
  refused(
      [] {
        return read(sentencepiece_form(), {{"add_eos_token", true}, {"eos_token", "<end>"}});
      },
      errc::missing_entry, {"eos_token", "'<end>'", "add_eos_token"});
  refused([] { return read(sentencepiece_form(), {{"add_bos_token", 1}}); }, errc::file_format, {"add_bos_token"});
  refused(
      [] {
        return read(sentencepiece_form(), {{"add_eos_token", true}, {"eos_token", 2}});
      },
      errc::file_format, {"eos_token"});
}

TEST_CASE("the space in front of a text goes by tokenizer_config.json for byte-level classes") {
  auto const first = [](char const* family, bool space) {
    return read(byte_level_form(), {{"tokenizer_class", family}, {"add_prefix_space", space}}).encode("he");
  };
  for (char const* family : {"GPT2Tokenizer", "GPTNeoXTokenizerFast", "CodeGenTokenizer"}) {
    CHECK(first(family, true) == token_ids{5});
    CHECK(first(family, false) == token_ids{4});
  }
  CHECK(first("PreTrainedTokenizerFast", true) == token_ids{4});
  CHECK(read(byte_level_form(), nlohmann::json::object()).encode("he") == token_ids{4});
}

TEST_CASE("numbers are cut off before words are, digit by digit or whole") {
  auto j = byte_level_form();
  for (std::string const piece : {"1", "2", "12",
                                  "\xC4\xA0"
                                  "1"})
    j["model"]["vocab"][piece] = 20 + j["model"]["vocab"].size() - 8;
  j["model"]["merges"].push_back(nlohmann::json::array({"1", "2"}));
  j["model"]["merges"].push_back(nlohmann::json::array({"\xC4\xA0", "1"}));
  CHECK(read(j).encode("he 12!") == token_ids{4, 3, 22, 2});  // 1 and 2 merge first
  nlohmann::json const bytes = j["pre_tokenizer"];
  auto const with = [&](bool each) {
    j["pre_tokenizer"] = {{"type", "Sequence"},
                          {"pretokenizers", {{{"type", "Digits"}, {"individual_digits", each}}, bytes}}};
    return read(j);
  };
  CHECK(with(true).encode("he 12!") == token_ids{4, 3, 20, 21, 2});
  CHECK(with(false).encode("he 12!") == token_ids{4, 3, 22, 2});
  CHECK(with(true).encode(" 1") == token_ids{3, 20});  // no word goes over a cut
  CHECK(with(false).encode(" 1") == token_ids{3, 20});
  using parts = std::vector<std::string_view>;
  CHECK((cut_at_digits("a12 3\u0664", digit_cut::each) == parts{"a", "1", "2", " ", "3", "\u0664"}));
  CHECK((cut_at_digits("a12 3\u0664", digit_cut::runs) == parts{"a", "12", " ", "3\u0664"}));
  CHECK((cut_at_digits("a12", digit_cut::none) == parts{"a12"}));
  CHECK(cut_at_digits("", digit_cut::each).empty());
  j["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = true;
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::config_value,
                {"pre_tokenizer", "add_prefix_space"});
  j["pre_tokenizer"] = j["pre_tokenizer"]["pretokenizers"][0];
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::config_value, {"pre_tokenizer", "ByteLevel"});
}

TEST_CASE("byte-level tokenizer.json: characters for bytes, merges as lists, added tokens") {
  auto const t = read(byte_level_form());
  CHECK(t.size() == 9);
  CHECK(t.begin().empty());
  CHECK(t.encode("he he!") == token_ids{4, 5, 2});
  CHECK(t.encode("he<|end|> he") == token_ids{4, 8, 5});
  CHECK(t.encode("\xC3\xA9") == token_ids{6, 7});
  CHECK(t.decode(token_ids{4, 5, 2, 6, 7, 8}) == "he he!\xC3\xA9");
  CHECK(t.piece(8) == "<|end|>");
}

TEST_CASE("tokens in a text are those of the definition, for random tokens and texts") {
  std::uint32_t state = 11;
  auto const draw = [&](std::uint32_t n) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
  };
  auto const word = [&](std::uint32_t least, std::uint32_t most) {
    std::string w;
    for (std::uint32_t n = least + draw(most - least + 1); n > 0; --n) w.push_back("ab\x00\xFF"[draw(4)]);
    return w;
  };
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<std::string> tokens;  // some twice, some empty
    for (std::uint32_t n = draw(7); n > 0; --n) tokens.push_back(word(0, 4));
    token_search const search(tokens);
    std::string const text = word(0, 40);
    for (std::size_t at = 0; at <= text.size(); ++at) {
      std::size_t where = text.size(), which = std::string::npos;
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        std::size_t const found = tokens[i].empty() ? text.npos : text.find(tokens[i], at);
        if (found == text.npos || found > where) continue;
        if (found < where || which == text.npos || tokens[i].size() > tokens[which].size()) where = found, which = i;
      }
      auto const hit = search.next(text, at);
      CAPTURE(trial, text, at);
      CHECK(hit.at == where);
      CHECK(hit.token == which);
    }
  }
}

TEST_CASE("added tokens that are not in a text are not looked for again after every one that is") {
  auto j = byte_level_form();
  for (int i = 0; i < 8; ++i)
    j["added_tokens"].push_back({{"id", 9 + i}, {"content", "z" + std::to_string(i)}, {"special", false}});
  auto const t = read(j);
  std::string text;
  constexpr std::size_t n = 100'000;  // minutes, if they were
  for (std::size_t i = 0; i < n; ++i) text += "z1 ";
  auto const ids = t.encode(text);
  REQUIRE(ids.size() == 2 * n);
  CHECK(ids[2 * n - 2] == 10);
  CHECK(ids[2 * n - 1] == 3);
}

TEST_CASE("what a template or a token may grow to is bounded") {
  auto const repeated = [](std::size_t times, std::size_t ids) {
    auto j = sentencepiece_form();
    j["post_processor"]["single"] = nlohmann::json::array();
    for (std::size_t i = 0; i < times; ++i)
      j["post_processor"]["single"].push_back({{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}});
    j["post_processor"]["single"].push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    j["post_processor"]["special_tokens"]["<s>"]["ids"] = std::vector<int>(ids, 1);
    return j;
  };
  CHECK(read(repeated(16, 16)).begin().size() == 256);
  CHECK(read(repeated(1000, 0)).begin().empty());
  for (auto const& of : {std::pair<std::size_t, std::size_t>{257, 1}, {1, 257}, {1000, 1000}, {16, 17}})
    check_failure(failure([&] { static_cast<void>(read(repeated(of.first, of.second))); }), errc::capacity,
                  {"post_processor", "at most 256"});
  auto j = byte_level_form();
  j["added_tokens"][0]["content"] = std::string(256, 'a');
  CHECK(read(j).encode(std::string(256, 'a')) == token_ids{8});
  j["added_tokens"][0]["content"] = std::string(257, 'a');
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::capacity, {"added_tokens", "257 bytes"});
}

TEST_CASE("tokenizer.json that would give other ids is refused by key") {
  auto const without = [](char const* pointer, nlohmann::json value, nlohmann::json j = byte_level_form()) {
    j[nlohmann::json::json_pointer(pointer)] = std::move(value);
    return failure([&] { static_cast<void>(read(j)); });
  };
  check_failure(without("/model/type", "Unigram"), errc::config_value, {"model.type", "Unigram"});
  check_failure(without("/model/end_of_word_suffix", "</w>"), errc::config_value, {"end_of_word_suffix"});
  check_failure(without("/model/dropout", 0.1), errc::config_value, {"dropout"});
  check_failure(without("/normalizer", {{"type", "Lowercase"}}), errc::config_value, {"normalizer", "Lowercase"});
  check_failure(without("/pre_tokenizer", {{"type", "Whitespace"}}), errc::config_value,
                {"pre_tokenizer", "Whitespace"});
  check_failure(
      without("/pre_tokenizer", {{"type", "Split"}, {"behavior", "Isolated"}, {"pattern", {{"Regex", "\\d"}}}}),
      errc::config_value, {"pre_tokenizer", "GPT-2"});
  check_failure(without("/model/merges", {"h e", "he"}), errc::file_format, {"merge 1", "no pair"});
  check_failure(without("/model/merges", {"h !"}), errc::file_format, {"merge 0", "no piece"});
  check_failure(without("/model/vocab/h", 1), errc::file_format, {"given twice"});
  check_failure(without("/model/vocab/h", -1), errc::file_format, {"model.vocab.h"});
  check_failure(without("/model/unk_token", "nothing"), errc::missing_entry, {"unk_token"});
  check_failure(without("/added_tokens/0/lstrip", true), errc::config_value, {"added_tokens", "lstrip"});
  check_failure(without("/model/vocab/<0x41>", 300,
                        [] {
                          auto j = sentencepiece_form();
                          j["model"]["vocab"].erase("<0x42>");
                          return j;
                        }()),
                errc::file_format, {"<0x42>"});
}

TEST_CASE("RoBERTa's first token stands in front of every text, its last after it") {
  auto j = byte_level_form();
  j["added_tokens"].push_back({{"id", 9}, {"content", "<s>"}, {"special", true}});
  j["post_processor"] = {{"type", "RobertaProcessing"},
                         {"sep", {"<|end|>", 8}},
                         {"cls", {"<s>", 9}},
                         {"trim_offsets", true},
                         {"add_prefix_space", false}};
  CHECK(read(j).begin() == token_ids{9});
  CHECK(read(j).after() == token_ids{8});
  j["post_processor"]["sep"][1] = 9;
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::file_format,
                {"post_processor.sep", "'<|end|>' with 9", "one tokenizer"});
  j["post_processor"]["sep"] = "<|end|>";
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::file_format, {"post_processor.sep", "['<s>', 0]"});
}

TEST_CASE("a post-processor that is not known is refused, one that moves offsets alone is not") {
  auto const with = [](nlohmann::json const& part) {
    auto j = byte_level_form();
    j["post_processor"] = part;
    return j;
  };
  CHECK(read(with({{"type", "ByteLevel"}, {"trim_offsets", false}})).begin().empty());
  CHECK(read(with({{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}}}})).begin().empty());
  CHECK(read(with(nullptr)).begin().empty());
  for (nlohmann::json const& part : {nlohmann::json{{"type", "BertProcessing"}}, nlohmann::json("Nonsense"),
                                     nlohmann::json::array({1, 2}), nlohmann::json{{"type", "Sequence"}}})
    check_failure(failure([&] { static_cast<void>(read(with(part))); }), errc::config_value,
                  {"post_processor", "TemplateProcessing, RobertaProcessing, ByteLevel"});
  check_failure(failure([&] {
                  static_cast<void>(read(with({{"type", "TemplateProcessing"}, {"single", {7}}})));
                }),
                errc::file_format, {"post_processor.single", "got 7"});
}

TEST_CASE("added tokens have the ids of the vocabulary, or new ones, and one each") {
  auto const with = [](int id, char const* text) {
    auto j = byte_level_form();
    j["added_tokens"].push_back({{"id", id}, {"content", text}, {"special", true}});
    return failure([&] { static_cast<void>(read(j)); });
  };
  CHECK(read(byte_level_form()).size() == 9);
  check_failure(with(8, "he"), errc::file_format, {"added_tokens", "'he' with 8", "allowed: 4"});
  check_failure(with(3, "<pad>"), errc::file_format, {"added_tokens", "'<pad>' with 3", "not that of"});
  check_failure(with(9, "<|end|>"), errc::file_format, {"added_tokens", "'<|end|>'", "8 or 9"});
}

TEST_CASE("a flag that is no truth value is refused by key") {
  auto j = byte_level_form();
  j["pre_tokenizer"]["add_prefix_space"] = "false";
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::file_format,
                {"pre_tokenizer.add_prefix_space", "\"false\"", "true or false"});
  j = byte_level_form();
  j["added_tokens"][0]["lstrip"] = 1;
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::file_format, {"added_tokens.lstrip", "got 1"});
  j = sentencepiece_form();
  j["normalizer"] = nullptr;
  j["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"split", false}, {"prepend_scheme", "now"}};
  check_failure(failure([&] { static_cast<void>(read(j)); }), errc::config_value, {"prepend_scheme", "'always'"});
}
