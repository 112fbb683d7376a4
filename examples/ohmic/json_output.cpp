#include "json_output.hpp"

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/cost/report.hpp"
#include "signals.hpp"
#include "verify_stamp.hpp"

namespace program_cli {

namespace fs = std::filesystem;

json result_header(std::string const& command, common_options const& common) {
  ohmic::library_version const v;
  return {{"schema", 1},
          {"command", command},
          {"version", std::to_string(v.major) + "." + std::to_string(v.minor) + "." + std::to_string(v.patch)},
          {"seed", common.seed}};
}

json run_object(std::chrono::steady_clock::time_point start, unsigned threads, std::string const& instruction_set) {
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {{"wall_time_s", seconds},
          {"peak_memory_mib", peak_memory_mib()},
          {"host", host},
          {"threads", threads},
          {"instruction_set", instruction_set}};
}

double peak_memory_mib() {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0) return 0.0;
  return static_cast<double>(used.ru_maxrss) / 1024.0;  // Linux counts in KiB
}

json rows_of(ohmic::cost_report const& r) {
  json rows = json::array();
  for (auto const& row : r.rows)
    rows.push_back({{"path", row.path()},
                    {"count", row.count},
                    {"unit_price", row.unit_price},
                    {"unit", unit_of(row.what)},
                    {"total", row.total},
                    {"source", row.source},
                    {"origin", name_of(row.from)}});
  return rows;
}

json finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

namespace {
constexpr std::size_t longest_leaf = 230;
}

void check_writable(std::string const& target, std::string const& option) {
  if (target.empty() || target == "-") return;
  fs::path const folder = fs::path(target).has_parent_path() ? fs::path(target).parent_path() : fs::path(".");
  std::error_code ec;
  if (fs::exists(target, ec) && !fs::is_directory(target, ec) && !fs::is_regular_file(target, ec)) return;
  if (fs::is_directory(target, ec))
    throw ohmic::error({ohmic::errc::write_failed, "is a folder", option, target,
                        "a file name, or - for standard output", "name a file"});
  // As the file beside it that takes its place when it is whole: its name, and two numbers.
  if (fs::path(target).filename().native().size() > longest_leaf)
    throw ohmic::error({ohmic::errc::write_failed, "has too long a name", option, target,
                        fmt::format("at most {} bytes behind the last /", longest_leaf), "name another file"});
  if (!fs::is_directory(folder, ec) || access(folder.c_str(), W_OK) != 0)
    throw ohmic::error({ohmic::errc::write_failed, "folder of the result cannot be written", option, target,
                        "a file in a writable folder", "create the folder or name another"});
}

void check_files_writable(std::vector<output_file> const& outputs) {
  for (auto const& [name, option] : outputs) {
    if (name == "-")
      throw ohmic::error({ohmic::errc::config_conflict, "is no file", option, "-", "a file name", "name a file"});
    check_writable(name, option);
  }
}

void write_result(std::string const& target, json const& result) {
  // A name of a file is no text of anybody's: what is not UTF-8 in it is replaced.
  if (!target.empty()) write_whole(target, stamped(result).dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

namespace {

/// Errors  write_failed, with what the system says of it
ohmic::error not_written(std::string const& what, std::string const& where, int number) {
  return ohmic::error({ohmic::errc::write_failed, what, where, std::strerror(number), "",
                       "check the free space and the rights of the folder"});
}

/// Zero, or the number of what went wrong.
int write_bytes(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

/// A file beside another one that takes its place when it is whole, with its mode, and that goes otherwise, by a signal too.
class replacement {
 public:
  replacement(std::string const& place, std::string const& target) : place_(place), target_(target) {
    struct stat there {};
    bool const replaces = ::stat(place.c_str(), &there) == 0;
    signals_held const whole;
    for (int number = 0; file_ < 0; ++number) {
      name_ = fmt::format("{}.{:x}.{:x}", place, ::getpid(), number);
      file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, replaces ? 0600 : 0666);
      if (file_ < 0 && errno != EEXIST) throw not_written("cannot write the result", target, errno);
    }
    if (replaces) ::fchmod(file_, there.st_mode & 07777);
    remove_at_signal(name_);
  }
  replacement(replacement const&) = delete;
  replacement& operator=(replacement const&) = delete;
  ~replacement() {
    signals_held const whole;
    if (file_ >= 0) ::close(file_);
    if (!name_.empty()) ::unlink(name_.c_str());
    remove_at_signal("");
  }
  void write(std::string_view bytes) const {
    if (int const failed = write_bytes(file_, bytes); failed != 0)
      throw not_written("cannot write the result", target_, failed);
  }
  void put() {
    signals_held const whole;
    if (::close(std::exchange(file_, -1)) != 0) throw not_written("cannot write the result", target_, errno);
    if (::rename(name_.c_str(), place_.c_str()) != 0)
      throw not_written("cannot put the result in place", target_, errno);
    name_.clear();
    remove_at_signal("");
    note_written();
  }

 private:
  std::string place_, target_, name_{};
  int file_ = -1;
};

}  // namespace

void write_whole(std::string const& target, std::string const& bytes) {
  if (target.empty()) return;
  if (target == "-") {
    note_written();
    errno = 0;
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size() || std::fflush(stdout) != 0)
      throw ohmic::error({ohmic::errc::write_failed, "cannot write the result", "standard output", std::strerror(errno),
                          "", "check where it goes, and the free space there"});
    return;
  }
  std::error_code ec;
  if (fs::exists(target, ec) && !fs::is_regular_file(target, ec)) {  // a device or a pipe is written to, never replaced
    note_written();
    int const file = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) throw not_written("cannot write the result", target, errno);
    int failed = write_bytes(file, bytes);
    if (::close(file) != 0 && failed == 0) failed = errno;
    if (failed != 0) throw not_written("cannot write the result", target, failed);
    return;
  }
  fs::path const real = fs::weakly_canonical(target, ec);  // a link stays a link
  replacement out(ec ? target : real.string(), target);
  out.write(bytes);
  out.put();
}

}  // namespace program_cli
