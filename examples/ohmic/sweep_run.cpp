#include "sweep_run.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <exception>
#include <fmt/core.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "ohmic/core/error.hpp"
#include "progress.hpp"
#include "sweep_summary.hpp"
#include "terminal.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

using clock = std::chrono::steady_clock;
using batch_of_points = std::vector<std::uint64_t>;

volatile std::sig_atomic_t caught_signal = 0;

extern "C" void keep_signal(int number) { caught_signal = number; }

/// How often a rank says that it lives, and how long it may be silent before its points are given to others: points are run twice,
/// and nothing is wrong, where it was only slow.
constexpr auto alive_every = std::chrono::seconds(2);
constexpr auto lost_after = std::chrono::seconds(15);
/// How long rank 0 may be silent before the others end: nobody would take their results. A rank that was never heard may still read its
/// model that long.
constexpr auto alone_after = std::chrono::seconds(120);

template <class Work>
std::thread computing_thread(Work work) {
  try {
    return std::thread(std::move(work));
  } catch (std::system_error const& e) {
    throw error({errc::no_resource, std::string("cannot start a thread: ") + e.what(), "threads", "1", "",
                 "allow more memory or threads"});
  }
}

/// Batches wait here for the thread that computes, and results for the one that writes.
class work_desk {
 public:
  work_desk(point_runner& runner, unsigned threads)
      : worker_(computing_thread([this, &runner, threads] { work(runner, threads); })) {}
  /// Waits for the batch that runs.
  ~work_desk() {
    {
      std::lock_guard const lock(guard_);
      closed_ = true;
    }
    changed_.notify_all();
    worker_.join();
  }

  void put(batch_of_points batch) {
    {
      std::lock_guard const lock(guard_);
      waiting_.push_back(std::move(batch));
    }
    changed_.notify_all();
  }
  /// Batches that wait or run, and a failure that nobody has taken.
  [[nodiscard]] std::size_t open() {
    std::lock_guard const lock(guard_);
    return waiting_.size() + (running_ ? 1 : 0) + finished_.size() + (failure_ ? 1 : 0);
  }
  /// Results, or nothing after a while.
  /// Errors  what ended the computing thread
  std::optional<std::vector<sweep_result>> take(std::chrono::milliseconds wait) {
    std::unique_lock lock(guard_);
    changed_.wait_for(lock, wait, [this] { return !finished_.empty() || failure_; });
    if (finished_.empty() && failure_) std::rethrow_exception(failure_);  // what was computed before is not lost for it
    if (finished_.empty()) return std::nullopt;
    auto out = std::move(finished_.front());
    finished_.pop_front();
    return out;
  }

 private:
  void work(point_runner& runner, unsigned threads) {
    try {
      executor crew(threads);
      for (;;) {
        batch_of_points batch;
        {
          std::unique_lock lock(guard_);
          changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
          if (closed_) return;
          batch = std::move(waiting_.front());
          waiting_.pop_front();
          running_ = true;
        }
        auto results = runner.run(batch, crew);
        {
          std::lock_guard const lock(guard_);
          finished_.push_back(std::move(results));
          running_ = false;
        }
        changed_.notify_all();
      }
    } catch (...) {
      std::lock_guard const lock(guard_);
      failure_ = std::current_exception();
      running_ = false;
      changed_.notify_all();
    }
  }

  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<batch_of_points> waiting_;
  std::deque<std::vector<sweep_result>> finished_;
  bool running_ = false, closed_ = false;
  std::exception_ptr failure_;
  std::thread worker_;  // last: it uses the others
};

/// Another rank, as rank 0 sees it.
struct colleague {
  std::deque<batch_of_points> handed;
  clock::time_point heard = clock::now();
  bool met = false, lost = false;

