#include "command_words.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace program_cli {

std::vector<std::string> separated(std::vector<std::string> const& words) {
  std::vector<std::string> out;
  for (auto const& word : words) {
    auto const equals = word.find('=');
    if (word.starts_with("--") && equals != word.npos) {
      out.push_back(word.substr(0, equals));
      out.push_back(word.substr(equals + 1));
    } else {
      out.push_back(word);
    }
  }
  return out;
}

bool names_output(std::string const& option) {
  static constexpr std::string_view options[] = {"--json",  "--output",    "--save",    "--save-conductances",
                                                 "--nodes", "--effective", "--netlist", "--save-prices",
                                                 "--csv",   "--jsonl",     "--report",  "--svg"};
  return std::find(std::begin(options), std::end(options), option) != std::end(options);
}

std::size_t value_at(std::vector<std::string> const& words, std::string const& option, std::size_t from) {
  for (std::size_t i = from; i + 1 < words.size(); ++i) {
    if (words[i] == option) return i + 1;
    if (names_text(words[i]) || names_output(words[i])) ++i;
  }
  return words.size();
}

std::vector<output_option> outputs_of(std::vector<std::string> const& words) {
  std::vector<output_option> out;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (names_text(words[i])) {
      ++i;
    } else if (names_output(words[i])) {
      out.push_back({words[i], words[i + 1], i + 1});
      ++i;
    }
  }
  return out;
}

std::vector<std::string> files_of(output_option const& o) {
  if (o.option == "--nodes" && !o.value.empty()) return {o.value + "_word.npy", o.value + "_bit.npy"};
  return {o.value};
}

bool names_circumstance(std::string const& option) {
  return option == "--threads" || option == "--instruction-set" || option == "--plugin-timeout" || option == "--folder";
}

bool names_text(std::string const& option) { return option == "--prompt" || option == "--only" || option == "--task"; }

}  // namespace program_cli
