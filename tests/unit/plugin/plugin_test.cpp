// Plugins in a host: good ones are the same device as built in, bad ones are named errors.
#include <algorithm>
#include <cfenv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <vector>

#include "laws/device_law.hpp"
#include "ohmic/device/decorators.hpp"
#include "ohmic/device/pcm.hpp"
#include "ohmic/device/programmable_cell.hpp"
#include "ohmic/device/tile_cell.hpp"
#include "ohmic/plugin/conformance.hpp"
#include "ohmic/plugin/host.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/temporary_file.hpp"

namespace {

using namespace ohmic;
using ohmic_test::check_refused;

std::filesystem::path shipped(std::string const& name) {
  return std::filesystem::path(OHMIC_PLUGIN_FOLDER) / (name + ".so");
}
std::filesystem::path one_case(std::string const& name) {
  return std::filesystem::path(OHMIC_PLUGIN_CASES) / (name + ".so");
}

/// What cells of a law hold after writing, ageing and with their noise, every decorator at work.
template <class Law>
std::vector<tile_state> states_of(Law const& law, bool by_tile) {
  device_cell<decorated<Law>> cell;
  static_cast<Law&>(cell.law) = law;
  cell.law.spread_uS = 0.2, cell.law.noise_uS = 0.1, cell.law.factor = 1.25;
  cell.faults = {0.05, 0.05};
  cell.writing = {4, 0.02};
  cell.low_uS = 1.0, cell.high_uS = 25.0;
  device_streams const numbers(11, 5, 2);
  cell_tile const tile = {7, 40, 3, 64};
  std::vector<double> target(tile.size());
  for (std::size_t i = 0; i < target.size(); ++i) target[i] = 1.0 + 24.0 * static_cast<double>(i) / 280.0;
  std::vector<tile_state> out(tile.size());
  if constexpr (std::same_as<Law, foreign_device>) {
    if (by_tile) {
      write_tile(cell, numbers, tile, target, 3600.0, out);
      return out;
    }
  }
  for (std::size_t i = 0; i < target.size(); ++i) {
    out[i].written = cell.write(numbers, tile.cell(i), target[i]);
    out[i].aged_uS = cell.aged(numbers, tile.cell(i), out[i].written, 3600.0);
    out[i].read_sigma_uS = cell.read_sigma(out[i].written, out[i].aged_uS, 3600.0);
  }
  return out;
}
bool same_states(std::vector<tile_state> const& a, std::vector<tile_state> const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](tile_state const& x, tile_state const& y) {
    return x.written.programmed_uS == y.written.programmed_uS && x.written.tries == y.written.tries &&
           x.written.verified == y.written.verified && x.written.stuck == y.written.stuck && x.aged_uS == y.aged_uS &&
           x.read_sigma_uS == y.read_sigma_uS;
  });
}
foreign_device device_of(std::filesystem::path const& file, std::string const& name,
                         std::string const& parameters = "") {
  return {plugin::loaded(file).make_device(name, parameters), nullptr};
}
/// Programs a few cells.
void use(std::string const& way) {
  auto const d = device_of(one_case(way), "test_cell");
  std::vector<double> const target(8, 10.0);
  std::vector<double> mean(8), sigma(8);
  d.of->program({2, 4, 0, 4}, target, mean, sigma);
}

TEST_CASE("a device as plugin is the built-in one, bit for bit, by tile and by cell") {
  auto const expected = states_of(pcm_nandakumar{}, false);
  auto const p = device_of(shipped("device_pcm"), "plugin_pcm_nandakumar");
  CHECK(same_states(states_of(p, true), expected));
  CHECK(same_states(states_of(p, false), expected));
}

