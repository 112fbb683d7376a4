// The dense bank: what is written comes back, what its cells do to it, and that the fast way is the definition.
#include "ohmic/crossbar/dense_bank.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "ohmic/core/threads.hpp"
#include "ohmic/crossbar/dense_store.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::dense_bank;
using ohmic::dense_config;
using ohmic::dense_method;
using ohmic::dense_report;
using ohmic::errc;
using ohmic::seconds;
using ohmic::word_protection;
using ohmic_test::check_refused;

namespace {

using weights = std::vector<std::int8_t>;

weights random_weights(std::size_t n, std::uint32_t k = 0) {
  ohmic::stream const s{7, ohmic::purpose::user, k};
  weights w(n);
  for (std::size_t i = 0; i < n; ++i) w[i] = static_cast<std::int8_t>(s.word(i, 0) % 255 - 127);
  return w;
}

/// Settings from "key=value" texts, as on a command line.
dense_config settings(std::vector<std::string> const& changes) {
  dense_config c;
  for (auto const& s : changes) ohmic::assign(c, s);
  return c;
}

struct reading {
  weights delivered;
  dense_report report;
};

/// Writes columns of random weights and reads each so many times.
reading run(dense_config const& c, std::size_t columns, std::uint32_t reads, dense_method method,
            std::uint64_t seed = 1, seconds age = seconds(0.0)) {
  dense_bank bank(c, seed);
  reading out;
  weights back(bank.weights_per_column());
  for (std::size_t column = 0; column < columns; ++column) {
    bank.write(column, random_weights(back.size(), static_cast<std::uint32_t>(column)), out.report, method);
    for (std::uint32_t r = 0; r < reads; ++r) {
      bank.read(column, {r, age}, back, out.report, method);
      out.delivered.insert(out.delivered.end(), back.begin(), back.end());
    }
  }
  return out;
}

/// Errors of cells when the noise is so many times its base, over at least `cells` drawn reads.
dense_report at_multiple(int bits, double multiple, std::uint64_t cells, dense_method method = dense_method::drawn) {
  auto c = settings({"cell.bits=" + std::to_string(bits)});
  c.cell.rtn_multiple = multiple;
  return run(c, 4, static_cast<std::uint32_t>((cells + 4095) / 4096), method).report;
}

}  // namespace

TEST_CASE("weights of every bank come back as they were, at every number of bits and in every code") {
  for (std::string const bits : {"1", "2", "3", "4"})
    for (std::string const code : {"twos_complement", "sign_magnitude"})
      for (std::string const levels : {"binary", "gray"})
        for (std::string const protection : {"none", "parity", "secded"})
          for (auto const method : {dense_method::plain, dense_method::drawn, dense_method::bounded}) {
            auto const c =
                settings({"cell.bits=" + bits, "weights=" + code, "levels=" + levels, "protection=" + protection});
            dense_bank bank(c);
            weights all(255);
            std::iota(all.begin(), all.end(), std::int8_t{-127});
            all.resize(std::min<std::size_t>(all.size(), bank.weights_per_column()));
            weights back(all.size());
            dense_report report;
            bank.write(3, all, report, method);
            bank.read(3, {}, back, report, method);
            CAPTURE(bits, code, levels, protection);
            CHECK(back == all);
            CHECK(report.cell_errors + report.bit_errors + report.weight_errors + report.detected + report.corrected ==
                  0);
          }
}

TEST_CASE("a column holds 128, 256, 341 and 512 weights at 1 to 4 bits") {
  std::size_t const expected[] = {128, 256, 341, 512};
  for (int bits = 1; bits <= 4; ++bits)
    CHECK(dense_bank(settings({"cell.bits=" + std::to_string(bits)})).weights_per_column() == expected[bits - 1]);
}

