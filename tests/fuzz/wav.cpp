// WAV files: refused with words, or samples in their range that are no more than the file's bytes.
#include "ohmic/model/import/wav.hpp"

#include "harness.hpp"

OHMIC_FUZZ(wav) {
  using namespace ohmic_fuzz;
  using ohmic::model::sound;
  static input_folder const folder;
  auto const file = folder.write("a.wav", text_of(data, size));
  accepts([&] {
    auto const s = ohmic::model::read_wav(file);
    if (s.samples.size() > size) finding("more samples than bytes");
    for (auto v : s.samples)
      if (v < -sound::one || v > sound::one) finding("a sample out of its range");
    accepts([&] {
      auto const up = ohmic::model::at_rate(s, 16000);
      if (up.samples.size() != s.samples.size() * (16000 / s.rate)) finding("samples are lost");
      for (auto v : up.samples)
        if (v < -sound::one || v > sound::one) finding("a sample between others is out of their range");
    });
  });
}
