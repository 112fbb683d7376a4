// SentencePiece BPE: golden ids of gpt-kjv, normalisation, and damaged model files.
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "import_support.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "support/catch.hpp"

namespace {

using namespace ohmic::model;
using ohmic_test::check_failure;
using ohmic_test::failure;

std::string const kjv_tokens = OHMIC_SOURCE_DIR "/examples/models/gpt-kjv";

sentencepiece_bpe const& kjv_tokenizer() {
  static sentencepiece_bpe const t = read_sentencepiece_bpe(kjv_tokens + "/sp.model");
  return t;
}
nlohmann::json const& token_golden() {
  static nlohmann::json const g = nlohmann::json::parse(std::ifstream(kjv_tokens + "/golden.json"));
  return g;
}

/// A protocol buffer field of bytes.
std::string bytes_field(int number, std::string const& value) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(value.size())} + value;
}
std::string varint_field(int number, int value) { return {static_cast<char>(number << 3), static_cast<char>(value)}; }
std::string piece(std::string const& text, int kind) {
  return bytes_field(1, bytes_field(1, text) + varint_field(3, kind));
}
/// The least BPE model: no table, so that nothing is replaced.
std::string const least = piece("<unk>", 2) + piece("a", 1) + bytes_field(2, varint_field(3, 2));

}  // namespace

TEST_CASE("sentencepiece gives the golden ids of gpt-kjv") {
  for (auto const& verse : token_golden()["verses"]) {
    std::vector<std::int32_t> ids{1};
    for (auto id : kjv_tokenizer().encode(verse["text"].get<std::string>())) ids.push_back(id);
    CHECK(ids == verse["ids"].get<std::vector<std::int32_t>>());
  }
}

TEST_CASE("sentencepiece gives a text back from its ids") {
  for (auto const& verse : token_golden()["verses"]) {
    auto const text = verse["text"].get<std::string>();
    CHECK(kjv_tokenizer().decode(verse["ids"].get<std::vector<std::int32_t>>()) == text);
  }
}

TEST_CASE("sentencepiece marks unknown pieces in a text, and leaves out control pieces and ids that are none") {
  auto const& t = kjv_tokenizer();
  auto ids = t.encode("Ruth");
  std::string const text = t.decode(ids);
  ids.insert(ids.end(), {1, 2, -1, 1 << 20});
  CHECK(t.decode(ids) == text);
  CHECK(t.decode(std::vector<std::int32_t>{t.unknown()}) == " \xE2\x81\x87 ");
  CHECK(t.decode({}) == "");
}

TEST_CASE("sentencepiece gives as many ids of the held-out text as its golden file says") {
  std::vector<std::int32_t> stream;
  for (auto const& line : read_lines(kjv_tokens + "/valid.txt").lines) {
    stream.push_back(1);
    auto const ids = kjv_tokenizer().encode(line);
    stream.insert(stream.end(), ids.begin(), ids.end());
  }
  CHECK(stream.size() == token_golden()["validation_all"]["ids"].get<std::size_t>());
  CHECK(std::accumulate(stream.begin(), stream.begin() + 2000, std::int64_t{0}) ==
        token_golden()["validation"]["ids_sum_first_2000"].get<std::int64_t>());
}

TEST_CASE("sentencepiece replaces by the model's table and makes one space of many") {
  // U+FF21 is a wide A and U+00A0 a space in the table (NFKC); the tab is one, too.
  CHECK(kjv_tokenizer().normalised("  \xEF\xBC\xA1\xC2\xA0\xC2\xA0"
                                   "b\t ") ==
        "\xE2\x96\x81"
        "A"
        "\xE2\x96\x81"
        "b");
  CHECK(kjv_tokenizer().normalised("") == "");
  CHECK(kjv_tokenizer().encode("   ").empty());
}

TEST_CASE("sentencepiece puts a space in front, also of a text that begins with one where runs of spaces stay") {
  auto const read = [](bool prefix, bool remove) {
    ohmic_test::temporary_folder const f;
    return read_sentencepiece_bpe(
        f.write("sp.model", least + piece("\u2581", 1) +
                                bytes_field(3, varint_field(3, prefix ? 1 : 0) + varint_field(4, remove ? 1 : 0))));
  };
  using ids = std::vector<std::int32_t>;
  auto const kept = read(true, false);
  CHECK(kept.encode("a") == ids{2, 1});
  CHECK(kept.encode(" a") == ids{2, 2, 1});
  CHECK(kept.encode(" ") == ids{2, 2});
  CHECK(kept.encode("").empty());
  for (std::string const text : {"a", " a", "  a  a ", " "}) CHECK(kept.decode(kept.encode(text)) == text);
  CHECK(read(true, true).encode("  a  a ") == ids{2, 1, 2, 1});
  CHECK(read(true, true).encode("  ").empty());
  CHECK(read(true, true).decode(ids{2, 2, 1}) == "a");
  CHECK(read(false, false).encode(" a") == ids{2, 1});
  CHECK(read(false, true).encode(" a") == ids{1});
}

TEST_CASE("sentencepiece makes one unknown piece of malformed bytes and characters it does not know") {
  auto const ids = kjv_tokenizer().encode("\xFF\xFE\xF0\x9F\x98\x80");
  REQUIRE_FALSE(ids.empty());
  CHECK(ids.back() == kjv_tokenizer().unknown());
  CHECK(std::count(ids.begin(), ids.end(), kjv_tokenizer().unknown()) == 1);
}

TEST_CASE("a damaged sentencepiece model is refused") {
  ohmic_test::temporary_folder const f;
  auto const read = [&](std::string const& bytes) {
    f.write("sp.model", bytes);
    return failure([&] { static_cast<void>(read_sentencepiece_bpe(f.path() / "sp.model")); });
  };
  CHECK(read(least).code() == ohmic::errc{});
  check_failure(read(""), ohmic::errc::file_format, {"sp.model", "no piece"});
  check_failure(read(least + "\x0A\x7F"), ohmic::errc::file_format, {"sp.model", "beyond its end"});
  check_failure(read(least.substr(0, least.size() - 1)), ohmic::errc::file_format, {"beyond its end"});
  check_failure(read(piece("a", 1) + bytes_field(2, varint_field(3, 2))), ohmic::errc::file_format, {"unknown piece"});
  check_failure(read(piece("<unk>", 2)), ohmic::errc::config_value, {"algorithm"});
  check_failure(read(piece("\xFF", 1) + least), ohmic::errc::file_format, {"not UTF-8"});
  check_failure(read(least + piece("a", 1)), ohmic::errc::file_format, {"twice"});
  check_failure(read(least + bytes_field(3, bytes_field(2, "abc"))), ohmic::errc::file_format, {"replacement table"});
  std::ifstream whole(kjv_tokens + "/sp.model", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  CHECK(read(bytes.substr(0, bytes.size() / 2)).code() == ohmic::errc::file_format);
}
