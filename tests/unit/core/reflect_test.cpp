// Configurations as text.
#include "ohmic/core/reflect.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace sample {
enum class rounding : std::uint8_t { nearest_even, down };

struct nothing {};

struct adc_config {
  int bits = 8;
  ohmic::amperes full_scale{1e-6};
  rounding mode = rounding::nearest_even;
  bool lossless = false;
};

struct chip_config {
  adc_config adc;
  nothing spare;
  std::string name = "two words";
  std::uint64_t seed = 42;
  std::int8_t offset = -3;
  float small = 0.1f;
  double third = 1.0 / 3.0;
  std::vector<double> points{0.1, 2.0};
  std::vector<rounding> modes{};
};

// A template, which the macro cannot describe.
template <class Inner>
struct wrapper {
  Inner inner{};
  int copies = 1;
  struct hana_accessors_impl
      : ohmic::reflected_members<ohmic::member<"inner", &wrapper::inner>, ohmic::member<"copies", &wrapper::copies>> {};
};
}  // namespace sample

template <>
struct ohmic::enum_names<sample::rounding> {
  static constexpr std::pair<std::string_view, sample::rounding> value[] = {
      {"nearest_even", sample::rounding::nearest_even}, {"down", sample::rounding::down}};
};

BOOST_HANA_ADAPT_STRUCT(sample::nothing);
OHMIC_MEMBERS(sample::adc_config, bits, full_scale, mode, lossless);
BOOST_HANA_ADAPT_STRUCT(sample::chip_config, adc, spare, name, seed, offset, small, third, points, modes);

namespace {
using sample::chip_config;

static_assert(ohmic::reflected<chip_config> && !ohmic::reflected<int> && !ohmic::reflected<std::string>);
static_assert(ohmic::named_enum<sample::rounding> && !ohmic::named_enum<int>);
static_assert(ohmic::fingerprint("") == 0xcbf29ce484222325 && ohmic::fingerprint("a") == 0xaf63dc4c8601ec8c);
static_assert(ohmic::fingerprint("foobar") == 0x85944171f73967e8);  // the authors' test vectors
static_assert(ohmic::fingerprint("bar", ohmic::fingerprint("foo")) == ohmic::fingerprint("foobar"));

ohmic::error_info refusal(chip_config& config, std::string_view assignment) {
  auto const before = ohmic::print(config);
  try {
    ohmic::assign(config, assignment);
  } catch (ohmic::error const& e) {
    CHECK(ohmic::print(config) == before);
    return e.info();
  }
  FAIL("accepted " << assignment);
  return {};
}
}  // namespace

TEST_CASE("a config is printed with one line per field, nested keys with dots") {
  CHECK(ohmic::print(chip_config{}) ==
        "adc.bits=8\n"
        "adc.full_scale=1e-06 A\n"
        "adc.mode=nearest_even\n"
        "adc.lossless=false\n"
        "name=two words\n"
        "seed=42\n"
        "offset=-3\n"
        "small=0.1\n"
        "third=0.3333333333333333\n"
        "points=0.1,2\n"
        "modes=\n");
}

TEST_CASE("keys are listed in the order of the fields") {
  CHECK(ohmic::keys(sample::adc_config{}) == std::vector<std::string>{"bits", "full_scale", "mode", "lossless"});
  CHECK(ohmic::keys(chip_config{}).front() == "adc.bits");
  CHECK(ohmic::keys(sample::nothing{}).empty());
}

TEST_CASE("what is printed reads back exactly") {
  chip_config config;
  config.adc = {-7, ohmic::amperes(1.0 / 3e7), sample::rounding::down, true};
  config.name = " leading, trailing = and comma ";
  config.seed = std::numeric_limits<std::uint64_t>::max();
  config.offset = -128;
  config.small = 1.0f / 3.0f;
  config.third = 5e-324;
  config.points = {1.0 / 7.0, -1e300, 0.0};
  config.modes = {sample::rounding::down, sample::rounding::nearest_even};
  auto const text = ohmic::print(config);

  chip_config copy;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    ohmic::assign(copy, std::string_view(text).substr(at, end - at));
    at = end + 1;
  }
  CHECK(ohmic::print(copy) == text);
  CHECK(copy.adc.full_scale == config.adc.full_scale);
  CHECK(copy.small == config.small);
  CHECK(copy.third == config.third);
  CHECK(copy.points == config.points);
  CHECK(copy.name == config.name);
  CHECK(ohmic::diff(copy, config).empty());
}