TEST_CASE("tiles draw the numbers of their cells together, to the bits of cell by cell, whatever lies around the law") {
  auto const by_cell = [](programmable_cell const& d, device_streams const& s, cell_tile const& tile,
                          std::span<double const> target) {
    std::vector<cell_state> out;
    for (std::size_t i = 0; i < tile.size(); ++i) out.push_back(d.written(s, tile.cell(i), target[i]));
    return out;
  };
  auto const same = [](cell_state const& a, cell_state const& b) {
    return a.programmed == b.programmed && a.aged == b.aged && a.read_sigma == b.read_sigma &&
           a.written.tries == b.written.tries && a.written.verified == b.written.verified &&
           a.written.stuck == b.written.stuck && a.written.target_uS == b.written.target_uS;
  };
  std::vector<device_choice> devices{device_choice(device_name::pcm_joshi), device_choice(device_name::pcm_nandakumar)};
  for (char const* name : {"plugin_pcm_joshi", "plugin_pcm_nandakumar"})
    devices.emplace_back(plugin::loaded(shipped("device_pcm")).make_device(name, ""));
  devices.emplace_back(
      plugin::loaded(shipped("device_ecram")).make_device("ecram_lithium", ""));  // draws, from 15 to 30 uS
  for (auto const& device : devices)
    for (double const age_s : {0.0, 3600.0})
      for (double const stuck : {0.0, 0.1})
        for (int const tries : {1, 3})
          for (double const noise : {0.0, 0.01})
            for (cell_tile const& tile : {cell_tile{7, 40, 3, 64}, cell_tile{5, 16, 0, 16}, cell_tile{9, 3, 1, 3}}) {
              resistive_cell_config c;
              c.device = device, c.r_on = ohms(40e3);
              if (device == devices.back()) c.r_on = ohms(34e3), c.r_off = ohms(66e3);
              c.retention.age = seconds(age_s), c.faults = {stuck, stuck}, c.write.max_tries = tries;
              c.programming_error = noise, c.read_noise = noise;
              CAPTURE(device.name == device_name::plugin, age_s, stuck, tries, noise, tile.cols);
              programmable_cell const d(c);
              device_streams const numbers(11, 5, 2);
              std::vector<double> target(tile.size());
              for (std::size_t i = 0; i < target.size(); ++i)
                target[i] = device == devices.back() ? 0.6 + static_cast<double>(i % 11) / 30.0
                                                     : static_cast<double>(i % 11) / 10.0;
              std::vector<cell_state> out(tile.size());
              d.write_tile(numbers, tile, target, out);
              auto const expected = by_cell(d, numbers, tile, target);
              CHECK(std::equal(out.begin(), out.end(), expected.begin(), same));
            }
}

TEST_CASE("a plugin of the other compiler gives the same bits") {
  auto const file = one_case("device_pcm_other");
  if (!std::filesystem::exists(file)) {
    WARN("no second compiler, nothing to compare");
    return;
  }
  CHECK(same_states(states_of(device_of(file, "plugin_pcm_nandakumar"), true), states_of(pcm_nandakumar{}, false)));
}

TEST_CASE("shipped plugins keep the laws of their concept and conform") {
  ohmic_test::temporary_folder const folder;
  auto const states = folder.write("s.csv", "conductance_uS,spread_uS,drift_exponent\n1,0.1,0.1\n5,0.2,0\n9,0.1,0\n");
  for (std::string name : {"template", "device_pcm", "device_table", "device_ecram"}) {
    plugin::loaded const p(shipped(name));
    CHECK(std::string_view(p.table().name) == name);
    std::string const parameters = name == "device_table" ? "states=" + states.string() : "";
    for (auto const& d : p.devices())
      ohmic_test::device_laws(foreign_device{p.make_device(d.name, parameters), nullptr});
    for (auto const& f : plugin::conformance(p, parameters)) {
      CAPTURE(f.device, f.what, f.detail);
      CHECK(f.passed);
    }
  }
}

TEST_CASE("the template in C and as C++ is one device") {
  CHECK(same_states(states_of(device_of(shipped("template"), "template_cell"), true),
                    states_of(device_of(one_case("template_as_cpp"), "template_cell"), true)));
}

