// What the words of a command name: files to write, texts, circumstances.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace program_cli {

/// An option of a command that names a file to write, as it was given.
struct output_option {
  std::string option, value;
  std::size_t at = 0;  ///< its value among the words
};

/// The words of a command, `--option=value` taken apart.
std::vector<std::string> separated(std::vector<std::string> const& words);

/// True for options whose value is a file or folder to write.
bool names_output(std::string const& option);

/// Where the value of an option stands among the words, from `from` on; their number if it is not there. Values of texts are no options.
std::size_t value_at(std::vector<std::string> const& words, std::string const& option, std::size_t from = 0);

/// The options of `words` that name what is written, in their order.
std::vector<output_option> outputs_of(std::vector<std::string> const& words);

/// The files of an option: its value, or what it is a prefix of.
std::vector<std::string> files_of(output_option const& o);

/// True for options with a value that is neither a file nor of any weight for the result.
bool names_circumstance(std::string const& option);

/// True for options whose text may look like the name of a file, and is none.
bool names_text(std::string const& option);

}  // namespace program_cli
