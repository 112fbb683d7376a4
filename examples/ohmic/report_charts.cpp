// Which charts a result has.
#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <limits>
#include <map>
#include <tuple>

#include "report.hpp"
#include "treemap.hpp"

namespace program_cli {

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

double number(json const& v) { return v.is_number() ? v.get<double>() : no_number; }
std::string words(json const& v) { return v.is_string() ? v.get<std::string>() : v.dump(); }
std::string shown(double v) { return std::isfinite(v) ? fmt::format("{:.4g}", v) : "-"; }

std::vector<std::string> pieces_of(std::string const& path) {
  std::vector<std::string> out{""};
  for (char c : path)
    if (c == '/')
      out.emplace_back();
    else
      out.back() += c;
  return out;
}

chart bars(std::string name, std::string title, std::string x_label) {
  chart c;
  c.name = std::move(name);
  c.title = std::move(title);
  c.x_label = std::move(x_label);
  return c;
}

void add_bar(chart& c, std::string const& row, std::string const& group, double value, std::string const& unit,
             std::string const& more = {}) {
  if (!std::isfinite(value)) return;
  chart_item i;
  i.row = row;
  i.group = group;
  i.x = value;
  i.label = fmt::format("{}{}{}: {} {}{}", row, group.empty() ? "" : ", ", group, shown(value), unit, more);
  c.items.push_back(std::move(i));
}

/// Longest first; short ones are left out and said to be.
void longest_first(chart& c, std::size_t most) {
  std::stable_sort(c.items.begin(), c.items.end(), [](auto const& a, auto const& b) { return a.x > b.x; });
  if (c.items.size() > most) {
    double rest = 0.0;
    for (std::size_t i = most; i < c.items.size(); ++i) rest += c.items[i].x;
    c.note += fmt::format(" {} more, {} in all, are in the table of rows.", c.items.size() - most, shown(rest));
    c.items.resize(most);
  }
}

/// Rows of a cost with one beginning, such as "energy/prefill/".
template <class F>
void for_rows(json const& rows, std::string const& prefix, F const& f) {
  for (auto const& r : rows) {
    auto const path = words(r["path"]);
    if (path.starts_with(prefix)) f(pieces_of(path.substr(prefix.size())), r);
  }
}

chart floorplan(json const& rows) {
  chart c;
  c.name = "floorplan";
  c.title = "Floorplan to scale";
  c.note = "Every part has its area, and lies beside the parts of its block. Where parts lie is not modelled.";
  c.mark = chart::kind::boxes;
  c.x_label = c.y_label = "mm";
  c.to_scale = true;
  std::vector<std::string> blocks;
  std::vector<std::vector<std::pair<std::string, double>>> parts;
  for_rows(rows, "area/", [&](std::vector<std::string> const& path, json const& r) {
    double const area = number(r["total"]);
    if (!(area > 0.0)) return;
    auto const block = path.size() > 1 ? path[0] : std::string("chip");
    auto const at = static_cast<std::size_t>(std::find(blocks.begin(), blocks.end(), block) - blocks.begin());
    if (at == blocks.size()) {
      blocks.push_back(block);
      parts.emplace_back();
    }
    parts[at].emplace_back(path.back(), area);
  });
  std::vector<std::pair<double, std::size_t>> order;
  double all = 0.0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    double sum = 0.0;
    for (auto const& p : parts[b]) sum += p.second;
    order.emplace_back(sum, b);
    all += sum;
  }
  std::stable_sort(order.begin(), order.end(), [](auto const& a, auto const& b) { return a.first > b.first; });
  std::vector<double> areas;
  for (auto const& o : order) areas.push_back(o.first);
  double const side = std::sqrt(all);
  auto const places = laid_out(areas, {0.0, 0.0, side, side});
  for (std::size_t k = 0; k < order.size(); ++k) {
    auto& inside = parts[order[k].second];
    std::stable_sort(inside.begin(), inside.end(), [](auto const& a, auto const& b) { return a.second > b.second; });
    std::vector<double> of_parts;
    for (auto const& p : inside) of_parts.push_back(p.second);
    auto const boxes = laid_out(of_parts, places[k]);
    for (std::size_t p = 0; p < inside.size(); ++p) {
      chart_item i;
      i.group = blocks[order[k].second];
      i.column = inside[p].first;
      i.label = fmt::format("{}/{}: {} mm2, {} % of the chip", i.group, inside[p].first, shown(inside[p].second),
                            shown(100.0 * inside[p].second / all));
      i.x = boxes[p].x, i.y = boxes[p].y;
      i.x2 = boxes[p].x + boxes[p].width, i.y2 = boxes[p].y + boxes[p].height;
      c.items.push_back(std::move(i));
    }
  }
  return c;
}

