// Devices under integer codes: noise of reads against cells that draw their own, factors against drift, curves.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "code_array_cases.hpp"
#include "ohmic/crossbar/in_situ/product.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/statistics.hpp"

using namespace ohmic_test;
using ohmic::operand_source;
using ohmic::read_place;

namespace {

/// Layouts of every kind: pairs read apart and as a difference, by 7 bits or bit by bit; offsets, counted or read, flipped.
std::vector<in_situ::code_layout> layouts_of_every_kind(int rows = 40, int columns = 20) {
  std::vector<in_situ::code_layout> all(4);
  all[0].weights = {in_situ::mapping::differential, 8, {3, 4}, in_situ::pair_reading::apart, false};
  all[0].inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  all[1].weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::difference, false};
  all[1].inputs = {in_situ::code_coding::sign_magnitude, 3, in_situ::input_passes::two_summed_digital};
  all[2].weights = {in_situ::mapping::offset_unit_column, 8, {2, 2, 2, 2}, in_situ::pair_reading::apart, true};
  all[3].weights = {in_situ::mapping::offset, 8, {4, 4}, in_situ::pair_reading::apart, false};
  all[3].inputs.slice_bits = 2;
  for (auto& l : all) l.array = {rows, columns};
  return all;
}
std::string text_of_layout(in_situ::code_layout const& l) {
  return ohmic::print(l.weights) + " " + ohmic::print(l.inputs);
}

using array_type = in_situ::code_array<ohmic::uniform_adc>;

/// An array with converters that round to whole units.
array_type lossless_array(in_situ::code_layout const& l, ohmic::resistive_cell_config const& cell,
                          std::uint64_t seed = 9) {
  return array_type({l, {8, true}, {}, {cell, {}, seed}});
}
ohmic::resistive_cell_config cell_of(std::vector<std::string> const& changes) {
  auto c = in_situ::ideal_cell();
  for (auto const& s : changes) ohmic::assign(c, s);
  return c;
}
codes codes_of(std::size_t rows, std::size_t cols, std::uint64_t seed) {
  dice random(seed);
  return filled(rows, cols, filling::normal, 127, random);
}
std::vector<ohmic::uniform_adc> converters_of(array_type const& a, int digits) {
  return a.converters(a.full_scales({}, digits, "y"));
}
ohmic::product_sums product_of(array_type const& a, codes const& x, codes const& y, read_place const& place = {},
                               ohmic::executor& threads = *thread_counts()[0]) {
  in_situ::code_report report;
  return a.multiply(x, a.drive(y, "y"), converters_of(a, a.digits_for(127, true)), operand_source::weights, report,
                    threads, "x", place);
}
std::vector<double> exact_sums(codes const& x, codes const& y) {
  std::vector<double> out;
  for (std::size_t n = 0; n < x.rows(); ++n)
    for (std::size_t o = 0; o < y.rows(); ++o) {
      std::int64_t sum = 0;
      for (std::size_t k = 0; k < x.cols(); ++k) sum += std::int64_t{x(n, k)} * y(o, k);
      out.push_back(static_cast<double>(sum));
    }
  return out;
}
std::vector<double> values_of(ohmic::product_sums const& z) {
  std::vector<double> out;
  for (std::size_t n = 0; n < z.tokens(); ++n)
    for (std::size_t o = 0; o < z.outputs(); ++o) out.push_back(z(n, o));
  return out;
}
/// Gain that fits z to the exact product best.
double fitted_gain(std::vector<double> const& z, std::vector<double> const& exact) {
  double both = 0.0, own = 0.0;
  for (std::size_t i = 0; i < z.size(); ++i) both += z[i] * exact[i], own += exact[i] * exact[i];
  return both / own;
}

}  // namespace

