// config.json of the models that run: each reader takes it or says why not.
#include "harness.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/import/gpt2.hpp"
#include "ohmic/model/import/llama.hpp"
#include "ohmic/model/import/t5.hpp"

OHMIC_FUZZ(model_config) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("config.json", text_of(data, size));
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
  // Weights are looked for only after the sizes are in order, and take no memory when they are not there.
  accepts([&] { static_cast<void>(ohmic::model::read_bert(folder.path())); });
  accepts([&] { static_cast<void>(ohmic::model::read_gpt2(folder.path())); });
  accepts([&] { static_cast<void>(ohmic::model::read_llama(folder.path())); });
  accepts([&] { static_cast<void>(ohmic::model::read_t5(folder.path())); });
}