TEST_CASE("fields are set by key") {
  chip_config config;
  ohmic::set(config, "adc.bits", " 12 ");
  ohmic::set(config, "adc.full_scale", "2.5 uA");
  ohmic::set(config, "adc.mode", "down");
  ohmic::assign(config, "adc.lossless = true");
  ohmic::assign(config, "points= 1, 2.5 ,3");
  ohmic::assign(config, "name=a=b");
  CHECK(config.adc.bits == 12);
  CHECK(config.adc.full_scale == ohmic::amperes(2.5e-6));
  CHECK(config.adc.mode == sample::rounding::down);
  CHECK(config.adc.lossless);
  CHECK(config.points == std::vector<double>{1.0, 2.5, 3.0});
  CHECK(config.name == "a=b");
  ohmic::assign(config, "points=");
  CHECK(config.points.empty());
}

TEST_CASE("an unknown key names the one that was meant") {
  chip_config config;
  for (auto const& [wrong, meant] :
       std::vector<std::pair<std::string, std::string>>{{"adc.bit", "adc.bits"},
                                                        {"acd.bits", "adc.bits"},
                                                        {"adc.fullscale", "adc.full_scale"},
                                                        {"adc_lossless", "adc.lossless"},
                                                        {"sed", "seed"},
                                                        {"lossless", "adc.lossless"}}) {
    auto const info = refusal(config, wrong + "=1");
    CHECK(info.code == ohmic::errc::unknown_key);
    CHECK(info.where == wrong);
    CHECK(info.fix == "did you mean '" + meant + "'?");
  }
  auto const info = refusal(config, "zzzzzzzz=1");
  CHECK(info.fix.empty());
  CHECK_THAT(info.allowed, ohmic_test::contains("adc.full_scale"));
}

TEST_CASE("a group has no value of its own") {
  chip_config config;
  auto const info = refusal(config, "adc=8");
  CHECK(info.code == ohmic::errc::unknown_key);
  CHECK(info.allowed == "adc.bits, adc.full_scale, adc.mode, adc.lossless");
}

TEST_CASE("a wrong value is refused with key, value and what is allowed") {
  struct row {
    std::string assignment, where, allowed;
  };
  chip_config config;
  for (auto const& r : std::vector<row>{
           {"adc.bits=7.5", "adc.bits", "a whole number from -2147483648 to 2147483647"},
           {"adc.bits=", "adc.bits", "a whole number"},
           {"adc.bits=8 bits", "adc.bits", "a whole number"},
           {"adc.bits=99999999999", "adc.bits", "2147483647"},
           {"offset=128", "offset", "a whole number from -128 to 127"},
           {"seed=-1", "seed", "a whole number from 0 to 18446744073709551615"},
           {"third=0.1.2", "third", "a number"},
           {"third=nan", "third", "a number"},
           {"third=1e999", "third", "a number"},
           {"small=1e39", "small", "a number"},
           {"adc.lossless=1", "adc.lossless", "true or false"},
           {"adc.mode=nearest", "adc.mode", "one of nearest_even, down"},
           {"adc.full_scale=1e-6", "adc.full_scale", "a number with unit A"},
           {"adc.full_scale=1 V", "adc.full_scale", "a number with unit A"},
           {"points=1,,2", "points", "a list with commas, each a number"},
           {"points=1,x", "points", "a list with commas, each a number"},
           {"points=1,", "points", "a list with commas, each a number"},
           {"modes=up", "modes", "each one of nearest_even, down"},
           {"name=a\nb", "name", "text on one line"},
       }) {
    CAPTURE(r.assignment);
    auto const info = refusal(config, r.assignment);
    CHECK(info.code == ohmic::errc::config_value);
    CHECK(info.where == r.where);
    CHECK(info.got == "'" + r.assignment.substr(r.assignment.find('=') + 1) + "'");
    CHECK_THAT(info.allowed, ohmic_test::contains(r.allowed));
  }
  CHECK_THAT(refusal(config, "adc.mode=dwon").what, ohmic_test::contains("did you mean 'down'?"));
  CHECK_THAT(refusal(config, "adc.bits").allowed, ohmic_test::contains("key=value"));
}

