// Full disks, targets that cannot be written, little memory, a killed process: nothing is lost, and a message says what happened.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>

#include "run_program.hpp"
#include "support/catch.hpp"
#include "sweep_folder.hpp"

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

std::string model_folder() { return std::string(OHMIC_SOURCE_DIR) + "/examples/models/bert-wordnet"; }

void could_not_finish(std::string const& line, std::string const& part) {
  auto const r = shell(line);
  INFO(line << "\n" << r.text);
  CHECK(r.status == 3);
  CHECK_THAT(r.text, contains(part));
}

/// A result of one text, and beside it the same of all texts, which takes long to run again; a folder for what passes.
void write_long_run(scratch_folder const& folder) {
  REQUIRE(shell("\"$ohmic\" deploy --model " + model_folder() + " --data " + model_folder() +
                "/test.tsv --limit 1 --quiet --json " + (folder / "short.json"))
              .status == 0);
  auto result = read_json(folder.path() / "short.json");
  for (auto& word : result["run"]["arguments"])
    if (word == "1") word = "100000";
  folder.write("r.json", result.dump());
  std::filesystem::create_directory(folder.path() / "t");
}

}  // namespace

TEST_CASE("faults: a full disk and targets that cannot be written end with status 3") {
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json /dev/full", "/dev/full: cannot write the result");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json - >/dev/full",
                   "standard output: cannot write the result");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --json /proc/result.json", "result.json");
  could_not_finish("\"$ohmic\" cost --model gpt2 --quiet --report /dev/full", "/dev/full");
  scratch_folder const folder;
  // A folder of charts that there is no space for is not made, one that was there stays.
  std::filesystem::create_directory(folder.path() / "there");
  for (char const* charts : {"new/charts", "there"}) {
    std::string const charts_too = " --quiet --svg " + (folder / charts);
    could_not_finish("\"$ohmic\" cost --model gpt2 --report /dev/full" + charts_too, "/dev/full");
    could_not_finish("\"$ohmic\" reproduce --json /dev/full --report /dev/full" + charts_too, "/dev/full");
    could_not_finish("ulimit -f 0; \"$ohmic\" cost --model gpt2" + charts_too, charts);
  }
  CHECK_FALSE(std::filesystem::exists(folder.path() / "new"));
  CHECK(std::filesystem::remove(folder.path() / "there"));  // as it is empty
  // A limit of files stands for a disk that fills while a result is written: the old one stays, and nothing lies beside it.
  folder.write("r.json", "old");
  for (char const* blocks : {"0", "1"}) {
    could_not_finish(
        "ulimit -f " + std::string(blocks) + "; \"$ohmic\" cost --model gpt2 --quiet --json " + (folder / "r.json"),
        "cannot write the result; got File too large");
    CHECK(folder.files() == 1);
  }
  auto const kept = shell("cat " + (folder / "r.json"));
  CHECK(kept.text == "old");
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("faults: little address space ends with status 3 and words") {
  auto const limited = [](char const* kib, char const* threads) {
    return "ulimit -v " + std::string(kib) + "; \"$ohmic\" deploy --model " + model_folder() + " --data " +
           model_folder() + "/test.tsv --limit 64 --quiet --threads " + threads;
  };
  // Stacks of threads are addresses too. That they do not fit is nothing that is wrong with the input.
  could_not_finish(limited("100000", "16"), "threads: cannot start a thread");
  could_not_finish(limited("60000", "2"), "ohmic: ");
  for (char const* kib : {"90000", "200000"}) {
    auto const r = shell(limited(kib, "2"));
    INFO(kib << "\n" << r.text);
    CHECK((r.status == 3 || r.status == 0));
    if (r.status == 3) CHECK_THAT(r.text, contains("ohmic: "));
  }
  // Where the program starts and little is left, not even exceptions have memory.
  auto const under = [](int kib, std::string const& arguments) {
    return shell("ulimit -v " + std::to_string(kib) + "; \"$ohmic\" " + arguments);
  };
  int starts = 10000;
  while (under(starts, "--version").status != 0) REQUIRE((starts += 100) < 10000'000);
  for (int kib = starts + 100; kib < starts + 3000; kib += 100) {
    auto const r = under(kib, "cost --model llama_7b --quiet");
    INFO(kib << "\n" << r.text);
    CHECK((r.status == 3 || r.status == 0));
    if (r.status == 3) CHECK_THAT(r.text, contains("ohmic: "));
  }
}
#endif

TEST_CASE("faults: descriptors that are used up end with status 3, and a later run finishes") {
  scratch_folder const folder;
  folder.write("s.toml", "model = \"gpt2\"\n[vary]\nadc.bits = [4, 6]\n[objectives]\narea = \"min\"\n");
  std::string const sweep = "\"$ohmic\" sweep --quiet --spec " + (folder / "s.toml") + " --output " +
                            (folder / "s.sqlite") + " --json " + (folder / "r.json");
  auto const with = [](int descriptors, std::string const& command) {
    return shell("ulimit -n " + std::to_string(descriptors) + "; " + command);
  };
  int failed = 0, starts = 4;  // streams, and what the loader needs
  while (with(starts, "\"$ohmic\" --version").status != 0) REQUIRE(++starts < 100);
  for (int descriptors = starts; descriptors < starts + 20; ++descriptors) {
    auto const r = with(descriptors, sweep);
    INFO(descriptors << "\n" << r.text);
    CHECK((r.status == 0 || r.status == 3));
    if (r.status == 3) {
      ++failed;
      CHECK_THAT(r.text, contains("ohmic: "));
      CHECK(r.text.find("unable to open database") == r.text.npos);  // the files, not the disk, are what is missing
      CHECK_FALSE(std::filesystem::exists(folder.path() / "r.json"));
    } else {
      std::filesystem::remove(folder.path() / "r.json");
    }
  }
  CHECK(failed > 0);
  could_not_finish("ulimit -n " + std::to_string(starts) + "; \"$ohmic\" sweep --quiet --spec " + (folder / "s.toml") +
                       " --output " + (folder / "other.sqlite"),
                   "other.sqlite: cannot be opened; got Too many open files");
  REQUIRE(shell(sweep).status == 0);
  CHECK(read_json(folder.path() / "r.json")["points"]["done"] == 2);
}

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

TEST_CASE("faults: a signal ends a run with 128 and its number, a line, and leaves nothing behind") {
  scratch_folder const folder;
  struct ending {
    char const *name, *said;
    int status;
  };
  for (auto const& [name, said, status] : {ending{"INT", "ohmic: interrupted; nothing was written", 130},
                                           {"TERM", "ohmic: ended by SIGTERM; nothing was written", 143},
                                           {"HUP", "ohmic: ended by SIGHUP; nothing was written", 129}})
    for (std::string const& command : {"deploy --data " + model_folder() + "/test.tsv", std::string("calibrate")}) {
      auto const r = shell("timeout --preserve-status -s " + std::string(name) + " 0.3 \"$ohmic\" " + command +
                           " --model " + model_folder() + " --quiet --json " + (folder / "r.json"));
      INFO(r.text);
      CHECK(r.status == status);
      CHECK(r.text == std::string(said) + "\n");
      CHECK(folder.files() == 0);
    }
  // What it was started with as ignored stays so, to sweeps and to the run of verify too.
  auto const kept =
      shell("trap '' TERM; \"$ohmic\" reproduce --quiet --json " + (folder / "r.json") + " & kill -TERM $!; wait $!");
  CHECK(kept.status == 0);
  CHECK(folder.files() == 1);
  folder.write("s.toml", ohmic_test::long_grid);
  for (std::string const& command :
       {"sweep --quiet --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite"),
        "verify --quiet " + (folder / "r.json")}) {
    auto const r = shell("trap '' INT HUP; \"$ohmic\" " + command +
                         " & for i in 1 2 3 4 5; do sleep 0.05; kill -INT $!; kill -HUP $!; done; wait $!");
    INFO(r.text);
    CHECK(r.status == 0);
  }
}

