#include "deployment.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <functional>
#include <set>

#include "ohmic/chip/dense_writing.hpp"
#include "ohmic/chip/idle.hpp"
#include "ohmic/chip/in_situ_cost.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/model/speech_task.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// What writing took: counts, and what they cost.
json array_writing_object(in_situ::array_writing const& w, in_situ_settings const& c) {
  auto const cost = chip::in_situ_writing(c, w);
  return {{"cells", w.all.cells},    {"tries", w.all.tries}, {"not_verified", w.all.missed},
          {"stuck", w.all.stuck},    {"rounds", w.rounds},   {"energy_J", (cost.tries + cost.verifies).si()},
          {"time_s", cost.time.si()}};
}

json scores_object(std::vector<model::named_score> const& scores) {
  json o = json::object();
  for (auto const& s : scores) o[s.name] = finite(s.value);
  return o;
}

/// A place where products are taken, on arrays or beside them.
bool multiplies(chip::site_report const& site) {
  auto const& a = site.actions;
  return a.count<"adc", "convert">() + a.count<"attention_adc", "convert">() +
             a.count<"digital_unit", "multiply_add">() >
         0;
}

json layers_object(contest_result const& r, program::site_names const& names) {
  json layers = json::array();
  for (std::size_t i = 0; i < r.report.sites.size(); ++i) {
    auto const& site = r.report.sites[i];
    auto const conversions = site.actions.count<"adc", "convert">();
    if (!multiplies(site)) continue;
    layers.push_back({{"name", names.name(i)},
                      {"snr_db", finite(r.quality[i].ratio_db())},
                      {"clip_rate", conversions == 0 ? json(nullptr)
                                                     : json(static_cast<double>(site.clipped_currents) /
                                                            static_cast<double>(conversions))},
                      {"code_clip_rate", site.coded_values == 0 ? 0.0
                                                                : static_cast<double>(site.clipped_values) /
                                                                      static_cast<double>(site.coded_values)}});
  }
  return layers;
}

/// At the bottom-up prices of the chip.
chip::writing_cost writing_of(contest_result const& r) {
  return chip::writing_cost_of(r.dense, {}, chip::cost_config(std::get<dense_settings>(r.chip)));
}

json writing_object(chip::writing_cost const& w) {
  return {{"pulse_energy_J", w.pulses.si()}, {"read_energy_J", w.reads.si()}, {"time_s", w.time.si()}};
}

/// Null for chips without a dense bank.
json dense_object(contest_result const& r) {
  if (!std::holds_alternative<dense_settings>(r.chip)) return nullptr;
  auto const& d = r.dense;
  json actions = json::array();
  d.actions.for_each([&](std::string_view part, std::string_view name, std::uint64_t n) {
    actions.push_back({{"part", part}, {"action", name}, {"count", n}});
  });
  return {{"cells", d.cells},
          {"cell_errors", d.cell_errors},
          {"bits", d.bits},
          {"bit_errors", d.bit_errors},
          {"bit_error_rate", d.bit_error_rate()},
          {"weights", d.weights},
          {"weight_errors", d.weight_errors},
          {"clipped_weights", r.dense_clipped},
          {"corrected", d.corrected},
          {"detected", d.detected},
          {"rereads", d.rereads},
          {"unverified", d.unverified},
          {"refreshes", d.refreshes},
          {"most_pulses", d.most_pulses},
          {"rounds", d.rounds},
          {"cost", d.weights == 0 ? json(nullptr) : writing_object(writing_of(r))},
          {"actions", actions}};
}

/// Of a chip whose weights stay in its arrays.
cost_report cost_of(contest_result const& r) {
  chip::run_tally all;
  for (auto const& site : r.report.sites) all += site.actions;
  return chip::in_situ_cost(r.name, std::get<in_situ_settings>(r.chip), all, r.weight_arrays, r.schedule);
}

/// Null for chips with a dense bank, which `ohmic cost` prices.
json cost_object(contest_result const& r) {
  if (!std::holds_alternative<in_situ_settings>(r.chip)) return nullptr;
  auto const cost = cost_of(r);
  auto const& c = std::get<in_situ_settings>(r.chip);
  return {{"prices", "bottom_up"},
          {"energy_J", cost.energy_J(phase::prefill)},
          {"arrays", r.weight_arrays},
          {"attention_arrays", r.schedule.attention_arrays},
          {"area_mm2", cost.area_mm2()},
          {"latency_s", cost.latency_s(phase::prefill)},
          {"writing",
           {{"weights", array_writing_object(r.weight_writing, c)},
            {"attention",
             r.schedule.written().all.cells == 0 ? json(nullptr) : array_writing_object(r.schedule.written(), c)}}},
          {"rows", rows_of(cost)}};
}

