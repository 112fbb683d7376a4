// ohmic deploy: real weights and labelled texts on the modelled chips.
#include <chrono>
#include <filesystem>
#include <fmt/core.h>
#include <set>

#include "chips.hpp"
#include "json_output.hpp"
#include "kernels.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/import/bert.hpp"
#include "ohmic/model/text/wordpiece.hpp"
#include "ohmic/program/plan.hpp"
#include "options.hpp"
#include "progress.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// A file of labelled texts, as token ids.
struct task_data {
  std::vector<model::labelled_text> texts;
  chip::token_lists tokens;
  std::size_t truncated = 0;
};

task_data read_task(fs::path const& file, model::bert const& m, model::wordpiece const& tokenizer, std::size_t limit,
                    bool no_truncate) {
  task_data out{model::read_labelled(file), {}, 0};
  model::check_labels(out.texts, m.config.classes, file);
  if (limit > 0 && limit < out.texts.size()) out.texts.resize(limit);
  for (auto const& t : out.texts) {
    auto encoded = tokenizer.encode(t.text, no_truncate ? model::long_text::refuse : model::long_text::cut,
                                    file.string() + " line " + std::to_string(t.line));
    out.truncated += static_cast<std::size_t>(encoded.truncated);
    out.tokens.push_back(std::move(encoded.ids));
  }
  return out;
}

/// The file of --calibration, or the one that lies beside the model.
fs::path calibration_file(deploy_options const& o) {
  if (!o.calibration.empty()) return o.calibration;
  fs::path const beside = fs::path(o.model) / "calib.tsv";
  if (fs::exists(beside)) return beside;
  throw error({errc::missing_calibration, "no calibration data", "--calibration", "nothing, and no " + beside.string(),
               "a file label<TAB>text that is not scored", "give --calibration FILE"});
}

std::vector<std::string> split_names(std::string const& text) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t const comma = std::min(text.find(',', at), text.size());
    names.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  std::set<std::string> seen;
  for (auto const& n : names)
    if (!seen.insert(n).second)
      throw error({errc::config_conflict, "chip named twice", "--chip", text, "each chip once", "remove one"});
  return names;
}

/// What is reported of one way of computing.
struct contest_result {
  chip_under_test chip;
  chip::outcome outcome;
  double score = 0.0, agreement = 0.0;
  ledger actions;
  std::string plan_difference;  ///< empty: the plan predicted every action
};

double share_equal(std::vector<std::size_t> const& a, std::vector<std::size_t> const& b) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < a.size(); ++i) equal += static_cast<std::size_t>(a[i] == b[i]);
  return static_cast<double>(equal) / static_cast<double>(a.size());
}

/// Plans the passes over all texts from their lengths alone.
ledger planned_actions(chip_under_test const& c, model::bert const& m, chip::token_lists const& texts) {
  std::map<std::size_t, std::uint64_t> lengths;
  for (auto const& t : texts) ++lengths[t.size()];
  ledger plan;
  for (auto const& [tokens, passes] : lengths)
    plan.merge(program::plan(program::encoder_program(model::shape_of(m, tokens), c.choices), c.array, c.scale,
                             model::sites_of(m), passes));
  return plan;
}

json layers_object(contest_result const& r, program::site_names const& names) {
  json layers = json::array();
  for (std::size_t i = 0; i < r.outcome.report.sites.size(); ++i) {
    auto const& site = r.outcome.report.sites[i];
    auto const conversions = site.actions.count<"adc", "convert">();
    if (conversions == 0) continue;
    layers.push_back({{"name", names.name(i)},
                      {"snr_db", finite(r.outcome.quality[i].ratio_db())},
                      {"clip_rate", static_cast<double>(site.clipped_currents) / static_cast<double>(conversions)},
                      {"code_clip_rate", site.coded_values == 0 ? 0.0
                                                                : static_cast<double>(site.clipped_values) /
                                                                      static_cast<double>(site.coded_values)}});
  }
  return layers;
}

