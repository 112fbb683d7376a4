// SentencePiece's unigram tokenizer from tokenizer.json: the best split, unknown characters, tokens in the text, and what is refused.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/text/sentencepiece_unigram.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace {

using namespace ohmic::model;
using ohmic::errc;
using ids_of_text = std::vector<std::int32_t>;

nlohmann::json const strip_right = {{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}};
nlohmann::json const one_space = {{"type", "Replace"}, {"pattern", {{"Regex", " {2,}"}}}, {"content", " "}};

/// As T5's file is built: pad, end and unknown first, sentinels last.
nlohmann::json t5_tokenizer() {
  nlohmann::json vocabulary = nlohmann::json::array();
  for (auto const& [piece, score] : std::vector<std::pair<std::string, double>>{{"<pad>", 0.0},
                                                                                {"</s>", 0.0},
                                                                                {"<unk>", 0.0},
                                                                                {"\u2581", -2.0},
                                                                                {"\u2581a", -3.0},
                                                                                {"a", -4.0},
                                                                                {"b", -4.5},
                                                                                {"ab", -8.0},
                                                                                {"\u2581ab", -9.0},
                                                                                {"aba", -12.6},
                                                                                {"<extra_id_0>", 0.0}})
    vocabulary.push_back(nlohmann::json::array({piece, score}));
  return {{"model", {{"type", "Unigram"}, {"unk_id", 2}, {"vocab", vocabulary}}},
          {"normalizer", {{"type", "Sequence"}, {"normalizers", {strip_right, one_space}}}},
          {"pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}}},
          {"added_tokens",
           {{{"id", 0}, {"content", "<pad>"}, {"special", true}},
            {{"id", 1}, {"content", "</s>"}, {"special", true}},
            {{"id", 2}, {"content", "<unk>"}, {"special", true}},
            {{"id", 10}, {"content", "<extra_id_0>"}, {"special", true}}}}};
}

/// A replacement table with one entry, the end of a line as a space, in base64: a trie of 256 units of 4 bytes, then texts.
std::string line_ends_table() {
  std::vector<std::uint32_t> units(256, 0);
  units[0] = 128u << 10;                           // children of the root: 128 ^ byte
  units[128 ^ '\n'] = 64u << 10 | 1u << 8 | '\n';  // a key ends here
  units[128 ^ '\n' ^ 64] = 0x80000000u;            // the text at 0
  std::string blob(4 + 1024, '\0');
  std::uint32_t const bytes = 1024;
  std::memcpy(blob.data(), &bytes, 4);
  std::memcpy(blob.data() + 4, units.data(), bytes);
  blob += std::string(" \0", 2);
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (char const c : blob) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) out += digits[bits >> (held - 6) & 63];
    bits &= 63;
  }
  if (held > 0) out += digits[bits << (6 - held) & 63];
  return out;
}

sentencepiece_unigram read_pieces(nlohmann::json const& j) {
  ohmic_test::temporary_folder const folder;
  folder.write("tokenizer.json", j.dump());
  return read_unigram_json(folder.path() / "tokenizer.json");
}

}  // namespace

TEST_CASE("a unigram tokenizer takes the split with the highest sum") {
  auto const t = read_pieces(t5_tokenizer());
  CHECK(t.size() == 11);
  CHECK((t.encode("a") == ids_of_text{4}));
  CHECK((t.encode("ab") == ids_of_text{4, 6}));      // -3 - 4.5 over -9
  CHECK((t.encode("aba") == ids_of_text{4, 6, 5}));  // -11.5; mark and 'aba' -14.6
  CHECK((t.encode("b ab") == ids_of_text{3, 6, 4, 6}));
  CHECK((t.encode("  a   b ") == ids_of_text{4, 3, 6}));
  CHECK((t.encode("") == ids_of_text{}));
  CHECK((t.encode("\u2581a") == ids_of_text{4}));  // begins with a mark
  CHECK(t.decode(t.encode("ab aba")) == "ab aba");
}

TEST_CASE("where runs of spaces stay, a Metaspace puts no mark in front of one") {
  auto j = t5_tokenizer();
  j["normalizer"] = nullptr;
  auto const t = read_pieces(j);
  CHECK((t.encode("a") == ids_of_text{4}));
  CHECK((t.encode(" a") == ids_of_text{4}));
  CHECK((t.encode("  a") == ids_of_text{3, 4}));
}

