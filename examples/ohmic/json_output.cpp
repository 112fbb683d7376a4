#include "json_output.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

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
  return {{"wall_time_s", seconds}, {"host", host}, {"threads", threads}, {"instruction_set", instruction_set}};
}

json finite(double value) { return std::isfinite(value) ? json(value) : json(nullptr); }

void check_writable(std::string const& target) {
  if (target.empty() || target == "-") return;
  fs::path const folder = fs::path(target).has_parent_path() ? fs::path(target).parent_path() : fs::path(".");
  std::error_code ec;
  if (fs::is_directory(target, ec))
    throw ohmic::error({ohmic::errc::write_failed, "is a folder", "--json", target,
                        "a file name, or - for standard output", "name a file"});
  if (!fs::is_directory(folder, ec) || access(folder.c_str(), W_OK) != 0)
    throw ohmic::error({ohmic::errc::write_failed, "folder of the result cannot be written", "--json", target,
                        "a file in a writable folder", "create the folder or name another"});
}

void write_result(std::string const& target, json const& result) {
  if (target.empty()) return;
  std::string const text = result.dump(1) + "\n";
  if (target == "-") {
    std::cout << text << std::flush;
    if (!std::cout)
      throw ohmic::error(
          {ohmic::errc::write_failed, "cannot write the result", "standard output", "", "", "check where it goes"});
    return;
  }
  std::string const temporary = target + ".partial" + std::to_string(getpid());
  std::error_code ec;
  {
    std::ofstream out(temporary, std::ios::binary);
    out << text << std::flush;
    if (!out) {
      fs::remove(temporary, ec);
      throw ohmic::error({ohmic::errc::write_failed, "cannot write the result", target, "", "",
                          "check the free space and the rights of the folder"});
    }
  }
  fs::rename(temporary, target, ec);
  if (ec) {
    std::string const why = ec.message();
    fs::remove(temporary, ec);
    throw ohmic::error({ohmic::errc::write_failed, "cannot put the result in place: " + why, target, "", "",
                        "check the rights of the folder"});
  }
}

}  // namespace program_cli
