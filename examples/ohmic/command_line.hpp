// The command line: the options of every command, as CLI11 takes them.
#pragma once

#include <CLI/CLI.hpp>  // parsing, help, and errors that name the option
#include <string>
#include <vector>

#include "command_words.hpp"
#include "options.hpp"
#include "verify.hpp"

namespace program_cli {

/// The options of all commands, and what was given of them once `app` has parsed.
class command_line {
 public:
  command_line();
  command_line(command_line const&) = delete;
  command_line& operator=(command_line const&) = delete;

  /// CLI11 gives an option its next word whatever that is; whoever reads the words would take one that is spelt as an option for one.
  /// Errors  config_value
  void refuse_options_as_values() const;

  /// What was taken, in words that are taken in the same way again (command_words.hpp).
  [[nodiscard]] std::vector<std::string> words() const;

  /// What decides the numbers, in the order of `words`: no outputs, no circumstances, no defaults, numbers in one spelling.
  [[nodiscard]] std::vector<given_option> deciding() const;

  common_options common;
  deploy_options deploy;
  generate_options generate;
  cost_options cost;
  reproduce_options reproduce;
  calibrate_options calibrate;
  solve_options solve;
  mvm_options mvm;
  sweep_options sweep;
  plugin_check_options check;
  verify_options verify;
  std::string what = "chips";  ///< to list
  CLI::App app;
  CLI::App *deploy_command, *generate_command, *cost_command, *reproduce_command, *calibrate_command, *solve_command,
      *mvm_command, *sweep_command, *merge_command, *plugin_command, *verify_command;

 private:
  struct given {
    CLI::Option const* option;
    std::string name;
  };
  /// Positional ones first, as behind an option that takes several values they would be some of them; then by name.
  [[nodiscard]] std::vector<given> given_options() const;
  [[nodiscard]] std::vector<std::string> commands() const;
};

}  // namespace program_cli
