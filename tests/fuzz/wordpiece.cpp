// WordPiece: vocab.txt and tokenizer_config.json, or tokenizer.json, and a text for what they make of it.
#include "ohmic/model/text/wordpiece.hpp"

#include <cstdint>

#include "harness.hpp"

OHMIC_FUZZ(wordpiece) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 4);
  folder.remove("vocab.txt");
  folder.remove("tokenizer.json");
  if (parts[3].empty()) folder.write("vocab.txt", parts[0]);
  folder.write("tokenizer_config.json", parts[1]);
  if (!parts[3].empty()) folder.write("tokenizer.json", parts[3]);  // read where there is no vocab.txt
  accepts([&] {
    ohmic::model::bert_config model;
    model.vocabulary = 100;
    model.positions = 64;
    auto const t = ohmic::model::read_wordpiece(folder.path(), model);
    auto const ids = t.encode(parts[2], ohmic::model::long_text::cut).ids;
    if (ids.size() < 2 || ids.size() > 64) finding("a text of another length than the model takes");
    for (auto const id : ids)
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
  });
}
