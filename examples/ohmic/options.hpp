// The options that every command shares, and how a command ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace program_cli {

/// Exit statuses, as documented in README.md.
enum exit_status : int { done = 0, check_failed = 1, bad_input = 2, not_finished = 3 };

struct common_options {
  std::string json;  ///< file, "-" for standard output, or empty
  std::uint64_t seed = 1;
  unsigned threads = 0;  ///< 0: as many as the machine has
  bool quiet = false;
  std::vector<std::string> set;      ///< key=value
  std::vector<std::string> plugins;  ///< paths or names
  bool plugin_isolated = false;      ///< each in a process of its own
  bool no_plugins = false;           ///< none may be loaded, whoever asks
  double plugin_timeout_s = 10.0;    ///< of a call of such a plugin
  std::string instruction_set = "auto";
  std::string report, svg;  ///< page and folder of charts to write, or empty
  std::string command;      ///< as it was typed
};

/// How a model and its texts are read.
struct reading_options {
  std::size_t window = 0;   ///< tokens of a window of text; 0: the positions of the model, at most 1024
  bool layer_wise = false;  ///< no copy of the fp32 weights in memory
};

struct deploy_options {
  std::string model, data, calibration, chip, task;  ///< chip and task empty: what suits
  std::vector<std::string> vary;                     ///< key=a,b,c
  std::size_t limit = 0;                             ///< 0: all texts
  bool no_truncate = false;
  bool decode = false;  ///< token by token from a KV cache
  reading_options reading{};
};

struct generate_options {
  std::string model, prompt, calibration, chip = "wang2024";
  std::size_t tokens = 32;
  double temperature = 0.0;
  reading_options reading{};
};

struct cost_options {
  std::string model, chip = "wang2024", compare, prices, save_prices;
  std::size_t tokens = 0, decode = 1, batch = 1,
              duplication = 0;  ///< tokens 0: the model's usual number; duplication 0: the setting's
  bool sensitivity = false;
  std::string attention;      ///< policy, or empty: the chip's
  std::size_t speculate = 0;  ///< tokens drafted for every step
  double acceptance = 0.8;
};

struct reproduce_options {
  std::string only;
};

struct calibrate_options {
  std::string model, data, chip = "wang2024,wang2024_published", output;
  reading_options reading{};
};

struct solve_options {
  std::string conductances, resistances, voltages, output;
  std::string effective, nodes, netlist;  ///< files to write, or empty
  double word_ohm = 0.0, bit_ohm = 0.0, driver_ohm = 0.0, sense_ohm = 0.0, word_ground_ohm = 0.0, bit_ground_ohm = 0.0;
  bool two_sided = false, ground_words = false, ground_bits = false, direct = false;
  double sinh_volts = 0.0;  ///< 0: devices follow Ohm's law
};

struct mvm_options {
  std::string weights, inputs, output;
  std::string array;         ///< TOML file with settings, or empty
  std::string conductances;  ///< file to write, or empty
  std::string save, load;   ///< the programmed array as safetensors: to write, to read instead of programming; or empty
  std::string calibration;  ///< inputs that calibrated ranges are found with, or empty
  bool seed_is_given = false;
};

struct sweep_options {
  std::string spec, output;  ///< output empty: the spec's name with .sqlite
  std::string shard;         ///< "i/n", or empty
  bool restart = false, retry = false;
  std::string csv, jsonl;
  std::vector<std::string> merged;  ///< files, for `sweep merge`
};

struct plugin_check_options {
  std::string file;        ///< path or name
  std::string parameters;  ///< of its devices
  std::string device;      ///< only this one, or empty
};

int deploy(deploy_options const&, common_options const&);
int calibrate(calibrate_options const&, common_options const&);
int generate(generate_options const&, common_options const&);
int cost(cost_options const&, common_options const&);
int reproduce(reproduce_options const&, common_options const&);
int solve(solve_options const&, common_options const&);
int mvm(mvm_options const&, common_options const&);
int sweep(sweep_options const&, common_options const&);
int merge_sweeps(sweep_options const&, common_options const&);
int plugin_check(plugin_check_options const&, common_options const&);
int list(std::string const& what, common_options const&);

}  // namespace program_cli
