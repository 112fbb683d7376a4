// What stands beside the printed figures: spreads, other rules and variants, full counts, bottom-up prices, decoding.
#pragma once

#include <string>
#include <vector>

#include "ohmic/chip/reproduce.hpp"
#include "ohmic/chip/workload.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// One figure that the paper does not print.
struct beside_value {
  std::string id;
  double value = 0.0;
  std::string unit;
  std::string meaning;
};

/// One fitted constant and the rows that it was fitted on.
struct fitted_constant {
  std::string name;
  double value = 0.0;
  std::string unit;
  std::string fitted_on;
};

[[nodiscard]] inline std::vector<fitted_constant> list_constants(published_constants const& k) {
  auto const energy = [](char const* name, energy_price const& p) {
    return fitted_constant{name, p.value.si() * 1e12, "pJ", std::string(p.source)};
  };
  return {energy("dense_read", k.dense_read),
          energy("prime_mac", k.prime_mac),
          energy("pipelayer_mac", k.pipelayer_mac),
          energy("vesti_mac", k.vesti_mac),
          energy("vesti_weight", k.vesti_weight),
          energy("multi_bit_mac", k.multi_bit_mac),
          energy("single_bit_mac", k.single_bit_mac),
          {"time_factor", k.time_factor, "", "fitted on tab10.tpu.energy; of TPUv4 and A100"},
          {"area_factor", k.area_factor, "", "fitted on tab10.gpu.adp; of TPUv4 and A100, to 32 nm"},
          {"cache_bytes_per_s", k.cache_bytes_per_s, "B/s", "fitted on tab11.bert_large.ta with 7 reads a layer"},
          {"hbm3_stacks", k.weight_bytes_per_s / hbm3_bytes_per_s, "stacks",
           "fitted on tab11.bert_large.tw, a whole number"}};
}

/// Choices that were made after seeing the figure they explain: a reader has to know them.
inline constexpr std::string_view knobs[] = {
    "8-bit DAC = 64 x ISAAC's 1-bit DAC (of 64, 127, 128, 255)",
    "2-bit ADC = 1/64 of the 8-bit ADC's area (of three rules)",
    "switch registers of 24,576 bit (of three variants)",
    "7 bit planes of the single-bit crossbar",
    "256 register bits of the multi-bit crossbar",
    "63 MiB of an ISAAC chip taken as 63e6 B",
    "6 HBM3 stacks, B_a, 7 reads of the activations",
    "time factor and area factor of TPUv4 and A100; 400 mm2 for TPUv4",
    "ISAAC's energy = ADC + DAC power of the IMA alone",
    "4 shift-and-add units of a computation crossbar",
    "2048 register bits of the dense crossbar",
    "608 kB of caches at the density of ISAAC's eDRAM",
    "energy of a dense read; energies a MAC of the baselines; off-chip weights of Vesti",
    "fluctuation amplitude of 2.7 % of full scale",
};

/// All of them, for the inputs of a reproduction.
[[nodiscard]] inline std::vector<beside_value> beside_printed(reproduction_inputs const& in = {}) {
  std::vector<beside_value> out;
  auto const add = [&](std::string id, double value, std::string unit, std::string meaning) {
    out.push_back({std::move(id), value, std::move(unit), std::move(meaning)});
  };
  double const whole = resident_crossbar_block::area_mm2(in.prices, in.chip);
  double printed_bars = 0.0;
  for (auto const& m : detail::compared_models) {
    double const ours = equal_delay_area_mm2(m.id, in.prices, in.chip),
                 crossbars = resident_crossbar_block::crossbars(size_of(m.id).weights, 1);
    add("fig12a.ratio.sb." + std::string(m.key), crossbars * single_bit::cells * whole / ours, "ratio",
        "its part of fig12a.ratio.sb, whose printed 39 x is a mean over the models");
    add("fig12a.ratio.mb." + std::string(m.key), crossbars * multi_bit::cells * whole / ours, "ratio",
        "its part of fig12a.ratio.mb, whose printed 6 x is a mean over the models");
    printed_bars += printed_number("fig12a.sb." + std::string(m.key)) / ours / 4.0;
  }
  add("fig12a.ratio.sb.printed_bars", printed_bars, "ratio",
      "what the printed 39 x (fig12a.ratio.sb) becomes with the printed single-bit bars as numerator");
  for (auto const& [name, rule] : enum_names<adc_scaling>::value) {
    computation_chip_config c = in.chip;
    c.sense_rule = rule;
    add("fig14.gpt3.ratio." + std::string(name),
        isaac::ima_area_mm2(175e9, in.prices) / dense_bank_mm2(175e9, in.prices, c), "ratio",
        rule == adc_scaling::survey ? "what the printed 51 x becomes with this rule; it has no data below 4 bits, so "
                                      "the 2-bit ADC is priced as one of 4 "
                                      "bits"
                                    : "what the printed 51 x becomes with this rule for the 2-bit ADC");
  }
  for (auto const& [name, variant] : enum_names<register_variant>::value) {
    reproduction_inputs v = in;
    v.chip.registers = variant;
    for (auto const& r : reproduce(v))
      for (std::string_view id : {"fig11.adp.s2_vs_s1", "fig12a.ratio.sb", "fig12a.ratio.mb", "tab10.ours.adp"})
        if (r.printed->id == id)
          add(std::string(id) + "." + std::string(name), r.value, std::string(r.printed->unit),
              std::to_string(v.chip.switch_register_bits()) + " register bits");
  }
  for (auto const& m : detail::compared_models) {
    auto const& n = model::find_network(m.id);
    auto const w = workload_of(n, {0, 1, 1}, choices_of("wang2024"));
    auto const r = computation_chip_cost("wang2024", in.chip, in.prices, w);
    for (auto const& note : r.notes)
      if (note.name.starts_with("energy.") || note.name.starts_with("macs.") || note.name.starts_with("bound."))
        add(std::string(m.key) + "." + std::string(note.name), note.value, std::string(note.unit),
            std::string(note.meaning));
  }
  add("intro.isaac.chips.exact", 175e9 / isaac::chip_weights, "chips",
      "168 tiles x 12 IMAs x 8 arrays x 128 x 128 x 2 bit = 66,060,288 weights a chip, 63 MiB");
  add("robust.first_errors.2bit", detail::error_free_multiple(4), "x",
      "errors beyond this multiple of the fluctuation");
  add("robust.first_errors.1bit", detail::error_free_multiple(2), "x",
      "errors beyond this multiple of the fluctuation");
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
