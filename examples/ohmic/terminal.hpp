// What the program prints, which may quote strangers and go to a terminal.
#pragma once

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/error.hpp"

namespace program_cli {

/// Control characters other than newline and tab, and malformed UTF-8, as \xNN.
std::string for_terminal(std::string_view text);

/// Writes for_terminal(text). What cannot be written to standard output is an error of finish_output.
void say_text(std::FILE* out, std::string_view text) noexcept;

/// As fmt::print, for texts that may hold what a file says.
template <class... Args>
void say(std::FILE* out, fmt::format_string<Args...> format, Args&&... args) {
  say_text(out, for_terminal(fmt::format(format, std::forward<Args>(args)...)));
}

/// Takes the numbers of standard streams that are closed, so that no file of the program's gets one of them: what is then printed to
/// standard output is an error, and what is said on standard error is lost.
void keep_streams() noexcept;

/// What is said where standard output takes no more, and why.
ohmic::error output_failure(std::string const& why);

/// All that was printed is where it was to go.
/// Errors  write_failed
void finish_output();

}  // namespace program_cli
