// A folder of shards with its index: three files in one input.
#include "harness.hpp"
#include "ohmic/model/import/sharded_safetensors.hpp"

OHMIC_FUZZ(sharded) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 3);
  folder.write("model.safetensors.index.json", parts[0]);
  folder.write("a.safetensors", parts[1]);
  folder.write("b.safetensors", parts[2]);
  accepts([&] {
    ohmic::model::safetensors_folder f(folder.path());
    for (auto const& name : f.names()) {
      if (!f.contains(name)) finding("a name that is not there");
      accepts([&] { static_cast<void>(f.read_matrix(name, 2, 2)); });
      accepts([&] { static_cast<void>(f.read_vector(name, 2)); });
    }
  });
}
