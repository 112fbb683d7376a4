// A plugin in a process of its own: what it does to memory, and whether it comes back, is its own affair.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/plugin/child_loop.hpp"
#include "ohmic/plugin/lane.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// What an isolated plugin may take.
struct isolation {
  int timeout_ms = 10'000;                              ///< of loading, and of a call of at most 65536 cells
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;  ///< beyond what the host has when it starts it
};

/// The host's end of a child process that has loaded a plugin.
/// Range   to be made before the host starts threads; calls from any thread, as many at a time as there are lanes
/// Errors  plugin_died where the child crashes, ends, or does not answer in time: it is gone then, and every later call says so;
///         what the plugin does wrong as in the host's own process
class child {
 public:
  /// Server is what loads the plugin in the child.
  template <class Server>
  static std::shared_ptr<child> start(std::filesystem::path const& file, isolation const& limits) {
    std::shared_ptr<child> c(new child(file, limits));
    std::fflush(nullptr);  // or the child could write it again
    ::pid_t const host = ::getpid();
    c->pid_ = ::fork();
    if (c->pid_ < 0) throw c->no_process("fork fails");
    if (c->pid_ == 0) {
      confine(limits, host);
      detail::child_loop<Server>(c->lanes_).run(file);
    }
    auto& first = *c->lanes_.front();
    c->wait(first, "loading");
    c->lanes_.resize(std::clamp<std::size_t>(first.lanes, 1, c->lanes_.size()));
    c->users_.resize(c->lanes_.size());
    return c;
  }
  child(child const&) = delete;
  child& operator=(child const&) = delete;
  ~child() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] std::string const& where() const noexcept { return where_; }
  /// Calls that it takes at a time.
  [[nodiscard]] std::size_t lanes() const noexcept { return lanes_.size(); }

  /// Makes a request: `fill` writes it, `take` reads the answer, nobody comes between.
  template <class Fill, class Take>
  void ask(char const* function, Fill const& fill, Take const& take) {
    held_lane const held(*this);
    if (held.process <= 0) throw died(function);
    auto& l = *lanes_[held.number];
    fill(l);
    held.bring_here();
    ::sem_post(&l.asked);
    wait(l, function);
    take(std::as_const(l));
  }

 private:
  /// Most calls at a time: of as many threads as a machine has, up to here.
  static constexpr unsigned most_lanes = 16;

  child(std::filesystem::path const& file, isolation const& limits)
      : where_(printable(file.string(), 512)), timeout_(limits.timeout_ms) {
    for (unsigned k = 0; k < std::clamp(std::thread::hardware_concurrency(), 1u, most_lanes); ++k) {
      lanes_.push_back(detail::make_lane());
      if (!lanes_.back()) throw no_process("no shared memory");
    }
  }

  struct lane_user {
    bool busy = false;
    int processor = -1;  ///< of the last call
  };
  /// A lane that nobody uses, best one that was last used here; as many as there are where all are used.
  [[nodiscard]] std::size_t idle_lane(int processor) const noexcept {
    std::size_t found = users_.size();
    for (std::size_t k = users_.size(); k-- > 0;)
      if (!users_[k].busy && (found == users_.size() || users_[found].processor != processor)) found = k;
    return found;
  }

  /// A lane that is this call's alone.
  struct held_lane {
    explicit held_lane(child& c) : of(c), processor(::sched_getcpu()) {
      std::unique_lock lock(of.mutex_);
      of.freed_.wait(lock, [&] { return of.idle_lane(processor) < of.users_.size(); });
      number = of.idle_lane(processor);
      of.users_[number] = {true, processor};
      process = of.pid_;
    }
    held_lane(held_lane const&) = delete;
    held_lane& operator=(held_lane const&) = delete;
    ~held_lane() {
      {
        std::lock_guard const lock(of.mutex_);
        of.users_[number].busy = false;
      }
      of.freed_.notify_one();
    }
    child& of;
    int processor;  ///< of this thread
    std::size_t number = 0;
    ::pid_t process = -1;

    /// Has the lane's thread wait on this processor, which is awake, and free while this thread waits for the answer: a call is
    /// two switches there. To wake another processor takes ten times as long as a tile of a thousand cells does. It is told once,
    /// for to tell it takes as long as those switches.
    void bring_here() const noexcept {
      auto& l = *of.lanes_[number];
      auto const thread = l.thread;
      if (processor < 0 || processor >= CPU_SETSIZE || l.processor == processor) return;
      if (thread <= 0 || ::tgkill(process, thread, 0) != 0) return;
      cpu_set_t here;
      CPU_ZERO(&here);
      CPU_SET(static_cast<unsigned>(processor), &here);
      // Where that is not allowed it waits where it was.
      if (::sched_setaffinity(thread, sizeof here, &here) == 0) l.processor = processor;
    }
  };

  /// In the child: nothing of the host's but the lanes and standard error; ends with the host.
  static void confine(isolation const& limits, ::pid_t host) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != host) ::_exit(0);
    if (int const none = ::open("/dev/null", O_RDONLY); none >= 0) ::dup2(none, 0);
    ::dup2(2, 1);  // what it prints is no result of the host
    ::close_range(3, ~0u, 0);
    rlimit const no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (int const s : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT})
      ::signal(s, SIG_DFL);
    // On top of what is there: a sanitizer has terabytes of addresses.
    std::uint64_t pages = 0;
    if (std::FILE* const f = std::fopen("/proc/self/statm", "r"); f != nullptr) {
      unsigned long long read = 0;
      if (std::fscanf(f, "%llu", &read) == 1) pages = read;
      std::fclose(f);
    }
    std::uint64_t const most = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + limits.memory_bytes;
    rlimit const memory = {most, most};
    if (pages > 0) ::setrlimit(RLIMIT_AS, &memory);
  }

  /// Waits for the answer to a request and takes its error.
  void wait(detail::lane& l, char const* function) {
    using std::chrono::steady_clock;
    // In parts, between which it looks whether the child lives.
    constexpr std::chrono::milliseconds part(20);
    auto const until = steady_clock::now() + timeout_;
    auto const left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now()); };
    while (!detail::lane::wait(l.answered, std::clamp(left(), std::chrono::milliseconds(0), part))) {
      if (is_ended()) throw died(function);
      if (left().count() > 0) continue;
      end_late();
      throw died(function);
    }
    if (l.failed == 0) return;
    error_info e;
    std::string* const texts[] = {&e.what, &e.where, &e.got, &e.allowed, &e.fix};
    for (std::size_t k = 0; k < 5; ++k)
      *texts[k] = printable({l.text[k], ::strnlen(l.text[k], sizeof l.text[k])}, 1024);
    auto const code = l.failed;
    e.code = code > 100 && code < 1000 ? static_cast<errc>(code) : errc::plugin_failed;
    throw error(std::move(e));
  }

  /// True where the child is no more; collects it.
  [[nodiscard]] bool is_ended() {
    std::lock_guard const lock(mutex_);
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      gone_ = WIFSIGNALED(status) ? "it crashed: signal " + std::to_string(WTERMSIG(status)) + " (" +
                                        ::strsignal(WTERMSIG(status)) + ")"
                                  : "it ended with status " + std::to_string(WEXITSTATUS(status));
    }
    return pid_ <= 0;
  }
  /// Ends a child that did not answer.
  void end_late() {
    std::lock_guard const lock(mutex_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    gone_ = "it did not answer within " + std::to_string(timeout_.count()) + " ms, and was ended";
  }

  [[nodiscard]] error died(char const* function) {
    std::lock_guard const lock(mutex_);
    return error({errc::plugin_died, "the plugin's process is gone", where_, gone_,
                  "an answer to " + std::string(function), "mend the plugin"});
  }
  [[nodiscard]] error no_process(char const* why) const {
    return error({errc::plugin_died, "no process for the plugin", where_,
                  std::string(why) + ": " + std::strerror(errno), "", "run it without isolation, or free memory"});
  }

  std::string where_;
  std::chrono::milliseconds timeout_;
  std::vector<detail::shared_lane> lanes_{};
  std::mutex mutex_{};  ///< of all below
  std::condition_variable freed_{};
  std::vector<lane_user> users_{};
  ::pid_t pid_ = -1;
  std::string gone_{};  ///< what became of a child that is no more
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