TEST_CASE("the difference of two configs lists the fields that changed") {
  chip_config a, b;
  CHECK(ohmic::diff(a, b).empty());
  b.adc.bits = 6;
  b.points = {1.0};
  CHECK(ohmic::diff(a, b) == std::vector<ohmic::field_change>{{"adc.bits", "8", "6"}, {"points", "0.1,2", "1"}});
}

TEST_CASE("the fingerprint follows every field and is the hash of the printed text") {
  chip_config const config;
  CHECK(ohmic::fingerprint(config) == ohmic::fingerprint(std::string_view(ohmic::print(config))));
  chip_config other;
  CHECK(ohmic::fingerprint(other) == ohmic::fingerprint(config));
  other.adc.full_scale = ohmic::amperes(1.0000000000000002e-6);  // the next double
  CHECK(ohmic::fingerprint(other) != ohmic::fingerprint(config));
}

TEST_CASE("members are visited once, a nested config as one") {
  chip_config config;
  std::string names;
  ohmic::for_each_field(config, [&]<class T>(std::string_view name, T& member) {
    names += std::string(name) + " ";
    if constexpr (std::is_same_v<T, std::uint64_t>) member = 7;
  });
  CHECK(names == "adc spare name seed offset small third points modes ");
  CHECK(config.seed == 7);
}

TEST_CASE("a config that is a template is described member by member") {
  sample::wrapper<sample::adc_config> config;
  ohmic::set(config, "inner.bits", "5");
  ohmic::set(config, "copies", "3");
  CHECK(config.inner.bits == 5);
  CHECK_THAT(ohmic::print(config), ohmic_test::starts_with("inner.bits=5\ninner.full_scale=1e-06 A\n"));
  CHECK_THAT(ohmic::print(config), ohmic_test::contains("copies=3\n"));
}

TEST_CASE("an enumeration value without a name is printed as a number") {
  sample::adc_config config;
  config.mode = static_cast<sample::rounding>(9);
  CHECK_THAT(ohmic::print(config), ohmic_test::contains("mode=9\n"));
}

TEST_CASE("edit distance counts insertions, deletions, replacements and swaps") {
  CHECK(ohmic::edit_distance("", "") == 0);
  CHECK(ohmic::edit_distance("", "abc") == 3);
  CHECK(ohmic::edit_distance("kitten", "sitting") == 3);
  CHECK(ohmic::edit_distance("adc", "acd") == 1);
  CHECK(ohmic::edit_distance("ca", "abc") == 3);  // the restricted form: no edit between swapped letters
  CHECK(ohmic::edit_distance("bits", "bit") == 1);
}

TEST_CASE("the nearest name is within three edits and mostly right") {
  std::vector<std::string> const chips{"wang2024", "wang2024_published", "isaac"};
  CHECK(ohmic::nearest_name("wang204", chips) == "wang2024");
  CHECK(ohmic::nearest_name("wang2024_publishd", chips) == "wang2024_published");
  CHECK(ohmic::nearest_name("issac", chips) == "isaac");
  CHECK(ohmic::nearest_name("tpu", chips).empty());
  CHECK(ohmic::nearest_name("", chips).empty());
  CHECK(ohmic::joined(chips) == "wang2024, wang2024_published, isaac");
}
