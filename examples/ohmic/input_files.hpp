// The files that a command reads, known by its words before it runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "command_words.hpp"

namespace program_cli {

/// A file that a command names, directly, in a folder, or in a TOML file.
struct input_file {
  std::string path;  ///< as the command names it, with the name in a folder behind
  std::uint64_t bytes = 0;
  std::string digest;  ///< of its content: 64-bit FNV-1a, no proof against forgery; empty where it was not asked for
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
std::vector<input_file> inputs_of(std::vector<std::string> const& words, bool with_digests = true);

/// The names of `inputs_of`, without sizes and digests; of folders all files but results that lie there.
std::vector<std::string> names_read(std::vector<std::string> const& words);

using digests_by_path = std::map<std::string, std::string>;

/// The value of an option of `words`, with the files that it names by their content, whatever they are called.
std::string by_content(given_option const& o, std::vector<std::string> const& words, digests_by_path const& digests);

/// 64-bit FNV-1a of a file, in hexadecimal digits.
/// Errors  file_missing
std::string digest_of(std::string const& file);

}  // namespace program_cli