TEST_CASE("a device that draws is asked by address: tile and single cells agree, tries differ") {
  auto const p = device_of(shipped("device_ecram"), "ecram_lithium", "low_uS=1;high_uS=25");
  CHECK(p.draws());
  CHECK(same_states(states_of(p, true), states_of(p, false)));
  stream const numbers{1, purpose::programming, 2};
  CHECK(p.drawn(numbers, 7, 0, 10.0) != p.drawn(numbers, 7, 1, 10.0));
  CHECK(p.drawn(numbers, 7, 0, 10.0) != p.drawn(numbers, 8, 0, 10.0));
  // Its error has the size that it says: 4000 cells, five standard errors of a sample's deviation.
  double sum = 0.0, squares = 0.0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    double const off = p.drawn(numbers, i, 3, 10.0) - 10.0;
    sum += off, squares += off * off;
  }
  double const sigma = std::sqrt(squares / 4000.0);
  CHECK(std::fabs(sigma / p.programming_sigma(10.0) - 1.0) < 5.0 / std::sqrt(2.0 * 4000.0));
  CHECK(std::fabs(sum / 4000.0) < 5.0 * sigma / std::sqrt(4000.0));
}

TEST_CASE("a plugin of the oldest minor version runs, and has what it had") {
  plugin::loaded const p(one_case("oldest"));
  CHECK(p.devices().front().abi_minor == 0);
  CHECK(p.devices().front().draw == nullptr);
  auto const d = device_of(one_case("oldest"), "test_cell");
  CHECK_FALSE(d.draws());
  ohmic_test::device_laws(d);
  CHECK(same_states(states_of(d, true), states_of(device_of(one_case("good"), "test_cell"), true)));
}

TEST_CASE("a device outlives the plugin that it came from") {
  std::shared_ptr<tile_device const> d;
  {
    plugin::loaded const p(one_case("good"));
    d = p.make_device("other_cell", "");
  }
  double const target = 5.0;
  double mean = 0.0, sigma = 0.0;
  d->program({}, {&target, 1}, {&mean, 1}, {&sigma, 1});
  CHECK(mean == 5.0);
  CHECK(d->facts().name == "other_cell");
}

TEST_CASE("plugins load and run side by side in threads") {
  auto const expected = states_of(device_of(one_case("good"), "test_cell"), true);
  std::vector<int> right(8);
  std::vector<std::thread> threads;
  for (auto& r : right)
    threads.emplace_back([&] { r = same_states(states_of(device_of(one_case("good"), "test_cell"), true), expected); });
  for (auto& t : threads) t.join();
  CHECK(std::count(right.begin(), right.end(), 1) == 8);
}

TEST_CASE("malformed plugins are refused by name before anything of them is called") {
  struct refusal {
    char const* way;
    std::string part;
  };
  for (auto const& [way, part] :
       {refusal{"wrong_magic", "magic"},
        {"wrong_major", "is of another ABI; got 2.1, allowed: 1.x; this host has 1.1"},
        {"truncated", "devices[0].struct_size: the table is truncated; got 700 bytes"},
        {"lying_size", "is no size of a table"},
        {"null_table", "there is none"},
        {"stray_table", "points to memory that is not there"},
        {"null_entry", "devices[0].program: a function is missing"},
        {"stray_entry", "devices[0].program: points to nothing of a loaded library"},
        {"data_entry", "devices[0].create: points to nothing of a loaded library"},
        {"stray_list", "devices: points to memory that is not there"},
        {"fewer_devices", "more devices than are counted; got 1"},
        {"more_devices", "fewer devices than are counted; got 3"},
        {"many_devices", "more devices than a plugin may have; got 2147483648"},
        {"no_list", "has devices and no list of them"},
        {"unterminated", "devices[0].source: a text does not end"},
        {"control_character", "devices[0].summary: is not a line of UTF-8; got 'two\\x0alines'"},
        {"no_device_name", "devices[0].name: is no name; got '../cell'"},
        {"same_name_twice", "two devices go by one name"},
        {"unknown_threads", "devices[0].threads: is no class of threads; got 7"}}) {
    CAPTURE(way);
    check_refused([&, w = way] { plugin::loaded const p(one_case(w)); }, errc::plugin_table,
                  {std::string(way) + ".so", part});
  }
}

TEST_CASE("where no file is left, the plugin that is to be checked is named, which may have left them open") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  check_refused(
      [&] {
        rlimit const none = {0, before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        try {
          plugin::own_memory const memory("a.so");
        } catch (...) {
          ::setrlimit(RLIMIT_NOFILE, &before);
          throw;
        }
        ::setrlimit(RLIMIT_NOFILE, &before);
      },
      errc::no_resource, {"a.so: a plugin cannot be checked; got no file left", "the plugin may leave files open"});
}

