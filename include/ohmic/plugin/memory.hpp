// Memory that somebody else points to: copied where it is there, refused where it is not.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// Reads the process's own memory through a pipe: the system refuses pages that are not there, and does not end the process.
class own_memory {
 public:
  /// Errors  no_resource where the system has no pipe left, naming the plugin that is to be checked
  explicit own_memory(std::string const& plugin) {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
      throw error({refusal_code(errno, errc::plugin_file), "a plugin cannot be checked", plugin, "no file left",
                   "two files for a pipe", "the plugin may leave files open: have it close them, or allow more"});
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

  /// True where a function of some loaded library may begin: in what it has for code, not among its data.
  [[nodiscard]] bool is_code(void const* at) const noexcept {
    auto const address = reinterpret_cast<std::uintptr_t>(at);
    return ::dl_iterate_phdr(
               [](dl_phdr_info* library, std::size_t, void* asked) {
                 auto const wanted = *static_cast<std::uintptr_t const*>(asked);
                 for (unsigned k = 0; k < library->dlpi_phnum; ++k) {
                   auto const& part = library->dlpi_phdr[k];
                   if (part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0 &&
                       wanted - (library->dlpi_addr + part.p_vaddr) < part.p_memsz)
                     return 1;
                 }
                 return 0;
               },
               const_cast<std::uintptr_t*>(&address)) != 0;
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
