// Sound as whole numbers, and the same at a higher rate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// One channel of sound; of several their mean. Samples are whole numbers of 2^-23, so that means and midpoints of 16 bits are exact.
/// Range   -2^23 .. 2^23
struct sound {
  static constexpr std::int32_t one = 1 << 23;
  std::uint32_t rate = 16000;  ///< samples a second
  std::vector<std::int32_t> samples;

  [[nodiscard]] double seconds() const noexcept {
    return rate == 0 ? 0.0 : static_cast<double>(samples.size()) / static_cast<double>(rate);
  }
};

/// The same sound at a rate that is a whole number of times higher: straight lines between its samples, the last one held.
/// Errors  errc::config_conflict for a rate that is no multiple of the sound's
[[nodiscard]] inline sound at_rate(sound const& s, std::uint32_t rate, std::string const& where = "sound") {
  if (s.rate == rate) return s;
  if (s.rate == 0 || rate % s.rate != 0)
    throw error({errc::config_conflict, "rate does not divide the model's", where,
                 std::to_string(s.rate) + " samples a second", "a divisor of " + std::to_string(rate),
                 "resample it to " + std::to_string(rate) + " Hz"});
  auto const times = static_cast<std::int32_t>(rate / s.rate);
  sound out{rate, {}};
  out.samples.reserve(s.samples.size() * static_cast<std::size_t>(times));
  for (std::size_t i = 0; i < s.samples.size(); ++i) {
    std::int64_t const a = s.samples[i], b = i + 1 < s.samples.size() ? s.samples[i + 1] : a;
    for (std::int32_t k = 0; k < times; ++k) out.samples.push_back(static_cast<std::int32_t>(a + (b - a) * k / times));
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::model
