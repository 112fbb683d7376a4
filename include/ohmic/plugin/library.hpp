// Shared libraries: loading, and symbols.
#pragma once

#ifndef BOOST_DLL_USE_STD_FS
#define BOOST_DLL_USE_STD_FS  // header-only
#endif
#include <boost/dll/shared_library.hpp>
#include <exception>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// A loaded library; it stays loaded as long as a copy exists.
class library {
 public:
  /// Every symbol is resolved now, and none of its own is offered to libraries that are loaded later.
  /// Errors  file_missing; plugin_file where the system does not load it, with what the system says
  explicit library(std::filesystem::path const& file) : file_(file) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored))
      throw error({errc::file_missing, "no such file", printable(file.string(), 512), "", "a shared library",
                   "check the path of the plugin"});
    file_ = std::filesystem::canonical(file, ignored);
    try {
      library_ = std::make_shared<boost::dll::shared_library>(
          file_, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
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
