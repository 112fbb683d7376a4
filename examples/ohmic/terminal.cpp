#include "terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <limits>
#include <unistd.h>

#include "ohmic/core/printable.hpp"

namespace program_cli {

namespace {

int& first_failure() noexcept {
  static int number = 0;
  return number;
}

}  // namespace

std::string for_terminal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    auto const end = std::min(text.find_first_of("\n\t"), text.size());
    out += ohmic::printable(text.substr(0, end), std::numeric_limits<std::size_t>::max());
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void say_text(std::FILE* out, std::string_view text) noexcept {
  errno = 0;
  bool const whole = std::fwrite(text.data(), 1, text.size(), out) == text.size() && std::ferror(out) == 0;
  if (!whole && out == stdout && first_failure() == 0) first_failure() = errno;
}

void keep_streams() noexcept {
  for (int const stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0 || errno != EBADF) continue;
    // Standard output for reading only: what is written there fails, as it would have.
    int const taken = ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (taken >= 0 && taken != stream) ::close(taken);
  }
}

ohmic::error output_failure(std::string const& why) {
  return ohmic::error({ohmic::errc::write_failed, "cannot write all of the text", "standard output", why, "",
                       "check where it goes, and the free space there"});
}

void finish_output() {
  errno = 0;
  bool const flushed = std::fflush(stdout) == 0;
  if (!flushed && first_failure() == 0) first_failure() = errno;
  if (!flushed || std::ferror(stdout) != 0 || !std::cout.flush())
    throw output_failure(first_failure() == 0 ? "" : std::strerror(first_failure()));
}

}  // namespace program_cli