TEST_CASE("one normal number a conversion is in distribution one of every cell and pass") {
  auto const x = codes_of(1, 60, 31), y = codes_of(3, 60, 32);
  for (auto const& cell :
       {cell_of({"read_noise=0.03"}),
        cell_of({"device=pcm_nandakumar", "r_on=40 kohm", "retention.age=3600 s", "retention.compensation=global"})})
    for (auto const& l : layouts_of_every_kind()) {
      INFO(text_of_layout(l));
      auto const array = lossless_array(l, cell);
      auto const stored = array.drive(y, "y");
      auto const adcs = converters_of(array, array.digits_for(127, true));
      std::vector<double> fast[3], plain[3];
      constexpr std::uint32_t draws = 700;
      for (std::uint32_t i = 0; i < draws; ++i) {
        in_situ::code_report report;
        auto const z =
            array.multiply(x, stored, adcs, operand_source::weights, report, *thread_counts()[0], "x", {0, i});
        ohmic::stream const of_cells{5, ohmic::user_purpose(1), i};
        auto const wanted =
            in_situ::reference_product(array, x, y.view(), adcs, operand_source::weights, report, {}, {}, &of_cells);
        for (std::size_t o = 0; o < 3; ++o) fast[o].push_back(z(0, o)), plain[o].push_back(wanted(0, o));
      }
      for (std::size_t o = 0; o < 3; ++o) {
        double const n = draws, sigma = std::sqrt(variance_of(plain[o]));
        CHECK(sigma > 0.0);
        CHECK(std::fabs(mean_of(fast[o]) - mean_of(plain[o])) < deviations * sigma * std::sqrt(2.0 / n));
        CHECK(std::fabs(variance_of(fast[o]) / variance_of(plain[o]) - 1.0) < deviations * std::sqrt(4.0 / n));
        CHECK(kolmogorov_smirnov(fast[o], plain[o]) < ks_point * std::sqrt(2.0 / n));
      }
    }
}

TEST_CASE("noise of reads has the sum of the cells' variances, and 1/f noise that of its law") {
  // Pairs read as a difference by 7 bits: one conversion, so that its variance can be written down.
  in_situ::code_layout l;
  l.weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::difference, false};
  l.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  auto const x = codes_of(1, 100, 33), y = codes_of(1, 100, 34);
  double squares = 0.0, of_law = 0.0;
  ohmic::pcm_nandakumar const law;
  for (std::size_t k = 0; k < 100; ++k) {
    double const xx = double{1.0} * x(0, k) * x(0, k), g = 25.0 * std::fabs(double{1.0} * y(0, k)) / 127.0;
    squares += xx * 2.0 * 0.02 * 127.0 * 0.02 * 127.0;
    for (double of_cell : {g, 0.0}) {
      double const s = law.read_sigma(of_cell, of_cell, 0.0) * 127.0 / 25.0;
      of_law += xx * s * s;
    }
  }
  auto const measured = [&](ohmic::resistive_cell_config const& cell) {
    auto const array = lossless_array(l, cell);
    std::vector<double> z;
    for (std::uint32_t i = 0; i < 3000; ++i) z.push_back(product_of(array, x, y, {i, 0})(0, 0));
    return variance_of(z);
  };
  CHECK(std::fabs(measured(cell_of({"read_noise=0.02"})) / squares - 1.0) < deviations * std::sqrt(2.0 / 3000.0));
  // Programming spreads the conductances that the law goes by; verifying keeps them near.
  double const ratio =
      measured(cell_of({"device=pcm_nandakumar", "r_on=40 kohm", "write.max_tries=200", "write.tolerance=0.005"})) /
      of_law;
  CHECK(std::fabs(ratio - 1.0) < deviations * std::sqrt(2.0 / 3000.0) + 0.05);
}

TEST_CASE("noise of reads belongs to product, text and seed: not to threads or to how a product is cut") {
  auto const x = codes_of(70, 50, 35), y = codes_of(30, 50, 36);
  for (auto const& l : layouts_of_every_kind()) {
    INFO(text_of_layout(l));
    auto const cell = cell_of({"read_noise=0.05", "device=rram_taox"});
    auto const array = lossless_array(l, cell);
    auto const whole = product_of(array, x, y, {3, 4});
    CHECK(product_of(array, x, y, {3, 4}, *thread_counts()[2]) == whole);
    CHECK(!(product_of(array, x, y, {3, 5}) == whole));
    CHECK(!(product_of(array, x, y, {4, 4}) == whole));
    auto const other = lossless_array(l, cell, 10);
    CHECK(!(product_of(other, x, y, {3, 4}) == whole));
    codes front(33, 50), back(37, 50);
    std::copy_n(x.data(), front.size(), front.data());
    std::copy_n(x.data() + front.size(), back.size(), back.data());
    auto const a = product_of(array, front, y, {3, 4, 0, 70}), b = product_of(array, back, y, {3, 4, 33, 70});
    std::size_t wrong = 0;
    for (std::size_t n = 0; n < 70; ++n)
      for (std::size_t o = 0; o < 30; ++o) wrong += (n < 33 ? a(n, o) : b(n - 33, o)) != whole(n, o);
    CHECK(wrong == 0);
  }
}

