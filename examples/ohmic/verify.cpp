// ohmic verify: runs the command of a result again and compares everything but `run`.
#include "verify.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <fmt/core.h>
#include <fstream>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "command_words.hpp"
#include "input_files.hpp"
#include "json_output.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/model/file.hpp"
#include "options.hpp"
#include "outputs_apart.hpp"
#include "shallow_json.hpp"
#include "signals.hpp"
#include "terminal.hpp"
#include "verify_record.hpp"

extern char** environ;

namespace program_cli {

using namespace ohmic;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_differences = 20;

/// In a folder of ours, and in nobody else's that is called like one.
constexpr char const* passing_mark = ".ohmic_passing";

/// Removes the folders of runs that were killed: nobody holds their locks any more.
void remove_left_behind(fs::path const& folder) {
  constexpr std::time_t young_s = 60;  // may not have its lock yet
  std::error_code ec;
  for (auto const& entry : fs::directory_iterator(folder, ec)) {
    if (!entry.path().filename().string().starts_with("ohmic_verify_")) continue;
    int const there = open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (there < 0) continue;
    struct stat facts {};
    if (fstat(there, &facts) == 0 && facts.st_uid == geteuid() && (facts.st_mode & 0777) == 0700 &&
        facts.st_mtime + young_s < std::time(nullptr) && fs::is_regular_file(entry.path() / passing_mark, ec) &&
        flock(there, LOCK_EX | LOCK_NB) == 0)
      fs::remove_all(entry.path(), ec);
    close(there);
  }
}

/// A folder that goes with the run, or before a later one where this one is killed.
class passing_folder {
 public:
  passing_folder() {
    std::error_code ec;
    auto const folder = fs::temp_directory_path(ec);
    if (ec)
      throw error({errc::write_failed, "names no folder for files that pass", "TMPDIR", ec.message(),
                   "a folder that can be written", "set TMPDIR"});
    remove_left_behind(folder);
    std::string name = (fs::absolute(folder) / "ohmic_verify_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw error({errc::write_failed, "cannot be created", name, std::strerror(errno), "", "set TMPDIR"});
    path_ = name;
    lock_ = open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ >= 0) flock(lock_, LOCK_EX | LOCK_NB);
    std::ofstream(path_ / passing_mark);
  }
  passing_folder(passing_folder const&) = delete;
  passing_folder& operator=(passing_folder const&) = delete;
  ~passing_folder() {
    std::error_code ec;
    fs::remove_all(path_, ec);
    if (lock_ >= 0) close(lock_);
  }
  [[nodiscard]] fs::path const& path() const noexcept { return path_; }

 private:
  fs::path path_;
  int lock_ = -1;
};

/// Errors  config_conflict naming the files that changed
void check_files(recorded_run const& r, std::vector<input_file> const& now, std::string const& file) {
  std::vector<std::string> changed;
  auto const& then = r.result["stamp"]["files"];
  for (auto const& f : now) {
    auto const was = std::find_if(then.begin(), then.end(),
                                  [&](json const& t) { return t.is_object() && t.value("path", json()) == f.path; });
    if (was == then.end())
      changed.push_back(f.path + " is new");
    else if (was->value("digest", json()) != f.digest)
      changed.push_back(f.path + " has changed");
  }
  for (auto const& t : then) {
    auto const path = t.is_object() && t.contains("path") && t["path"].is_string() ? t["path"].get<std::string>() : "";
    if (std::none_of(now.begin(), now.end(), [&](input_file const& f) { return f.path == path; }))
      changed.push_back((path.empty() ? std::string("a file without name") : path) + " is missing");
  }
  if (changed.empty()) return;
  std::string all;
  for (std::size_t i = 0; i < changed.size() && i < most_differences; ++i) all += (i > 0 ? "; " : "") + changed[i];
  throw error({errc::config_conflict, "was made from other files than are there now", model::place(file), all,
               "the files that it was made from",
               "restore them, or give the folder that the command ran in with --folder"});
}

/// Where the second run writes what the first one wrote, and what the result calls it.
struct redirection {
  std::string there, here;
};

std::string shown(json const& v) {
  auto const text = v.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() > 80 ? text.substr(0, 77) + "..." : text;
}

/// Compares value by value; names that were redirected are what they stand for.
class comparison {
 public:
  explicit comparison(std::vector<redirection> const& names) : names_(&names) {}

