// config.json for the cost side: sizes are refused, or everything that is counted from them is.
#include "ohmic/model/import/network.hpp"

#include "harness.hpp"

OHMIC_FUZZ(network) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("config.json", text_of(data, size));
  accepts([&] {
    auto const n = ohmic::model::read_network(file);
    auto const& s = n.transformer.value();
    ohmic::program::transformer_shape::validate(s);
    if (n.weights() == 0) finding("a model without weights");
    if (s.layers > std::size_t{1} << 25 || s.width == 0 || s.heads == 0 || s.key_heads == 0)
      finding("sizes that cannot be");
  });
}