TEST_CASE("equal layers share neither errors of writing nor noise, and neither shares with the other") {
  // Four products of the same matrix with the same inputs: two layers, each once with errors and once with noise alone.
  auto const x = codes_of(40, 60, 37), y = codes_of(40, 60, 38);
  auto const exact = exact_sums(x, y);
  for (auto const& l : layouts_of_every_kind()) {
    INFO(text_of_layout(l));
    std::vector<std::vector<double>> errors;
    for (auto const& cell : {cell_of({"programming_error=0.03"}), cell_of({"read_noise=0.03"})}) {
      auto const array = lossless_array(l, cell);
      for (std::uint32_t layer : {1u, 2u}) {
        in_situ::code_report report;
        auto const stored = array.drive(y, "y", operand_source::weights, {0, layer * 100});
        auto z = values_of(array.multiply(x, stored, converters_of(array, array.digits_for(127, true)),
                                          operand_source::weights, report, *thread_counts()[0], "x", {0, layer * 100}));
        for (std::size_t i = 0; i < z.size(); ++i) z[i] -= exact[i];
        errors.push_back(std::move(z));
      }
    }
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t b = a + 1; b < 4; ++b) {
        double both = 0.0, of_a = 0.0, of_b = 0.0;
        for (std::size_t i = 0; i < exact.size(); ++i) {
          both += errors[a][i] * errors[b][i];
          of_a += errors[a][i] * errors[a][i];
          of_b += errors[b][i] * errors[b][i];
        }
        // Errors of a unit column are common to the outputs of an array, those of a weight to all tokens: at least the forty
        // tokens or outputs are independent.
        CAPTURE(a, b);
        CHECK(std::fabs(both / std::sqrt(of_a * of_b)) < deviations / std::sqrt(40.0));
      }
  }
}

TEST_CASE("a factor against drift gives back what an even drift took, before the offset comes off") {
  auto const x = codes_of(8, 50, 39), y = codes_of(12, 50, 40);
  auto const exact = exact_sums(x, y);
  double const left = std::pow(1e4, -0.05);  // 0.63
  for (auto l : layouts_of_every_kind()) {
    // By 7 bits and without a pass for signs: units that currents round to are then small.
    l.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::two_summed_digital};
    INFO(text_of_layout(l));
    bool const counted = l.weights.mapping == in_situ::mapping::offset;
    std::vector<std::string> const drift = {"retention.age=1e4 s", "retention.exponent=0.05"};
    auto const drifted = values_of(product_of(lossless_array(l, cell_of(drift)), x, y));
    // Pairs and unit columns drift together with what they are compared to; a count does not.
    if (!counted) CHECK(std::fabs(fitted_gain(drifted, exact) - left) < 0.01);
    for (std::string kind : {"global", "per_column", "exact"}) {
      INFO(kind);
      auto with = drift;
      with.push_back("retention.compensation=" + kind);
      auto const z = values_of(product_of(lossless_array(l, cell_of(with)), x, y));
      CHECK(std::fabs(fitted_gain(z, exact) - 1.0) < 0.002);
      double worst = 0.0, largest = 0.0;
      for (std::size_t i = 0; i < z.size(); ++i) {
        worst = std::max(worst, std::fabs(z[i] - exact[i]));
        largest = std::max(largest, std::fabs(exact[i]));
      }
      CHECK(worst < 0.02 * largest);  // conversions of smaller currents round to the same units
    }
  }
}