TEST_CASE("faults: a pipe that nobody reads is status 3, and the files are written") {
  scratch_folder const folder;
  for (std::string const& command : {std::string("cost --model llama_7b"), std::string("reproduce")}) {
    auto const lost = shell("{ sleep 0.1; \"$ohmic\" " + command + " --json " + (folder / "r.json") +
                            "; echo status $? >&2; } | true");
    INFO(lost.text);
    CHECK_THAT(lost.text, contains("standard output: cannot write all of the text; got Broken pipe"));
    CHECK_THAT(lost.text, contains("status 3"));
    CHECK(read_json(folder.path() / "r.json")["stamp"].is_object());
    std::filesystem::remove(folder.path() / "r.json");
  }
}

TEST_CASE("faults: a signal to verify ends the run that it started, and its folder goes") {
  scratch_folder const folder;
  write_long_run(folder);
  auto const r =
      shell("export TMPDIR=" + (folder / "t") + "; \"$ohmic\" verify " + (folder / "r.json") +
            " & verify=$!; until [ -n \"$(cat /proc/$verify/task/$verify/children)\" ]; do sleep 0.01; done; "
            "child=$(cat /proc/$verify/task/$verify/children); kill -TERM $verify; wait $verify; status=$?; "
            "kill -0 $child 2>/dev/null && echo orphan; ls " +
            (folder / "t") + "; exit $status");
  INFO(r.text);
  CHECK(r.status == 143);
  CHECK(r.text == "ohmic: ended by SIGTERM; nothing was written\n");
}

