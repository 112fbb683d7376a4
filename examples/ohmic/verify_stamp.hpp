// The stamp of a result: what it was made from, so that it can be made again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "command_words.hpp"
#include "json_output.hpp"

namespace program_cli {

/// A file that a command names, directly, in a folder, or in a TOML file.
struct input_file {
  std::string path;  ///< as the command names it, with the name in a folder behind
  std::uint64_t bytes = 0;
  std::string digest;      ///< of its content: 64-bit FNV-1a, no proof against forgery
  bool is_plugin = false;  ///< the run loads it

  friend bool operator==(input_file const&, input_file const&) = default;
};

/// True for names that a model's files may have, and its texts for calibration. Others lie beside them: results, notes.
bool may_be_read(std::string const& leaf);

/// Names of the weights of a model's folder, whatever they end in: those that its index of shards or its manifest lists. None where
/// these cannot be read.
std::set<std::string> weights_named_in(std::filesystem::path const& folder);

/// The files that a command reads, sorted by path: what its words name, files that a model may be read from in folders
/// (not below them), what TOML files and lists of clips name, and plugins that are listed.
std::vector<input_file> inputs_of(std::vector<std::string> const& words);

/// The names of `inputs_of`, without sizes and digests; of folders all files but results that lie there.
std::vector<std::string> names_read(std::vector<std::string> const& words);

/// Before anything runs: what a command writes is no file that it reads, whatever links and folders lead there, and no other output.
/// Errors  config_conflict naming both; config_value for an output without a name
void check_apart(std::vector<std::string> const& words);

/// Errors  config_conflict where `file` is one of those
void check_apart(std::string const& option, std::string const& file, std::vector<std::string> const& read);

/// Keeps what this run was asked, what of it decides the numbers, and which files it names, as they are now; `stamped` takes their
/// digests, at the end of the run. A file that is another by then has the words "changed during the run" for one, and a line on
/// standard error says so.
/// Errors  config_value for a word that is not UTF-8, which JSON cannot hold
void remember_run(std::vector<std::string> words, std::vector<given_option> deciding);

/// `result` with `stamp`: `hash` of version, options that decide the numbers (in any order and spelling, files by their content),
/// seed and settings; the `files`; digests of the numbers that were written beside. Its `run` says the words and the folder they
/// were typed in.
json stamped(json result);

/// 64-bit FNV-1a of a file, in hexadecimal digits.
/// Errors  file_missing
std::string digest_of(std::string const& file);

}  // namespace program_cli