TEST_CASE("factors against drift are those of columns where columns drift apart") {
  in_situ::code_layout l;
  l.weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::difference, false};
  l.inputs = {in_situ::code_coding::sign_magnitude, 7, in_situ::input_passes::one};
  auto const y = codes_of(20, 30, 41);
  auto const gains = [&](std::string const& kind) {
    auto const array =
        lossless_array(l, cell_of({"retention.age=1e6 s", "retention.exponent=0.05", "retention.spread=0.03",
                                   "programming_error=0.02", "retention.compensation=" + kind}));
    return array.drive(y, "y").drift_gains();
  };
  CHECK(gains("none").empty());
  auto const global = gains("global"), each = gains("per_column"), exact = gains("exact");
  for (double g : global) CHECK(g == global.front());
  for (double g : exact) CHECK(g == exact.front());
  CHECK(exact.front() != global.front());
  // By hand, cell by cell.
  auto const cell =
      cell_of({"retention.age=1e6 s", "retention.exponent=0.05", "retention.spread=0.03", "programming_error=0.02"});
  ohmic::programmable_cell const device(cell);
  ohmic::device_streams const numbers(9, 0);
  double before = 0.0, after = 0.0, wanted = 0.0;
  for (std::size_t o = 0; o < 20; ++o) {
    double column_before = 0.0, column_after = 0.0;
    for (std::size_t k = 0; k < 30; ++k) {
      double const w = double{1.0} * y(o, k) / 127.0;
      auto const plus = device.written(numbers, k * 40 + 2 * o, std::max(w, 0.0)),
                 minus = device.written(numbers, k * 40 + 2 * o + 1, std::max(-w, 0.0));
      column_before += std::fabs(plus.programmed - minus.programmed);
      column_after += std::fabs(plus.aged - minus.aged);
      wanted += std::fabs(w);
    }
    CHECK(std::fabs(each[o] / (column_before / column_after) - 1.0) < 1e-12);
    before += column_before, after += column_after;
  }
  CHECK(std::fabs(global.front() / (before / after) - 1.0) < 1e-12);
  CHECK(std::fabs(exact.front() / (wanted / after) - 1.0) < 1e-12);
}

TEST_CASE(
    "factors of offset mappings are of stored cells, what the lowest level conducts included, and of unit columns") {
  in_situ::code_layout l;  // 2-bit cells, a unit column; one array of 30 rows
  l.array.rows = 30;
  auto const y = codes_of(20, 30, 45);
  std::vector<std::string> const drift = {"r_off=1e5 ohm", "retention.age=1e6 s", "retention.exponent=0.05",
                                          "retention.spread=0.03"};
  auto const stored_with = [&](std::string const& kind) {
    auto with = drift;
    with.push_back("retention.compensation=" + kind);
    return lossless_array(l, cell_of(with)).drive(y, "y");
  };
  ohmic::programmable_cell const device(cell_of(drift));
  ohmic::device_streams const numbers(9, 0);
  double wanted = 0.0, after = 0.0, unit_before = 0.0, unit_after = 0.0;
  std::vector<std::int32_t> digits(4);
  for (std::size_t k = 0; k < 30; ++k) {
    for (std::size_t o = 0; o < 20; ++o) {
      in_situ::cell_digits(l, y(o, k), digits);
      for (std::size_t i = 0; i < 4; ++i) {
        double const target = 0.1 + 0.9 * digits[i] / 3.0, weight = std::pow(4.0, static_cast<double>(i));
        wanted += weight * target;
        after += weight * device.written(numbers, k * 80 + 4 * o + i, target).aged;
      }
    }
    auto const unit = device.written(numbers, 30 * 80 + k, 1.0);
    unit_before += unit.programmed, unit_after += unit.aged;
  }
  auto const exact = stored_with("exact"), each = stored_with("per_column"), global = stored_with("global");
  CHECK(std::fabs(exact.drift_gains().front() / (wanted / after) - 1.0) < 1e-12);
  CHECK(exact.unit_gain() == exact.drift_gains().front());
  CHECK(global.unit_gain() == global.drift_gains().front());
  CHECK(std::fabs(each.unit_gain() / (unit_before / unit_after) - 1.0) < 1e-12);
  CHECK(std::fabs(each.unit_gain() - global.unit_gain()) > 1e-4);
}

TEST_CASE("what is written for one product has no age and no factor") {
  in_situ::code_cell_settings old, fresh;
  old.cell = cell_of({"device=pcm_nandakumar", "r_on=40 kohm", "retention.age=1e6 s", "retention.compensation=exact"});
  fresh.cell = cell_of({"device=pcm_nandakumar", "r_on=40 kohm"});
  ohmic::matrix<std::int32_t> digits(10, 8);
  for (std::size_t i = 0; i < digits.size(); ++i) digits.flat()[i] = static_cast<std::int32_t>(i % 4);
  std::vector<std::int64_t> const tops(8, 3);
  auto const seen = [&](in_situ::code_cell_settings const& c, std::uint32_t time) {
    return in_situ::code_cells(c).seen(digits.view(), tops, true, 7, time);
  };
  CHECK(seen(old, 5).digits == seen(fresh, 5).digits);
  CHECK(seen(old, 5).variance == seen(fresh, 5).variance);
  CHECK(seen(old, 0).digits != seen(fresh, 0).digits);
  CHECK(seen(old, 0).variance != seen(fresh, 0).variance);
  auto const array = lossless_array({}, old.cell);
  auto const y = codes_of(6, 9, 46);
  CHECK(array.drive(y, "y", operand_source::activations, {1, 2}).drift_gains().empty());
  CHECK(!array.drive(y, "y").drift_gains().empty());
}

