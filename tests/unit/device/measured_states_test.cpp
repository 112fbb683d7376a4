// Tables of measured states.
#include "ohmic/device/measured_states.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"
#include "support/temporary_file.hpp"

using namespace ohmic;
using ohmic_test::check_refused;

TEST_CASE("a table of states: columns by name, in any order, with and without drift") {
  auto const plain = parse_states("conductance_uS,spread_uS\n1,0.1\n2.5, 0.2\n9,0\n", "s.csv");
  REQUIRE(plain.size() == 3);
  CHECK(plain[1].conductance_uS == 2.5);
  CHECK(plain[1].spread_uS == 0.2);
  CHECK(plain[1].drift_exponent == 0.0);
  auto const full = parse_states(
      "drift_spread,spread_uS,drift_exponent,conductance_uS\r\n0.01,0.1,0.05,1\r\n0.02,0.2,0.06,2", "s.csv");
  REQUIRE(full.size() == 2);
  CHECK(full[1].conductance_uS == 2.0);
  CHECK(full[1].spread_uS == 0.2);
  CHECK(full[1].drift_exponent == 0.06);
  CHECK(full[1].drift_spread == 0.02);
  ohmic_test::temporary_folder const folder;
  auto const file = folder.write("states.csv", "conductance_uS,spread_uS\n1,0\n2,0\n");
  CHECK(read_states(file.string()).size() == 2);
  CHECK(parse_states("\xEF\xBB\xBF"
                     "conductance_uS,spread_uS\n1,0\n2,0\n",
                     "s.csv")
            .size() == 2);
}

TEST_CASE("a table of states: programming takes the nearest, and drifts by its exponent") {
  measured_states law;
  law.states = parse_states(
      "conductance_uS,spread_uS,drift_exponent,drift_spread\n0,0.1,0,0\n4,0.2,0.05,0.01\n10,0.3,0.02,0\n", "s.csv");
  law.reference_s = 10.0;
  for (auto const& [target, state] :
       {std::pair(0.0, 0.0), {2.0, 0.0}, {2.1, 4.0}, {7.0, 4.0}, {7.1, 10.0}, {11.0, 10.0}})
    CHECK(law.programming_mean(target) == state);
  CHECK(law.programming_sigma(3.0) == 0.2);
  CHECK(law.aged(3.0, 4.5, 10.0, 1.0) == 4.5);
  CHECK(law.aged(3.0, 4.5, 1000.0, 1.0) == Approx(4.5 * std::pow(100.0, -0.06)).epsilon(1e-13));
  CHECK(law.facts().levels == 3);
  CHECK(law.facts().has_drift);
  CHECK(law.facts().high_uS == 10.0);
}

TEST_CASE("a table of states: what is wrong is refused with its line and column") {
  auto const refused = [](std::string const& text, errc code, std::vector<std::string> parts) {
    INFO(text);
    parts.push_back("s.csv");
    check_refused([&] { static_cast<void>(parse_states(text, "s.csv")); }, code, parts);
  };
  std::string const head = "conductance_uS,spread_uS\n";
  refused("", errc::file_truncated, {"is empty"});
  refused("conductance_uS,\x1b[31mspread\n1,2\n", errc::unknown_key, {"column \\x1b[31mspread"});
  refused("conductance_uS,spread_uS," + std::string(1000000, 'x') + "\n1,2\n", errc::unknown_key, {"xxx..."});
  refused("conductance_uS,spread\n1,2\n", errc::unknown_key,
          {"line 1, column spread", "no such column", "did you mean 'spread_uS'"});
  refused("conductance_uS\n1\n2\n", errc::missing_entry, {"line 1, column spread_uS", "a column is missing"});
  refused("spread_uS,conductance_uS,spread_uS\n", errc::file_format, {"line 1, column spread_uS", "twice"});
  refused(head + "1,0.1\n2,\n", errc::missing_entry,
          {"line 3, column spread_uS", "a value is missing", "fill the gap"});
  refused(head + "1,0.1\n\n2,0.1\n", errc::file_format, {"line 3", "another number of columns", "got 1", "2"});
  refused(head + "1,0.1\n2,0.1,3\n", errc::file_format, {"line 3", "another number of columns", "got 3"});
  refused(head + "1,0.1\ntwo,0.1\n", errc::file_format, {"line 3, column conductance_uS", "not a number", "'two'"});
  refused(head + "1,0.1\n2 uS,0.1\n", errc::file_format, {"line 3, column conductance_uS", "'2 uS'"});
  refused(head + "1,0.1\n2,nan\n", errc::file_format, {"line 3, column spread_uS", "not a number"});
  refused(head + "1,0.1\ninf,0.1\n", errc::file_format, {"line 3, column conductance_uS", "not a number"});
  refused(head + "-1,0.1\n2,0.1\n", errc::value, {"line 2, column conductance_uS", "a value is negative", "got -1"});
  refused(head + "1,0.1\n2,-0.1\n", errc::value, {"line 3, column spread_uS", "a value is negative", "got -0.1"});
  refused(head + "1,0.1\n1,0.1\n", errc::value, {"line 3, column conductance_uS", "do not rise", "above 1"});
  refused(head + "2,0.1\n1,0.1\n", errc::value, {"line 3, column conductance_uS", "do not rise"});
  refused("conductance_uS,spread_uS,drift_exponent\n1,0.1,2\n2,0,0\n", errc::value,
          {"line 2, column drift_exponent", "too large"});
  refused(head, errc::file_format, {"0 states", "2..65536"});
  refused(head + "1,0.1\n", errc::file_format, {"1 states"});
  check_refused([] { static_cast<void>(read_states("/nowhere/s.csv")); }, errc::file_missing,
                {"/nowhere/s.csv", "cell.states"});
}

TEST_CASE("a table of states that is damaged anywhere is read or refused, and what is read is sound") {
  std::string const good =
      "conductance_uS,spread_uS,drift_exponent,drift_spread\n0,0.1,0.05,0.01\n4.5,2e-1,0.02,0\n10,0.3,0,0\n";
  std::string const letters = ",\n\r -+.eE0159infax_\"\t\0";
  ohmic_test::dice d(77);
  int read = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = good;
    for (int edits = d.between(1, 3); edits > 0; --edits) {
      auto const at = static_cast<std::size_t>(d.between(0, static_cast<int>(text.size()) - 1));
      char const c = letters[static_cast<std::size_t>(d.between(0, static_cast<int>(letters.size()) - 1))];
      switch (d.between(0, 2)) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, static_cast<std::size_t>(d.between(1, 20)));
      }
      if (text.empty()) text = "x";
    }
    try {
      auto const states = parse_states(text, "s.csv");
      ++read;
      bool sound = states.size() >= 2;
      for (std::size_t k = 0; k < states.size(); ++k)
        sound = sound && std::isfinite(states[k].conductance_uS) && states[k].conductance_uS >= 0.0 &&
                states[k].spread_uS >= 0.0 && (k == 0 || states[k].conductance_uS > states[k - 1].conductance_uS);
      if (!sound) FAIL(text);
    } catch (error const& e) {
      if (e.info().where.find("s.csv") == std::string::npos) FAIL(e.what());
    }
  }
  CHECK(read > 500);  // so that both happen
  CHECK(read < 19000);
}
