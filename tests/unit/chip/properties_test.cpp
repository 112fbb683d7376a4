// Laws that hold for whole models on whole chips whatever their weights: ideal parts, converters, noise of size 0, order, scale, work.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "decoder_on_chip.hpp"
#include "ohmic/chip/in_situ_cost.hpp"
#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/llama.hpp"
#include "small_chip.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {
namespace chip_laws {

using namespace ohmic_test;
namespace chip = ohmic::chip;
using chip::product_mode;
using logit_bits = std::vector<std::vector<std::uint32_t>>;

template <class Spec>
chip::config<Spec> settings_of(settings_list const& changes) {
  auto c = chip::defaults<Spec>();
  for (auto const& one : changes) ohmic::assign(c, one);
  return c;
}

settings_list joined_lists(settings_list first, settings_list const& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

template <class Spec>
logit_bits logits_of(chip::deployed<Spec> const& on, ohmic::model::bert const& m, chip::token_lists const& texts,
                     product_mode mode = product_mode::convert) {
  logit_bits all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    chip::engine<Spec> e(on, mode, serial(), nullptr, nullptr, static_cast<std::uint32_t>(i));
    all.push_back(bits_of(ohmic::model::classify(e, m, texts[i])));
  }
  return all;
}

template <class Spec>
logit_bits logits_with(small_model const& f, settings_list const& changes, product_mode mode = product_mode::convert) {
  return logits_of(f.on<Spec>(settings_of<Spec>(changes)), f.m, small_texts(f.m.config, 4, 23), mode);
}

/// Logits of a decoder.
template <class Spec, class Model>
logit_bits decoder_logits(Model const& m, settings_list const& changes, product_mode mode) {
  auto const on = decoder_on<Spec>(m, changes);
  logit_bits all;
  for (auto const& text : tiny_texts(2))
    all.push_back(bits_of(of_one_pass(chip::engine<Spec>(on, mode, serial()), m, text)));
  return all;
}

/// The integers of a chip are the same whatever its converters; ideal ones deliver them.
template <class Spec>
void check_ideal_is_exact() {
  INFO(Spec::name);
  auto const check = [](auto const& logits) {
    auto const exact = logits(settings_list{}, product_mode::exact);
    CHECK(logits(settings_list{"adc.lossless=true"}, product_mode::convert) == exact);
    CHECK(logits(settings_list{"adc.bits=4"}, product_mode::convert) != exact);
  };
  small_model const f;
  check([&](settings_list const& c, product_mode mode) { return logits_with<Spec>(f, c, mode); });
  check([](settings_list const& c, product_mode mode) { return decoder_logits<Spec>(tiny_gpt2(), c, mode); });
  check([](settings_list const& c, product_mode mode) { return decoder_logits<Spec>(tiny_llama(), c, mode); });
}

/// Signal over noise of logits, in dB, against the integers of the same chip: the mean over models and texts of each.
template <class Spec>
double mean_ratio_db(std::vector<small_model> const& models, settings_list const& changes) {
  double sum = 0.0;
  int n = 0;
  for (auto const& f : models) {
    auto const on = f.on<Spec>(settings_of<Spec>(changes));
    for (auto const& ids : small_texts(f.m.config, 6, 51)) {
      chip::error_power power;
      power.add(chip_pass<Spec>(on, f.m, ids, product_mode::exact).logits,
                chip_pass<Spec>(on, f.m, ids, product_mode::convert).logits);
      sum += power.ratio_db();
      ++n;
    }
  }
  return sum / n;
}

template <class Spec>
void check_bits_never_hurt(settings_list const& changes) {
  std::vector<small_model> models;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) models.emplace_back(small_bert(small_bert_sizes(), seed));
  double before = -HUGE_VAL, first = 0.0;
  for (int bits = 4; bits <= 12; ++bits) {
    double const db = mean_ratio_db<Spec>(models, joined_lists(changes, {"adc.bits=" + std::to_string(bits)}));
    INFO(Spec::name << ", " << bits << " bits: " << db << " dB after " << before);
    CHECK(db >= before);
    if (bits == 4) first = db;
    before = db;
  }
  CHECK(before > first + 24.0);  // a bit is worth 6 dB: eight 48, of which half must be seen
}

