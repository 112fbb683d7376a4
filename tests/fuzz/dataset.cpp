// Files of texts: labelled, plain, in pairs.
#include "ohmic/model/dataset.hpp"

#include "harness.hpp"

OHMIC_FUZZ(dataset) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("texts.tsv", text_of(data, size));
  accepts([&] {
    auto const texts = ohmic::model::read_labelled(file);
    if (texts.empty()) finding("no text, and no complaint");
    accepts([&] { ohmic::model::check_labels(texts, 3, file); });
    accepts([&] { static_cast<void>(ohmic::model::check_disjoint(file, texts, file, texts)); });
  });
  accepts([&] {
    if (ohmic::model::read_lines(file).lines.empty()) finding("no line, and no complaint");
  });
  accepts([&] {
    for (auto const& p : ohmic::model::read_pairs(file))
      if (p.id.empty() || p.query.empty() || p.document.empty()) finding("an empty part, and no complaint");
  });
}