TEST_CASE("files that are no plugins are refused by name") {
  auto const load = [](std::filesystem::path const& file) { return [file] { plugin::loaded const p(file); }; };
  check_refused(load("/nowhere/a.so"), errc::file_missing, {"/nowhere/a.so"});
  ohmic_test::temporary_folder const folder;
  REQUIRE(::mkfifo((folder.path() / "fifo.so").c_str(), 0600) == 0);
  for (std::filesystem::path const& file : {std::filesystem::path(OHMIC_PLUGIN_CASES), folder.path() / "fifo.so"})
    check_refused(load(file), errc::file_missing,
                  {file.filename(), "cannot be read; got no regular file, allowed: a shared library"});
  check_refused(load(folder.write(
                    "text.so",
                    "this is not an ELF file, whatever its name says; and it is as long as the head of one has to be")),
                errc::plugin_file, {"text.so", "invalid ELF header"});
  check_refused(load(folder.write("empty.so", "")), errc::plugin_file, {"empty.so", "file too short"});
  auto const whole = ohmic_test::read_bytes(one_case("good"));
  for (std::size_t n = 200; n < whole.size(); n += 1500) {
    CAPTURE(n);
    // What is cut off behind the last part that is loaded is not missed.
    try {
      plugin::loaded const p(folder.write("cut" + std::to_string(n) + ".so", whole.substr(0, n)));
      CHECK(n > whole.size() / 2);
    } catch (error const& e) {
      CHECK_THAT(std::string(e.what()), ohmic_test::contains("cut" + std::to_string(n) + ".so"));
    }
  }
  check_refused(load(one_case("missing_symbol")), errc::plugin_file, {"no symbol ohmic_plugin_entry_v1"});
  check_refused(load(one_case("unresolved_symbol")), errc::plugin_file, {"undefined symbol: this_function_is_nowhere"});
  check_refused(load(one_case("throws_at_once")), errc::plugin_failed,
                {"ohmic_plugin_entry_v1 throws what is no std::exception"});
}

TEST_CASE("what a device gives is checked before it is used") {
  for (auto const& [way, part] :
       {std::pair("not_a_number", "program gives what cannot be: mean_uS of element 3 of the tile; got nan"),
        std::pair("negative", "element 3 of the tile; got -1e-09"),
        std::pair("infinite", "element 3 of the tile; got inf"), std::pair("out_of_range", "got 26, allowed: "),
        std::pair("writes_nothing", "element 0 of the tile; got nan"), std::pair("fails", "xxxxx"),
        std::pair("fails_silently", "program fails and does not say why; got status 77"),
        std::pair("bad_facts", "facts gives what cannot be: low_uS, high_uS; got 1, 0.5"),
        std::pair("drift_without_function", "drift without a function"),
        std::pair("spread_not_said", "sigma_uS of element 0")}) {
    CAPTURE(way);
    check_refused([w = way] { use(w); }, errc::plugin_failed, {std::string(way) + ".so: test_cell", part});
  }
  check_refused([] { use("create_fails"); }, errc::config_value, {"this device has no parameters"});
  auto const throwing = device_of(one_case("throws"), "throwing_cell");
  double const target = 5.0;
  double mean = 0.0, sigma = 0.0;
  check_refused(
      [&] {
        throwing.of->program({}, {&target, 1}, {&mean, 1}, {&sigma, 1});
      },
      errc::plugin_failed, {"throws.so: throwing_cell", "program throws: no laws today"});
  CHECK(std::isnan(throwing.programming_mean(5.0)));
}