json comparison_object(line_comparison const& c) {
  return {{"cycles", c.cycles},
          {"columns", c.columns},
          {"taken", {{"rms", c.lost()}, {"largest", c.lost_most}}},
          {"first_order_error", {{"rms", c.error()}, {"largest", c.error_most}}},
          {"residual", finite(c.residual)}};
}

/// Null where no wires are modelled to first order.
json wires_object(contest_result const& r, program::site_names const& names) {
  if (r.lines.texts == 0) return nullptr;
  json out = comparison_object(r.lines.total());
  out["texts"] = r.lines.texts;
  out["layers"] = json::array();
  for (std::size_t i = 0; i < r.lines.sites.size(); ++i) {
    if (r.lines.sites[i].cycles == 0) continue;
    json of_site = comparison_object(r.lines.sites[i]);
    of_site["name"] = names.name(i);
    out["layers"].push_back(std::move(of_site));
  }
  return out;
}

json chip_object(contest_result const& r, program::site_names const& names) {
  json actions = json::array();
  for (auto const& a : r.actions.rows())
    actions.push_back({{"layer", a.layer}, {"part", a.part}, {"action", a.action}, {"count", a.count}});
  return {{"id", r.name},
          {"config", r.settings},
          {"idle", r.idle},
          {"score", r.scores.front().value},
          {"scores", scores_object(r.scores)},
          {"agreement", r.agreement},
          {"softmax",
           {{"rows", r.report.softmax_rows},
            {"all_zero_rows", r.report.empty_softmax_rows},
            {"saturated_scores", r.report.saturated_scores},
            {"rescaled_codes", r.report.rescaled_scores}}},
          {"clamped_variances", r.report.clamped_variances},
          {"clipped_biases", r.clipped_biases},
          {"dense_bank", dense_object(r)},
          {"cost", cost_object(r)},
          {"wires", wires_object(r, names)},
          {"layers", layers_object(r, names)},
          {"actions_equal_plan", r.plan_difference.empty()},
          {"actions", actions}};
}

double empty_rows(contest_result const& r) {
  return r.report.softmax_rows == 0
             ? 0.0
             : static_cast<double>(r.report.empty_softmax_rows) / static_cast<double>(r.report.softmax_rows);
}

bool is_share(std::string const& name) { return name == "accuracy" || name == "wer" || name.starts_with("recall"); }

}  // namespace

std::string score_text(model::named_score const& s) {
  return is_share(s.name) ? fmt::format("{:.2f} %", 100 * s.value) : fmt::format("{:.4g}", s.value);
}

double clip_rate(contest_result const& r) {
  std::uint64_t clipped = 0, all = 0;
  for (auto const& s : r.report.sites) {
    clipped += s.clipped_currents;
    all += s.actions.count<"adc", "convert">();
  }
  return all == 0 ? 0.0 : static_cast<double>(clipped) / static_cast<double>(all);
}

void print_table(FILE* out, deployment const& d, bool varied) {
  std::size_t width = 22;
  for (auto const& r : d.results) width = std::max(width, r.name.size());
  say(out, "\n{:<{}}", "", width);
  for (auto const& s : d.fp32) say(out, " {:>14}", s.name.substr(0, 14));
  say(out, "   {:>12} {:>14} {:>12}\n", "agreement", "zero softmax", "clipped");
  auto const scores = [&](std::string const& name, std::vector<model::named_score> const& values) {
    say(out, "{:<{}}", name, width);
    for (auto const& s : values) say(out, " {:>14}", score_text(s));
  };
  scores("fp32", d.fp32);
  say(out, "\n");
  if (!d.published.empty()) {
    scores("published int8", d.published);
    say(out, "\n");
  }
  for (auto const& r : d.results) {
    scores(r.name, r.scores);
    std::string const agreement = d.agreement_name.find("cosine") == std::string::npos
                                      ? fmt::format("{:.2f} %", 100 * r.agreement)
                                      : fmt::format("{:.4f}", r.agreement);
    say(out, "   {:>12} {:>12.2f} % {:>12.1e}\n", agreement, 100 * empty_rows(r), clip_rate(r));
  }
  say(out, "agreement: {}; zero softmax: rows whose codes are all zero; clipped: ADC conversions above full scale\n",
      d.agreement_name);
  if (varied) say(out, "Quality layer by layer and actions of every setting: --json\n");
}

