// Figures 11, 13 and 14 of Wang et al. 2024 from parts and counts, as SVG, and the counts of an independent estimator
// as CSV.
// usage: ohmic_figures FOLDER
#include <fstream>
#include <iostream>
#include <string>

#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/equal_delay.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/in_situ.hpp"
#include "ohmic/numeral/shape.hpp"
#include "svg.hpp"

using namespace ohmic;
using namespace ohmic::chip;

namespace {

/// Fig 11: area-delay product of the computation crossbar against the scale factor, S = 1 as 1.
figures::chart figure_11() {
  figures::chart c{"Fig 11d: area-delay product against the scale factor",
                   "scale factor S",
                   "area x delay, S = 1 as 1",
                   {},
                   false,
                   false};
  auto const prices = published_prices();
  for (auto const& [name, variant] : enum_names<register_variant>::value) {
    figures::series s{std::string(name), {}};
    double first = 0.0;
    for (int scale = 1; scale <= 7; ++scale) {
      computation_chip_config k;
      k.registers = variant;
      k.scale = scale;
      double const adp = area_delay_mm2_s(1.0, prices, k, balanced_digits(scale, 127));
      if (scale == 1) first = adp;
      s.points.emplace_back(scale, adp / first);
    }
    c.lines.push_back(std::move(s));
  }
  figures::series product{"S x digits / 6", {}, false, true};
  for (int scale = 1; scale <= 7; ++scale)
    product.points.emplace_back(scale, scale * balanced_digits(scale, 127) / 6.0);
  c.lines.push_back(std::move(product));
  return c;
}

/// Fig 11 (a, b): energy of a MAC and area of a computation crossbar by part, S = 1 as 1 in all.
/// Source  bottom-up energies; a session of D cycles makes the products of all activations and column pairs
std::vector<figures::chart> figure_11_breakdown() {
  figures::chart energy{"Fig 11a: energy of a MAC by part", "scale factor S", "energy, S = 1 as 1", {}, false, false},
      area{"Fig 11b: area of the computation crossbar by part", "scale factor S", "area, S = 1 as 1", {}, false, false},
      trade{"Fig 11c: area against delay of equal work, one point a scale factor",
            "area, S = 1 as 1",
            "cycles",
            {},
            false,
            false};
  auto const prices = published_prices();
  double first_J = 0.0, first_mm2 = 0.0;
  figures::series all_J{"in all", {}}, all_mm2{"in all", {}}, points{"S = 1 to 7", {}, true};
  for (int scale = 1; scale <= 7; ++scale) {
    computation_chip_config k;
    k.scale = scale;
    auto const d = [](auto v) { return static_cast<double>(v); };
    int const digits = balanced_digits(scale, 127);
    double const inner = d(k.array.activations(scale)), macs = inner * d(k.array.pairs());
    auto const book = computation_chip_book(price_set::bottom_up, prices, k, false);  // no leakage beside
    auto const each = action_prices<cost_actions>(book.energies);
    auto const of = [&]<class A>(A, double count) { return count * each[cost_actions::index<A>].value.si(); };
    std::pair<char const*, double> const energies[] = {
        {"DAC", of(action<"dac", "drive">{}, d(k.array.rows) * digits / macs)},
        {"ADC", of(action<"adc", "convert">{}, 2.0 * digits / inner)},
        {"registers", of(action<"switch_register", "load">{}, d(digits))},
        {"resistors", of(action<"computation_array", "cycle">{}, digits / macs)},
        {"shift and add", of(action<"shift_add", "step">{}, digits / inner)}};
    auto const parts = computation_crossbar_block<>{k}.parts();
    auto const areas = part_prices<square_metres>(parts, book.areas);
    std::vector<std::pair<std::string, double>> mm2_of;
    std::size_t i = 0;
    for_each_part(parts, [&](std::string_view name, auto const& count) {
      mm2_of.emplace_back(std::string(name), d(count) * areas[i++].value.si() * 1e6);
    });
    double J = 0.0, mm2_all = 0.0;
    for (auto const& [name, v] : energies) J += v;
    for (auto const& [name, v] : mm2_of) mm2_all += v;
    if (scale == 1) {
      first_J = J, first_mm2 = mm2_all;
      for (auto const& [name, v] : energies) energy.lines.push_back({name, {}});
      for (auto const& [name, v] : mm2_of) area.lines.push_back({name, {}});
    }
    for (std::size_t n = 0; n < energy.lines.size(); ++n)
      energy.lines[n].points.emplace_back(scale, energies[n].second / first_J);
    for (std::size_t n = 0; n < area.lines.size(); ++n)
      area.lines[n].points.emplace_back(scale, mm2_of[n].second / first_mm2);
    all_J.points.emplace_back(scale, J / first_J);
    all_mm2.points.emplace_back(scale, mm2_all / first_mm2);
    points.points.emplace_back(scale * mm2_all / first_mm2, digits);  // S resistors a value: S times the crossbars
  }
  energy.lines.push_back(std::move(all_J));
  area.lines.push_back(std::move(all_mm2));
  trade.lines.push_back(std::move(points));
  return {std::move(energy), std::move(area), std::move(trade)};
}

/// Fig 13, the trade of area against latency: duplication for wang2024, copies of everything for designs that hold
/// the weights; the other designs as they are, one point each, ISAAC by its IMAs. As in the paper an operand is read once a
/// product: `ohmic cost` streams it in every session, and then the caches of BERT-Large take 75 ms (`bound.cache_reads`).
figures::chart figure_13(std::string const& id, std::string const& title) {
  figures::chart c{"Fig 13: " + title + ", operands read once a product", "latency, ms", "area, mm2", {}};
  auto const& n = model::find_network(id);
  model_size const size = size_of(id);
  double const serial = serial_delay_s(n);
  for (bool free_cells : {false, true}) {
    auto prices = published_prices();
    if (free_cells) prices.cell_area = prices.cell_area * 0.0;
    computation_chip_config const k;
    double const fixed =
        static_cast<double>(k.banks_for(n.weights())) * dense_crossbar_mm2(prices, k) + typical_caches_mm2(prices, k);
    double const crossbar = computation_crossbar_mm2(prices, k), whole = resident_crossbar_block::area_mm2(prices, k);
    std::string const suffix = free_cells ? ", free cells" : "";
    figures::series ours{"wang2024" + suffix, {}, false, free_cells, 1},
        multi{"multi_bit" + suffix, {}, false, free_cells, 2}, single{"single_bit" + suffix, {}, false, free_cells, 3};
    for (double delay = serial / 16.0; delay <= serial * 16.0; delay *= 1.3) {
      ours.points.emplace_back(delay * 1e3,
                               fixed + std::max(1.0, crossbars_for_delay(size.macs, delay, k, 3)) * crossbar);
      double const copies = std::max(1.0, serial / delay);  // the weights are there once at least
      multi.points.emplace_back(delay * 1e3, copies * resident_crossbar_block::crossbars(size.weights, 2) * whole);
      single.points.emplace_back(delay * 1e3, copies * resident_crossbar_block::crossbars(size.weights, 14) * whole);
    }
    for (auto* s : {&ours, &multi, &single}) c.lines.push_back(std::move(*s));
  }
  auto const w = workload_of(n, {0, 0, 1}, choices_of("wang2024"));
  std::size_t colour = 4;
  for (char const* name : {"isaac", "prime", "pipelayer"}) {
    auto const r = find_cost_preset(name).cost(w, {});
    double time_s = 0.0;  // without links: the comparison has none
    for (auto const& row : r.rows)
      if (row.what == metric::latency && row.block != "links") time_s += row.total;
    double const imas = r.note("area.ima_only");
    c.lines.push_back({name, {{time_s * 1e3, imas > 0.0 ? imas : r.area_mm2()}}, true, false, colour++});
  }
  return c;
}

/// Fig 14: area that holds a model's weights, against its size, and the limit of one chip.
figures::chart figure_14() {
  figures::chart c{"Fig 14: area against model size; one chip is 12,800 mm2", "weights", "area, mm2", {}};
  auto const prices = published_prices();
  computation_chip_config const k;
  figures::series ours{"wang2024", {}}, isaac_imas{"ISAAC, IMAs", {}}, multi{"multi_bit", {}},
      limit{"one chip", {}, false, true}, models{"models", {}, true, false, 1};
  for (double w = 1e7; w <= 2e12; w *= 1.5) {
    ours.points.emplace_back(w, dense_bank_mm2(w, prices, k));
    isaac_imas.points.emplace_back(w, isaac::ima_area_mm2(w, prices));
    multi.points.emplace_back(w,
                              resident_crossbar_block::crossbars(w, 2) * resident_crossbar_block::area_mm2(prices, k));
    limit.points.emplace_back(w, 12800.0);
  }
  for (auto const& n : model::catalogue()) {
    double const w = static_cast<double>(n.weights());
    models.points.emplace_back(w, dense_bank_mm2(w, prices, k));
  }
  for (auto* s : {&ours, &isaac_imas, &multi, &limit, &models}) c.lines.push_back(std::move(*s));
  return c;
}

void write_csv(std::string const& file, std::vector<figures::chart> const& panels) {
  std::ofstream out(file);
  out << "panel,series,x,y\n";
  for (auto const& p : panels)
    for (auto const& s : p.lines)
      for (auto const& [x, y] : s.points) out << '"' << p.title << "\",\"" << s.name << "\"," << x << ',' << y << '\n';
  if (!out) throw std::runtime_error("cannot write " + file);
}

/// Counts of the in-situ arrays of NeuroSim's recorded runs; what it reports per converter and conversion beside what
/// our books say.
/// Source  DNN_NeuroSim V1.4's printed output for these networks at 22 nm (areas and energies of "ADC"); its counts
///         follow from them
void write_in_situ_counts(std::string const& file) {
  struct run {
    char const* name;
    std::vector<product_shape> matrices;
    double adc_area_um2, adc_energy_pJ;
  } const runs[] = {{"fc 1024x4096, 128 tokens, 8-bit SAR", {{128, 1024, 4096}}, 2.95645e6, 1.97015e7},
                    {"BERT-Large layer, 128 tokens, 8-bit SAR",
                     {{128, 1024, 1024},
                      {128, 1024, 1024},
                      {128, 1024, 1024},
                      {128, 1024, 1024},
                      {128, 1024, 4096},
                      {128, 4096, 1024}},
                     8.86936e6,
                     5.90683e7}};
  survey_regression const survey{22.0, 1e9};
  component_prices const isaac_prices;
  std::ofstream out(file);
  out << "run,subarrays,adcs,conversions,neurosim_um2_per_adc,isaac32_um2_per_adc,survey22_um2_per_adc,neurosim_pJ_per_"
         "conversion,isaac32_pJ_per_conversion,survey22_pJ_per_conversion\n";
  for (auto const& r : runs) {
    in_situ_counts n;
    for (auto const& m : r.matrices) {
      auto const one = count_in_situ({}, m);
      n.arrays += one.arrays, n.adcs += one.adcs, n.conversions += one.conversions;
    }
    out << '"' << r.name << "\"," << n.arrays << ',' << n.adcs << ',' << n.conversions << ','
        << r.adc_area_um2 / static_cast<double>(n.adcs) << ',' << isaac_prices.adc_area.value.si() * 1e12 << ','
        << survey.area(8).value.si() * 1e12 << ',' << r.adc_energy_pJ / static_cast<double>(n.conversions) << ','
        << isaac_prices.adc_conversion.value.si() * 1e12 << ',' << survey.energy(8).value.si() * 1e12 << '\n';
  }
  if (!out) throw std::runtime_error("cannot write " + file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: ohmic_figures FOLDER\n";
    return 2;
  }
  std::string const folder = argv[1];
  try {
    auto fig11 = figure_11_breakdown();
    fig11.push_back(figure_11());
    std::vector<figures::chart> const fig14{figure_14()};
    std::vector<figures::chart> const fig13{figure_13("bert_base", "BERT-Base"), figure_13("bert_large", "BERT-Large"),
                                            figure_13("resnet_34", "ResNet-34"), figure_13("resnet_152", "ResNet-152")};
    for (auto const& [name, panels] : {std::pair{"fig11", fig11}, {"fig13", fig13}, {"fig14", fig14}}) {
      figures::write_svg(folder + "/" + name + ".svg", panels);
      write_csv(folder + "/" + name + ".csv", panels);
    }
    write_in_situ_counts(folder + "/in_situ_counts.csv");
    std::cout << "fig11, fig13, fig14 as .svg and .csv, in_situ_counts.csv in " << folder << "\n";
  } catch (std::exception const& e) {
    std::cerr << "ohmic_figures: " << e.what() << "\n";
    return 3;
  }
}
