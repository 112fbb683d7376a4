// Memory that a host and the process of an isolated plugin share: one call's request, answer and cells, and who waits for whom.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/plugin/abi.h"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin::detail {

/// The number of a request or of an answer, which one process writes and another waits for. What a plugin writes here by mistake is a
/// number that nobody waits for; a semaphore of the C library would end the host.
class shared_number {
 public:
  [[nodiscard]] std::uint32_t now() const noexcept { return value_.load(std::memory_order_acquire); }
  void become(std::uint32_t n) noexcept {
    value_.store(n, std::memory_order_release);
    call(FUTEX_WAKE, 1, nullptr);
  }
  /// Waits until it is n. False where it is another one for that long.
  [[nodiscard]] bool becomes(std::uint32_t n, std::chrono::nanoseconds most) noexcept {
    using std::chrono::steady_clock;
    if (now() == n) return true;
    for (auto const until = steady_clock::now() + most;;) {
      auto const left = std::chrono::nanoseconds(until - steady_clock::now()).count();
      auto const seen = now();
      if (seen == n) return true;
      if (left <= 0) return false;
      timespec const time = {static_cast<std::time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
      call(FUTEX_WAIT, seen, &time);
    }
  }
  /// Waits until it is not n, and says what it is.
  [[nodiscard]] std::uint32_t after(std::uint32_t n) noexcept {
    for (;;) {
      if (auto const seen = now(); seen != n) return seen;
      call(FUTEX_WAIT, n, nullptr);
    }
  }

 private:
  // Whatever it says: who waits looks again.
  void call(int operation, std::uint32_t value, timespec const* time) noexcept {
    ::syscall(SYS_futex, &value_, operation, value, time, nullptr, 0);
  }
  std::atomic<std::uint32_t> value_{0};
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4);
};

/// A call under way. The host believes nothing that it reads here.
struct lane {
  static constexpr std::size_t cells = 65536;
  enum class operation : std::uint32_t { look, create, destroy, program, draw, age, read, prices, price_books };

  shared_number asked, answered;  ///< the same number where no request is under way
  // The request.
  operation what;
  std::uint32_t device, instance;
  std::uint64_t rows, cols, ld, first, stride;
  std::uint64_t seed;
  std::uint32_t purpose, array, time;
  double age_s;
  char parameters[4096];
  // The answer.
  std::int32_t failed;  ///< 0, or the errc
  char text[5][768];    ///< of error_info
  ohmic_device_facts facts;
  std::uint32_t new_instance;
  std::int32_t thread;     ///< that serves this lane; 0: it may not be moved
  std::int32_t processor;  ///< that it may not leave; -1: none
  std::uint32_t lanes;     ///< of loading: how many the child serves
  ohmic_plugin_v1 table;
  ohmic_device_v1 devices[max_devices];
  std::uint64_t text_bytes;  ///< of prices, or of the table of price books, which lie in values
  double values[5][cells];

  lane() noexcept : processor(-1) {}
  lane(lane const&) = delete;
  lane& operator=(lane const&) = delete;
};

/// Takes a lane's memory back.
struct unmap_lane {
  void operator()(lane* at) const noexcept { ::munmap(at, bytes()); }
  /// Of whole pages, and one more at the end that nobody may touch: what runs over its cells reaches no other lane.
  [[nodiscard]] static std::size_t bytes() noexcept {
    auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return ((sizeof(lane) + page - 1) / page + 1) * page;
  }
};
using shared_lane = std::unique_ptr<lane, unmap_lane>;

/// A lane in memory that forked processes share; null where there is none left.
[[nodiscard]] inline shared_lane make_lane() noexcept {
  std::size_t const bytes = unmap_lane::bytes(), page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  ::mprotect(static_cast<char*>(at) + bytes - page, page, PROT_NONE);
  return shared_lane(new (at) lane);
}

}  // namespace ohmic::inline OHMIC_ABI::plugin::detail
