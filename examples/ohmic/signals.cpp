#include "signals.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <string_view>
#include <unistd.h>

#include "options.hpp"

namespace program_cli {

/// All that the handler reads. It may run in any thread.
namespace at_signal {

constexpr std::array numbers{SIGINT, SIGTERM, SIGHUP};
std::atomic<int> holders{0};
std::atomic<bool> has_temporary{false}, has_written{false}, is_ending{false};
std::array<char, 8192> temporary{};
std::atomic<pid_t> owner{0};
std::atomic<bool> on_terminal{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free &&
              std::atomic<pid_t>::is_always_lock_free);

void say(std::string_view text) noexcept {
  [[maybe_unused]] auto const written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace at_signal

namespace {

extern "C" void end_by_signal(int number) {
  using namespace at_signal;
  if (::getpid() != owner) ::_exit(128 + number);  // a fork that has not become its own program yet
  if (is_ending.exchange(true)) return;            // another thread is at it
  // A thread that holds signals is between two states of a file; it takes microseconds.
  timespec const a_while{0, 1'000'000};
  for (int i = 0; i < 1000 && holders > 0; ++i) ::nanosleep(&a_while, nullptr);
  if (has_temporary) ::unlink(temporary.data());
  if (on_terminal) at_signal::say("\r\033[K");  // a line of progress
  at_signal::say(number == SIGINT    ? "ohmic: interrupted; "
                 : number == SIGTERM ? "ohmic: ended by SIGTERM; "
                                     : "ohmic: ended by SIGHUP; ");
  at_signal::say(has_written ? "not all was written\n" : "nothing was written\n");
  ::_exit(128 + number);
}

/// Where memory is so short that an exception cannot be thrown or taken. Another one that nobody takes is a fault of the program.
[[noreturn]] void end_without_exception() {
  using namespace at_signal;
  if (::getpid() != owner) std::abort();  // a plugin's, whose host says what it died of
  if (has_temporary) ::unlink(temporary.data());
  at_signal::say("ohmic: an exception that nobody takes");
  try {
    if (auto const thrown = std::current_exception()) std::rethrow_exception(thrown);
    at_signal::say(", as where memory is used up");
  } catch (std::exception const& e) {
    at_signal::say(": ");
    at_signal::say(e.what());
  } catch (...) {}
  at_signal::say(has_written ? "; not all was written\n" : "; nothing was written\n");
  ::_exit(not_finished);
}

}  // namespace

void handle_signals() {
  at_signal::owner = ::getpid();
  at_signal::on_terminal = ::isatty(STDERR_FILENO) == 1;
  std::set_terminate(end_without_exception);
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  for (int const number : at_signal::numbers) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = end_by_signal;
    action.sa_flags = SA_RESTART;
    action.sa_mask = ending_signals();
    ::sigaction(number, &action, nullptr);
  }
}

sigset_t ending_signals() noexcept {
  sigset_t all;
  ::sigemptyset(&all);
  for (int const number : at_signal::numbers) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler != SIG_IGN) ::sigaddset(&all, number);
  }
  return all;
}

signals_held::signals_held() {
  auto const all = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &all, &before_);
  ++at_signal::holders;
}

signals_held::~signals_held() {
  --at_signal::holders;
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void remove_at_signal(std::string const& file) noexcept {
  using namespace at_signal;
  has_temporary = false;
  if (file.empty() || file.size() >= temporary.size()) return;
  std::memcpy(temporary.data(), file.c_str(), file.size() + 1);
  has_temporary = true;
}

void note_written() noexcept { at_signal::has_written = true; }

}  // namespace program_cli
