// The program `ohmic`: commands, and errors as exit statuses.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/core.h>
#include <new>
#include <sstream>
#include <string>
#include <system_error>

#include "command_line.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/near_names.hpp"
#include "ohmic/core/printable.hpp"
#include "options.hpp"
#include "outputs_apart.hpp"
#include "plugins.hpp"
#include "signals.hpp"
#include "terminal.hpp"
#include "usage_error.hpp"
#include "verify.hpp"
#include "verify_stamp.hpp"

namespace {

using namespace program_cli;

/// Messages quote what strangers wrote, and go to a terminal.
constexpr std::size_t longest_message = 8192;

/// Refuses what was typed instead of a command, or that nothing was.
/// Errors  unknown_id, naming the commands there are
void refuse_other_words(CLI::App& app, std::string const& of, int argc, char** argv, int at) {
  std::string const word = argc > at ? argv[at] : "";
  if (word.starts_with("-")) return;
  std::vector<std::string> names;
  for (auto const* command : app.get_subcommands([](CLI::App const*) { return true; }))
    names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return;
  auto const near = ohmic::nearest_name(word, names);
  throw ohmic::error(
      {ohmic::errc::unknown_id, word.empty() ? "needs a command" : "no such command", of,
       word.empty() ? "nothing" : ohmic::in_quotes(word), ohmic::joined(names),
       near.empty() ? "see: ohmic " + of + (of.empty() ? "--help" : " --help") : "did you mean '" + near + "'?"});
}

/// The command as a shell reads it.
std::string typed(int argc, char** argv) {
  std::string out = "ohmic";
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    bool const plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789-_=+./:,@%") == word.npos;
    out += ' ';
    if (plain) {
      out += word;
      continue;
    }
    out += '\'';
    for (char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    out += '\'';
  }
  return out;
}

int run(int argc, char** argv) {
  command_line line;
  auto& app = line.app;
  auto& common = line.common;
  common.command = typed(argc, argv);
  refuse_other_words(app, "", argc, argv, 1);
  if (argc > 1 && argv[1] == std::string("plugin")) refuse_other_words(*line.plugin_command, "plugin", argc, argv, 2);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    if (e.get_exit_code() != 0) throw usage_error(app, e);
    std::ostringstream help;
    app.exit(e, help, help);
    say_text(stdout, help.str());
    return done;
  }
  line.refuse_options_as_values();
  auto const words = line.words();
  check_apart(words);
  bool const has_result = !common.json.empty() || !common.report.empty() || !common.svg.empty();
  if (has_result || *line.calibrate_command) remember_run(words, line.deciding());
  if (*line.verify_command) {
    line.verify.threads_given = line.verify_command->count("--threads") > 0;
    line.verify.timeout_given = line.verify_command->count("--plugin-timeout") > 0;
    return verify(line.verify, common);
  }
  load_plugins(common);
  if (*line.calibrate_command) return calibrate(line.calibrate, common);
  if (*line.cost_command) return cost(line.cost, common);
  if (*line.reproduce_command) return reproduce(line.reproduce, common);
  if (*line.generate_command) return generate(line.generate, common);
  if (*line.solve_command) return solve(line.solve, common);
  if (*line.plugin_command) return plugin_check(line.check, common);
  if (*line.mvm_command) {
    line.mvm.seed_is_given = line.mvm_command->count("--seed") > 0;
    return mvm(line.mvm, common);
  }
  if (*line.merge_command) return merge_sweeps(line.sweep, common);
  if (*line.sweep_command) return sweep(line.sweep, common);
  return *line.deploy_command ? deploy(line.deploy, common) : list(line.what, common);
}

/// What the system says of a name that nobody else has found words for.
ohmic::error refused_by_system(std::filesystem::filesystem_error const& e) {
  bool of_the_name = false;
  for (auto const code :
       {std::errc::filename_too_long, std::errc::too_many_symbolic_link_levels, std::errc::not_a_directory,
        std::errc::no_such_file_or_directory, std::errc::permission_denied})
    of_the_name = of_the_name || e.code() == code;
  return ohmic::error({of_the_name ? ohmic::errc::file_missing : ohmic::errc::write_failed, "cannot be opened",
                       e.path1().string(), e.code().message(), "a file or folder that is there", "check the name"});
}

}  // namespace

int main(int argc, char** argv) {
  keep_streams();
  handle_signals();
  auto const say_why = [](char const* why) { say(stderr, "ohmic: {}\n", ohmic::printable(why, longest_message)); };
  try {
    int const status = run(argc, argv);
    require_living_plugins();
    finish_output();
    return status;
  } catch (ohmic::error const& e) {
    say_why(e.what());
    return e.is_bad_input() ? bad_input : not_finished;
  } catch (std::filesystem::filesystem_error const& e) {
    auto const why = refused_by_system(e);
    say_why(why.what());
    return why.is_bad_input() ? bad_input : not_finished;
  } catch (std::bad_alloc const&) {
    std::fputs("ohmic: out of memory; try fewer threads or a smaller model\n", stderr);  // which takes none
    return not_finished;
  } catch (std::exception const& e) {
    say_why(std::ferror(stdout) != 0 ? output_failure(e.what()).what() : e.what());
    return not_finished;
  }
}
