// What wires take from a crossbar, over its size and their resistance, and how much of it scaling gives back.
// usage: ohmic_wires [FOLDER]      writes wires_maps.svg, wires_loss.svg, wires_compensation.svg, wires_computation.svg
//
// Devices of 10 kohm to 1 Mohm, uniform in conductance; 0.2 V on every word line for the maps, random voltages otherwise.
//   map            share of the driver's voltage that a device does not see
//   loss           of a bit line's current against the product without wires
//   compensation   error of random products, relative to their spread: as they are; one gain for all bit lines; a gain for
//                  each; devices scaled until the effective matrix is the wanted one times what the worst device keeps
//   computation    the computation crossbar, 128 x 128, resistors of 100 kohm behind switches of 1 kohm: what wires take of its
//                  column currents in 16 cycles of normal codes, before and after one gain, and the error of the first-order model of whole runs
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "../figures/heat_map.hpp"
#include "../figures/svg.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/cell_network.hpp"
#include "ohmic/crossbar/wires/solver.hpp"

namespace {

using ohmic::matrix;

ohmic::wire_network array_of(std::size_t size, double ohm) {
  ohmic::stream const numbers{1, ohmic::purpose::user, 0};
  ohmic::wire_network n;
  n.g_S = matrix<double>(size, size);
  for (std::size_t k = 0; k < n.g_S.size(); ++k)
    n.g_S.flat()[k] = 1e-6 + 99e-6 * static_cast<double>(numbers.uniform(static_cast<std::uint32_t>(k), 0));
  n.wires.word_segment = n.wires.bit_segment = ohmic::ohms(ohm);
  return n;
}

/// Means of square blocks of a matrix.
figures::heat_map mapped(std::string title, matrix<double> const& values, std::size_t cells) {
  figures::heat_map m{std::move(title), cells, cells, std::vector<double>(cells * cells, 0.0)};
  std::size_t const block = values.rows() / cells;
  for (std::size_t i = 0; i < cells * block; ++i)
    for (std::size_t j = 0; j < cells * block; ++j)
      m.values[i / block * cells + j / block] += values(i, j) / static_cast<double>(block * block);
  return m;
}

void write_maps(std::string const& folder) {
  std::vector<figures::heat_map> maps;
  for (double ohm : {1.0, 5.0, 20.0})
    for (std::size_t size : {32u, 64u, 128u}) {
      auto const n = array_of(size, ohm);
      auto const s = ohmic::wire_solver(n).solve(std::vector<double>(size, 0.2));
      matrix<double> lost(size, size);
      for (std::size_t k = 0; k < lost.size(); ++k)
        lost.flat()[k] = 1.0 - (s.word_V.flat()[k] - s.bit_V.flat()[k]) / 0.2;
      char title[64];
      std::snprintf(title, sizeof title, "%zu x %zu, %g ohm a segment", size, size, ohm);
      maps.push_back(mapped(title, lost, 16));
    }
  figures::write_heat_maps(folder + "/wires_maps.svg", maps, 3,
                           "share of the voltage lost; drivers left, sense ends at the bottom");
}

matrix<double> random_voltages(std::size_t size, std::size_t vectors, std::uint32_t draw) {
  ohmic::stream const numbers{2, ohmic::purpose::user, draw};
  matrix<double> v(size, vectors);
  for (std::size_t k = 0; k < v.size(); ++k)
    v.flat()[k] = 0.2 * (2.0 * static_cast<double>(numbers.uniform(static_cast<std::uint32_t>(k), 0)) - 1.0);
  return v;
}

/// Root mean square of the difference of two results over that of the first.
double error_of(matrix<double> const& wanted, matrix<double> const& got) {
  double off = 0.0, size = 0.0;
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    off += std::pow(got.flat()[k] - wanted.flat()[k], 2);
    size += std::pow(wanted.flat()[k], 2);
  }
  return std::sqrt(off / size);
}

