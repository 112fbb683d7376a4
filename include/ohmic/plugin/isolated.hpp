// A plugin in a process of its own: what it does to memory, and whether it comes back, is its own affair.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <poll.h>
#include <signal.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/tile_device.hpp"
#include "ohmic/plugin/abi.h"
#include "ohmic/plugin/results.hpp"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// What an isolated plugin may take.
struct isolation {
  int timeout_ms = 10'000;                              ///< of loading, and of a call of at most 65536 cells
  std::uint64_t memory_bytes = std::uint64_t{2} << 30;  ///< beyond what the host has when it starts it
};

namespace detail {

/// What host and child share. The host believes nothing that it reads here.
struct shared_area {
  static constexpr std::size_t cells = 65536;
  enum class operation : std::uint32_t { look, create, destroy, program, draw, age, read, prices };

  // The request.
  operation what;
  std::uint32_t device, instance;
  std::uint64_t rows, cols, first, stride;
  std::uint64_t seed;
  std::uint32_t purpose, array, time;
  double age_s;
  char parameters[4096];
  // The answer.
  std::int32_t failed;  ///< 0, or the errc
  char text[5][768];    ///< of error_info
  ohmic_device_facts facts;
  std::uint32_t new_instance;
  ohmic_plugin_v1 table;
  ohmic_device_v1 devices[max_devices];
  std::uint64_t text_bytes;  ///< of prices, which lie in values
  double values[5][cells];
};

/// The child: serves requests until the host goes.
/// Server has table(), devices(), make_plugin_device(name, parameters)
template <class Server>
class child_loop {
 public:
  child_loop(shared_area& area, int channel) : area_(area), channel_(channel) {}

  [[noreturn]] void run(std::filesystem::path const& file) {
    std::unique_ptr<Server> server;
    answer([&] {
      server = std::make_unique<Server>(file);
      area_.table = server->table();
      std::copy(server->devices().begin(), server->devices().end(), area_.devices);
    });
    char byte = 0;
    while (::write(channel_, &byte, 1) == 1 && ::read(channel_, &byte, 1) == 1) answer([&] { serve(*server); });
    ::_exit(0);
  }

 private:
  using device_type = std::remove_reference_t<decltype(*std::declval<Server const&>().make_plugin_device("", ""))>;

  template <class F>
  void answer(F const& f) {
    area_.failed = 0;
    try {
      f();
    } catch (error const& e) { fail(e.info()); } catch (std::exception const& e) {
      fail({errc::plugin_failed, e.what(), "", "", "", ""});
    } catch (...) { fail({errc::plugin_failed, "an unknown exception", "", "", "", ""}); }
  }
  void fail(error_info const& e) {
    std::string const* const texts[] = {&e.what, &e.where, &e.got, &e.allowed, &e.fix};
    for (std::size_t k = 0; k < 5; ++k) {
      auto const n = std::min(texts[k]->size(), sizeof area_.text[k] - 1);
      std::memcpy(area_.text[k], texts[k]->data(), n);
      area_.text[k][n] = '\0';
    }
    area_.failed = static_cast<std::int32_t>(e.code);
  }
  void serve(Server const& server) {
    using op = shared_area::operation;
    if (area_.what == op::look) return;
    if (area_.what == op::prices) {
      auto const text = server.price_text(area_.parameters);
      if (text.size() > sizeof area_.values)
        throw error({errc::capacity, "the price book is too large for an isolated plugin", server.where(),
                     std::to_string(text.size()) + " bytes", std::to_string(sizeof area_.values),
                     "run it without isolation"});
      std::memcpy(area_.values, text.data(), text.size());
      area_.text_bytes = text.size();
      return;
    }
    if (area_.what == op::create) {
      auto made = server.make_plugin_device(area_.devices[area_.device].name, area_.parameters);
      area_.facts = made->raw_facts();
      area_.new_instance = static_cast<std::uint32_t>(instances_.size());
      instances_.push_back(std::move(made));
      return;
    }
    auto& d = instances_.at(area_.instance);
    cell_tile const tile = {area_.rows, area_.cols, area_.first, area_.stride};
    auto const of = [&](std::size_t k) { return std::span<double>(area_.values[k], tile.size()); };
    switch (area_.what) {
      case op::program:
        return d->program(tile, of(0), of(3), of(4));
      case op::draw:
        return d->draw(tile, {area_.seed, static_cast<purpose>(area_.purpose), area_.array}, area_.time, of(0), of(3));
      case op::age:
        return d->age(tile, area_.age_s, of(0), of(1), of(2), of(3));
      case op::read:
        return d->read(tile, area_.age_s, of(0), of(1), of(3));
      default:
        d.reset();
    }
  }

  shared_area& area_;
  int channel_;
  std::vector<std::shared_ptr<device_type const>> instances_{};
};

}  // namespace detail

