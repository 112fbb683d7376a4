// How a signal ends the program: what is half written goes, a line says so, and the status is 128 and the signal's number.
#pragma once

#include <csignal>
#include <string>

namespace program_cli {

/// From now on SIGINT, SIGTERM and SIGHUP end the program so; those that it was started with as ignored (nohup) stay ignored.
/// A file that may not grow any more (SIGXFSZ) and a pipe that nobody reads (SIGPIPE) are writes that fail, and no signals. Where
/// memory does not suffice for an exception either, the end is that of a run that could not finish.
void handle_signals();

/// Those signals wait while one of these lives, for steps that are done whole or not at all.
class signals_held {
 public:
  signals_held();
  signals_held(signals_held const&) = delete;
  signals_held& operator=(signals_held const&) = delete;
  ~signals_held();

  /// The signals of the thread that were held before.
  [[nodiscard]] sigset_t const& before() const noexcept { return before_; }

 private:
  sigset_t before_;
};

/// The signals that handle_signals is about, without those that are ignored.
sigset_t ending_signals() noexcept;

/// The file that goes if a signal comes, or none where it is empty. Call with signals held.
void remove_at_signal(std::string const& file) noexcept;

/// Something of the result is where it was asked for, so that a signal does not say otherwise.
void note_written() noexcept;

}  // namespace program_cli
