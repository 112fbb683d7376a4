// The settings of a chip: presets, keys, text forms.
#include "ohmic/chip/config.hpp"

#include <string>
#include <vector>

#include "ohmic/chip/wang2024.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

namespace chip = ohmic::chip;
using chip::wang2024;
using chip::wang2024_published;
using ohmic::errc;
using ohmic_test::check_refused;

namespace {

std::vector<std::string> lines_of(std::string const& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("the settings of wang2024 are those of the paper, with the library's choices where it is silent") {
  CHECK(
      ohmic::print(chip::defaults<wang2024>()) ==
      "array.rows=128\narray.columns=128\narray.bank_rows=1024\narray.cells_per_weight=4\narray.check_rows=0\n"
      "dac.bits=8\nadc.bits=8\nadc.lossless=false\n"
      "range.rule=mean_sigma\nrange.sigmas=8\nrange.percentile=99.99\nrange.user=\nrange.margin=1\n"
      "coding.activation_bits=8\ncoding.bias=digital\ncoding.max_rows=8\ncoding.scales=per_tensor\ncoding.weight_"
      "scales=per_output\n"
      "coding.smoothing=0\ncoding.bias_correction=false\ncoding.value_range=largest\n"
      "softmax.max=row\nsoftmax.exp_bits=7\nsoftmax.rule=quantile\nsoftmax.quantile=0.9\nsoftmax.full_scale=inf\n"
      "softmax.exponential=exact\nsoftmax.base=e\nsoftmax.entries=64\nsoftmax.fraction_bits=8\nsoftmax.divide_bits=0\n"
      "norm.variance=two_pass\nnorm.root=exact\nnorm.root_bits=12\n"
      "activation.kind=exact\nactivation.entries=64\nactivation.range=8\nactivation.fraction_bits=8\n"
      "activation.bits=0\n"
      "attention.policy=shared_array\nattention.arrays.memory=rram\nattention.arrays.rows=128\n"
      "attention.arrays.columns=128\nattention.arrays.cell_bits=0\nattention.arrays.input_bits=1\n"
      "attention.arrays.adc_bits=8\nattention.arrays.cell.r_on=10000 ohm\n"
      "attention.arrays.cell.r_off=inf ohm\nattention.arrays.cell.levels=0\n"
      "attention.arrays.cell.device=ideal\nattention.arrays.cell.states=\n"
      "attention.arrays.cell.programming_error=0\nattention.arrays.cell.read_noise=0\n"
      "attention.arrays.cell.write.max_tries=1\nattention.arrays.cell.write.tolerance=0.01\n"
      "attention.arrays.cell.write.pulse=0 s\n"
      "attention.arrays.cell.retention.age=0 s\nattention.arrays.cell.retention.exponent=0\n"
      "attention.arrays.cell.retention.spread=0\nattention.arrays.cell.retention.reference=1 s\n"
      "attention.arrays.cell.retention.compensation=none\nattention.arrays.cell.temperature.at=300 K\n"
      "attention.arrays.cell.temperature.reference=300 K\n"
      "attention.arrays.cell.temperature.activation_eV=0.1\nattention.arrays.cell.faults.stuck_low=0\n"
      "attention.arrays.cell.faults.stuck_high=0\nattention.arrays.cell.curve.law=sinh\n"
      "attention.arrays.cell.curve.scale=inf V\nattention.arrays.cell.curve.read=0.2 V\n"
      "attention.arrays.cell.parameters=\n"
      "noise.mismatch=0\nnoise.dac_offset=0\nnoise.dac_gain=0\nnoise.dac_inl=0\nnoise.adc_offset=0\n"
      "noise.adc_gain=0\nnoise.adc_inl=0\nnoise.adc_dnl=0\nnoise.thermal=0\nnoise.row=0\nnoise.cell=0\n"
      "noise.rtn=0\nnoise.rtn_share=0.5\nnoise.resistor=1e+05 ohm\nnoise.switch_resistance=0 ohm\n"
      "noise.word_segment=0 ohm\nnoise.bit_segment=0 ohm\nnoise.arrays=64\nnoise.seed=1\n"
      "dense.cell.bits=2\ndense.cell.programming_error=0\ndense.cell.max_pulses=1\ndense.cell.tolerance=0.02\n"
      "dense.cell.rtn_base=0.027\ndense.cell.rtn_multiple=0\ndense.cell.read_noise=0\n"
      "dense.cell.drift_exponent=0\ndense.cell.drift_spread=0\ndense.cell.drift_reference=1 s\n"
      "dense.cell.stuck_low=0\ndense.cell.stuck_high=0\n"
      "dense.columns=65536\ndense.weights=twos_complement\ndense.levels=binary\ndense.protection=none\n"
      "dense.rereads=1\ndense.age=0 s\ndense.refresh_interval=0 s\n");
  CHECK(wang2024::scale == 2);
}

TEST_CASE("wang2024_published differs in softmax and variance, and in nothing else") {
  auto const ours = lines_of(ohmic::print(chip::defaults<wang2024>())),
             published = lines_of(ohmic::print(chip::defaults<wang2024_published>()));
  REQUIRE(ours.size() == published.size());
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (ours[i] != published[i]) changed.push_back(published[i]);
  CHECK(changed == std::vector<std::string>{"softmax.max=none", "softmax.rule=largest", "norm.variance=moments"});
  CHECK(wang2024_published::scale == wang2024::scale);
}

TEST_CASE("every setting of a chip reads back as it prints") {
  auto from = chip::defaults<wang2024_published>();
  for (char const* change :
       {"array.rows=64", "adc.bits=11", "adc.lossless=true", "range.rule=user", "range.user=3,2.5,1",
        "coding.bias=rows", "coding.max_rows=3", "softmax.full_scale=4.25", "dac.bits=6"})
    ohmic::assign(from, change);
  CHECK(from.array.rows == 64);
  CHECK(from.adc.lossless);
  CHECK(from.coding.bias == chip::bias_policy::rows);
  CHECK(from.range.user == std::vector<double>{3.0, 2.5, 1.0});
  chip::config<wang2024_published> to;
  for (auto const& line : lines_of(ohmic::print(from))) ohmic::assign(to, line);
  CHECK(ohmic::print(to) == ohmic::print(from));
  CHECK(ohmic::fingerprint(to) == ohmic::fingerprint(from));
  CHECK(ohmic::fingerprint(to) != ohmic::fingerprint(chip::defaults<wang2024_published>()));
}

TEST_CASE("a setting is changed by its key") {
  auto c = chip::defaults<wang2024>();
  ohmic::set(c, "adc.bits", "9");
  ohmic::set(c, "range.sigmas", "6.5");
  CHECK(c.adc.bits == 9);
  CHECK(c.range.sigmas == 6.5);
  auto const changes = ohmic::diff(chip::defaults<wang2024>(), c);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0] == ohmic::field_change{"adc.bits", "8", "9"});
  CHECK(changes[1] == ohmic::field_change{"range.sigmas", "8", "6.5"});
}

