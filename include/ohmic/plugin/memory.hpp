// Memory that somebody else points to: copied where it is there, refused where it is not.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// Reads the process's own memory through a pipe: the system refuses pages that are not there, and does not end the process.
class own_memory {
 public:
  /// Errors  plugin_file where the system has no pipe left
  own_memory() {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
      throw error({errc::plugin_file, "plugins cannot be checked", "pipe", "no file left", "two files", "close files"});
  }
  own_memory(own_memory const&) = delete;
  own_memory& operator=(own_memory const&) = delete;
  ~own_memory() { ::close(ends_[0]), ::close(ends_[1]); }

  /// Copies n bytes. False where one of them is not there.
  [[nodiscard]] bool copy(void const* from, void* to, std::size_t n) const noexcept {
    auto const* source = static_cast<char const*>(from);
    auto* target = static_cast<char*>(to);
    while (n > 0) {
      auto const wrote = ::write(ends_[1], source, std::min<std::size_t>(n, 4096));  // a pipe holds that much
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return false;
      for (std::size_t left = static_cast<std::size_t>(wrote); left > 0;) {
        auto const got = ::read(ends_[0], target, left);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        target += got, left -= static_cast<std::size_t>(got);
      }
      source += wrote, n -= static_cast<std::size_t>(wrote);
    }
    return true;
  }

  /// True where a function of some loaded library may begin.
  [[nodiscard]] bool is_code(void const* at) const noexcept {
    Dl_info info;
    return ::dladdr(at, &info) != 0;
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
