// ohmic cost: area, energy and latency of a model on a chip.
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <set>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/sensitivity.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/book_file.hpp"
#include "ohmic/model/import/network.hpp"
#include "options.hpp"
#include "page.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

/// Settings of the command: `cost.duplication=128`, `report.prices=bottom_up`. Keys of the chip's function
/// (`adc.bits`) work too.
struct cost_command_config {
  computation_chip_config cost{};
  report_choice report{};
};

}  // namespace program_cli
BOOST_HANA_ADAPT_STRUCT(program_cli::cost_command_config, cost, report);

namespace program_cli {

namespace {

struct prepared {
  chip::cost_settings settings;
  workload work;
  json config;
};

template <class Spec>
prepared prepare(model::network const& n, cost_options const& o, std::vector<std::string> const& set) {
  auto function = chip::defaults<Spec>();
  std::vector<std::string> of_cost;
  for (auto const& s : set) {
    if (s.starts_with("cost.") || s.starts_with("report."))
      of_cost.push_back(s);
    else
      assign(function, s);
  }
  chip::validate(function);
  cost_command_config c;
  if (std::string_view(Spec::name) == chip::wang2024_published::name) c.report.count = count_rule::published;
  c.cost = chip::cost_config(function, c.cost);
  for (auto const& s : of_cost) assign(c, s);
  if (o.duplication > 0) c.cost.duplication = o.duplication;
  computation_chip_config::validate(c.cost);
  prepared out;
  out.settings.chip = c.cost;
  out.settings.choice = c.report;
  out.work = chip::workload_of(n, {o.tokens, o.decode, o.batch}, chip::cost_choices(function, c.cost.scale),
                               c.cost.array.activations(c.cost.scale));
  out.config = settings_object(c);
  return out;
}

/// A chip that is priced: a preset, or a chip file on one.
struct design {
  chip_request request;
  chip::cost_preset const* preset;
};

/// Errors  those of the file; config_conflict for one that goes by the name of a preset, or changes a chip whose cost is
///         that of its source
design design_named(std::string const& name) {
  if (!name.ends_with(".toml")) return {chip_request{name, name, {}}, &chip::find_cost_preset(name)};
  auto request = read_chip_file(name);
  for (auto const& p : chip::cost_presets)
    if (p.name == request.label)
      throw error({errc::config_conflict, "chip file goes by the name of a preset", name, request.label,
                   "a name of its own", "set name = \"..\" in the file"});
  auto const& preset = chip::find_cost_preset(request.base);
  if (!request.set.empty() && !preset.has_book)
    throw error({errc::config_conflict, "the cost of this chip is that of its source, for its printed settings", name,
                 request.set.front(), "no settings", "take them out; ohmic deploy runs them"});
  return {std::move(request), &preset};
}

/// Errors  those of the settings: the file's, then the command line's
prepared prepare_for(design const& d, model::network const& n, cost_options const& o, common_options const& common) {
  auto set = d.request.set;
  set.insert(set.end(), common.set.begin(), common.set.end());
  return d.request.base == chip::wang2024_published::name ? prepare<chip::wang2024_published>(n, o, set)
                                                          : prepare<chip::wang2024>(n, o, set);
}

model::network network_named(std::string const& name) {
  if (fs::exists(name)) return model::read_network(name);
  if (name.find('/') != name.npos || name.ends_with(".json"))
    throw error({errc::file_missing, "no such file or folder", "--model", name,
                 "a folder with config.json, or a model's id", "check the path"});
  return model::find_network(name);
}

std::string read_file(std::string const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw error({errc::file_missing, "cannot be read", "--prices", file, "a price book", "check the path"});
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string_view name_of_prices(chip::cost_settings const& s) {
  return s.choice.prices == price_set::bottom_up ? "bottom_up" : "as_published";
}

/// 0 stands for "not modelled" in a report.
json modelled(double v) { return v > 0.0 ? json(v) : json(nullptr); }

json phases(double prefill, double decode, bool has_decode) {
  json out{{"prefill", modelled(prefill)}};
  out["decode_per_token"] = has_decode ? modelled(decode) : json(nullptr);
  return out;
}
json energies(cost_report const& r, bool d) { return phases(r.energy_J(phase::prefill), r.energy_J(phase::decode), d); }
json latencies(cost_report const& r, bool d) {
  return phases(r.latency_s(phase::prefill), r.latency_s(phase::decode), d);
}

/// The energy that is compared: published prices and count, which is how the baselines are known.
double published_energy(cost_report const& r, phase when) {
  double const noted = r.note(when == phase::prefill ? "energy.prefill.as_published.published"
                                                     : "energy.decode_per_token.as_published.published");
  if (noted > 0.0) return noted;
  double sum = 0.0;  // without links between chips, which the printed comparison leaves out
  for (auto const& row : r.rows)
    if (row.what == metric::dynamic_energy && row.when == when && row.block != "links") sum += row.total;
  return sum;
}

json compared(cost_report const& base, cost_report const& r, bool d) {
  auto const ratio = [](double other, double own) {
    return other > 0.0 && own > 0.0 ? json(other / own) : json(nullptr);
  };
  json out{{"chip", r.chip},
           {"area_mm2", modelled(r.area_mm2())},
           {"energy_J", energies(r, d)},
           {"latency_s", latencies(r, d)}};
  json ratios{{"of", r.chip}, {"baseline", base.chip}, {"area", ratio(r.area_mm2(), base.area_mm2())}};
  ratios["energy"] = {
      {"prefill", ratio(published_energy(r, phase::prefill), published_energy(base, phase::prefill))},
      {"decode_per_token",
       d ? ratio(published_energy(r, phase::decode), published_energy(base, phase::decode)) : json(nullptr)}};
  ratios["latency"] = {
      {"prefill", ratio(r.latency_s(phase::prefill), base.latency_s(phase::prefill))},
      {"decode_per_token", d ? ratio(r.latency_s(phase::decode), base.latency_s(phase::decode)) : json(nullptr)}};
  ratios["energy_basis"] = "as_published prices, published count (products with weights only), no links between chips";
  out["ratios"] = ratios;
  out["chips"] = r.note("chips") > 0.0 ? json(r.note("chips")) : json(nullptr);
  return out;
}

json notes_of(cost_report const& r) {
  json notes = json::array();
  for (auto const& n : r.notes)
    notes.push_back({{"name", n.name}, {"value", n.value}, {"unit", n.unit}, {"meaning", n.meaning}});
  return notes;
}

/// What a reader of the counts has to know.
std::vector<std::string> remarks_on(model::network const& n, workload const& w, cost_report const& r) {
  auto out = n.remarks;
  std::size_t const longest = n.transformer ? n.transformer->positions : 0, own = w.tokens + w.decode;
  if (longest > 0 && own > longest)
    out.push_back(fmt::format("{} tokens, but the model has {} positions", own, longest));
  if (double const chips = r.note("chips"); chips > 1.0)
    out.push_back(fmt::format("the model does not fit one chip: {:.0f} chips", chips));
  return out;
}

void print_report(FILE* out, cost_report const& r, workload const& w, std::vector<std::string> const& remarks) {
  fmt::print(out, "{} on {}: {:.2f} M weights, {} tokens, batch {}, {} generated\n\n", w.model, r.chip,
             static_cast<double>(w.weights) / 1e6, w.tokens, w.batch, w.decode);
  fmt::print(out, "{:<56} {:>12} {:>12} {:>12}      source (origin)\n", "row", "count", "unit price", "total");
  for (auto const& row : r.rows)
    fmt::print(out, "{:<56} {:>12.5g} {:>12.4g} {:>12.5g} {:<4} {} ({})\n", row.path(), row.count, row.unit_price,
               row.total, unit_of(row.what), row.source, name_of(row.from));
  fmt::print(out, "\n");
  for (auto const& n : r.notes) fmt::print(out, "{:<56} {:>12.5g} {:<9} {}\n", n.name, n.value, n.unit, n.meaning);
  auto const line = [&](char const* name, double value, char const* unit) {
    if (value > 0.0)
      fmt::print(out, "{:<56} {:>12.5g} {}\n", name, value, unit);
    else
      fmt::print(out, "{:<56} {:>12}\n", name, "-");
  };
  fmt::print(out, "\n");
  line("area", r.area_mm2(), "mm2");
  line("energy, prefill", r.energy_J(phase::prefill), "J");
  line("latency, prefill", r.latency_s(phase::prefill), "s");
  if (w.decode > 0)
    line("energy, a generated token", r.energy_J(phase::decode), "J"),
        line("latency, a step of generation", r.latency_s(phase::decode), "s");
  line("power, peak", r.peak_power_W, "W");
  line("power, average in prefill", r.average_power_W(phase::prefill), "W");
  if (w.decode > 0) line("power, average as tokens are generated", r.average_power_W(phase::decode), "W");
  for (auto const& remark : remarks) fmt::print(out, "remark: {}\n", remark);
}

std::string cell(json const& v) {
  return v.is_null() ? "-" : v.is_number() ? fmt::format("{:.4g}", v.get<double>()) : v.get<std::string>();
}

void print_comparison(FILE* out, json const& comparison, std::string_view base) {
  fmt::print(out, "\n{:<20} {:>12} {:>12} {:>12} {:>12}   ratios to {} (energy: published prices and count)\n", "chip",
             "area mm2", "prefill J", "token J", "prefill s", base);
  for (auto const& c : comparison) {
    auto const& r = c["ratios"];
    fmt::print(out,
               "{:<20} {:>12} {:>12} {:>12} {:>12}   area {} x, prefill energy {} x, token energy {} x, prefill "
               "latency {} x\n",
               cell(c["chip"]), cell(c["area_mm2"]), cell(c["energy_J"]["prefill"]),
               cell(c["energy_J"]["decode_per_token"]), cell(c["latency_s"]["prefill"]), cell(r["area"]),
               cell(r["energy"]["prefill"]), cell(r["energy"]["decode_per_token"]), cell(r["latency"]["prefill"]));
  }
}

void write_page(std::string const& file, cost_report const& r, workload const& w, json const& comparison) {
  page p("Cost of " + w.model + " on " + std::string(r.chip));
  p.paragraph(fmt::format("{} tokens, batch {}, {} generated. Area {:.4g} mm2; prefill {:.4g} J, {:.4g} s.", w.tokens,
                          w.batch, w.decode, r.area_mm2(), r.energy_J(phase::prefill), r.latency_s(phase::prefill)));
  table t{{"row", "count", "unit price", "total", "unit", "source", "origin"}};
  for (auto const& row : r.rows)
    t.push_back({row.path(), fmt::format("{:.6g}", row.count), fmt::format("{:.4g}", row.unit_price),
                 fmt::format("{:.5g}", row.total), std::string(unit_of(row.what)), std::string(row.source),
                 std::string(name_of(row.from))});
  p.add(t).heading("Beside the rows");
  table n{{"name", "value", "unit", "meaning"}};
  for (auto const& note : r.notes)
    n.push_back(
        {std::string(note.name), fmt::format("{:.5g}", note.value), std::string(note.unit), std::string(note.meaning)});
  p.add(n);
  if (!comparison.empty()) {
    table c{{"chip", "area mm2", "prefill J", "token J", "area ratio", "energy ratio", "baseline of the ratios"}};
    for (auto const& x : comparison)
      c.push_back({cell(x["chip"]), cell(x["area_mm2"]), cell(x["energy_J"]["prefill"]),
                   cell(x["energy_J"]["decode_per_token"]), cell(x["ratios"]["area"]),
                   cell(x["ratios"]["energy"]["prefill"]), cell(x["ratios"]["baseline"])});
    p.heading("Comparison").add(c);
  }
  p.write(file);
}

}  // namespace

int cost(cost_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  std::vector<output_file> outputs{{o.report, "--report"}, {o.save_prices, "--save-prices"}};
  if (common.json != "-") outputs.push_back({common.json, "--json"});
  check_outputs({o.prices, o.chip}, outputs);
  design const chosen = design_named(o.chip);
  auto const& preset = *chosen.preset;
  for (auto const& [option, file] : {std::pair{"--prices", &o.prices}, {"--save-prices", &o.save_prices}})
    if (!file->empty() && !preset.has_book)
      throw error({errc::config_conflict, "this chip has no book of prices", option, std::string(preset.name),
                   "wang2024, wang2024_published", "remove " + std::string(option)});
  std::vector<design> others;
  if (!o.compare.empty())
    for (auto const& name : distinct_chips(o.compare, "--compare")) others.push_back(design_named(name));
  std::set<std::string> labels;
  for (auto const& d : others)
    if (!labels.insert(d.request.label).second)
      throw error({errc::config_conflict, "two chips go by one name", "--compare", d.request.label,
                   "a name of its own for each", "set name = \"..\" in the file"});
  model::network const network = network_named(o.model);
  auto const p = prepare_for(chosen, network, o, common);
  bool const decodes = p.work.decode > 0;
  cost_report report;
  run_time_book book;  // its texts outlive the report
  if (o.prices.empty()) {
    report = preset.cost(p.work, p.settings);
  } else {
    book = parse_price_book(read_file(o.prices), o.prices);
    report =
        computation_chip_cost(preset.name, p.settings.chip, p.settings.prices, p.work, book, p.settings.choice.count);
  }
  report.chip = chosen.request.label;
  json comparison = json::array();
  for (auto const& other : others) {
    auto const q = prepare_for(other, network, o, common);
    auto r = other.preset->cost(q.work, q.settings);
    r.chip = other.request.label;
    comparison.push_back(compared(report, r, decodes));
  }

  FILE* const text = common.json == "-" ? stderr : stdout;
  auto const remarks = remarks_on(network, p.work, report);
  if (!common.quiet) {
    print_report(text, report, p.work, remarks);
    if (!comparison.empty()) print_comparison(text, comparison, report.chip);
  }
  json out = result_header("cost", common);
  out["config"] = p.config;
  out["model"] = p.work.model;
  out["chip"] = report.chip;
  out["base"] = preset.name;
  out["settings"] = chosen.request.set;
  out["source"] = preset.citation;
  out["model_source"] = network.source;
  out["remarks"] = remarks;
  out["tokens"] = p.work.tokens;
  out["decode"] = p.work.decode;
  out["batch"] = p.work.batch;
  out["weights"] = p.work.weights;
  out["area_mm2"] = modelled(report.area_mm2());
  out["energy_J"] = energies(report, decodes);
  out["latency_s"] = latencies(report, decodes);
  out["power_W"] = {{"peak", modelled(report.peak_power_W)},
                    {"average_prefill", modelled(report.average_power_W(phase::prefill))},
                    {"average_decode", decodes ? modelled(report.average_power_W(phase::decode)) : json(nullptr)}};
  out["rows"] = rows_of(report);
  out["notes"] = notes_of(report);
  if (!others.empty()) out["compare"] = comparison;
  if (o.sensitivity) {
    out["sensitivity"] = json::array();
    if (!common.quiet)
      fmt::print(text,
                 "\n10 % more of                area   energy: prefill    a token   latency: prefill    a token\n");
    for (auto const& s : chip::sensitivity(preset, p.work, p.settings)) {
      out["sensitivity"].push_back({{"constant", s.constant},
                                    {"share", 0.1},
                                    {"area", s.area},
                                    {"energy_prefill", s.prefill_energy},
                                    {"energy_decode_per_token", s.decode_energy},
                                    {"latency_prefill", s.prefill_latency},
                                    {"latency_decode_per_token", s.decode_latency}});
      if (!common.quiet)
        fmt::print(text, "{:<24} {:>+6.2f}%        {:>+7.2f}%   {:>+7.2f}%          {:>+7.2f}%   {:>+7.2f}%\n",
                   s.constant, 100 * s.area, 100 * s.prefill_energy, 100 * s.decode_energy, 100 * s.prefill_latency,
                   100 * s.decode_latency);
    }
  }
  if (!o.prices.empty()) {
    auto const unused = unused_prices(book, computation_chip_part_names(p.settings.chip), action_names<cost_actions>());
    out["unused_prices"] = unused;
    if (!common.quiet && !unused.empty()) fmt::print(text, "prices that nothing uses: {}\n", fmt::join(unused, ", "));
  }
  out["run"] = run_object(start, 1, "none");
  if (!o.report.empty()) write_page(o.report, report, p.work, comparison);
  if (!o.save_prices.empty())
    write_whole(o.save_prices,
                "# kind,name,value unit,origin,source: the book " + std::string(name_of_prices(p.settings)) + " of " +
                    std::string(report.chip) + "\n" +
                    to_text(computation_chip_book(p.settings.choice.prices, p.settings.prices, p.settings.chip)));
  write_result(common.json, out);
  return done;
}

}  // namespace program_cli