  void hear() noexcept { heard = clock::now(), met = true; }
  [[nodiscard]] std::chrono::seconds patience() const noexcept { return met ? lost_after : alone_after; }
  [[nodiscard]] bool is_silent() const noexcept { return clock::now() - heard > patience(); }
  [[nodiscard]] std::string silence() const { return fmt::format("silent for {} s", patience().count()); }
};

/// Batches still to be handed out. For several ranks they become smaller as fewer points are left, so that all end together.
class remaining_points {
 public:
  /// batch: most points of one
  remaining_points(std::vector<std::uint64_t> const& points, std::size_t ranks, std::size_t batch)
      : points_(&points), ranks_(ranks), batch_(batch) {}

  [[nodiscard]] bool empty() const noexcept { return returned_.empty() && next_ == points_->size(); }
  batch_of_points take() {
    if (!returned_.empty()) {
      auto batch = std::move(returned_.front());
      returned_.pop_front();
      return batch;
    }
    std::size_t const left = points_->size() - next_, shared = ranks_ > 1 ? left : points_->size();
    std::size_t const n =
        std::min(std::clamp(shared / (4 * ranks_), std::max<std::size_t>(1, batch_ / 64), batch_), left);
    auto const first = points_->begin() + static_cast<std::ptrdiff_t>(next_);
    next_ += n;
    return {first, first + static_cast<std::ptrdiff_t>(n)};
  }
  void give_back(batch_of_points batch) { returned_.push_back(std::move(batch)); }

 private:
  std::vector<std::uint64_t> const* points_;
  std::size_t ranks_, batch_, next_ = 0;
  std::deque<batch_of_points> returned_;
};

}  // namespace

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = keep_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&action.sa_mask);
  for (int const number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now {};  // that it was started with some as ignored has a reason: nohup, a job in the background
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);
  }
}

sweep_ending run_points(sweep_spec const& spec, std::vector<std::uint64_t> const& points, point_runner& runner,
                        sweep_store& store, rank_team& team, unsigned threads, bool quiet) {
  sweep_ending ending;
  progress_line line("sweep", quiet);
  best_so_far best(spec, runner.metrics());
  remaining_points rest(points, static_cast<std::size_t>(team.size()), runner.batch());
  auto const values = [&](std::uint64_t p) { return spec.values(p); };
  auto const write = [&](std::vector<sweep_result> const& results) {
    store.add(results, values);
    ending.written += results.size();
    for (auto const& r : results) best.see(r);
    line(ending.written, points.size(), best.text());
  };

  auto desk = std::make_unique<work_desk>(runner, threads);
  std::vector<colleague> others(static_cast<std::size_t>(team.size() - 1));
  auto const lose = [&](std::size_t i, std::string const& why) {
    if (others[i].lost) return;
    others[i].lost = true;
    ending.lost.push_back(static_cast<int>(i + 1));
    for (auto& batch : others[i].handed) rest.give_back(std::move(batch));
    others[i].handed.clear();
    say(stderr, "ohmic: rank {} is lost ({}); its points go to the others\n", i + 1, why);
  };
  auto const hand = [&](std::size_t i) {
    auto& c = others[i];
    while (c.met && !c.lost && c.handed.size() < 2 && !rest.empty()) {
      c.handed.push_back(rest.take());
      if (!team.send(static_cast<int>(i + 1), rank_team::word::points, packed(c.handed.back())))
        lose(i, "takes no message");
    }
  };
  auto const listen = [&] {
    while (auto m = team.poll()) {
      auto const i = static_cast<std::size_t>(m->from - 1);
      others[i].hear();
      if (m->what == rank_team::word::failed) lose(i, m->bytes);
      if (m->what == rank_team::word::results && !others[i].lost) {
        others[i].handed.pop_front();  // they answer in the order in which they were asked
        write(unpacked_results(m->bytes));
        hand(i);
      }
    }
    for (std::size_t i = 0; i < others.size(); ++i)
      if (!others[i].lost && others[i].is_silent()) lose(i, others[i].silence());
  };
  auto const outstanding = [&] {
    for (auto const& c : others)
      if (!c.handed.empty()) return true;
    return desk->open() > 0;
  };

  auto said = clock::now();
  while (!rest.empty() || outstanding()) {
    if (caught_signal != 0) {
      ending.signal = caught_signal;
      static_cast<void>(desk.release());  // it computes until the process ends
      return ending;
    }
    while (desk->open() < 2 && !rest.empty()) desk->put(rest.take());
    for (std::size_t i = 0; i < others.size(); ++i) hand(i);
    if (auto const results = desk->take(std::chrono::milliseconds(others.empty() ? 50 : 1))) write(*results);
    listen();
    if (clock::now() - said > alive_every) {
      for (std::size_t i = 0; i < others.size(); ++i)
        if (!others[i].lost && !team.send(static_cast<int>(i + 1), rank_team::word::alive, ""))
          lose(i, "takes no message");
      said = clock::now();
    }
  }
  // Now: while results are written nobody says that rank 0 lives, and from here on nobody asks.
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (!others[i].lost && !team.send(static_cast<int>(i + 1), rank_team::word::finished, ""))
      lose(i, "takes no message");
    if (!others[i].met) ending.unheard.push_back(static_cast<int>(i + 1));
  }
  return ending;
}