TEST_CASE("an unknown key is refused with what was probably meant") {
  auto c = chip::defaults<wang2024>();
  check_refused([&] { ohmic::set(c, "adc.bit", "9"); }, errc::unknown_key, {"adc.bit", "did you mean 'adc.bits'"});
  check_refused([&] { ohmic::set(c, "softmax.exp_bit", "9"); }, errc::unknown_key, {"did you mean 'softmax.exp_bits'"});
  check_refused([&] { ohmic::set(c, "lossless", "true"); }, errc::unknown_key, {"did you mean 'adc.lossless'"});
  check_refused([&] { ohmic::set(c, "range", "mean_sigma"); }, errc::unknown_key, {"range.rule"});
  CHECK(ohmic::print(c) == ohmic::print(chip::defaults<wang2024>()));
  // Of more than a hundred keys those of the group, or the groups.
  check_refused([&] { ohmic::set(c, "adc.foo", "9"); }, errc::unknown_key, {"allowed: adc.bits, adc.lossless"});
  check_refused([&] { ohmic::set(c, "foo.bar", "9"); }, errc::unknown_key, {"allowed: array.*, dac.*, adc.*"});
}

TEST_CASE("a value that is none is refused with the allowed ones") {
  auto c = chip::defaults<wang2024>();
  check_refused([&] { ohmic::set(c, "adc.bits", "nine"); }, errc::config_value, {"adc.bits", "'nine'"});
  check_refused([&] { ohmic::set(c, "coding.bias", "analog"); }, errc::config_value,
                {"coding.bias", "digital", "rows"});
  check_refused([&] { ohmic::set(c, "norm.variance", "one_pass"); }, errc::config_value,
                {"norm.variance", "two_pass", "moments"});
  check_refused([&] { ohmic::set(c, "adc.lossless", "yes please"); }, errc::config_value, {"adc.lossless"});
}

TEST_CASE("all settings of a chip are checked before anything runs") {
  auto const refused = [](char const* key, char const* value, errc code, char const* where) {
    auto c = ohmic::chip::defaults<wang2024>();
    ohmic::set(c, key, value);
    INFO(key << " = " << value);
    check_refused([&] { ohmic::chip::validate(c); }, code, {where});
  };
  CHECK_NOTHROW(ohmic::chip::validate(ohmic::chip::defaults<wang2024>()));
  CHECK_NOTHROW(ohmic::chip::validate(ohmic::chip::defaults<wang2024_published>()));
  refused("array.rows", "1", errc::config_conflict, "array.rows");
  refused("adc.bits", "17", errc::config_value, "adc.bits");
  refused("coding.activation_bits", "12", errc::config_value, "coding.activation_bits");
  refused("softmax.exp_bits", "3", errc::config_value, "softmax.exp_bits");
  refused("noise.mismatch", "0.3", errc::config_value, "noise.mismatch");
  refused("dense.cell.bits", "9", errc::config_value, "dense.cell.bits");
}
