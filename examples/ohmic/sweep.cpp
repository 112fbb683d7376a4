// ohmic sweep: many designs, resumable, over threads and machines; which of them no other beats.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/core.h>
#include <map>
#include <optional>
#include <set>

#include "json_output.hpp"
#include "options.hpp"
#include "outputs_apart.hpp"
#include "report.hpp"
#include "sweep_inputs.hpp"
#include "sweep_points.hpp"
#include "sweep_ranks.hpp"
#include "sweep_run.hpp"
#include "sweep_spec.hpp"
#include "sweep_store.hpp"
#include "sweep_summary.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// Part i of n of the points, from "i/n".
struct sweep_shard {
  std::uint64_t part = 1, parts = 1;

  static sweep_shard read(std::string const& text) {
    if (text.empty()) return {};
    auto const slash = text.find('/');
    sweep_shard s;
    if (slash == text.npos || !field_format<std::uint64_t>::parse(text.substr(0, slash), s.part).empty() ||
        !field_format<std::uint64_t>::parse(text.substr(slash + 1), s.parts).empty() || s.part < 1 || s.part > s.parts)
      throw error({errc::config_value, "not a part of the points", "--shard", "'" + text + "'", "i/n with 1 <= i <= n",
                   "the first of four is 1/4"});
    return s;
  }
  [[nodiscard]] bool has(std::uint64_t point) const noexcept { return point % parts == part - 1; }
};

void check_sweep_outputs(sweep_options const& o, common_options const& common) {
  std::vector<output_file> files{{o.output, "--output"},
                                 {o.csv, "--csv"},
                                 {o.jsonl, "--jsonl"},
                                 {common.report == "-" ? "" : common.report, "--report"}};
  if (common.json != "-") files.push_back({common.json, "--json"});
  check_files_writable(files);
  // Where nobody named it, the file of the sweep is none of the words.
  for (std::size_t i = 1; i < files.size(); ++i) check_apart(files[i].option, files[i].name, {o.output});
  check_reports(common);
}

/// Settings of [set] and --set that do nothing at any point that is asked, of a large sweep so many, evenly among them; a point that
/// cannot be made says nothing.
json idle_at_all_points(sweep_spec const& spec, point_runner const& runner) {
  constexpr std::uint64_t most_asked = 64;
  std::optional<std::map<std::string, std::string>> idle;
  for (std::uint64_t i = 0; !spec.set.empty() && i < std::min(most_asked, spec.points()); ++i) {
    // Steps of the golden section: no values of a grid are left out because they lie a step apart.
    double const share = std::fmod(static_cast<double>(i) * 0.6180339887498949, 1.0);
    std::uint64_t const point =
        spec.points() <= most_asked ? i : static_cast<std::uint64_t>(share * static_cast<double>(spec.points()));
    try {
      auto const here = runner.idle(point);
      if (!idle)
        idle = here;
      else
        std::erase_if(*idle, [&](auto const& known) { return !here.contains(known.first); });
    } catch (error const&) { continue; }
    if (idle->empty()) break;
  }
  json out = json::array();
  if (idle)
    for (auto const& [key, why] : *idle) out.push_back(fmt::format("{}: {}", key, why));
  return out;
}

/// The results of a file, as JSON, and in the other forms that were asked for.
json exported(sweep_store const& store, sweep_options const& o, common_options const& common) {
  if (!o.csv.empty()) write_whole(o.csv, csv_of(store));
  if (!o.jsonl.empty()) write_whole(o.jsonl, jsonl_of(store));
  json out = result_header("sweep", common);
  out["config"] = store.identity();
  out["output"] = store.file();
  out["keys"] = store.keys();
  out["metrics"] = store.metrics();
  out["facts"] = store.kept("facts");
  out["idle"] = kept_idle(store);
  out.update(summary_of(store));
  return out;
}

/// Points for the charts of a page: the front, and of the others at most so many, evenly among them.
json points_drawn(sweep_store const& store, json const& out, common_options const& common) {
  json rows = json::array();
  if (common.report.empty() && common.svg.empty()) return rows;
  constexpr std::uint64_t most_points = 5000;
  std::set<std::uint64_t> front;
  for (auto const& r : out["front"]) front.insert(r["point"].get<std::uint64_t>());
  std::uint64_t const step = out["points"]["done"].get<std::uint64_t>() / most_points + 1;
  std::uint64_t seen = 0;
  store.for_each([&](sweep_row const& r) {
    if (r.error.empty() && (seen++ % step == 0 || front.contains(r.point)))
      rows.push_back(row_object(r, store.keys(), store.metrics()));
  });
  return rows;
}

