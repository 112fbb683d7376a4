// What the words of a command name: files to write, texts, circumstances. They are words as the command line has taken them
// (command_line.hpp): commands and what stands without an option first, then options, each before its one value; texts behind `=`. No other
// value begins with --.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace program_cli {

/// An option of a command, as it was given.
struct given_option {
  std::string option, value;
  std::size_t at = 0;  ///< its value among the words; that of a flag would stand there
};

/// The words as the command line takes them, which takes them in the same way again.
/// Errors  config_value, config_conflict where they are no command
std::vector<std::string> as_taken(std::vector<std::string> const& words);

/// A setting of --set, without the blanks around key and value; what is no assignment is a key.
struct setting_words {
  std::string key, value;
};
setting_words setting_of(std::string const& assignment);

/// The options of words that were taken, flags with an empty value.
std::vector<given_option> options_of(std::vector<std::string> const& words);

/// The words before all options.
std::vector<std::string> without_options(std::vector<std::string> const& words);

/// True for options whose value is a file or folder to write.
bool names_output(std::string const& option);

/// Where the value of an option stands among the words; their number if it is not there.
std::size_t value_at(std::vector<std::string> const& words, std::string const& option);

/// The options of `words` that name what is written, in their order.
std::vector<given_option> outputs_of(std::vector<std::string> const& words);

/// The files of an option: its value, or what it is a prefix of.
std::vector<std::string> files_of(given_option const& o);

/// True for options that are neither files nor of any weight for the result: a sweep that goes on has the results of one that began anew.
bool names_circumstance(std::string const& option);

/// True for options whose text may look like an option or a file, and is none.
bool names_text(std::string const& option);

/// True for options whose value is a number or a name, and no file.
bool names_no_file(std::string const& option);

}  // namespace program_cli
