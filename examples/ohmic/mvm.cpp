// ohmic mvm: a matrix on a conventional in-situ array, times vectors.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <fmt/core.h>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_words.hpp"
#include "json_output.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/in_situ/calibration.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"
#include "ohmic/crossbar/in_situ/product.hpp"
#include "ohmic/model/import/npy.hpp"
#include "ohmic/model/import/programmed_array.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "settings_file.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

using npy_weights = std::optional<model::npy_array>;  ///< none where a saved array is multiplied without them

/// What was given, the array file first, --set on top of it. The file is read once.
struct given_settings {
  std::vector<file_entry> file;
  std::vector<std::string> const& set;

  given_settings(mvm_options const& o, common_options const& common)
      : file(o.array.empty() ? std::vector<file_entry>() : read_settings_file(o.array)), set(common.set) {}

  [[nodiscard]] in_situ::config on(in_situ::config c) const {
    auto const defaults = settings_object(c);
    for (auto const& e : file)
      apply(e, defaults, [&](std::string const& key, std::string const& value) { ohmic::set(c, key, value); });
    for (auto const& s : set) assign(c, s);
    bind_device(c.cell);
    return c;
  }
  /// True where this key was given.
  [[nodiscard]] bool names(std::string_view key) const { return keys().contains(key); }
  /// Those that do nothing, and why: "adc.steps: adc.levels is not aihwkit_steps".
  [[nodiscard]] std::vector<std::string> idle_in(in_situ::config const& c) const {
    auto const given = keys();
    std::vector<std::string> out;
    for (auto const& [key, why] : in_situ::idle_settings(c))
      if (given.contains(key)) out.push_back(fmt::format("{}: {}", key, why));
    return out;
  }

 private:
  [[nodiscard]] std::set<std::string, std::less<>> keys() const {
    std::set<std::string, std::less<>> out;
    for (auto const& e : file) out.insert(e.key);
    for (auto const& s : set) out.insert(setting_of(s).key);
    return out;
  }
};

/// The array: programmed now, or as it was saved. Of a saved one the settings of inputs, lines and converters may
/// still change.
in_situ::cells array_of(mvm_options const& o, std::uint64_t seed, given_settings const& given, npy_weights const& w) {
  if (o.load.empty()) return in_situ::program(w->values.view(), given.on({}), {seed, 0});
  if (o.seed_is_given)
    throw error({errc::config_conflict, "a programmed array keeps the seed that it was programmed with", "--seed",
                 std::to_string(seed), "no --seed beside --load", "leave --seed out, or program it again"});
  auto cells = model::read_programmed(o.load);
  auto config = given.on(cells.config);
  if (config.adc.range != in_situ::range_rule::user && !given.names("adc.low") && !given.names("adc.high"))
    config.adc.low.clear(), config.adc.high.clear();  // those of the saved array, which had the rule user
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

/// How far the array's product is from W X: the root of the mean square, relative to that of W X; NaN where that is 0
/// everywhere, or beyond the numbers of a computer.
double relative_error(matrix<double> const& w, matrix<double> const& x, matrix<double> const& y) {
  matrix<double> exact(y.rows(), y.cols());
  double largest = 0.0;
  for (std::size_t o = 0; o < y.rows(); ++o)
    for (std::size_t n = 0; n < y.cols(); ++n) {
      double sum = 0.0;
      for (std::size_t k = 0; k < w.cols(); ++k) sum += w(o, k) * x(k, n);
      exact(o, n) = sum;
      if (!std::isfinite(sum)) return std::nan("");
      largest = std::max(largest, std::fabs(sum));
    }
  if (largest == 0.0) return std::nan("");
  // In units of a power of two near the largest: squares neither vanish nor overflow, and ordinary ones keep their bits.
  int const unit = -std::ilogb(largest);
  double squares = 0.0, wrong = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    double const wanted = std::scalbn(exact.flat()[i], unit), off = std::scalbn(y.flat()[i], unit) - wanted;
    squares += wanted * wanted;
    wrong += off * off;
  }
  return std::sqrt(wrong / squares);
}

/// Inputs of a file that fit the array.
model::npy_array inputs_of(std::string const& file, std::size_t inputs) {
  auto x = model::read_npy(file);
  if (x.values.rows() != inputs)
    throw error({errc::shape, "inputs do not fit the weights", model::place(file, "shape"),
                 std::to_string(x.values.rows()) + " rows",
                 std::to_string(inputs) + ", one for every input of the weights", "check the files"});
  return x;
}

