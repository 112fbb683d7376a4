// Conventional arrays, every column of every pass converted: ranges are calibrated, so that nothing collapses. Checked
// against the plain definition before it is timed.
#include <cmath>
#include <utility>

#include "ohmic/chip/isaac.hpp"
#include "ohmic/chip/multi_bit.hpp"
#include "ohmic/chip/single_bit.hpp"
#include "ohmic/crossbar/in_situ/code_reference.hpp"
#include "support/operands.hpp"

namespace {

using namespace ohmic_bench;
namespace in_situ = ohmic::in_situ;
using array = in_situ::code_array<>;

void time_array(benchmark::State& state, array::config const& settings) {
  array const a(settings);
  ohmic::executor threads(static_cast<unsigned>(state.range(0)));
  auto const source = ohmic::operand_source::weights;
  auto const prepared = [&](operands const& o) {
    auto y = a.drive(o.w, "w");
    auto seen = a.no_statistics(a.digits_for(127, true));
    a.observe(o.first_tokens(), y, seen, "x");
    auto adcs = a.converters(a.full_scales(seen, static_cast<int>(seen.size()), "w"));
    return std::pair(std::move(y), std::move(adcs));
  };
  in_situ::code_report report;
  {
    operands const small(small_shape);
    auto const [y, adcs] = prepared(small);
    in_situ::code_report plain_report;
    ohmic_bench::check_equal(a.multiply(small.x, y, adcs, source, report, threads, "x"),
                             in_situ::reference_product(a, small.x, small.w.view(), adcs, source, plain_report),
                             small.shape());
  }
  operands const o(standard_shape);
  auto const [y, adcs] = prepared(o);
  ohmic_bench::measure(state, o.shape(), [&, &y = y, &adcs = adcs] {
    benchmark::DoNotOptimize(a.multiply(o.x, y, adcs, source, report, threads, "x"));
  });
  state.SetLabel(in_situ::column_kernels_of<ohmic::uniform_adc>.instruction_set);
}

template <class Spec>
array::config settings_of(double r_off_ohm = INFINITY) {
  ohmic::chip::config<ohmic::chip::isaac> c;
  Spec::configure(c);
  c.range.rule = ohmic::range_rule::mean_sigma;
  c.cell.r_off = ohmic::ohms(r_off_ohm);
  return ohmic::chip::array_settings(c);
}

/// Pairs of 7-bit cells subtracted before one 8-bit converter, 8-bit inputs at once.
void pairs(benchmark::State& state) {
  auto c = settings_of<ohmic::chip::multi_bit>();
  c.layout.weights.pairs = in_situ::pair_reading::difference;
  time_array(state, c);
}
/// Four slices of 2 bits, inputs bit by bit, an 8-bit converter for each.
void slices(benchmark::State& state) {
  auto c = settings_of<ohmic::chip::isaac>();
  c.layout.weights.flipped = false;
  time_array(state, c);
}
void isaac(benchmark::State& state) { time_array(state, settings_of<ohmic::chip::isaac>()); }
void multi_bit(benchmark::State& state) { time_array(state, settings_of<ohmic::chip::multi_bit>()); }
void single_bit(benchmark::State& state) { time_array(state, settings_of<ohmic::chip::single_bit>()); }
void real_cells(benchmark::State& state) {
  auto c = settings_of<ohmic::chip::multi_bit>(1e6);
  c.layout.weights.pairs = in_situ::pair_reading::difference;
  time_array(state, c);
}
/// Cells with an error of programming, each of which varies from read to read.
void noisy_cells(benchmark::State& state) {
  auto c = settings_of<ohmic::chip::multi_bit>();
  c.layout.weights.pairs = in_situ::pair_reading::difference;
  c.cells.cell.r_on = ohmic::ohms(40e3);
  ohmic::assign(c.cells.cell, "device=pcm_nandakumar");
  time_array(state, c);
}

/// Converters with errors, one for every column: what their laws cost.
template <ohmic::converter_kind Kind>
void odd_converters(benchmark::State& state) {
  auto c = settings_of<ohmic::chip::multi_bit>();
  c.layout.weights.pairs = in_situ::pair_reading::difference;
  c.converter = {.kind = Kind, .mismatch = 0.01, .offset = 0.002};
  time_array(state, c);
}

BENCHMARK(pairs)->Name("in_situ/pairs/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);
BENCHMARK(slices)->Name("in_situ/slices/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);
BENCHMARK(isaac)->Name("in_situ/isaac/ohmic")->Arg(1)->Apply(product_settings);
BENCHMARK(multi_bit)->Name("in_situ/multi_bit/ohmic")->Arg(1)->Apply(product_settings);
BENCHMARK(single_bit)->Name("in_situ/single_bit/ohmic")->Arg(1)->Apply(product_settings);
BENCHMARK(noisy_cells)->Name("in_situ/noisy_cells/ohmic")->Arg(1)->Arg(2)->Apply(product_settings);
BENCHMARK(real_cells)->Name("in_situ/real_cells/ohmic")->Arg(1)->Apply(product_settings);

}  // namespace
BENCHMARK(odd_converters<ohmic::converter_kind::sar>)->Name("in_situ/sar/ohmic")->Arg(1)->Apply(product_settings);
BENCHMARK(odd_converters<ohmic::converter_kind::flash>)->Name("in_situ/flash/ohmic")->Arg(1)->Apply(product_settings);
BENCHMARK(odd_converters<ohmic::converter_kind::ramp>)->Name("in_situ/ramp/ohmic")->Arg(1)->Apply(product_settings);
