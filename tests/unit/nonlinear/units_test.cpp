// Units of F that are not exact: exponentials, activations, roots and quotients, each within its bound.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "laws/softmax.hpp"
#include "ohmic/nonlinear/activation_unit.hpp"
#include "ohmic/nonlinear/exponential_unit.hpp"
#include "ohmic/nonlinear/integer_root.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/root.hpp"
#include "ohmic/nonlinear/rotary.hpp"
#include "ohmic/nonlinear/significant_bits.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "support/catch.hpp"

namespace {

using namespace ohmic;

constexpr exponential_kind exponentials[] = {exponential_kind::exact, exponential_kind::base2, exponential_kind::table,
                                             exponential_kind::integer};
constexpr exponential_base bases[] = {exponential_base::e, exponential_base::two};

/// The function that a unit stands for, in double precision and from its definition.
double definition(activation f, double x) {
  switch (f) {
    case activation::relu:
      return std::fmax(x, 0.0);
    case activation::gelu:
      return 0.5 * x * std::erfc(-x / std::sqrt(2.0));
    case activation::gelu_tanh:
      return 0.5 * x * (1.0 + std::tanh(std::sqrt(2.0 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
    case activation::silu:
      return x / (1.0 + std::exp(-x));
    case activation::tanh:
      return std::tanh(x);
    case activation::identity:
      break;
  }
  return x;
}

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (error const& e) { return e.info().where; }
  return "";
}

}  // namespace

TEST_CASE("codes of every exponential are within its bound, fall with the score and start at the top") {
  for (auto kind : exponentials)
    for (auto base : bases)
      for (int bits : {4, 7, 12, 16})
        for (int entries : {1, 4, 64})
          for (int fraction_bits : {4, 8, 16}) {
            int const top = (1 << bits) - 1;
            exponential_unit const unit(kind, base, entries, fraction_bits, top);
            double const bound = exponential_unit::error_bound(kind, base, entries, fraction_bits, top);
            double worst = 0.0;
            std::int32_t last = top, rising = 0;
            for (int i = 0; i <= 4000; ++i) {
              float const x = -0.005f * static_cast<float>(i);
              auto const code = unit.code(x);
              double const power =
                  base == exponential_base::e ? std::exp(static_cast<double>(x)) : std::exp2(static_cast<double>(x));
              worst = std::max(worst, std::fabs(code - top * power));
              rising += static_cast<std::int32_t>(code > last);
              last = code;
            }
            CAPTURE(static_cast<int>(kind), static_cast<int>(base), bits, entries, fraction_bits, bound);
            CHECK(worst <= bound);
            CHECK(rising == 0);
            // The integer polynomial is 1 at 0 within its bound only.
            if (kind != exponential_kind::integer) CHECK(unit.code(0.0f) == top);
            CHECK(unit.code(-std::numeric_limits<float>::infinity()) == 0);
            CHECK(unit.code(std::numeric_limits<float>::quiet_NaN()) == 0);
          }
}

TEST_CASE("the bound of an exponential falls with its entries and bits to rounding alone") {
  auto const bound = [](exponential_kind kind, int entries, int bits) {
    return exponential_unit::error_bound(kind, exponential_base::e, entries, bits, 127);
  };
  CHECK(bound(exponential_kind::table, 256, 8) < 0.25 * bound(exponential_kind::table, 16, 8));
  CHECK(bound(exponential_kind::base2, 16, 16) < 0.54);  // (ln 2 / 16)^2 / 8 of 127 codes: 0.03
  CHECK(bound(exponential_kind::base2, 1, 16) > 5.0);    // one line an octave: 6 % of a code
  CHECK(bound(exponential_kind::table, 65536, 8) < 0.51);
}

TEST_CASE("I-BERT's polynomial is off by what its bound says, GELU's by its published 0.018") {
  using p = integer_exponential;
  double worst = 0.0, gelu = 0.0;
  for (int i = 0; i <= 20000; ++i) {
    double const x = -p::ln2 * i / 20000;
    worst = std::max(worst, std::fabs(p::a * (x + p::b) * (x + p::b) + p::c - std::exp(x)));
    double const t = 8.0 * i / 20000, u = std::min(t / std::sqrt(2.0), -integer_erf::b) + integer_erf::b;
    gelu =
        std::max(gelu, std::fabs(0.5 * t * (1.0 + (integer_erf::a * u * u + 1.0)) - definition(activation::gelu, t)));
  }
  CHECK(worst <= p::polynomial_error);
  CHECK(worst > 0.99 * p::polynomial_error);
  CHECK(gelu < 0.0185);
  CHECK(gelu > 0.0175);
}

TEST_CASE("a softmax of any unit obeys the laws of a softmax") {
  for (auto kind : exponentials)
    for (auto base : bases)
      for (auto max : {softmax_maximum::row, softmax_maximum::none}) {
        CAPTURE(static_cast<int>(kind), static_cast<int>(base), static_cast<int>(max));
        split_softmax::config c;
        c.max = max;
        c.full_scale = 2.5f;
        c.exponential = kind;
        c.base = base;
        split_softmax const softmax(c);
        ohmic_test::softmax_laws(softmax, max == softmax_maximum::row ? 0.0f : 2.5f);
        if (max != softmax_maximum::row) continue;
        std::vector<float> scores{-3.0f, 0.25f, 1.5f, ohmic_test::masked, -0.125f}, shifted;
        for (float s : scores) shifted.push_back(s + 1024.0f);  // sums are exact
        CHECK(ohmic_test::codes_of(softmax, scores) == ohmic_test::codes_of(softmax, shifted));
        CHECK(ohmic_test::codes_of(softmax, scores)[2] == softmax.top());
      }
}

TEST_CASE("scores above the full scale saturate in every unit as in the exact one") {
  std::vector<float> const scores{0.0f, 2.4f, 2.5f, 2.501f, 2.51f, 4.0f, ohmic_test::masked};
  split_softmax::config c;
  c.max = softmax_maximum::none;
  c.full_scale = 2.5f;
  std::vector<std::uint16_t> codes(scores.size());
  auto const exact = split_softmax(c).row_codes(scores, codes);
  CHECK(exact == 2);
  for (auto kind : exponentials) {
    c.exponential = kind;
    CHECK(split_softmax(c).row_codes(scores, codes) == exact);
    CHECK(codes[5] == 127);
    CHECK(codes[6] == 0);
  }
}

TEST_CASE("a running maximum ends with codes near those of the row's maximum, whatever the unit") {
  std::vector<float> scores;
  for (int i = 0; i < 64; ++i) scores.push_back(3.0f * std::sin(0.7f * static_cast<float>(i)));
  for (auto kind : exponentials) {
    split_softmax::config c;
    c.exp_bits = 10;
    c.exponential = kind;
    std::vector<std::uint16_t> row(scores.size()), running(scores.size());
    split_softmax(c).row_codes(scores, row);
    c.max = softmax_maximum::running;
    split_softmax const softmax(c);
    softmax.row_codes(scores, running);
    // Three rising maxima at most: two exponentials in place of one, and a rounding, each time.
    double const bound = exponential_unit::error_bound(kind, c.base, c.entries, c.fraction_bits, softmax.top());
    for (std::size_t i = 0; i < scores.size(); ++i)
      CHECK(std::abs(static_cast<int>(row[i]) - static_cast<int>(running[i])) <= 1.0 + 8.0 * bound);
  }
}

TEST_CASE("activations of every kind are within their bounds") {
  for (auto kind : {activation_kind::exact, activation_kind::table, activation_kind::integer})
    for (auto f : {activation::identity, activation::relu, activation::gelu, activation::gelu_tanh, activation::silu,
                   activation::tanh})
      for (int entries : {16, 256})
        for (int fraction_bits : {4, 8, 14})
          for (int bits : {0, 6, 12}) {
            activation_unit::config const c{kind, entries, 8.0, fraction_bits, bits};
            activation_unit const unit(c);
            std::vector<float> x, y(4001);
            for (int i = -2000; i <= 2000; ++i) x.push_back(0.0061f * static_cast<float>(i));
            unit.apply(f, x, y);
            double worst = 0.0;
            for (std::size_t i = 0; i < x.size(); ++i) {
              auto const at = static_cast<double>(x[i]);
              worst = std::max(worst, std::fabs(static_cast<double>(y[i]) - definition(f, at)) -
                                          activation_unit::error_bound(c, f, at));
            }
            CAPTURE(static_cast<int>(kind), static_cast<int>(f), entries, fraction_bits, bits);
            CHECK(worst <= 0.0);
          }
}

TEST_CASE("whole roots are exact, and integer inverse roots within their bound over the whole range of floats") {
  for (std::uint64_t r : {0ull, 1ull, 2ull, 3ull, 15ull, 16ull, 1000ull, 65535ull, 4294967295ull}) {
    CHECK(whole_root(r * r) == r);
    if (r > 0) CHECK(whole_root(r * r - 1) == r - 1);
    CHECK(whole_root(r * r + 2 * r) == r);
  }
  for (int bits : {4, 8, 12, 16, 24}) {
    double worst = 0.0;
    for (int i = 0; i <= 6000; ++i) {
      float const v = std::exp2(-60.0f + 0.02f * static_cast<float>(i));
      worst = std::max(
          worst,
          std::fabs(static_cast<double>(integer_inverse_root(v, bits)) * std::sqrt(static_cast<double>(v)) - 1.0));
    }
    CAPTURE(bits);
    CHECK(worst <= integer_root_error(bits));
  }
  CHECK(std::isinf(integer_inverse_root(0.0f, 12)));
  CHECK(std::isnan(integer_inverse_root(-1.0f, 12)));
}

TEST_CASE("layer and RMS normalisation with an integer root are within its bound of the exact ones") {
  std::vector<float> u, gamma, beta, exact(40), whole(40);
  for (int i = 0; i < 40; ++i) {
    auto const t = static_cast<float>(i);
    u.push_back(10.0f * std::sin(t));
    gamma.push_back(1.0f + 0.1f * std::cos(t));
    beta.push_back(0.01f * t);
  }
  for (int bits : {4, 8, 12})
    for (bool centred : {true, false}) {
      split_layer_norm const plain({variance_rule::two_pass, 1e-5f}),
          integer({variance_rule::two_pass, 1e-5f, root_kind::integer, bits});
      float const mean = centred ? 0.25f : 0.0f;
      plain.apply_row(u, mean, plain.inverse_deviation(mean, 37.5f).inverse_root, gamma, beta, exact);
      integer.apply_row(u, mean, integer.inverse_deviation(mean, 37.5f).inverse_root, gamma, beta, whole);
      // Alpha is off by the root and by its own rounding.
      double const relative = integer_root_error(bits) + std::ldexp(1.0, -bits) * 1.3 + 1e-6;
      for (std::size_t i = 0; i < u.size(); ++i) {
        double const scaled = std::fabs(static_cast<double>(exact[i]) - static_cast<double>(beta[i]));
        CHECK(std::fabs(static_cast<double>(whole[i]) - static_cast<double>(exact[i])) <= relative * scaled + 1e-6);
      }
    }
}

TEST_CASE("results of so many bits are the nearest, ties to even") {
  CHECK(rounded_to_bits(1.0f, 4) == 1.0f);
  CHECK(rounded_to_bits(17.0f, 4) == 16.0f);  // a tie: 1.0001 binary
  CHECK(rounded_to_bits(19.0f, 4) == 20.0f);
  CHECK(rounded_to_bits(-31.0f, 4) == -32.0f);
  CHECK(rounded_to_bits(0.0f, 4) == 0.0f);
  CHECK(rounded_to_bits(0.1f, 0) == 0.1f);
  CHECK(rounded_to_bits(0.1f, 24) == 0.1f);
  CHECK(std::isinf(rounded_to_bits(std::numeric_limits<float>::infinity(), 5)));
  for (int bits : {4, 8, 16})
    for (float v = 1e-3f; v < 1e3f; v *= 1.01f) CHECK(std::fabs(rounded_to_bits(v, bits) - v) <= std::ldexp(v, -bits));
  split_softmax::config c;
  c.divide_bits = 6;
  std::vector<float> const r{1.0f, 2.0f, 3.0f};
  std::vector<float> out(3);
  CHECK(split_softmax(c).divide_row(r, 7.0f, out));
  for (std::size_t i = 0; i < 3; ++i) CHECK(out[i] == rounded_to_bits(r[i] / 7.0f, 6));
}

TEST_CASE("settings of units are refused by name") {
  auto const softmax = [](auto const& change) {
    return refusal([&] {
      split_softmax::config c;
      change(c);
      split_softmax::validate(c);
    });
  };
  CHECK(softmax([](auto& c) { c.entries = 0; }) == "softmax.entries");
  CHECK(softmax([](auto& c) { c.entries = 5000, c.exponential = exponential_kind::base2; }) == "softmax.entries");
  CHECK(softmax([](auto& c) { c.fraction_bits = 17; }) == "softmax.fraction_bits");
  CHECK(softmax([](auto& c) { c.divide_bits = 3; }) == "softmax.divide_bits");
  auto const unit = [](auto const& change) {
    return refusal([&] {
      activation_unit::config c;
      change(c);
      activation_unit::validate(c);
    });
  };
  CHECK(unit([](auto& c) { c.entries = 1; }) == "activation.entries");
  CHECK(unit([](auto& c) { c.range = std::numeric_limits<double>::quiet_NaN(); }) == "activation.range");
  CHECK(unit([](auto& c) { c.fraction_bits = 15; }) == "activation.fraction_bits");
  CHECK(unit([](auto& c) { c.bits = 25; }) == "activation.bits");
  CHECK(refusal([] { check_root_bits(25); }) == "norm.root_bits");
}

TEST_CASE("what NaN and infinity become is as the doc blocks say") {
  float const infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  for (auto kind : {activation_kind::exact, activation_kind::table, activation_kind::integer}) {
    auto const of = [&](activation f) {
      float y = 7.0f;
      activation_unit({.kind = kind}).apply(f, std::span(&nan, 1), std::span(&y, 1));
      return y;
    };
    CHECK(std::isnan(of(activation::identity)));
    CHECK(of(activation::relu) == 0.0f);
    for (auto f : {activation::gelu, activation::gelu_tanh, activation::silu})
      CHECK((kind == activation_kind::exact ? std::isnan(of(f)) : of(f) == 0.0f));
    CHECK((kind == activation_kind::exact ? std::isnan(of(activation::tanh)) : of(activation::tanh) == -1.0f));
  }
  for (auto unit : exponentials)
    for (auto maximum : {softmax_maximum::row, softmax_maximum::running, softmax_maximum::none}) {
      split_softmax const s({.max = maximum, .exp_bits = 8, .full_scale = 1.0f, .exponential = unit});
      std::vector<float> const scores{0.5f, infinity, -1.0f};
      std::vector<std::uint16_t> codes(3);
      bool const scaled = maximum == softmax_maximum::none;
      CHECK(s.row_codes(scores, codes) == (scaled ? 1u : 0u));
      CHECK(codes[1] == (scaled ? 255 : 0));
      CHECK((codes[0] > 0) == scaled);
    }
  CHECK(lane_inverse_root(0.0f) == infinity);
  CHECK(lane_inverse_root(-0.0f) == -infinity);
}

TEST_CASE("rounding to bits: subnormal numbers by an absolute step, the largest become infinite") {
  for (int bits : {4, 8, 23}) {
    float const edge = static_cast<float>(std::ldexp(2.0 - std::ldexp(1.0, -bits), 127));
    CHECK(std::isinf(rounded_to_bits(edge, bits)));
    CHECK(std::isfinite(rounded_to_bits(std::nextafter(edge, 0.0f), bits)));
    for (int e = -149; e < -126; ++e) {
      float const v = static_cast<float>(std::ldexp(1.0, e) + std::ldexp(1.0, -149));
      CHECK(std::fabs(static_cast<double>(rounded_to_bits(v, bits)) - static_cast<double>(v)) <=
            std::ldexp(1.0, -126 - bits));
    }
  }
}

TEST_CASE("a rotation of more elements than a head has is refused before anything is allocated") {
  rotary_config c;
  c.width = std::size_t{1} << 62;
  CHECK(refusal([&] { (void)rotary(c, 8); }) == "rotary.width");
  c.width = 4;
  CHECK(rotary(c, 8).frequencies().size() == 2);
}