/// Errors  data_leak where a vector that is scored is among those that are calibrated on
void check_held_out(std::string const& file, matrix<double> const& calibration, matrix<double> const& scored) {
  auto const vectors = [](matrix<double> const& m) {
    auto const columns = transposed(m.view());
    std::set<std::vector<double>> out;
    for (std::size_t n = 0; n < columns.rows(); ++n) out.emplace(columns.row(n).begin(), columns.row(n).end());
    out.erase(std::vector<double>(m.rows(), 0.0));  // which says nothing
    return out;
  };
  auto const used = vectors(calibration);
  for (auto const& v : vectors(scored))
    if (used.contains(v))
      throw error({errc::data_leak, "an input is calibrated on and multiplied", "--calibration", file,
                   "inputs that are not in --inputs", "calibrate on held-out inputs"});
}

/// The settings of the array's converters, with ranges for the calibration inputs where there are some.
in_situ::adc_config converters_of(mvm_options const& o, in_situ::cells const& cells, matrix<double> const& scored) {
  bool const wanted = cells.config.adc.is_calibrated();
  if (o.calibration.empty() && wanted)
    throw error({errc::missing_calibration, "calibrated ranges have no inputs to calibrate with", "adc.range",
                 field_format<in_situ::range_rule>::print(cells.config.adc.range), "--calibration FILE",
                 "give --calibration, or set adc.range=full_scale"});
  if (o.calibration.empty()) return cells.config.adc;
  auto const seen = inputs_of(o.calibration, cells.inputs).values;
  check_held_out(o.calibration, seen, scored);
  return in_situ::calibrated(cells, seen.view());
}

/// Errors  value where a result is beyond the numbers of a computer
void check_finite(matrix<double> const& y) {
  for (std::size_t i = 0; i < y.size(); ++i)
    if (!std::isfinite(y.flat()[i]))
      throw error({errc::value, "an output is not finite", fmt::format("output ({}, {})", i / y.cols(), i % y.cols()),
                   fmt::format("{}", y.flat()[i]), "finite numbers", "scale the weights or the inputs down"});
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

int mvm(mvm_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  given_settings const given(o, common);
  if (o.load.empty()) in_situ::config::validate(given.on({}));  // before files are read
  check_files_writable({{o.output, "--output"},
                        {o.conductances, "--save-conductances"},
                        {o.save, "--save"},
                        {common.json == "-" ? "" : common.json, "--json"}});
  npy_weights w;
  if (!o.weights.empty()) w = weights_of(o);
  std::optional<model::npy_array> x;  // before the array is programmed, if its size is known
  if (w) x = inputs_of(o.inputs, w->values.cols());

  executor threads(common.threads == 0 ? executor::available() : common.threads);
  auto cells = array_of(o, common.seed, given, w);
  if (!x) x = inputs_of(o.inputs, cells.inputs);
  // Of a programmed array nothing is asked of the device any more, nor of its file.
  auto const idle = given.idle_in(o.load.empty() ? cells.config : in_situ::once_programmed(cells.config));
  cells.config.adc = converters_of(o, cells, x->values);
  in_situ::report report;
  auto const y = in_situ::multiply(cells, x->values.view(), report, &threads);
  check_finite(y);
  std::string const saved = o.save.empty() ? std::string() : model::programmed_bytes(cells);  // or refused, before
  write_whole(o.output, model::npy_bytes(y.view(), x->is_vector()));
  if (!o.save.empty()) write_whole(o.save, saved);
  if (!o.conductances.empty()) write_whole(o.conductances, model::npy_bytes(in_situ::conductances_S(cells).view()));

  double const wrong = w ? relative_error(w->values, x->values, y) : std::nan("");
  auto const& written = cells.written;
  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet) {
    for (auto const& i : idle) say(stderr, "has no effect: {}\n", i);
    say(text, "{} outputs x {} inputs, {} vector{}; {} array{}, {} cells for a weight\n", cells.outputs, cells.inputs,
        y.cols(), y.cols() == 1 ? "" : "s", cells.arrays(), cells.arrays() == 1 ? "" : "s", cells.slices * cells.lines);
    if (written.tries > written.cells || written.stuck > 0)
      say(text, "written: {:.4g} tries a cell, {:.4g} % not verified, {:.4g} % stuck\n",
          static_cast<double>(written.tries) / static_cast<double>(written.cells),
          100.0 * share(written.missed, written.cells), 100.0 * share(written.stuck, written.cells));
    if (!std::isnan(wrong)) say(text, "error against W X: {:.4g} % (root of the mean square)\n", 100.0 * wrong);
    if (w && std::isnan(wrong)) say(text, "error against W X: none, for W X is 0 or not finite\n");
    say(text, "clipped: {:.4g} % of {} inputs, {:.4g} % of {} conversions\n",
        100.0 * share(report.clipped_inputs, report.inputs), report.inputs,
        100.0 * share(report.clipped_conversions, report.conversions), report.conversions);
    if (report.halvings > 0) say(text, "inputs were halved {} times\n", report.halvings);
  }
  json out = result_header("mvm", common);
  out["seed"] = cells.at.seed;
  out["config"] = settings_object(cells.config);
  out["idle"] = idle;
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
