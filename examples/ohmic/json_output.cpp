#include "json_output.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/cost/report.hpp"
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

void check_writable(std::string const& target, std::string const& option) {
  if (target.empty() || target == "-") return;
  fs::path const folder = fs::path(target).has_parent_path() ? fs::path(target).parent_path() : fs::path(".");
  std::error_code ec;
  if (fs::exists(target, ec) && !fs::is_directory(target, ec) && !fs::is_regular_file(target, ec)) return;
  if (fs::is_directory(target, ec))
    throw ohmic::error({ohmic::errc::write_failed, "is a folder", option, target,
                        "a file name, or - for standard output", "name a file"});
  if (!fs::is_directory(folder, ec) || access(folder.c_str(), W_OK) != 0)
    throw ohmic::error({ohmic::errc::write_failed, "folder of the result cannot be written", option, target,
                        "a file in a writable folder", "create the folder or name another"});
}

void check_outputs(std::vector<std::string> const& inputs, std::vector<output_file> const& outputs) {
  // However it is written: ./w.npy is w.npy, and so is what a link leads to.
  auto const file_of = [](std::string const& name) {
    std::error_code ec;
    auto const path = fs::weakly_canonical(name, ec);
    return ec ? name : path.string();
  };
  std::set<std::string> taken;
  for (auto const& name : inputs)
    if (!name.empty()) taken.insert(file_of(name));
  for (auto const& [name, option] : outputs) {
    if (name.empty()) continue;
    if (name == "-")
      throw ohmic::error({ohmic::errc::config_conflict, "is no file", option, "-", "a file name", "name a file"});
    check_writable(name, option);
    if (!taken.insert(file_of(name)).second)
      throw ohmic::error({ohmic::errc::config_conflict, "file named twice", option, name,
                          "a name of its own for every file", "name another file"});
  }
}

void write_result(std::string const& target, json const& result) {
  // A name of a file is no text of anybody's: what is not UTF-8 in it is replaced.
  if (!target.empty()) write_whole(target, stamped(result).dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

void write_whole(std::string const& target, std::string const& bytes) {
  if (target.empty()) return;
  if (target == "-") {
    std::cout << bytes << std::flush;
    if (!std::cout)
      throw ohmic::error(
          {ohmic::errc::write_failed, "cannot write the result", "standard output", "", "", "check where it goes"});
    return;
  }
  std::error_code ec;
  auto const failed = [](std::string const& what, std::string const& where) {
    return ohmic::error(
        {ohmic::errc::write_failed, what, where, "", "", "check the free space and the rights of the folder"});
  };
  if (fs::exists(target, ec) && !fs::is_regular_file(target, ec)) {  // a device or a pipe is written to, never replaced
    std::ofstream out(target, std::ios::binary);
    out << bytes << std::flush;
    if (!out) throw failed("cannot write the result", target);
    return;
  }
  fs::path const real = fs::weakly_canonical(target, ec);  // a link stays a link
  std::string const place = ec ? target : real.string();
  std::string temporary = place + ".XXXXXX";
  int const file = mkstemp(temporary.data());
  if (file < 0) throw failed("cannot write the result", target);
  fchmod(file, 0644);
  close(file);
  {
    std::ofstream out(temporary, std::ios::binary);
    out << bytes << std::flush;
    if (!out) {
      fs::remove(temporary, ec);
      throw failed("cannot write the result", target);
    }
  }
  fs::rename(temporary, place, ec);
  if (ec) {
    std::string const why = ec.message();
    fs::remove(temporary, ec);
    throw failed("cannot put the result in place: " + why, target);
  }
}

}  // namespace program_cli
