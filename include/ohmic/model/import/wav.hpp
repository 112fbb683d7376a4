// Reads WAV files of speech: PCM of 8 or 16 bits, mono or stereo. Standard library only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/sound.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {
[[nodiscard]] inline std::uint32_t little_endian(std::string_view b, std::size_t at, std::size_t n) noexcept {
  std::uint32_t v = 0;
  for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(b[at + i]);
  return v;
}
}  // namespace detail

/// Largest file that is read: an hour and a half of stereo at 48 kHz.
inline constexpr std::uint64_t max_wav_bytes = std::uint64_t{1} << 30;

/// Errors  errc::file_missing; errc::capacity; errc::file_truncated where samples are missing; errc::file_format for other files,
///         codings, widths, channels and rates, and for a format that contradicts itself
/// Source  RIFF WAVE, as Microsoft's multimedia documentation has it: chunks "fmt " and "data"
[[nodiscard]] inline sound read_wav(std::filesystem::path const& file) {
  std::string const bytes = read_whole(file, max_wav_bytes);
  std::string_view const b = bytes;
  auto const bad = [&](errc code, std::string what, std::string got, std::string allowed) {
    return error({code, std::move(what), place(file), std::move(got), std::move(allowed),
                  "convert it to PCM of 16 bits, mono, 16 kHz"});
  };
  if (b.size() < 12 || b.substr(0, 4) != "RIFF" || b.substr(8, 4) != "WAVE")
    throw bad(errc::file_format, "is no WAV file", b.empty() ? "nothing" : in_quotes(b.substr(0, 12)), "RIFF .. WAVE");
  sound s;
  std::uint32_t channels = 0, bits = 0;
  for (std::size_t at = 12; at + 8 <= b.size();) {
    std::string_view const name = b.substr(at, 4);
    std::size_t const size = detail::little_endian(b, at + 4, 4), begin = at + 8, left = b.size() - begin;
    if (name == "fmt ") {
      if (size < 16 || left < 16) throw bad(errc::file_truncated, "ends in its format", "", "16 bytes");
      std::uint32_t const coding = detail::little_endian(b, begin, 2);
      channels = detail::little_endian(b, begin + 2, 2);
      s.rate = detail::little_endian(b, begin + 4, 4);
      bits = detail::little_endian(b, begin + 14, 2);
      // 0xFFFE: the coding follows as the first bytes of a longer name.
      bool const pcm =
          coding == 1 || (coding == 0xFFFE && size >= 26 && left >= 26 && detail::little_endian(b, begin + 24, 2) == 1);
      if (!pcm) throw bad(errc::file_format, "is coded", "coding " + std::to_string(coding), "1, PCM");
      if (bits != 8 && bits != 16)
        throw bad(errc::file_format, "has samples of another width", std::to_string(bits) + " bits", "8 or 16 bits");
      if (channels != 1 && channels != 2)
        throw bad(errc::file_format, "has another number of channels", std::to_string(channels), "1 or 2");
      if (s.rate < 1000 || s.rate > 192000)
        throw bad(errc::file_format, "has a strange rate", std::to_string(s.rate) + " samples a second",
                  "1000..192000");
      // Bytes a second decide nothing; streams leave 0 or a guess there.
      std::uint32_t const frame = channels * bits / 8, block = detail::little_endian(b, begin + 12, 2);
      if (block != frame)
        throw bad(errc::file_format, "contradicts itself in its format",
                  "frames of " + std::to_string(block) + " bytes",
                  "frames of " + std::to_string(frame) + " bytes (channels x bits / 8)");
    } else if (name == "data") {
      if (channels == 0) throw bad(errc::file_format, "has samples before their format", "", "fmt before data");
      std::size_t const frame = channels * bits / 8;
      if (size > left)
        throw bad(errc::file_truncated, "ends in its samples", std::to_string(left) + " bytes",
                  std::to_string(size) + " bytes");
      if (size % frame != 0)
        throw bad(errc::file_format, "ends within a sample", std::to_string(size) + " bytes",
                  "a multiple of " + std::to_string(frame));
      s.samples.reserve(size / frame);
      for (std::size_t i = begin; i < begin + size; i += frame) {
        std::int32_t sum = 0;
        for (std::uint32_t c = 0; c < channels; ++c)
          sum += bits == 8 ? (static_cast<std::int32_t>(detail::little_endian(b, i + c, 1)) - 128) * 65536
                           : static_cast<std::int16_t>(detail::little_endian(b, i + 2 * c, 2)) * 256;
        s.samples.push_back(sum / static_cast<std::int32_t>(channels));
      }
      return s;
    }
    if (size > left)
      throw bad(errc::file_truncated, "ends in a chunk", in_quotes(name), std::to_string(size) + " bytes");
    at = begin + size + size % 2;
  }
  throw bad(errc::file_format, "holds no samples", "", "a chunk of data");
}

}  // namespace ohmic::inline OHMIC_ABI::model
