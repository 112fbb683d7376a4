// The executor: every index once, the serial loop's exception, nesting.
#include "ohmic/core/threads.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("an executor calls every index once for any number of threads and any length") {
  for (unsigned const threads : {1u, 2u, 7u}) {
    ohmic::executor ex(threads);
    CHECK(ex.threads() == threads);
    for (std::size_t const n : {0u, 1u, 2u, 6u, 7u, 8u, 55u, 56u, 57u, 10007u}) {
      std::vector<int> calls(n, 0);
      ex.for_each_index(n, [&](std::size_t i) { ++calls[i]; });
      CHECK(std::all_of(calls.begin(), calls.end(), [](int c) { return c == 1; }));
    }
  }
}

TEST_CASE("an executor serves thousands of short loops") {
  ohmic::executor ex(7);
  std::vector<std::size_t> sums(16, 0);
  for (std::size_t loop = 0; loop < 5000; ++loop)
    ex.for_each_index(sums.size(), [&](std::size_t i) { sums[i] += loop; });
  CHECK(std::all_of(sums.begin(), sums.end(), [](std::size_t s) { return s == 5000 * 4999 / 2; }));
}

TEST_CASE("one thread means the caller's thread") {
  ohmic::executor ex(1);
  auto const caller = std::this_thread::get_id();
  std::size_t next = 0;
  ex.for_each_index(100, [&](std::size_t i) {
    CHECK(std::this_thread::get_id() == caller);
    CHECK(i == next++);
  });
}

TEST_CASE("the exception of the lowest index reaches the caller, as in a serial loop") {
  for (unsigned const threads : {1u, 2u, 7u}) {
    ohmic::executor ex(threads);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::string text;
      std::vector<int> done(1000, 0);
      try {
        ex.for_each_index(1000, [&](std::size_t i) {
          if (i % 100 == 37) throw std::runtime_error(std::to_string(i));
          done[i] = 1;
        });
      } catch (std::runtime_error const& e) { text = e.what(); }
      CHECK(text == "37");
      CHECK(std::accumulate(done.begin(), done.begin() + 37, 0) == 37);
    }
    int calls = 0;
    ex.for_each_index(1, [&](std::size_t) { ++calls; });
    CHECK(calls == 1);
  }
}

TEST_CASE("a loop inside a loop runs, and so do loops of two threads at once") {
  ohmic::executor ex(3);
  std::atomic<int> calls{0};
  auto const nested = [&] {
    ex.for_each_index(20, [&](std::size_t) { ex.for_each_index(10, [&](std::size_t) { ++calls; }); });
  };
  std::thread other(nested);
  nested();
  other.join();
  CHECK(calls == 400);
}

TEST_CASE("a loop body may be a constant object") {
  ohmic::executor ex(2);
  std::vector<int> out(10, 0);
  auto const body = [&out](std::size_t i) { out[i] = static_cast<int>(i); };
  ex.for_each_index(out.size(), body);
  CHECK(out[9] == 9);
}

TEST_CASE("an impossible number of threads is refused") {
  for (unsigned const threads : {0u, ohmic::executor::max_threads + 1}) {
    try {
      ohmic::executor ex(threads);
      FAIL("accepted");
    } catch (ohmic::error const& e) {
      CHECK(e.code() == ohmic::errc::value);
      CHECK_THAT(e.what(), ohmic_test::contains("1..1024"));
    }
  }
  CHECK(ohmic::executor::available() >= 1);
}