/// True for what sources_of makes: a file may be from elsewhere.
bool is_source(json const& s) {
  if (!s.is_object() || !s.contains("chip") || !s["chip"].is_string() || !s.contains("point") ||
      !s["point"].is_number_unsigned() || !s.contains("rows") || !s["rows"].is_array())
    return false;
  for (auto const& r : s["rows"])
    if (!r.is_object() || !r.contains("path") || !r["path"].is_string() || !r.contains("count") ||
        !r.contains("unit_price") || !r.contains("total"))
      return false;
  return true;
}

constexpr std::size_t most_chips_with_sources = 8;

/// Where the cost of every chip on the front comes from: rows of the first of its points there, with sources. A point that can no
/// longer be priced (its model went away) has none: the points that were computed are not lost for it.
json sources_of(json const& out, sweep_spec const& spec, point_runner const& runner) {
  json sources = json::array();
  std::set<std::string> seen;
  for (auto const& row : out["front"]) {
    auto const point = row["point"].get<std::uint64_t>();
    auto const chip = spec.assignment(point).chip;
    if (sources.size() >= most_chips_with_sources || !seen.insert(chip).second) continue;
    try {
      if (auto rows = runner.price_rows(point); !rows.is_null())
        sources.push_back({{"chip", chip}, {"point", point}, {"rows", std::move(rows)}});
    } catch (error const& e) {
      say(stderr, "ohmic: sources of {}, point {}, are left out: {}\n", chip, point, e.what());
    }
  }
  return sources;
}

/// Those of the parts of a sweep that are on the front of all, as sources_of has them: whatever the order of the parts.
json merged_sources(json const& out, std::vector<std::string> const& files) {
  std::map<std::uint64_t, json> of_points;
  for (auto const& row : out["front"]) of_points[row["point"].get<std::uint64_t>()] = nullptr;
  for (auto const& file : files)
    if (auto const kept = sweep_store(file).kept("sources"); kept.is_array())
      for (auto const& s : kept) {
        if (!is_source(s)) continue;
        auto const at = of_points.find(s["point"].get<std::uint64_t>());
        if (at != of_points.end() && (at->second.is_null() || s.dump() < at->second.dump())) at->second = s;
      }
  json sources = json::array();
  std::set<std::string> seen;
  for (auto& [point, s] : of_points)
    if (!s.is_null() && sources.size() < most_chips_with_sources && seen.insert(s["chip"].get<std::string>()).second)
      sources.push_back(std::move(s));
  return sources;
}

void say_result(json const& out, sweep_store const& store, common_options const& common) {
  if (common.quiet) return;
  FILE* const text = common.json == "-" ? stderr : stdout;
  print_summary(text, out, store.keys());
  say(text, "{}: all points; continue, or export with --csv, --jsonl, by running the same again\n", store.file());
}

int status_of(json const& out) {
  auto const& n = out["points"];
  return n["done"] == 0 && n["failed"] != 0 ? check_failed : done;
}

/// Rank 0, or the only one.
int lead(sweep_options const& o, common_options const& common, rank_team& team) {
  auto const start = std::chrono::steady_clock::now();
  auto const spec = sweep_spec::read(o.spec, common);
  auto const shard = sweep_shard::read(o.shard);
  auto options = o;
  if (options.output.empty()) options.output = fs::path(o.spec).stem().string() + ".sqlite";
  check_sweep_outputs(options, common);
  auto const runner = spec.what == sweep_spec::kind::cost ? cost_points(spec) : deploy_points(spec, common);
  auto const goals = goals_of(spec, runner->metrics());
  std::vector<std::string> keys;
  for (auto const& d : spec.dimensions) keys.push_back(d.key);
  std::optional<sweep_store> file(std::in_place, options.output, sweep_identity(spec, options.output), keys,
                                  runner->metrics(), o.restart);
  auto& store = *file;
  store.check_values([&](std::uint64_t point) { return spec.values(point); });
  store.keep("goals", goals);
  auto const idle = idle_at_all_points(spec, *runner);
  store.keep("idle", idle);
  if (!common.quiet)
    for (auto const& i : idle) say(stderr, "{}: has no effect: {}\n", o.spec, i.get<std::string>());

  auto const there = store.present(spec.points(), o.retry);
  std::vector<std::uint64_t> points;
  std::uint64_t in_shard = 0;
  for (std::uint64_t p = 0; p < spec.points(); ++p) {
    if (!shard.has(p)) continue;
    ++in_shard;
    if (!there[p]) points.push_back(p);
  }
  unsigned const threads = std::max(
      1u, common.threads == 0 ? executor::available() / static_cast<unsigned>(team.local_size()) : common.threads);
  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet)
    say(text, "{}: {} points, {} to run{}, on {} threads{}\n", o.spec, in_shard, points.size(),
        points.size() < in_shard ? " (the others are there)" : "", threads,
        team.size() > 1 ? fmt::format(" of each of {} ranks", team.size()) : "");
  auto const ending = run_points(spec, points, *runner, store, team, threads, common.quiet);
  if (ending.signal != 0) {
    file.reset();  // whole on the disk; what still computes is not waited for, and needs the runner until the process ends
    say(stderr, "ohmic: stopped by signal {}; {} of {} points are in {}: the same command continues\n", ending.signal,
        in_shard - points.size() + ending.written, in_shard, options.output);
    std::fflush(nullptr);
    std::_Exit(128 + ending.signal);
  }
  if (!ending.lost.empty()) team.leave_lost();
  if (auto const facts = runner->facts(); !facts.empty() && ending.written > 0) store.keep("facts", facts);
  json out = exported(store, options, common);
  out["sources"] = sources_of(out, spec, *runner);
  store.keep("sources", out["sources"]);
  out["spec"] = o.spec;
  out["shard"] = o.shard.empty() ? json(nullptr) : json(o.shard);
  out["run"] = run_object(start, threads, common.instruction_set);
  out["run"]["points"] = ending.written;
  out["run"]["ranks"] = team.size();
  out["run"]["lost_ranks"] = ending.lost;
  write_reports(out, common, points_drawn(store, out, common));
  write_result(common.json, out);
  say_result(out, store, common);
  part_from_others(team, ending);
  return status_of(out);
}