TEST_CASE("runs of spaces made one leave a space at the ends, but where it is stripped") {
  auto j = t5_tokenizer();
  j["normalizer"] = one_space;
  auto const t = read_pieces(j);
  CHECK((t.encode("  a   b ") == ids_of_text{4, 3, 6, 3}));
  CHECK((t.encode("   ") == ids_of_text{3}));
  CHECK((t.encode("a </s> b") == ids_of_text{4, 3, 1, 3, 6}));
  CHECK((read_pieces(t5_tokenizer()).encode("   ") == ids_of_text{}));
  j["added_tokens"][3]["rstrip"] = true;
  ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_pieces(j)); }), errc::config_value,
                            {"added_tokens", "rstrip"});
  nlohmann::json const strip_left = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}};
  for (auto const& normaliser : {strip_right, strip_left}) {
    j = t5_tokenizer();
    j["normalizer"] = normaliser;
    ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_pieces(j)); }), errc::config_value,
                              {"normalizer", "Strip"});
  }
}

TEST_CASE("normalised tokens of a unigram tokenizer are found in cleaned text, after the others") {
  auto j = t5_tokenizer();
  nlohmann::json const table = {{"type", "Precompiled"}, {"precompiled_charsmap", line_ends_table()}};
  j["normalizer"]["normalizers"] = {table, strip_right, one_space};
  j["added_tokens"].push_back({{"id", 11}, {"content", "b\na"}, {"normalized", true}});
  auto const t = read_pieces(j);
  CHECK((t.encode("ab a") == ids_of_text{4, 11}));  // cleaned, the token is "b a"
  CHECK((t.encode("ab\n  a") == ids_of_text{4, 11}));
  CHECK((t.encode("b</s>\na") == ids_of_text{3, 6, 1, 4}));  // no part holds it
  j["added_tokens"][4]["normalized"] = false;
  CHECK((read_pieces(j).encode("ab a") == ids_of_text{4, 6, 4}));
  CHECK((read_pieces(j).encode("ab\na") == ids_of_text{4, 11}));
}

TEST_CASE("a Metaspace that splits gives no piece that goes over the beginning of a word") {
  auto j = t5_tokenizer();
  j["model"]["vocab"][9] = nlohmann::json::array({"\u2581a\u2581b", -1.0});
  CHECK((read_pieces(j).encode("a b") == ids_of_text{4, 3, 6}));
  j["pre_tokenizer"]["split"] = true;
  CHECK((read_pieces(j).encode("a b") == ids_of_text{4, 3, 6}));
  j["model"]["vocab"][3][0] = "x";  // the mark alone is unknown: once a word
  CHECK((read_pieces(j).encode("y z") == ids_of_text{2, 2}));
  j["pre_tokenizer"]["split"] = false;
  CHECK((read_pieces(j).encode("a b") == ids_of_text{9}));
  CHECK((read_pieces(j).encode("y z") == ids_of_text{2}));
}

TEST_CASE("a mark in front of the first part alone is for what the text begins with") {
  auto j = t5_tokenizer();
  j["pre_tokenizer"]["prepend_scheme"] = "first";
  auto const t = read_pieces(j);
  CHECK((t.encode("ab a</s>a a") == ids_of_text{4, 6, 4, 1, 5, 4}));
  CHECK((t.encode("</s>a") == ids_of_text{1, 5}));
  CHECK((read_pieces(t5_tokenizer()).encode("</s>a") == ids_of_text{1, 4}));
  j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", {{{"type", "WhitespaceSplit"}}, j["pre_tokenizer"]}}};
  j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", line_ends_table()}};
  ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_pieces(j)); }), errc::config_value,
                            {"pre_tokenizer", "first word alone"});
}

TEST_CASE("characters without a piece are one unknown a run, tokens in the text are themselves") {
  auto const t = read_pieces(t5_tokenizer());
  CHECK((t.encode("axyzb") == ids_of_text{4, 2, 6}));
  CHECK((t.encode("a <extra_id_0> b</s>") == ids_of_text{4, 10, 3, 6, 1}));
  CHECK(t.decode(ids_of_text{0, 4, 10, 6, 1}) == "ab");
}