/// Breakdowns of the rows of a cost; `chip` in the titles.
void add_breakdowns(std::vector<chart>& out, json const& rows, std::string const& chip) {
  auto area = bars("area", "Area by part: " + chip, "mm2");
  area.note = "Colours are blocks of the chip.";
  for_rows(rows, "area/", [&](auto const& path, json const& r) {
    add_bar(area, path.size() > 1 ? path[0] + " " + path.back() : path.back(), path.size() > 1 ? path[0] : "chip",
            number(r["total"]), "mm2",
            fmt::format(" = {} x {}", shown(number(r["count"])), shown(number(r["unit_price"]))));
  });
  std::erase_if(area.items, [](auto const& i) { return i.x <= 0.0; });
  longest_first(area, 24);
  out.push_back(std::move(area));
  for (char const* phase : {"prefill", "decode_per_token"}) {
    std::string const when = phase == std::string("prefill") ? "prefill" : "a generated token";
    auto energy = bars(std::string("energy_") + phase, "Energy of " + when + " by action: " + chip, "J");
    energy.note = "Dynamic energy is counted actions times prices; static energy is power times the latency.";
    for (char const* kind : {"energy", "static_energy"})
      for_rows(rows, fmt::format("{}/{}/", kind, phase), [&](auto const& path, json const& r) {
        std::string const name = path.size() > 1 ? path[0] + " " + path.back() : path.back();
        add_bar(energy, name, kind == std::string("energy") ? "dynamic" : "static", number(r["total"]), "J",
                fmt::format(" = {} x {}", shown(number(r["count"])), shown(number(r["unit_price"]))));
      });
    std::erase_if(energy.items, [](auto const& i) { return i.x <= 0.0; });
    longest_first(energy, 24);
    out.push_back(std::move(energy));
    auto latency = bars(std::string("latency_") + phase, "Latency of " + when + " by sub-operation: " + chip, "s");
    latency.note = "Stages of a sub-operation overlap; the colour is the one that takes longest.";
    for_rows(rows, fmt::format("latency/{}/", phase), [&](auto const& path, json const& r) {
      add_bar(latency, path.front(), path.size() > 1 ? path.back() : "", number(r["total"]), "s");
    });
    out.push_back(std::move(latency));
  }
  out.push_back(floorplan(rows));
}

void add_comparison(std::vector<chart>& out, json const& result) {
  if (!result.contains("compare")) return;
  struct metric {
    char const *name, *title, *unit, *key, *inner;
  };
  for (metric const& m :
       {metric{"compare_area", "Area", "mm2", "area_mm2", nullptr},
        metric{"compare_energy_prefill", "Energy of the prefill", "J", "energy_J", "prefill"},
        metric{"compare_energy_token", "Energy of a generated token", "J", "energy_J", "decode_per_token"},
        metric{"compare_latency_prefill", "Latency of the prefill", "s", "latency_s", "prefill"},
        metric{"compare_latency_token", "Latency of a generated token", "s", "latency_s", "decode_per_token"}}) {
    auto c = bars(m.name, std::string(m.title) + ", side by side", m.unit);
    c.note = "What the source of a chip does not say is left out.";
    auto const add = [&](json const& one) {
      add_bar(c, words(one["chip"]), "", number(m.inner ? one[m.key][m.inner] : one[m.key]), m.unit);
    };
    add(result);
    for (auto const& other : result["compare"]) add(other);
    if (c.items.size() > 1) out.push_back(std::move(c));
  }
}

