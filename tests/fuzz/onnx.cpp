// ONNX files: refused with words, or read so that no tensor is larger than the file.
#include "ohmic/model/import/onnx.hpp"

#include "harness.hpp"
#include "ohmic/model/import/moonshine.hpp"

OHMIC_FUZZ(onnx) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("a.onnx", text_of(data, size));
  accepts([&] {
    ohmic::model::onnx_file const f(file);
    for (auto const& named : f.graph().tensors) {
      auto const& t = named.second;
      if (t.elements > size) finding("more numbers than bytes");
      accepts([&] {
        if (f.values(t).size() != t.elements) finding("values are missing");
      });
      accepts([&] { static_cast<void>(f.whole_values(t)); });
    }
    for (auto const& n : f.graph().nodes)
      for (auto const& o : n.outputs)
        if (f.graph().producer(o) == nullptr) finding("an output without its node");
  });
  // Both graphs of a Moonshine from one: its nodes have other names on either side.
  static_cast<void>(folder.write("encoder_model.onnx", text_of(data, size)));
  static_cast<void>(folder.write("decoder_model_merged.onnx", text_of(data, size)));
  accepts([&] { static_cast<void>(ohmic::model::read_moonshine(folder.path())); });
}
