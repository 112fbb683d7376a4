// Runs the built program as a user would and keeps what it printed.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "support/catch.hpp"

namespace ohmic_test {

struct program_result {
  int status = -1;
  std::string text;  ///< standard output and standard error together
};

/// Arguments as a shell reads them.
inline program_result run_program(std::string const& arguments) {
  std::string const command = std::string("'") + OHMIC_PROGRAM + "' " + arguments + " 2>&1 </dev/null";
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start " + command);
  program_result r;
  std::array<char, 4096> buffer{};
  while (std::size_t const n = std::fread(buffer.data(), 1, buffer.size(), pipe)) r.text.append(buffer.data(), n);
  int const status = pclose(pipe);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return r;
}

inline nlohmann::json read_json(std::filesystem::path const& file) {
  std::ifstream in(file);
  return nlohmann::json::parse(in);
}

/// The program ends with this status and says all of this.
inline void refused(std::string const& arguments, std::vector<std::string> const& parts, int status = 2) {
  auto const r = run_program(arguments);
  INFO(arguments << "\n" << r.text);
  CHECK(r.status == status);
  for (auto const& part : parts) CHECK_THAT(r.text, contains(part));
}

/// A folder of its own that goes with the test.
class scratch_folder {
 public:
  scratch_folder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("ohmic cli " + std::to_string(getpid()) + "." + std::to_string(count++));
    std::filesystem::create_directories(path_);
  }
  scratch_folder(scratch_folder const&) = delete;
  scratch_folder& operator=(scratch_folder const&) = delete;
  ~scratch_folder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
  }
  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  /// Quoted for the shell.
  [[nodiscard]] std::string operator/(std::string const& name) const { return "'" + (path_ / name).string() + "'"; }
  void write(std::string const& name, std::string const& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::size_t files() const {
    std::size_t n = 0;
    for ([[maybe_unused]] auto const& f : std::filesystem::directory_iterator(path_)) ++n;
    return n;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ohmic_test
