// Shared libraries: loading, and symbols.
#pragma once

#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS  // header-only
#endif
#include <boost/dll/shared_library.hpp>
#include <cstdint>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <exception>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/plugin/arithmetic.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

namespace detail {

/// True where a library's file ends before what its program headers speak of: the system would load it, and the process end when it
/// touches what is not there. Of other files nothing is said here.
[[nodiscard]] inline bool is_cut_off(std::filesystem::path const& file) {
  std::error_code none;
  std::uint64_t const size = std::filesystem::file_size(file, none);
  std::ifstream in(file, std::ios::binary);
  Elf64_Ehdr head{};
  if (!in.read(reinterpret_cast<char*>(&head), sizeof head)) return false;
  if (std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
      head.e_phentsize != sizeof(Elf64_Phdr))
    return false;
  for (unsigned k = 0; k < head.e_phnum; ++k) {
    Elf64_Phdr part{};
    in.seekg(static_cast<std::streamoff>(head.e_phoff + k * sizeof part));
    if (!in.read(reinterpret_cast<char*>(&part), sizeof part)) return true;
    if (part.p_type == PT_LOAD && (part.p_offset > size || part.p_filesz > size - part.p_offset)) return true;
  }
  return false;
}

}  // namespace detail

/// A loaded library. It stays until the process ends: a thread that it has started may still run, and what it runs may not go.
class library {
 public:
  /// Every symbol is resolved now, and none of its own is offered to libraries that are loaded later.
  /// Errors  file_missing; plugin_file where the system does not load it, with what the system says
  explicit library(std::filesystem::path const& file) : file_(file) {
    std::error_code ignored;
    auto const status = std::filesystem::status(file, ignored);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
      throw error({errc::file_missing, "cannot be read", printable(file.string(), 512), "no regular file",
                   "a shared library", "check the path of the plugin"});
    if (!std::filesystem::is_regular_file(status))
      throw error({errc::file_missing, "no such file", printable(file.string(), 512), "nothing", "a shared library",
                   "check the path of the plugin"});
    file_ = std::filesystem::canonical(file, ignored);
    if (detail::is_cut_off(file_))
      throw error({errc::plugin_file, "the file is cut off", where(), "less than its program headers say",
                   "a whole library", "copy it again"});
    try {
      detail::kept_arithmetic const kept;
      constexpr auto mode = boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local;
      library_ = std::make_shared<boost::dll::shared_library>(
          file_, static_cast<boost::dll::load_mode::type>(static_cast<int>(mode) | RTLD_NODELETE));
    } catch (std::exception const& e) {
      // The words of the system, out of those of Boost.
      std::string_view said = e.what();
      if (auto const at = said.find("message: "); at != said.npos) said = said.substr(at + 9);
      if (auto const end = said.rfind("): "); end != said.npos) said = said.substr(0, end);
      throw error({errc::plugin_file, "is not loaded", where(), printable(said, 512),
                   "a shared library of this machine", "build it for this machine, with everything that it needs"});
    }
  }

  /// Errors  plugin_file where there is no such symbol
  template <class Function>
  [[nodiscard]] Function* function(char const* name) const {
    if (!library_->has(name))
      throw error({errc::plugin_file, "is no plugin of this ABI", where(), std::string("no symbol ") + name,
                   std::string("a library that exports ") + name, "see plugins/README.md"});
    return &library_->get<Function>(name);
  }

  [[nodiscard]] std::filesystem::path const& file() const noexcept { return file_; }
  [[nodiscard]] std::string where() const { return printable(file_.string(), 512); }

 private:
  std::filesystem::path file_;
  std::shared_ptr<boost::dll::shared_library const> library_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