/// The host's end of a child process that has loaded a plugin.
/// Range   to be made before the host starts threads; calls from any thread, one after the other
/// Errors  plugin_died where the child crashes, ends, or does not answer in time: it is gone then, and every later call says so;
///         what the plugin does wrong as in the host's own process
class child {
 public:
  /// Server is what loads the plugin in the child.
  template <class Server>
  static std::shared_ptr<child> start(std::filesystem::path const& file, isolation const& limits) {
    std::shared_ptr<child> c(new child(file, limits));
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw c->no_process("no socket");
    std::fflush(nullptr);  // or the child could write it again
    ::pid_t const host = ::getpid();
    c->pid_ = ::fork();
    if (c->pid_ < 0) {
      ::close(ends[0]), ::close(ends[1]);
      throw c->no_process("fork fails");
    }
    if (c->pid_ == 0) {
      confine(ends[1], limits, host);
      detail::child_loop<Server>(*c->area_, channel_of_child).run(file);
    }
    ::close(ends[1]);
    c->channel_ = ends[0];
    c->wait("loading");
    return c;
  }
  child(child const&) = delete;
  child& operator=(child const&) = delete;
  ~child() {
    if (channel_ >= 0) ::close(channel_);
    if (pid_ > 0) end(::kill(pid_, SIGKILL) == 0);
    ::munmap(area_, sizeof *area_);
  }

  [[nodiscard]] std::string const& where() const noexcept { return where_; }

  /// Makes a request: `fill` writes it, `take` reads the answer, nobody comes between.
  void ask(char const* function, std::function<void(detail::shared_area&)> const& fill,
           std::function<void(detail::shared_area const&)> const& take) {
    std::lock_guard const lock(mutex_);
    if (!gone_.empty()) throw died(function);
    fill(*area_);
    char const byte = 1;
    if (::send(channel_, &byte, 1, MSG_NOSIGNAL) != 1) {
      gone_ = "it " + end(false);
      throw died(function);
    }
    wait(function);
    take(*area_);
  }

 private:
  static constexpr int channel_of_child = 3;

  child(std::filesystem::path const& file, isolation const& limits)
      : where_(printable(file.string(), 512)), timeout_ms_(limits.timeout_ms) {
    void* const at = ::mmap(nullptr, sizeof *area_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) throw no_process("no shared memory");
    area_ = static_cast<detail::shared_area*>(at);
  }

  /// In the child: nothing of the host's but the channel and standard error; ends with the host.
  static void confine(int channel, isolation const& limits, ::pid_t host) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != host) ::_exit(0);
    ::dup2(channel, channel_of_child);
    if (int const none = ::open("/dev/null", O_RDONLY); none >= 0) ::dup2(none, 0);
    ::dup2(2, 1);  // what it prints is no result of the host
    ::close_range(channel_of_child + 1, ~0u, 0);
    rlimit const no_core = {0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (int const s : {SIGINT, SIGTERM, SIGPIPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::signal(s, SIG_DFL);
#if !defined(__SANITIZE_ADDRESS__)  // which takes terabytes of addresses
    std::uint64_t pages = 0;
    if (std::FILE* const f = std::fopen("/proc/self/statm", "r"); f != nullptr) {
      unsigned long long read = 0;
      if (std::fscanf(f, "%llu", &read) == 1) pages = read;
      std::fclose(f);
    }
    std::uint64_t const most = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + limits.memory_bytes;
    rlimit const memory = {most, most};
    if (pages > 0) ::setrlimit(RLIMIT_AS, &memory);
#else
    static_cast<void>(limits);
#endif
  }

  /// Waits for the answer to a request and takes its error.
  void wait(char const* function) {
    pollfd p = {channel_, POLLIN, 0};
    int ready;
    do ready = ::poll(&p, 1, timeout_ms_);
    while (ready < 0 && errno == EINTR);
    char byte = 0;
    if (ready == 0) {
      ::kill(pid_, SIGKILL);
      end(true);
      gone_ = "it did not answer within " + std::to_string(timeout_ms_) + " ms, and was ended";
    } else if (ready < 0 || ::recv(channel_, &byte, 1, 0) != 1) {
      gone_ = "it " + end(false);
    }
    if (!gone_.empty()) throw died(function);
    if (area_->failed == 0) return;
    error_info e;
    std::string* const texts[] = {&e.what, &e.where, &e.got, &e.allowed, &e.fix};
    for (std::size_t k = 0; k < 5; ++k)
      *texts[k] = printable({area_->text[k], ::strnlen(area_->text[k], sizeof area_->text[k])}, 1024);
    auto const code = area_->failed;
    e.code = code > 100 && code < 1000 ? static_cast<errc>(code) : errc::plugin_failed;
    throw error(std::move(e));
  }

  /// Collects the child; what became of it.
  std::string end(bool is_killed) {
    int status = 0;
    if (pid_ <= 0) return "is gone";
    // A child that has closed its channel may still run.
    for (int k = 0; !is_killed && ::waitpid(pid_, &status, WNOHANG) == 0; ++k) {
      if (k < 200) {
        ::poll(nullptr, 0, 1);
      } else {
        is_killed = ::kill(pid_, SIGKILL) == 0;
      }
    }
    if (is_killed) ::waitpid(pid_, &status, 0);
    pid_ = -1;
    if (WIFSIGNALED(status))
      return "crashed: signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    return "ended with status " + std::to_string(WEXITSTATUS(status));
  }

  [[nodiscard]] error died(char const* function) const {
    return error({errc::plugin_died, "the plugin's process is gone", where_, gone_,
                  "an answer to " + std::string(function), "mend the plugin"});
  }
  [[nodiscard]] error no_process(char const* why) const {
    return error({errc::plugin_died, "no process for the plugin", where_,
                  std::string(why) + ": " + std::strerror(errno), "", "run it without isolation, or free memory"});
  }

  std::string where_, gone_{};  ///< gone_: what became of a child that is no more
  int timeout_ms_;
  detail::shared_area* area_ = nullptr;
  ::pid_t pid_ = -1;
  int channel_ = -1;
  std::mutex mutex_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin
