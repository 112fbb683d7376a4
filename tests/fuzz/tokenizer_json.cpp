// tokenizer.json, a text for what it makes of it, and the tokenizer_config.json beside it.
#include "ohmic/model/text/tokenizer_json.hpp"

#include <cstdint>
#include <filesystem>

#include "harness.hpp"
#include "ohmic/model/text/sentencepiece_unigram.hpp"

OHMIC_FUZZ(tokenizer_json) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 3);
  auto const file = folder.write("tokenizer.json", parts[0]);
  accepts([&] {
    auto const t = ohmic::model::read_tokenizer_json(
        file, parts[2].empty() ? std::filesystem::path() : folder.write("tokenizer_config.json", parts[2]));
    auto const ids = t.encode(parts[1]);
    for (auto const id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
    if (ids.size() > 8 * parts[1].size() + 8) finding("more ids than a text has bytes");
    static_cast<void>(t.decode(ids));
    static_cast<void>(t.decode(t.begin()));
  });
  accepts([&] {
    auto const t = ohmic::model::read_unigram_json(file);
    auto const ids = t.encode(parts[1]);
    for (auto const id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
    static_cast<void>(t.decode(ids));
  });
}
