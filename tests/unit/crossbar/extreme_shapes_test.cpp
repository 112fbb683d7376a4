// Shapes and codes at their ends: 1 x N, N x 1, nothing that divides, no tokens, every code -127 or 127, views that are not
// aligned, converters of 1 and 16 bits. Every kernel equals the plain definition there too.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "code_array_cases.hpp"
#include "instruction_sets.hpp"
#include "ohmic/crossbar/reference.hpp"
#include "support/catch.hpp"

using namespace ohmic_test;

namespace {

struct three_sizes {
  std::size_t tokens, inner, outputs;
};
constexpr three_sizes ends[] = {{1, 1, 1}, {1, 513, 1}, {1, 1, 49}, {67, 1, 1}, {13, 131, 17}, {9, 257, 33}};

/// A view whose first element is one behind a register's, with another row after three elements.
class unaligned {
 public:
  explicit unaligned(codes const& m)
      : wide_(m.rows() + 1, m.cols() + 3), view_(&wide_(0, 1), m.rows(), m.cols(), m.cols() + 3) {
    for (std::size_t r = 0; r < m.rows(); ++r)
      for (std::size_t c = 0; c < m.cols(); ++c) wide_(r, c + 1) = m(r, c);
  }
  [[nodiscard]] ohmic::matrix_view<std::int16_t const> view() const noexcept { return view_; }

 private:
  codes wide_;
  ohmic::matrix_view<std::int16_t const> view_;
};

/// Operands whose codes are all -127 or 127, the largest that there are.
struct extreme_operands {
  codes x, w;
  unaligned x_view, w_view;
  extreme_operands(three_sizes s, filling kind)
      : x(make(s.tokens, s.inner, kind, 1)), w(make(s.outputs, s.inner, kind, 2)), x_view(x), w_view(w) {}

 private:
  static codes make(std::size_t rows, std::size_t cols, filling kind, std::uint64_t seed) {
    dice random(seed);
    return filled(rows, cols, kind, 127, random);
  }
};

/// One array against its definition, on every instruction set.
template <class Config, class Kernels, class Make, class Define>
void check_ends(Config const& settings, int fewest_bits, Kernels const& kernels, Make const& make,
                Define const& define) {
  for (auto const sizes : ends)
    for (auto const kind : {filling::largest, filling::extremes})
      for (int const bits : {fewest_bits, 16}) {
        extreme_operands const o(sizes, kind);
        auto c = settings;
        c.adc.bits = bits;
        for (auto const& set : kernel_sets()) {
          INFO(set.flags << ", " << sizes.tokens << " x " << sizes.inner << " x " << sizes.outputs << ", " << bits
                         << " bits");
          auto const array = make(c, kernels(set));
          auto const y = array.drive(o.w_view.view(), "y");
          auto seen = array.no_statistics(array.digits_for(127, true));
          if (!array.lossless()) array.observe(o.x_view.view(), y, seen, "x");
          auto const adcs = array.converters(array.full_scales(seen, static_cast<int>(seen.size()), "y"));
          typename std::remove_cvref_t<decltype(array)>::report_type report, plain_report;
          auto const z = array.multiply(o.x_view.view(), y, adcs, ohmic::operand_source::weights, report,
                                        *thread_counts()[1], "x");
          auto const plain = define(array, o, adcs, plain_report);
          CHECK(differences(z, plain, sizes.tokens, sizes.outputs) == 0);
          CHECK(report.actions == plain_report.actions);
        }
      }
}

void check_in_situ(in_situ::code_array<>::config const& c) {
  check_ends(
      c, c.layout.has_signed_currents() ? 2 : 1,  // one of them is the sign's
      [](kernel_set const& set) { return set.columns; },
      [](auto const& settings, auto const* kernels) { return in_situ::code_array<>(settings, *kernels); },
      [](auto const& array, extreme_operands const& o, auto const& adcs, auto& report) {
        return in_situ::reference_product(array, o.x, o.w.view(), adcs, ohmic::operand_source::weights, report);
      });
}

}  // namespace

