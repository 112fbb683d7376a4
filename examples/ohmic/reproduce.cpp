// ohmic reproduce: every printed figure computed from parts and counts, beside what is printed.
#include "ohmic/chip/reproduce.hpp"

#include <chrono>
#include <fmt/core.h>

#include "cost_case.hpp"
#include "json_output.hpp"
#include "ohmic/chip/beside.hpp"
#include "options.hpp"
#include "report.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

json number_or_text(double value, std::string_view text) { return std::isfinite(value) ? json(value) : json(text); }

json row_object(chip::reproduced_row const& r) {
  auto const& p = *r.printed;
  return {{"id", p.id},
          {"printed", number_or_text(chip::number_of(p), p.value)},
          {"computed", number_or_text(r.value, r.computed)},
          {"difference", r.difference},
          {"rel_tol", p.rel_tol},
          {"grade", chip::name_of(p.how)},
          {"pass", r.pass()},
          {"reason", r.reason},
          {"formula", r.formula},
          {"within", r.within},
          {"listed", r.listed},
          {"fitted_on", r.fitted_on},
          {"by_construction", r.by_construction()},
          {"applied", r.applied},
          {"quantity", p.quantity},
          {"subject", p.subject},
          {"unit", p.unit},
          {"where", p.where}};
}

std::string shown(double value, std::string const& text) {
  return std::isfinite(value) ? fmt::format("{:.5g}", value) : text;
}

std::string verdict(chip::reproduced_row const& r) {
  if (r.pass()) return r.listed ? "listed" : "pass";
  return r.listed ? "FAIL (listed, but agrees)" : "FAIL";
}

void print_rows(FILE* out, std::vector<chip::reproduced_row> const& rows) {
  say(out, "{:<28} {:>14} {:>14} {:>9} {:>7}  {:<10} {:<8} formula\n", "id", "printed", "computed", "diff", "tol",
      "grade", "");
  for (auto const& r : rows) {
    say(out, "{:<28} {:>14} {:>14} {:>+8.2f}% {:>6.1f}%  {:<10} {:<8} {}{}\n", r.printed->id, r.printed->value,
        shown(r.value, r.computed), 100.0 * r.difference, 100.0 * r.printed->rel_tol, chip::name_of(r.printed->how),
        verdict(r), r.formula,
        r.applied             ? " [the printed value was applied, not computed]"
        : r.by_construction() ? " [fitted on this row: agrees by construction]"
        : r.fitted_on.empty() ? std::string()
                              : fmt::format(" [fitted on {}]", r.fitted_on));
    if (!r.reason.empty()) say(out, "{:<28}   reason: {}\n", "", r.reason);
  }
}

/// prices.NAME=value unit.
/// Errors  unknown_key, config_value
void set_price(component_prices& prices, std::string_view assignment) {
  auto const equals = std::min(assignment.find('='), assignment.size());
  std::string const key(assignment.substr(0, equals)), name = key.substr(std::string_view("prices.").size());
  std::vector<std::string> names;
  bool found = false;
  for_each_price(prices, [&]<class Q>(char const* known, price<Q>& p) {
    names.push_back(std::string("prices.") + known);
    if (name != known) return;
    found = true;
    p = {parse_quantity<Q>(assignment.substr(std::min(equals + 1, assignment.size())), key), "--set",
         origin::assumption};
  });
  if (found) return;
  std::string const near = nearest_name(key, names);
  throw error(
      {errc::unknown_key, "unknown key", key, "", joined(names), near.empty() ? "" : "did you mean '" + near + "'?"});
}

/// The inputs with what --set moves: the chip's settings of cost, and component prices. Fitted constants stay.
chip::reproduction_inputs moved_inputs(std::vector<std::string> const& set) {
  chip::reproduction_inputs in;
  cost_command_config c;
  for (auto const& s : set) {
    if (s.starts_with("prices.")) {
      set_price(in.prices, s);
    } else if (s.starts_with("cost.")) {
      assign(c, s);
    } else {
      throw error({errc::config_conflict, "is no input of the reproduction", "--set", s,
                   "settings cost.* and component prices prices.*", "use ohmic cost to change the chip"});
    }
  }
  computation_chip_config::validate(c.cost);
  component_prices::validate(in.prices);
  in.chip = c.cost;
  return in;
}

}  // namespace

int reproduce(reproduce_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  check_reports(common);
  auto const inputs = moved_inputs(common.set);
  auto rows = chip::reproduce(inputs);
  std::erase_if(rows, [&](auto const& r) { return !r.printed->id.starts_with(o.only); });
  if (rows.empty())
    throw error({errc::unknown_id, "no printed value whose id starts so", "--only", "'" + o.only + "'",
                 "for example fig12a or tab10", "see: ohmic reproduce"});
  auto const beside = o.only.empty() ? chip::beside_printed(inputs) : std::vector<chip::beside_value>{};
  std::size_t failed = 0, listed = 0, constructed = 0, applied = 0;
  for (auto const& r : rows)
    failed += static_cast<std::size_t>(!r.pass()), listed += static_cast<std::size_t>(r.listed),
        constructed += static_cast<std::size_t>(r.by_construction()), applied += static_cast<std::size_t>(r.applied);

  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet) {
    print_rows(text, rows);
    if (!beside.empty()) say(text, "\nBeside the printed\n");
    for (auto const& v : beside) say(text, "{:<58} {:>12.5g} {:<8} {}\n", v.id, v.value, v.unit, v.meaning);
    say(text,
        "\n{} rows, {} agree ({} of them by construction, {} applied and not computed), {} listed with a reason, "
        "{} fail\n",
        rows.size(), rows.size() - listed - failed, constructed, applied, listed, failed);
  }
  json out = result_header("reproduce", common);
  out["config"] = settings_object(inputs.chip);
  out["set"] = common.set;
  out["only"] = o.only;
  out["rows"] = json::array();
  for (auto const& r : rows) out["rows"].push_back(row_object(r));
  out["summary"] = {{"rows", rows.size()},
                    {"by_construction", constructed},
                    {"applied", applied},
                    {"listed", listed},
                    {"failed", failed}};
  out["constants"] = json::array();
  for (auto const& k : chip::list_constants(chip::fitted()))
    out["constants"].push_back({{"name", k.name}, {"value", k.value}, {"unit", k.unit}, {"fitted_on", k.fitted_on}});
  out["prices"] = json::array();
  for_each_price(inputs.prices, [&](char const* name, auto const& p) {
    out["prices"].push_back({{"name", std::string("prices.") + name},
                             {"value", to_text(p.value)},
                             {"origin", name_of(p.from)},
                             {"source", p.source}});
  });
  out["knobs"] = chip::knobs;
  out["beside"] = json::array();
  for (auto const& v : beside)
    out["beside"].push_back({{"id", v.id}, {"value", finite(v.value)}, {"unit", v.unit}, {"meaning", v.meaning}});
  out["run"] = run_object(start, 1, "none");
  write_reports(out, common);
  write_result(common.json, out);
  return failed == 0 ? done : check_failed;
}

}  // namespace program_cli
