// ohmic plugin check: what an author wants to know of a plugin before it ships.
#include <algorithm>
#include <chrono>

#include "json_output.hpp"
#include "ohmic/plugin/conformance.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

int plugin_check(plugin_check_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  // First in a process of its own, so that a crash or a hang is a finding too; then in this one, which can do more.
  auto const file = find_plugin(o.file);
  require_plugins_allowed(file);
  plugin::loaded p(file, isolation_of(common));
  auto findings = plugin::conformance(p, o.parameters, o.device);
  if (!common.plugin_isolated &&
      std::all_of(findings.begin(), findings.end(), [](auto const& f) { return f.passed; })) {
    p = plugin::loaded(file);
    findings = plugin::conformance(p, o.parameters, o.device);
  }
  FILE* const text = common.json == "-" ? stderr : stdout;
  json out = result_header("plugin check", common);
  out["file"] = p.where();
  out["plugin"] = plugin_object(p);
  out["findings"] = json::array();
  json times = json::object();  // of another run, other times
  bool passed = true;
  if (!common.quiet)
    say(text, "{} {}: {}\nABI {}.{}, {} device{}{}\n", p.table().name, p.table().version, p.table().summary,
        p.table().abi_major, p.table().abi_minor, p.devices().size(), p.devices().size() == 1 ? "" : "s",
        out["plugin"].contains("prices") ? ", price books" : "");
  for (auto const& f : findings) {
    passed = passed && f.passed;
    if (f.is_time) times[f.device] = f.detail;
    out["findings"].push_back({{"device", f.device},
                               {"what", f.what},
                               {"pass", f.passed},
                               {"detail", f.is_time ? "see run.times" : f.detail}});
    if (!common.quiet)
      say(text, "{:<20} {} {}{}{}\n", f.device, f.passed ? "ok    " : "FAILED", f.what, f.detail.empty() ? "" : ": ",
          f.detail);
  }
  out["pass"] = passed;
  out["run"] = run_object(start, 1, "none");
  out["run"]["times"] = times;
  write_result(common.json, out);
  return passed ? done : check_failed;
}

}  // namespace program_cli