TEST_CASE("a curve changes nothing where rows are driven with bits, and what the definition says elsewhere") {
  auto const x = codes_of(6, 70, 42), y = codes_of(9, 70, 43);
  in_situ::code_layout l;
  l.weights = {in_situ::mapping::differential, 8, {7}, in_situ::pair_reading::difference, false};
  l.inputs = {in_situ::code_coding::sign_magnitude, 1, in_situ::input_passes::one};
  auto const bent = cell_of({"curve.scale=0.1 V", "curve.read=0.2 V"});
  CHECK(lossless_array(l, bent).lossless());
  CHECK(values_of(product_of(lossless_array(l, bent), x, y)) == exact_sums(x, y));
  l.inputs.slice_bits = 2;
  CHECK(values_of(product_of(lossless_array(l, bent), x, y)) != exact_sums(x, y));
  // ohmic mvm's definition of the same pairs, inputs at once and without converter.
  l.inputs.slice_bits = 7;
  auto const z = values_of(product_of(lossless_array(l, bent), x, y));
  in_situ::config c;
  for (auto const* s :
       {"weights.bits=8", "inputs.bits=8", "inputs.scale=fixed", "inputs.largest=127", "adc.levels=none",
        "weights.largest=127", "cell.r_off=inf ohm", "cell.curve.scale=0.1 V", "cell.curve.read=0.2 V"})
    ohmic::assign(c, s);
  ohmic::matrix<double> w(9, 70), inputs(70, 6);
  for (std::size_t o = 0; o < 9; ++o)
    for (std::size_t k = 0; k < 70; ++k) w(o, k) = y(o, k);
  for (std::size_t k = 0; k < 70; ++k)
    for (std::size_t n = 0; n < 6; ++n) inputs(k, n) = x(n, k);
  in_situ::report report;
  auto const wanted = in_situ::multiply(in_situ::program(w.view(), c), inputs.view(), report);
  double worst = 0.0, bends = 0.0;
  auto const exact = exact_sums(x, y);
  for (std::size_t n = 0; n < 6; ++n)
    for (std::size_t o = 0; o < 9; ++o) {
      worst = std::max(worst, std::fabs(z[n * 9 + o] - wanted(o, n)));
      bends = std::max(bends, std::fabs(z[n * 9 + o] - exact[n * 9 + o]));
    }
  // Half a unit of the converter, and drives in steps of 2^-14: half of one times 127 on each of 70 rows.
  CHECK(worst < 0.5 + 70 * 127 * 0x1p-15 + 1e-6);
  CHECK(bends > 100.0);
}

TEST_CASE("noise behind wires is that of networks whose cells are drawn anew, to a tenth") {
  in_situ::code_cell_settings c;
  c.cell = cell_of({"read_noise=0.05", "r_off=1e5 ohm"});
  c.wires.word_segment = ohmic::ohms(2.0);
  c.wires.bit_segment = ohmic::ohms(2.0);
  dice random(44);
  std::size_t const rows = 32, columns = 8;
  ohmic::matrix<std::int32_t> digits(rows, columns);
  for (auto& d : digits.flat()) d = random.between(0, 3);
  auto const seen = in_situ::code_cells(c).seen(digits.view(), std::vector<std::int64_t>(columns, 3), false, 0, 0);
  ohmic::matrix<double> volts(rows, 1);
  for (auto& v : volts.flat()) v = random.between(0, 1);
  std::vector<std::vector<double>> currents(columns);
  constexpr int draws = 400;
  for (int i = 0; i < draws; ++i) {
    ohmic::wire_network network{ohmic::matrix<double>(rows, columns), c.wires, {}, {}};
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t j = 0; j < columns; ++j)
        network.g_S(k, j) = std::max(0.0, 0.1 + 0.9 * digits(k, j) / 3.0 + 0.05 * 0.9 * random.normal()) / 10e3;
    ohmic::wire_report report;
    auto const amperes = ohmic::wire_solver(network).currents(volts.view(), *thread_counts()[0], report);
    for (std::size_t j = 0; j < columns; ++j) currents[j].push_back(amperes(j, 0) * 10e3 * 3.0 / 0.9);
  }
  double wanted = 0.0, got = 0.0, unchanged = 0.0;
  for (std::size_t j = 0; j < columns; ++j) {
    wanted += variance_of(currents[j]);
    for (std::size_t k = 0; k < rows; ++k) {
      got += volts(k, 0) * static_cast<double>(seen.variance(k, j));
      unchanged += volts(k, 0) * 0.15 * 0.15;
    }
  }
  CAPTURE(wanted, got, unchanged);
  CHECK(std::fabs(std::sqrt(got / wanted) - 1.0) < 0.1);
  CHECK(unchanged > got);
}

