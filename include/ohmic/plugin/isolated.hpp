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
/// Range   to be made before the host starts threads, by one that lives as long as it; calls from any thread, as many at a time as
///         there are lanes
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
    c->users_.resize(1);
    c->wait(first, ++c->users_.front().requests, "loading");
    c->lanes_.resize(std::clamp<std::size_t>(first.lanes, 1, c->lanes_.size()));
    c->users_.resize(c->lanes_.size());
    return c;
  }
  child(child const&) = delete;
  child& operator=(child const&) = delete;
  ~child() {
    if (pid_ > 0) end();
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
    auto const number = ++users_[held.number].requests;  // this call's alone
    l.asked.become(number);
    wait(l, number, function);
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
    int processor = -1;          ///< of the last call
    std::uint32_t requests = 0;  ///< made so far
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
      of.users_[number].busy = true, of.users_[number].processor = processor;
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

  /// In the child: nothing of the host's but the lanes and standard error; ends with the host, and what it starts with it.
  static void confine(isolation const& limits, ::pid_t host) {
    ::setpgid(0, 0);
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
  void wait(detail::lane& l, std::uint32_t number, char const* function) {
    // In parts, between which it looks whether the child lives. Only they count: the host may have been stopped meanwhile.
    constexpr std::chrono::milliseconds part(20);
    for (auto left = timeout_; !l.answered.becomes(number, std::min(left, part)); left -= std::min(left, part)) {
      if (is_ended(function)) throw died(function);
      if (left > part) continue;
      end_late(function);
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
  [[nodiscard]] bool is_ended(char const* function) {
    std::lock_guard const lock(mutex_);
    if (pid_ <= 0) return true;
    siginfo_t of{};
    // Its group is ended before its number is free for others.
    int const found = ::waitid(P_PID, static_cast<id_t>(pid_), &of, WEXITED | WNOHANG | WNOWAIT);
    if (found == 0 && of.si_pid != pid_) return false;
    if (found != 0 && errno != ECHILD) return false;
    std::string const how = found != 0 ? "it ended"  // who started the host has the system collect its children
                            : of.si_code == CLD_EXITED ? "it ended with status " + std::to_string(of.si_status)
                                                       : "it crashed: signal " + std::to_string(of.si_status) + " (" +
                                                             ::strsignal(of.si_status) + ")";
    if (found == 0) end();
    pid_ = -1;
    gone_ = how, gone_in_ = function;
    return true;
  }
  /// Ends a child that did not answer.
  void end_late(char const* function) {
    std::lock_guard const lock(mutex_);
    if (pid_ <= 0) return;
    end();
    gone_ = "it did not answer within " + std::to_string(timeout_.count()) + " ms, and was ended", gone_in_ = function;
  }
  /// Ends it with what it has started.
  void end() noexcept {
    ::kill(-pid_, SIGKILL), ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  [[nodiscard]] error died(char const* function) {
    std::lock_guard const lock(mutex_);
    return error({errc::plugin_died, "the plugin's process is gone", where_, gone_,
                  "an answer to " + (gone_in_.empty() ? function : gone_in_), "mend the plugin"});
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
  std::string gone_{}, gone_in_{};  ///< what became of a child that is no more, and the function that it was asked for
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
