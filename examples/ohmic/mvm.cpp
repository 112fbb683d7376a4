// ohmic mvm: a matrix on a conventional in-situ array, times vectors.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fmt/core.h>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "json_output.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/in_situ/product.hpp"
#include "ohmic/model/import/npy.hpp"
#include "ohmic/model/import/programmed_array.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "settings_file.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

using npy_weights = std::optional<model::npy_array>;  ///< none where a saved array is multiplied without them

/// The array file first, --set on top of it.
in_situ::config config_of(mvm_options const& o, common_options const& common, in_situ::config c = {}) {
  if (!o.array.empty()) {
    auto const defaults = settings_object(c);
    for (auto const& e : read_settings_file(o.array))
      apply(e, defaults, [&](std::string const& key, std::string const& value) { set(c, key, value); });
  }
  for (auto const& s : common.set) assign(c, s);
  bind_device(c.cell);
  return c;
}

/// The array: programmed now, or as it was saved. Of a saved one the settings of inputs, lines and converters may
/// still change.
in_situ::cells array_of(mvm_options const& o, common_options const& common, npy_weights const& w) {
  if (o.load.empty()) return in_situ::program(w->values.view(), config_of(o, common), {common.seed, 0});
  auto cells = model::read_programmed(o.load);
  auto const config = config_of(o, common, cells.config);
  for (auto const& change : diff(cells.config, config))
    for (std::string group : {"cell.", "weights.", "array."})
      if (change.key.starts_with(group))
        throw error({errc::config_conflict, "the array is programmed already", change.key, change.after,
                     change.before + ", as it was programmed", "program it again: --weights instead of --load"});
  in_situ::config::validate(in_situ::once_programmed(config));
  cells.config = config;
  if (w && (w->values.rows() != cells.outputs || w->values.cols() != cells.inputs))
    throw error({errc::shape, "weights are not those of the array", model::place(o.weights, "shape"),
                 shape_text(w->values.rows(), w->values.cols()), shape_text(cells.outputs, cells.inputs),
                 "leave --weights out"});
  return cells;
}

model::npy_array weights_of(mvm_options const& o) {
  auto w = model::read_npy(o.weights);
  if (w.is_vector())
    throw error({errc::shape, "weights are no matrix", model::place(o.weights, "shape"),
                 "(" + std::to_string(w.shape[0]) + ",)", "(outputs, inputs)", "reshape them"});
  return w;
}

/// How far the array's product is from W X: the root of the mean square, relative to that of W X.
double relative_error(matrix<double> const& w, matrix<double> const& x, matrix<double> const& y) {
  double squares = 0.0, wrong = 0.0;
  for (std::size_t o = 0; o < y.rows(); ++o)
    for (std::size_t n = 0; n < y.cols(); ++n) {
      double exact = 0.0;
      for (std::size_t k = 0; k < w.cols(); ++k) exact += w(o, k) * x(k, n);
      squares += exact * exact;
      wrong += (y(o, n) - exact) * (y(o, n) - exact);
    }
  return squares > 0.0 ? std::sqrt(wrong / squares) : wrong > 0.0 ? std::numeric_limits<double>::infinity() : 0.0;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

int mvm(mvm_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  std::string states;  // the file of a table
  if (o.load.empty()) {
    auto const config = config_of(o, common);
    in_situ::config::validate(config);  // before files are read
    states = config.cell.states;
  }
  check_outputs({o.weights, o.inputs, o.array, o.load, states}, {{o.output, "--output"},
                                                                 {o.conductances, "--save-conductances"},
                                                                 {o.save, "--save"},
                                                                 {common.json == "-" ? "" : common.json, "--json"}});
  npy_weights w;
  if (!o.weights.empty()) w = weights_of(o);
  auto const x = model::read_npy(o.inputs);
  auto const check_inputs = [&](std::size_t inputs) {
    if (x.values.rows() != inputs)
      throw error({errc::shape, "inputs do not fit the weights", model::place(o.inputs, "shape"),
                   std::to_string(x.values.rows()) + " rows",
                   std::to_string(inputs) + ", one for every input of the weights", "check the files"});
  };
  if (w) check_inputs(w->values.cols());

  executor threads(common.threads == 0 ? executor::available() : common.threads);
  auto const cells = array_of(o, common, w);
  check_inputs(cells.inputs);
  in_situ::report report;
  auto const y = in_situ::multiply(cells, x.values.view(), report, &threads);
  write_whole(o.output, model::npy_bytes(y.view(), x.is_vector()));
  if (!o.save.empty()) write_whole(o.save, model::programmed_bytes(cells));
  if (!o.conductances.empty()) write_whole(o.conductances, model::npy_bytes(in_situ::conductances_S(cells).view()));

  double const wrong = w ? relative_error(w->values, x.values, y) : 0.0;
  auto const& written = cells.written;
  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet) {
    fmt::print(text, "{} outputs x {} inputs, {} vector{}; {} array{}, {} cells for a weight\n", cells.outputs,
               cells.inputs, y.cols(), y.cols() == 1 ? "" : "s", cells.arrays(), cells.arrays() == 1 ? "" : "s",
               cells.slices * cells.lines);
    if (written.tries > written.cells || written.stuck > 0)
      fmt::print(text, "written: {:.4g} tries a cell, {:.4g} % not verified, {:.4g} % stuck\n",
                 static_cast<double>(written.tries) / static_cast<double>(written.cells),
                 100.0 * share(written.missed, written.cells), 100.0 * share(written.stuck, written.cells));
    if (w) fmt::print(text, "error against W X: {:.4g} % (root of the mean square)\n", 100.0 * wrong);
    fmt::print(text, "clipped: {:.4g} % of {} inputs, {:.4g} % of {} conversions\n",
               100.0 * share(report.clipped_inputs, report.inputs), report.inputs,
               100.0 * share(report.clipped_conversions, report.conversions), report.conversions);
    if (report.halvings > 0) fmt::print(text, "inputs were halved {} times\n", report.halvings);
  }
  json out = result_header("mvm", common);
  out["seed"] = cells.at.seed;
  out["config"] = settings_object(cells.config);
  out["outputs"] = cells.outputs;
  out["inputs"] = cells.inputs;
  out["vectors"] = y.cols();
  out["arrays"] = cells.arrays();
  out["slices"] = cells.slices;
  out["cells_per_weight"] = cells.slices * cells.lines;
  out["weight_scale"] = cells.weight_scale;
  if (w) out["relative_error"] = finite(wrong);
  out["written_cells"] = written.cells;
  out["write_tries"] = written.tries;
  out["not_verified"] = written.missed;
  out["stuck_cells"] = written.stuck;
  out["coded_inputs"] = report.inputs;
  out["clipped_inputs"] = report.clipped_inputs;
  out["conversions"] = report.conversions;
  out["clipped_conversions"] = report.clipped_conversions;
  out["halvings"] = report.halvings;
  out["run"] = run_object(start, threads.threads(), "baseline");
  write_result(common.json, out);
  return done;
}

}  // namespace program_cli