void add_timeline(std::vector<chart>& out, json const& result, std::string const& of = {}) {
  if (!result.contains("timeline")) return;
  chart c;
  c.name = "timeline";
  c.title = "Timeline of a layer" + of + (of.empty() ? ": " : "; ") + "sessions, converters, memory, caches";
  c.note =
      "Stages of a sub-operation of the prefill start together; the next starts when the longest ends. How long the "
      "sessions hold the arrays, and how long the caches move operands, is to scale.";
  c.mark = chart::kind::boxes;
  c.x_label = "s";
  for (auto const& step : result["timeline"])
    for (auto const& [stage, seconds] : step["stages_s"].items()) {
      double const length = number(seconds), start = number(step["start_s"]);
      if (!(length > 0.0)) continue;
      chart_item i;
      i.row = stage;
      i.group = i.column = words(step["operation"]);
      i.label = fmt::format("{} of {}: {} s from {} s", stage, i.group, shown(length), shown(start));
      i.x = start, i.x2 = start + length;
      c.items.push_back(std::move(i));
    }
  out.push_back(std::move(c));
}

void add_sensitivity(std::vector<chart>& out, json const& result) {
  if (!result.contains("sensitivity")) return;
  for (char const* key : {"area", "energy_prefill", "energy_decode_per_token", "latency_prefill"}) {
    auto c = bars(std::string("sensitivity_") + key, std::string("What 10 % more of a constant does: ") + key, "%");
    for (auto const& s : result["sensitivity"])
      if (double const v = number(s[key]); std::fabs(v) > 1e-9) add_bar(c, words(s["constant"]), "", 100.0 * v, "%");
    longest_first(c, 12);
    out.push_back(std::move(c));
  }
}

