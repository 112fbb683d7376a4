// safetensors files: refused with words, or every tensor reads or is refused by itself.
#include "ohmic/model/import/safetensors.hpp"

#include <cstdint>
#include <vector>

#include "harness.hpp"

OHMIC_FUZZ(safetensors) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("model.safetensors", text_of(data, size));
  accepts([&] {
    ohmic::model::safetensors_file f(file);
    for (auto const& t : f.tensors()) {
      if (t.begin > t.end || t.end > size) finding("a tensor outside the file");
      accepts([&] {
        if (t.shape.size() == 2) static_cast<void>(f.read_matrix(t.name, t.shape[0], t.shape[1]));
        if (t.shape.size() == 1) static_cast<void>(f.read_vector(t.name, t.shape[0]));
      });
      accepts([&] { static_cast<void>(f.read_doubles(t.name, t.shape)); });
    }
    accepts([&] { static_cast<void>(f.read_vector("no such tensor", 1)); });
  });
}
