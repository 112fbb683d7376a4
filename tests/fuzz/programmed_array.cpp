// Programmed arrays (ohmic mvm --load): refused with words, or an array that multiplies.
#include "ohmic/model/import/programmed_array.hpp"

#include <cmath>
#include <vector>

#include "harness.hpp"

OHMIC_FUZZ(programmed_array) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("array.safetensors", text_of(data, size));
  accepts([&] {
    auto const c = ohmic::model::read_programmed(file);
    if (c.g.size() != std::size_t{c.slices} * c.lines * c.columns * c.inputs)
      finding("cells that do not fit the sizes");
    auto const again =
        ohmic::model::read_programmed(folder.write("again.safetensors", ohmic::model::programmed_bytes(c)));
    if (again.g != c.g || ohmic::print(again.config) != ohmic::print(c.config))
      finding("an array changes when it is kept");
  });
}
