// A chip of one's own: a slot of a preset changed in four lines; the rest asks what it leaves of a trained classifier.
// usage: example_04_own_chip [MODEL]
#include <cstdio>
#include <ohmic/chip/evaluation.hpp>
#include <ohmic/chip/wang2024.hpp>
#include <ohmic/model/bert.hpp>
#include <ohmic/model/dataset.hpp>
#include <ohmic/model/encoder.hpp>
#include <ohmic/model/import/bert.hpp>
#include <ohmic/model/task.hpp>
#include <ohmic/model/text/wordpiece.hpp>
#include <string>

#include "../02_own_adc/truncating_adc.hpp"

namespace chip = ohmic::chip;
namespace model = ohmic::model;

struct my_chip : chip::wang2024 {
  static constexpr char const* name = "my_chip";
  using adc = truncating_adc;
};

int main(int argc, char** argv) try {
  std::string const folder = argc > 1 ? argv[1] : "examples/models/bert-wordnet";
  auto const bert = model::read_bert(folder);
  auto const words = model::read_wordpiece(folder, bert.config);
  model::fp32_weights const weights(model::sites_of(bert).sites(),
                                    [&](auto const& f) { model::for_each_projection(bert, f); });
  auto const read = [&](char const* file, std::size_t n, std::vector<std::size_t>* labels) {
    chip::token_lists texts;
    for (auto const& line : model::read_labelled(folder + file)) {
      if (texts.size() == n) break;
      texts.push_back(words.encode(line.text).ids);
      if (labels) labels->push_back(line.label);
    }
    return texts;
  };
  std::vector<std::size_t> labels;
  auto const seen = read("/calib.tsv", 32, nullptr), texts = read("/test.tsv", 100, &labels);
  ohmic::executor threads(2);
  auto const ranges = chip::calibrated_values(bert, weights, seen, threads);

  for (int bits : {4, 6, 8}) {
    auto settings = chip::defaults<my_chip>();
    settings.adc.bits = bits;
    auto const mine = chip::deploy<my_chip>(bert, settings, ranges, seen, threads);
    std::vector<chip::contestant<model::bert, model::classify_task>> contestants;
    contestants.emplace_back(mine, chip::product_mode::convert);
    auto const fp32 = chip::evaluate(bert, weights, model::classify_task{texts, labels}, contestants, threads);
    auto const answers = contestants[0].finish().answers;
    std::size_t right = 0, right_fp32 = 0;
    for (std::size_t i = 0; i < labels.size(); ++i)
      right += answers[i] == labels[i], right_fp32 += fp32[i] == labels[i];
    std::printf("%s, %d bits: %zu of %zu right, fp32 %zu\n", my_chip::name, bits, right, labels.size(), right_fp32);
  }
} catch (ohmic::error const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return e.is_bad_input() ? 2 : 3;
}
