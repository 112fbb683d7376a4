// ohmic cost: area, energy and latency of a model on a chip.
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <system_error>

#include "chips.hpp"
#include "cost_case.hpp"
#include "json_output.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/chip/sensitivity.hpp"
#include "ohmic/chip/workload.hpp"
#include "ohmic/cost/book_file.hpp"
#include "ohmic/model/file.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "report.hpp"
#include "terminal.hpp"
#include "text_cost.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// Largest price book that is read, in bytes.
constexpr std::uint64_t max_book_bytes = std::uint64_t{16} << 20;

struct prepared {
  chip::cost_settings settings;
  workload work;
  json config, function;
};

prepared prepare_for(design const& d, model::network const& n, cost_options const& o, common_options const& common) {
  auto const c = cost_case_of(d, common.set, o.duplication);
  return {c.settings(),
          chip::workload_of(n, {o.tokens, o.decode, o.batch, o.speculate, o.acceptance}, c.choices, c.activations()),
          settings_object(c.config), function_settings(d, common.set)};
}

/// The text of a price book: a file, or PLUGIN:PARAMETERS, the book that a loaded plugin opens for them. A plugin goes by its
/// own name or by that of its file, or is loaded now.
/// Errors  file_missing, also for a pipe or a device; capacity; those of the plugin
std::string book_text(std::string const& name) {
  std::error_code none;
  if (std::filesystem::exists(name, none) && !std::filesystem::is_directory(name, none))
    return model::read_whole(name, max_book_bytes);
  auto const colon = name.find(':');
  if (colon == name.npos) {
    std::string const near = plugin_named(name) != nullptr ? "for the plugin's book add ':' and its parameters" : "";
    throw error({errc::file_missing, "cannot be read", "--prices", name, "a price book, or PLUGIN:PARAMETERS",
                 near.empty() ? "check the path" : near});
  }
  std::string const id = name.substr(0, colon);
  auto const* const known = plugin_named(id);
  return (known != nullptr ? *known : load_plugin(id)).price_text(name.substr(colon + 1));
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

/// The energy that is compared: of the published count, which is how the baselines are known, at the book that is given
/// or at published prices.
double published_energy(cost_report const& r, phase when) {
  for (auto const& names : {book_notes, as_published_notes})
    if (double const noted = r.note(when == phase::prefill ? names.prefill_published : names.decode_published);
        noted > 0.0)
      return noted;
  double sum = 0.0;  // without links between chips, which the printed comparison leaves out
  for (auto const& row : r.rows)
    if (row.what == metric::dynamic_energy && row.when == when && row.block != "links") sum += row.total;
  return sum;
}

json compared(cost_report const& base, cost_report const& r, bool d, bool own_book) {
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
  out["compared"] = {{"energy_J", phases(published_energy(r, phase::prefill), published_energy(r, phase::decode), d)},
                     {"latency_s", latencies(r, d)}};
  ratios["latency_basis"] =
      "all that a chip's own model has: attention, norms and the head of a chip that counts them, products with "
      "weights alone of the others";
  ratios["energy_basis"] = std::string("as_published prices") + (own_book ? " (the baseline: those of its book)" : "") +
                           ", published count (products with weights only), no links between chips";
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

bool same(cost_report const& a, cost_report const& b) {
  if (a.rows.size() != b.rows.size() || a.notes.size() != b.notes.size() || a.peak_power_W != b.peak_power_W)
    return false;
  for (std::size_t i = 0; i < a.rows.size(); ++i)
    if (a.rows[i].count != b.rows[i].count || a.rows[i].unit_price != b.rows[i].unit_price) return false;
  for (std::size_t i = 0; i < a.notes.size(); ++i)
    if (a.notes[i].value != b.notes[i].value) return false;
  return true;
}

/// What was asked for that changes nothing: settings that a chip has no use for, tokens of a network without any.
std::vector<std::string> without_effect(design const& d, model::network const& n, cost_options const& o,
                                        common_options const& common, run_time_book const* book, prepared const& asked,
                                        cost_report const& report) {
  std::vector<std::string> out;
  auto const check = [&](std::string const& what, cost_options const& options, common_options const& settings) {
    auto const p = prepare_for(d, n, options, settings);
    if (p.config == asked.config && p.function == asked.function && options.tokens == o.tokens)
      return;  // what it is without being asked for
    auto const r = book ? d.preset->cost_at(p.work, p.settings, *book) : d.preset->cost(p.work, p.settings);
    if (same(r, report)) out.push_back(fmt::format("{} has no effect on this cost", what));
  };
  for (std::size_t i = 0; i < common.set.size(); ++i) {
    auto fewer = common;
    fewer.set.erase(fewer.set.begin() + static_cast<std::ptrdiff_t>(i));
    try {
      check("--set " + common.set[i], o, fewer);
    } catch (error const&) {}  // the others need it
  }
  auto other = o;
  if (other.duplication = 0; o.duplication > 0) check(fmt::format("--duplication {}", o.duplication), other, common);
  if (o.speculate == 0 && o.acceptance != cost_options{}.acceptance)
    out.push_back(fmt::format("--acceptance {} has no effect on this cost without --speculate", o.acceptance));
  if (o.decode > 1 && !n.transformer) out.push_back(fmt::format("--decode {} has no effect on this cost", o.decode));
  other = o;
  if (other.tokens = 0; o.tokens > 0 && !n.transformer) check(fmt::format("--tokens {}", o.tokens), other, common);
  return out;
}

/// What a reader of the counts has to know.
std::vector<std::string> remarks_on(model::network const& n, workload const& w, cost_report const& r,
                                    chip::cost_settings const& s, chip::cost_preset const& preset) {
  auto out = n.remarks;
  std::size_t const longest = n.transformer ? n.transformer->positions : 0, own = w.tokens + w.decode;
  if (longest > 0 && own > longest)
    out.push_back(fmt::format("{} tokens, but the model has {} positions", own, longest));
  if (double const caches = r.note("bound.cache_reads"), t = r.latency_s(phase::prefill);
      s.chip.reads == operand_reads::every_session && caches > 0.9 * t) {
    std::string less;
    auto other = s;  // what reads less, if anything does
    other.chip.reads = operand_reads::held;
    for (auto const& [registers, names] :
         {std::pair{s.chip.registers, "cost.reads=held"},
          std::pair{register_variant::literal, "cost.reads=held with cost.registers=literal"}}) {
      other.chip.registers = registers;
      if (double const then = preset.cost(w, other).latency_s(phase::prefill); less.empty() && then < 0.95 * t)
        less = fmt::format("; {} takes {:.3g} s", names, then);
    }
    out.push_back(
        fmt::format("the caches bound the prefill, {:.3g} of {:.3g} s: further copies buy nothing{}", caches, t, less));
  }
  if (double const chips = r.note("chips"); chips > 1.0)
    out.push_back(fmt::format("the model does not fit one chip: {:.0f} chips", chips));
  return out;
}

void print_report(FILE* out, cost_report const& r, workload const& w, std::vector<std::string> const& remarks) {
  say(out, "{} on {}: {:.2f} M weights, {} tokens, batch {}, {} generated\n\n", w.model, r.chip,
      static_cast<double>(w.weights) / 1e6, w.tokens, w.batch, w.decode);
  say(out, "{:<56} {:>12} {:>12} {:>12}      source (origin)\n", "row", "count", "unit price", "total");
  for (auto const& row : r.rows)
    say(out, "{:<56} {:>12.5g} {:>12.4g} {:>12.5g} {:<4} {} ({})\n", row.path(), row.count, row.unit_price, row.total,
        unit_of(row.what), row.source, name_of(row.from));
  say(out, "\n");
  for (auto const& n : r.notes) say(out, "{:<56} {:>12.5g} {:<9} {}\n", n.name, n.value, n.unit, n.meaning);
  auto const line = [&](char const* name, double value, char const* unit) {
    if (value > 0.0)
      say(out, "{:<56} {:>12.5g} {}\n", name, value, unit);
    else
      say(out, "{:<56} {:>12}\n", name, "-");
  };
  say(out, "\n");
  line("area", r.area_mm2(), "mm2");
  line("energy, prefill", r.energy_J(phase::prefill), "J");
  line("latency, prefill", r.latency_s(phase::prefill), "s");
  if (w.decode > 0)
    line("energy, a generated token", r.energy_J(phase::decode), "J"),
        line("latency, a step of generation", r.latency_s(phase::decode), "s");
  line("power, peak", r.peak_power_W, "W");
  line("power, average in prefill", r.average_power_W(phase::prefill), "W");
  if (w.decode > 0) line("power, average as tokens are generated", r.average_power_W(phase::decode), "W");
  for (auto const& remark : remarks) say(out, "remark: {}\n", remark);
}

std::string cell(json const& v) {
  return v.is_null() ? "-" : v.is_number() ? fmt::format("{:.4g}", v.get<double>()) : v.get<std::string>();
}

void print_comparison(FILE* out, json const& own, json const& comparison, bool own_book) {
  auto const base = own["chip"].get<std::string>();
  say(out,
      "\n{:<20} {:>12} {:>12} {:>12} {:>12}   ratios to {}. Energy: published prices{}, products with weights, no "
      "links; latency: as each model has it, baselines' of products with weights\n",
      "chip", "area mm2", "prefill J", "token J", "prefill s", base, own_book ? ", of its book," : "");
  auto const print = [out](json const& c) {
    auto const &r = c["ratios"], &energy = c["compared"]["energy_J"];
    say(out,
        "{:<20} {:>12} {:>12} {:>12} {:>12}   area {} x, prefill energy {} x, token energy {} x, prefill "
        "latency {} x\n",
        cell(c["chip"]), cell(c["area_mm2"]), cell(energy["prefill"]), cell(energy["decode_per_token"]),
        cell(c["latency_s"]["prefill"]), cell(r["area"]), cell(r["energy"]["prefill"]),
        cell(r["energy"]["decode_per_token"]), cell(r["latency"]["prefill"]));
  };
  print(own);
  for (auto const& c : comparison) print(c);
}

constexpr double sensitivity_share = 0.1;

json sensitivity_object(chip::sensitivity_row const& s) {
  json out{{"constant", s.constant}, {"share", sensitivity_share}, {"down", json::object()}};
  for (std::size_t i = 0; i < chip::moved_totals; ++i) {
    std::string const key(chip::name_of(static_cast<chip::moved_total>(i)));
    out[key] = s.up[i];
    out["down"][key] = s.down[i];
  }
  return out;
}

void print_sensitivity(FILE* out, std::vector<chip::sensitivity_row> const& rows) {
  say(out, "\n{:<32}", "10 % more, 10 % less of");
  for (char const* title : {"area", "energy, prefill", "energy, a token", "latency, prefill", "latency, a token"})
    say(out, " {:>18}", title);
  for (auto const& s : rows) {
    say(out, "\n{:<32}", s.constant);
    for (std::size_t i = 0; i < chip::moved_totals; ++i)
      say(out, " {:>+8.2f}% {:>+8.2f}%", 100 * s.up[i], 100 * s.down[i]);
  }
  say(out, "\n{:<32}", "moved most by");
  for (std::size_t i = 0; i < chip::moved_totals; ++i) {
    auto const name = chip::strongest(rows, static_cast<chip::moved_total>(i));
    say(out, " {:>18}", name.empty() ? "-" : name);
  }
  say(out, "\n");
}

}  // namespace

int cost(cost_options const& o, common_options const& given) {
  auto common = given;
  if (!o.attention.empty()) {
    require_other_key(common.set, "attention.policy", o.attention, "--attention");
    common.set.push_back("attention.policy=" + o.attention);
  }
  auto const start = std::chrono::steady_clock::now();
  std::vector<output_file> outputs{{common.report, "--report"}, {o.save_prices, "--save-prices"}};
  if (common.json != "-") outputs.push_back({common.json, "--json"});
  check_files_writable(outputs);
  check_reports(common);
  design const chosen = design_named(o.chip);
  auto const& preset = *chosen.preset;
  if (!o.attention.empty() && !preset.has_book)
    throw error({errc::config_conflict, "the cost of this chip counts no attention", "--attention",
                 std::string(preset.name), "wang2024, wang2024_published", "remove --attention"});
  for (auto const& [option, file] : {std::pair{"--prices", &o.prices}, {"--save-prices", &o.save_prices}})
    if (!file->empty() && !preset.has_book)
      throw error({errc::config_conflict, "this chip has no book of prices", option, std::string(preset.name),
                   "wang2024, wang2024_published", "remove " + std::string(option)});
  if (o.sensitivity && !o.prices.empty())
    throw error({errc::config_conflict, "moves the constants behind the default book, not the prices of a file",
                 "--sensitivity", "--prices " + o.prices, "one of both",
                 "remove one, or scale a line of the file and compare the results"});
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
    book = parse_price_book(book_text(o.prices), o.prices);
    report = preset.cost_at(p.work, p.settings, book);
  }
  report.chip = chosen.request.label;
  json comparison = json::array();
  for (auto const& other : others) {
    auto const q = prepare_for(other, network, o, common);
    auto r = other.preset->cost(q.work, q.settings);
    r.chip = other.request.label;
    comparison.push_back(compared(report, r, decodes, !o.prices.empty()));
  }

  FILE* const text = common.json == "-" ? stderr : stdout;
  auto remarks = remarks_on(network, p.work, report, p.settings, preset);
  for (auto& remark : without_effect(chosen, network, o, common, o.prices.empty() ? nullptr : &book, p, report))
    remarks.push_back(std::move(remark));
  if (!common.quiet) {
    print_report(text, report, p.work, remarks);
    if (!comparison.empty())
      print_comparison(text, compared(report, report, decodes, !o.prices.empty()), comparison, !o.prices.empty());
  }
  json out = result_header("cost", common);
  out["config"] = p.config;
  out["function"] = preset.has_book ? p.function : json(nullptr);  // the others are known by their cost alone
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
  if (p.work.drafted > 0)
    out["speculation"] = {
        {"drafted", p.work.drafted}, {"acceptance", o.acceptance}, {"tokens_per_step", p.work.tokens_per_step()}};
  out["weights"] = p.work.weights;
  out["area_mm2"] = modelled(report.area_mm2());
  out["energy_J"] = energies(report, decodes);
  out["latency_s"] = latencies(report, decodes);
  out["power_W"] = {{"peak", modelled(report.peak_power_W)},
                    {"average_prefill", modelled(report.average_power_W(phase::prefill))},
                    {"average_decode", decodes ? modelled(report.average_power_W(phase::decode)) : json(nullptr)}};
  out["rows"] = rows_of(report);
  out["notes"] = notes_of(report);
  if (preset.has_book) out["timeline"] = timeline_of_prefill(p.settings.chip, p.work);
  if (!others.empty()) out["compare"] = comparison;
  if (o.sensitivity) {
    out["sensitivity"] = json::array();
    auto const rows = chip::sensitivity(preset, p.work, p.settings);
    for (auto const& s : rows) out["sensitivity"].push_back(sensitivity_object(s));
    for (std::size_t i = 0; i < chip::moved_totals; ++i) {
      auto const total = static_cast<chip::moved_total>(i);
      auto const name = chip::strongest(rows, total);
      out["sensitivity_most"][std::string(chip::name_of(total))] = name.empty() ? json(nullptr) : json(name);
    }
    if (!common.quiet) print_sensitivity(text, rows);
  }
  if (!o.prices.empty()) {
    auto const unused = unused_prices(book, computation_chip_part_names(p.settings.chip),
                                      action_names<join<cost_actions, write_actions>>());
    out["unused_prices"] = unused;
    if (!common.quiet && !unused.empty()) say(text, "prices that nothing uses: {}\n", fmt::join(unused, ", "));
  }
  out["run"] = run_object(start, 1, "none");
  write_reports(out, common);
  if (!o.save_prices.empty())
    write_whole(o.save_prices,
                "# kind,name,value unit,origin,source: the book " + std::string(name_of_prices(p.settings)) + " of " +
                    std::string(preset.name) + "\n" +  // not the name in a file, which a spreadsheet might run
                    to_text(computation_chip_book(p.settings.choice.prices, p.settings.prices, p.settings.chip)));
  write_result(common.json, out);
  return done;
}

}  // namespace program_cli