json chip_object(contest_result const& r, program::site_names const& names) {
  auto const& report = r.outcome.report;
  json actions = json::array();
  for (auto const& a : r.actions.rows())
    actions.push_back({{"layer", a.layer}, {"part", a.part}, {"action", a.action}, {"count", a.count}});
  return {{"id", r.chip.name},
          {"config", r.chip.settings},
          {"score", r.score},
          {"agreement", r.agreement},
          {"softmax",
           {{"rows", report.softmax_rows},
            {"all_zero_rows", report.empty_softmax_rows},
            {"saturated_scores", report.saturated_scores}}},
          {"clamped_variances", report.clamped_variances},
          {"clipped_biases", r.chip.clipped_biases},
          {"layers", layers_object(r, names)},
          {"actions_equal_plan", r.plan_difference.empty()},
          {"actions", actions}};
}

void print_scores(FILE* out, double fp32, std::vector<contest_result> const& results) {
  fmt::print(out, "\n{:<22} {:>9}   {:>20}   {:>24}\n", "", "accuracy", "agreement with fp32", "all-zero softmax rows");
  fmt::print(out, "{:<22} {:>7.2f} %\n", "fp32", 100 * fp32);
  for (auto const& r : results) {
    auto const& report = r.outcome.report;
    fmt::print(out, "{:<22} {:>7.2f} %   {:>18.2f} %   {:>22.2f} %\n", r.chip.name, 100 * r.score, 100 * r.agreement,
               report.softmax_rows == 0
                   ? 0.0
                   : 100.0 * static_cast<double>(report.empty_softmax_rows) / static_cast<double>(report.softmax_rows));
  }
}

void print_layers(FILE* out, std::vector<contest_result> const& results, program::site_names const& names) {
  fmt::print(out, "\nSignal-to-noise ratio against fp32 in dB, and share of ADC conversions above full scale\n{:<18}",
             "layer");
  for (auto const& r : results) fmt::print(out, " {:>20}", r.chip.name);
  fmt::print(out, "\n");
  for (std::size_t i = 0; i < names.sites(); ++i) {
    if (results.front().outcome.report.sites[i].actions.count<"adc", "convert">() == 0) continue;
    fmt::print(out, "{:<18}", names.name(i));
    for (auto const& r : results) {
      auto const& site = r.outcome.report.sites[i];
      double const db = r.outcome.quality[i].ratio_db();
      std::string const snr = std::isfinite(db) ? fmt::format("{:.1f}", db) : "-";
      fmt::print(out, " {:>9} {:>10.1e}", snr,
                 static_cast<double>(site.clipped_currents) /
                     static_cast<double>(std::max<std::uint64_t>(1, site.actions.count<"adc", "convert">())));
    }
    fmt::print(out, "\n");
  }
}

void print_actions(FILE* out, contest_result const& r, std::size_t texts) {
  std::vector<std::pair<std::string, std::string>> order;
  for (auto const& row : r.actions.rows())
    if (std::find(order.begin(), order.end(), std::pair(row.part, row.action)) == order.end())
      order.emplace_back(row.part, row.action);
  fmt::print(out, "\nActions of {} (by layer: --json), {}\n{:<20} {:<16} {:>18} {:>16}\n", r.chip.name,
             r.plan_difference.empty() ? "all as planned from the shapes" : "NOT as planned", "part", "action", "count",
             "per text");
  for (auto const& [part, action] : order) {
    auto const n = r.actions.total(part, action);
    fmt::print(out, "{:<20} {:<16} {:>18} {:>16.1f}\n", part, action, n,
               static_cast<double>(n) / static_cast<double>(texts));
  }
}

}  // namespace

