// Every figure that Wang et al. print about cost, as printed, with the tolerance and the grade of its reproduction.
#pragma once

#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// How strictly a row is reproduced.
enum class grade {
  exact,       ///< arithmetic of printed parts
  derived,     ///< from parts and counts, with choices that are named
  calibrated,  ///< with a constant fitted on one named row
};
[[nodiscard]] constexpr std::string_view name_of(grade g) noexcept {
  constexpr std::string_view names[] = {"exact", "derived", "calibrated"};
  return names[static_cast<std::size_t>(g)];
}

/// One printed figure, its place with the page of the arXiv version. A value may be a list ("6|3|3",
/// digits) or an expression ("11w1-3w2").
/// Source  Wang, Luo, Liu, Liu, Goh, Wong, IEEE TPAMI 47(2):916-933, 2025 (arXiv 2410.15977), at the place named in the row
struct printed_value {
  std::string_view id;
  std::string_view quantity;
  std::string_view subject;
  std::string_view value;
  std::string_view unit;
  std::string_view where;
  double rel_tol;  ///< from the number of printed digits, or the scatter that the reconstruction leaves
  grade how;
};

inline constexpr printed_value printed_values[] = {
    {"intro.cell.rram", "memory cell area for GPT-3 (175e9 8-bit weights) at 14 nm", "RRAM 4F2 4-bit cell", "274",
     "mm2", "section 1, p. 1", 0.005, grade::exact},
    {"intro.cell.dram", "memory cell area for GPT-3 at 14 nm", "DRAM 6F2 1-bit cell", "1646", "mm2", "section 1, p. 1",
     0.005, grade::exact},
    {"intro.cell.sram", "memory cell area for GPT-3 at 14 nm", "SRAM 100F2 1-bit cell", "27440", "mm2",
     "section 1, p. 1", 0.005, grade::exact},
    {"intro.isaac.chips", "chips needed for GPT-3", "ISAAC", "2777", "chips", "section 1, p. 2", 0.001, grade::exact},
    {"fig2b.dac", "area share of a multi-bit 128x128 crossbar", "DAC", "0.51", "share", "Fig 2b, p. 3", 0.02,
     grade::derived},
    {"fig2b.adc", "area share of a multi-bit 128x128 crossbar", "ADC", "0.45", "share", "Fig 2b, p. 3", 0.02,
     grade::derived},
    {"fig2b.periph", "area share of a multi-bit 128x128 crossbar", "peripheral", "0.02", "share", "Fig 2b, p. 3", 0.5,
     grade::derived},
    {"fig2b.register", "area share of a multi-bit 128x128 crossbar", "register", "0.01", "share", "Fig 2b, p. 3", 0.5,
     grade::derived},
    {"fig2b.memristor", "area share of a multi-bit 128x128 crossbar", "memristor", "0.01", "share", "Fig 2b, p. 3", 0.5,
     grade::derived},
    {"fig7.example", "digits of 78 in balanced base 7", "encoder", "2|-3|1", "digits", "Fig 7, p. 7", 0, grade::exact},
    {"fig7.example.neg", "digits of -23 in balanced base 7", "encoder", "0|-3|-2", "digits", "Fig 7, p. 7", 0,
     grade::exact},
    {"fig7.step0", "partial sum after digit 0", "computation crossbar", "2w1-0w2", "expr", "Fig 7, p. 7", 0,
     grade::exact},
    {"fig7.step1", "partial sum after digit 1", "computation crossbar", "11w1-3w2", "expr", "Fig 7, p. 7", 0,
     grade::exact},
    {"fig7.step2", "final sum", "computation crossbar", "78w1-23w2", "expr", "Fig 7, p. 7", 0, grade::exact},
    {"tab5.d", "cache D1 and D2 typical size (256 tokens x 1024)", "wang2024", "256", "kB",
     "Table 5, p. 10; Table 6, p. 11", 0, grade::exact},
    {"tab5.t", "cache T1 and T2 typical size", "wang2024", "16", "kB", "Table 5, p. 10; Table 6, p. 11", 0,
     grade::exact},
    {"tab5.s", "cache S size", "wang2024", "64", "kB", "Table 5, p. 10; Table 6, p. 11", 0, grade::exact},
    {"tab7.digits", "digits for INT8 at S=1..7", "encoder", "6|3|3|2|2|2|1", "digits", "Table 7, p. 11", 0,
     grade::exact},
    {"tab7.product", "scale-cycle product at S=1..7", "encoder", "6|6|9|8|10|12|7", "count", "Table 7, p. 11", 0,
     grade::exact},
    {"fig11.adp.s2_vs_s1", "area-delay product of S=2 against S=1", "computation crossbar", "0.91", "ratio",
     "section 6.1, p. 12", 0.05, grade::derived},
    {"fig12a.sb.bert_base", "area at equal delay", "single-bit crossbar BERT-Base", "197", "mm2", "Fig 12a, p. 13",
     0.05, grade::derived},
    {"fig12a.sb.bert_large", "area at equal delay", "single-bit crossbar BERT-Large", "701", "mm2", "Fig 12a, p. 13",
     0.05, grade::derived},
    {"fig12a.sb.resnet34", "area at equal delay", "single-bit crossbar ResNet-34", "50", "mm2", "Fig 12a, p. 13", 0.05,
     grade::derived},
    {"fig12a.sb.resnet152", "area at equal delay", "single-bit crossbar ResNet-152", "129", "mm2", "Fig 12a, p. 13",
     0.05, grade::derived},
    {"fig12a.ratio.sb", "mean area ratio over the four models", "single-bit / wang2024", "39", "ratio",
     "section 6.3, p. 13", 0.15, grade::derived},
    {"fig12a.ratio.mb", "mean area ratio over the four models", "multi-bit / wang2024", "6", "ratio",
     "section 6.3, p. 13", 0.15, grade::derived},
    {"fig12b.mb.bert_base", "energy", "multi-bit crossbar BERT-Base", "106", "mJ", "Fig 12b, p. 13", 0.05,
     grade::calibrated},
    {"fig12b.mb.bert_large", "energy", "multi-bit crossbar BERT-Large", "378", "mJ", "Fig 12b, p. 13", 0.05,
     grade::calibrated},
    {"fig12b.mb.resnet34", "energy", "multi-bit crossbar ResNet-34", "18", "mJ", "Fig 12b, p. 13", 0.10,
     grade::calibrated},
    {"fig12b.mb.resnet152", "energy", "multi-bit crossbar ResNet-152", "55", "mJ", "Fig 12b, p. 13", 0.10,
     grade::calibrated},
    {"fig12b.ratio.mb", "mean energy ratio", "multi-bit / wang2024", "18", "ratio", "section 6.4, p. 13", 0.15,
     grade::calibrated},
    {"fig12b.ratio.sb", "mean energy ratio", "single-bit / wang2024", "3", "ratio", "section 6.4, p. 13", 0.25,
     grade::calibrated},
    {"fig13.bert_base.prime", "energy 256 tokens", "PRIME BERT-Base", "29.0", "mJ", "Fig 13a, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_base.isaac", "energy 256 tokens", "ISAAC BERT-Base", "10.6", "mJ", "Fig 13a, p. 14", 0.02,
     grade::derived},
    {"fig13.bert_base.pipelayer", "energy 256 tokens", "PipeLayer BERT-Base", "15.1", "mJ", "Fig 13a, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_base.vesti", "energy 256 tokens", "Vesti BERT-Base", "44.9", "mJ", "Fig 13a, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_base.wang2024", "energy 256 tokens", "wang2024 BERT-Base", "5.8", "mJ", "Fig 13a, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_large.prime", "energy 256 tokens", "PRIME BERT-Large", "103.4", "mJ", "Fig 13b, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_large.isaac", "energy 256 tokens", "ISAAC BERT-Large", "38.0", "mJ", "Fig 13b, p. 14", 0.02,
     grade::derived},
    {"fig13.bert_large.pipelayer", "energy 256 tokens", "PipeLayer BERT-Large", "53.8", "mJ", "Fig 13b, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_large.vesti", "energy 256 tokens", "Vesti BERT-Large", "159.7", "mJ", "Fig 13b, p. 14", 0.05,
     grade::calibrated},
    {"fig13.bert_large.wang2024", "energy 256 tokens", "wang2024 BERT-Large", "20.7", "mJ", "Fig 13b, p. 14", 0.05,
     grade::calibrated},
    {"fig13.resnet34.prime", "energy", "PRIME ResNet-34", "4.9", "mJ", "Fig 13c, p. 14", 0.10, grade::calibrated},
    {"fig13.resnet34.isaac", "energy", "ISAAC ResNet-34", "1.8", "mJ", "Fig 13c, p. 14", 0.10, grade::derived},
    {"fig13.resnet34.pipelayer", "energy", "PipeLayer ResNet-34", "2.6", "mJ", "Fig 13c, p. 14", 0.10,
     grade::calibrated},
    {"fig13.resnet34.vesti", "energy", "Vesti ResNet-34", "9.8", "mJ", "Fig 13c, p. 14", 0.10, grade::calibrated},
    {"fig13.resnet34.wang2024", "energy", "wang2024 ResNet-34", "1.2", "mJ", "Fig 13c, p. 14", 0.06, grade::calibrated},
    {"fig13.resnet152.prime", "energy", "PRIME ResNet-152", "15.0", "mJ", "Fig 13d, p. 14", 0.10, grade::calibrated},
    {"fig13.resnet152.isaac", "energy", "ISAAC ResNet-152", "5.6", "mJ", "Fig 13d, p. 14", 0.10, grade::derived},
    {"fig13.resnet152.pipelayer", "energy", "PipeLayer ResNet-152", "7.9", "mJ", "Fig 13d, p. 14", 0.10,
     grade::calibrated},
    {"fig13.resnet152.vesti", "energy", "Vesti ResNet-152", "26.9", "mJ", "Fig 13d, p. 14", 0.10, grade::calibrated},
    {"fig13.resnet152.wang2024", "energy", "wang2024 ResNet-152", "3.5", "mJ", "Fig 13d, p. 14", 0.06,
     grade::calibrated},
    {"fig13.density.rram", "cell density of RRAM", "component library", "6.6e8", "cells/mm2", "Fig 13, p. 14", 0.01,
     grade::exact},
    {"tab10.tpu.adp", "area-delay product BERT-Large INT8 scaled to 32 nm", "TPUv4", "2.24", "mm2*s", "Table 10, p. 14",
     0.02, grade::derived},
    {"tab10.gpu.adp", "area-delay product BERT-Large INT8 scaled to 32 nm", "A100", "2.04", "mm2*s", "Table 10, p. 14",
     0.02, grade::calibrated},
    {"tab10.ours.adp", "area-delay product BERT-Large INT8", "wang2024", "0.03", "mm2*s", "Table 10, p. 14", 0.17,
     grade::derived},
    {"tab10.tpu.energy", "energy BERT-Large INT8 scaled to 32 nm", "TPUv4", "71.71", "mJ", "Table 10, p. 14", 0.02,
     grade::calibrated},
    {"tab10.gpu.energy", "energy BERT-Large INT8 scaled to 32 nm", "A100", "65.84", "mJ", "Table 10, p. 14", 0.02,
     grade::derived},
    {"tab10.ours.energy", "energy BERT-Large INT8", "wang2024", "20.44", "mJ", "Table 10, p. 14", 0.05,
     grade::calibrated},
    {"tab10.ratio.adp", "area-delay product gain", "A100 / wang2024", "68", "ratio", "abstract, p. 1", 0.20,
     grade::derived},
    {"tab10.ratio.energy", "energy saved against the A100", "wang2024", "0.69", "share", "abstract, p. 1", 0.02,
     grade::derived},
    {"sec65.pj_per_op", "energy per operation (their operation is one MAC)", "wang2024", "0.27", "pJ",
     "section 6.5, p. 15", 0.05, grade::derived},
    {"sec65.tpu.pj_per_op", "energy per operation at 7 nm", "TPUv4", "0.62", "pJ", "section 6.5, p. 14", 0.01,
     grade::exact},
    {"tab11.bert_base.ta", "latency lower bound from the activation caches", "BERT-Base", "16.1", "us",
     "Table 11, p. 14", 0.01, grade::derived},
    {"tab11.bert_base.tw", "latency lower bound from weight transfer", "BERT-Base", "17.3", "us", "Table 11, p. 14",
     0.01, grade::derived},
    {"tab11.bert_large.ta", "latency lower bound from the activation caches", "BERT-Large", "43.0", "us",
     "Table 11, p. 14", 0.01, grade::calibrated},
    {"tab11.bert_large.tw", "latency lower bound from weight transfer", "BERT-Large", "61.5", "us", "Table 11, p. 14",
     0.01, grade::calibrated},
    {"tab11.resnet34.ta", "latency lower bound from the activation caches", "ResNet-34", "2.7", "us", "Table 11, p. 14",
     0.15, grade::derived},
    {"tab11.resnet34.tw", "latency lower bound from weight transfer", "ResNet-34", "4.3", "us", "Table 11, p. 14", 0.01,
     grade::derived},
    {"tab11.resnet152.ta", "latency lower bound from the activation caches", "ResNet-152", "19.4", "us",
     "Table 11, p. 14", 0.02, grade::derived},
    {"tab11.resnet152.tw", "latency lower bound from weight transfer", "ResNet-152", "11.2", "us", "Table 11, p. 14",
     0.01, grade::derived},
    {"fig14.limit", "area limit of one chip", "100 mm2 x 128 layers", "12800", "mm2", "Fig 14, p. 15", 0, grade::exact},
    {"fig14.gpt3.ratio", "area gain for GPT-3", "ISAAC / wang2024", "51", "ratio", "section 6.7, p. 15", 0.05,
     grade::derived},
    {"robust.noise5x", "dense bank read-out unaffected at 5 x the nominal noise amplitude", "2-bit cells", "5", "x",
     "section 6.2, p. 12", 0, grade::derived},
    {"robust.noise18x", "dense bank read-out unaffected at 18 x the nominal noise amplitude", "1-bit cells", "18", "x",
     "section 6.2, p. 12", 0, grade::derived},
};

/// The row of an id.
/// Errors  unknown_id
[[nodiscard]] inline printed_value const& printed(std::string_view id) {
  for (auto const& row : printed_values)
    if (row.id == id) return row;
  throw error({errc::unknown_id, "no printed value with this id", "reproduce", "'" + std::string(id) + "'",
               "an id of chip/printed_values.hpp", ""});
}

/// Its number; NaN where it is a list or an expression.
[[nodiscard]] inline double number_of(printed_value const& row) noexcept {
  double v = 0.0;
  auto const [end, status] = std::from_chars(row.value.data(), row.value.data() + row.value.size(), v);
  return status == std::errc{} && end == row.value.data() + row.value.size() ? v : std::nan("");
}
[[nodiscard]] inline double printed_number(std::string_view id) { return number_of(printed(id)); }

}  // namespace ohmic::inline OHMIC_ABI::chip
