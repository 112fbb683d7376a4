// Progress on a terminal: what is being done, how much of it, and how long it will still take. Silent when piped.
#pragma once

#include <chrono>
#include <cstdio>
#include <fmt/core.h>
#include <string>
#include <unistd.h>

#include "terminal.hpp"

namespace program_cli {

/// One stage of a run on one line of standard error, erased at its end. Nothing is shown for stages under a second.
class progress_line {
 public:
  progress_line(std::string what, bool quiet)
      : what_(for_terminal(what)), shown_(!quiet && isatty(STDERR_FILENO) == 1) {}
  progress_line(progress_line const&) = delete;
  progress_line& operator=(progress_line const&) = delete;
  ~progress_line() {
    if (dirty_) fmt::print(stderr, "\r\033[K");
  }

  /// more: said after it, such as the best so far.
  void operator()(std::size_t done, std::size_t total, std::string const& more = {}) {
    if (!shown_) return;
    auto const now = std::chrono::steady_clock::now();
    double const elapsed = std::chrono::duration<double>(now - start_).count();
    if (elapsed < 1.0 || now - last_ < std::chrono::milliseconds(100)) return;
    last_ = now;
    dirty_ = true;
    double const rate = static_cast<double>(done) / elapsed, left = static_cast<double>(total - done) / rate;
    fmt::print(stderr, "\r\033[K{}: {} of {}, {:.3g}/s, {} left{}{}", what_, done, total, rate, duration(left),
               more.empty() ? "" : ", ", for_terminal(more));
    std::fflush(stderr);
  }

 private:
  static std::string duration(double s) {
    return s < 120    ? fmt::format("{:.0f} s", s)
           : s < 7200 ? fmt::format("{:.0f} min", s / 60)
                      : fmt::format("{:.1f} h", s / 3600);
  }

  std::string what_;
  bool shown_, dirty_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now(), last_ = start_;
};

}  // namespace program_cli