/// A setting that is noise, of a size that must be seen, and what it needs beside it to have an effect.
struct noise_setting {
  std::string key, size;
  settings_list beside{};
  settings_list only_with_size{};  ///< what is refused where nothing depends on it
};

/// Every key of `group` that the chip has is in `known` or in `no_size`: what is new has to be put there.
template <class Spec>
void check_all_known(std::string const& group, std::vector<noise_setting> const& known, settings_list const& no_size) {
  std::istringstream lines(ohmic::print(chip::defaults<Spec>()));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(group)) continue;
    std::string const key = line.substr(0, line.find('='));
    INFO(key << " of " << Spec::name << " is neither a noise of this table nor known to be none");
    bool const is_known = std::any_of(known.begin(), known.end(), [&](auto const& n) { return n.key == key; });
    CHECK((is_known || std::find(no_size.begin(), no_size.end(), key) != no_size.end()));
  }
}

template <class Spec>
void check_zero_is_off(std::vector<noise_setting> const& known) {
  small_model const f;
  std::map<std::string, logit_bits> off;  // by what stands beside
  for (auto const& n : known) {
    std::string text;
    for (auto const& b : n.beside) text += b + ' ';
    if (!off.contains(text)) off[text] = logits_with<Spec>(f, n.beside);
    std::string const unit = n.size.substr(std::min(n.size.size(), n.size.find(' ')));
    INFO(Spec::name << ": " << n.key << ", beside it " << text);
    CHECK(logits_with<Spec>(f, joined_lists(n.beside, {n.key + "=0" + unit, "noise.seed=7"})) == off[text]);
    auto const on = joined_lists(joined_lists(n.beside, n.only_with_size), {n.key + "=" + n.size, "noise.seed=7"});
    CHECK(logits_with<Spec>(f, on) != off[text]);
  }
}

std::vector<noise_setting> const noise_of_wang2024 = {{"noise.mismatch", "0.05"},
                                                      {"noise.dac_offset", "1"},
                                                      {"noise.dac_gain", "0.05"},
                                                      {"noise.dac_inl", "1"},
                                                      {"noise.adc_offset", "2"},
                                                      {"noise.adc_gain", "0.05"},
                                                      {"noise.adc_inl", "2"},
                                                      {"noise.adc_dnl", "0.3"},
                                                      {"noise.thermal", "20"},
                                                      {"noise.row", "0.1"},
                                                      {"noise.cell", "0.1"},
                                                      {"noise.rtn", "0.1"},
                                                      {"noise.switch_resistance", "5000 ohm"},
                                                      {"noise.word_segment", "20 ohm"},
                                                      {"noise.bit_segment", "20 ohm"},
                                                      {"dense.cell.programming_error", "0.2"},
                                                      {"dense.cell.rtn_multiple", "50"},
                                                      {"dense.cell.rtn_base", "0.3", {"dense.cell.rtn_multiple=1"}},
                                                      {"dense.cell.read_noise", "0.2"},
                                                      {"dense.cell.drift_exponent", "0.1", {"dense.age=1e6 s"}},
                                                      {"dense.cell.drift_spread", "0.1", {"dense.age=1e6 s"}},
                                                      {"dense.cell.stuck_low", "0.05"},
                                                      {"dense.cell.stuck_high", "0.05"}};

/// Of cells; `at` is where they stand.
std::vector<noise_setting> noise_of_cells(std::string const& at, settings_list const& beside) {
  return {{at + "cell.programming_error", "0.1", beside},
          {at + "cell.read_noise", "0.1", beside},
          {at + "cell.faults.stuck_low", "0.05", beside},
          {at + "cell.faults.stuck_high", "0.05", beside}};
}
settings_list const no_noise_of_cells = {
    "cell.r_on",
    "cell.r_off",
    "cell.levels",
    "cell.device",
    "cell.states",
    "cell.write.max_tries",
    "cell.write.tolerance",
    "cell.write.pulse",
    "cell.retention.age",
    "cell.retention.reference",
    "cell.retention.compensation",
    "cell.temperature.at",
    "cell.temperature.reference",
    "cell.temperature.activation_eV",
    "cell.curve.law",
    "cell.curve.read",
    "cell.curve.scale",
    "cell.parameters",
};