/// Gains of bit lines that fit results best, one for all or one for each, found on other vectors than they are used on.
matrix<double> with_gains(matrix<double> const& wanted, matrix<double> const& seen, matrix<double> got, bool each) {
  std::size_t const n = wanted.rows();
  std::vector<double> dot(n, 0.0), square(n, 0.0);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < wanted.cols(); ++k) {
      dot[each ? j : 0] += wanted(j, k) * seen(j, k);
      square[each ? j : 0] += seen(j, k) * seen(j, k);
    }
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < got.cols(); ++k) got(j, k) *= dot[each ? j : 0] / square[each ? j : 0];
  return got;
}

/// Devices scaled down until the effective matrix is the wanted one times `kept`.
matrix<double> scaled_devices(ohmic::wire_network n, double& kept, ohmic::executor& threads) {
  matrix<double> const wanted = n.g_S;
  ohmic::wire_report report;
  for (int round = 0; round < 12; ++round) {
    auto const w = ohmic::wire_solver(n).effective_conductances(threads, report);
    if (round == 0) {
      kept = 1.0;
      for (std::size_t k = 0; k < w.size(); ++k) kept = std::min(kept, w.flat()[k] / wanted.flat()[k]);
    }
    for (std::size_t k = 0; k < w.size(); ++k)
      n.g_S.flat()[k] = std::min(100e-6, n.g_S.flat()[k] * kept * wanted.flat()[k] / w.flat()[k]);
  }
  return n.g_S;
}

/// A cycle of the computation crossbar: one digit of normal INT8 codes of 64 tokens, 64 normal weights.
ohmic::cycle_codes normal_cycle(std::uint32_t number) {
  ohmic::stream const numbers{3, ohmic::purpose::user, number};
  auto const code = [&](std::uint64_t element) {
    return std::clamp(static_cast<int>(std::lround(30.0 * static_cast<double>(numbers.normal(element, 0)))), -127, 127);
  };
  ohmic::cycle_codes c{matrix<std::int8_t>(64, 64), std::vector<std::int16_t>(64)};
  for (std::size_t k = 0; k < c.digits.size(); ++k) {
    std::int8_t digits[3];
    ohmic::balanced<2>::encode(code(k), std::span(digits));
    c.digits.flat()[k] = digits[number % 3];
  }
  for (std::size_t i = 0; i < c.weights.size(); ++i) c.weights[i] = static_cast<std::int16_t>(code(4096 + i));
  return c;
}