TEST_CASE("rounding may pass the ends of a device's range, and is never below zero or beyond what conducts") {
  ohmic_device_v1 const table{};
  auto const of = [&](double low_uS, double high_uS) {
    ohmic_device_facts f{};
    f.low_uS = low_uS, f.high_uS = high_uS;
    return plugin::results("a.so: cell", table, f);
  };
  auto const takes = [](plugin::results const& r, double mean) {
    double const sigma = 0.0;
    r.program({&mean, 1}, {&sigma, 1});
  };
  for (double const mean : {1.0 - 2e-8, 25.0 + 2e-8}) takes(of(1.0, 25.0), mean);
  check_refused([&] { takes(of(1.0, 25.0), 25.0 + 5e-8); }, errc::plugin_failed, {"allowed: 1..25, finite"});
  takes(of(0.0, 25.0), 0.0);
  check_refused([&] { takes(of(0.0, 25.0), -1e-9); }, errc::plugin_failed, {"got -1e-09, allowed: 0..25, finite"});
  check_refused([&] { takes(of(0.0, 1e12), 1e12 + 1.0); }, errc::plugin_failed, {"element 0 of the tile"});
  double const unlimited = std::numeric_limits<double>::infinity();
  takes(of(0.0, unlimited), 1e12);
  check_refused([&] { takes(of(0.0, unlimited), 2e12); }, errc::plugin_failed, {"allowed: 0..1e+12, finite"});
  check_refused([&] { static_cast<void>(of(0.0, 1e300)); }, errc::plugin_failed,
                {"high_uS; got 1e+300, allowed: at most 1e+12, or infinite"});
}

TEST_CASE("the host's rounding stays, whatever a plugin makes of it") {
  auto const d = device_of(one_case("rounds_up"), "test_cell");
  static_cast<void>(d.programming_mean(5.0));
  CHECK(std::fegetround() == FE_TONEAREST);
}

