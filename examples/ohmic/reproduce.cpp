// ohmic reproduce: every printed figure computed from parts and counts, beside what is printed.
#include "ohmic/chip/reproduce.hpp"

#include <chrono>
#include <fmt/core.h>

#include "json_output.hpp"
#include "ohmic/chip/beside.hpp"
#include "options.hpp"
#include "page.hpp"

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
  fmt::print(out, "{:<28} {:>14} {:>14} {:>9} {:>7}  {:<10} {:<8} formula\n", "id", "printed", "computed", "diff",
             "tol", "grade", "");
  for (auto const& r : rows) {
    fmt::print(out, "{:<28} {:>14} {:>14} {:>+8.2f}% {:>6.1f}%  {:<10} {:<8} {}{}\n", r.printed->id, r.printed->value,
               shown(r.value, r.computed), 100.0 * r.difference, 100.0 * r.printed->rel_tol,
               chip::name_of(r.printed->how), verdict(r), r.formula,
               r.by_construction()   ? " [fitted on this row: agrees by construction]"
               : r.fitted_on.empty() ? std::string()
                                     : fmt::format(" [fitted on {}]", r.fitted_on));
    if (!r.reason.empty()) fmt::print(out, "{:<28}   reason: {}\n", "", r.reason);
  }
}

void write_page(std::string const& file, std::vector<chip::reproduced_row> const& rows,
                std::vector<chip::beside_value> const& beside) {
  page p("Printed and computed");
  table t{{"id", "quantity", "subject", "printed", "computed", "difference", "tolerance", "grade", "verdict", "formula",
           "fitted on", "where"}};
  for (auto const& r : rows)
    t.push_back({std::string(r.printed->id), std::string(r.printed->quantity), std::string(r.printed->subject),
                 std::string(r.printed->value), shown(r.value, r.computed),
                 fmt::format("{:+.2f} %", 100.0 * r.difference), fmt::format("{:.1f} %", 100.0 * r.printed->rel_tol),
                 std::string(chip::name_of(r.printed->how)),
                 r.reason.empty() ? verdict(r) : fmt::format("{}: {}", verdict(r), r.reason), r.formula, r.fitted_on,
                 std::string(r.printed->where)});
  p.add(t).heading("Beside the printed");
  table b{{"id", "value", "unit", "meaning"}};
  for (auto const& v : beside) b.push_back({v.id, fmt::format("{:.5g}", v.value), v.unit, v.meaning});
  p.add(b).heading("Choices made after seeing a figure");
  table k{{"choice"}};
  for (auto knob : chip::knobs) k.push_back({std::string(knob)});
  p.add(k).write(file);
}

}  // namespace

int reproduce(reproduce_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  if (!common.set.empty())
    throw error({errc::config_conflict, "the reproduction has no settings", "--set", common.set.front(), "none",
                 "use ohmic cost to change the chip"});
  auto rows = chip::reproduce();
  std::erase_if(rows, [&](auto const& r) { return !r.printed->id.starts_with(o.only); });
  if (rows.empty())
    throw error({errc::unknown_id, "no printed value whose id starts so", "--only", "'" + o.only + "'",
                 "for example fig12a or tab10", "see: ohmic reproduce"});
  auto const beside = o.only.empty() ? chip::beside_printed() : std::vector<chip::beside_value>{};
  std::size_t failed = 0, listed = 0, constructed = 0;
  for (auto const& r : rows)
    failed += static_cast<std::size_t>(!r.pass()), listed += static_cast<std::size_t>(r.listed),
        constructed += static_cast<std::size_t>(r.by_construction());

  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet) {
    print_rows(text, rows);
    if (!beside.empty()) fmt::print(text, "\nBeside the printed\n");
    for (auto const& v : beside) fmt::print(text, "{:<58} {:>12.5g} {:<8} {}\n", v.id, v.value, v.unit, v.meaning);
    fmt::print(text, "\n{} rows, {} agree ({} of them by construction), {} listed with a reason, {} fail\n",
               rows.size(), rows.size() - listed - failed, constructed, listed, failed);
  }
  json out = result_header("reproduce", common);
  out["config"] = settings_object(computation_chip_config{});
  out["only"] = o.only;
  out["rows"] = json::array();
  for (auto const& r : rows) out["rows"].push_back(row_object(r));
  out["summary"] = {{"rows", rows.size()}, {"by_construction", constructed}, {"listed", listed}, {"failed", failed}};
  out["constants"] = json::array();
  for (auto const& k : chip::list_constants(chip::fitted()))
    out["constants"].push_back({{"name", k.name}, {"value", k.value}, {"unit", k.unit}, {"fitted_on", k.fitted_on}});
  out["knobs"] = chip::knobs;
  out["beside"] = json::array();
  for (auto const& v : beside)
    out["beside"].push_back({{"id", v.id}, {"value", finite(v.value)}, {"unit", v.unit}, {"meaning", v.meaning}});
  out["run"] = run_object(start, 1, "none");
  if (!o.report.empty()) write_page(o.report, rows, beside);
  write_result(common.json, out);
  return failed == 0 ? done : check_failed;
}

}  // namespace program_cli
