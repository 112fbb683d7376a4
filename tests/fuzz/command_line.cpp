// The command line, one word a line: a usage error, or a command with options in their ranges.
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "harness.hpp"
#define main ohmic_main
#include "main.cpp"
#undef main

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
  std::ostringstream out, err;
  auto* const cout = std::cout.rdbuf(out.rdbuf());
  auto* const cerr = std::cerr.rdbuf(err.rdbuf());
  int status = 0;
  accepts([&] { status = run(static_cast<int>(words.size()), arguments.data()); });
  std::cout.rdbuf(cout);
  std::cerr.rdbuf(cerr);
  if (status != done && status != bad_input) finding("a status of its own: " + std::to_string(status));
  if (status == bad_input && err.str().empty()) finding("refused without a word");
}