TEST_CASE("the cells of a weight hold the slices of its two's complement, lowest first") {
  // A cell that is stuck high in a weight of 0 shows which bits it holds. Which cells those are, their addresses say.
  auto const c = settings({"cell.stuck_high=0.05"});
  ohmic::memory_cell const cell(c.cell);
  ohmic::memory_cell::streams const streams(1, 0);
  dense_bank bank(c, 1);
  weights const zeros(256);
  weights back(256);
  dense_report report;
  bank.write(0, zeros, report);
  bank.read(0, {}, back, report);
  std::size_t stuck = 0;
  for (std::size_t i = 0; i < 256; ++i) {
    unsigned wanted = 0;
    for (std::size_t j = 0; j < 4; ++j)
      if (cell.stuck_at(streams.fault.uniform(4 * i + j, 0)) != 0.0f) {
        wanted |= 3u << (2 * j);
        ++stuck;
      }
    CHECK(static_cast<unsigned>(static_cast<std::uint8_t>(back[i])) == wanted);
  }
  CHECK(stuck > 20);
}

TEST_CASE("a dense bank and a computation crossbar share no random numbers") {
  ohmic::memory_cell::streams const bank(1, 0);
  for (auto const use :
       {ohmic::purpose::read, ohmic::purpose::rtn, ohmic::purpose::dac_read, ohmic::purpose::resistor}) {
    ohmic::stream const crossbar{1, use, 0};
    CHECK_FALSE(crossbar.word(0, 0) == bank.read.word(0, 0));
    CHECK_FALSE(crossbar.word(0, 0) == bank.rtn.word(0, 0));
  }
}

TEST_CASE("the fast way gives the bits of the plain definition") {
  std::vector<std::vector<std::string>> const cases{
      {"cell.rtn_multiple=6.2"},
      {"cell.rtn_multiple=19", "cell.bits=1", "protection=parity"},
      {"cell.read_noise=0.08"},
      {"cell.programming_error=0.1", "cell.bits=3"},
      {"cell.programming_error=0.1", "cell.max_pulses=5", "cell.tolerance=0.05"},
      {"cell.stuck_low=0.05", "cell.stuck_high=0.02", "cell.max_pulses=3"},
      {"cell.drift_exponent=0.03", "cell.drift_spread=0.01", "cell.bits=4"},
      {"cell.rtn_multiple=3", "cell.read_noise=0.04", "cell.programming_error=0.04", "cell.drift_exponent=0.02",
       "cell.drift_spread=0.01", "cell.stuck_low=0.01", "cell.stuck_high=0.01", "cell.max_pulses=4", "levels=gray",
       "protection=secded", "weights=sign_magnitude", "rereads=2"}};
  for (auto const& changes : cases) {
    auto const c = settings(changes);
    auto const plain = run(c, 3, 4, dense_method::plain, 5, seconds(1000.0));
    CAPTURE(changes.front());
    CHECK(plain.report.cell_errors > 0);
    for (auto const method : {dense_method::drawn, dense_method::bounded}) {
      auto const fast = run(c, 3, 4, method, 5, seconds(1000.0));
      CHECK(fast.delivered == plain.delivered);
      CHECK(fast.report == plain.report);
    }
  }
}

TEST_CASE("fluctuation of 2.7 % of full scale: first errors at 6.2 x with two bits and at 18.6 x with one") {
  for (auto const method : {dense_method::drawn, dense_method::bounded}) {
    CHECK(at_multiple(2, 5.0, 100000, method).cell_errors == 0);
    CHECK(at_multiple(2, 6.17, 100000, method).cell_errors == 0);
    CHECK(at_multiple(1, 18.0, 100000, method).cell_errors == 0);
    CHECK(at_multiple(1, 18.5, 100000, method).cell_errors == 0);
    CHECK(at_multiple(2, 6.2, 100000, method).cell_errors > 0);
    CHECK(at_multiple(1, 18.6, 100000, method).cell_errors > 0);
  }
}

TEST_CASE("no error in 1e8 reads of cells at 5 x with two bits and at 18 x with one, all drawn", "[slow]") {
  constexpr std::uint64_t reads = 100000000;
  for (auto const& [bits, multiple] : {std::pair(2, 5.0), std::pair(1, 18.0)}) {
    auto const r = at_multiple(bits, multiple, reads);
    CAPTURE(bits, multiple);
    CHECK(r.cells >= reads);
    CHECK(r.actions.count<"dense_bank", "cell_read">() >= reads);
    CHECK(r.cell_errors == 0);
    CHECK(r.bit_errors == 0);
    CHECK(r.weight_errors == 0);
  }
}

