// The computation crossbar from its description (balanced digits, S rows and a column pair per activation), written for tests
// without a line of the library: a grid of resistors with switches, voltages on its rows, two columns that add up currents.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <vector>

namespace ohmic_test {

using integers = std::vector<std::vector<int>>;

/// Digits of -(2^S - 1)..2^S - 1 in base 2^(S+1) - 1, most significant first, found one by one from the last: the only digit that
/// leaves a multiple of the base.
inline std::vector<int> plain_digits(long long value, int scale, int count) {
  int const base = (1 << (scale + 1)) - 1, top = (1 << scale) - 1;
  std::vector<int> digits(static_cast<std::size_t>(count));
  for (std::size_t i = digits.size(); i-- > 0;) {
    int d = -top;
    while ((value - d) % base != 0) ++d;
    digits[i] = d;
    value = (value - d) / base;
  }
  if (value != 0) throw std::logic_error("plain_digits: the value needs more digits");
  return digits;
}

/// One column pair of an array of `rows` rows for one digit of its activations.
struct plain_column_pair {
  std::vector<int> resistor;      // conductance by row, in that of the smallest: 1, 2, .., 2^(S-1), 1, 2, ..
  std::vector<bool> plus, minus;  // switches by row
  std::vector<int> voltage;       // |w| by row

  explicit plain_column_pair(int rows, int scale)
      : plus(static_cast<std::size_t>(rows)), minus(plus.size()), voltage(plus.size()) {
    for (int r = 0; r < rows; ++r) resistor.push_back(1 << (r % scale));
  }
  /// Sets activation i: its digit closes switches in the column of its sign, a negative weight swaps the columns.
  void set(int i, int scale, int digit, int weight) {
    int magnitude = digit < 0 ? -digit : digit;
    for (int s = scale; s-- > 0;) {
      auto const row = static_cast<std::size_t>(i * scale + s);
      bool const closed = magnitude >= resistor[row];
      if (closed) magnitude -= resistor[row];
      bool const in_plus = (digit > 0) != (weight < 0);
      plus[row] = closed && in_plus;
      minus[row] = closed && !in_plus;
      voltage[row] = weight < 0 ? -weight : weight;
    }
  }
  [[nodiscard]] long long current(std::vector<bool> const& closed) const {
    long long sum = 0;
    for (std::size_t r = 0; r < closed.size(); ++r)
      if (closed[r]) sum += static_cast<long long>(resistor[r]) * voltage[r];
    return sum;
  }
};

/// Z = X . Y^T on arrays of `rows` rows. read(digit, current) is what the converter makes of a current, in product units;
/// seen(digit, current) is shown every current before.
/// Shape   x (tokens, inner), y (outputs, inner) -> (tokens, outputs)
template <class Read, class Seen>
std::vector<std::vector<double>> plain_product(integers const& x, integers const& y, int scale, int digits, int rows,
                                               Read const& read, Seen const& seen) {
  auto const inner = static_cast<int>(y.front().size());
  int const held = rows / scale, base = (1 << (scale + 1)) - 1;
  std::vector<std::vector<double>> z(x.size(), std::vector<double>(y.size(), 0.0));
  for (std::size_t n = 0; n < x.size(); ++n) {
    std::vector<std::vector<int>> digit;
    for (int code : x[n]) digit.push_back(plain_digits(code, scale, digits));
    for (std::size_t t = 0; t < y.size(); ++t)
      for (int first = 0; first < inner; first += held) {
        double accumulator = 0.0;
        for (std::size_t d = 0; d < static_cast<std::size_t>(digits); ++d) {
          plain_column_pair pair(rows, scale);
          for (int i = first; i < inner && i < first + held; ++i) {
            auto const at = static_cast<std::size_t>(i);
            pair.set(i - first, scale, digit[at][d], y[t][at]);
          }
          long long const plus = pair.current(pair.plus), minus = pair.current(pair.minus);
          seen(d, plus);
          seen(d, minus);
          accumulator = base * accumulator + (read(d, plus) - read(d, minus));
        }
        z[n][t] += accumulator;
      }
  }
  return z;
}

/// Z = X . Y^T.
inline std::vector<std::vector<double>> integer_product(integers const& x, integers const& y) {
  std::vector<std::vector<double>> z(x.size(), std::vector<double>(y.size(), 0.0));
  for (std::size_t n = 0; n < x.size(); ++n)
    for (std::size_t t = 0; t < y.size(); ++t) {
      long long sum = 0;
      for (std::size_t i = 0; i < x[n].size(); ++i) sum += static_cast<long long>(x[n][i]) * y[t][i];
      z[n][t] = static_cast<double>(sum);
    }
  return z;
}

}  // namespace ohmic_test