TEST_CASE("a plugin that is given up is still there for the threads that it has started") {
  for (int k = 0; k < 3; ++k) static_cast<void>(device_of(one_case("leaves_a_thread"), "test_cell"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a thread without its code would end the process here
  CHECK(device_of(one_case("leaves_a_thread"), "test_cell").programming_mean(5.0) == 5.0);
}

TEST_CASE("conformance tries price books, and nothing is not enough") {
  auto const said = [](plugin::loaded const& p, std::string const& parameters) {
    std::string out;
    for (auto const& f : plugin::conformance(p, parameters))
      out += f.device + ": " + f.what + (f.passed ? ": ok " : ": failed ") + f.detail + "\n";
    return out;
  };
  ohmic_test::temporary_folder const folder;
  auto const book = folder.write("book.csv", "energy,adc.convert,1 pJ,table,Table 1\n").string();
  for (bool const apart : {false, true}) {
    auto const file = shipped("cost_table");
    auto const p = apart ? plugin::loaded(file, plugin::isolation{}) : plugin::loaded(file);
    CHECK_THAT(said(p, "file=" + book), ohmic_test::contains("prices: opens a book: ok 1 prices"));
    CHECK_THAT(said(p, "file=" + book), ohmic_test::contains("prices: the same prices again: ok"));
    CHECK_THAT(said(p, ""), ohmic_test::contains("not tried, for it wants other parameters"));
    CHECK_THAT(said(p, ""), ohmic_test::contains("refuses parameters that it does not have: ok"));
  }
  CHECK_THAT(said(plugin::loaded(one_case("empty_handed")), ""), ohmic_test::contains("brings something: failed"));
}

TEST_CASE("conformance finds what tables and single results do not show") {
  auto const fails = [](char const* way, std::string_view what) {
    auto const all = plugin::conformance(plugin::loaded(one_case(way)));
    auto const f = std::find_if(all.begin(), all.end(), [&](auto const& x) { return x.what == what; });
    CAPTURE(way, what);
    REQUIRE(f != all.end());
    CHECK_FALSE(f->passed);
  };
  fails("not_deterministic", "the same bits again");
  fails("other_facts", "the same bits from another instance");
  fails("ignores_stride", "keeps to its tile");
  for (auto const* way : {"fails", "not_a_number", "negative", "writes_nothing"}) fails(way, "answers every call");
  fails("taken_name", "has a name of its own");
  for (auto const* way : {"good", "own_thread_only"})
    for (auto const& f : plugin::conformance(plugin::loaded(one_case(way)), "", "test_cell")) {
      CAPTURE(way, f.what, f.detail);
      CHECK(f.passed);
    }
  check_refused([] { static_cast<void>(plugin::conformance(plugin::loaded(one_case("good")), "", "tset_cell")); },
                errc::unknown_id, {"test_cell, other_cell"});
}

/// Structs of the ABI as text: name, size, and offset and size of every member.
#define OHMIC_MEMBER(s, m) \
  out += std::string("  ") + #m + " " + std::to_string(offsetof(s, m)) + " " + std::to_string(sizeof(s::m)) + "\n"
#define OHMIC_STRUCT(s) out += std::string(#s) + " " + std::to_string(sizeof(s)) + "\n"

TEST_CASE("the layout of the ABI is the golden text") {
  std::string out;
  OHMIC_STRUCT(ohmic_error);
  OHMIC_MEMBER(ohmic_error, struct_size), OHMIC_MEMBER(ohmic_error, code), OHMIC_MEMBER(ohmic_error, message);
  OHMIC_STRUCT(ohmic_tile);
  OHMIC_MEMBER(ohmic_tile, struct_size), OHMIC_MEMBER(ohmic_tile, purpose), OHMIC_MEMBER(ohmic_tile, rows);
  OHMIC_MEMBER(ohmic_tile, cols), OHMIC_MEMBER(ohmic_tile, ld), OHMIC_MEMBER(ohmic_tile, seed);
  OHMIC_MEMBER(ohmic_tile, array), OHMIC_MEMBER(ohmic_tile, time), OHMIC_MEMBER(ohmic_tile, first_cell);
  OHMIC_MEMBER(ohmic_tile, cell_ld), OHMIC_MEMBER(ohmic_tile, age_s);
  OHMIC_STRUCT(ohmic_device_facts);
  OHMIC_MEMBER(ohmic_device_facts, struct_size), OHMIC_MEMBER(ohmic_device_facts, flags);
  OHMIC_MEMBER(ohmic_device_facts, low_uS), OHMIC_MEMBER(ohmic_device_facts, high_uS);
  OHMIC_MEMBER(ohmic_device_facts, levels), OHMIC_MEMBER(ohmic_device_facts, reserved);
  OHMIC_MEMBER(ohmic_device_facts, first_s), OHMIC_MEMBER(ohmic_device_facts, last_s);
  OHMIC_STRUCT(ohmic_device_v1);
  OHMIC_MEMBER(ohmic_device_v1, struct_size), OHMIC_MEMBER(ohmic_device_v1, abi_major);
  OHMIC_MEMBER(ohmic_device_v1, abi_minor), OHMIC_MEMBER(ohmic_device_v1, threads);
  OHMIC_MEMBER(ohmic_device_v1, reserved), OHMIC_MEMBER(ohmic_device_v1, name);
  OHMIC_MEMBER(ohmic_device_v1, summary), OHMIC_MEMBER(ohmic_device_v1, source);
  OHMIC_MEMBER(ohmic_device_v1, parameters), OHMIC_MEMBER(ohmic_device_v1, create);
  OHMIC_MEMBER(ohmic_device_v1, destroy), OHMIC_MEMBER(ohmic_device_v1, facts);
  OHMIC_MEMBER(ohmic_device_v1, program), OHMIC_MEMBER(ohmic_device_v1, age);
  OHMIC_MEMBER(ohmic_device_v1, read), OHMIC_MEMBER(ohmic_device_v1, draw);
  OHMIC_STRUCT(ohmic_plugin_v1);
  OHMIC_MEMBER(ohmic_plugin_v1, struct_size), OHMIC_MEMBER(ohmic_plugin_v1, abi_major);
  OHMIC_MEMBER(ohmic_plugin_v1, abi_minor), OHMIC_MEMBER(ohmic_plugin_v1, magic);
  OHMIC_MEMBER(ohmic_plugin_v1, name), OHMIC_MEMBER(ohmic_plugin_v1, version);
  OHMIC_MEMBER(ohmic_plugin_v1, summary), OHMIC_MEMBER(ohmic_plugin_v1, device_count);
  OHMIC_MEMBER(ohmic_plugin_v1, reserved), OHMIC_MEMBER(ohmic_plugin_v1, devices);
  OHMIC_MEMBER(ohmic_plugin_v1, extension);
  auto const golden = ohmic_test::read_bytes(OHMIC_SOURCE_DIR "/tests/golden/plugin_abi_v1.txt");
  INFO("the layout now:\n" << out);
  CHECK(golden.substr(golden.find("\nohmic_error") + 1) == out);  // after its comment
}

#undef OHMIC_MEMBER
#undef OHMIC_STRUCT

}  // namespace
