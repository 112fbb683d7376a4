// Full disks, targets that cannot be written, little memory, a killed process: nothing is lost, and a message says what happened.
#include <cstdlib>
#include <string>
#include <sys/wait.h>

#include "run_program.hpp"
#include "support/catch.hpp"

using ohmic_test::contains;
using ohmic_test::read_json;
using ohmic_test::run_program;
using ohmic_test::scratch_folder;

namespace {

/// A line of sh with the program as $ohmic: its status, and what it printed.
ohmic_test::program_result shell(std::string const& line) {
  std::string const command = std::string("{ ohmic='") + OHMIC_PROGRAM + "'; " + line + "; } 2>&1 </dev/null";
  FILE* const pipe = popen(command.c_str(), "r");
  ohmic_test::program_result r;
  char buffer[4096];
  while (std::size_t const n = std::fread(buffer, 1, sizeof buffer, pipe)) r.text.append(buffer, n);
  int const status = pclose(pipe);
  r.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return r;
}

void could_not_finish(std::string const& line, std::string const& part) {
  auto const r = shell(line);
  INFO(line << "\n" << r.text);
  CHECK(r.status == 3);
  CHECK_THAT(r.text, contains(part));
}

}  // namespace

TEST_CASE("faults: a full disk and targets that cannot be written end with status 3") {
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json /dev/full", "/dev/full: cannot write the result");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json - >/dev/full",
                   "standard output: cannot write the result");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json /proc/result.json", "result.json");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --report /dev/full", "/dev/full");
  scratch_folder const folder;
  // A limit of files stands for a disk that fills while a result is written: the old one stays, and nothing lies beside it.
  folder.write("r.json", "old");
  could_not_finish("trap '' XFSZ; ulimit -f 1; \"$ohmic\" cost --model gpt2 --quiet --json " + (folder / "r.json"),
                   "cannot write the result");
  CHECK(folder.files() == 1);
  auto const kept = shell("cat " + (folder / "r.json"));
  CHECK(kept.text == "old");
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("faults: little address space ends with status 3 and words") {
  std::string const model = std::string(OHMIC_SOURCE_DIR) + "/examples/models/bert-wordnet";
  for (char const* kib : {"60000", "90000", "200000"}) {
    auto const r = shell("ulimit -v " + std::string(kib) + "; \"$ohmic\" deploy --model " + model + " --data " + model +
                         "/test.tsv --limit 64 --threads 2 --quiet");
    INFO(kib << "\n" << r.text);
    CHECK((r.status == 3 || r.status == 0));
    if (r.status == 3) CHECK_THAT(r.text, contains("ohmic: "));
  }
}
#endif

TEST_CASE("faults: a process that is killed leaves the old result or the new one, whole") {
  scratch_folder const folder;
  std::string const target = folder / "r.json";
  REQUIRE(shell("\"$ohmic\" cost --model gpt2 --quiet --json " + target).status == 0);
  for (int milliseconds = 1; milliseconds < 200; milliseconds += 9) {
    static_cast<void>(shell("\"$ohmic\" cost --model gpt2 --decode " + std::to_string(milliseconds) +
                            " --quiet --json " + target + " & sleep 0." +
                            (milliseconds < 10    ? "00"
                             : milliseconds < 100 ? "0"
                                                  : "") +
                            std::to_string(milliseconds) + "; kill -9 $! 2>/dev/null; wait $!"));
    CHECK(read_json(folder.path() / "r.json")["command"] == "cost");
  }
}

TEST_CASE("faults: SIGINT ends a run with 130 and leaves nothing behind") {
  scratch_folder const folder;
  std::string const model = std::string(OHMIC_SOURCE_DIR) + "/examples/models/bert-wordnet";
  auto const r = shell("timeout --preserve-status -s INT 0.3 \"$ohmic\" deploy --model " + model + " --data " + model +
                       "/test.tsv --quiet --json " + (folder / "r.json"));
  INFO(r.text);
  CHECK(r.status == 130);
  CHECK(folder.files() == 0);
}