TEST_CASE("stuck cells have the share that was asked for, and stay") {
  auto const c = settings({"cell.stuck_high=0.01", "cell.stuck_low=0.02"});
  dense_bank bank(c, 3);
  std::uint64_t high = 0, low = 0, cells = 0;
  dense_report report;
  weights back(256), again(256);
  for (std::size_t column = 0; column < 100; ++column) {
    bank.write(column, weights(256, 0), report);
    bank.read(column, {}, back, report);
    high += report.cell_errors;
    report.cell_errors = 0;
    bank.read(column, {17, seconds(0.0)}, again, report);
    CHECK(again == back);
    report.cell_errors = 0;
    bank.write(column, weights(256, -1), report);
    bank.read(column, {18, seconds(0.0)}, again, report);
    low += report.cell_errors;
    report.cell_errors = 0;
    cells += 1024;
  }
  // Six standard deviations of a binomial number.
  auto const near = [&](std::uint64_t n, double p) {
    double const mean = p * static_cast<double>(cells);
    CHECK_THAT(static_cast<double>(n), ohmic_test::within(mean, 6.0 * std::sqrt(mean)));
  };
  near(high, 0.01);
  near(low, 0.02);
}

TEST_CASE("cells that drift read lower the older they are, and a refresh bounds their age") {
  auto const c = settings({"cell.drift_exponent=0.05", "cell.drift_spread=0.003"});
  auto const errors_at = [&](double age) {
    return run(c, 2, 1, dense_method::bounded, 1, seconds(age)).report.cell_errors;
  };
  CHECK(errors_at(0.5) == 0);
  CHECK(errors_at(10.0) == 0);  // 10^-0.05 = 0.89: less than half a level lost at the top
  CHECK(errors_at(1e4) > 100);
  CHECK(errors_at(1e8) > errors_at(1e4));

  auto aged = c;
  aged.age = seconds(1000.0);
  auto const codes = [] {
    ohmic::matrix<std::int16_t> m(4, 300);
    for (std::size_t i = 0; i < m.size(); ++i) m.data()[i] = static_cast<std::int16_t>(static_cast<int>(i % 255) - 127);
    return m;
  }();
  auto const passed = [&](dense_config const& settings) {
    ohmic::dense_store store(settings, 1024, 1);
    auto m = codes;
    store.pass(m, 127, "weights");
    return std::pair(m == codes, store.report());
  };
  CHECK_FALSE(passed(aged).first);
  aged.refresh_interval = seconds(10.0);
  auto const [equal, report] = passed(aged);
  CHECK(equal);
  CHECK(report.refreshes == 8 * 99);
  CHECK(report.weights == 4 * 300);  // those delivered, once
  CHECK(report.most_pulses == 100);
}

TEST_CASE("write and verify takes the pulses of its chance, and leaves no cell beyond the tolerance") {
  // 0.02 within 0.05 x normal: a pulse succeeds with erf(0.4 / sqrt 2) = 0.3108.
  auto c = settings({"cell.programming_error=0.05", "cell.tolerance=0.02", "cell.max_pulses=100"});
  auto const r = run(c, 20, 1, dense_method::bounded).report;
  double const cells = 20 * 1024, p = std::erf(0.4 / std::sqrt(2.0));
  auto const pulses = static_cast<double>(r.actions.count<"dense_bank", "write_pulse">());
  CHECK_THAT(pulses, ohmic_test::within(cells / p, 6.0 * std::sqrt(cells * (1.0 - p)) / p));
  CHECK(r.actions.count<"dense_bank", "verify">() == r.actions.count<"dense_bank", "write_pulse">());
  CHECK(r.unverified == 0);
  CHECK(r.cell_errors == 0);
  CHECK(r.most_pulses > 10);

  c.cell.max_pulses = 1;
  auto const blind = run(c, 20, 1, dense_method::bounded).report;
  CHECK(blind.actions.count<"dense_bank", "write_pulse">() == 20 * 1024);
  CHECK(blind.actions.count<"dense_bank", "verify">() == 0);
  CHECK(blind.cell_errors > 0);

  c.cell.max_pulses = 2;
  CHECK(run(c, 20, 1, dense_method::bounded).report.unverified > 0);
}

