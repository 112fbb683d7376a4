// Errors say what, where, got, allowed, fix.
#include "ohmic/core/error.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

static_assert(std::is_base_of_v<std::runtime_error, ohmic::error> &&
              std::is_base_of_v<ohmic::error, ohmic::contract_error>);

TEST_CASE("an error is one line with its five parts and its number") {
  ohmic::error const e(
      {ohmic::errc::config_value, "not a voltage", "dac.high", "'3'", "a number with unit V", "add the unit"});
  CHECK(std::string(e.what()) ==
        "dac.high: not a voltage; got '3', allowed: a number with unit V; add the unit [E101]");
  CHECK(e.code() == ohmic::errc::config_value);
  CHECK(e.info().got == "'3'");
  CHECK(e.is_bad_input());
}

TEST_CASE("parts that do not apply leave no trace in the text") {
  CHECK(std::string(ohmic::error({ohmic::errc::capacity, "too many", "", "", "", ""}).what()) == "too many [E203]");
  CHECK(std::string(ohmic::error({ohmic::errc::shape, "empty", "w", "0 x 3", "", ""}).what()) ==
        "w: empty; got 0 x 3 [E201]");
}

TEST_CASE("codes below 400 are the caller's fault") {
  using ohmic::errc;
  for (auto const code : {errc::config_value, errc::unknown_key, errc::config_conflict, errc::unknown_id, errc::shape,
                          errc::value, errc::capacity, errc::missing_calibration, errc::file_missing,
                          errc::file_truncated, errc::file_format, errc::missing_entry, errc::data_leak})
    CHECK(ohmic::error({code, "x", "", "", "", ""}).is_bad_input());
  for (auto const code : {errc::write_failed, errc::no_resource, errc::contract})
    CHECK_FALSE(ohmic::error({code, "x", "", "", "", ""}).is_bad_input());
}

TEST_CASE("the numbers of the codes never change") {
  using ohmic::errc;
  CHECK(static_cast<int>(errc::config_value) == 101);
  CHECK(static_cast<int>(errc::unknown_id) == 104);
  CHECK(static_cast<int>(errc::shape) == 201);
  CHECK(static_cast<int>(errc::missing_calibration) == 204);
  CHECK(static_cast<int>(errc::file_missing) == 301);
  CHECK(static_cast<int>(errc::data_leak) == 305);
  CHECK(static_cast<int>(errc::write_failed) == 401);
  CHECK(static_cast<int>(errc::no_resource) == 404);
  CHECK(static_cast<int>(errc::contract) == 901);
}

TEST_CASE("a broken contract is an error in checked builds and nothing in others") {
  int evaluated = 0;
  auto const broken = [&] { OHMIC_EXPECTS(++evaluated > 1); };
#if defined(OHMIC_CHECKED) && OHMIC_CHECKED
  try {
    broken();
    FAIL("accepted");
  } catch (ohmic::contract_error const& e) {
    CHECK_THAT(e.what(), ohmic_test::contains("++evaluated > 1"));
    CHECK_THAT(e.what(), ohmic_test::contains("error_test.cpp:"));
    CHECK(e.code() == ohmic::errc::contract);
  }
  CHECK(evaluated == 1);
#else
  broken();
  CHECK(evaluated == 0);
#endif
}
