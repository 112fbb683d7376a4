// config.json of the models that run, and the model.safetensors beside it where the input has one: each reader takes them or says why not.
#include <string_view>

#include "harness.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/import/gpt2.hpp"
#include "ohmic/model/import/llama.hpp"
#include "ohmic/model/import/neox.hpp"
#include "ohmic/model/import/t5.hpp"

OHMIC_FUZZ(model_config) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const file = folder.write("config.json", parts[0]);
  folder.remove("model.safetensors");
  if (!parts[1].empty()) folder.write("model.safetensors", parts[1]);
  accepts([&] {
    auto const [c, labels] = ohmic::model::read_bert_config(file);
    if (labels.size() != c.classes || c.width % c.heads != 0) finding("a BERT that cannot be");
  });
  accepts([&] {
    auto const c = ohmic::model::read_gpt2_config(file);
    if (c.width % c.heads != 0) finding("a GPT-2 that cannot be");
  });
  accepts([&] {
    auto const f = ohmic::model::read_llama_config(file);
    if (f.config.heads % f.config.key_heads != 0) finding("a Llama that cannot be");
  });
  accepts([&] {
    auto const f = ohmic::model::read_t5_config(file);
    if (f.config.buckets < 4 || static_cast<std::size_t>(f.config.start) >= f.config.vocabulary)
      finding("a T5 that cannot be");
  });
  accepts([&] {
    auto const f = ohmic::model::read_neox_config(file);
    if (f.config.width % f.config.heads != 0 || f.config.rotation.width % 2 != 0) finding("a GPT-NeoX that cannot be");
  });
  // Weights are looked for only after the sizes are in order, and take no memory when they are not there.
  accepts([&] {
    auto const m = ohmic::model::read_bert(folder.path());
    if (m.word.rows() != m.config.vocabulary || m.layers.size() != m.config.layers) finding("a BERT of other sizes");
  });
  accepts([&] {
    auto const m = ohmic::model::read_gpt2(folder.path());
    if (m.word.rows() != m.config.vocabulary || m.layers.size() != m.config.layers) finding("a GPT-2 of other sizes");
  });
  for (auto const kept : {ohmic::model::matrices::in_memory, ohmic::model::matrices::in_files}) {
    accepts([&] {
      auto const m = ohmic::model::read_llama(folder.path(), kept);
      if (m.word.rows() != m.config.vocabulary || m.layers.size() != m.config.layers) finding("a Llama of other sizes");
    });
    accepts([&] {
      auto const m = ohmic::model::read_neox(folder.path(), kept);
      if (m.word.rows() != m.config.vocabulary || m.layers.size() != m.config.layers)
        finding("a GPT-NeoX of other sizes");
    });
    accepts([&] {
      auto const m = ohmic::model::read_t5(folder.path(), kept);
      if (m.word.rows() != m.config.vocabulary || m.encoder.size() != m.config.encoder_layers)
        finding("a T5 of other sizes");
    });
  }
}