TEST_CASE("a curve whose shape depends on the cell is refused where rows carry more than a bit, or both signs") {
  auto const milo = cell_of({"curve.law=milo", "r_on=5 kohm", "r_off=20 kohm"});
  for (auto const& l : layouts_of_every_kind()) {
    if (l.inputs.slice_bits == 1) {  // bits of one sign have the full voltage or none: Ohm's law, bit for bit
      auto const x = codes_of(3, 20, 48), y = codes_of(5, 20, 49);
      auto const linear = cell_of({"r_on=5 kohm", "r_off=20 kohm"});
      CHECK(product_of(lossless_array(l, milo), x, y) == product_of(lossless_array(l, linear), x, y));
    } else {
      check_refused([&] { (void)lossless_array(l, milo); }, ohmic::errc::config_conflict, {"cell.curve.law", "milo"});
    }
  }
  in_situ::code_layout both;
  both.inputs = {in_situ::code_coding::sign_magnitude, 1, in_situ::input_passes::one};
  check_refused([&] { (void)lossless_array(both, milo); }, ohmic::errc::config_conflict, {"milo", "both ways"});
  check_refused([&] { (void)ohmic::read_curve(milo.curve, 0.5); }, ohmic::errc::config_conflict, {"curve.law", "milo"});
}

TEST_CASE("curves behind wires are refused, noise and factors are not") {
  in_situ::code_array_settings<ohmic::uniform_adc> c;
  c.cells.cell = cell_of({"curve.scale=0.1 V"});
  array_type const fine(c);
  c.cells.wires.bit_segment = ohmic::ohms(1.0);
  check_refused([&] { array_type const a(c); }, ohmic::errc::config_conflict, {"cell.curve.scale", "wires"});
  c.cells.cell =
      cell_of({"read_noise=0.1", "retention.age=10 s", "retention.exponent=0.1", "retention.compensation=exact"});
  array_type const noisy(c);
  // Activations of more arrays than a product has addresses for: here every weight has its own.
  in_situ::code_layout tiny;
  tiny.array = {1, 4};
  auto const array = lossless_array(tiny, cell_of({"programming_error=0.01"}));
  check_refused(
      [&] {
        (void)array.drive(codes_of(70, 70, 47), "q", operand_source::activations, {0, 1});
      },
      ohmic::errc::capacity, {"q", "4900 arrays", "4096 arrays"});
}

TEST_CASE("codes beyond their passes, passes that no code has and sums beyond exact arithmetic are refused") {
  auto const array = lossless_array({}, cell_of({"r_off=1e6 ohm"}));
  in_situ::code_report report;
  auto const multiply = [&](codes const& x, codes const& y, int digits) {
    (void)array.multiply(x, array.drive(y, "y"), converters_of(array, digits), operand_source::weights, report,
                         *thread_counts()[0], "q");
  };
  codes x(1, 6);
  codes const y(2, 6);
  x(0, 4) = 16;
  check_refused([&] { multiply(x, y, array.digits_for(15, true)); }, ohmic::errc::value,
                {"q[0,4]", "16", "at most 15"});
  x(0, 4) = -16;
  check_refused([&] { multiply(x, y, array.digits_for(15, true)); }, ohmic::errc::value, {"q[0,4]", "-16"});
  check_refused([&] { multiply(x, y, 4 * 18); }, ohmic::errc::config_conflict, {"q", "18", "2..17"});
  check_refused([&] { multiply(x, y, 4); }, ohmic::errc::config_conflict, {"q", "1", "2..17"});
  check_refused([&] { multiply(codes(1, 40000), codes(1, 40000), array.digits_for(32767, true)); },
                ohmic::errc::capacity, {"q", "too large for exact arithmetic"});
}
