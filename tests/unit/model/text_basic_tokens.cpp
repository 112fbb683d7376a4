#include <string>
#include <string_view>
#include <vector>

#include "ohmic/model/text/basic_tokens.hpp"
#include "support/catch.hpp"

namespace model = ohmic::model;
using words = std::vector<std::string>;
using namespace std::string_literals;

namespace {
model::basic_token_config const uncased{};
model::basic_token_config const cased{false, false, true};
}  // namespace

TEST_CASE("UTF-8 decodes to its code points, malformed bytes one by one to U+FFFD") {
  struct example {
    std::string bytes;
    std::u32string points;
  };
  // Source  The Unicode Standard, tables 3-7 and 3-8, but for the number of U+FFFD, which is one a byte here
  for (auto const& [bytes, points] : std::vector<example>{
           {"a\u00e9\u20ac\U0001F600", U"a\u00e9\u20ac\U0001F600"},
           {"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", U"\x7f\x80\u07ff\u0800\uffff"},
           {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", U"\U00010000\U0010ffff"},
           {"\xc0\xaf", U"\ufffd\ufffd"},                      // overlong, two bytes
           {"\xe0\x9f\xbf", U"\ufffd\ufffd\ufffd"},            // overlong, three bytes
           {"\xf0\x8f\xbf\xbf", U"\ufffd\ufffd\ufffd\ufffd"},  // overlong, four bytes
           {"\xed\xa0\x80", U"\ufffd\ufffd\ufffd"},            // surrogate
           {"\xf4\x90\x80\x80", U"\ufffd\ufffd\ufffd\ufffd"},  // above U+10FFFF
           {"\xf5\xff\x80", U"\ufffd\ufffd\ufffd"},            // never in UTF-8
           {"\xe2\x82", U"\ufffd\ufffd"},                      // ends early
           {"\xe2\x82z\xc3", U"\ufffd\ufffdz\ufffd"},
       }) {
    std::u32string got;
    for (std::size_t i = 0; i < bytes.size();) {
      auto const c = ohmic::decode_utf8(bytes, i);
      got.push_back(c.value);
      i += c.bytes;
    }
    CHECK(got == points);
    CHECK(ohmic::count_code_points(bytes) == points.size());
    CHECK((ohmic::find_invalid_utf8(bytes) == std::string::npos) == (points.find(U'\ufffd') == std::u32string::npos));
  }
}

TEST_CASE("every code point survives encoding and decoding, surrogates become U+FFFD") {
  std::size_t wrong = 0;
  for (char32_t c = 0; c <= 0x110001; ++c) {
    std::string bytes;
    ohmic::append_utf8(bytes, c);
    auto const back = ohmic::decode_utf8(bytes, 0);
    bool const scalar = c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF);
    char32_t const want = scalar ? c : ohmic::replacement_character;
    wrong += back.valid && back.value == want && back.bytes == bytes.size() ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("words are split at white space and at every punctuation character") {
  CHECK(model::basic_tokens("Hello, World!  it's $5.00") ==
        words{"hello", ",", "world", "!", "it", "'", "s", "$", "5", ".", "00"});
  CHECK(model::basic_tokens(" \t\r\n ") == words{});
  CHECK(model::basic_tokens("") == words{});
  CHECK(model::basic_tokens("a\tb\nc\rd\u00a0e\u3000f\u2028g\u2029h") == words{"a", "b", "c", "d", "e", "f", "g", "h"});
  CHECK(model::basic_tokens("--a^b`c~") == words{"-", "-", "a", "^", "b", "`", "c", "~"});
}

TEST_CASE("all 32 ASCII symbols are punctuation, letters and digits are not") {
  for (char32_t c = 33; c < 127; ++c) {
    bool const alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    INFO(static_cast<char>(c));
    CHECK(model::detail::is_punctuation(c) == !alphanumeric);
  }
}

TEST_CASE("punctuation of other scripts stands alone, other symbols do not") {
  CHECK(model::basic_tokens("\u00bfqu\u00e9?\u2014\u201cs\u00ed\u201d") ==
        words{"\u00bf", "que", "?", "\u2014", "\u201c", "si", "\u201d"});
  CHECK(model::basic_tokens("a\u3002b\u0964c\u066ad") == words{"a", "\u3002", "b", "\u0964", "c", "\u066a", "d"});
  CHECK(model::basic_tokens("5\u20ac\u00b1\u00d7") == words{"5\u20ac\u00b1\u00d7"});  // categories Sc and Sm
  CHECK(model::basic_tokens("a\u037eb") == words{"a", ";", "b"});  // decomposes to ';' before it is looked at
}

TEST_CASE("accents are stripped with lower case and kept without") {
  CHECK(model::basic_tokens("H\u00c4LL\u00d6 \u00c5ngstr\u00f6m \u1e69") == words{"hallo", "angstrom", "s"});
  CHECK(model::basic_tokens("e\u0301\u0323 cafe\u0301") == words{"e", "cafe"});
  CHECK(model::basic_tokens("\u0301") == words{});  // a mark alone leaves nothing
  CHECK(model::basic_tokens("H\u00c4LL\u00d6 e\u0301", cased) == words{"H\u00c4LL\u00d6", "e\u0301"});
  CHECK(model::basic_tokens("H\u00c4LL\u00d6 e\u0301", {true, false, true}) == words{"h\u00e4ll\u00f6", "e\u0301"});
  CHECK(model::basic_tokens("H\u00c4LL\u00d6", {false, true, true}) == words{"HALLO"});
}

TEST_CASE("lower case is that of each character by itself") {
  CHECK(model::basic_tokens("\u0130STANBUL") == words{"istanbul"});
  CHECK(model::basic_tokens("\u0130", {true, false, true}) == words{"i\u0307"});
  CHECK(model::basic_tokens("\u039f\u0394\u039f\u03a3") == words{"\u03bf\u03b4\u03bf\u03c3"});  // no final sigma
  CHECK(model::basic_tokens("STRASSE stra\u00dfe \u1e9e") == words{"strasse", "stra\u00dfe", "\u00df"});
  CHECK(model::basic_tokens("\U00010400\u01c5\u2126\u212a") == words{"\U00010428\u01c6\u03c9k"});
}

TEST_CASE("marks that are not of category Mn stay, in canonical order") {
  CHECK(model::basic_tokens("\u0915\u093f\u0902") == words{"\u0915\u093f"});      // Mc stays, Mn goes
  CHECK(model::basic_tokens("a\u20dd") == words{"a\u20dd"});                      // Me
  CHECK(model::basic_tokens("a\u302e\U00016ff0") == words{"a\U00016ff0\u302e"});  // classes 224 and 6
  std::string same_class;                                                         // 224 both: they keep their order
  for (int i = 0; i < 20; ++i) same_class += "\u302f\u302e\u302e";
  CHECK(model::basic_tokens("a" + same_class + "\U00016ff0") == words{"a\U00016ff0" + same_class});
}

TEST_CASE("hangul is decomposed into its letters, kana loses its voicing marks") {
  CHECK(model::basic_tokens("\ud55c\uae00") == words{"\u1112\u1161\u11ab\u1100\u1173\u11af"});
  CHECK(model::basic_tokens("\u304c\u30d1") == words{"\u304b\u30cf"});
  CHECK(model::basic_tokens("\ud55c", cased) == words{"\ud55c"});
}

TEST_CASE("ideographs are words of their own unless switched off") {
  CHECK(model::basic_tokens("ab\u535a\u63a8zz") == words{"ab", "\u535a", "\u63a8", "zz"});
  CHECK(model::basic_tokens("ab\u535a\u63a8zz", {true, true, false}) == words{"ab\u535a\u63a8zz"});
  CHECK(model::basic_tokens("\U00020000\U0002b740\U0002f800") == words{"\U00020000", "\U0002b740", "\u4e3d"});
  CHECK(model::basic_tokens("\u3042\u30a2\u1100") == words{"\u3042\u30a2\u1100"});
  CHECK(model::basic_tokens("\u3400\u4dbf\u4dc0") == words{"\u3400", "\u4dbf", "\u4dc0"});  // the last is no ideograph
}

TEST_CASE("control, format and private characters vanish inside words, unassigned ones stay") {
  CHECK(model::basic_tokens("a\0b\x01"
                            "c\x7f"
                            "d\u0085e"s) == words{"abcde"});
  CHECK(model::basic_tokens("so\u00adft \u200bzero\u200d \ufeffmark") == words{"soft", "zero", "mark"});
  CHECK(model::basic_tokens("x\ue000y\U000e0001z\u0378") == words{"xyz\u0378"});
  CHECK(model::basic_tokens("a\ufffdb") == words{"ab"});
}

TEST_CASE("emoji are words, joined ones lose their joiners") {
  CHECK(model::basic_tokens("ok \U0001F600!") == words{"ok", "\U0001F600", "!"});
  CHECK(model::basic_tokens("\U0001F468\u200d\U0001F469\u200d\U0001F467") == words{"\U0001F468\U0001F469\U0001F467"});
  CHECK(model::basic_tokens("\u2764\ufe0f") == words{"\u2764"});                        // variation selector is Mn
  CHECK(model::basic_tokens("\U0001F44D\U0001F3FD") == words{"\U0001F44D\U0001F3FD"});  // skin tone is Sk
}

TEST_CASE("malformed UTF-8 is dropped") {
  CHECK(model::basic_tokens("ab\xff\xfe"
                            "cd") == words{"abcd"});
  CHECK(model::basic_tokens("\xc3") == words{});
  CHECK(model::basic_tokens("x\xed\xa0\x80y \xf0\x9f\x98 z") == words{"xy", "z"});
}

TEST_CASE("words can be taken one by one until enough is enough") {
  words taken;
  model::for_each_basic_token("a,b c", uncased, [&](std::string const& w) {
    taken.push_back(w);
    return taken.size() < 2;
  });
  CHECK(taken == words{"a", ","});
}

TEST_CASE("a long run of combining marks takes no quadratic time") {
  std::string text = "a";
  for (int i = 0; i < 200'000; ++i)
    text += i % 2 == 0 ? "\u302e" : "\U00016ff0";  // Mc of classes 224 and 6, out of order
  std::vector<std::string> const got = model::basic_tokens(text);
  REQUIRE(got.size() == 1);
  CHECK(got[0].size() == text.size());
  CHECK(got[0].substr(1, 4) == "\U00016ff0");
  CHECK(got[0].substr(got[0].size() - 3) == "\u302e");
}