/// What wires take of the computation crossbar's currents, and the error of the first-order model.
std::vector<figures::series> compare_computation() {
  std::printf(
      "\ncomputation crossbar: %% of the largest current of a cycle, root mean square (largest)\n"
      "ohm a segment          wires take   after one gain    first-order error   residual\n");
  std::vector<figures::series> lines{
      {"wires take", {}}, {"after one gain", {}}, {"error of the first-order model", {}}};
  for (double ohm : {0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0}) {
    ohmic::imperfections c;
    c.switch_resistance = ohmic::ohms(1e3);
    c.word_segment = c.bit_segment = ohmic::ohms(ohm);
    std::vector<ohmic::cycle_currents> cycles;
    for (std::uint32_t k = 0; k < 16; ++k)
      cycles.push_back(ohmic::currents_of_cycle(ohmic::closed_cells<2>(normal_cycle(k), {}, c), c));
    auto const found = ohmic::compare_lines(cycles);
    // The gain that fits the even cycles best, on the odd ones.
    double dot = 0.0, square = 0.0;
    for (std::size_t k = 0; k < cycles.size(); k += 2)
      for (std::size_t j = 0; j < cycles[k].exact.size(); ++j) {
        dot += cycles[k].without[j] * cycles[k].exact[j];
        square += cycles[k].exact[j] * cycles[k].exact[j];
      }
    std::vector<ohmic::cycle_currents> scaled;
    for (std::size_t k = 1; k < cycles.size(); k += 2) {
      scaled.push_back(cycles[k]);
      for (double& i : scaled.back().exact) i *= dot / square;
    }
    auto const compensated = ohmic::compare_lines(scaled);
    std::printf("%13g %9.2e (%8.2e) %14.2e %9.2e (%8.2e)    %.1e\n", ohm, 100 * found.lost(), 100 * found.lost_most,
                100 * compensated.lost(), 100 * found.error(), 100 * found.error_most, found.residual);
    if (ohm == 0.0) continue;
    lines[0].points.emplace_back(ohm, 100 * found.lost());
    lines[1].points.emplace_back(ohm, 100 * compensated.lost());
    lines[2].points.emplace_back(ohm, 100 * found.error());
  }
  return lines;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 2) {
    std::fprintf(stderr, "usage: ohmic_wires [FOLDER]\n");
    return 2;
  }
  ohmic::executor threads(1);
  ohmic::wire_report report;
  double const resistances[] = {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0};
  std::printf("loss of a bit line's current at 0.2 V on every word line, mean and largest, %%\nohm a segment");
  std::vector<figures::series> loss;
  for (std::size_t size : {32u, 64u, 128u, 256u}) {
    std::printf("   %11zu x %-4zu", size, size);
    loss.push_back({std::to_string(size) + " x " + std::to_string(size), {}});
  }
  for (double ohm : resistances) {
    std::printf("\n%13g", ohm);
    std::size_t line = 0;
    for (std::size_t size : {32u, 64u, 128u, 256u}) {
      auto n = array_of(size, ohm);
      std::vector<double> const v(size, 0.2);
      auto const s = ohmic::wire_solver(n).solve(v);
      double mean = 0.0, largest = 0.0;
      for (std::size_t j = 0; j < size; ++j) {
        double ideal = 0.0;
        for (std::size_t i = 0; i < size; ++i) ideal += n.g_S(i, j) * 0.2;
        double const lost = 100.0 * (1.0 - s.output_A[j] / ideal);
        mean += lost / static_cast<double>(size);
        largest = std::max(largest, lost);
      }
      std::printf("   %8.3f %8.3f ", mean, largest);
      loss[line++].points.emplace_back(ohm, mean);
    }
  }

  std::printf(
      "\n\nerror of random products on 64 x 64, %%\nohm a segment   as it is   one gain   gain each   devices scaled   "
      "kept\n");
  std::vector<figures::series> lines{{"as it is", {}}, {"one gain", {}}, {"gain each", {}}, {"devices scaled", {}}};
  constexpr std::size_t size = 64;
  auto const learnt = random_voltages(size, 64, 0), used = random_voltages(size, 64, 1);
  for (double ohm : resistances) {
    auto const n = array_of(size, ohm);
    auto const wanted_learnt = ohmic::effective_currents(n.g_S.view(), learnt.view());
    auto const wanted = ohmic::effective_currents(n.g_S.view(), used.view());
    ohmic::wire_solver const solver(n);
    auto const seen = solver.currents(learnt.view(), threads, report),
               got = solver.currents(used.view(), threads, report);
    double kept = 1.0;
    ohmic::wire_network scaled = n;
    scaled.g_S = scaled_devices(n, kept, threads);
    auto of_scaled = ohmic::wire_solver(scaled).currents(used.view(), threads, report);
    for (double& i : of_scaled.flat()) i /= kept;
    double const errors[] = {error_of(wanted, got), error_of(wanted, with_gains(wanted_learnt, seen, got, false)),
                             error_of(wanted, with_gains(wanted_learnt, seen, got, true)), error_of(wanted, of_scaled)};
    std::printf("%13g %10.3f %10.3f %11.3f %16.2e %6.3f\n", ohm, 100 * errors[0], 100 * errors[1], 100 * errors[2],
                100 * errors[3], kept);
    for (std::size_t k = 0; k < 4; ++k) lines[k].points.emplace_back(ohm, std::max(1e-6, 100 * errors[k]));
  }
  std::printf("\nlargest residual of the products %.1e\n", report.residual);
  auto const computation = compare_computation();
  if (argc > 1) {
    std::string const folder = argv[1];
    write_maps(folder);
    figures::write_svg(folder + "/wires_loss.svg",
                       {{"Loss of bit line currents", "ohm a segment", "mean loss, %", loss}});
    figures::write_svg(folder + "/wires_compensation.svg",
                       {{"Error of products on 64 x 64", "ohm a segment", "error, % (1e-6 and below as 1e-6)", lines}});
    figures::write_svg(folder + "/wires_computation.svg",
                       {{"Computation crossbar: exact and first order", "ohm a segment",
                         "rms, % of the largest current", computation}});
  }
} catch (std::exception const& e) {
  std::fprintf(stderr, "ohmic_wires: %s\n", e.what());
  return 3;
}
