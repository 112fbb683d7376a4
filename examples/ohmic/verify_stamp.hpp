// The stamp of a result: what it was made from, so that it can be made again.
#pragma once

#include <string>
#include <vector>

#include "command_words.hpp"
#include "json_output.hpp"

namespace program_cli {

/// Keeps what this run was asked, what of it decides the numbers, and which files it names, as they are now; `stamped` takes their
/// digests, at the end of the run. A file that is another by then has the words "changed during the run" for one, and a line on
/// standard error says so.
/// Errors  config_value for a word that is not UTF-8, which JSON cannot hold
void remember_run(std::vector<std::string> words, std::vector<given_option> deciding);

/// `result` with `stamp`: `hash` of version, options that decide the numbers (in any order and spelling, files by their content),
/// seed and settings; the `files`; digests of the numbers that were written beside. Its `run` says the words and the folder they
/// were typed in.
json stamped(json result);

}  // namespace program_cli
