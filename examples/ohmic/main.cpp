// The program `ohmic`: commands, options, and errors as exit statuses.
#include <CLI/CLI.hpp>  // command line: parsing, help, and errors that name the option
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fmt/core.h>
#include <new>
#include <sstream>
#include <string>
#include <system_error>

#include "command_words.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/near_names.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "options.hpp"
#include "plugins.hpp"
#include "signals.hpp"
#include "terminal.hpp"
#include "verify.hpp"
#include "verify_stamp.hpp"

namespace {

using namespace program_cli;

/// Messages quote what strangers wrote, and go to a terminal.
constexpr std::size_t longest_message = 8192;

/// Whole numbers as they are counted: CLI11 takes what is beyond 64 bits as the largest.
CLI::Validator const whole_number(
    [](std::string& text) {
      std::uint64_t n = 0;
      return ohmic::field_format<std::uint64_t>::parse(text, n).empty()
                 ? std::string()
                 : "'" + text + "' is no whole number from 0 to 2^64 - 1";
    },
    "WHOLE NUMBER");

/// A number between two others. CLI::Range takes nan too.
CLI::Validator number_between(double low, double high) {
  return {[low, high](std::string& text) {
            double v = 0.0;
            return ohmic::field_format<double>::parse(text, v).empty() && v >= low && v <= high
                       ? std::string()
                       : fmt::format("'{}' is no number from {} to {}", text, low, high);
          },
          "NUMBER"};
}

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

/// CLI11 gives an option its next word whatever that is. A value that is spelt as an option would be read in two ways: here, and where the
/// words are searched for files (command_words.hpp).
/// Errors  config_value
void refuse_options_as_values(CLI::App const& app) {
  for (auto const* const option : app.get_options())
    for (auto const& value : option->results())
      if (value.starts_with("--") && !names_text(option->get_name()))
        throw ohmic::error({ohmic::errc::config_value, "is no value", option->get_name(), ohmic::in_quotes(value),
                            "a value behind an option", "give it, or ./" + value + " if a file is called so"});
  for (auto const* const command : app.get_subcommands()) refuse_options_as_values(*command);
}

void add_common(CLI::App& command, common_options& common) {
  command.add_option("--json", common.json, "Write the result as JSON to FILE, - for standard output")
      ->type_name("FILE");
  command.add_option("--seed", common.seed, "Seed of every random number")->check(whole_number)->capture_default_str();
  command
      .add_option("--threads", common.threads, "Threads; 0: as many as the machine has. Results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command.add_flag("--quiet", common.quiet, "No table, no progress");
  command
      .add_option("--set", common.set,
                  "Change a setting, key=value: of the chips (see: ohmic list chips), or of what the command runs")
      ->type_name("KEY=VALUE");
  command
      .add_option("--plugin", common.plugins,
                  "Load a plugin, which runs its code: a path with a slash, or a name in a folder of OHMIC_PLUGIN_PATH")
      ->type_name("FILE");
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
      ->check(CLI::IsMember({"auto", "baseline", "avx2", "avx512"}))
      ->capture_default_str();
}

void add_reports(CLI::App& command, common_options& common) {
  command.add_option("--report", common.report, "Write the result as a page that opens without a network")
      ->type_name("FILE.html");
  command.add_option("--svg", common.svg, "Write each chart of that page to a folder")->type_name("DIR");
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

void add_solve(CLI::App& command, solve_options& o) {
  auto const file = [&](char const* name, std::string& value, char const* text) {
    return command.add_option(name, value, text)->type_name("FILE");
  };
  auto const ohm = [&](char const* name, double& value, char const* text) {
    command.add_option(name, value, text)->type_name("OHM")->capture_default_str();
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
      ->check(CLI::NonNegativeNumber)
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
      ->type_name("TEXT");
  command.add_option("--tokens", o.tokens, "Tokens to generate at most")
      ->check(CLI::Range(1, 1 << 20))
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

int run(int argc, char** argv) {
  CLI::App app{"Large language models on memristor crossbars: which numbers come out, and which actions they take"};
  app.require_subcommand(1);
  ohmic::library_version const v;
  app.set_version_flag("--version", fmt::format("ohmic {}.{}.{}", v.major, v.minor, v.patch));
  common_options common;
  common.command = typed(argc, argv);

  deploy_options d;
  auto* const deploy_command =
      app.add_subcommand("deploy", "Real weights on the modelled chip: scores, quality layer by layer, actions");
  deploy_command->add_option("--model", d.model, "Folder of the model")->required()->type_name("DIR");
  deploy_command
      ->add_option("--data", d.data,
                   "Texts to score, by task: label<TAB>text, lines, id<TAB>query<TAB>document, file<TAB>transcript, "
                   "source<TAB>target")
      ->required()
      ->type_name("FILE");
  deploy_command
      ->add_option("--calibration", d.calibration,
                   "Texts for ranges and scales, by default calib.tsv or calib.txt of the model's folder; or FILE.json "
                   "of ohmic calibrate")
      ->type_name("FILE");
  deploy_command->add_option("--chip", d.chip,
                             "Chips by name, or files that end in .toml, separated by commas; by default wang2024 and, "
                             "without --vary, wang2024_published");
  deploy_command->add_option(
      "--task", d.task, "What is scored: classify, lm, retrieve, wer or translate; by default what suits the model");
  deploy_command
      ->add_option("--vary", d.vary, "Compare settings: every chip once for each value; several lists are combined")
      ->type_name("KEY=A,B,C");
  deploy_command->add_option("--limit", d.limit, "Score the first N texts only; 0: all")
      ->check(whole_number)
      ->capture_default_str();
  deploy_command->add_flag("--no-truncate", d.no_truncate, "A text longer than the model's positions is an error");
  deploy_command->add_flag("--decode", d.decode,
                           "Language models: run every window token by token from a KV cache, as generation does");
  add_reading(*deploy_command, d.reading);
  add_common(*deploy_command, common);
  add_reports(*deploy_command, common);

  generate_options g;
  auto* const generate_command = app.add_subcommand(
      "generate", "A language model continues a prompt in fp32, int8 and on chips: text, and energy token by token");
  add_generate(*generate_command, g);
  add_reading(*generate_command, g.reading);
  add_common(*generate_command, common);

  cost_options c;
  auto* const cost_command =
      app.add_subcommand("cost", "Area, energy and latency of a model on a chip, row by row with sources");
  cost_command
      ->add_option("--model", c.model, "A model's id (see: ohmic list models), or a folder or file with a config.json")
      ->required()
      ->type_name("ID|DIR");
  cost_command->add_option("--chip", c.chip, "A chip by name, or a file that ends in .toml")->capture_default_str();
  cost_command->add_option("--tokens", c.tokens, "Tokens of the prompt; 0: the model's usual number (256)")
      ->check(whole_number)
      ->capture_default_str();
  cost_command->add_option("--decode", c.decode, "Tokens generated after it; 0: none")
      ->check(whole_number)
      ->capture_default_str();
  cost_command->add_option("--batch", c.batch, "Sequences side by side")->check(whole_number)->capture_default_str();
  cost_command
      ->add_option("--attention", c.attention,
                   "How Q K^T and EXP(S) V are made: shared_array, written_arrays, decomposed or digital; as --set "
                   "attention.policy=..")
      ->type_name("POLICY");
  cost_command
      ->add_option("--speculate", c.speculate,
                   "Tokens that are drafted for every step, which verifies them with one read of the weights; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  cost_command
      ->add_option("--acceptance", c.acceptance, "Probability that a drafted token is right if those before it were")
      ->capture_default_str();
  cost_command
      ->add_option("--duplication", c.duplication,
                   "Copies of a column pair that share a session's weights; 0: the setting's (64)")
      ->check(whole_number)
      ->capture_default_str();
  cost_command->add_option("--compare", c.compare, "Chips to compare with, by name or .toml file, separated by commas");
  cost_command->add_flag("--sensitivity", c.sensitivity, "Move every constant by 10 % and show what follows");
  cost_command
      ->add_option("--prices", c.prices,
                   "A price book for the chip, lines kind,name,value unit,origin,source; or what a plugin reads")
      ->type_name("FILE|PLUGIN:PARAMETERS");
  cost_command
      ->add_option("--save-prices", c.save_prices, "Write the chip's own price book to FILE, in the form of --prices")
      ->type_name("FILE");
  add_common(*cost_command, common);
  add_reports(*cost_command, common);

  reproduce_options r;
  auto* const reproduce_command =
      app.add_subcommand("reproduce", "Every printed figure computed from parts and counts, beside what is printed");
  reproduce_command->add_option("--only", r.only, "Only rows whose id starts with PREFIX")->type_name("PREFIX");
  add_common(*reproduce_command, common);
  add_reports(*reproduce_command, common);

  calibrate_options k;
  auto* const calibrate_command = app.add_subcommand(
      "calibrate", "Ranges and scales of a model on chips, kept for: ohmic deploy --calibration FILE.json");
  calibrate_command->add_option("--model", k.model, "Folder of the model")->required()->type_name("DIR");
  calibrate_command
      ->add_option("--calibration", k.data,
                   "Texts for ranges and scales; by default calib.tsv or calib.txt of the model's folder")
      ->type_name("FILE");
  calibrate_command->add_option("--chip", k.chip, "Chips by name, or files that end in .toml, separated by commas")
      ->capture_default_str();
  calibrate_command->add_option("--output", k.output, "File to keep them in")->type_name("FILE.json");
  add_reading(*calibrate_command, k.reading);
  add_common(*calibrate_command, common);

  solve_options w;
  auto* const solve_command =
      app.add_subcommand("solve", "Currents of a crossbar whose wires resist, from its conductances and voltages");
  add_solve(*solve_command, w);
  add_common(*solve_command, common);

  mvm_options m;
  auto* const mvm_command =
      app.add_subcommand("mvm", "A matrix on a conventional in-situ crossbar, times vectors: which numbers come out");
  add_mvm(*mvm_command, m);
  add_common(*mvm_command, common);

  sweep_options p;
  auto* const sweep_command =
      app.add_subcommand("sweep", "Many designs: which of them no other beats; resumable, over threads and machines");
  auto* const merge_command = add_sweep(*sweep_command, p, common);

  plugin_check_options q;
  auto* const plugin_command = app.add_subcommand("plugin", "Plugins for their authors");
  plugin_command->require_subcommand(1);
  auto* const check_command = plugin_command->add_subcommand(
      "check", "Loads a plugin and tries it: table, laws, determinism, threads, errors, time");
  check_command->add_option("FILE", q.file, "A path with a slash, or a name in a folder of OHMIC_PLUGIN_PATH")
      ->required();
  check_command->add_option("--parameters", q.parameters, "cell.parameters of its devices")->type_name("KEY=VALUE;..");
  check_command->add_option("--device", q.device, "Only this device")->type_name("NAME");
  add_common(*check_command, common);

  verify_options y;
  auto* const verify_command =
      app.add_subcommand("verify", "Runs the command of a result again and compares everything but `run`");
  verify_command->add_option("FILE", y.file, "A result of --json")->required()->type_name("FILE.json");
  verify_command->add_option("--folder", y.folder, "Folder to run it in; by default the one it ran in")
      ->type_name("DIR");
  verify_command->add_flag("--allow-plugins", y.plugins_allowed, "Let a run that loads plugins run their code again");
  add_common(*verify_command, common);

  std::string what = "chips";
  auto* const list_command = app.add_subcommand("list", "What the program knows by name");
  list_command->add_option("WHAT", what, "chips, devices, models or plugins")->capture_default_str();
  add_common(*list_command, common);

  refuse_other_words(app, "", argc, argv, 1);
  if (argc > 1 && argv[1] == std::string("plugin")) refuse_other_words(*plugin_command, "plugin", argc, argv, 2);
  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& e) {
    std::ostringstream help, refused;
    if (app.exit(e, help, refused) == 0) {
      say_text(stdout, help.str());
      return done;
    }
    std::istringstream lines(refused.str());
    for (std::string line; std::getline(lines, line);) say(stderr, "{}\n", ohmic::printable(line, longest_message));
    return bad_input;
  }
  refuse_options_as_values(app);
  auto const words = separated({argv + 1, argv + argc});
  check_apart(words);
  if (!common.json.empty() || !common.report.empty() || *calibrate_command) remember_run(words);
  if (*verify_command) {
    y.threads_given = verify_command->count("--threads") > 0;
    return verify(y, common);
  }
  load_plugins(common);
  if (*calibrate_command) return calibrate(k, common);
  if (*cost_command) return cost(c, common);
  if (*reproduce_command) return reproduce(r, common);
  if (*generate_command) return generate(g, common);
  if (*solve_command) return solve(w, common);
  if (*plugin_command) return plugin_check(q, common);
  if (*mvm_command) {
    m.seed_is_given = mvm_command->count("--seed") > 0;
    return mvm(m, common);
  }
  if (*merge_command) return merge_sweeps(p, common);
  if (*sweep_command) return sweep(p, common);
  return *deploy_command ? deploy(d, common) : list(what, common);
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
