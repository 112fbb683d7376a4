// TensorFlow.js models: model.json and its shard in one input.
#include "ohmic/model/import/tfjs.hpp"

#include "harness.hpp"
#include "ohmic/model/import/sentence_encoder.hpp"

OHMIC_FUZZ(tfjs) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const file = folder.write("model.json", parts[0]);
  folder.write("shard1", parts[1]);
  accepts([&] {
    ohmic::model::tfjs_weights const w(file);
    accepts([&] { static_cast<void>(w.read_matrix("a", 2, 2)); });
    accepts([&] { static_cast<void>(w.read_vector("b", 3)); });
    // Sizes come from other files: a tensor that is not there must not take their memory.
    accepts([&] { static_cast<void>(w.read_matrix("none", std::size_t{1} << 24, std::size_t{1} << 16)); });
  });
  accepts([&] { static_cast<void>(ohmic::model::read_sentence_encoder(folder.path())); });
}
