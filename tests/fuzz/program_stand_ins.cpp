// What the harnesses of the program's parsers link instead of the rest of it: no plugin is loaded, no command runs.
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/core/error.hpp"
#include "outputs_apart.hpp"
#include "plugins.hpp"
#include "terminal.hpp"
#include "verify.hpp"
#include "verify_stamp.hpp"

namespace program_cli {

ohmic::plugin::loaded const& load_plugin(std::string const& name) {
  throw ohmic::error(
      {ohmic::errc::plugin_file, "no plugin is loaded here", "--plugin", ohmic::in_quotes(name), "", ""});
}
ohmic::plugin::loaded const* plugin_named(std::string const&) { return nullptr; }
void load_plugins(common_options const& common) {
  for (auto const& p : common.plugins) load_plugin(p);
}
// What the program says is kept instead: `command_line` looks at it.
std::string& said(std::FILE* out) {
  static std::string result, trouble;
  return out == stderr ? trouble : result;
}
void say_text(std::FILE* out, std::string_view text) noexcept { said(out) += text; }
std::string for_terminal(std::string_view text) { return std::string(text); }
void keep_streams() noexcept {}
ohmic::error output_failure(std::string const& why) {
  return ohmic::error({ohmic::errc::write_failed, why, "", "", "", ""});
}
void finish_output() {}

json finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }
void bind_device(ohmic::resistive_cell_config&) {}

int deploy(deploy_options const&, common_options const&) { return done; }
int calibrate(calibrate_options const&, common_options const&) { return done; }
int generate(generate_options const&, common_options const&) { return done; }
int cost(cost_options const&, common_options const&) { return done; }
int reproduce(reproduce_options const&, common_options const&) { return done; }
int solve(solve_options const&, common_options const&) { return done; }
int mvm(mvm_options const&, common_options const&) { return done; }
int sweep(sweep_options const&, common_options const&) { return done; }
int merge_sweeps(sweep_options const&, common_options const&) { return done; }
int verify(verify_options const&, common_options const&) { return done; }
void require_living_plugins() {}
void check_apart(std::vector<std::string> const&) {}
void remember_run(std::vector<std::string>, std::vector<given_option>) {}
int plugin_check(plugin_check_options const&, common_options const&) { return done; }
int list(std::string const&, common_options const&) { return done; }

}  // namespace program_cli
