// Programmed arrays as files: what is read back multiplies as what was written, and broken files are refused.
#include "ohmic/model/import/programmed_array.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "ohmic/crossbar/in_situ/product.hpp"
#include "support/diagnosis.hpp"
#include "support/dice.hpp"
#include "support/temporary_file.hpp"
#include "unit/crossbar/in_situ_cases.hpp"

using namespace ohmic;
using namespace ohmic_test;

namespace {

matrix<double> ramp(std::size_t rows, std::size_t cols) {
  matrix<double> m(rows, cols);
  for (std::size_t k = 0; k < m.size(); ++k) m.flat()[k] = static_cast<double>(k * 37 % 64) / 32.0 - 1.0;
  return m;
}

in_situ::cells written(std::string const& settings) {
  return in_situ::program(ramp(5, 12).view(), in_situ_settings(settings), {9, 4});
}

/// Replaces one occurrence of a text of the same length, so that offsets stay.
std::string replaced(std::string bytes, std::string const& from, std::string const& to) {
  auto const at = bytes.find(from);
  REQUIRE(at != bytes.npos);
  return bytes.replace(at, from.size(), to);
}

double const marked = 0.123456789;

/// Bytes of an array in which one value was `marked`, with another in its place.
std::string with_value(in_situ::cells const& c, double other) {
  auto const bytes_of = [](double v) { return std::string(reinterpret_cast<char const*>(&v), sizeof v); };
  return replaced(model::programmed_bytes(c), bytes_of(marked), bytes_of(other));
}

}  // namespace

TEST_CASE("a programmed array comes back bit for bit, with its settings, noise and counts") {
  temporary_folder const folder;
  std::string const pcm =
      "cell.device=pcm_nandakumar; cell.r_on=40 kohm; cell.r_off=inf ohm; cell.retention.age=3600 s; ";
  for (std::string settings :
       {std::string(), pcm + "cell.retention.compensation=per_column",
        pcm + "weights.mapping=offset_unit_column; cell.retention.compensation=per_column",
        std::string("weights.slices=2,2,4; inputs.slice_bits=1; array.rows=5; cell.faults.stuck_low=0.1; "
                    "cell.programming_error=0.02; cell.write.max_tries=4; weights.largest=3")}) {
    INFO(settings);
    auto const before = written(settings);
    auto const after = model::read_programmed(folder.write("a.safetensors", model::programmed_bytes(before)));
    CHECK(diff(before.config, after.config).empty());
    CHECK(before.g == after.g);
    CHECK(before.read_sigma == after.read_sigma);
    CHECK(before.output_gain == after.output_gain);
    CHECK(before.written.tries == after.written.tries);
    CHECK(before.written.stuck == after.written.stuck);
    CHECK((after.at.seed == 9 && after.at.first_array == 4));
    in_situ::report one, two;
    CHECK(in_situ::multiply(before, ramp(12, 4).view(), one) == in_situ::multiply(after, ramp(12, 4).view(), two));
    CHECK(one.conversions == two.conversions);
    CHECK(model::programmed_bytes(after) == model::programmed_bytes(before));
  }
}

TEST_CASE("an array of a table of states is read without its table") {
  temporary_folder const folder;
  auto const table = folder.write("states.csv", "conductance_uS,spread_uS\n0,0.1\n50,0.5\n100,1\n").string();
  auto const before = written("cell.device=table; cell.r_off=inf ohm; cell.states=" + table);
  auto const file = folder.write("a.safetensors", model::programmed_bytes(before));
  std::filesystem::remove(table);
  CHECK(model::read_programmed(file).g == before.g);
}

