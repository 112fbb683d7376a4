// Plugins in a process of their own: the same bits; crashes, hangs and wild writes are named errors, and the host goes on.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "laws/device_law.hpp"
#include "ohmic/device/pcm.hpp"
#include "ohmic/plugin/conformance.hpp"
#include "ohmic/plugin/host.hpp"
#include "plugin/all_of.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/temporary_file.hpp"

namespace {

using namespace ohmic;
using ohmic_test::all_of;
using ohmic_test::check_refused;

std::string case_file(std::string const& name) { return std::string(OHMIC_PLUGIN_CASES) + "/" + name + ".so"; }
std::string shipped_file(std::string const& name) { return std::string(OHMIC_PLUGIN_FOLDER) + "/" + name + ".so"; }

/// Little time only where it is to run out: other cases may wait for a busy machine.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitised = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool sanitised = true;
#else
constexpr bool sanitised = false;
#endif
#else
constexpr bool sanitised = false;
#endif

plugin::isolation limits_of(std::string const& way) {
  return {way.starts_with("hangs") ? 500 : 60'000, std::uint64_t{1} << 28};
}

TEST_CASE("an isolated device gives the bits of one in the host's process, of tiles larger than shared memory too") {
  for (auto const& [file, name] :
       {std::pair("device_pcm", "plugin_pcm_nandakumar"), std::pair("template", "template_cell")}) {
    CAPTURE(name);
    plugin::loaded const inside(shipped_file(file)), apart(shipped_file(file), plugin::isolation{});
    CHECK(apart.is_isolated());
    auto const a = inside.make_device(name, ""), b = apart.make_device(name, "");
    CHECK(b->facts().source == a->facts().source);
    CHECK(b->facts().high_uS == a->facts().high_uS);
    CHECK(all_of(*a, 3, 7) == all_of(*b, 3, 7));
    CHECK(all_of(*a, 3, 70'000) == all_of(*b, 3, 70'000));
    CHECK(all_of(*a, 70'000, 3) == all_of(*b, 70'000, 3));
    ohmic_test::device_laws(foreign_device{b, nullptr});
  }
}

TEST_CASE("crashes, hangs, wild writes and hunger of an isolated plugin are named errors, and the host is intact") {
  for (auto const& [way, part] :
       {std::pair("crashes", "it crashed: signal 11"), std::pair("hangs", "did not answer within 500 ms"),
        std::pair("writes_wildly", "it crashed: signal"), std::pair("underruns", "it crashed: signal"),
        std::pair("exits", "it ended with status 0"),
        // No memory: the plugin aborts, a sanitizer's allocator ends the process.
        std::pair("eats_memory", sanitised ? "it ended with status 1" : "it crashed: signal 6")}) {
    CAPTURE(way);
    std::vector<double> const own(1000, 4.25);
    plugin::loaded const p(case_file(way), limits_of(way));
    auto const d = p.make_device("test_cell", "");
    auto const call = [&] { static_cast<void>(all_of(*d, 2, 2)); };
    check_refused(call, errc::plugin_died, {std::string(way) + ".so", part});
    check_refused(call, errc::plugin_died, {part});  // and it stays so
    check_refused([&] { static_cast<void>(p.make_device("other_cell", "")); }, errc::plugin_died, {part});
    CHECK(own == std::vector<double>(1000, 4.25));
  }
  check_refused([] { plugin::loaded const p(case_file("crashes_on_load"), limits_of("crashes_on_load")); },
                errc::plugin_died, {"crashes_on_load.so", "signal 6"});
  check_refused([] { plugin::loaded const p(case_file("hangs_on_load"), limits_of("hangs_on_load")); },
                errc::plugin_died, {"hangs_on_load.so", "did not answer"});
}

TEST_CASE("what an isolated plugin does wrong has the words of the host's own process") {
  for (auto const* way :
       {"wrong_magic", "truncated", "null_entry", "stray_entry", "missing_symbol", "throws_at_once"}) {
    CAPTURE(way);
    std::string words = "nothing";
    errc code{};
    try {
      plugin::loaded const p(case_file(way));
    } catch (error const& e) { words = e.what(), code = e.code(); }
    check_refused([&] { plugin::loaded const p(case_file(way), limits_of(way)); }, code, {words});
  }
  plugin::loaded const p(case_file("not_a_number"), limits_of("not_a_number"));
  auto const d = p.make_device("test_cell", "");
  check_refused([&] { static_cast<void>(all_of(*d, 2, 2)); }, errc::plugin_failed,
                {"not_a_number.so: test_cell", "got nan"});
  check_refused([&] { static_cast<void>(p.make_device("test_cell", "a=1")); }, errc::config_value, {"no parameters"});
  check_refused([&] { static_cast<void>(p.make_device("test_cell", std::string(5000, 'x'))); }, errc::config_value,
                {"too long"});
}

TEST_CASE("threads call an isolated plugin at the same time, or take turns where it says so, to the same bits") {
  for (auto const& [file, name] : {std::pair(shipped_file("device_pcm"), "plugin_pcm_hermes"),
                                   std::pair(case_file("own_thread_only"), "test_cell")}) {
    CAPTURE(name);
    plugin::loaded const p(file, plugin::isolation{});
    auto const d = p.make_device(name, "");
    auto const expected = all_of(*d, 8, 16);
    std::vector<int> right(20);  // more than there are lanes
    std::vector<std::thread> threads;
    for (auto& r : right)
      threads.emplace_back([&] {
        r = 1;
        for (int k = 0; k < 10; ++k) r = r != 0 && all_of(*d, 8, 16) == expected;
      });
    for (auto& t : threads) t.join();
    CHECK(right == std::vector<int>(20, 1));
  }
}

TEST_CASE("a copy that an isolated plugin makes of its process answers nobody, and what it starts ends with it") {
  plugin::loaded const inside(case_file("good")), copied(case_file("forks"), plugin::isolation{});
  auto const a = inside.make_device("test_cell", ""), b = copied.make_device("test_cell", "");
  for (std::size_t k = 1; k < 40; ++k) CHECK(all_of(*a, k, 9) == all_of(*b, k, 9));
  double left = 0.0;
  {
    plugin::loaded const p(case_file("leaves_a_process"), plugin::isolation{});
    double const target = 2.0;
    double mean = 0.0;
    p.make_device("test_cell", "")->program({}, {&target, 1}, {&mean, 1}, {&left, 1});
    REQUIRE(left > 1.0);
  }
  // It is init's to collect; until then there is a process of that number, which runs no more.
  auto const is_running = [&] {
    std::ifstream stat("/proc/" + std::to_string(static_cast<long>(left)) + "/stat");
    std::string text;
    std::getline(stat, text);
    return text.find(") Z") == text.npos && !text.empty();
  };
  for (int k = 0; k < 500 && is_running(); ++k) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(is_running());
}

TEST_CASE("a crash at the end of a device is heard of at the next call, and named for what it was") {
  plugin::loaded const p(case_file("crashes_at_its_end"), plugin::isolation{});
  p.require_alive();
  static_cast<void>(p.make_device("test_cell", ""));
  check_refused([&] { p.require_alive(); }, errc::plugin_died, {"signal 11", "an answer to destroy"});
}

TEST_CASE("a crash has a name where the system collects the host's children") {
  auto* const before = std::signal(SIGCHLD, SIG_IGN);
  plugin::loaded const p(case_file("crashes"), plugin::isolation{});
  auto const d = p.make_device("test_cell", "");
  check_refused([&] { static_cast<void>(all_of(*d, 2, 2)); }, errc::plugin_died, {"crashes.so", "it ended"});
  std::signal(SIGCHLD, before);
}

TEST_CASE("conformance tries an isolated plugin as one in the host's process") {
  auto const fails = [](char const* way, std::string_view what) {
    auto const all = plugin::conformance(plugin::loaded(case_file(way), limits_of(way)), "", "test_cell");
    auto const f = std::find_if(all.begin(), all.end(), [&](auto const& x) { return x.what == what; });
    CAPTURE(way, what);
    REQUIRE(f != all.end());
    CHECK_FALSE(f->passed);
  };
  fails("ignores_stride", "keeps to its tile");
  fails("exits_where_spaced", "keeps to its tile");
  fails("crashes_at_its_end", "comes and goes");
  for (auto const& f : plugin::conformance(plugin::loaded(case_file("crashes"), limits_of("crashes"))))
    CHECK(f.device != "prices");
  for (auto const& f : plugin::conformance(plugin::loaded(case_file("good"), plugin::isolation{}), "", "test_cell")) {
    CAPTURE(f.what, f.detail);
    CHECK(f.passed);
  }
}

TEST_CASE("a call of an isolated plugin may use every processor of the host at first and where there is much to do") {
  cpu_set_t mine;
  REQUIRE(::sched_getaffinity(0, sizeof mine, &mine) == 0);
  auto const all = static_cast<double>(CPU_COUNT(&mine));
  plugin::loaded const p(case_file("counts_processors"), plugin::isolation{});
  auto const d = p.make_device("test_cell", "");
  auto const processors = [&](std::size_t cells) {
    std::vector<double> const target(cells, 2.0);
    std::vector<double> mean(cells), sigma(cells);
    d->program({1, cells, 0, 0}, target, mean, sigma);
    return sigma[0];
  };
  CHECK(processors(4) == all);
  for (int k = 0; k < 3; ++k) CHECK(processors(60'000) == all);
  // Between them it stays where the caller is, unless every call comes from another processor.
  double fewest = all;
  for (int k = 0; k < 100; ++k) fewest = std::min(fewest, processors(4));
  CHECK(fewest == 1.0);
  CHECK(processors(60'000) == all);
}

TEST_CASE("a crash under one of several calls is what all of them report") {
  plugin::loaded const p(case_file("crashes"), limits_of("crashes"));
  auto const d = p.make_device("test_cell", "");
  std::vector<std::string> said(4);
  std::vector<std::thread> threads;
  for (auto& text : said)
    threads.emplace_back([&] {
      try {
        static_cast<void>(all_of(*d, 2, 2));
      } catch (error const& e) { text = e.what(); }
    });
  for (auto& t : threads) t.join();
  for (auto const& text : said) CHECK_THAT(text, ohmic_test::contains("it crashed: signal 11"));
}

TEST_CASE("a host of the other compiler has the same bits of plugins of both, in its process and apart") {
  if (sanitised) {
    WARN("the other compiler's host has no sanitizer, which plugins of this build need in theirs");
    return;
  }
  std::string const host = std::string(OHMIC_PLUGIN_CASES) + "/host_other";
  if (!std::filesystem::exists(host)) {
    WARN("no second compiler, nothing to compare");
    return;
  }
  plugin::loaded const own(shipped_file("device_pcm"));
  auto const expected = ohmic_test::hexadecimal(all_of(*own.make_device("plugin_pcm_nandakumar", ""), 7, 9));
  for (auto const& file : {shipped_file("device_pcm"), case_file("device_pcm_other")})
    for (char const* how : {"", " isolated"}) {
      CAPTURE(file, how);
      ohmic_test::temporary_folder const folder;
      auto const out = folder.path() / "out";
      REQUIRE(std::system(("'" + host + "' '" + file + "' plugin_pcm_nandakumar 7 9" + how + " >'" + out.string() + "'")
                              .c_str()) == 0);
      CHECK(ohmic_test::read_bytes(out) == expected);
    }
}

}  // namespace
