// vocab.json of the unigram tokenizer, and a text for what it makes of it.
#include "ohmic/model/text/unigram.hpp"

#include <cstdint>

#include "harness.hpp"

OHMIC_FUZZ(unigram) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const file = folder.write("vocab.json", parts[0]);
  accepts([&] {
    auto const t = ohmic::model::read_unigram(file);
    for (auto const id : t.encode(parts[1]))
      if (id < 0 || static_cast<std::size_t>(id) >= t.size()) finding("an id outside the vocabulary");
  });
}
