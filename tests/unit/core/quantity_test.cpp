// Units: what compiles, what does not, and the text forms.
#include "ohmic/core/quantity.hpp"

#include <compare>
#include <limits>
#include <string>
#include <type_traits>

#include "support/catch.hpp"

namespace {
using namespace ohmic;

template <class A, class B>
concept addable = requires(A a, B b) {
  a + b;
};
template <class A, class B>
concept subtractable = requires(A a, B b) {
  a - b;
};
template <class A, class B>
concept comparable = requires(A a, B b) {
  a < b;
};
template <class A, class B>
concept equatable = requires(A a, B b) {
  a == b;
};

static_assert(addable<joules, joules> && !addable<joules, seconds> && !addable<joules, double> &&
              !addable<double, joules>);
static_assert(subtractable<volts, volts> && !subtractable<volts, amperes>);
static_assert(comparable<ohms, ohms> && !comparable<ohms, siemens> && !comparable<ohms, double>);
static_assert(equatable<kelvins, kelvins> && !equatable<kelvins, metres> && !equatable<kelvins, double>);
static_assert(std::is_constructible_v<volts, double> && !std::is_convertible_v<double, volts>);
static_assert(!std::is_convertible_v<volts, double> && !std::is_constructible_v<volts, amperes>);

static_assert(std::is_same_v<decltype(volts{} / amperes{}), ohms>);
static_assert(std::is_same_v<decltype(volts{} * siemens{}), amperes>);
static_assert(std::is_same_v<decltype(volts{} * amperes{}), watts>);
static_assert(std::is_same_v<decltype(watts{} * seconds{}), joules>);
static_assert(std::is_same_v<decltype(joules{} / seconds{}), watts>);
static_assert(std::is_same_v<decltype(amperes{} * seconds{}), coulombs>);
static_assert(std::is_same_v<decltype(coulombs{} / volts{}), farads>);
static_assert(std::is_same_v<decltype(metres{} * metres{}), square_metres>);
static_assert(std::is_same_v<decltype(1.0 / ohms{}), siemens>);
static_assert(std::is_same_v<decltype(1.0 / seconds{}), hertz>);
static_assert(std::is_same_v<decltype(ohms{} * farads{}), seconds>);
static_assert(std::is_same_v<decltype(seconds{} * hertz{}), double>);
static_assert(std::is_same_v<decltype(volts{} / volts{}), double>);

static_assert(sizeof(volts) == sizeof(double) && std::is_trivially_copyable_v<volts> &&
              std::is_standard_layout_v<volts>);
static_assert(volts{}.si() == 0.0);
static_assert(volts(3.0) + volts(1.0) == 2.0 * volts(2.0) && -volts(1.0) < volts(0.0));
static_assert(volts(6.0) / amperes(2.0) == ohms(3.0) && volts(6.0) / volts(2.0) == 3.0);
static_assert([] {
  volts v(1.0);
  v += volts(2.0);
  v -= volts(0.5);
  v *= 4.0;
  v /= 2.0;
  return v;
}() == volts(5.0));
static_assert((volts(std::numeric_limits<double>::quiet_NaN()) <=> volts(0.0)) == std::partial_ordering::unordered);

std::string refusal(auto const& f) {
  try {
    f();
  } catch (error const& e) {
    CHECK(e.code() == errc::config_value);
    return e.what();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("a quantity is written with its unit and the shortest digits") {
  CHECK(to_text(amperes(1e-6)) == "1e-06 A");
  CHECK(to_text(volts(0.1)) == "0.1 V");
  CHECK(to_text(ohms(10000.0)) == "10000 ohm");
  CHECK(to_text(square_metres(2.5e-13)) == "2.5e-13 m2");
  CHECK(to_text(hertz(1.2e9)) == "1.2e+09 Hz");
  CHECK(to_text(ohms(std::numeric_limits<double>::infinity())) == "inf ohm");
  CHECK(to_text(volts(1.0) * volts(1.0)) == "1 kg2 m4 s-6 A-2");
  CHECK(to_text(1.0 / metres(2.0)) == "0.5 m-1");
}

TEST_CASE("every unit has a symbol that reads back") {
  auto const there_and_back = [](auto q) { CHECK(parse_quantity<decltype(q)>(to_text(q), "q") == q); };
  double const x = 1.0 / 3.0;
  there_and_back(metres(x)), there_and_back(square_metres(x)), there_and_back(seconds(x)), there_and_back(hertz(x));
  there_and_back(kelvins(x)), there_and_back(amperes(x)), there_and_back(coulombs(x)), there_and_back(joules(x));
  there_and_back(watts(x)), there_and_back(volts(x)), there_and_back(ohms(x)), there_and_back(siemens(x));
  there_and_back(farads(x)), there_and_back(volts(x) * volts(x)), there_and_back(joules(1.7e-300));
  there_and_back(farads(5e-324)), there_and_back(watts(-std::numeric_limits<double>::max()));
}

TEST_CASE("prefixes are exact powers of ten") {
  CHECK(parse_quantity<ohms>("10 kohm", "r") == ohms(1e4));
  CHECK(parse_quantity<ohms>("10kohm", "r") == ohms(1e4));
  CHECK(parse_quantity<ohms>(" 2.5e-1\tMohm ", "r") == ohms(2.5e5));
  CHECK(parse_quantity<amperes>("3 uA", "i") == amperes(3e-6));
  CHECK(parse_quantity<amperes>("0.3 uA", "i") == amperes(3e-7));
  CHECK(parse_quantity<amperes>("7E+3 nA", "i") == amperes(7e-6));
  CHECK(parse_quantity<farads>("1.1 fF", "c") == farads(1.1e-15));
  CHECK(parse_quantity<joules>("4 pJ", "e") == joules(4e-12));
  CHECK(parse_quantity<volts>("-200 mV", "v") == volts(-0.2));
  CHECK(parse_quantity<hertz>("1.2 GHz", "f") == hertz(1.2e9));
  CHECK(parse_quantity<hertz>("1 THz", "f") == hertz(1e12));
  CHECK(parse_quantity<siemens>("50 uS", "g") == siemens(5e-5));
  CHECK(parse_quantity<ohms>("inf ohm", "r") == ohms(std::numeric_limits<double>::infinity()));
  CHECK(parse_quantity<ohms>("0e2147483647 kohm", "r") == ohms(0.0));
}

TEST_CASE("a metre is not a prefix and a square counts it twice") {
  CHECK(parse_quantity<metres>("3 m", "x") == metres(3.0));
  CHECK(parse_quantity<metres>("3 mm", "x") == metres(3e-3));
  CHECK(parse_quantity<square_metres>("0.3 um2", "a") == square_metres(3e-13));
  CHECK(parse_quantity<square_metres>("4 mm2", "a") == square_metres(4e-6));
}

TEST_CASE("another unit is refused and the expected one named") {
  auto const text = refusal([] { (void)parse_quantity<amperes>("1 mV", "adc.full_scale"); });
  CHECK_THAT(text, ohmic_test::contains("adc.full_scale: wrong unit 'mV'"));
  CHECK_THAT(text, ohmic_test::contains("'1 mV'"));
  CHECK_THAT(text, ohmic_test::contains("a number with unit A"));
}

TEST_CASE("texts that are no quantity are refused") {
  for (auto const* bad : {"", "A", "1", "1e-6", "one A", "1 a", "1 kkA", "1 A A", "1 Am", "1 k", "nan A", "1e400 A",
                          "--1 A", "0x10 A", "1e308 TA", "1,5 A",
                          "1 \xc2\xb5"
                          "A"}) {
    CAPTURE(bad);
    CHECK_THAT(refusal([&] { (void)parse_quantity<amperes>(bad, "key"); }), ohmic_test::contains("unit A"));
  }
  CHECK_THAT(refusal([] { (void)parse_quantity<amperes>("1e-6", "k"); }), ohmic_test::contains("the unit is missing"));
}