void part_from_others(rank_team& team, sweep_ending const& ending) {
  std::vector<colleague> others(static_cast<std::size_t>(team.size() - 1));
  for (auto& c : others) c.met = true;
  for (int const rank : ending.unheard) others[static_cast<std::size_t>(rank - 1)].met = false;
  std::vector<bool> there(others.size(), true);
  for (int const rank : ending.lost) there[static_cast<std::size_t>(rank - 1)] = false;
  auto const leave = [&](std::size_t i, std::string const& why) {
    if (!there[i]) return;
    there[i] = false;
    team.leave_lost();
    say(stderr, "ohmic: rank {} is lost ({}) after the last point\n", i + 1, why);
  };
  bool said = false;
  while (std::find(there.begin(), there.end(), true) != there.end()) {
    while (auto const m = team.poll()) {
      auto const i = static_cast<std::size_t>(m->from - 1);
      others[i].hear();
      if (m->what == rank_team::word::finished) there[i] = false;
      if (m->what == rank_team::word::failed) leave(i, m->bytes);
    }
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (others[i].is_silent()) leave(i, others[i].silence());
      if (caught_signal != 0) leave(i, fmt::format("signal {}", static_cast<int>(caught_signal)));
      if (there[i] && !others[i].met && !said && clock::now() - others[i].heard > alive_every) {
        say(stderr, "ohmic: all is written; waiting for rank {}, which still reads its model\n", i + 1);
        said = true;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void serve_points(point_runner& runner, rank_team& team, unsigned threads) {
  work_desk desk(runner, threads);
  auto said = clock::now(), heard = said;
  team.send(0, rank_team::word::alive, "");
  for (;;) {
    while (auto const m = team.poll()) {
      heard = clock::now();
      if (m->what == rank_team::word::failed) {
        say(stderr, "ohmic: rank {} cannot reach rank 0 ({})\n", team.rank(), m->bytes);
        std::fflush(nullptr);
        std::_Exit(not_finished);
      }
      if (m->what == rank_team::word::finished) {
        team.send(0, rank_team::word::finished, "");
        return;
      }
      if (m->what == rank_team::word::points) desk.put(unpacked_points(m->bytes));
    }
    if (auto const results = desk.take(std::chrono::milliseconds(1))) {
      team.send(0, rank_team::word::results, packed(*results));
      said = clock::now();
    } else if (clock::now() - said > alive_every) {
      team.send(0, rank_team::word::alive, "");
      said = clock::now();
    }
    if (clock::now() - heard > alone_after) std::_Exit(not_finished);
    if (caught_signal != 0) std::_Exit(128 + caught_signal);  // rank 0 writes what it has; mpirun says who ended
  }
}

}  // namespace program_cli
