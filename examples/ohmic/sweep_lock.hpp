// One process writes the file of a sweep at a time.
#pragma once

#include <string>

namespace program_cli {

/// The file that a name leads to, there or not, by its absolute name without links.
std::string file_without_links(std::string const& file);

/// A lock beside a file, FILE.lock, which goes with it: one whatever links lead to the file, and gone with the process that has it.
class sweep_lock {
 public:
  /// Errors  config_conflict where another process has it; write_failed, no_resource
  explicit sweep_lock(std::string const& file);
  sweep_lock(sweep_lock const&) = delete;
  sweep_lock& operator=(sweep_lock const&) = delete;
  ~sweep_lock();

  /// What is locked, by its name without links.
  [[nodiscard]] std::string const& file() const noexcept { return file_; }

 private:
  std::string file_, name_;
  int open_ = -1;
};

}  // namespace program_cli
