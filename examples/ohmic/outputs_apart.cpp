#include "outputs_apart.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "command_words.hpp"
#include "input_files.hpp"
#include "ohmic/core/error.hpp"

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

/// One file, by links or not; where one of them is not there yet, by the name that it would have.
bool is_same_file(std::string const& a, std::string const& b) {
  std::error_code ec;
  if (fs::equivalent(a, b, ec)) return true;
  auto const x = fs::weakly_canonical(fs::absolute(a, ec), ec);
  if (ec) return a == b;
  auto const y = fs::weakly_canonical(fs::absolute(b, ec), ec);
  return ec ? a == b : x == y;
}

/// Names of what is no file, or is written to and never replaced, are free to be given twice.
bool is_stream(std::string const& file) {
  std::error_code ec;
  return fs::exists(file, ec) && !fs::is_regular_file(file, ec) && !fs::is_directory(file, ec);
}

error named_twice(std::string const& option, std::string const& file, std::string const& other) {
  return error({errc::config_conflict, "file named twice", option, file + ", which " + other,
                "a name of its own for every file", "name another file"});
}

}  // namespace

void check_apart(std::string const& option, std::string const& file, std::vector<std::string> const& read) {
  if (file.empty() || file == "-" || is_stream(file)) return;
  for (auto const& input : read)
    if (is_same_file(file, input)) throw named_twice(option, file, "is read as " + input);
}

void check_apart(std::vector<std::string> const& words) {
  auto const outputs = outputs_of(words);
  if (outputs.empty()) return;
  for (auto const& o : outputs)
    if (o.value.empty())
      throw error({errc::config_value, "names no file", o.option, "''", "a file name", "name a file, or leave it out"});
  auto const read = names_read(words);
  std::vector<std::pair<std::string, std::string>> taken;  // a file, and the option that writes it
  for (auto const& o : outputs)
    for (auto const& file : files_of(o)) {
      check_apart(o.option, file, read);
      for (auto const& [other, writer] : taken)
        if (is_same_file(file, other) && !is_stream(file)) throw named_twice(o.option, file, writer + " writes");
      taken.emplace_back(file, o.option);
    }
}

}  // namespace program_cli
