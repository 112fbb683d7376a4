// Noise of the cells of the dense bank against wrong bits, for cells of one and two bits.
// usage: ohmic_dense_noise [SVG]
//
// Two curves each, over the amplitude in multiples of 2.7 % of full scale: telegraph noise (two states, half of the time each), whose
// errors begin at half a level and not before, and Gaussian noise of that standard deviation at every read, which has no such
// threshold. Points are reads of a bank; dashed lines are the integral of the same definition.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "../figures/svg.hpp"
#include "ohmic/crossbar/dense_bank.hpp"

namespace {

enum class noise { telegraph, gaussian };

ohmic::dense_config settings(int bits, noise kind, double multiple) {
  ohmic::dense_config c;
  c.cell.bits = bits;
  (kind == noise::telegraph ? c.cell.rtn_multiple : c.cell.read_noise) =
      kind == noise::telegraph ? multiple : multiple * ohmic::rtn_base_amplitude;
  return c;
}

/// Four columns of random weights, each read so many times.
ohmic::dense_report reads_of(ohmic::dense_config const& c, std::uint32_t reads) {
  ohmic::dense_bank bank(c);
  ohmic::dense_report report;
  std::vector<std::int8_t> weights(bank.weights_per_column()), back(weights.size());
  for (std::size_t column = 0; column < 4; ++column) {
    ohmic::stream const random{1, ohmic::purpose::user, static_cast<std::uint32_t>(column)};
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<std::int8_t>(random.word(i, 0));
    bank.write(column, weights, report);
    for (std::uint32_t r = 0; r < reads; ++r) bank.read(column, {r, ohmic::seconds(0.0)}, back, report);
  }
  return report;
}

/// Chance of a wrong cell, the mean over its levels.
double expected_cells(ohmic::dense_config const& c) {
  double sum = 0.0;
  int const levels = 1 << c.cell.bits;
  for (int l = 0; l < levels; ++l) sum += ohmic::cell_error_probability(c.cell, l);
  return sum / levels;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 2) {
    std::fprintf(stderr, "usage: ohmic_dense_noise [SVG]\n");
    return 2;
  }
  constexpr std::uint32_t reads = 500;  // of 4096 cells
  std::vector<figures::series> bit_lines, cell_lines;
  std::size_t colour = 0;
  std::printf("kind       bits  multiple   bit errors      bits  bit error rate   wrong cells   expected\n");
  for (auto const kind : {noise::telegraph, noise::gaussian})
    for (int bits : {2, 1}) {
      ++colour;
      std::string const name = std::string(kind == noise::telegraph ? "telegraph" : "Gaussian") + ", " +
                               std::to_string(bits) + (bits == 1 ? " bit" : " bits");
      figures::series measured{name, {}, true, false, colour}, expected{"", {}, false, true, colour};
      figures::series of_bits{name, {}, false, false, colour};
      for (double multiple = 1.0; multiple <= 24.0; multiple += 0.5) {
        auto const c = settings(bits, kind, multiple);
        auto const r = reads_of(c, reads);
        double const wrong = static_cast<double>(r.cell_errors) / static_cast<double>(r.cells), p = expected_cells(c);
        std::printf("%-10s %4d %9.1f %12llu %9llu %15.3e %13.3e %10.3e\n",
                    kind == noise::telegraph ? "telegraph" : "Gaussian", bits, multiple,
                    static_cast<unsigned long long>(r.bit_errors), static_cast<unsigned long long>(r.bits),
                    r.bit_error_rate(), wrong, p);
        if (r.bit_errors > 0) of_bits.points.emplace_back(multiple, r.bit_error_rate());
        if (wrong > 0.0) measured.points.emplace_back(multiple, wrong);
        if (p > 1e-7) expected.points.emplace_back(multiple, p);
      }
      bit_lines.push_back(of_bits);
      cell_lines.push_back(measured);
      cell_lines.push_back(expected);
    }
  double const first_2 = 1.0 / 6.0 / ohmic::rtn_base_amplitude, first_1 = 0.5 / ohmic::rtn_base_amplitude;
  std::printf("\nTelegraph noise: no error up to %.2f x with two bits and %.2f x with one, errors beyond.\n", first_2,
              first_1);
  if (argc > 1)
    figures::write_svg(
        argv[1],
        {{"Wrong bits of weights", "noise, multiples of 2.7 % of full scale", "bit error rate", bit_lines, false, true},
         {"Wrong cells: reads (points), integral (dashed)", "noise, multiples of 2.7 % of full scale",
          "cell error rate", cell_lines, false, true}});
} catch (std::exception const& e) {
  std::fprintf(stderr, "ohmic_dense_noise: %s\n", e.what());
  return 3;
}