TEST_CASE("the cells of a column are pulsed together, so that its slowest cell says how many rounds it takes") {
  dense_bank bank(settings({"cell.programming_error=0.02", "cell.max_pulses=50"}), 5);
  dense_report all;
  for (std::size_t column = 0; column < 4; ++column) {
    dense_report one;
    bank.write(column, random_weights(256, static_cast<std::uint32_t>(column)), one);
    CHECK(one.rounds == bank.wear(column));
    all += one;
  }
  CHECK(all.rounds > 4);
  CHECK(all.rounds == bank.wear(0) + bank.wear(1) + bank.wear(2) + bank.wear(3));
}

TEST_CASE("wear is the pulses of the most used cell, over all writes") {
  dense_bank bank(settings({}));
  dense_report report;
  for (int n = 0; n < 5; ++n) bank.write(9, random_weights(256), report);
  CHECK(bank.wear(9) == 5);
  bank.release(9);
  bank.write(9, random_weights(256), report);
  CHECK(bank.wear(9) == 1);
  CHECK(report.most_pulses == 5);
}

TEST_CASE("SECDED mends words with one wrong bit; parity sees them and has them read again") {
  // One bit a cell, so that a wrong cell is a wrong bit; a read is wrong with 0.5 %.
  std::vector<std::string> const noise{"cell.bits=1", "cell.read_noise=0.194"};
  auto const with = [&](std::string const& protection, std::string const& rereads) {
    auto changes = noise;
    changes.push_back("protection=" + protection);
    changes.push_back("rereads=" + rereads);
    return run(settings(changes), 8, 50, dense_method::bounded).report;
  };
  auto const none = with("none", "0"), parity = with("parity", "3"), secded = with("secded", "3");
  CHECK_THAT(none.bit_error_rate(), ohmic_test::within(0.005, 0.0005));
  CHECK(none.detected + none.corrected + none.rereads == 0);
  CHECK(parity.corrected == 0);
  CHECK(parity.detected > 0);
  CHECK(parity.rereads > 0);
  CHECK(parity.weight_errors * 3 < none.weight_errors);
  CHECK(secded.corrected > 1000);
  CHECK(secded.detected > 0);
  CHECK(secded.weight_errors * 20 < none.weight_errors);
  // A column read again is a column access, with all its rows and those of its checks.
  CHECK(secded.actions.count<"dense_bank", "column_access">() == 8 * 50 + secded.rereads);
  CHECK(secded.actions.count<"dense_bank", "cell_read">() == (8 * 50 + secded.rereads) * (1024 + 128));
}

TEST_CASE("results do not depend on threads, on the order of columns or on how a matrix is cut") {
  auto const c = settings({"cell.rtn_multiple=6.2", "cell.read_noise=0.03", "cell.programming_error=0.03"});
  std::size_t const columns = 40;
  auto const on = [&](unsigned threads, bool backwards) {
    dense_bank bank(c, 11, 2);
    std::vector<weights> back(columns, weights(256));
    std::vector<dense_report> reports(columns);
    ohmic::executor pool(threads);
    pool.for_each_index(columns, [&](std::size_t i) {
      std::size_t const column = backwards ? columns - 1 - i : i;
      bank.write(column, random_weights(256, static_cast<std::uint32_t>(column)), reports[column]);
      bank.read(column, {4, seconds(0.0)}, back[column], reports[column]);
    });
    return std::pair(back, reports);
  };
  auto const serial = on(1, false);
  CHECK(on(3, false) == serial);
  CHECK(on(2, true) == serial);

  // The first weights of a column see the same cells however many follow.
  dense_bank bank(c, 11, 2);
  weights some(100);
  dense_report report;
  auto const all = random_weights(256, 5);
  bank.write(5, {all.data(), 100}, report);
  bank.read(5, {4, seconds(0.0)}, some, report);
  CHECK(std::equal(some.begin(), some.end(), serial.first[5].begin()));
}

TEST_CASE("banks, seeds and reads differ in their errors") {
  auto const c = settings({"cell.rtn_multiple=7"});
  auto const read = [&](std::uint64_t seed, std::uint32_t id, std::size_t column, std::uint32_t index) {
    dense_bank bank(c, seed, id);
    dense_report report;
    weights back(256);
    bank.write(column, random_weights(256), report);
    bank.read(column, {index, seconds(0.0)}, back, report);
    return back;
  };
  auto const first = read(1, 0, 0, 0);
  CHECK(read(1, 0, 0, 0) == first);
  CHECK(read(2, 0, 0, 0) != first);
  CHECK(read(1, 1, 0, 0) != first);
  CHECK(read(1, 0, 1, 0) != first);
  CHECK(read(1, 0, 0, 1) != first);
}

