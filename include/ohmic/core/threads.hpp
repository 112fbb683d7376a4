// Parallel loops over independent indices, on workers that live as long as the executor.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A fixed number of threads that share the iterations of a loop, the caller being one of them.
/// Range   one loop at a time: a call that finds the executor busy (in a nested loop, or with another thread's) runs
///         its loop serially in its own thread
class executor {
 public:
  /// Largest number of threads accepted; more is a mistake in the caller's settings.
  static constexpr unsigned max_threads = 1024;

  /// Starts threads - 1 workers; none for one thread.
  /// Errors  errc::value outside 1..max_threads, errc::no_resource if the system refuses a thread
  explicit executor(unsigned threads) {
    if (threads == 0 || threads > max_threads)
      throw error({errc::value, "bad number of threads", "threads", std::to_string(threads),
                   "1.." + std::to_string(max_threads), "use 1 for a serial run"});
    try {
      workers_.reserve(threads - 1);
      for (unsigned i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
    } catch (std::system_error const& e) {
      stop();
      throw error({errc::no_resource, std::string("cannot start a thread: ") + e.what(), "threads",
                   std::to_string(threads), "", "use fewer threads"});
    } catch (...) {
      stop();
      throw;
    }
  }
  executor(executor const&) = delete;
  executor& operator=(executor const&) = delete;
  ~executor() { stop(); }

  [[nodiscard]] unsigned threads() const noexcept { return static_cast<unsigned>(workers_.size()) + 1; }

  /// Number of threads that the machine runs at once, at least 1.
  [[nodiscard]] static unsigned available() noexcept {
    return std::clamp(std::thread::hardware_concurrency(), 1u, max_threads);
  }

  /// Calls f(i) for every i < n, in any order and from any thread, and returns when all calls have returned. Write only
  /// to memory that belongs to i, so that the result cannot depend on the number of threads.
  /// Errors  where calls throw, the exception of the lowest such i, as in a serial loop; higher ones may be skipped
  template <class F>
  void for_each_index(std::size_t n, F&& f) {
    static_assert(std::is_invocable_v<F&, std::size_t>,
                  "ohmic::executor: the loop body must be callable as f(std::size_t)");
    if (workers_.empty() || n < 2 || busy_.test_and_set(std::memory_order_acquire)) {
      for (std::size_t i = 0; i < n; ++i) f(i);
      return;
    }
    job loop;
    loop.n = n;
    // Several chunks per thread, so that the last ones even out unequal work.
    loop.chunk = std::max<std::size_t>(1, n / (std::size_t{8} * threads()));
    loop.body = const_cast<void*>(static_cast<void const*>(std::addressof(f)));
    loop.call = [](void* body, std::size_t i) { (*static_cast<std::remove_reference_t<F>*>(body))(i); };
    run(loop);
    busy_.clear(std::memory_order_release);
    if (loop.failure) std::rethrow_exception(loop.failure);
  }

 private:
  struct job {
    std::size_t n = 0;
    std::size_t chunk = 1;
    void* body = nullptr;
    void (*call)(void*, std::size_t) = nullptr;
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> limit{
        std::numeric_limits<std::size_t>::max()};  // indices from here on need not run any more
    std::exception_ptr failure;                    // of index `limit`; under failure_mutex
    std::mutex failure_mutex;
  };

  /// Takes chunks until there are none left.
  static void share(job& loop) noexcept {
    for (;;) {
      auto const first = loop.next.fetch_add(loop.chunk, std::memory_order_relaxed);
      if (first >= loop.n) return;
      auto const last = loop.n - first < loop.chunk ? loop.n : first + loop.chunk;
      for (auto i = first; i < last && i < loop.limit.load(std::memory_order_relaxed); ++i) {
        try {
          loop.call(loop.body, i);
        } catch (...) {
          std::lock_guard const lock(loop.failure_mutex);
          if (i < loop.limit.load(std::memory_order_relaxed)) {
            loop.failure = std::current_exception();
            loop.limit.store(i, std::memory_order_relaxed);
          }
        }
      }
    }
  }

  void run(job& loop) noexcept {
    {
      std::lock_guard const lock(mutex_);
      loop_ = &loop;
      ++loops_;
    }
    wake_.notify_all();
    share(loop);
    std::unique_lock lock(mutex_);
    loop_ = nullptr;  // workers that wake up only now have nothing to do, and are not waited for
    done_.wait(lock, [this] { return active_ == 0; });
  }

  void work() noexcept {
    std::size_t seen = 0;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stopping_ || (loop_ != nullptr && loops_ != seen); });
      if (stopping_) return;
      seen = loops_;
      ++active_;
      auto& loop = *loop_;
      lock.unlock();
      share(loop);
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  void stop() noexcept {
    {
      std::lock_guard const lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
    workers_.clear();
  }

  std::mutex mutex_;  // guards loop_, loops_, active_, stopping_
  std::condition_variable wake_;
  std::condition_variable done_;
  job* loop_ = nullptr;
  std::size_t loops_ = 0;
  std::size_t active_ = 0;
  bool stopping_ = false;
  std::atomic_flag busy_;
  std::vector<std::thread> workers_;
};

}  // namespace ohmic::inline OHMIC_ABI