void add_deploy(std::vector<chart>& out, json const& result) {
  std::map<std::string, chart> scores;
  auto const score = [&](std::string const& way, json const& values) {
    for (auto const& [name, value] : values.items()) {
      auto& c = scores.try_emplace(name, bars("score_" + name, "Score: " + name, name)).first->second;
      add_bar(c, way, "", number(value), "");
    }
  };
  score("fp32", result["fp32"]);
  for (auto const& chip : result["chips"]) score(words(chip["id"]), chip["scores"]);
  for (auto& [name, c] : scores) out.push_back(std::move(c));

  chart snr, clip;
  snr.name = "snr", snr.title = "Signal-to-noise ratio against fp32, layer by layer", snr.value_label = "dB";
  snr.note = "A5 has none: its codes are in units of the largest, and have no counterpart in fp32.";
  clip.name = "clip", clip.title = "Share of ADC conversions above full scale, layer by layer";
  clip.value_label = "log10 of the share";
  clip.note = "Decades: -3 is one conversion in a thousand; a dash is none at all.";
  snr.mark = clip.mark = chart::kind::cells;
  for (auto const& chip : result["chips"])
    for (auto const& layer : chip["layers"]) {
      chart_item i;
      i.row = words(layer["name"]);
      i.column = words(chip["id"]);
      i.x = number(layer["snr_db"]);
      i.label = fmt::format("{}, {}: {} dB", i.row, i.column, shown(i.x));
      snr.items.push_back(i);
      double const rate = number(layer["clip_rate"]);
      i.x = rate > 0.0 ? std::log10(rate) : no_number;
      i.label = fmt::format("{}, {}: {} of the conversions", i.row, i.column, shown(rate));
      if (i.column != "int8") clip.items.push_back(i);
    }
  out.push_back(std::move(snr));
  out.push_back(std::move(clip));

  if (result.contains("converters")) {
    // The layers that clip most, and those with the widest ranges against what they see, would be lost among hundreds.
    std::size_t drawn = 0;
    for (auto const& site : result["converters"]) {
      if (!site.contains("bins") || site["bins"].empty() || drawn >= 12) continue;
      ++drawn;
      chart c;
      c.name = fmt::format("adc_{}_{}", words(site["layer"]), site["digit"].dump());
      std::replace(c.name.begin(), c.name.end(), '/', '_');
      std::replace(c.name.begin(), c.name.end(), '.', '_');
      c.title = fmt::format("Column currents in calibration: {}, digit {}", words(site["layer"]), site["digit"].dump());
      c.note = fmt::format(
          "Full scale of the converter {} units, mean {}, sigma {}, {} currents. Currents in units of the "
          "smallest product.",
          shown(number(site["full_scale"])), shown(number(site["mean"])), shown(number(site["sigma"])),
          site["n"].dump());
      c.mark = chart::kind::boxes;
      c.x_label = "current";
      c.y_label = "log10(1 + currents)";
      double const width = number(site["bin_width"]), full = number(site["full_scale"]);
      for (std::size_t b = 0; b < site["bins"].size(); ++b) {
        double const n = number(site["bins"][b]);
        if (!(n > 0.0)) continue;
        chart_item i;
        i.x = width * static_cast<double>(b), i.x2 = i.x + width, i.y2 = std::log10(1.0 + n);
        i.group = i.x < full ? "in range" : "above full scale";
        i.label = fmt::format("{} to {}: {}, {}", shown(i.x), shown(i.x2), shown(n), i.group);
        c.items.push_back(std::move(i));
      }
      out.push_back(std::move(c));
    }
  }

  std::map<std::string, double> counts;
  for (auto const& a : result["actions"]) counts[words(a["part"]) + " " + words(a["action"])] += number(a["count"]);
  auto actions = bars("actions", "Actions of " + words(result["chip"]) + " over all texts", "actions");
  for (auto const& [name, n] : counts) add_bar(actions, name, "", n, "");
  longest_first(actions, 24);
  out.push_back(std::move(actions));
  for (auto const& [key, title, unit] :
       {std::tuple("area_mm2", "Area", "mm2"), std::tuple("energy_J", "Energy of all texts", "J"),
        std::tuple("latency_s", "Latency of all texts", "s")}) {
    auto c = bars(std::string("compare_") + key, std::string(title) + ", side by side", unit);
    c.note = "At bottom-up prices: conventional chips by counted actions, those with a dense bank by shapes.";
    for (auto const& chip : result["chips"])
      if (auto const* cost = cost_of_texts(chip); cost != nullptr && cost->contains(key))
        add_bar(c, words(chip["id"]), "", number((*cost)[key]), unit);
    if (c.items.size() > 1) out.push_back(std::move(c));
  }
  for (auto const& chip : result["chips"])
    if (auto const* cost = cost_of_texts(chip); cost != nullptr) {
      auto const name = words(chip["id"]) +
                        (cost->contains("text") ? fmt::format(", a text of {} tokens", (*cost)["text"]["tokens"].dump())
                                                : std::string(", all texts"));
      add_breakdowns(out, (*cost)["rows"], name);
      add_timeline(out, *cost, ": " + name);
    }
}