TEST_CASE("of a tokenizer.json of the unigram kind, what would change ids and is not known is refused") {
  auto const refused = [](auto const& spoil, errc code, std::vector<std::string> const& parts) {
    auto j = t5_tokenizer();
    spoil(j);
    ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_pieces(j)); }), code, parts);
  };
  refused([](auto& j) { j["model"]["type"] = "BPE"; }, errc::config_value, {"model.type", "BPE"});
  refused([](auto& j) { j["model"]["byte_fallback"] = true; }, errc::config_value, {"byte_fallback"});
  refused([](auto& j) { j["model"]["unk_id"] = 11; }, errc::config_value, {"unk_id"});
  refused([](auto& j) { j["model"]["vocab"][3] = nlohmann::json::array({"x"}); }, errc::file_format, {"entry 3"});
  refused([](auto& j) { j["normalizer"] = {{"type", "Lowercase"}}; }, errc::config_value, {"normalizer"});
  refused(
      [](auto& j) {
        j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "!"}};
      },
      errc::file_format, {"base64"});
  refused(
      [](auto& j) {
        j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "AAAA"}};
      },
      errc::file_format, {"table"});
  refused(
      [](auto& j) {
        j["pre_tokenizer"] = {{"type", "WhitespaceSplit"}};
      },
      errc::config_value, {"pre_tokenizer", "WhitespaceSplit"});
  refused([](auto& j) { j["pre_tokenizer"] = nullptr; }, errc::config_value, {"Metaspace"});
  refused([](auto& j) { j["added_tokens"][3]["id"] = 9; }, errc::file_format, {"added_tokens"});
  refused([&](auto& j) { j["added_tokens"][3]["single_word"] = true; }, errc::config_value,
          {"added_tokens", "single_word"});
  refused([](auto& j) { j["added_tokens"][3]["normalized"] = 1; }, errc::file_format, {"added_tokens.normalized"});
  for (char const* flag : {"lstrip", "rstrip"})
    refused([&](auto& j) { j["added_tokens"][3][flag] = true; }, errc::config_value, {"added_tokens", flag});
  refused([](auto& j) { j["model"]["vocab"][3][1] = -1e39; }, errc::value, {"entry 3"});
  refused([](auto& j) { j["model"]["vocab"][5][0] = std::string(257, 'a'); }, errc::capacity, {"piece", "257 bytes"});
  refused(
      [](auto& j) {
        j["added_tokens"].push_back({{"id", 11}, {"content", std::string(257, 'a')}});
      },
      errc::capacity, {"added_tokens", "257 bytes"});
}

TEST_CASE("a replacement of SentencePiece's table has a bound") {
  std::string table(4 + 1024, '\0');
  table[1] = 4;  // 1024 bytes of a trie
  CHECK_NOTHROW(ohmic::model::detail::replacement_table(table + std::string(256, 'x') + std::string(1, '\0'), "table"));
  ohmic_test::check_failure(ohmic_test::failure([&] {
                              ohmic::model::detail::replacement_table(
                                  table + std::string(257, 'x') + std::string(1, '\0'), "table");
                            }),
                            errc::capacity, {"replacement", "256"});
}

TEST_CASE("blanks beside a token go with those at the ends of texts, whether it takes them itself or not") {
  auto j = t5_tokenizer();
  j["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers",
       {{{"type", "Precompiled"}, {"precompiled_charsmap", line_ends_table()}}, strip_right, one_space}}};
  auto const plain = read_pieces(j);
  j["added_tokens"][3]["lstrip"] = j["added_tokens"][3]["rstrip"] = true;
  j["model"]["vocab"][9][1] = -3.4028234e38;  // a float's least
  auto const strips = read_pieces(j);
  CHECK(strips.encode("a\nb") == strips.encode("a b"));
  for (char const* text :
       {"a <extra_id_0> b", "a<extra_id_0>b", "  <extra_id_0>  ", "<extra_id_0>\nab", "ab  <extra_id_0><extra_id_0> a"})
    CHECK(strips.encode(text) == plain.encode(text));
}