  void compare(std::string const& path, json const& there, json const& here) {
    if (there.is_object() && here.is_object()) {
      for (auto const& [key, value] : there.items()) {
        std::string const at = path.empty() ? key : path + "." + key;
        if (at == "run") continue;
        if (here.contains(key)) {
          compare(at, value, here[key]);
        } else {
          ++values;
          differ(at, shown(value), "nothing");
        }
      }
      for (auto const& [key, value] : here.items())
        if (!there.contains(key) && !(path.empty() && key == "run")) {
          ++values;
          differ(path.empty() ? key : path + "." + key, "nothing", shown(value));
        }
    } else if (there.is_array() && here.is_array() && there.size() == here.size()) {
      for (std::size_t i = 0; i < there.size(); ++i) compare(path + "[" + std::to_string(i) + "]", there[i], here[i]);
    } else {
      ++values;
      if (!same(there, here)) differ(path, shown(there), shown(here));
    }
  }

  std::size_t values = 0, different = 0;
  json differences = json::array();

 private:
  [[nodiscard]] bool same(json const& there, json const& here) const {
    if (there.is_number() && here.is_number()) return there.dump() == here.dump();  // -0.0 is not 0.0
    if (there == here && there.type() == here.type()) return true;
    if (!there.is_string() || !here.is_string()) return false;
    for (auto const& n : *names_)
      if (here == n.here && there == n.there) return true;
    return false;
  }
  void differ(std::string const& path, std::string const& there, std::string const& here) {
    if (++different <= most_differences) differences.push_back({{"path", path}, {"recorded", there}, {"now", here}});
  }

