// The in-situ array's golden cases: settings of ours for every case of CrossSim and AIHWKit, and their files.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ohmic/crossbar/in_situ/product.hpp"
#include "ohmic/model/import/npy.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"

namespace ohmic_test {

/// Settings from "key=value; key=value".
inline ohmic::in_situ::config in_situ_settings(std::string const& text) {
  ohmic::in_situ::config c;
  std::istringstream in(text);
  for (std::string item; std::getline(in, item, ';');) {
    auto const first = item.find_first_not_of(' ');
    if (first != item.npos) ohmic::assign(c, item.substr(first));
  }
  return c;
}

inline ohmic::matrix<double> in_situ_product(ohmic::matrix<double> const& w, ohmic::matrix<double> const& x,
                                             ohmic::in_situ::config const& c) {
  ohmic::in_situ::report r;
  return ohmic::in_situ::multiply(ohmic::in_situ::program(w.view(), c), x.view(), r);
}

/// Clipped normal numbers of standard deviation 0.4.
inline ohmic::matrix<double> clipped_normals(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  dice d(seed);
  ohmic::matrix<double> m(rows, cols);
  for (double& v : m.flat()) v = std::fmax(-1.0, std::fmin(1.0, 0.4 * d.normal()));
  return m;
}
inline ohmic::matrix<double> some_columns(ohmic::matrix<double> const& x, std::size_t first, std::size_t count) {
  ohmic::matrix<double> out(x.rows(), count);
  for (std::size_t r = 0; r < x.rows(); ++r)
    for (std::size_t n = 0; n < count; ++n) out(r, n) = x(r, first + n);
  return out;
}
inline ohmic::matrix<double> exact_product(ohmic::matrix<double> const& w, ohmic::matrix<double> const& x) {
  ohmic::matrix<double> y(w.rows(), x.cols());
  for (std::size_t o = 0; o < w.rows(); ++o)
    for (std::size_t n = 0; n < x.cols(); ++n)
      for (std::size_t k = 0; k < w.cols(); ++k) y(o, n) += w(o, k) * x(k, n);
  return y;
}

inline std::string golden_folder() { return OHMIC_SOURCE_DIR "/tests/golden/"; }

/// Numbers of a float64 .npy file of any number of sizes, in the order of the file.
inline std::vector<double> npy_numbers(std::string const& file) {
  std::ifstream in(file, std::ios::binary);
  std::string const bytes{std::istreambuf_iterator<char>(in), {}};
  if (bytes.size() < 10 || bytes.find("'<f8'") == bytes.npos || bytes.find("'fortran_order': False") == bytes.npos)
    throw std::runtime_error("no float64 .npy file in C order: " + file);
  std::size_t const start = 10 + static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  std::vector<double> out((bytes.size() - start) / 8);
  std::memcpy(out.data(), bytes.data() + start, 8 * out.size());
  return out;
}

/// A matrix of numbers with commas, a row a line. With `single` each is the float32 that was printed.
inline ohmic::matrix<double> csv_matrix(std::string const& file, bool single = true) {
  std::ifstream in(file);
  std::vector<std::vector<double>> rows;
  for (std::string line; std::getline(in, line);) {
    rows.emplace_back();
    std::istringstream items(line);
    for (std::string item; std::getline(items, item, ',');)
      rows.back().push_back(single ? static_cast<double>(std::strtof(item.c_str(), nullptr))
                                   : std::strtod(item.c_str(), nullptr));
  }
  if (rows.empty()) throw std::runtime_error("no numbers in " + file);
  ohmic::matrix<double> out(rows.size(), rows[0].size());
  for (std::size_t r = 0; r < out.rows(); ++r)
    for (std::size_t c = 0; c < out.cols(); ++c) out(r, c) = rows[r].at(c);
  return out;
}

/// A golden case: how its file is called, and the settings that reproduce it.
struct in_situ_case {
  std::string name;
  std::string settings;
  char const* inputs = "X";       ///< or XU, their magnitudes
  char const* conductances = "";  ///< file of the programmed cells, if there is one
};

/// Every case of CrossSim. Ron = 10 kohm and Roff = 1 Mohm are our defaults too.
inline std::vector<in_situ_case> crosssim_cases() {
  std::string const common = "weights.largest=1; inputs.scale=fixed; inputs.largest=1; ";
  std::string const q8 = common + "cell.levels=128; inputs.coding=sign_magnitude; inputs.bits=8; ";
  std::string const sm8 = "adc.levels=sign_magnitude; adc.bits=8; ";
  std::string const sliced = common + "weights.bits=8; weights.slices=2,2,2,2; inputs.bits=8; inputs.slice_bits=1; ";
  std::string const s4off = sliced + "weights.mapping=offset; inputs.coding=sign_magnitude; ";
  std::string const s4bal = sliced + "weights.mapping=differential; inputs.coding=sign_magnitude; ";
  std::string const s4offu8 = sliced + "weights.mapping=offset; inputs.coding=unsigned; adc.levels=uniform; ";
  return {
      {"ideal", common + "inputs.coding=analog; adc.levels=none"},
      {"q8", q8 + "adc.levels=none", "X", "q8_G"},
      {"q8_adc8max", q8 + sm8 + "adc.range=full_scale"},
      {"q8_adc8cal4", q8 + sm8 + "adc.range=user; adc.low=-4; adc.high=4"},
      {"q8_adc6q6", q8 + "adc.levels=uniform; adc.bits=6; adc.range=user; adc.low=-6; adc.high=6"},
      {"off8_adc8max",
       common + "cell.levels=256; inputs.coding=sign_magnitude; inputs.bits=8; weights.mapping=offset; " + sm8 +
           "adc.range=full_scale; weights.offset_gain=crosssim_offset_gain",
       "X", "off8_G"},
      {"s4off_noadc", s4off + "adc.levels=none", "X", "s4off_G"},
      {"s4off_adc8gran", s4off + sm8 + "adc.range=crosssim_granular"},
      {"s4off_adc8max", s4off + sm8 + "adc.range=crosssim_max"},
      {"s4off_inf_adc8gran", s4off + sm8 + "adc.range=crosssim_granular; cell.r_off=inf ohm"},
      {"s4offu8_inf_adc8max", s4offu8 + "adc.bits=8; adc.range=crosssim_max; cell.r_off=inf ohm", "XU"},
      {"s4offu8_adc10max", s4offu8 + "adc.bits=10; adc.range=crosssim_max", "XU"},
      {"s4bal_adc8gran", s4bal + sm8 + "adc.range=crosssim_granular", "X", "s4bal_G"},
      {"s4bal_adc8max", s4bal + sm8 + "adc.range=full_scale"},
  };
}

/// Every case of AIHWKit: weights as they are, nothing flows at the lowest level.
inline std::vector<in_situ_case> aihwkit_cases() {
  std::string const tile = "cell.r_off=inf ohm; weights.largest=1; adc.range=user; adc.levels=aihwkit_steps; ";
  std::string const coded = tile + "inputs.coding=aihwkit_steps; inputs.steps=254; adc.steps=254; ";
  std::string const whole = tile + "inputs.coding=aihwkit_steps; inputs.steps=inf; adc.steps=inf; ";
  std::string const fixed = "inputs.scale=fixed; inputs.largest=1; ";
  std::string const absmax = "inputs.scale=largest_of_vector; ";
  std::string const ob12 = "adc.low=-12; adc.high=12; ", ob2 = "adc.low=-2; adc.high=2; ";
  return {
      {"perfect", "cell.r_off=inf ohm; weights.largest=1; inputs.coding=analog; adc.levels=none; " + fixed},
      {"q8", coded + fixed + ob12},
      {"q8_absmax", coded + absmax + ob12},
      {"q8_absmax_posneg", coded + absmax + ob12 + "inputs.passes=two_summed_analog"},
      // 5 halvings: reduction 32 is the first above 0.25 * 254 / 2
      {"q8_absmax_bmiter_ob2", coded + absmax + ob2 + "adc.halvings=5"},
      {"q7dac9adc_absmax", coded + absmax + ob12 + "inputs.steps=126; adc.steps=510"},
      {"irdrop1_noquant_absmax", whole + absmax + ob12 + "lines.ir_drop=1"},
      {"outnl0p5_noquant_absmax", whole + absmax + ob12 + "lines.nonlinearity=0.5; lines.slope_point=0.5"},
  };
}

}  // namespace ohmic_test