TEST_CASE("a unigram tokenizer's file that contradicts itself or is not understood is refused by key") {
  auto const refused = [](auto const& change, errc code, std::vector<std::string> const& parts) {
    auto j = t5_tokenizer();
    change(j);
    ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(read_pieces(j)); }), code, parts);
  };
  nlohmann::json const text = {{"Sequence", {{"id", "A"}}}}, end = {{"SpecialToken", {{"id", "</s>"}}}};
  auto const single = [](nlohmann::json const& pieces) {
    return [=](auto& j) { j["post_processor"] = {{"type", "TemplateProcessing"}, {"single", pieces}}; };
  };
  auto fine = t5_tokenizer();
  single({text, end})(fine);
  CHECK(read_pieces(fine).encode("a") == ids_of_text{4});
  refused(single({end, text}), errc::config_value, {"post_processor", "a token after it"});
  refused(single({text, end, end}), errc::config_value, {"post_processor"});
  refused([](auto& j) { j["post_processor"] = {{"type", "ByteLevel"}}; }, errc::config_value, {"post_processor"});
  refused([](auto& j) { j["post_processor"] = {1, 2}; }, errc::config_value, {"post_processor", "[1,2]"});
  for (nlohmann::json const& table : {nlohmann::json(nullptr), nlohmann::json(7), nlohmann::json::array({0, 1})})
    refused(
        [&](auto& j) {
          j["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", table}};
        },
        errc::file_format, {"normalizer.precompiled_charsmap", "base64"});
  refused(
      [](auto& j) {
        j["model"]["vocab"][9][0] = "<pad>";
        j["added_tokens"].push_back({{"id", 9}, {"content", "<pad>"}, {"special", true}});
      },
      errc::file_format, {"added_tokens", "'<pad>'", "0 or 9"});
}

TEST_CASE(
    "T5's spiece.model has sentinels after its pieces, the first of them last, and its control pieces are found in "
    "texts") {
  auto const field = [](int number, std::string const& value) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
  };
  auto const piece = [&](std::string const& text, int kind, float score) {
    std::string number(4, '\0');
    std::memcpy(number.data(), &score, 4);
    return field(1, field(1, text) + '\x15' + number + std::string{'\x18', static_cast<char>(kind)});
  };
  ohmic_test::temporary_folder const folder;
  folder.write("spiece.model", piece("<pad>", 3, 0.0f) + piece("</s>", 3, 0.0f) + piece("<unk>", 2, 0.0f) +
                                   piece("\u2581", 1, -2.0f) + piece("a", 1, -3.0f));
  auto const sentinels = [&](std::size_t vocabulary) { return read_t5_pieces(folder.path(), vocabulary); };
  CHECK(sentinels(104).size() == 5);  // no rows for T5's own number
  auto const usual = sentinels(128);
  CHECK(usual.size() == 105);
  CHECK(usual.piece(104) == "<extra_id_0>");
  CHECK(usual.piece(5) == "<extra_id_99>");
  CHECK((usual.encode("a <extra_id_0> a<extra_id_99></s><pad><unk>") == ids_of_text{3, 4, 104, 3, 4, 5, 1, 0, 2}));
  CHECK(usual.decode(ids_of_text{3, 4, 104, 4, 1}) == "aa");
  folder.write("tokenizer_config.json", R"({"extra_ids":2})");
  CHECK((sentinels(0).encode("<extra_id_0><extra_id_1>") == ids_of_text{6, 5}));
  folder.write("tokenizer_config.json", R"({"extra_ids":-1})");
  ohmic_test::check_failure(ohmic_test::failure([&] { static_cast<void>(sentinels(128)); }), errc::config_value,
                            {"tokenizer_config.json", "extra_ids"});
  folder.write("tokenizer_config.json", "{}");
  CHECK(sentinels(105).size() == 105);
}

TEST_CASE("a text that is split by scores has a bound, named with its place") {
  auto const t = read_pieces(t5_tokenizer());
  CHECK(t.encode(std::string(max_unigram_bytes, 'b')).size() == max_unigram_bytes + 1);
  ohmic_test::check_failure(ohmic_test::failure([&] {
                              static_cast<void>(t.encode(std::string(max_unigram_bytes + 1, 'b'), "x.tsv, line 3"));
                            }),
                            errc::capacity, {"x.tsv, line 3", "131073 bytes", "at most 131072 bytes"});
}