TEST_CASE("verify: killed, it takes the run that it started with it, and a later one its folder") {
  scratch_folder const folder;
  write_long_run(folder);
  auto const r =
      shell("export TMPDIR=" + (folder / "t") + "; \"$ohmic\" verify " + (folder / "r.json") +
            " & verify=$!; until [ -n \"$(cat /proc/$verify/task/$verify/children)\" ]; do sleep 0.01; done; "
            "child=$(echo $(cat /proc/$verify/task/$verify/children)); sleep 0.05; kill -9 $verify; wait $verify; "
            "for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 $child 2>/dev/null || break; sleep 0.1; done; "
            "! kill -0 $child 2>/dev/null || grep -q 'State:.Z' /proc/$child/status || echo orphan; "
            "mkdir \"$TMPDIR/ohmic_verify_report\"; touch -d '1 hour ago' \"$TMPDIR\"/ohmic_verify_*; \"$ohmic\" "
            "verify --quiet " +
            (folder / "short.json") + "; ls \"$TMPDIR\"");
  INFO(r.text);
  CHECK(r.text.find("orphan") == std::string::npos);
  CHECK(r.text.ends_with("ohmic_verify_report\n"));  // somebody else's, whatever it is called
  CHECK(r.text.find("ohmic_verify_") == r.text.rfind("ohmic_verify_"));
}

TEST_CASE("faults: standard output that takes nothing is status 3, for every command") {
  scratch_folder const folder;
  folder.write("s.toml", "model = \"gpt2\"\n[vary]\nadc.bits = [4, 6]\n[objectives]\narea = \"min\"\n");
  for (std::string const& command :
       {std::string("cost --model gpt2"), std::string("reproduce --only tab10"), std::string("list devices"),
        std::string("--help"), std::string("cost --help"), std::string("--version"),
        "sweep --spec " + (folder / "s.toml") + " --output " + (folder / "s.sqlite"),
        "deploy --limit 1 --model " + model_folder() + " --data " + model_folder() + "/test.tsv",
        "calibrate --model " + model_folder() + " --output " + (folder / "c.json")}) {
    could_not_finish("\"$ohmic\" " + command + " >/dev/full", "standard output: cannot write all of the text");
    could_not_finish("\"$ohmic\" " + command + " >&-", "standard output: cannot write all of the text; got Bad file");
  }
  // Where nothing is to be printed, nothing is lost; and no file takes the number of a stream that is closed.
  auto const quiet = shell("\"$ohmic\" cost --model gpt2 --quiet --json " + (folder / "r.json") + " >&- 2>&-");
  CHECK(quiet.status == 0);
  CHECK(read_json(folder.path() / "r.json")["command"] == "cost");
  auto const deaf = shell("\"$ohmic\" cost --model none 2>&-");
  CHECK(deaf.status == 2);
}

TEST_CASE("faults: a result keeps the mode of the file that it replaces, and a new one that of the umask") {
  scratch_folder const folder;
  auto const mode = [&](char const* name) {
    struct stat s {};
    CHECK(stat((folder.path() / name).c_str(), &s) == 0);
    return s.st_mode & 07777u;
  };
  folder.write("old.json", "old");
  CHECK(chmod((folder.path() / "old.json").c_str(), 0600) == 0);
  for (char const* name : {"old.json", "new.json"})
    CHECK(shell("umask 027; \"$ohmic\" cost --model gpt2 --quiet --json " + (folder / name)).status == 0);
  CHECK(mode("old.json") == 0600u);
  CHECK(mode("new.json") == 0640u);
}