void add_sweep(std::vector<chart>& out, json const& result, json const& rows) {
  std::vector<std::string> axes;
  for (auto const& o : result["objectives"]) axes.push_back(words(o["metric"]));
  bool const one = axes.size() == 1;
  if (axes.empty()) return;
  if (one)
    for (auto const& k : result["keys"])
      if (!rows.empty() && rows[0][words(k)].is_number() && axes.size() == 1) axes.insert(axes.begin(), words(k));
  std::map<std::uint64_t, bool> on_front;
  for (auto const& r : result["front"]) on_front[r["point"].get<std::uint64_t>()] = true;
  for (std::size_t a = 0; a < axes.size(); ++a)
    for (std::size_t b = a + 1; b < axes.size(); ++b) {
      chart c;
      c.name = out.empty() ? "pareto" : fmt::format("pareto_{}", out.size());
      c.title = one ? axes[b] + " over " + axes[a] : "What no other point beats: " + axes[b] + " and " + axes[a];
      c.note =
          "Draw a frame around points to list them. Points outside the constraints are drawn, but never on the front.";
      c.mark = chart::kind::points;
      c.x_label = axes[a];
      c.y_label = axes[b];
      c.selectable = true;
      double low[2] = {1e300, 1e300}, high[2] = {-1e300, -1e300};
      for (int front = 0; front < 2; ++front)  // the front is drawn last, on top
        for (auto const& r : rows) {
          bool const is_front = on_front.contains(r["point"].get<std::uint64_t>());
          if (is_front != (front == 1) || words(r["status"]) != "done") continue;
          chart_item i;
          i.x = number(r[axes[a]]), i.y = number(r[axes[b]]);
          if (!std::isfinite(i.x) || !std::isfinite(i.y)) continue;
          i.group = is_front ? "not beaten" : "beaten";
          i.label = fmt::format("point {}", r["point"].dump());
          for (auto const& k : result["keys"]) i.label += fmt::format(", {}={}", words(k), words(r[words(k)]));
          i.label += fmt::format("; {}={}, {}={}", axes[a], shown(i.x), axes[b], shown(i.y));
          low[0] = std::min(low[0], i.x), high[0] = std::max(high[0], i.x);
          low[1] = std::min(low[1], i.y), high[1] = std::max(high[1], i.y);
          c.items.push_back(std::move(i));
        }
      c.log_x = low[0] > 0.0 && high[0] / low[0] > 30.0;
      c.log_y = low[1] > 0.0 && high[1] / low[1] > 30.0;
      out.push_back(std::move(c));
    }
}

/// Where what the best points take goes.
void add_sources(std::vector<chart>& out, json const& result) {
  if (!result.contains("sources")) return;
  for (auto const& s : result["sources"])
    add_breakdowns(out, s["rows"], fmt::format("{}, point {}", words(s["chip"]), s["point"].dump()));
}

void add_reproduce(std::vector<chart>& out, json const& result) {
  auto c = bars("differences", "Computed against printed", "difference in %");
  c.note = "Every printed figure that has a number; a bar to the right: computed is larger.";
  for (auto const& r : result["rows"])
    if (r["printed"].is_number() && r["difference"].is_number())
      add_bar(c, words(r["id"]),
              r["listed"] == true ? "listed with a reason"
              : r["pass"] == true ? "agrees"
                                  : "fails",
              100.0 * number(r["difference"]), "%");
  out.push_back(std::move(c));
}

}  // namespace

std::vector<chart> charts_of(json const& result, json const& rows) {
  std::vector<chart> out;
  auto const command = words(result["command"]);
  if (command == "cost") {
    add_breakdowns(out, result["rows"], words(result["chip"]));
    add_comparison(out, result);
    add_timeline(out, result);
    add_sensitivity(out, result);
  } else if (command == "deploy") {
    add_deploy(out, result);
  } else if (command == "sweep") {
    add_sweep(out, result, rows);
    add_sources(out, result);
  } else if (command == "reproduce") {
    add_reproduce(out, result);
  }
  std::erase_if(out, [](chart const& c) { return c.items.empty(); });
  // Charts of several chips have one name: their files must not.
  std::map<std::string, int> seen;
  for (auto& c : out)
    if (int const n = ++seen[c.name]; n > 1) c.name += fmt::format("_{}", n);
  return out;
}

}  // namespace program_cli