TEST_CASE("the computation crossbar equals its definition at the ends of shapes and codes") {
  ohmic::computation_array<2>::config c;
  c.range.rule = ohmic::range_rule::mean_sigma;
  for (bool const lossless : {false, true}) {
    c.adc.lossless = lossless;
    check_ends(
        c, 1, [](kernel_set const& set) { return set.uniform; },
        [](auto const& settings, auto const* kernels) { return ohmic::computation_array<2>(settings, *kernels); },
        [](auto const& array, extreme_operands const& o, auto const& adcs, auto& report) {
          return ohmic::reference_product(array, o.x, o.w.view(), adcs, ohmic::operand_source::weights, report);
        });
  }
}

TEST_CASE("in-situ arrays equal their definition at the ends of shapes and codes") {
  in_situ::code_array<>::config bits;
  bits.layout.weights.mapping = in_situ::mapping::offset;
  bits.layout.weights.slices = {2, 2, 1, 1, 2};
  bits.layout.inputs.slice_bits = 1;
  bits.range.rule = ohmic::range_rule::mean_sigma;
  check_in_situ(bits);
  bits.layout.weights.mapping = in_situ::mapping::differential;
  bits.layout.weights.slices = {1, 2, 2, 2};
  check_in_situ(bits);
  bits.layout.weights.pairs = in_situ::pair_reading::difference;
  check_in_situ(bits);

  in_situ::code_array<>::config real;
  real.layout.weights.mapping = in_situ::mapping::differential;
  real.layout.weights.slices = {7};
  real.layout.inputs.slice_bits = 7;
  real.layout.inputs.coding = in_situ::code_coding::sign_magnitude;
  real.range.rule = ohmic::range_rule::mean_sigma;
  real.cells.cell.r_off = ohmic::ohms(1e5);
  for (auto const pairs : {in_situ::pair_reading::apart, in_situ::pair_reading::difference})
    for (double const noise : {0.0, 0.03}) {
      real.layout.weights.pairs = pairs;
      real.cells.cell.read_noise = noise;
      check_in_situ(real);
    }
}

TEST_CASE("arrays of more rows than bytes can count bits of equal their definition") {
  // 1100 rows are 35 words, of which bytes hold 31.
  in_situ::code_array<>::config c;
  c.layout.array.rows = 1100;
  c.layout.weights.mapping = in_situ::mapping::offset;
  c.layout.weights.slices = {2, 2, 2, 2};
  c.layout.inputs.slice_bits = 1;
  c.range.rule = ohmic::range_rule::mean_sigma;
  dice random(8);
  auto const x = filled(3, 2300, filling::largest, 127, random), w = filled(5, 2300, filling::extremes, 127, random);
  for (auto const& set : kernel_sets()) {
    INFO(set.flags);
    in_situ::code_array<> const array(c, *set.columns);
    auto const y = array.drive(w.view(), "y");
    auto seen = array.no_statistics(array.digits_for(127, true));
    array.observe(x, y, seen, "x");
    auto const adcs = array.converters(array.full_scales(seen, static_cast<int>(seen.size()), "y"));
    in_situ::code_report report, plain_report;
    auto const z = array.multiply(x, y, adcs, ohmic::operand_source::weights, report, *thread_counts()[0], "x");
    auto const plain =
        in_situ::reference_product(array, x, w.view(), adcs, ohmic::operand_source::weights, plain_report);
    CHECK(differences(z, plain, 3, 5) == 0);
  }
}

TEST_CASE("a product without tokens, inner elements or outputs is refused") {
  ohmic::computation_array<2> const computation({});
  in_situ::code_array<> const conventional({});
  codes const w(3, 4), none;
  auto const refuses = [](auto const& call) {
    try {
      call();
    } catch (ohmic::error const& e) { return e.code() == ohmic::errc::shape; }
    return false;
  };
  auto const both = [&](auto const& array) {
    CHECK(refuses([&] { (void)array.drive(none.view(), "w"); }));
    auto const y = array.drive(w.view(), "w");
    auto const adcs = array.converters(std::vector<float>(static_cast<std::size_t>(array.digits_for(127, true)), 9.0f));
    ohmic::executor one(1);
    for (codes const& x : {codes(0, 4), codes(2, 3), none}) {
      typename std::remove_cvref_t<decltype(array)>::report_type report;
      CHECK(refuses([&] { (void)array.multiply(x, y, adcs, ohmic::operand_source::weights, report, one, "x"); }));
    }
  };
  both(computation);
  both(conventional);
}
