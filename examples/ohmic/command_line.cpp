// The command line: options of every command, and what was given of them.
#include "command_line.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fmt/core.h>
#include <optional>
#include <utility>

#include "command_words.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/near_names.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/utf8.hpp"
#include "usage_error.hpp"

namespace program_cli {

namespace {

/// Whole numbers as they are counted, in one spelling from here on: CLI11 takes what is beyond 64 bits as the largest, and 010 as eight.
CLI::Validator whole_number(std::uint64_t low = 0, std::uint64_t high = ~std::uint64_t{0}) {
  return {[low, high](std::string& text) {
            std::uint64_t n = 0;
            if (!ohmic::field_format<std::uint64_t>::parse(text, n).empty() || n < low || n > high)
              return fmt::format("is no whole number within its range; got '{}', allowed: {}..{}", text, low,
                                 high == ~std::uint64_t{0} ? "2^64 - 1" : std::to_string(high));
            text = std::to_string(n);
            return std::string();
          },
          "WHOLE NUMBER"};
}

/// A number between two others. CLI::Range takes nan too, and nothing as 0.
CLI::Validator number_between(double low, double high) {
  return {[low, high](std::string& text) {
            double v = 0.0;
            return ohmic::field_format<double>::parse(text, v).empty() && v >= low && v <= high
                       ? std::string()
                       : fmt::format("is no number within its range; got '{}', allowed: {}..{}", text, low, high);
          },
          "NUMBER"};
}

/// What the command itself bounds, with words of its own.
CLI::Validator const any_number(
    [](std::string& text) {
      double v = 0.0;
      return ohmic::field_format<double>::parse(text, v).empty()
                 ? std::string()
                 : "is no number; got '" + text + "', allowed: such as 2.5 or 1e-3";
    },
    "NUMBER");

CLI::Validator one_of(std::vector<std::string> names) {
  return {[names = std::move(names)](std::string& text) {
            if (std::find(names.begin(), names.end(), text) != names.end()) return std::string();
            auto const near = ohmic::nearest_name(text, names);
            return fmt::format("is not known; got '{}', allowed: {}{}", text, ohmic::joined(names),
                               near.empty() ? "" : "; did you mean '" + near + "'?");
          },
          "NAME"};
}

/// As texts of files have to be.
CLI::Validator const utf8_text(
    [](std::string& text) {
      auto const at = ohmic::find_invalid_utf8(text);
      return at == text.npos ? std::string()
                             : fmt::format("is not UTF-8 at byte {}; got '{}', allowed: UTF-8", at, text);
    },
    "");

/// Options of every command, `verify` too.
void add_circumstances(CLI::App& command, common_options& common) {
  command.add_option("--json", common.json, "Write the result as JSON to FILE, - for standard output")
      ->type_name("FILE");
  command
      .add_option("--threads", common.threads, "Threads; 0: as many as the machine has. Results do not depend on it")
      ->transform(whole_number(0, 1024))
      ->capture_default_str();
  command.add_flag("--quiet", common.quiet, "No table, no progress");
  command.add_flag("--plugin-isolated", common.plugin_isolated,
                   "Run plugins in processes of their own: what they crash, hang or overwrite is not this one");
  command.add_flag("--no-plugins", common.no_plugins,
                   "Refuse to load any plugin: for settings and chips of strangers, which may name some");
  command
      .add_option("--plugin-timeout", common.plugin_timeout_s,
                  "Longest that a call of an isolated plugin may take, in s")
      ->check(number_between(0.001, 86400.0))
      ->capture_default_str();
  command
      .add_option("--instruction-set", common.instruction_set,
                  "auto, baseline, avx2 or avx512. Results do not depend on it")
      ->check(one_of({"auto", "baseline", "avx2", "avx512"}))
      ->capture_default_str();
}

void add_common(CLI::App& command, common_options& common) {
  command.add_option("--seed", common.seed, "Seed of every random number")
      ->transform(whole_number())
      ->capture_default_str();
  command
      .add_option("--set", common.set,
                  "Change a setting, key=value: of the chips (see: ohmic list chips), or of what the command runs; of "
                  "one key the last counts")
      ->type_name("KEY=VALUE");
  command
      .add_option("--plugin", common.plugins,
                  "Load a plugin, which runs its code: a path with a slash, or a name in a folder of OHMIC_PLUGIN_PATH")
      ->type_name("FILE");
  add_circumstances(command, common);
}

void add_reports(CLI::App& command, common_options& common) {
  command.add_option("--report", common.report, "Write the result as a page that opens without a network")
      ->type_name("FILE.html");
  command.add_option("--svg", common.svg, "Write each chart of that page to a folder")->type_name("DIR");
}

/// A number in one spelling of its own; nothing for other text.
std::optional<std::string> number_as_printed(std::string const& text) {
  std::uint64_t whole = 0;
  if (ohmic::field_format<std::uint64_t>::parse(text, whole).empty()) return std::to_string(whole);
  double v = 0.0;
  if (!ohmic::field_format<double>::parse(text, v).empty()) return std::nullopt;
  return v >= 0.0 && v < 0x1p53 && v == std::floor(v) ? std::to_string(static_cast<std::uint64_t>(v))
                                                      : fmt::format("{}", v);
}

void add_solve(CLI::App& command, solve_options& o) {
  auto const file = [&](char const* name, std::string& value, char const* text) {
    return command.add_option(name, value, text)->type_name("FILE");
  };
  auto const ohm = [&](char const* name, double& value, char const* text) {
    command.add_option(name, value, text)->type_name("OHM")->check(any_number)->capture_default_str();
  };
  auto* const g = file("--conductances", o.conductances, "Devices in S, .npy (word lines, bit lines), 0: open");
  file("--resistances", o.resistances, "Devices in ohm instead, inf: open")->excludes(g);
  file("--voltages", o.voltages, "Voltages of the drivers, .npy (word lines) or (word lines, vectors)")->required();
  file("--output", o.output, "Currents into the sense ends, .npy (bit lines) or (bit lines, vectors)")->required();
  ohm("--r-word", o.word_ohm, "Resistance of a segment of a word line, 0: none");
  ohm("--r-bit", o.bit_ohm, "Resistance of a segment of a bit line, 0: none");
  ohm("--r-driver", o.driver_ohm, "Resistance of a driver");
  ohm("--r-sense", o.sense_ohm, "Resistance from a bit line's last segment to 0 V");
  auto* const both = command.add_flag("--two-sided", o.two_sided, "Drive word lines from both ends");
  command.add_flag("--ground-words", o.ground_words, "Tie the far ends of word lines to 0 V")->excludes(both);
  command.add_flag("--ground-bits", o.ground_bits, "Tie the far ends of bit lines to 0 V");
  ohm("--r-word-ground", o.word_ground_ohm, "Resistance of that tie beside a segment");
  ohm("--r-bit-ground", o.bit_ground_ohm, "Resistance of that tie beside a segment");
  command.add_option("--sinh", o.sinh_volts, "Devices carry g V0 sinh(v / V0): V0; 0: Ohm's law")
      ->type_name("VOLTS")
      ->check(any_number)
      ->capture_default_str();
  command.add_flag("--direct", o.direct, "Eliminate all nodes in a band: the definition, slow");
  file("--effective", o.effective, "Write the conductances from every driver to every sense end, .npy");
  command.add_option("--nodes", o.nodes, "Write node voltages to PREFIX_word.npy and PREFIX_bit.npy; one vector only")
      ->type_name("PREFIX");
  file("--netlist", o.netlist, "Write the network for ngspice; one vector only");
}

void add_mvm(CLI::App& command, mvm_options& o) {
  auto const file = [&](char const* name, std::string& value, char const* text) {
    return command.add_option(name, value, text)->type_name("FILE");
  };
  file("--weights", o.weights, "Weights, .npy (outputs, inputs)");
  file("--load", o.load, "A programmed array that --save wrote, instead of programming; with its seed");
  file("--save", o.save, "Write the programmed array, .safetensors");
  command.callback([&o] {
    if (o.weights.empty() && o.load.empty()) throw CLI::RequiredError("--weights or --load");
  });
  file("--inputs", o.inputs, "Inputs, .npy (inputs) or (inputs, vectors)")->required();
  file("--output", o.output, "What the array makes of W X, .npy (outputs) or (outputs, vectors)")->required();
  file("--calibration", o.calibration,
       "Inputs for calibrated ranges (adc.range=mean_sigma, percentile, largest, least_squares), .npy; not the ones to "
       "score");
  file("--array", o.array, "Settings of the array, .toml: [adc] bits = 6; --set comes on top");
  file("--save-conductances", o.conductances,
       "Write the programmed cells in S, .npy (inputs, slices x lines x columns)");
}

/// Options of `sweep`, and its subcommand `merge`, which is returned.
CLI::App* add_sweep(CLI::App& command, sweep_options& o, common_options& common) {
  auto const results = [&o](CLI::App& app) {
    app.add_option("--csv", o.csv, "Write all points as CSV")->type_name("FILE");
    app.add_option("--jsonl", o.jsonl, "Write all points as JSON, one a line")->type_name("FILE");
  };
  command.add_option("--spec", o.spec, "What is varied, measured and better; examples/sweeps has some")
      ->type_name("FILE.toml");
  command
      .add_option("--output", o.output,
                  "SQLite file of the results, by default the spec's name with .sqlite; a sweep that is there goes on")
      ->type_name("FILE");
  command.add_option("--shard", o.shard, "Run part i of n only; merge the files afterwards")->type_name("I/N");
  command.add_flag("--restart", o.restart, "Forget what the file holds");
  command.add_flag("--retry", o.retry, "Run points again that have failed");
  results(command);
  add_common(command, common);
  add_reports(command, common);
  auto* const merge = command.add_subcommand("merge", "One file of the files of shards");
  merge->add_option("FILES", o.merged, "Files of shards of one sweep")->required();
  merge->add_option("--output", o.output, "File to write, or to add to")->required()->type_name("FILE");
  results(*merge);
  add_common(*merge, common);
  add_reports(*merge, common);
  return merge;
}

void add_reading(CLI::App& command, reading_options& o) {
  command
      .add_option("--window", o.window, "Language models: tokens of a window of text; 0: all positions, at most 1024")
      ->transform(whole_number())
      ->capture_default_str();
  command.add_flag(
      "--layer-wise", o.layer_wise,
      "Models of the Llama family: keep no copy of the weights in fp32, read them from the files whenever fp32 "
      "needs them; memory is then the programmed model, its embeddings and one matrix a thread");
}

void add_generate(CLI::App& command, generate_options& o) {
  command.add_option("--model", o.model, "Folder of the model")->required()->type_name("DIR");
  command.add_option("--prompt", o.prompt, "Text to continue; may be empty where the model has a first token")
      ->required()
      ->check(utf8_text)
      ->type_name("TEXT");
  command.add_option("--tokens", o.tokens, "Tokens to generate at most")
      ->transform(whole_number(1, 1 << 20))
      ->capture_default_str();
  command.add_option("--temperature", o.temperature, "0: the likeliest token; above: drawn, by --seed")
      ->check(number_between(0.0, 1e4))
      ->capture_default_str();
  command
      .add_option(
          "--calibration", o.calibration,
          "Texts for ranges and scales, by default calib.txt of the model's folder; or FILE.json of ohmic calibrate")
      ->type_name("FILE");
  command.add_option("--chip", o.chip, "Chips by name, or files that end in .toml, separated by commas")
      ->capture_default_str();
}

}  // namespace

command_line::command_line()
    : app("Large language models on memristor crossbars: which numbers come out, and which actions they take") {
  app.require_subcommand(1);
  ohmic::library_version const v;
  app.set_version_flag("--version", fmt::format("ohmic {}.{}.{}", v.major, v.minor, v.patch));
  deploy_command =
      app.add_subcommand("deploy", "Real weights on the modelled chip: scores, quality layer by layer, actions");
  deploy_command->add_option("--model", deploy.model, "Folder of the model")->required()->type_name("DIR");
  deploy_command
      ->add_option("--data", deploy.data,
                   "Texts to score, by task: label<TAB>text, lines, id<TAB>query<TAB>document, file<TAB>transcript, "
                   "source<TAB>target")
      ->required()
      ->type_name("FILE");
  deploy_command
      ->add_option("--calibration", deploy.calibration,
                   "Texts for ranges and scales, by default calib.tsv or calib.txt of the model's folder; or FILE.json "
                   "of ohmic calibrate")
      ->type_name("FILE");
  deploy_command->add_option("--chip", deploy.chip,
                             "Chips by name, or files that end in .toml, separated by commas; by default wang2024 and, "
                             "without --vary, wang2024_published");
  deploy_command->add_option(
      "--task", deploy.task,
      "What is scored: classify, lm, retrieve, wer or translate; by default what suits the model");
  deploy_command
      ->add_option("--vary", deploy.vary,
                   "Compare settings: every chip once for each value; several lists are combined")
      ->type_name("KEY=A,B,C");
  deploy_command->add_option("--limit", deploy.limit, "Score the first N texts only; 0: all")
      ->transform(whole_number())
      ->capture_default_str();
  deploy_command->add_flag("--no-truncate", deploy.no_truncate, "A text longer than the model's positions is an error");
  deploy_command->add_flag("--decode", deploy.decode,
                           "Language models: run every window token by token from a KV cache, as generation does");
  add_reading(*deploy_command, deploy.reading);
  add_common(*deploy_command, common);
  add_reports(*deploy_command, common);

  generate_command = app.add_subcommand(
      "generate", "A language model continues a prompt in fp32, int8 and on chips: text, and energy token by token");
  add_generate(*generate_command, generate);
  add_reading(*generate_command, generate.reading);
  add_common(*generate_command, common);

  cost_command = app.add_subcommand("cost", "Area, energy and latency of a model on a chip, row by row with sources");
  cost_command
      ->add_option("--model", cost.model,
                   "A model's id (see: ohmic list models), or a folder or file with a config.json")
      ->required()
      ->type_name("ID|DIR");
  cost_command->add_option("--chip", cost.chip, "A chip by name, or a file that ends in .toml")->capture_default_str();
  cost_command->add_option("--tokens", cost.tokens, "Tokens of the prompt; 0: the model's usual number (256)")
      ->transform(whole_number())
      ->capture_default_str();
  cost_command->add_option("--decode", cost.decode, "Tokens generated after it; 0: none")
      ->transform(whole_number())
      ->capture_default_str();
  cost_command->add_option("--batch", cost.batch, "Sequences side by side")
      ->transform(whole_number())
      ->capture_default_str();
  cost_command
      ->add_option("--attention", cost.attention,
                   "How Q K^T and EXP(S) V are made: shared_array, written_arrays, decomposed or digital; as --set "
                   "attention.policy=..")
      ->type_name("POLICY");
  cost_command
      ->add_option("--speculate", cost.speculate,
                   "Tokens that are drafted for every step, which verifies them with one read of the weights; 0: none")
      ->transform(whole_number())
      ->capture_default_str();
  cost_command
      ->add_option("--acceptance", cost.acceptance, "Probability that a drafted token is right if those before it were")
      ->check(number_between(0.0, 1.0))
      ->capture_default_str();
  cost_command
      ->add_option("--duplication", cost.duplication,
                   "Copies of a column pair that share a session's weights; 0: the setting's (64)")
      ->transform(whole_number())
      ->capture_default_str();
  cost_command->add_option("--compare", cost.compare,
                           "Chips to compare with, by name or .toml file, separated by commas");
  cost_command->add_flag("--sensitivity", cost.sensitivity, "Move every constant by 10 % and show what follows");
  cost_command
      ->add_option("--prices", cost.prices,
                   "A price book for the chip, lines kind,name,value unit,origin,source; or what a plugin reads")
      ->type_name("FILE|PLUGIN:PARAMETERS");
  cost_command
      ->add_option("--save-prices", cost.save_prices,
                   "Write the chip's own price book to FILE, in the form of --prices")
      ->type_name("FILE");
  add_common(*cost_command, common);
  add_reports(*cost_command, common);

  reproduce_command =
      app.add_subcommand("reproduce", "Every printed figure computed from parts and counts, beside what is printed");
  reproduce_command->add_option("--only", reproduce.only, "Only rows whose id starts with PREFIX")->type_name("PREFIX");
  add_common(*reproduce_command, common);
  add_reports(*reproduce_command, common);

  calibrate_command = app.add_subcommand(
      "calibrate", "Ranges and scales of a model on chips, kept for: ohmic deploy --calibration FILE.json");
  calibrate_command->add_option("--model", calibrate.model, "Folder of the model")->required()->type_name("DIR");
  calibrate_command
      ->add_option("--calibration", calibrate.data,
                   "Texts for ranges and scales; by default calib.tsv or calib.txt of the model's folder")
      ->type_name("FILE");
  calibrate_command
      ->add_option("--chip", calibrate.chip, "Chips by name, or files that end in .toml, separated by commas")
      ->capture_default_str();
  calibrate_command->add_option("--output", calibrate.output, "File to keep them in")->type_name("FILE.json");
  add_reading(*calibrate_command, calibrate.reading);
  add_common(*calibrate_command, common);

  solve_command =
      app.add_subcommand("solve", "Currents of a crossbar whose wires resist, from its conductances and voltages");
  add_solve(*solve_command, solve);
  add_common(*solve_command, common);

  mvm_command =
      app.add_subcommand("mvm", "A matrix on a conventional in-situ crossbar, times vectors: which numbers come out");
  add_mvm(*mvm_command, mvm);
  add_common(*mvm_command, common);

  sweep_command =
      app.add_subcommand("sweep", "Many designs: which of them no other beats; resumable, over threads and machines");
  merge_command = add_sweep(*sweep_command, sweep, common);

  plugin_command = app.add_subcommand("plugin", "Plugins for their authors");
  plugin_command->require_subcommand(1);
  auto* const check_command = plugin_command->add_subcommand(
      "check", "Loads a plugin and tries it: table, laws, determinism, threads, errors, time");
  check_command->add_option("FILE", check.file, "A path with a slash, or a name in a folder of OHMIC_PLUGIN_PATH")
      ->required();
  check_command->add_option("--parameters", check.parameters, "cell.parameters of its devices")
      ->type_name("KEY=VALUE;..");
  check_command->add_option("--device", check.device, "Only this device")->type_name("NAME");
  add_common(*check_command, common);

  verify_command = app.add_subcommand("verify", "Runs the command of a result again and compares everything but `run`");
  verify_command->add_option("FILE", verify.file, "A result of --json")->required()->type_name("FILE.json");
  verify_command->add_option("--folder", verify.folder, "Folder to run it in; by default the one it ran in")
      ->type_name("DIR");
  verify_command->add_flag("--allow-plugins", verify.plugins_allowed,
                           "Let a run that loads plugins run their code again");
  add_circumstances(*verify_command, common);  // the recorded run has its seed, settings and plugins

  auto* const list_command = app.add_subcommand("list", "What the program knows by name");
  list_command->add_option("WHAT", what, "chips, devices, models or plugins")->capture_default_str();
  add_common(*list_command, common);
}

void command_line::refuse_options_as_values() const {
  for (auto const& o : given_options()) {
    if (o.option->get_items_expected_max() == 0) continue;
    for (auto const& value : o.option->results())
      if (value.starts_with("--") && !names_text(o.name))
        throw ohmic::error({ohmic::errc::config_value, "is no value", o.name, ohmic::in_quotes(value),
                            "a value behind an option", "give it, or ./" + value + " if a file is called so"});
  }
}

std::vector<command_line::given> command_line::given_options() const {
  std::vector<given> positional, others;
  for (CLI::App const* at = &app; at != nullptr;) {
    for (auto const* const option : at->get_options())
      if (option->count() > 0) (option->get_positional() ? positional : others).push_back({option, option->get_name()});
    auto const below = at->get_subcommands();
    at = below.empty() ? nullptr : below.front();
  }
  // By name: as if all stood behind the last command.
  std::stable_sort(others.begin(), others.end(), [](given const& a, given const& b) { return a.name < b.name; });
  positional.insert(positional.end(), others.begin(), others.end());
  return positional;
}

std::vector<std::string> command_line::commands() const {
  std::vector<std::string> out;
  for (auto below = app.get_subcommands(); !below.empty(); below = below.front()->get_subcommands())
    out.push_back(below.front()->get_name());
  return out;
}

std::vector<std::string> command_line::words() const {
  auto out = commands();
  for (auto const& o : given_options()) {
    if (o.option->get_items_expected_max() == 0) {
      if (o.option->as<bool>()) out.push_back(o.name);
      continue;
    }
    for (auto const& value : o.option->results()) {
      if (names_text(o.name) && !value.empty()) {
        out.push_back(o.name + "=" + value);
      } else {
        if (!o.option->get_positional()) out.push_back(o.name);
        out.push_back(value);
      }
    }
  }
  return out;
}

std::vector<given_option> command_line::deciding() const {
  std::vector<given_option> out;
  for (auto const& o : given_options()) {
    if (names_output(o.name) || names_circumstance(o.name)) continue;
    if (o.option->get_items_expected_max() == 0) {
      if (o.option->as<bool>()) out.push_back({o.name, "true", 0});
      continue;
    }
    auto const& by_default = o.option->get_default_str();
    bool const is_number = number_as_printed(by_default).has_value();
    for (auto const& value : o.option->results()) {
      auto const number = is_number ? number_as_printed(value) : std::nullopt;
      if (is_number ? number != number_as_printed(by_default) : value != by_default || by_default.empty())
        out.push_back({o.name, number.value_or(value), 0});
    }
  }
  return out;
}

std::vector<std::string> as_taken(std::vector<std::string> const& words) {
  command_line line;
  try {
    line.app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (CLI::ParseError const& e) {
    if (e.get_exit_code() != 0) throw usage_error(line.app, e);
    throw ohmic::error(
        {ohmic::errc::config_value, "are no command", "words", ohmic::joined(words), "a command and its options", ""});
  }
  line.refuse_options_as_values();
  return line.words();
}

}  // namespace program_cli
