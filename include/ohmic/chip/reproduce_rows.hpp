// The rows of `reproduce`, one function per group of figures.
#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/chip/reproduction.hpp"

namespace ohmic::inline OHMIC_ABI::chip {
namespace detail {

/// Memory cells for GPT-3 at 14 nm; ISAAC chips; encoding; caches.
inline void exact_rows(row_maker& row, reproduction_inputs const& in) {
  constexpr double gpt3 = 175e9, f_mm = 14e-6;
  auto const cells = [](double bits_per_cell, double squares) {
    return gpt3 * 8.0 / bits_per_cell * squares * f_mm * f_mm;
  };
  row.number("intro.cell.rram", cells(4, 4), "175e9 x 8 / 4 cells x 4 F2, F = 14 nm");
  row.number("intro.cell.dram", cells(1, 6), "175e9 x 8 cells x 6 F2, F = 14 nm");
  row.number("intro.cell.sram", cells(1, 100), "175e9 x 8 cells x 100 F2, F = 14 nm");
  row.number("intro.isaac.chips", std::floor(gpt3 / (isaac::chip_weights / 1048576.0 * 1e6)),
             "175e9 B / 63e6 B a chip, rounded down; a chip has 168 x 12 x 8 x 128 x 128 x 2 bit = 63 MiB, which gives "
             "2649");
  row.text("fig7.example", listed_digits(78), "balanced base 7");
  row.text("fig7.example.neg", listed_digits(-23), "balanced base 7");
  row.text("fig7.step0", fig7_sum(1), "digit 0");
  row.text("fig7.step1", fig7_sum(2), "7 x step 0 + digit 1");
  row.text("fig7.step2", fig7_sum(3), "7 x step 1 + digit 2");
  auto const caches = cache_sizes::of(256, 1024, in.chip.cached_columns, in.chip.cached_columns);
  row.number("tab5.d", static_cast<double>(caches.d) / 1024.0, "n m bytes");
  row.number("tab5.t", static_cast<double>(caches.t) / 1024.0, "n c_k bytes");
  row.number("tab5.s", static_cast<double>(caches.s) / 1024.0, "n n bytes");
  row.text("tab7.digits", by_scale([](int s) { return balanced_digits(s, 127); }), "least D with (B^D - 1) / 2 >= 127");
  row.text("tab7.product", by_scale([](int s) { return s * balanced_digits(s, 127); }), "S x D");
  row.number("fig13.density.rram", 1e-6 / in.prices.cell_area.value.si(), "128 x 128 cells in ISAAC's array area");
  row.number("sec65.tpu.pj_per_op", 170.0 / tpuv4_operations_per_s * 1e12, "170 W / 275e12");
  row.number("fig14.limit", 100.0 * 128.0, "100 mm2 x 128 layers");
}

inline void area_rows(row_maker& row, reproduction_inputs const& in) {
  auto const parts = resident_crossbar_block::parts();
  auto const prices = resident_crossbar_block::prices(in.prices, in.chip);
  double const whole = resident_crossbar_block::area_mm2(in.prices, in.chip);
  std::vector<double> share;
  std::size_t i = 0;
  for_each_part(parts, [&](std::string_view, auto const& n) {
    share.push_back(static_cast<double>(n) * prices[i++].value.si() * 1e6 / whole);
  });
  row.number("fig2b.dac", share[0], "128 8-bit DACs, each 64 x ISAAC's 1-bit DAC");
  row.number("fig2b.adc", share[1], "one 8-bit ADC");
  row.number("fig2b.periph", share[3] + share[4], "128 sample-and-holds, one shift-and-add unit");
  row.number("fig2b.register", share[5],
             "256 bit at the density of ISAAC's input register; the number is chosen after seeing the share");
  row.number("fig2b.memristor", share[2], "128 x 128 cells");

  computation_chip_config s1 = in.chip;
  s1.scale = 1;
  row.number(
      "fig11.adp.s2_vs_s1",
      area_delay_mm2_s(1.0, in.prices, in.chip, 3) / area_delay_mm2_s(1.0, in.prices, s1, balanced_digits(1, 127)),
      "area x S D: the products S D are equal (6), the registers are not");

  double single_sum = 0.0, multi_sum = 0.0;
  for (auto const& m : compared_models) {
    double const crossbars = resident_crossbar_block::crossbars(size_of(m.id).weights, 1),
                 ours = equal_delay_area_mm2(m.id, in.prices, in.chip);
    double const single_mm2 = crossbars * single_bit::cells * whole;
    row.number("fig12a.sb." + std::string(m.key), single_mm2, "weights x 14 / 16384 crossbars of Fig 2b");
    single_sum += single_mm2 / ours / 4.0;
    multi_sum += crossbars * multi_bit::cells * whole / ours / 4.0;
  }
  row.number("fig12a.ratio.sb", single_sum,
             "mean over the models; ours: crossbars for the baselines' delay + dense bank + 608 kB caches");
  row.number("fig12a.ratio.mb", multi_sum, "the same with 2 cells a weight");
  row.number("fig14.gpt3.ratio", isaac::ima_area_mm2(175e9, in.prices) / dense_bank_mm2(175e9, in.prices, in.chip),
             "ISAAC's IMAs / dense bank, 175e9 weights");
}

/// Energy of a model on wang2024 as published: converters, and every weight once.
[[nodiscard]] inline double wang_energy_J(model_size const& s, reproduction_inputs const& in) noexcept {
  return converter_energy_J(in.prices, in.chip, 3) * s.macs + in.prices.dense_read.value.si() * s.weights;
}

inline void energy_rows(row_maker& row, reproduction_inputs const& in) {
  auto const& k = in.constants;
  auto const mac_J = [&](energy_price const& mac, int cells) {
    return resident_crossbar_block::mac_energy_J(mac, cells, in.prices, in.chip);
  };
  double multi_ratio = 0.0, single_ratio = 0.0;
  for (auto const& m : compared_models) {
    model_size const s = size_of(m.id);
    double const ours = wang_energy_J(s, in), multi = mac_J(k.multi_bit_mac, multi_bit::cells) * s.macs;
    std::string const key(m.key);
    row.number("fig12b.mb." + key, multi * 1e3, "a x MAC", "fig12b.mb.bert_large");
    multi_ratio += multi / ours / 4.0;
    single_ratio += mac_J(k.single_bit_mac, single_bit::cells) * s.macs / ours / 4.0;
    row.number("fig13." + key + ".prime", k.prime_mac.value.si() * s.macs * 1e3, "a x MAC", "fig13.bert_large.prime");
    row.number("fig13." + key + ".isaac", isaac::mac_energy(in.prices).value.si() * s.macs * 1e3,
               "ADC and DAC power of an IMA x 800 ns a vector");
    row.number("fig13." + key + ".pipelayer", k.pipelayer_mac.value.si() * s.macs * 1e3, "a x MAC",
               "fig13.bert_large.pipelayer");
    row.number("fig13." + key + ".vesti",
               (k.vesti_mac.value.si() * s.macs + k.vesti_weight.value.si() * s.weights) * 1e3, "a x MAC + b x weight",
               "fig13.bert_large.vesti, fig13.resnet152.vesti");
    row.number("fig13." + key + ".wang2024", ours * 1e3, "2 S D / R conversions of 1.5625 pJ a MAC + b x weight",
               "fig13.bert_large.wang2024");
  }
  row.number("fig12b.ratio.mb", multi_ratio, "mean over the models", "fig12b.mb.bert_large, fig13.bert_large.wang2024");
  row.number("fig12b.ratio.sb", single_ratio,
             "mean over the models; the constant is fitted on this row and predicts no other", "fig12b.ratio.sb");
}

inline void processor_rows(row_maker& row, reproduction_inputs const& in) {
  model_size const large = size_of("bert_large");
  published_counts counts;
  counts.macs = large.macs;
  auto const figures = [&](roofline const& r) {
    double const t = roofline_time(r, counts);
    return std::pair{r.area.si() * 1e6 * r.area_factor * t, r.power.si() * t * 1e3};
  };
  auto const [tpu_adp, tpu_mJ] = figures(tpuv4::model(in.constants));
  auto const [gpu_adp, gpu_mJ] = figures(a100::model(in.constants));
  double const ours_adp = area_delay_mm2_s(large.macs, in.prices, in.chip), ours_mJ = wang_energy_J(large, in) * 1e3;
  row.number("tab10.tpu.adp", tpu_adp, "400 mm2 (assumed) x area factor x MACs / 275e12 x time factor",
             "tab10.gpu.adp, tab10.tpu.energy");
  row.number("tab10.gpu.adp", gpu_adp, "826 mm2 x area factor x MACs / 624e12 x time factor", "tab10.gpu.adp");
  row.number("tab10.ours.adp", ours_adp,
             "area of a computation crossbar x MACs / its MAC rate: the limit of many copies");
  row.number("tab10.tpu.energy", tpu_mJ, "192 W x MACs / 275e12 x time factor", "tab10.tpu.energy");
  row.number("tab10.gpu.energy", gpu_mJ, "400 W x MACs / 624e12 x time factor", "tab10.tpu.energy");
  row.number("tab10.ours.energy", ours_mJ, "2 S D / R conversions of 1.5625 pJ a MAC + b x weight",
             "fig13.bert_large.wang2024");
  row.number("tab10.ratio.adp", gpu_adp / ours_adp, "tab10.gpu.adp / tab10.ours.adp, both computed", "tab10.gpu.adp");
  row.number("tab10.ratio.energy", 1.0 - ours_mJ / gpu_mJ, "1 - ours / A100, both computed",
             "fig13.bert_large.wang2024, tab10.tpu.energy");
  row.number("sec65.pj_per_op", ours_mJ * 1e9 / large.macs, "energy / MACs", "fig13.bert_large.wang2024");
}

inline void bound_rows(row_maker& row, reproduction_inputs const& in) {
  for (auto const& m : compared_models) {
    auto const& n = model::find_network(m.id);
    double elements = 0.0;
    for (auto const& c : n.convolutions) elements += static_cast<double>(c.input_elements());
    if (n.transformer)
      elements = activation_reads * static_cast<double>(n.usual_tokens * n.transformer->width * n.transformer->layers);
    std::string const key = "tab11." + std::string(m.key);
    row.number(key + ".ta", elements / in.constants.cache_bytes_per_s * 1e6,
               n.transformer ? "7 n m layers bytes / B_a"
                             : "input of each convolution once / B_a, no shortcuts, no classifier",
               "tab11.bert_large.ta");
    row.number(key + ".tw", static_cast<double>(n.weights()) / in.constants.weight_bytes_per_s * 1e6,
               "weights / (6 HBM3 stacks x 819e9 B/s)", "tab11.bert_large.tw");
  }
}

inline void robust_rows(row_maker& row) {
  struct finding {
    std::uint64_t at, beyond;
  };
  auto const look = [](std::string_view id, int bits, double beyond) {
    return finding{wrong_cells(bits, printed_number(id)), wrong_cells(bits, beyond)};
  };
  static finding const two = look("robust.noise5x", 2, 6.2), one = look("robust.noise18x", 1, 18.6);
  auto const read = [&](std::string_view id, finding const& f, int bits, char const* beyond) {
    row.applied(id, f.at == 0 && f.beyond > 0,
                "65,536 reads of " + std::to_string(bits) +
                    "-bit cells in the dense bank at the printed multiple of 2.7 % " + "of full scale: " +
                    std::to_string(f.at) + " wrong; at " + beyond + " x " + std::to_string(f.beyond) + " wrong");
  };
  read("robust.noise5x", two, 2, "6.2");
  read("robust.noise18x", one, 1, "18.6");
}

}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::chip