void print_dense(FILE* out, deployment const& d) {
  std::size_t width = 22;
  bool any = false;
  for (auto const& r : d.results) {
    width = std::max(width, r.name.size());
    any = any || r.dense.weights > 0;
  }
  if (!any) return;
  say(out, "\n{:<{}} {:>12} {:>14} {:>12} {:>12} {:>14} {:>11} {:>11}\n", "", width, "wrong bits", "bit error rate",
      "weights", "wrong", "most pulses", "energy", "time");
  for (auto const& r : d.results)
    if (r.dense.weights > 0) {
      auto const w = writing_of(r);
      say(out, "{:<{}} {:>12} {:>14.2e} {:>12} {:>12} {:>14} {:>8.3g} mJ {:>9.3g} s\n", r.name, width,
          r.dense.bit_errors, r.dense.bit_error_rate(), r.dense.weights, r.dense.weight_errors, r.dense.most_pulses,
          1e3 * (w.pulses + w.reads).si(), w.time.si());
    }
  say(out,
      "bits as the dense bank senses them, weights as it delivers them; pulses that one cell has seen; energy and time "
      "of all writes, refreshes among them, and reads, column by column\n");
}

void print_wires(FILE* out, deployment const& d) {
  std::size_t width = 22, texts = 0;
  for (auto const& r : d.results) {
    width = std::max(width, r.name.size());
    texts = std::max(texts, r.lines.texts);
  }
  if (texts == 0) return;
  say(out, "\n{:<{}} {:>8} {:>22} {:>28} {:>10}\n", "", width, "cycles", "wires take, %", "first-order model off by, %",
      "residual");
  for (auto const& r : d.results)
    if (r.lines.texts > 0) {
      auto const c = r.lines.total();
      say(out, "{:<{}} {:>8} {:>10.3g} ({:>9.3g}) {:>16.3g} ({:>9.3g}) {:>10.1g}\n", r.name, width, c.cycles,
          100 * c.lost(), 100 * c.lost_most, 100 * c.error(), 100 * c.error_most, c.residual);
    }
  say(out,
      "wires of the computation crossbar: cycles of {} texts solved exactly, beside the first-order model that "
      "the scores have;\nof the largest current of a cycle, root mean square (largest); by layer: --json\n",
      texts);
}

void print_layers(FILE* out, deployment const& d) {
  say(out, "\nSignal-to-noise ratio against fp32 in dB, and share of ADC conversions above full scale\n{:<18}",
      "layer");
  for (auto const& r : d.results) say(out, " {:>20}", r.name);
  say(out, "\n");
  for (std::size_t i = 0; i < d.names.sites(); ++i) {
    if (!multiplies(d.results.front().report.sites[i])) continue;
    say(out, "{:<18}", d.names.name(i));
    for (auto const& r : d.results) {
      auto const& site = r.report.sites[i];
      double const db = r.quality[i].ratio_db();
      std::string const snr = std::isfinite(db) ? fmt::format("{:.1f}", db) : "-";
      say(out, " {:>9} {:>10.1e}", snr,
          static_cast<double>(site.clipped_currents) /
              static_cast<double>(std::max<std::uint64_t>(1, site.actions.count<"adc", "convert">())));
    }
    say(out, "\n");
  }
}

void print_actions(FILE* out, deployment const& d) {
  contest_result const& r = d.results[1];
  std::vector<std::pair<std::string, std::string>> order;
  for (auto const& row : r.actions.rows())
    if (std::find(order.begin(), order.end(), std::pair(row.part, row.action)) == order.end())
      order.emplace_back(row.part, row.action);
  say(out, "\nActions of {} (by layer: --json), {}\n{:<20} {:<16} {:>18} {:>16}\n", r.name,
      r.plan_difference.empty() ? "all as planned from the shapes" : "NOT as planned", "part", "action", "count",
      "per text");
  for (auto const& [part, action] : order) {
    auto const n = r.actions.total(part, action);
    say(out, "{:<20} {:<16} {:>18} {:>16.1f}\n", part, action, n,
        static_cast<double>(n) / static_cast<double>(d.scored.n));
  }
}

namespace {

/// Tries and time of writing; nothing of them where cells take their digits at once.
void print_writing(FILE* out, contest_result const& r) {
  auto const& c = std::get<in_situ_settings>(r.chip);
  auto const print = [&](char const* what, in_situ::array_writing const& w) {
    if (w.all.cells == 0) return;
    auto const cost = chip::in_situ_writing(c, w);
    auto const cells = static_cast<double>(w.all.cells);
    say(out, "{}: {:.4g} tries a cell, {:.3g} % not verified, {:.3g} % stuck; {:.3g} mJ, {:.3g} ms\n", what,
        static_cast<double>(w.all.tries) / cells, 100.0 * static_cast<double>(w.all.missed) / cells,
        100.0 * static_cast<double>(w.all.stuck) / cells, 1e3 * (cost.tries + cost.verifies).si(),
        1e3 * cost.time.si());
  };
  print("weights, written once, arrays side by side", r.weight_writing);
  print("K and V of all texts", r.schedule.written());
  if (c.cell.write.pulse.si() == 0.0)
    say(out, "a try of a row is taken to last as PUMA's write, {} (cell.write.pulse is not set)\n",
        to_text(computation_chip_config{}.write_time));
}

}  // namespace

