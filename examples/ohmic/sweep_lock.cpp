#include "sweep_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

/// True where an open file is the one of that name.
bool is_file_called(int open_file, std::string const& name) noexcept {
  struct stat a {
  }, b{};
  return ::fstat(open_file, &a) == 0 && ::stat(name.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

std::string file_without_links(std::string const& file) {
  namespace fs = std::filesystem;
  std::error_code ec;
  fs::path path = file;
  // As many as the system follows. A link whose file is not there yet is followed too, as SQLite does.
  for (int links = 0; links < 40 && fs::is_symlink(path, ec); ++links)
    path = path.parent_path() / fs::read_symlink(path, ec);
  auto const folder = fs::canonical(path.has_parent_path() ? path.parent_path() : fs::path("."), ec);
  return ec ? file : (folder / path.filename()).string();
}

sweep_lock::sweep_lock(std::string const& file) : file_(file_without_links(file)), name_(file_ + ".lock") {
  for (;;) {
    open_ = ::open(name_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    int const why = errno;
    if (open_ < 0)
      throw error({refusal_code(why, errc::write_failed), "cannot be created", model::place(name_), std::strerror(why),
                   "", "check the rights of the folder"});
    bool const taken = ::flock(open_, LOCK_EX | LOCK_NB) == 0;
    int const refused = taken ? 0 : errno;
    if (taken && is_file_called(open_, name_)) return;
    ::close(std::exchange(open_, -1));
    if (!taken && refused != EWOULDBLOCK)  // NFS and Lustre may have no locks
      throw error({refusal_code(refused, errc::write_failed), "cannot be locked", model::place(name_),
                   std::strerror(refused), "", "name an --output on a disk that has locks"});
    if (!taken)
      throw error({errc::config_conflict, "another process writes this sweep", model::place(file), "", "one writer",
                   "wait for it, or split the points with --shard and a file each"});
    // Whoever had it removed its file between the two calls: what was locked is no longer the lock.
  }
}

sweep_lock::~sweep_lock() {
  ::unlink(name_.c_str());  // while it is held, so that it is nobody else's
  ::close(open_);
}

}  // namespace program_cli
