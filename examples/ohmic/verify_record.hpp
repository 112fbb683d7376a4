// What a result records of its run, as a stranger may have written it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json_output.hpp"

namespace program_cli {

/// No result is longer: what --json writes, in bytes. Parsed, a list of digits takes 25 times as much.
inline constexpr std::uint64_t max_result_bytes = std::uint64_t{1} << 26;

/// The run of a result.
struct recorded_run {
  json result;
  std::vector<std::string> words;  ///< as the command line takes them; the first is the command's name
  std::string folder;              ///< that it was typed in
  std::string output;              ///< the file of a sweep; empty for other commands
};

/// Errors  file_missing; file_format naming the key that is missing or of another kind than `ohmic` writes
recorded_run read_recorded(std::string const& file);

}  // namespace program_cli