std::vector<in_situ::idle_setting> given_idle(chip_request const& r) {
  std::set<std::string> given;
  // The first is the seed of the run, which nobody asked of this chip.
  bool const is_seeded = !r.set.empty() && r.set.front().starts_with("noise.seed=");
  for (auto s = r.set.begin() + (is_seeded ? 1 : 0); s != r.set.end(); ++s) given.insert(key_of(*s));
  std::vector<in_situ::idle_setting> out;
  std::visit(
      [&](auto const& c) {
        for (auto const& i : chip::idle_settings(c))
          if (given.contains(i.key)) out.push_back(i);
      },
      settings_of(r));
  return out;
}

std::vector<std::string> idle_in(chip_request const& r) {
  std::vector<std::string> out;
  for (auto const& [key, why] : given_idle(r)) out.push_back(fmt::format("{}: {}", key, why));
  return out;
}

void say_idle(std::vector<chip_request> const& requests) {
  for (auto const& r : requests)
    for (auto const& i : idle_in(r)) say(stderr, "{}: has no effect: {}\n", r.label, i);
}

void see_writing(contest_result& r) {
  auto const* const c = std::get_if<in_situ_settings>(&r.chip);
  if (c == nullptr) return;
  for (std::size_t i = 0; i < r.report.sites.size(); ++i)
    r.schedule.see(*c, static_cast<program::operation>(i % program::operation_count), r.report.sites[i].written);
}

void print_cost(FILE* out, deployment const& d) {
  for (auto const& r : d.results) {
    if (!std::holds_alternative<in_situ_settings>(r.chip)) continue;
    auto const cost = cost_of(r);
    double adc = 0.0, writing = 0.0;
    for (auto const& row : cost.rows) {
      if (row.part == "adc.convert") adc = row.total;
      if (row.what == metric::latency && row.part == "cell.write") writing += row.total;
    }
    double const time = cost.latency_s(phase::prefill), texts = static_cast<double>(d.scored.n);
    double const energy = cost.energy_J(phase::prefill);
    say(out,
        "\n{}: {} arrays hold the weights, {} more K and V of the longest text, {:.3g} mm2 with their converters; "
        "{:.3g} mJ per text, {:.0f} % in ADCs; {:.3g} ms, {:.0f} % writing K and V (bottom up, rows: --json)\n",
        r.name, r.weight_arrays, r.schedule.attention_arrays, cost.area_mm2(), 1e3 * energy / texts,
        100.0 * adc / energy, 1e3 * time / texts, 100.0 * writing / time);
    print_writing(out, r);
  }
}

json outliers_object(chip::value_ranges const& values, program::site_names const& names) {
  if (values.channels.empty()) return nullptr;
  json out = json::array();
  for (std::size_t i = 0; i < values.channels.size(); ++i)
    if (auto const& c = values.channels[i]; c.rows > 0)
      out.push_back({{"layer", names.name(i)},
                     {"channels", c.largest.size()},
                     {"outliers", c.outliers()},
                     {"largest", finite(static_cast<double>(*std::max_element(c.largest.begin(), c.largest.end())))}});
  return out;
}

json deployment_object(deployment const& d, common_options const& common) {
  contest_result const &int8 = d.results[0], &first = d.results[1];
  json result = result_header("deploy", common);
  result["config"] = first.settings;
  result["model"] = d.model;
  result["chip"] = first.name;
  result["data"] = {{"path", d.scored.path.string()},
                    {"digest", fmt::format("{:016x}", model::data_digest(d.scored.path))},
                    {"truncated", d.scored.truncated}};
  result["data"].update(d.scored.more);
  result["calibration"] = d.calibration;
  result["task"] = d.task;
  result["metric"] = d.fp32.front().name;
  result["n"] = d.scored.n;
  result["scores"] = {
      {"fp32", d.fp32.front().value}, {"int8", int8.scores.front().value}, {"chip", first.scores.front().value}};
  result["fp32"] = scores_object(d.fp32);
  if (!d.published.empty()) result["published_int8"] = scores_object(d.published);
  result["agreement"] = first.agreement;
  result["agreement_int8"] = int8.agreement;
  result["agreement_metric"] = d.agreement_name;
  json const of_first = chip_object(first, d.names);
  result["layers"] = of_first["layers"];
  result["actions"] = of_first["actions"];
  result["chips"] = json::array();
  for (auto const& r : d.results) result["chips"].push_back(chip_object(r, d.names));
  return result;
}

int plan_status(deployment const& d) {
  for (auto const& r : d.results)
    if (!r.plan_difference.empty()) {
      say(stderr, "ohmic: {} did not do what was planned:\n{}", r.name, r.plan_difference);
      return check_failed;
    }
  return done;
}

}  // namespace program_cli