  std::vector<redirection> const* names_;
};

/// Files that the run wrote beside its result, that the second run wrote again with the same content, and that have another one now where
/// they lie: edited since, or another run's. Each is read once, and nothing of a stranger's file is said but that.
std::vector<std::string> other_than_written(recorded_run const& r, json const& now) {
  auto const outputs_in = [](json const& result) {
    return result.value("stamp", json::object()).value("outputs", json::array());
  };
  auto const recorded = outputs_in(r.result);
  std::vector<std::string> out;
  for (auto const& o : outputs_of(r.words))
    for (auto const& file : files_of(o)) {
      json kept = {{"option", o.option}};
      if (file != o.value) kept["part"] = file.substr(o.value.size());
      for (auto const& written : outputs_in(now)) {
        kept["digest"] = written.value("digest", json());
        std::error_code ec;
        if (kept != written || std::find(recorded.begin(), recorded.end(), written) == recorded.end() ||
            !fs::is_regular_file(file, ec) || access(file.c_str(), R_OK) != 0)
          continue;
        if (digest_of(file) != kept["digest"]) out.push_back(file);
        break;
      }
    }
  return out;
}

/// Runs this program with these words in a folder; its plugins are refused unless they are allowed. Its status, or 128 and the signal
/// that ended it. A signal that `held` holds ends it, and stays to be seen.
int run_again(std::vector<std::string> const& words, std::string const& folder, bool plugins_allowed,
              signals_held const& held) {
  // Not among the words, of which a stranger's last one might take it: files may name plugins in ways that nobody has seen.
  if (!plugins_allowed) setenv("OHMIC_NO_PLUGINS", "1", 1);
  std::vector<std::string> all{"ohmic"};
  all.insert(all.end(), words.begin(), words.end());
  std::vector<char*> arguments;
  for (auto& w : all) arguments.push_back(w.data());
  arguments.push_back(nullptr);
  std::error_code ec;
  fs::current_path(folder, ec);
  // A terminal's signals come here, and from here to the child.
  sigset_t mask = held.before();
  sigaddset(&mask, SIGINT), sigaddset(&mask, SIGHUP);
  pid_t const parent = getpid();
  pid_t const child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it computes for nobody else
    if (getppid() != parent) _exit(not_finished);
    sigprocmask(SIG_SETMASK, &mask, nullptr);
    execve("/proc/self/exe", arguments.data(), environ);
    constexpr std::string_view why = "ohmic: cannot be started again with the recorded words\n";
    static_cast<void>(::write(STDERR_FILENO, why.data(), why.size()) != 0);
    _exit(not_finished);
  }
  if (child < 0) throw error({errc::write_failed, "cannot be started again", "ohmic", std::strerror(errno), "", ""});
  sigset_t const awaited = ending_signals();
  int status = 0;
  for (;;) {
    auto const ended = waitpid(child, &status, WNOHANG);
    if (ended == child || (ended < 0 && errno != EINTR)) break;
    timespec const a_while{0, 10'000'000};
    if (int const number = sigtimedwait(&awaited, nullptr, &a_while); number > 0) {
      kill(child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
      raise(number);  // it waits until the folder is gone
      break;
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int verify(verify_options const& o, common_options const& common) {
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  auto const home = fs::current_path();
  auto const recorded = read_recorded(o.file);
  std::string const folder = o.folder.empty() ? recorded.folder : fs::absolute(o.folder).string();
  std::error_code ec;
  fs::current_path(folder, ec);
  if (ec)
    throw error({errc::file_missing, "is not there", "folder of the run", folder, "the folder that the command ran in",
                 "give it with --folder"});
  auto const files = inputs_of(recorded.words);
  bool const plugins_allowed = o.plugins_allowed && !common.no_plugins;
  if (!plugins_allowed)
    for (auto const& f : files)
      if (f.is_plugin)
        throw error({errc::config_conflict, "the run loads a plugin, which runs its code", model::place(o.file), f.path,
                     "a plugin that you trust", "say so with --allow-plugins"});
  auto const has = [](std::vector<std::string> const& words, char const* option) {
    auto const options = options_of(words);
    return std::any_of(options.begin(), options.end(), [&](given_option const& g) { return g.option == option; });
  };
  if (!plugins_allowed && (recorded.words.front() == "plugin" || has(recorded.words, "--plugin")))
    throw error({errc::config_conflict, "the run loads a plugin, which runs its code", model::place(o.file),
                 recorded.words.front() == "plugin" ? "plugin" : "--plugin", "a plugin that you trust",
                 "say so with --allow-plugins"});
  if (!common.json.empty() && common.json != "-")
    check_apart("--json", (home / common.json).string(), names_read(recorded.words));
  check_files(recorded, files, o.file);

  signals_held const held;  // until the folder is gone
  passing_folder const scratch;
  std::vector<std::string> words = recorded.words;
  std::vector<redirection> names;
  for (auto const& out : outputs_of(words)) {
    auto const place = scratch.path() / std::to_string(names.size());
    fs::create_directories(place);
    std::string const leaf = fs::path(out.value).filename().string();
    std::string const to = (place / (leaf.empty() || leaf == "-" ? "result" : leaf)).string();
    names.push_back({out.value, to});
    words[out.at] = to;
  }
  auto const value_of = [&](char const* option) {
    auto const at = value_at(words, option);
    return at == words.size() ? std::string() : words[at];
  };
  auto const replace = [&](char const* option, std::string const& value) {
    if (auto const at = value_at(words, option); at != words.size())
      words[at] = value;
    else
      words.insert(words.end(), {option, value});
  };
  if (words.front() == "sweep" && value_of("--output").empty()) {
    std::string const to = (scratch.path() / "sweep.sqlite").string();
    names.push_back({recorded.output, to});
    replace("--output", to);
  }
  // What calibrate keeps is its result.
  std::string const written =
      words.front() == "calibrate" && value_of("--json").empty() ? value_of("--output") : value_of("--json");
  if (written.empty())
    throw error({errc::file_format, "was written without --json", model::place(o.file), "", "a result of --json", ""});
  if (o.threads_given) replace("--threads", std::to_string(common.threads));
  if (common.instruction_set != "auto") replace("--instruction-set", common.instruction_set);
  if (o.timeout_given) replace("--plugin-timeout", fmt::format("{}", common.plugin_timeout_s));
  if (common.plugin_isolated && !has(words, "--plugin-isolated")) words.emplace_back("--plugin-isolated");
  if (!has(words, "--quiet")) words.emplace_back("--quiet");

  int const status = run_again(words, folder, plugins_allowed, held);
  fs::current_path(home, ec);
  if (!fs::is_regular_file(written, ec))
    throw error({errc::write_failed, "could not be run again", model::place(o.file), "status " + std::to_string(status),
                 "a run that finishes", "see what it says above"});
  auto const now = parse_shallow<json>(model::read_whole(written, max_result_bytes));
  comparison all(names);
  all.compare("", recorded.result, now);
  fs::current_path(folder, ec);
  auto const changed = other_than_written(recorded, now);
  fs::current_path(home, ec);

  bool const same = all.different == 0;
  FILE* const text = common.json == "-" ? stderr : stdout;
  if (!common.quiet || !same) {
    say(text, "{}: {}\n", model::place(o.file),
        same ? fmt::format("the same again, {} values of ohmic {}", all.values, words.front())
             : fmt::format("{} of {} values differ", all.different, all.values));
    for (auto const& d : all.differences)
      say(text, "  {}: {} recorded, {} now\n", printable(d["path"].get<std::string>(), 512),
          d["recorded"].get<std::string>(), d["now"].get<std::string>());
    if (all.different > most_differences) fmt::print(text, "  .. and {} more\n", all.different - most_differences);
  }
  for (auto const& file : changed)
    say(stderr, "ohmic: {} is no longer what the run wrote: edited since, or of another run\n", model::place(file));
  json out = result_header("verify", common);
  out["file"] = o.file;
  out["same"] = same;
  out["values"] = all.values;
  out["different"] = all.different;
  out["differences"] = all.differences;
  out["changed_outputs"] = changed;
  out["run"] = run_object(start, 1, "none");
  write_result(common.json, out);
  return same ? done : check_failed;
}

}  // namespace program_cli
