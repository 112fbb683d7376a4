#include "sweep_summary.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/core.h>
#include <limits>
#include <string_view>
#include <system_error>

#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "shallow_json.hpp"
#include "sweep_front.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

constexpr std::size_t most_failures_listed = 20;

json value_of(std::string const& text) {
  auto value = parse_shallow<json>(text);
  return value.is_discarded() ? json(text) : value;
}

/// True if the metrics keep to the constraints; NaN keeps to none.
bool is_feasible(json const& constraints, std::vector<std::size_t> const& at, std::vector<double> const& metrics) {
  for (std::size_t i = 0; i < at.size(); ++i) {
    double const v = metrics[at[i]], bound = constraints[i]["bound"].get<double>();
    if (!(constraints[i]["side"] == ">=" ? v >= bound : v <= bound)) return false;
  }
  return true;
}

std::vector<std::size_t> indices_of(json const& goals, std::vector<std::string> const& metrics) {
  std::vector<std::size_t> at;
  for (auto const& g : goals) at.push_back(metric_index(g["metric"].get<std::string>(), metrics));
  return at;
}

std::string csv_cell(std::string text) {
  double number = 0.0;
  auto const [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool const is_number = status == std::errc{} && end == text.data() + text.size();
  if (!text.empty() && !is_number && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos)
    text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string short_number(json const& v) {
  return v.is_null() ? "-" : v.is_number() ? fmt::format("{:.5g}", v.get<double>()) : v.get<std::string>();
}

}  // namespace

std::size_t metric_index(std::string const& name, std::vector<std::string> const& metrics) {
  static std::pair<char const*, char const*> const short_names[] = {{"area", "area_mm2"},
                                                                    {"energy", "energy_J.prefill"},
                                                                    {"latency", "latency_s.prefill"},
                                                                    {"edp", "edp_J_s.prefill"},
                                                                    {"adp", "adp_mm2_s.prefill"}};
  std::string full = name;
  for (auto const& [brief, meant] : short_names)
    if (name == brief) full = meant;
  auto const found = std::find(metrics.begin(), metrics.end(), full);
  if (found != metrics.end()) return static_cast<std::size_t>(found - metrics.begin());
  auto const near = nearest_name(name, metrics);
  throw error({errc::unknown_key, "nothing of that name is measured", "objectives and constraints", "'" + name + "'",
               joined(metrics) + "; area, energy, latency, edp, adp stand for those of the prefill",
               near.empty() ? "" : "did you mean '" + near + "'?"});
}

json kept_idle(sweep_store const& store) {
  json idle = store.kept("idle");
  if (idle.is_null()) return json::array();
  if (!idle.is_array() || !std::all_of(idle.begin(), idle.end(), [](json const& each) { return each.is_string(); }))
    throw error({errc::file_format, "does not say what had no effect", store.file(),
                 printable(idle.dump(-1, ' ', true, json::error_handler_t::replace)), "a list of texts",
                 "name another file"});
  return idle;
}

json kept_goals(sweep_store const& store) {
  json goals = store.kept("goals");
  if (goals.is_null()) return {{"objectives", json::array()}, {"constraints", json::array()}};
  auto const lists = [&](char const* key, char const* side, std::vector<std::string> const& sides, bool bound) {
    if (!goals.is_object() || !goals.contains(key) || !goals[key].is_array()) return false;
    for (auto const& g : goals[key])
      if (!g.is_object() || !g.contains("metric") || !g["metric"].is_string() || !g.contains(side) ||
          std::find(sides.begin(), sides.end(), g[side]) == sides.end() ||
          (bound && (!g.contains("bound") || !g["bound"].is_number())))
        return false;
    return true;
  };
  if (!lists("objectives", "goal", {"min", "max"}, false) || !lists("constraints", "side", {"<=", ">="}, true))
    throw error({errc::file_format, "does not say what is better", store.file(),
                 printable(goals.dump(-1, ' ', true, json::error_handler_t::replace)), "objectives and constraints",
                 "name another file"});
  return goals;
}

json goals_of(sweep_spec const& spec, std::vector<std::string> const& metrics) {
  json goals{{"objectives", json::array()}, {"constraints", json::array()}};
  for (auto const& o : spec.objectives)
    goals["objectives"].push_back(
        {{"metric", metrics[metric_index(o.metric, metrics)]}, {"goal", o.larger ? "max" : "min"}});
  for (auto const& c : spec.constraints)
    goals["constraints"].push_back(
        {{"metric", metrics[metric_index(c.metric, metrics)]}, {"side", c.at_least ? ">=" : "<="}, {"bound", c.bound}});
  return goals;
}

best_so_far::best_so_far(sweep_spec const& spec, std::vector<std::string> const& metrics)
    : goals_(goals_of(spec, metrics)), bounds_(indices_of(goals_["constraints"], metrics)) {
  if (!goals_["objectives"].empty()) metric_ = indices_of(goals_["objectives"], metrics).front();
}

void best_so_far::see(sweep_result const& r) {
  if (goals_["objectives"].empty() || !r.error.empty() || std::isnan(r.metrics[metric_]) ||
      !is_feasible(goals_["constraints"], bounds_, r.metrics))
    return;
  double const v = r.metrics[metric_];
  bool const larger = goals_["objectives"][0]["goal"] == "max";
  if (any_ && (larger ? v <= value_ : v >= value_)) return;
  any_ = true;
  value_ = v;
  point_ = r.point;
}

std::string best_so_far::text() const {
  return any_ ? fmt::format("best {} {:.5g} at point {}", goals_["objectives"][0]["metric"].get<std::string>(), value_,
                            point_)
              : "";
}

json row_object(sweep_row const& r, std::vector<std::string> const& keys, std::vector<std::string> const& metrics) {
  json o{{"point", r.point}, {"status", r.error.empty() ? "done" : "failed"}};
  if (!r.error.empty()) o["error"] = r.error;
  for (std::size_t k = 0; k < keys.size(); ++k) o[keys[k]] = value_of(r.values[k]);
  if (r.error.empty())
    for (std::size_t m = 0; m < metrics.size(); ++m) o[metrics[m]] = finite(r.metrics[m]);
  return o;
}

json summary_of(sweep_store const& store) {
  json const goals = kept_goals(store);
  auto const& objectives = goals["objectives"];
  auto const at = indices_of(objectives, store.metrics()), bounds = indices_of(goals["constraints"], store.metrics());
  std::size_t done = 0, failed = 0, infeasible = 0, incomparable = 0;
  json failures = json::array();
  std::vector<std::uint64_t> points;
  std::vector<std::vector<double>> rows;  // all to be made small
  store.for_each([&](sweep_row const& r) {
    if (!r.error.empty()) {
      if (++failed <= most_failures_listed) failures.push_back({{"point", r.point}, {"error", r.error}});
      return;
    }
    ++done;
    if (!is_feasible(goals["constraints"], bounds, r.metrics)) return static_cast<void>(++infeasible);
    std::vector<double> row;
    bool comparable = true;
    for (std::size_t i = 0; i < at.size(); ++i) {
      double const v = r.metrics[at[i]];
      comparable = comparable && !std::isnan(v);
      row.push_back(objectives[i]["goal"] == "max" ? -v : v);
    }
    if (!comparable) return static_cast<void>(++incomparable);
    points.push_back(r.point);
    rows.push_back(std::move(row));
  });
  json out;
  std::uint64_t const all = store.identity().value("points", std::uint64_t{0});
  out["points"] = {{"all", all},
                   {"done", done},
                   {"failed", failed},
                   {"missing", all - done - failed},
                   {"outside_constraints", infeasible},
                   {"without_objectives", incomparable}};
  out["objectives"] = objectives;
  out["constraints"] = goals["constraints"];
  std::vector<bool> on_front(all, false);
  out["best"] = json::array();
  for (std::size_t i = 0; i < at.size(); ++i) {
    std::size_t best = rows.size();
    for (std::size_t r = 0; r < rows.size(); ++r)
      if (best == rows.size() || rows[r][i] < rows[best][i]) best = r;
    if (best == rows.size()) continue;
    double const v = objectives[i]["goal"] == "max" ? -rows[best][i] : rows[best][i];
    out["best"].push_back({{"metric", objectives[i]["metric"]}, {"value", v}, {"point", points[best]}});
  }
  if (!at.empty())
    for (std::size_t const i : pareto_front(rows)) on_front[points[i]] = true;
  out["front"] = json::array();
  store.for_each([&](sweep_row const& r) {
    if (on_front[r.point]) out["front"].push_back(row_object(r, store.keys(), store.metrics()));
  });
  out["failures"] = failures;
  return out;
}

namespace {

/// What every exported row says of the sweep that it is from: of its version, spec and files.
std::string stamp_of_rows(sweep_store const& store) {
  return fmt::format("{:016x}", fingerprint(store.identity().dump(-1, ' ', true, json::error_handler_t::replace)));
}

}  // namespace

std::string csv_of(sweep_store const& store) {
  auto const stamp = stamp_of_rows(store);
  std::string out = "point,status,error";
  for (auto const& k : store.keys()) out += "," + csv_cell(k);
  for (auto const& m : store.metrics()) out += "," + csv_cell(m);
  out += ",stamp\n";
  store.for_each([&](sweep_row const& r) {
    out += fmt::format("{},{},{}", r.point, r.error.empty() ? "done" : "failed", csv_cell(r.error));
    for (auto const& v : r.values) out += "," + csv_cell(v);
    for (double v : r.metrics) out += std::isfinite(v) ? fmt::format(",{}", v) : ",";
    out += "," + stamp + "\n";
  });
  return out;
}

std::string jsonl_of(sweep_store const& store) {
  auto const stamp = stamp_of_rows(store);
  std::string out;
  store.for_each([&](sweep_row const& r) {
    auto row = row_object(r, store.keys(), store.metrics());
    row["stamp"] = stamp;
    out += row.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  });
  return out;
}

std::string digest_of_points(sweep_store const& store) {
  std::uint64_t hash = fingerprint(std::string_view());
  store.for_each([&](sweep_row const& r) {
    hash = fingerprint(
        row_object(r, store.keys(), store.metrics()).dump(-1, ' ', false, json::error_handler_t::replace) + "\n", hash);
  });
  return fmt::format("{:016x}", hash);
}

void print_summary(FILE* out, json const& summary, std::vector<std::string> const& keys) {
  auto const& n = summary["points"];
  say(out, "{} points: {} done, {} failed, {} missing", n["all"].dump(), n["done"].dump(), n["failed"].dump(),
      n["missing"].dump());
  if (n["outside_constraints"] != 0) say(out, "; {} outside the constraints", n["outside_constraints"].dump());
  if (n["without_objectives"] != 0) say(out, "; {} without an objective", n["without_objectives"].dump());
  say(out, "\n");
  for (auto const& f : summary["failures"])
    say(out, "  point {} failed: {}\n", f["point"].dump(), printable(f["error"].get<std::string>(), 4096));
  if (summary["objectives"].empty()) return;
  std::vector<std::string> columns = keys;
  for (auto const& o : summary["objectives"]) columns.push_back(o["metric"]);
  constexpr std::size_t most_lines = 40;
  say(out, "\n{} points that no other beats\n{:>8}", summary["front"].size(), "point");
  for (auto const& c : columns) say(out, "  {:>{}}", c, std::max<std::size_t>(10, c.size()));
  say(out, "\n");
  std::size_t lines = 0;
  for (auto const& row : summary["front"]) {
    if (++lines > most_lines) {
      say(out, "  .. and {} more: --json, --csv, --report\n", summary["front"].size() - most_lines);
      break;
    }
    say(out, "{:>8}", row["point"].dump());
    for (auto const& c : columns)
      say(out, "  {:>{}}", row[c].is_boolean() ? row[c].dump() : short_number(row[c]),
          std::max<std::size_t>(10, c.size()));
    say(out, "\n");
  }
  for (auto const& b : summary["best"])
    say(out, "best {}: {:.6g} at point {}\n", b["metric"].get<std::string>(), b["value"].get<double>(),
        b["point"].dump());
}

}  // namespace program_cli
