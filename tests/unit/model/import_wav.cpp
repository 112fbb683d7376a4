// WAV files: widths, channels, rates, and every lie that is refused; sounds at a higher rate.
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/wav.hpp"

using namespace ohmic_test;
using ohmic::errc;
using ohmic::model::at_rate;
using ohmic::model::read_wav;
using ohmic::model::sound;

namespace import_wav_test {
namespace {

std::string little(std::uint32_t v, int n) {
  std::string s;
  for (int k = 0; k < n; ++k) s += static_cast<char>(v >> (8 * k) & 0xFF);
  return s;
}
std::string chunk(std::string const& name, std::string const& data) {
  return name + little(static_cast<std::uint32_t>(data.size()), 4) + data +
         (data.size() % 2 == 0 ? "" : std::string(1, '\0'));
}
std::string format(int coding, int channels, std::uint32_t rate, int bits) {
  auto const frame = static_cast<std::uint32_t>(channels * bits / 8);
  return chunk("fmt ", little(static_cast<std::uint32_t>(coding), 2) + little(static_cast<std::uint32_t>(channels), 2) +
                           little(rate, 4) + little(rate * frame, 4) + little(frame, 2) +
                           little(static_cast<std::uint32_t>(bits), 2));
}
std::string patched(std::string bytes, std::size_t at, char value) {
  bytes[at] = value;
  return bytes;
}
std::string wav(std::string const& chunks) {
  return "RIFF" + little(static_cast<std::uint32_t>(chunks.size() + 4), 4) + "WAVE" + chunks;
}
sound read(std::string const& bytes) {
  temporary_folder const folder;
  auto const file = folder.write("a.wav", bytes);
  return read_wav(file);
}
void check_refused(std::string const& bytes, errc code, std::vector<std::string> const& parts) {
  check_failure(failure([&] { static_cast<void>(read(bytes)); }), code, parts);
}

}  // namespace

TEST_CASE("wav files of both widths and one or two channels are read") {
  auto const mono = read(wav(format(1, 1, 8000, 16) + chunk("data", raw_bytes<std::int16_t>({0, 1, -32768, 32767}))));
  CHECK(mono.rate == 8000);
  CHECK(mono.samples == std::vector<std::int32_t>{0, 256, -sound::one, 32767 * 256});
  CHECK(mono.seconds() == 4.0 / 8000.0);
  auto const stereo =
      read(wav(chunk("LIST", "odd") + format(1, 2, 16000, 16) + chunk("data", raw_bytes<std::int16_t>({1, 2, -4, 4}))));
  CHECK(stereo.samples == std::vector<std::int32_t>{384, 0});
  auto const narrow = read(wav(format(1, 1, 16000, 8) + chunk("data", raw_bytes<std::uint8_t>({128, 0, 255}))));
  CHECK(narrow.samples == std::vector<std::int32_t>{0, -sound::one, 127 * 65536});
  CHECK(read(wav(format(1, 1, 16000, 16) + chunk("data", ""))).samples.empty());
}

TEST_CASE("wav files that lie are refused") {
  check_refused("", errc::file_format, {"no WAV file", "nothing"});
  check_refused("RIFX....WAVE", errc::file_format, {"no WAV file"});
  check_refused(wav(""), errc::file_format, {"holds no samples"});
  check_refused(wav(format(1, 1, 16000, 16)), errc::file_format, {"holds no samples"});
  check_refused(wav(chunk("data", "12")), errc::file_format, {"before their format"});
  check_refused(wav(format(3, 1, 16000, 16)), errc::file_format, {"coding 3"});
  check_refused(wav(format(1, 1, 16000, 24)), errc::file_format, {"24 bits"});
  check_refused(wav(format(1, 6, 16000, 16)), errc::file_format, {"channels", "6"});
  check_refused(wav(format(1, 0, 16000, 16)), errc::file_format, {"channels", "0"});
  check_refused(wav(format(1, 1, 0, 16)), errc::file_format, {"rate"});
  check_refused(wav(format(1, 1, 16000, 16) + chunk("data", "123")), errc::file_format, {"within a sample"});
  check_refused(wav(format(1, 1, 16000, 16) + "data" + little(0xFFFFFFFF, 4) + "12"), errc::file_truncated,
                {"2 bytes", "4294967295"});
  // The size of a frame stands at byte 12 of the format, bytes a second, which decide nothing, at byte 8; behind the 8 of its chunk.
  std::string const stereo = format(1, 2, 16000, 16), samples = chunk("data", "1234");
  check_refused(wav(patched(stereo, 20, 9) + samples), errc::file_format, {"frames of 9 bytes", "frames of 4 bytes"});
  check_refused(wav(patched(stereo, 20, 0) + samples), errc::file_format, {"frames of 0 bytes"});
  CHECK(read(wav(patched(stereo, 16, 7) + samples)).samples.size() == 1);
  check_refused(wav("LIST" + little(1000, 4) + "12"), errc::file_truncated, {"'LIST'"});
  std::string const good = wav(format(1, 1, 16000, 16) + chunk("data", "1234"));
  for (std::size_t n = 0; n < good.size(); ++n) {
    temporary_folder const folder;
    auto const file = folder.write("a.wav", good.substr(0, n));
    CHECK(failure([&] { static_cast<void>(read_wav(file)); }).is_bad_input());
  }
}

TEST_CASE("a sound at a higher rate has straight lines between its samples") {
  sound const s{8000, {0, 10, -10}};
  CHECK(at_rate(s, 16000).samples == std::vector<std::int32_t>{0, 5, 10, 0, -10, -10});
  CHECK(at_rate(s, 16000).rate == 16000);
  CHECK(at_rate(s, 8000).samples == s.samples);
  CHECK(at_rate(s, 24000).samples == std::vector<std::int32_t>{0, 3, 6, 10, 4, -3, -10, -10, -10});
  check_failure(failure([&] {
                  static_cast<void>(at_rate({44100, {0}}, 16000, "a.wav"));
                }),
                errc::config_conflict, {"a.wav", "44100", "resample"});
}

}  // namespace import_wav_test
