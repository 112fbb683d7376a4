// Cases that the tests of in-situ arrays for codes run through: layouts of every kind, shapes with remainders, converters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"
#include "ohmic/crossbar/in_situ/code_reference.hpp"
#include "product_cases.hpp"

namespace ohmic_test {

namespace in_situ = ohmic::in_situ;

/// A product on in-situ arrays: its layout is valid, its converters are not yet.
struct code_case {
  std::size_t tokens = 1, inner = 1, outputs = 1;
  in_situ::code_layout layout{};
  ohmic::range_config range{};
  in_situ::code_cell_settings cells{};
  ohmic::converter_config converter{};
  filling x_kind = filling::normal, y_kind = filling::normal;
  int x_top = 127;
  bool inputs_have_sign = true;
  ohmic::operand_source source = ohmic::operand_source::weights;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string text() const {
    auto const& w = layout.weights;
    std::string slices;
    for (int s : w.slices) slices += std::to_string(s) + " ";
    return std::to_string(tokens) + " x " + std::to_string(inner) + " x " + std::to_string(outputs) + ", array " +
           std::to_string(layout.array.rows) + " x " + std::to_string(layout.array.columns) + ", mapping " +
           std::to_string(static_cast<int>(w.mapping)) + ", slices " + slices + (w.flipped ? "flipped" : "") +
           ", pairs " + std::to_string(static_cast<int>(w.pairs)) + ", coding " +
           std::to_string(static_cast<int>(layout.inputs.coding)) + " by " + std::to_string(layout.inputs.slice_bits) +
           ", passes " + std::to_string(static_cast<int>(layout.inputs.passes)) + ", inputs to " +
           std::to_string(x_top) + (inputs_have_sign ? "" : " without sign") + ", rule " +
           std::to_string(static_cast<int>(range.rule)) + ", fillings " + std::to_string(static_cast<int>(x_kind)) +
           " and " + std::to_string(static_cast<int>(y_kind)) + ", seed " + std::to_string(seed);
  }
};

inline code_case random_code_case(dice& random, std::size_t most_work) {
  code_case c;
  do {
    c.tokens = random.of(token_counts);
    c.inner = random.of(inner_sizes);
    c.outputs = random.of(output_counts);
  } while (c.tokens * c.inner * c.outputs > most_work);
  auto& w = c.layout.weights;
  w.mapping = random.of(std::vector<in_situ::mapping>{in_situ::mapping::differential, in_situ::mapping::offset,
                                                      in_situ::mapping::offset_unit_column});
  w.bits = random.between(2, 8);
  w.slices.clear();
  for (int rest = w.is_differential() ? w.bits - 1 : w.bits; rest > 0; rest -= w.slices.back())
    w.slices.push_back(random.between(1, rest < 8 ? rest : 8));
  if (w.is_differential() && random.between(0, 1) == 0) w.pairs = in_situ::pair_reading::difference;
  auto& x = c.layout.inputs;
  x.slice_bits = random.between(1, 7);
  if (random.between(0, 1) == 0) {
    x.coding = in_situ::code_coding::sign_magnitude;
    x.passes = static_cast<in_situ::input_passes>(random.between(0, 2));
  }
  w.flipped = !w.is_differential() && !c.layout.has_signed_currents() && random.between(0, 1) == 0;
  c.layout.array.rows = random.of(std::vector<int>{1, 3, 4, 5, 16, 63, 64, 100, 128});
  for (std::size_t i = 0; i < w.slices.size(); ++i)
    if (c.layout.largest_current(i) > 1 << 21) c.layout.array.rows = 64;
  c.layout.array.columns = static_cast<int>(w.cells()) + random.of(std::vector<int>{0, 1, 7, 30, 128});
  auto const kind = [&] { return static_cast<filling>(random.between(0, 5)); };
  c.x_kind = kind();
  c.y_kind = kind();
  c.inputs_have_sign = random.between(0, 2) > 0;
  c.x_top = random.of(std::vector<int>{127, 127, 1, 15, 1023});
  c.range.rule = static_cast<ohmic::range_rule>(random.between(0, 5));
  c.range.sigmas = random.of(std::vector<double>{1.0, 3.0, 8.0});
  c.range.percentile = random.of(std::vector<double>{70.0, 99.0, 100.0});
  for (int d = 0; d < 200; ++d) c.range.user.push_back(random.real() * 3000.0 + 0.01);
  c.source = random.between(0, 1) == 0 ? ohmic::operand_source::weights : ohmic::operand_source::activations;
  c.seed = random.bits() % 1000000;
  return c;
}

/// A case with its operands and converters, calibrated on its own currents.
template <class Adc>
struct code_run {
  using array_type = in_situ::code_array<Adc>;
  array_type array;
  codes x, y;
  ohmic::matrix<std::uint16_t> unsigned_x;
  typename array_type::operand stored;
  int digits;
  std::vector<ohmic::current_statistics> seen;
  std::vector<Adc> converters;
  ohmic::product_sums z;
  typename array_type::report_type report;
  ohmic::read_place place{3, 5, 0, 0};  ///< text 3; first array or product 5

  code_run(code_case const& c, typename Adc::config const& adc, ohmic::executor& threads,
           in_situ::column_kernels<Adc> const& kernels = in_situ::column_kernels_of<Adc>)
      : array({c.layout, adc, c.range, c.cells, c.converter}, kernels) {
    dice random(c.seed);
    x = filled(c.tokens, c.inner, c.x_kind, c.x_top, random);
    y = filled(c.outputs, c.inner, c.y_kind, static_cast<int>(c.layout.weight_top()), random);
    unsigned_x = ohmic::matrix<std::uint16_t>(c.tokens, c.inner);
    for (std::size_t i = 0; i < x.size(); ++i)
      unsigned_x.flat()[i] = static_cast<std::uint16_t>(x.flat()[i] < 0 ? -x.flat()[i] : x.flat()[i]);
    stored = array.drive(y, "y", c.source, place);
    digits = array.digits_for(c.x_top, c.inputs_have_sign);
    seen = array.no_statistics(digits);
    c.inputs_have_sign ? run(x, c, threads) : run(unsigned_x, c, threads);
  }

 private:
  template <class X>
  void run(X const& inputs, code_case const& c, ohmic::executor& threads) {
    if (!array.lossless()) array.observe(inputs, stored, seen, "x");
    converters = array.converters(array.full_scales(seen, digits, "y"));
    z = array.multiply(inputs, stored, converters, c.source, report, threads, "x", place);
  }
};

}  // namespace ohmic_test
