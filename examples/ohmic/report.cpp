#include "report.hpp"

#include <cmath>
#include <filesystem>
#include <fmt/core.h>
#include <system_error>
#include <vector>

#include "ohmic/core/error.hpp"
#include "page.hpp"
#include "verify_stamp.hpp"

namespace program_cli {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> const price_columns{"path", "count", "unit_price", "unit", "total", "source", "origin"};

/// A value as a table shows it: every digit that the JSON has.
std::string text_of(json const& v) { return v.is_null() ? "-" : v.is_string() ? v.get<std::string>() : v.dump(); }

/// Objects with the same keys as a table; keys that hold lists or objects are left out.
table table_of_objects(json const& objects, std::vector<std::string> const& columns) {
  table t{columns};
  for (auto const& o : objects) {
    std::vector<std::string> row;
    for (auto const& c : columns) row.push_back(o.contains(c) ? text_of(o[c]) : "-");
    t.push_back(std::move(row));
  }
  return t;
}

/// Leaves of an object as dotted keys.
void add_leaves(table& t, std::string const& prefix, json const& value) {
  if (value.is_object() && !value.empty()) {
    for (auto const& [key, inner] : value.items()) add_leaves(t, prefix.empty() ? key : prefix + "." + key, inner);
  } else if (value.is_array() && value.size() > 12) {
    t.push_back({prefix, fmt::format("{} values, see the JSON", value.size())});
  } else {
    t.push_back({prefix, text_of(value)});
  }
}

table leaves_of(json const& value) {
  table t{{"key", "value"}};
  add_leaves(t, "", value);
  return t;
}

std::vector<std::string> strings_of(json const& list) {
  std::vector<std::string> out;
  for (auto const& v : list) out.push_back(text_of(v));
  return out;
}

std::string title_of(json const& r) {
  auto const command = r["command"].get<std::string>();
  if (command == "cost") return "Cost of " + text_of(r["model"]) + " on " + text_of(r["chip"]);
  if (command == "deploy") return text_of(r["model"]["path"]) + " on " + text_of(r["chip"]);
  if (command == "sweep") return "Sweep " + text_of(r["output"]);
  return "Printed and computed";
}

void add_cost_tables(page& p, json const& r) {
  json const totals{{"area_mm2", r["area_mm2"]},
                    {"energy_J", r["energy_J"]},
                    {"latency_s", r["latency_s"]},
                    {"power_W", r["power_W"]}};
  p.heading("Totals").add(leaves_of(totals), "Every total is the sum of the rows below");
  if (r.contains("compare")) {
    table t{{"chip", "area_mm2", "energy_J.prefill", "energy_J.decode_per_token", "latency_s.prefill", "ratio of area",
             "ratio of energy, prefill", "ratio of latency, prefill"}};
    auto const row = [&](json const& c, json const& ratios) {
      t.push_back({text_of(c["chip"]), text_of(c["area_mm2"]), text_of(c["energy_J"]["prefill"]),
                   text_of(c["energy_J"]["decode_per_token"]), text_of(c["latency_s"]["prefill"]),
                   ratios.is_null() ? "1" : text_of(ratios["area"]),
                   ratios.is_null() ? "1" : text_of(ratios["energy"]["prefill"]),
                   ratios.is_null() ? "1" : text_of(ratios["latency"]["prefill"])});
    };
    row(r, nullptr);
    for (auto const& c : r["compare"]) row(c, c["ratios"]);
    p.add(t, "Side by side");
    if (!r["compare"].empty())
      p.paragraph("Energies in ratios: " + text_of(r["compare"][0]["ratios"]["energy_basis"]) + ".");
  }
}

void add_deploy_tables(page& p, json const& r) {
  table t{{"way", "metric", "score", "agreement"}};
  for (auto const& [name, value] : r["fp32"].items()) t.push_back({"fp32", name, text_of(value), "-"});
  for (auto const& c : r["chips"])
    for (auto const& [name, value] : c["scores"].items())
      t.push_back({text_of(c["id"]), name, text_of(value), text_of(c["agreement"])});
  p.heading("Scores").add(t, fmt::format("{} scored; agreement: {}", text_of(r["n"]), text_of(r["agreement_metric"])));
}

void add_sweep_tables(page& p, json const& r) {
  p.heading("Points").add(leaves_of(r["points"]), "");
  p.add(table_of_objects(r["objectives"], {"metric", "goal"}), "Objectives");
  if (!r["constraints"].empty()) p.add(table_of_objects(r["constraints"], {"metric", "side", "bound"}), "Constraints");
  if (!r["best"].empty()) p.add(table_of_objects(r["best"], {"metric", "value", "point"}), "Best of each objective");
  std::vector<std::string> columns{"point"};
  for (auto const& list : {r["keys"], r["metrics"]})
    for (auto const& name : strings_of(list)) columns.push_back(name);
  p.add(table_of_objects(r["front"], columns), "Points that no other beats");
  if (!r["failures"].empty()) p.add(table_of_objects(r["failures"], {"point", "error"}), "Points that failed");
}

void add_reproduce_tables(page& p, json const& r) {
  p.add(table_of_objects(r["rows"], {"id", "quantity", "subject", "printed", "computed", "difference", "rel_tol",
                                     "grade", "pass", "reason", "formula", "fitted_on", "where"}),
        "Printed figures");
  if (!r["beside"].empty())
    p.add(table_of_objects(r["beside"], {"id", "value", "unit", "meaning"}), "Beside the printed");
  p.add(table_of_objects(r["constants"], {"name", "value", "unit", "fitted_on"}),
        "Constants that were fitted, and on what");
  p.add(table_of_objects(r["prices"], {"name", "value", "origin", "source"}),
        "Prices of the parts, and where they are printed");
  table k{{"choice"}};
  for (auto const& knob : strings_of(r["knobs"])) k.push_back({knob});
  p.add(k, "Choices made after seeing a figure");
}

page page_of(json const& r, std::vector<chart> const& charts, common_options const& common) {
  auto const command = r["command"].get<std::string>();
  page p(title_of(r));
  p.paragraph("ohmic " + text_of(r["version"]) + ", seed " + text_of(r["seed"]) + ". This command makes it again:");
  p.add(table{{"command"}, {common.command}});
  if (command == "cost") add_cost_tables(p, r);
  if (command == "deploy") add_deploy_tables(p, r);
  if (command == "sweep") add_sweep_tables(p, r);
  if (!charts.empty()) p.heading("Charts");
  for (auto const& c : charts) p.add(c);
  if (command == "reproduce") add_reproduce_tables(p, r);
  if (command == "cost") {
    p.heading("Where the numbers come from");
    p.add(table_of_objects(r["rows"], price_columns), "Rows: count times unit price, and the source of the price");
    p.add(table_of_objects(r["notes"], {"name", "value", "unit", "meaning"}), "Beside the rows");
  }
  if (command == "deploy") {
    for (auto const& c : r["chips"])
      p.add(table_of_objects(c["layers"], {"name", "snr_db", "clip_rate", "code_clip_rate"}),
            "Layers of " + text_of(c["id"]));
    for (auto const& c : r["chips"])
      if (auto const* cost = cost_of_texts(c); cost != nullptr)
        p.add(table_of_objects((*cost)["rows"], price_columns),
              "Cost of " + text_of(c["id"]) +
                  (cost->contains("text") ? ", a text of " + text_of((*cost)["text"]["tokens"]) + " tokens" : "") +
                  ": count times unit price, and the source of the price");
    if (r.contains("converters"))
      p.add(table_of_objects(r["converters"], {"layer", "digit", "full_scale", "n", "mean", "sigma", "largest"}),
            "Ranges of the converters of " + text_of(r["chip"]));
  }
  if (command == "sweep" && !r["sources"].empty()) {
    p.heading("Where the numbers come from");
    for (auto const& s : r["sources"])
      p.add(table_of_objects(s["rows"], price_columns), "Cost of " + text_of(s["chip"]) + " at point " +
                                                            text_of(s["point"]) +
                                                            ": count times unit price, and the source of the price");
  }
  p.heading("Configuration").add(leaves_of(r["config"]), "All settings");
  json run = r["run"];
  for (char const* key : {"data", "calibration", "model", "facts"})
    if (r.contains(key) && r[key].is_object()) run[key] = r[key];
  p.add(leaves_of(run), "Run");
  p.result(r.dump());
  return p;
}

/// A folder with those above it, made where they are missing. Those that were made and are empty in the end go.
class made_folder {
 public:
  explicit made_folder(fs::path const& path) {
    std::error_code ec;
    for (auto p = path; !p.empty() && !fs::exists(p, ec); p = p.parent_path())
      if (p.has_filename()) made_.push_back(p);
    fs::create_directories(path, ec);
  }
  made_folder(made_folder const&) = delete;
  made_folder& operator=(made_folder const&) = delete;
  ~made_folder() {
    std::error_code ec;
    for (auto const& p : made_) fs::remove(p, ec);  // which leaves what is not empty
  }

