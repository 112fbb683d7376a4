// ohmic solve: currents of a crossbar whose wires resist.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/core.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json_output.hpp"
#include "kernels.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/wires/netlist.hpp"
#include "ohmic/crossbar/wires/newton.hpp"
#include "ohmic/crossbar/wires/solver.hpp"
#include "ohmic/model/import/npy.hpp"
#include "options.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

/// Settings of the command, as its JSON prints them; `--set wires.sense="50 ohm"` works too.
struct solve_config {
  wire_config wires{};
};

}  // namespace program_cli
BOOST_HANA_ADAPT_STRUCT(program_cli::solve_config, wires);

namespace program_cli {

namespace {

/// Largest missed current that a result may have; above it the command ends with status 1.
constexpr double allowed_residual = 1e-10;

solve_config config_of(solve_options const& o, common_options const& common) {
  solve_config c;
  c.wires = {ohms(o.word_ohm),
             ohms(o.bit_ohm),
             ohms(o.driver_ohm),
             ohms(o.sense_ohm),
             o.two_sided      ? far_end::driven
             : o.ground_words ? far_end::grounded
                              : far_end::open,
             o.ground_bits ? far_end::grounded : far_end::open,
             ohms(o.word_ground_ohm),
             ohms(o.bit_ground_ohm)};
  solve_config const by_options = c;
  for (auto const& s : common.set) assign(c, s);
  for (auto const& given : diff(solve_config{}, by_options))
    for (auto const& set : diff(by_options, c))
      if (given.key == set.key)
        throw error({errc::config_conflict, "'" + set.key + "' has an option of its own, which is given too", "--set",
                     set.after + ", and " + set.before + " by the option", "one value", "take one out"});
  return c;
}

/// Settings that do nothing beside the others.
std::vector<std::string> idle_wires(wire_config const& c) {
  std::vector<std::string> out;
  if (c.word_ground.si() != 0.0 && c.word_end != far_end::grounded)
    out.emplace_back("wires.word_ground: wires.word_end is not grounded (--ground-words)");
  if (c.bit_ground.si() != 0.0 && c.bit_end == far_end::open)
    out.emplace_back("wires.bit_ground: wires.bit_end is open (--ground-bits)");
  return out;
}

wire_network network_of(solve_options const& o, wire_config const& wires) {
  std::string const& file = o.conductances.empty() ? o.resistances : o.conductances;
  if (file.empty())
    throw error({errc::missing_entry, "no devices are given", "--conductances", "", "a .npy file",
                 "give --conductances or --resistances"});
  auto devices = model::read_npy(file);
  if (devices.is_vector())
    throw error({errc::shape, "devices are no matrix", model::place(file, "shape"),
                 "(" + std::to_string(devices.shape[0]) + ",)", "(word lines, bit lines)", "reshape it"});
  if (o.conductances.empty()) return network_of_resistances(devices.values.view(), wires);
  return {std::move(devices.values), wires, {}, {}};
}

std::vector<double> column_of(matrix<double> const& a, std::size_t k) {
  std::vector<double> v;
  for (std::size_t i = 0; i < a.rows(); ++i) v.push_back(a(i, k));
  return v;
}

/// What the wires take from the currents, relative to the ideal product; over outputs that are not 0.
struct loss {
  double largest = 0.0, mean = 0.0;
};
loss loss_of(wire_network const& n, matrix<double> const& v, matrix<double> const& currents, double sinh_volts) {
  auto ideal = effective_currents(n.g_S.view(), v.view());
  if (sinh_volts != 0.0) {
    sinh_iv const curve({volts(sinh_volts)});
    for (std::size_t j = 0; j < ideal.rows(); ++j)
      for (std::size_t k = 0; k < ideal.cols(); ++k) {
        ideal(j, k) = 0.0;
        for (std::size_t i = 0; i < v.rows(); ++i) ideal(j, k) += curve.current(v(i, k), n.g_S(i, j));
      }
  }
  loss out;
  std::size_t count = 0;
  for (std::size_t k = 0; k < ideal.size(); ++k) {
    if (ideal.flat()[k] == 0.0) continue;
    double const lost = 1.0 - currents.flat()[k] / ideal.flat()[k];
    if (std::fabs(lost) > std::fabs(out.largest)) out.largest = lost;
    out.mean += lost;
    ++count;
  }
  if (count > 0) out.mean /= static_cast<double>(count);
  return out;
}

struct solved {
  matrix<double> currents;  // (bit lines, vectors)
  std::optional<wire_solution> single;
  wire_report report;
  std::optional<newton_report> newton;
  double power_W = 0.0;
};

void take(solved& out, std::size_t k, wire_solution s) {
  for (std::size_t j = 0; j < s.output_A.size(); ++j) out.currents(j, k) = s.output_A[j];
  out.power_W += s.power.si();
  out.report.include(s.report);
  if (out.currents.cols() == 1) out.single = std::move(s);
}

solved solve_all(wire_network const& network, matrix<double> const& v, solve_options const& o,
                 wire_kernels const& kernels, executor& threads) {
  wire_settings settings;
  if (o.direct) settings.method = wire_method::direct;
  solved out;
  out.currents = matrix<double>(network.bit_lines(), v.cols());
  if (o.sinh_volts != 0.0) {
    sinh_iv const curve({volts(o.sinh_volts)});
    newton_settings newton;
    newton.inner = settings;
    newton_report worst;
    worst.converged = true;
    for (std::size_t k = 0; k < v.cols(); ++k) {
      auto s = solve_nonlinear(network, curve, column_of(v, k), newton, kernels);
      worst.converged = worst.converged && s.newton.converged;
      worst.iterations = std::max(worst.iterations, s.newton.iterations);
      worst.damping = std::max(worst.damping, s.newton.damping);
      worst.residual = std::max(worst.residual, s.newton.residual);
      take(out, k, std::move(s.state));
    }
    out.newton = worst;
    return out;
  }
  wire_solver const solver(network, settings, kernels);
  if (v.cols() == 1) {
    take(out, 0, solver.solve(column_of(v, 0)));
  } else {
    out.currents = solver.currents(v.view(), threads, out.report);
  }
  return out;
}

}  // namespace

int solve(solve_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  kernel_set const& kernels = choose_kernels(common.instruction_set);
  check_writable(common.json);
  auto const nodes = [&](char const* which) { return o.nodes.empty() ? std::string() : o.nodes + which; };
  check_files_writable({{o.output, "--output"},
                        {o.effective, "--effective"},
                        {o.netlist, "--netlist"},
                        {nodes("_word.npy"), "--nodes"},
                        {nodes("_bit.npy"), "--nodes"}});
  solve_config const config = config_of(o, common);
  wire_config::validate(config.wires);
  wire_network const network = network_of(o, config.wires);
  wire_network::validate(network);
  auto const voltages = model::read_npy(o.voltages);
  auto const& v = voltages.values;
  if (v.rows() != network.word_lines())
    throw error({errc::shape, "voltages do not fit the array", model::place(o.voltages, "shape"),
                 std::to_string(v.rows()) + " rows", std::to_string(network.word_lines()) + ", one for every word line",
                 "check the files"});
  bool const single = v.cols() == 1;
  for (auto const& [file, option] : {std::pair{&o.nodes, "--nodes"}, {&o.netlist, "--netlist"}})
    if (!file->empty() && !single)
      throw error({errc::config_conflict, "needs one vector of voltages", option, std::to_string(v.cols()) + " vectors",
                   "1", "give one vector, or leave it out"});
  if (!o.effective.empty() && o.sinh_volts != 0.0)
    throw error({errc::config_conflict, "devices with a curve have no effective matrix", "--effective", "with --sinh",
                 "linear devices", "leave one of them out"});

  executor threads(common.threads == 0 ? executor::available() : common.threads);
  solved const s = solve_all(network, v, o, kernels.wires, threads);
  std::string netlist, effective;
  double worst_residual = s.report.residual;
  if (!o.netlist.empty())
    netlist = ngspice_netlist(network, column_of(v, 0), volts(o.sinh_volts != 0.0 ? o.sinh_volts : INFINITY));
  if (!o.effective.empty()) {
    wire_settings settings;
    if (o.direct) settings.method = wire_method::direct;
    wire_report report;
    effective =
        model::npy_bytes(wire_solver(network, settings, kernels.wires).effective_conductances(threads, report).view());
    worst_residual = std::max(worst_residual, report.residual);
  }
  bool finite_all = true;
  for (double a : s.currents.flat()) finite_all = finite_all && std::isfinite(a);
  bool const good = finite_all && worst_residual <= allowed_residual && (!s.newton || s.newton->converged);
  write_whole(o.output, model::npy_bytes(s.currents.view(), voltages.is_vector()));
  write_whole(o.effective, effective);
  write_whole(o.netlist, netlist);
  if (!o.nodes.empty()) {
    write_whole(nodes("_word.npy"), model::npy_bytes(s.single->word_V.view()));
    write_whole(nodes("_bit.npy"), model::npy_bytes(s.single->bit_V.view()));
  }

  loss const lost = loss_of(network, v, s.currents, o.sinh_volts);
  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet) {
    for (auto const& i : idle_wires(config.wires)) say(stderr, "has no effect: {}\n", i);
    say(text, "{} word lines x {} bit lines, {} vector{}\n", network.word_lines(), network.bit_lines(), v.cols(),
        single ? "" : "s");
    say(text, "currents against those without wires: {:+.4g} % at most, {:+.4g} % on average\n",
        0.0 - 100.0 * lost.largest, 0.0 - 100.0 * lost.mean);
    if (single) say(text, "power {:.6g} W\n", s.power_W);
    if (s.newton)
      say(text, "Newton: {} iterations, {} halvings, residual {:.2g}\n", s.newton->iterations, s.newton->damping,
          s.newton->residual);
    say(text, "residual {:.2g} of the largest current, {} iterations{}\n", s.report.residual, s.report.iterations,
        s.report.direct > 0 ? fmt::format(", {} by elimination", s.report.direct) : std::string());
  }
  if (!good)
    say(stderr, "ohmic: {}; the currents that were written are not exact\n",
        s.newton && !s.newton->converged ? "Newton's method did not converge" : "the residual is too large");
  json out = result_header("solve", common);
  out["config"] = settings_object(config);
  out["curve"] = o.sinh_volts != 0.0 ? json{{"kind", "sinh"}, {"scale_V", o.sinh_volts}} : json{{"kind", "linear"}};
  out["word_lines"] = network.word_lines();
  out["bit_lines"] = network.bit_lines();
  out["vectors"] = v.cols();
  out["residual"] = finite(s.report.residual);
  out["iterations"] = s.report.iterations;
  out["eliminated"] = s.report.direct;
  out["loss"] = {{"largest", finite(lost.largest)}, {"mean", finite(lost.mean)}};
  out["power_W"] = single ? finite(s.power_W) : json(nullptr);
  out["newton"] = s.newton ? json{{"converged", s.newton->converged},
                                  {"iterations", s.newton->iterations},
                                  {"halvings", s.newton->damping},
                                  {"residual", finite(s.newton->residual)}}
                           : json(nullptr);
  out["exact"] = good;
  out["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_result(common.json, out);
  return good ? done : check_failed;
}

}  // namespace program_cli