int deploy(deploy_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  if (o.task != "classify")
    throw error({errc::unknown_id, "unknown task", "--task", o.task, "classify", "use --task classify"});
  check_writable(common.json);
  auto const& kernels = choose_kernels(common.instruction_set);
  std::vector<chip_entry const*> wanted;
  for (auto const& name : split_names(o.chip)) wanted.push_back(&chip_named(name));
  bool const text = !common.quiet;
  FILE* const out = common.json == "-" ? stderr : stdout;

  auto const m = model::read_bert(o.model);
  auto const tokenizer = model::read_wordpiece(o.model, m.config);
  fs::path const calibration = calibration_file(o);
  auto const scored = read_task(o.data, m, tokenizer, o.limit, o.no_truncate);
  auto const calib = read_task(calibration, m, tokenizer, 0, false);
  auto const overlap = model::check_disjoint(calibration, calib.texts, o.data, scored.texts);
  auto const names = model::sites_of(m);
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  if (text) {
    fmt::print(out, "model        {}  (BERT, {} layers, width {}, {} classes)\n", o.model, m.config.layers,
               m.config.width, m.config.classes);
    fmt::print(out, "data         {}  ({} texts, {} truncated to {} tokens)\n", o.data, scored.texts.size(),
               scored.truncated, tokenizer.config().max_length);
    fmt::print(out, "calibration  {}  ({} texts, {} of them also in the data)\n", calibration.string(),
               calib.texts.size(), overlap.common);
  }

  model::fp32_weights const weights(names.sites(), [&](auto const& f) { model::for_each_projection(m, f); });
  auto const values = [&] {
    progress_line line("calibrating values", common.quiet);
    return chip::calibrated_values(m, weights, calib.tokens, threads, std::ref(line), kernels.fp32);
  }();
  std::vector<contest_result> results;
  auto const add = [&](std::string const& name, auto const& make) {
    progress_line line("calibrating " + name, common.quiet);
    results.push_back({make(deployment_job{m, values, calib.tokens, threads, std::ref(line), kernels, common.set}),
                       {},
                       0,
                       0,
                       {},
                       {}});
  };
  add("int8", int8_reference);
  for (auto const* c : wanted) add(c->name, c->deploy);

  std::vector<std::size_t> labels, fp32;
  for (auto const& t : scored.texts) labels.push_back(t.label);
  {
    progress_line line("scoring", common.quiet);
    std::vector<chip::contestant> contestants;
    for (auto& r : results) contestants.push_back(std::move(r.chip.contestant));
    fp32 = chip::evaluate(m, weights, scored.tokens, contestants, threads, std::ref(line), kernels.fp32);
    for (std::size_t i = 0; i < results.size(); ++i) results[i].outcome = contestants[i].finish();
  }
  for (auto& r : results) {
    r.score = share_equal(r.outcome.predictions, labels);
    r.agreement = share_equal(r.outcome.predictions, fp32);
    r.actions = r.outcome.report.actions(names);
    r.plan_difference = difference(planned_actions(r.chip, m, scored.tokens), r.actions);
  }
  double const fp32_score = share_equal(fp32, labels);

  auto const& first = results[1];
  json result = result_header("deploy", common);
  result["config"] = first.chip.settings;
  result["model"] = {{"path", o.model},
                     {"type", "bert"},
                     {"layers", m.config.layers},
                     {"width", m.config.width},
                     {"classes", m.config.classes}};
  result["chip"] = first.chip.name;
  result["data"] = {{"path", o.data},
                    {"digest", fmt::format("{:016x}", model::content_digest(o.data))},
                    {"truncated", scored.truncated}};
  result["calibration"] = {{"path", calibration.string()},
                           {"digest", fmt::format("{:016x}", model::content_digest(calibration))},
                           {"n", calib.texts.size()},
                           {"texts_also_scored", overlap.common}};
  result["task"] = o.task;
  result["metric"] = "accuracy";
  result["n"] = scored.texts.size();
  result["scores"] = {{"fp32", fp32_score}, {"int8", results[0].score}, {"chip", first.score}};
  result["agreement"] = first.agreement;
  result["agreement_int8"] = results[0].agreement;
  json const of_first = chip_object(first, names);
  result["layers"] = of_first["layers"];
  result["actions"] = of_first["actions"];
  result["chips"] = json::array();
  for (auto const& r : results) result["chips"].push_back(chip_object(r, names));
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  write_result(common.json, result);

  if (text) {
    print_scores(out, fp32_score, results);
    print_layers(out, results, names);
    print_actions(out, first, scored.texts.size());
    fmt::print(out, "\n{} texts in {:.1f} s on {} threads ({})\n", scored.texts.size(),
               result["run"]["wall_time_s"].get<double>(), threads.threads(), kernels.products->instruction_set);
  }
  for (auto const& r : results)
    if (!r.plan_difference.empty()) {
      fmt::print(stderr, "ohmic: {} did not do what was planned:\n{}", r.chip.name, r.plan_difference);
      return check_failed;
    }
  return done;
}

}  // namespace program_cli
