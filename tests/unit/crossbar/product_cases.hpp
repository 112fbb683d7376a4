// Cases that the tests of the computation crossbar run through: shapes with remainders, geometries, codes, converters.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/action.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/reference.hpp"
#include "support/catch.hpp"
#include "support/dice.hpp"
#include "support/plain_crossbar.hpp"

namespace ohmic_test {

using codes = ohmic::matrix<std::int16_t>;

/// What the codes of an operand look like.
enum class filling { normal, uniform, largest, extremes, zeros, few };

inline codes filled(std::size_t rows, std::size_t cols, filling kind, int top, dice& random) {
  codes m(rows, cols);
  int const sign = random.between(0, 1) == 0 ? 1 : -1;
  for (auto& c : m.flat()) {
    int v = 0;
    switch (kind) {
      case filling::normal:
        v = static_cast<int>(random.normal() * top / 4.0);
        break;
      case filling::uniform:
        v = random.between(-top, top);
        break;
      case filling::largest:
        v = sign * top;
        break;
      case filling::extremes:
        v = random.between(0, 1) == 0 ? top : -top;
        break;
      case filling::zeros:
        break;
      case filling::few:
        v = random.between(0, 9) == 0 ? random.between(-top, top) : 0;
        break;
    }
    c = static_cast<std::int16_t>(v < -top ? -top : v > top ? top : v);
  }
  return m;
}

inline integers rows_of(codes const& m) {
  integers rows;
  for (std::size_t r = 0; r < m.rows(); ++r) rows.emplace_back(m.row(r).begin(), m.row(r).end());
  return rows;
}

/// A product on an array.
struct product_case {
  std::size_t tokens = 1, inner = 1, outputs = 1;
  ohmic::array_geometry array{};
  int digits = 1;
  int x_top = 127;
  filling x_kind = filling::normal, y_kind = filling::normal;
  ohmic::range_config range{};
  ohmic::operand_source source = ohmic::operand_source::weights;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string text() const {
    return std::to_string(tokens) + " x " + std::to_string(inner) + " x " + std::to_string(outputs) + ", array " +
           std::to_string(array.rows) + " x " + std::to_string(array.columns) + ", " + std::to_string(digits) +
           " digits of codes up to " + std::to_string(x_top) + ", fillings " +
           std::to_string(static_cast<int>(x_kind)) + " and " + std::to_string(static_cast<int>(y_kind)) + ", rule " +
           std::to_string(static_cast<int>(range.rule)) + ", seed " + std::to_string(seed);
  }
};

/// Shapes where something does not come out even: 1, a whole number of vectors, tiles or pairs, and one more or less.
inline std::vector<std::size_t> const token_counts{1, 2, 3, 4, 5, 8, 9, 15, 63, 64, 65, 129};
inline std::vector<std::size_t> const inner_sizes{1, 2, 3, 5, 7, 16, 33, 63, 64, 65, 127, 200};
inline std::vector<std::size_t> const output_counts{1, 2, 3, 7, 15, 16, 17, 31, 33};

/// A case of scale factor S, small enough for the plain definitions.
template <int S>
product_case random_case(dice& random, std::size_t most_work) {
  product_case c;
  do {
    c.tokens = random.of(token_counts);
    c.inner = random.of(inner_sizes);
    c.outputs = random.of(output_counts);
  } while (c.tokens * c.inner * c.outputs > most_work);
  do c.array.rows = random.of(std::vector<int>{2, 3, 4, 5, 7, 8, 16, 50, 64, 100, 127, 128, 129, 255, 256});
  while (c.array.rows < S);
  c.array.columns = random.of(std::vector<int>{2, 4, 6, 8, 30, 64, 126, 128, 130, 256});
  c.array.bank_rows = random.of(std::vector<int>{1024, 1024, 12, 5});
  c.array.check_rows = random.of(std::vector<int>{0, 0, 0, 128, 7});
  c.array.cells_per_weight = random.of(std::vector<int>{4, 1, 5});
  int const needed = ohmic::balanced<S>::digits_for(127);
  c.digits = needed + random.between(0, 1);
  auto const reach = static_cast<int>(ohmic::balanced<S>::reach(c.digits));
  c.x_top = random.between(0, 2) == 0 ? (reach < 4095 ? reach : 4095) : 127;
  auto const kind = [&] { return static_cast<filling>(random.between(0, 5)); };
  c.x_kind = kind();
  c.y_kind = kind();
  c.range.rule = static_cast<ohmic::range_rule>(random.between(0, 3));
  c.range.sigmas = random.of(std::vector<double>{1.0, 3.0, 8.0});
  c.range.percentile = random.of(std::vector<double>{70.0, 99.0, 100.0});
  for (int d = 0; d < c.digits; ++d) c.range.user.push_back(random.real() * 3000.0 + 0.01);
  c.source = random.between(0, 1) == 0 ? ohmic::operand_source::weights : ohmic::operand_source::activations;
  c.seed = random.bits() % 1000000;
  return c;
}

/// Runs with 1, 2, 3 and 7 threads.
inline std::vector<ohmic::executor*> thread_counts() {
  static ohmic::executor one(1), two(2), three(3), seven(7);
  return {&one, &two, &three, &seven};
}

/// Results that differ in a bit.
template <class A, class B>
std::size_t differences(A const& a, B const& b, std::size_t rows, std::size_t cols) {
  std::size_t n = 0;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c)
      n += static_cast<std::size_t>(std::bit_cast<std::uint64_t>(a(r, c)) != std::bit_cast<std::uint64_t>(b(r, c)));
  return n;
}

/// Empty if the tallies are equal, else what differs.
template <class List>
std::string action_difference(ohmic::tally<List> const& a, ohmic::tally<List> const& b) {
  ohmic::ledger left, right;
  left.add("product", a);
  right.add("product", b);
  return ohmic::difference(left, right);
}

/// Everything that a case gives on an array: operands, calibrated converters, fast result.
template <int S, class Adc>
struct product_run {
  ohmic::computation_array<S, Adc> array;
  codes x, y;
  ohmic::driven_operand driven;
  std::vector<ohmic::current_statistics> seen;
  std::vector<Adc> converters;
  ohmic::product_report report;
  ohmic::product_sums z;

  product_run(product_case const& c, typename Adc::config const& adc, ohmic::executor& threads,
              ohmic::product_kernels<Adc> const& kernels = ohmic::kernels_of<Adc>)
      : array({c.array, {}, adc, c.range}, kernels) {
    dice random(c.seed);
    x = filled(c.tokens, c.inner, c.x_kind, c.x_top, random);
    y = filled(c.outputs, c.inner, c.y_kind, 127, random);
    driven = array.drive(y, "y");
    seen = array.no_statistics(c.digits);
    array.observe(x, driven, seen, "x");
    converters = array.converters(seen, c.digits, "x");
    z = array.multiply(x, driven, converters, c.source, report, threads, "x");
  }
};

}  // namespace ohmic_test