TEST_CASE("what is no programmed array is refused") {
  temporary_folder const folder;
  std::string const good = model::programmed_bytes(written("weights.largest=1"));
  auto const refused = [&](std::string const& bytes, errc code, std::vector<std::string> const& parts) {
    auto const file = folder.write("bad.safetensors", bytes);
    check_refused([&] { static_cast<void>(model::read_programmed(file)); }, code, parts);
  };
  refused(replaced(good, "ohmic programmed array 1", "ohmic programmed array 9"), errc::file_format,
          {"format", "array 9"});
  refused(replaced(good, "\"written_tries\"", "\"written_triez\""), errc::missing_entry, {"written_tries", "metadata"});
  refused(replaced(good, "\"inputs\":\"12\"", "\"inputs\":\"1x\""), errc::file_format,
          {"inputs", "not a whole number", "1x"});
  refused(replaced(good, "\"inputs\":\"12\"", "\"inputs\":\"13\""), errc::shape,
          {"'g'", "[1, 2, 5, 12]", "[1, 2, 5, 13]"});
  refused(replaced(good, "\"lines\":\"2\"", "\"lines\":\"1\""), errc::file_format, {"sizes do not fit the settings"});
  refused(replaced(good, "\"outputs\":\"5\"", "\"outputs\":\"6\""), errc::file_format,
          {"sizes do not fit the settings"});
  refused(replaced(good, "adc.bits=8", "adc.bats=8"), errc::unknown_key,
          {"bad.safetensors, config, line ", "adc.bats", "adc.bits"});
  refused(replaced(good, "adc.bits=8", "adc.bits=0"), errc::config_value, {"bad.safetensors, config, ", "adc.bits"});
  // A line of the same length: the setting that was there is missing, this one is there twice.
  refused(replaced(good, "cell.levels=0", "array.rows=00"), errc::config_conflict,
          {"bad.safetensors, config, line 4", "'array.rows' is given twice", "the first is line 1"});
  refused(replaced(good, "cell.curve.scale=inf V", "cell.curve.scale=0.0 V"), errc::config_value, {"cell.curve.scale"});
  auto last = written("array.rows=5");
  last.at.first_array = 4294967290;
  refused(replaced(model::programmed_bytes(last), "4294967290", "4294967295"), errc::capacity, {"first_array"});
  refused(good.substr(0, good.size() - 8), errc::file_truncated, {"bad.safetensors"});
  refused(good.substr(0, 100), errc::file_truncated, {"bad.safetensors"});
  std::string negative = good, infinite = good;
  std::uint64_t header = 0;
  std::memcpy(&header, good.data(), 8);
  double const minus = -0.5, inf = HUGE_VAL;  // the first conductance
  std::memcpy(negative.data() + 8 + header, &minus, 8);
  std::memcpy(infinite.data() + 8 + header, &inf, 8);
  refused(negative, errc::value, {"bad.safetensors, g", "negative"});
  auto gain = written("weights.largest=1"), much = gain, still = gain;
  gain.slice_gain[0] = much.g[3] = still.zero[0] = marked;
  refused(with_value(gain, 0.0), errc::value, {"bad.safetensors, slice_gain", "above 0"});
  refused(with_value(gain, -1.0), errc::value, {"bad.safetensors, slice_gain", "above 0"});
  refused(with_value(much, 1e7), errc::value, {"bad.safetensors, g", "1000 S", "at most 100 S"});
  refused(with_value(still, -1e7), errc::value, {"bad.safetensors, zero", "-1000 S"});
  refused(infinite, errc::value, {"element 0", "'g'", "infinity"});
}

TEST_CASE("an array that could not be read is not written") {
  auto const refused = [](in_situ::cells const& c, errc code, std::vector<std::string> const& parts) {
    check_refused([&] { static_cast<void>(model::programmed_bytes(c)); }, code, parts);
  };
  auto const good = written("weights.largest=1");
  auto large = good, much = good, none = good, last = written("array.rows=5");
  large.weight_scale = 2e30;
  refused(large, errc::value, {"programmed array, weight_scale", "at most 1e30", "scale the weights"});
  much.g[3] = 1e7;
  refused(much, errc::value, {"programmed array, g", "1000 S", "at most 100 S"});
  none.slice_gain[0] = 0.0;
  refused(none, errc::value, {"programmed array, slice_gain"});
  last.at.first_array = 0xFFFFFFFF;
  refused(last, errc::capacity, {"programmed array, first_array"});
}

TEST_CASE("a programmed array names every setting") {
  temporary_folder const folder;
  auto const cells = written("weights.largest=1");
  std::vector<model::tensor_values> const tensors{{"weight_scale", {1}, {&cells.weight_scale, 1}}};
  auto const file = [&](std::string const& config) {
    return folder.write("bad.safetensors", model::safetensors_bytes(
                                               tensors, {{"format", "ohmic programmed array 1"}, {"config", config}}));
  };
  check_refused([&] { static_cast<void>(model::read_programmed(file(""))); }, errc::missing_entry,
                {"bad.safetensors, config", "'array.rows' is missing"});
  std::string const all = print(cells.config);
  check_refused([&] { static_cast<void>(model::read_programmed(file(all + "adc.bits=3\n"))); }, errc::config_conflict,
                {"'adc.bits' is given twice"});
  check_refused([&] { static_cast<void>(model::read_programmed(file(all))); }, errc::missing_entry, {"seed"});
}

TEST_CASE("a programmed array that is damaged anywhere is read or refused") {
  temporary_folder const folder;
  std::string const good = model::programmed_bytes(written("cell.read_noise=0.01; array.rows=5; weights.slices=2,6"));
  dice d(78);
  int read = 0;
  bool finite = true;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = good;
    auto const at = static_cast<std::size_t>(d.between(0, static_cast<int>(bytes.size()) - 1));
    bytes[at] = static_cast<char>(d.between(0, 255));
    if (d.between(0, 9) == 0) bytes.resize(at);
    auto const file = folder.write("damaged.safetensors", bytes);
    try {
      auto const cells = model::read_programmed(file);
      in_situ::report r;
      for (double v : in_situ::multiply(cells, ramp(cells.inputs, 1).view(), r).flat())
        finite = finite && std::isfinite(v);
      ++read;
    } catch (error const& e) {
      if (!e.is_bad_input()) FAIL(e.what());
    }
  }
  CHECK(finite);
  CHECK(read > 100);
  CHECK(read < 1400);
}
