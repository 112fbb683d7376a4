// A small random generator for tests: the same numbers everywhere, and nothing of the library's in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ohmic_test {

/// Source  SplitMix64 of Steele, Lea and Flood 2014, written from its definition
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// A number of low..high, both included.
  int between(int low, int high) noexcept {
    auto const choices = static_cast<std::uint64_t>(static_cast<std::int64_t>(high) - low + 1);
    return static_cast<int>(low + static_cast<std::int64_t>(bits() % choices));
  }
  /// A number of [0, 1).
  double real() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  /// About normal, mean 0 and deviation 1, within -6..6.
  double normal() noexcept {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += real();
    return sum;
  }
  template <class T>
  T const& of(std::vector<T> const& choices) noexcept {
    return choices[static_cast<std::size_t>(bits() % choices.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace ohmic_test
