// Files of lines: labelled texts, plain ones, pairs, translations, clips with transcripts, pieces.
#include "ohmic/model/dataset.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "harness.hpp"
#include "ohmic/model/speech_task.hpp"
#include "ohmic/model/text/pieces.hpp"

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
  accepts([&] {
    for (auto const& t : ohmic::model::read_translations(file))
      if (t.source.empty() || t.target.empty()) finding("an empty part, and no complaint");
  });
  accepts([&] {
    std::set<std::string> seen;
    for (auto const& c : ohmic::model::read_transcripts(file)) {
      auto const path = c.file.lexically_normal().string();
      if (!path.starts_with(folder.path().string() + "/")) finding("a clip outside the folder");
      if (!seen.insert(path).second) finding("a clip given twice");
      static_cast<void>(ohmic::model::spoken_words(c.transcript));
    }
  });
  static_cast<void>(ohmic::model::data_digest(file));
  accepts([&] {
    auto const pieces = ohmic::model::read_pieces(file);
    std::vector<std::int32_t> ids{-1, static_cast<std::int32_t>(pieces.size())};
    for (std::size_t i = 0; i < pieces.size(); ++i) ids.push_back(static_cast<std::int32_t>(i));
    if (pieces.decode(ids).size() > size) finding("more text than pieces");
  });
}