TEST_CASE("a store gives equal matrices different errors, goes on in the next bank, and clips to the DAC") {
  auto c = settings({"cell.rtn_multiple=7", "columns=8"});
  ohmic::dense_store store(c, 1024, 1);
  ohmic::matrix<std::int16_t> a(6, 300);
  for (std::size_t i = 0; i < a.size(); ++i) a.data()[i] = static_cast<std::int16_t>(i % 15) - 7;
  auto b = a;
  store.pass(a, 7, "a");
  store.pass(b, 7, "b");
  CHECK(a != b);
  CHECK(store.columns() == 24);
  CHECK(store.clipped() > 0);
  CHECK(*std::max_element(a.data(), a.data() + a.size()) <= 7);
  CHECK(*std::min_element(a.data(), a.data() + a.size()) >= -7);
  CHECK(store.report().weights == 2 * a.size());
  CHECK(store.report().actions.count<"dense_bank", "column_access">() == 24);

  ohmic::dense_store perfect(settings({}), 1024, 1);
  auto const before = b;
  perfect.pass(b, 7, "b");
  CHECK(b == before);
  CHECK(perfect.report() == dense_report{});
}

TEST_CASE("a bank refuses settings and calls that make no sense") {
  std::vector<std::pair<std::string, std::vector<std::string>>> const cases{
      {"cell.bits=5", {"dense.cell.bits", "got 5", "1..4"}},
      {"cell.bits=0", {"dense.cell.bits", "got 0"}},
      {"cell.rtn_multiple=-1", {"dense.cell.rtn_multiple", "got -1", "0..1000"}},
      {"cell.read_noise=2", {"dense.cell.read_noise", "got 2"}},
      {"cell.max_pulses=256", {"dense.cell.max_pulses", "256", "1..255"}},
      {"cell.tolerance=0", {"dense.cell.tolerance", "above 0"}},
      {"cell.stuck_low=1.5", {"dense.cell.stuck_low", "0..1"}},
      {"cell.drift_reference=0 s", {"dense.cell.drift_reference", "above 0 s"}},
      {"columns=0", {"dense.columns", "got 0"}},
      {"rereads=16", {"dense.rereads", "0..15"}},
      {"age=-1 s", {"dense.age", "-1"}}};
  for (auto const& [change, parts] : cases) {
    CAPTURE(change);
    check_refused([&, &text = change] { dense_bank{settings({text})}; }, errc::config_value, parts);
  }
  check_refused(
      [] {
        dense_bank{settings({"cell.stuck_low=0.6", "cell.stuck_high=0.6"})};
      },
      errc::config_value, {"dense.cell.stuck_high"});
  check_refused(
      [] {
        dense_bank{settings({"age=1e6 s", "refresh_interval=1 s"})};
      },
      errc::config_conflict, {"dense.refresh_interval", "dense.age"});
  check_refused([] { dense_bank{settings({}), 1, 0, 3}; }, errc::config_value, {"array.bank_rows", "got 3"});

  dense_bank bank(settings({"weights=sign_magnitude"}));
  dense_report report;
  weights w(256), too_many(257), lowest{1, -128};
  check_refused([&] { bank.write(65536, w, report); }, errc::shape, {"no such column", "65536", "0..65535"});
  check_refused([&] { bank.write(0, too_many, report); }, errc::shape, {"257", "1..256"});
  check_refused([&] { bank.write(0, lowest, report); }, errc::value, {"[1]", "-128", "twos_complement"});
  check_refused([&] { bank.read(0, {}, w, report); }, errc::shape, {"never written"});
  bank.write(0, w, report);
  check_refused([&] { bank.read(0, {}, too_many, report); }, errc::shape, {"257", "256"});
  check_refused([&] { bank.read(0, {0, seconds(-1.0)}, w, report); }, errc::value, {"age of a read"});
  check_refused([&] { bank.read(0, {0, seconds(std::nan(""))}, w, report); }, errc::value, {"age of a read"});
  check_refused([&] { bank.read(0, {0xffffffffu, seconds(0.0)}, w, report); }, errc::capacity, {"dense_bank.read"});
}