 private:
  std::vector<fs::path> made_;  ///< the innermost first
};

}  // namespace

json const* cost_of_texts(json const& chip) {
  for (char const* key : {"cost", "text_cost"})
    if (chip.contains(key) && chip[key].is_object() && chip[key].contains("rows")) return &chip[key];
  return nullptr;
}

void check_reports(common_options const& common) {
  check_writable(common.report, "--report");
  if (common.svg.empty()) return;
  std::error_code ec;
  if (fs::exists(common.svg, ec) && !fs::is_directory(common.svg, ec))
    throw ohmic::error({ohmic::errc::write_failed, "is no folder", "--svg", common.svg, "a folder", "name another"});
  // Made when there is something to put there; another run may make it meanwhile, or one above it.
  auto above = fs::absolute(common.svg, ec);
  while (!fs::exists(above, ec) && above.has_relative_path()) above = above.parent_path();
  check_writable((above / "chart.svg").string(), "--svg");
}

void write_reports(json const& result, common_options const& common, json const& rows) {
  if (common.report.empty() && common.svg.empty()) return;
  // Names of files need not be UTF-8; pages are.
  auto const in_utf8 = [](json const& j) {
    return json::parse(j.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  auto const shown = in_utf8(stamped(result));
  auto const charts = charts_of(shown, in_utf8(rows));
  if (!common.report.empty()) page_of(shown, charts, common).write(common.report);
  if (common.svg.empty()) return;
  made_folder const folder(common.svg);
  std::string const stamp =
      "<metadata>ohmic " + text_of(shown["version"]) + ", stamp " + text_of(shown["stamp"]["hash"]) + "</metadata>";
  for (auto const& c : charts) {
    auto drawing = svg_of(c);
    drawing.insert(drawing.rfind("</svg>"), stamp);
    write_whole((fs::path(common.svg) / (c.name + ".svg")).string(), drawing);
  }
}

}  // namespace program_cli