/// Any other rank.
void follow(sweep_options const& o, common_options const& common, rank_team& team) {
  auto quiet = common;
  quiet.quiet = true;
  try {
    auto const spec = sweep_spec::read(o.spec, quiet);
    auto const runner = spec.what == sweep_spec::kind::cost ? cost_points(spec) : deploy_points(spec, quiet);
    serve_points(*runner, team,
                 std::max(1u, common.threads == 0 ? executor::available() / static_cast<unsigned>(team.local_size())
                                                  : common.threads));
  } catch (std::exception const& e) {
    team.send(0, rank_team::word::failed, fmt::format("on {}: {}", team.host(), e.what()));
  }
}

}  // namespace

int sweep(sweep_options const& o, common_options const& common) {
  if (o.spec.empty())
    throw error({errc::config_value, "nothing to sweep", "--spec", "nothing", "a TOML file",
                 "see examples/sweeps, or: ohmic sweep merge"});
  catch_signals();
  rank_team team;
  if (team.rank() != 0) {
    follow(o, common, team);
    return done;
  }
  int status = not_finished;
  bool lost = false;
  try {
    status = lead(o, common, team);
    lost = team.has_lost();
  } catch (std::exception const& e) {
    if (team.size() == 1) throw;
    auto const* known = dynamic_cast<error const*>(&e);
    say(stderr, "ohmic: {}\n", e.what());
    status = known != nullptr && known->is_bad_input() ? bad_input : not_finished;
    lost = true;
  }
  // What still computes, here or on a rank that is lost, is not waited for.
  if (lost) {
    std::fflush(nullptr);
    team.abort(status);
  }
  return status;
}

int merge_sweeps(sweep_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  if (o.merged.empty() || o.output.empty())
    throw error(
        {errc::config_value, "needs files to merge, and one to write", "sweep merge", "", "--output ALL A B ..", ""});
  check_sweep_outputs(o, common);
  // All of them before anything is written.
  sweep_store const first(o.merged.front());
  for (auto const& file : o.merged) {
    sweep_store const part(file);
    first.check_same_sweep(part);
    static_cast<void>(kept_goals(part));
    static_cast<void>(kept_idle(part));
    part.for_each([](sweep_row const&) {});
  }
  sweep_store store(o.output, first.identity(), first.keys(), first.metrics());
  try {
    store.for_each([](sweep_row const&) {});  // it may be there already
    store.whole([&] {
      store.keep("goals", first.kept("goals"));
      store.keep("idle", kept_idle(first));
      for (auto const& file : o.merged) {
        sweep_store const part(file);
        store.merge(part);
        if (auto const facts = part.kept("facts"); !facts.is_null()) store.keep("facts", facts);
      }
    });
  } catch (...) {
    store.withdraw();
    throw;
  }
  json out = exported(store, o, common);
  out["sources"] = merged_sources(out, o.merged);
  store.keep("sources", out["sources"]);
  out["merged"] = o.merged;
  out["points"]["digest"] = digest_of_points(store);  // what the stamp is of: parts lie on the disk in any way
  out["run"] = run_object(start, 1, "none");
  write_reports(out, common, points_drawn(store, out, common));
  write_result(common.json, out);
  say_result(out, store, common);
  return status_of(out);
}

}  // namespace program_cli
