// sp.model of SentencePiece, and a text for what it makes of it.
#include "ohmic/model/text/sentencepiece.hpp"

#include <cstdint>

#include "harness.hpp"
#include "ohmic/model/text/sentencepiece_unigram.hpp"

OHMIC_FUZZ(sentencepiece) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const file = folder.write("sp.model", parts[0]);
  accepts([&] {
    auto const t = ohmic::model::read_sentencepiece_bpe(file);
    auto const ids = t.encode(parts[1]);
    for (auto const id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
    static_cast<void>(t.decode(ids));
  });
  accepts([&] {
    auto const t = ohmic::model::read_sentencepiece_unigram(file);
    for (auto const id : t.encode(parts[1]))
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
  });
}