std::vector<noise_setting> noise_of_in_situ() {
  settings_list const sar{"converter.kind=sar"}, ramp{"converter.kind=ramp"};
  auto all = noise_of_cells("", {});
  // Keys and values are read as soon as they are written: only cells of weights have an age.
  all.push_back({"cell.retention.exponent", "0.1", {}, {"cell.retention.age=1e5 s"}});
  all.push_back({"cell.retention.spread", "0.05", {"cell.retention.age=1e5 s", "cell.retention.exponent=0.05"}});
  for (noise_setting n : {noise_setting{"converter.mismatch", "0.1", sar},
                          {"converter.offset", "0.02", sar},
                          {"converter.noise", "0.02", sar},
                          {"converter.slope", "0.1", ramp},
                          {"converter.bow", "0.1", ramp},
                          {"converter.delay", "8", ramp},
                          {"wires.word_segment", "20 ohm"},
                          {"wires.bit_segment", "20 ohm"},
                          {"wires.driver", "500 ohm"},
                          {"wires.sense", "500 ohm"}})
    all.push_back(std::move(n));
  return all;
}

// --- order and scale

/// Row i of the matrix is row order[i] of m, and so are biases.
void permute_outputs(ohmic::model::linear_weights& w, std::vector<std::size_t> const& order) {
  auto const from = w;
  for (std::size_t o = 0; o < w.outputs(); ++o) {
    for (std::size_t i = 0; i < w.inputs(); ++i) w.weight(o, i) = from.weight(order[o], i);
    if (!w.bias.empty()) w.bias[o] = from.bias[order[o]];
  }
}
void permute_inputs(ohmic::model::linear_weights& w, std::vector<std::size_t> const& order) {
  auto const from = w;
  for (std::size_t o = 0; o < w.outputs(); ++o)
    for (std::size_t i = 0; i < w.inputs(); ++i) w.weight(o, i) = from.weight(o, order[i]);
}
void scale(ohmic::model::linear_weights& w, float by) {
  for (float& v : w.weight.flat()) v *= by;
  for (float& v : w.bias) v *= by;
}
std::vector<std::size_t> backwards(std::size_t n) {
  std::vector<std::size_t> order(n);
  for (std::size_t i = 0; i < n; ++i) order[i] = n - 1 - i;
  return order;
}

/// The hidden units of every layer in another order, and its heads: what goes in and comes out is the same, each sum over them
/// has its terms in another order, on other rows of the arrays.
ohmic::model::bert with_units_permuted(ohmic::model::bert m) {
  auto const& c = m.config;
  std::vector<std::size_t> heads;
  for (std::size_t h = 0; h < c.heads; ++h)
    for (std::size_t i = 0; i < c.head_width(); ++i) heads.push_back((c.heads - 1 - h) * c.head_width() + i);
  for (auto& layer : m.layers) {
    permute_outputs(layer.intermediate, backwards(c.hidden));
    permute_inputs(layer.output, backwards(c.hidden));
    for (auto* w : {&layer.query, &layer.key, &layer.value}) permute_outputs(*w, heads);
    permute_inputs(layer.attention_output, heads);
  }
  return m;
}

/// Queries 4 times as large, keys a quarter; values half, and what reads them twice as large.
ohmic::model::bert with_scales_moved(ohmic::model::bert m, float by = 2.0f) {
  for (auto& layer : m.layers) {
    scale(layer.query, by * by), scale(layer.key, 1.0f / (by * by));
    scale(layer.value, 1.0f / by);
    for (float& v : layer.attention_output.weight.flat()) v *= by;
  }
  return m;
}

template <class Spec>
void check_order_of_units(settings_list const& changes, bool same) {
  small_model const f, permuted(with_units_permuted(f.m));
  INFO(Spec::name << (changes.empty() ? "" : " " + changes.front()));
  CHECK((logits_with<Spec>(f, changes) == logits_with<Spec>(permuted, changes)) == same);
}

template <class Spec>
void check_order_of_outputs() {
  small_model const f;
  auto turned = f.m;
  permute_outputs(turned.classifier, backwards(turned.config.classes));
  auto const is = logits_with<Spec>(small_model(turned), {});
  auto want = logits_with<Spec>(f, {});
  INFO(Spec::name);
  CHECK(is != want);
  for (auto& text : want) std::reverse(text.begin(), text.end());
  CHECK(is == want);
}

