// What a command writes is nothing that it reads, and nothing twice.
#pragma once

#include <string>
#include <vector>

namespace program_cli {

/// Before anything runs: what a command writes is no file that it reads, whatever links and folders lead there, and no other output.
/// Errors  config_conflict naming both; config_value for an output without a name
void check_apart(std::vector<std::string> const& words);

/// Errors  config_conflict where `file` is one of those
void check_apart(std::string const& option, std::string const& file, std::vector<std::string> const& read);

}  // namespace program_cli
