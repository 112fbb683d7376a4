// A folder with the spec of a sweep, and runs of it, whole and ended.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <vector>

#include "run_program.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// A folder with a spec, and runs of it.
struct sweep_folder : scratch_folder {
  explicit sweep_folder(std::string const& spec) { write("s.toml", spec); }

  [[nodiscard]] std::string arguments(std::string const& more = {}, std::string const& file = "s.sqlite") const {
    return "sweep --spec " + (*this / "s.toml") + " --output " + (*this / file) + " --quiet " + more;
  }
  /// The JSON of a run, without what may differ.
  [[nodiscard]] nlohmann::json run(std::string const& more = {}, std::string const& file = "s.sqlite") const {
    auto const r = run_program(arguments(more + " --json " + (*this / "out.json"), file));
    INFO(r.text);
    REQUIRE(r.status == 0);
    auto out = read_json(path() / "out.json");
    out.erase("run"), out.erase("output");
    return out;
  }
  /// All points.
  [[nodiscard]] std::vector<nlohmann::json> rows(std::string const& more = {},
                                                 std::string const& file = "s.sqlite") const {
    static_cast<void>(run(more + " --jsonl " + (*this / "rows.jsonl"), file));
    std::vector<nlohmann::json> out;
    std::ifstream in(path() / "rows.jsonl");
    for (std::string line; std::getline(in, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  [[nodiscard]] std::string csv(std::string const& file) const {
    static_cast<void>(run("--csv " + (*this / "rows.csv"), file));
    std::ifstream in(path() / "rows.csv", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

inline std::string const small_grid =
    "model = \"bert_base\"\ndecode = 4\n[vary]\nadc.bits = [4, 8]\ncost.duplication = {from = 16, to = 256, steps = 3, "
    "log = "
    "true}\n[objectives]\narea = \"min\"\nlatency = \"min\"\n";

/// Points that take long enough to be interrupted: every one plans a model of its own length.
inline std::string const long_grid =
    "model = \"llama_7b\"\ndecode = 600\n[vary]\ntokens = {from = 1, to = 400, step = 1}\nadc.bits = [4, 5, 6, 7, "
    "8]\n[objectives]\nedp = \"min\"\n";

inline std::string first_lines(std::string const& file, int n) {
  std::ifstream in(file);
  std::string text, line;
  while (n-- > 0 && std::getline(in, line)) text += line + "\n";
  return text;
}

/// Starts a run in the background (as a job: others are started with SIGINT ignored), sends a signal once its file has grown, and says
/// how it ended.
inline int interrupted(sweep_folder const& folder, std::string const& signal) {
  std::string const wal = folder / "s.sqlite-wal";
  std::string const command =
      std::string("set -m; '") + OHMIC_PROGRAM + "' " + folder.arguments("--threads 1") +
      " 2>/dev/null </dev/null & pid=$!; for i in $(seq 3000); do size=$(stat -c %s " + wal +
      " 2>/dev/null || echo 0); [ \"$size\" -gt 40000 ] && break; kill -0 $pid 2>/dev/null || break; "
      "sleep 0.01; done; kill -" +
      signal + " $pid; wait $pid";
  int const status = std::system(("bash -c '" +
                                  [&] {
                                    std::string quoted;
                                    for (char c : command)
                                      quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
                                    return quoted;
                                  }() +
                                  "' 2>/dev/null")
                                     .c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace ohmic_test
