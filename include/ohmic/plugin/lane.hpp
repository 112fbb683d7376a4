// Memory that a host and the process of an isolated plugin share: one call's request, answer and cells, and who waits for whom.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <new>
#include <semaphore.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ohmic/core/config.hpp"
#include "ohmic/plugin/abi.h"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin::detail {

/// A call under way. The host believes nothing that it reads here.
struct lane {
  static constexpr std::size_t cells = 65536;
  enum class operation : std::uint32_t { look, create, destroy, program, draw, age, read, prices };

  sem_t asked, answered;
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
  std::int32_t thread;     ///< that serves this lane; 0: it may not be moved
  std::int32_t processor;  ///< that it may not leave; -1: none
  std::uint32_t lanes;     ///< of loading: how many the child serves
  ohmic_plugin_v1 table;
  ohmic_device_v1 devices[max_devices];
  std::uint64_t text_bytes;  ///< of prices, which lie in values
  double values[5][cells];

  lane() noexcept : processor(-1) { ::sem_init(&asked, 1, 0), ::sem_init(&answered, 1, 0); }
  lane(lane const&) = delete;
  lane& operator=(lane const&) = delete;

  /// Waits for a request or an answer. False where none comes within that time.
  [[nodiscard]] static bool wait(sem_t& of, std::chrono::milliseconds most) noexcept {
    timespec until{};
    ::clock_gettime(CLOCK_MONOTONIC, &until);
    auto const ns = until.tv_nsec + most.count() % 1000 * 1'000'000;
    until.tv_sec += most.count() / 1000 + ns / 1'000'000'000;
    until.tv_nsec = ns % 1'000'000'000;
    int failed;
    do failed = ::sem_clockwait(&of, CLOCK_MONOTONIC, &until);
    while (failed != 0 && errno == EINTR);
    return failed == 0;
  }
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
