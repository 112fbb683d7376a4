// The command line, one word a line: a usage error, or a command with options in their ranges.
#include <cstdio>
#include <string>
#include <vector>

#include "harness.hpp"
#define main ohmic_main
#include "main.cpp"
#undef main

namespace program_cli {
std::string& said(std::FILE* out);  // program_stand_ins.cpp
}

OHMIC_FUZZ(command_line) {
  using namespace ohmic_fuzz;
  std::vector<std::string> words{"ohmic"};
  for (std::string_view rest = text_of(data, size); !rest.empty() && words.size() < 64;) {
    auto const end = rest.find('\n');
    words.emplace_back(rest.substr(0, rest.substr(0, end).find('\0')));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  std::vector<char*> arguments;
  for (auto& w : words) arguments.push_back(w.data());
  arguments.push_back(nullptr);
  for (auto* const stream : {stdout, stderr}) program_cli::said(stream).clear();
  int status = 0;
  accepts([&] { status = run(static_cast<int>(words.size()), arguments.data()); });
  if (status != done && status != bad_input) finding("a status of its own: " + std::to_string(status));
  if (status == bad_input && program_cli::said(stderr).empty()) finding("refused without a word");
}
