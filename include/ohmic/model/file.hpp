// Regular files read with bounds, and the texts that diagnoses about files are made of. Standard library only.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// "file" or "file, part": the `where` of a diagnosis.
[[nodiscard]] inline std::string place(std::filesystem::path const& file, std::string_view part = {}) {
  std::string s = printable(file.string(), 4096);
  if (!part.empty()) s.append(", ").append(part);
  return s;
}

/// Size in bytes of a regular file. Pipes and devices are refused: files are read more than once.
/// Errors  errc::file_missing, errc::no_resource
[[nodiscard]] inline std::uint64_t regular_file_size(std::filesystem::path const& file) {
  std::error_code ec;
  auto const kind = std::filesystem::status(file, ec).type();
  if (kind == std::filesystem::file_type::not_found)
    throw error({errc::file_missing, "no such file", place(file), "nothing", "a regular file", "check the path"});
  if (kind == std::filesystem::file_type::directory)
    throw error({errc::file_missing, "cannot be read", place(file), "a folder", "a regular file", "name a file in it"});
  if (kind != std::filesystem::file_type::regular)
    throw error({refusal_code(ec.value(), errc::file_missing), "cannot be read", place(file),
                 ec ? ec.message() : "no regular file", "a regular file", ""});
  std::uintmax_t const size = std::filesystem::file_size(file, ec);
  if (ec)
    throw error({refusal_code(ec.value(), errc::file_missing), "size cannot be read", place(file), ec.message(),
                 "a regular file", ""});
  return size;
}

/// Opens a file for reading bytes.
/// Errors  errc::file_missing; errc::no_resource where the process may open no more files
[[nodiscard]] inline std::ifstream open_binary(std::filesystem::path const& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  int const why = errno;  // of open(2), which the stream called last
  if (!in && refusal_code(why, errc::file_missing) == errc::no_resource)
    throw error({errc::no_resource, "cannot be opened", place(file), std::strerror(why), "a file that can be read",
                 "close files, or allow more"});
  if (!in)
    throw error({errc::file_missing, "cannot be opened", place(file), std::strerror(why), "a file that can be read",
                 "check its permissions"});
  return in;
}

/// True for the name of a file in a folder: no folders of its own, and not the folder or the one above.
[[nodiscard]] inline bool is_plain_name(std::string_view name) noexcept {
  return !name.empty() && name != "." && name != ".." &&
         name.find_first_of(std::string_view("/\\\0", 3)) == std::string_view::npos;
}

/// True for a name that leads nowhere but into a folder and the folders in it: plain names with '/' between them.
[[nodiscard]] inline bool is_name_inside(std::string_view name) noexcept {
  for (std::size_t at = 0;;) {
    std::size_t const end = std::min(name.find('/', at), name.size());
    if (!is_plain_name(name.substr(at, end - at))) return false;
    if (end == name.size()) return true;
    at = end + 1;
  }
}

/// All bytes of a regular file.
/// Errors  errc::file_missing; errc::capacity if it has more than `limit` bytes; errc::file_truncated if it shrinks
///         while read
[[nodiscard]] inline std::string read_whole(std::filesystem::path const& file, std::uint64_t limit) {
  std::uint64_t const size = regular_file_size(file);
  if (size > limit)
    throw error({errc::capacity, "file is too large", place(file), std::to_string(size) + " bytes",
                 "at most " + std::to_string(limit) + " bytes", ""});
  std::ifstream in = open_binary(file);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uint64_t>(in.gcount()) != size)
    throw error({errc::file_truncated, "ended while it was read", place(file), std::to_string(in.gcount()) + " bytes",
                 std::to_string(size) + " bytes", "is it still being written?"});
  return bytes;
}

}  // namespace ohmic::inline OHMIC_ABI::model