template <class Spec>
void check_scales(settings_list const& changes) {
  INFO(Spec::name << (changes.empty() ? "" : " " + changes.front()));
  small_model const f;
  auto const want = logits_with<Spec>(f, changes);
  CHECK(logits_with<Spec>(small_model(with_scales_moved(f.m)), changes) == want);
  auto larger = f.m;
  scale(larger.classifier, 8.0f);
  auto const is = logits_with<Spec>(small_model(larger), changes);
  std::size_t different = 0;
  for (std::size_t t = 0; t < want.size(); ++t)
    for (std::size_t i = 0; i < want[t].size(); ++i)
      different += std::bit_cast<float>(is[t][i]) != 8.0f * std::bit_cast<float>(want[t][i]);
  CHECK(different == 0);
}

// --- energy of what was done

/// Energy of the actions of all texts, one after the other.
template <class Spec>
double energy_of_runs(chip::deployed<Spec> const& on, ohmic::model::bert const& m, chip::token_lists const& texts) {
  chip::run_tally all;
  for (auto const& ids : texts)
    for (auto const& site : chip_pass<Spec>(on, m, ids, product_mode::convert).report.sites) all += site.actions;
  ohmic::cost_report report;
  if constexpr (chip::in_situ_spec<Spec>)
    report = chip::in_situ_cost(Spec::name, on.settings(), all, 1);
  else
    report = chip::counted_cost<Spec>(Spec::name, on.settings(), all);
  for (auto const& row : report.rows) CHECK(row.total >= 0.0);
  return report.energy_J(ohmic::phase::prefill);
}

/// Sums of counts times prices in another order: below 64 roundings of at most 2^-53 each.
double const order_of_sums = 64 * 0x1p-53;

template <class Spec>
void check_energy_adds_up() {
  small_model const f;
  auto const on = f.on<Spec>(chip::defaults<Spec>());
  auto const texts = small_texts(f.m.config, 3, 31);
  auto twice = texts;
  twice.insert(twice.end(), texts.begin(), texts.end());
  double const once = energy_of_runs(on, f.m, texts);
  double apart = 0.0;
  for (auto const& one : texts) apart += energy_of_runs(on, f.m, {one});
  INFO(Spec::name);
  CHECK(once > 0.0);
  CHECK(energy_of_runs(on, f.m, twice) == 2.0 * once);  // counts that are twice as large: exact
  CHECK(apart == Approx(once).epsilon(order_of_sums));
}

}  // namespace chip_laws
}  // namespace

TEST_CASE("ideal converters on a whole chip deliver its integers, bit for bit, under an encoder and two decoders") {
  chip_laws::check_ideal_is_exact<ohmic::chip::wang2024>();
  chip_laws::check_ideal_is_exact<ohmic::chip::isaac>();
  chip_laws::check_ideal_is_exact<ohmic::chip::multi_bit>();
  chip_laws::check_ideal_is_exact<ohmic::chip::single_bit>();
}

TEST_CASE("chips that code weights in as many bits have the same integers") {
  ohmic_test::small_model const f;
  auto const want = chip_laws::logits_with<ohmic::chip::wang2024>(f, {}, ohmic::chip::product_mode::exact);
  CHECK(chip_laws::logits_with<ohmic::chip::isaac>(f, {}, ohmic::chip::product_mode::exact) == want);
  CHECK(chip_laws::logits_with<ohmic::chip::multi_bit>(f, {}, ohmic::chip::product_mode::exact) == want);
  CHECK(chip_laws::logits_with<ohmic::chip::single_bit>(f, {}, ohmic::chip::product_mode::exact) == want);
}

TEST_CASE("more bits of the converters of a whole chip never lower its signal-to-noise ratio on average") {
  // Of full scales that no current of the calibration exceeds. Those that wang2024 takes by default, eight deviations above the
  // mean, are below some currents, whatever the bits: from 9 bits on that is most of its error, and it no longer falls for sure.
  chip_laws::check_bits_never_hurt<ohmic::chip::wang2024>({"range.rule=full_scale"});
  chip_laws::check_bits_never_hurt<ohmic::chip::wang2024>({"range.rule=largest"});
  chip_laws::check_bits_never_hurt<ohmic::chip::isaac>({});
  chip_laws::check_bits_never_hurt<ohmic::chip::multi_bit>({});
}

