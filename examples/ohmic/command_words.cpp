#include "command_words.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "ohmic/core/reflect.hpp"

namespace program_cli {

namespace {

template <std::size_t N>
bool is_one_of(std::string const& option, std::string_view const (&options)[N]) {
  return std::find(std::begin(options), std::end(options), option) != std::end(options);
}

}  // namespace

setting_words setting_of(std::string const& assignment) {
  auto const equals = std::min(assignment.find('='), assignment.size());
  std::string_view const text = assignment;
  return {std::string(ohmic::detail::trimmed(text.substr(0, equals))),
          std::string(ohmic::detail::trimmed(text.substr(std::min(equals + 1, text.size()))))};
}

std::vector<given_option> options_of(std::vector<std::string> const& words) {
  std::vector<given_option> out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) continue;  // before all options
    if (auto const equals = words[i].find('='); equals != std::string::npos)
      out.push_back({words[i].substr(0, equals), words[i].substr(equals + 1), i});
    else if (i + 1 < words.size() && !words[i + 1].starts_with("--"))
      out.push_back({words[i], words[i + 1], i + 1}), ++i;
    else
      out.push_back({words[i], "", i + 1});
  }
  return out;
}

std::vector<std::string> without_options(std::vector<std::string> const& words) {
  return {words.begin(),
          std::find_if(words.begin(), words.end(), [](std::string const& w) { return w.starts_with("--"); })};
}

bool names_output(std::string const& option) {
  static constexpr std::string_view options[] = {"--json",  "--output",    "--save",    "--save-conductances",
                                                 "--nodes", "--effective", "--netlist", "--save-prices",
                                                 "--csv",   "--jsonl",     "--report",  "--svg"};
  return is_one_of(option, options);
}

std::size_t value_at(std::vector<std::string> const& words, std::string const& option) {
  for (auto const& o : options_of(words))
    if (o.option == option) return o.at;
  return words.size();
}

std::vector<given_option> outputs_of(std::vector<std::string> const& words) {
  auto out = options_of(words);
  out.erase(std::remove_if(out.begin(), out.end(), [](given_option const& o) { return !names_output(o.option); }),
            out.end());
  return out;
}

std::vector<std::string> files_of(given_option const& o) {
  if (o.option == "--nodes" && !o.value.empty()) return {o.value + "_word.npy", o.value + "_bit.npy"};
  return {o.value};
}

bool names_circumstance(std::string const& option) {
  static constexpr std::string_view options[] = {
      "--threads",    "--instruction-set", "--quiet",         "--plugin-timeout", "--plugin-isolated",
      "--no-plugins", "--folder",          "--allow-plugins", "--restart",        "--retry"};
  return is_one_of(option, options);
}

bool names_text(std::string const& option) { return option == "--prompt" || option == "--only" || option == "--task"; }

bool names_no_file(std::string const& option) {
  static constexpr std::string_view options[] = {
      "--seed",      "--limit",      "--window",        "--tokens",       "--temperature", "--decode",   "--batch",
      "--speculate", "--acceptance", "--duplication",   "--r-word",       "--r-bit",       "--r-driver", "--r-sense",
      "--sinh",      "--shard",      "--r-word-ground", "--r-bit-ground", "--attention",   "--device"};
  return names_text(option) || names_circumstance(option) || is_one_of(option, options);
}

}  // namespace program_cli
