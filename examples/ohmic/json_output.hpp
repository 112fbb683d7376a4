// JSON results: the fields that all commands share, and writing a file whole or not at all.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/reflect.hpp"
#include "options.hpp"

namespace ohmic::inline OHMIC_ABI {
struct cost_report;
}

namespace program_cli {

using json = nlohmann::ordered_json;

/// "schema", "command", "version" and "seed" of a result.
json result_header(std::string const& command, common_options const& common);

/// Most memory that the process has held so far, in MiB.
double peak_memory_mib();

/// The "run" object: what comparisons ignore.
json run_object(std::chrono::steady_clock::time_point start, unsigned threads, std::string const& instruction_set);

/// Settings as an object of dotted keys, with numbers and truth values as such.
template <class Config>
json settings_object(Config const& config) {
  json out = json::object();
  std::string const text = ohmic::print(config);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const end = text.find('\n', at), equals = text.find('=', at);
    std::string const key = text.substr(at, equals - at), value = text.substr(equals + 1, end - equals - 1);
    out[key] = json::accept(value) ? json::parse(value) : json(value);
    at = end + 1;
  }
  return out;
}

/// The rows of a cost.
json rows_of(ohmic::cost_report const& r);

/// A number, or null where it is not finite.
json finite(double value);

/// Stops before a long run if the result could not be written at its end; `option` names it.
/// Errors  write_failed
void check_writable(std::string const& target, std::string const& option = "--json");

/// A file that a command writes, and the option that names it; an empty name stands for none.
struct output_file {
  std::string name, option;
};
/// Files that cannot be standard output. That they are no inputs and not each other, `check_apart` (outputs_apart.hpp) has seen.
/// Errors  as check_writable; config_conflict for `-`
void check_files_writable(std::vector<output_file> const& outputs);

/// Writes bytes to a temporary file beside the target and renames it; "-" is standard output, "" nowhere.
/// Errors  write_failed; the target is then as it was
void write_whole(std::string const& target, std::string const& bytes);

/// write_whole for JSON, with the stamp of the run (verify_stamp.hpp).
void write_result(std::string const& target, json const& result);

}  // namespace program_cli
