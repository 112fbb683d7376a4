// Bit slices: two's complement and sign-magnitude.
#include "ohmic/numeral/slices.hpp"

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "ohmic/numeral/balanced.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"

using ohmic::errc;
using ohmic::sign_magnitude;
using ohmic::slice_widths;
using ohmic::twos_complement;

namespace {

/// All ways to cut `bits` bits into slices, by the cuts between neighbouring bits.
std::vector<std::vector<int>> all_cuts(int bits) {
  std::vector<std::vector<int>> all;
  for (unsigned cuts = 0; cuts < 1u << (bits - 1); ++cuts) {
    std::vector<int> widths{1};
    for (int bit = 1; bit < bits; ++bit) {
      if ((cuts >> (bit - 1) & 1u) != 0) {
        widths.push_back(1);
      } else {
        ++widths.back();
      }
    }
    all.push_back(widths);
  }
  return all;
}

/// sum of slice x 2^(widths below it), in whole numbers.
std::int64_t weighted_sum(std::vector<int> const& widths, std::vector<std::int32_t> const& slices) {
  std::int64_t sum = 0, weight = 1;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    sum += slices[i] * weight;
    weight <<= widths[i];
  }
  return sum;
}

template <class System>
std::vector<std::int32_t> slices_of(std::int64_t value, slice_widths const& widths) {
  std::vector<std::int32_t> slices(widths.size(), -77);
  System::encode(value, widths, slices);
  return slices;
}

std::size_t twos_complement_faults(std::vector<int> const& cut, std::int64_t v) {
  slice_widths const widths(cut);
  auto const slices = slices_of<twos_complement>(v, widths);
  std::size_t faults = static_cast<std::size_t>(twos_complement::decode(widths, slices) != v);
  for (std::size_t i = 0; i < slices.size(); ++i)
    faults += static_cast<std::size_t>(slices[i] < 0 || slices[i] >= std::int64_t{1} << cut[i]);
  std::int64_t const modulus = std::int64_t{1} << widths.bits();
  faults += static_cast<std::size_t>(weighted_sum(cut, slices) != (v < 0 ? v + modulus : v));
  return faults;
}

std::size_t sign_magnitude_faults(std::vector<int> const& cut, std::int64_t v) {
  slice_widths const widths(cut);
  auto const slices = slices_of<sign_magnitude>(v, widths);
  std::size_t faults = static_cast<std::size_t>(sign_magnitude::decode(widths, slices) != v);
  for (std::size_t i = 0; i < slices.size(); ++i) {
    std::int64_t const magnitude = slices[i] < 0 ? -slices[i] : slices[i];
    faults += static_cast<std::size_t>(magnitude >= std::int64_t{1} << cut[i] ||
                                       (slices[i] != 0 && (slices[i] < 0) != (v < 0)));
  }
  faults += static_cast<std::size_t>(weighted_sum(cut, slices) != v);
  return faults;
}

}  // namespace

TEST_CASE("two's complement slices carry every 8-bit number in every cut") {
  std::size_t faults = 0;
  for (auto const& cut : all_cuts(8))
    for (std::int64_t v = -128; v <= 127; ++v) faults += twos_complement_faults(cut, v);
  CHECK(faults == 0);
}

TEST_CASE("sign-magnitude slices carry every number of eight bits and a sign in every cut") {
  std::size_t faults = 0;
  for (auto const& cut : all_cuts(8))
    for (std::int64_t v = -255; v <= 255; ++v) faults += sign_magnitude_faults(cut, v);
  CHECK(faults == 0);
}

TEST_CASE("slices of any widths carry numbers of up to 32 bits") {
  ohmic_test::dice dice(7);
  std::size_t faults = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> cut;
    for (int left = dice.between(1, 32); left > 0; left -= cut.back())
      cut.push_back(dice.between(1, left < 16 ? left : 16));
    int const bits = slice_widths(cut).bits();
    std::int64_t const half = std::int64_t{1} << (bits - 1);
    auto const raw = static_cast<std::int64_t>(dice.bits() % static_cast<std::uint64_t>(2 * half)) - half;
    for (std::int64_t v : {raw, -half, half - 1, std::int64_t{0}, std::int64_t{-1}})
      faults += twos_complement_faults(cut, v);
    for (std::int64_t v : {2 * raw + 1, 1 - 2 * half, 2 * half - 1, std::int64_t{0}})
      faults += sign_magnitude_faults(cut, v);
  }
  CHECK(faults == 0);
}

TEST_CASE("the least significant slice comes first") {
  slice_widths const widths({2, 2, 2, 2});
  CHECK(slices_of<twos_complement>(0x1b, widths) == std::vector<std::int32_t>{3, 2, 1, 0});
  CHECK(slices_of<twos_complement>(-1, widths) == std::vector<std::int32_t>{3, 3, 3, 3});
  CHECK(slices_of<twos_complement>(-128, widths) == std::vector<std::int32_t>{0, 0, 0, 2});
  CHECK(slices_of<sign_magnitude>(-0x1b, widths) == std::vector<std::int32_t>{-3, -2, -1, 0});
  CHECK(slices_of<sign_magnitude>(0x1b, slice_widths({1, 4, 3})) == std::vector<std::int32_t>{1, 13, 0});
}

TEST_CASE("slice widths report their total") {
  slice_widths const widths({3, 1, 4});
  CHECK(widths.size() == 3);
  CHECK(widths.bits() == 8);
  CHECK(std::vector<int>(widths.widths().begin(), widths.widths().end()) == std::vector<int>{3, 1, 4});
}

TEST_CASE("slices of impossible widths are refused with the width") {
  ohmic_test::check_refused([] { slice_widths({2, 0, 2}); }, errc::config_value, {"slices", "got 0", "1..16"});
  ohmic_test::check_refused([] { slice_widths({2, -3}); }, errc::config_value, {"slices", "got -3", "1..16"});
  ohmic_test::check_refused([] { slice_widths({17}); }, errc::config_value, {"slices", "got 17", "1..16"});
  ohmic_test::check_refused([] { slice_widths({16, 16, 1}); }, errc::config_value, {"slices", "got 33", "1..32"});
  ohmic_test::check_refused([] { slice_widths({}); }, errc::config_value, {"slices", "got 0", "1..32"});
}

TEST_CASE(
    "balanced slices of one width are balanced digits, of several widths they carry every code within their reach") {
  using namespace ohmic;
  slice_widths const twos({2, 2, 2});
  for (std::int32_t v = -171; v <= 171; ++v) {
    std::int32_t digits[3];
    balanced_slices::encode(v, twos, digits);
    auto const most_first = balanced<2>::encoded<3>(v);
    for (std::size_t i = 0; i < 3; ++i) CHECK(digits[i] == most_first[2 - i]);
    CHECK(balanced_slices::decode(twos, digits) == v);
  }
  slice_widths const mixed({1, 3, 2});  // bases 3, 15, 7: up to 157
  for (std::int32_t v = -157; v <= 157; ++v) {
    std::int32_t digits[3];
    balanced_slices::encode(v, mixed, digits);
    CHECK((std::abs(digits[0]) <= 1 && std::abs(digits[1]) <= 7 && std::abs(digits[2]) <= 3));
    CHECK(balanced_slices::decode(mixed, digits) == v);
  }
}
