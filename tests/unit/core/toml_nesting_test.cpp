// How deep a TOML text is nested.
#include "ohmic/core/toml_nesting.hpp"

#include <string>

#include "support/catch.hpp"

using ohmic::deepest_toml;
using ohmic::line_nested_beyond;

namespace {

std::string times(std::size_t n, std::string const& part) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("nesting of TOML: settings are in bounds, strings and comments do not count") {
  std::string const dots = times(200, "a.");
  for (std::string const& text :
       {std::string(), std::string("[adc]\nbits = 6\n[range]\nuser = [1.5, 2.5]\na.b.c = {d.e = [[1], [2]]}\n"),
        "a = '" + dots + "'", "a = \"\\\"" + dots + "\"", "# " + dots + "\na = 1",
        "a = '''\n" + dots + "\n''' # " + dots, "a = \"\"\"\n\\\"\"\"" + dots + "\"\"\"\"\"\nb = 1",
        times(200, "[t.u]\na.b = 1\n"), "x = [" + times(200, "1.5, ") + "]"}) {
    INFO(text);
    CHECK(line_nested_beyond(text) == 0);
  }
}

TEST_CASE("nesting of TOML: keys, headers, lists and tables are counted, wherever they stand") {
  std::string const dots = times(deepest_toml + 1, "a.") + "a";
  for (std::string const& deep :
       {dots + " = 1", "[" + dots + "]", "x = {" + dots + " = 1}", "x = {y = 1, " + dots + " = 1}",
        "x = " + times(deepest_toml + 1, "["), "x = " + times(deepest_toml + 1, "{a = "),
        times(deepest_toml / 2 + 1, "{a.b = ") + "1", "x = ['''a''''', " + dots + "]",
        "x = {y = \"\"\"a\"\"\"\"," + dots + " = 1}", "x = \"unfinished\n" + dots + " = 1"}) {
    INFO(deep);
    std::size_t const line = deep.find('\n') == deep.npos ? 3 : 4;
    CHECK(line_nested_beyond("\n# a remark\n" + deep) == line);
  }
}