TEST_CASE("every noise of wang2024 set to 0 is that noise left out, bit for bit, whatever the seed") {
  using ohmic::chip::wang2024;
  chip_laws::check_zero_is_off<wang2024>(chip_laws::noise_of_wang2024);
  chip_laws::check_all_known<wang2024>("noise.", chip_laws::noise_of_wang2024,
                                       {"noise.rtn_share", "noise.resistor", "noise.arrays", "noise.seed"});
  chip_laws::check_all_known<wang2024>(
      "dense.cell.", chip_laws::noise_of_wang2024,
      {"dense.cell.bits", "dense.cell.max_pulses", "dense.cell.tolerance", "dense.cell.drift_reference"});
}

TEST_CASE("every noise of cells that keys and values are written into set to 0 is that noise left out, bit for bit") {
  chip_laws::check_zero_is_off<ohmic::chip::wang2024>(
      chip_laws::noise_of_cells("attention.arrays.", {"attention.policy=written_arrays"}));
}

TEST_CASE("every noise of a conventional chip set to 0 is that noise left out, bit for bit, whatever the seed") {
  using ohmic::chip::multi_bit;
  auto const known = chip_laws::noise_of_in_situ();
  chip_laws::check_zero_is_off<multi_bit>(known);
  chip_laws::check_all_known<multi_bit>("cell.", known, chip_laws::no_noise_of_cells);
  chip_laws::check_all_known<multi_bit>("converter.", known, {"converter.kind", "converter.columns", "converter.gain"});
  chip_laws::check_all_known<multi_bit>("noise.", known, {"noise.seed"});
  chip_laws::check_all_known<multi_bit>("wires.", known,
                                        {"wires.word_end", "wires.bit_end", "wires.word_ground", "wires.bit_ground"});
}

TEST_CASE("outputs of a whole chip in another order are the same outputs, bit for bit") {
  chip_laws::check_order_of_outputs<ohmic::chip::wang2024>();
  chip_laws::check_order_of_outputs<ohmic::chip::isaac>();
  chip_laws::check_order_of_outputs<ohmic::chip::multi_bit>();
}

TEST_CASE(
    "hidden units and heads in another order change no bit, as long as an array holds a whole sum or converts nothing "
    "away") {
  // The current of a column is a sum of whole units, in which order does not matter, and converters see the same currents.
  // wang2024's arrays hold 64 activations, those of isaac and multi_bit 128 rows: the 40 hidden units fit.
  chip_laws::check_order_of_units<ohmic::chip::wang2024>({}, true);
  chip_laws::check_order_of_units<ohmic::chip::isaac>({}, true);
  chip_laws::check_order_of_units<ohmic::chip::multi_bit>({}, true);
  // Where a sum is cut into tiles, another order puts other terms into a tile. Ideal converters give the same sum of whole units..
  chip_laws::check_order_of_units<ohmic::chip::wang2024>({"array.rows=20", "adc.lossless=true"}, true);
  chip_laws::check_order_of_units<ohmic::chip::multi_bit>({"array.rows=13", "adc.lossless=true"}, true);
  // ..and others round each tile's by itself. The width of the model is no free order either: normalisation sums it in floats.
  chip_laws::check_order_of_units<ohmic::chip::wang2024>({"array.rows=20"}, false);
  chip_laws::check_order_of_units<ohmic::chip::multi_bit>({"array.rows=13"}, false);
}

TEST_CASE("weights times a power of two scale what comes out exactly, and scales that cancel change no bit") {
  // Codes are the same, and every scale is multiplied by a power of two, which rounds nothing.
  chip_laws::check_scales<ohmic::chip::wang2024>({});
  chip_laws::check_scales<ohmic::chip::wang2024>({"coding.weight_scales=per_matrix"});
  chip_laws::check_scales<ohmic::chip::wang2024>({"coding.scales=per_token"});
  chip_laws::check_scales<ohmic::chip::isaac>({});
  chip_laws::check_scales<ohmic::chip::multi_bit>({"adc.bits=6"});
}

TEST_CASE("a chip that runs its texts twice takes twice the energy, and its texts one by one take the same together") {
  chip_laws::check_energy_adds_up<ohmic::chip::wang2024>();
  chip_laws::check_energy_adds_up<ohmic::chip::isaac>();
  chip_laws::check_energy_adds_up<ohmic::chip::multi_bit>();
  chip_laws::check_energy_adds_up<ohmic::chip::single_bit>();
}
