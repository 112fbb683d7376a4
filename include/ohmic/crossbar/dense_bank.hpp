// The dense crossbar: a memory of weights in cells of few bits, read column by column, that may give back wrong bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/dense_config.hpp"
#include "ohmic/crossbar/shape.hpp"
#include "ohmic/device/memory_cell.hpp"
#include "ohmic/numeral/secded.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Which read of a column, and how old its cells are.
struct dense_read {
  std::uint32_t index = 0;
  seconds age{0.0};
};

/// How a result is computed; all three give the same bits.
enum class dense_method {
  plain,   ///< the definition: cell by cell, every number drawn by itself
  drawn,   ///< a column at a time, and nothing drawn that cannot matter
  bounded  ///< as drawn, and no draw at all for a column in which no error is possible
};

/// One bank of `rows` x `columns` cells. A column holds rows / cells_per_weight weights one after the other, each with its least
/// significant bits in the first of its cells; check cells lie in rows below.
/// Shape   a column of 1024 rows: 512, 341, 256, 128 weights at 4, 3, 2, 1 bits
/// Errors  as dense_config::validate; config_value for rows that hold no weight; shape and value at write and read
/// Random  array = the bank, element = column x rows (with those of checks) + row: see memory_cell
/// Cost    dense_actions. A read of a column is one `column_access` and a `cell_read` for each row, check rows too
/// Threads columns may be written and read in parallel, each by one thread
/// Source  Wang et al. 2024, section 4: one column is on at a time, all rows are sensed
class dense_bank {
 public:
  explicit dense_bank(dense_config const& c, std::uint64_t seed = 1, std::uint32_t bank = 0, int rows = 1024)
      : config_(c), cell_(c.cell), streams_(seed, bank), rows_(static_cast<std::size_t>(std::max(rows, 0))) {
    dense_config::validate(c);
    if (rows_ < cells() || rows > 1 << 24)
      throw error({errc::config_value, "a column holds no weight", "array.bank_rows", std::to_string(rows),
                   std::to_string(cells()) + "..16777216", "set array.bank_rows"});
    require_addressable(1, stride() * static_cast<std::uint64_t>(c.columns), max_times, "dense.columns");
    columns_.resize(static_cast<std::size_t>(c.columns));
  }

  [[nodiscard]] dense_config const& settings() const noexcept { return config_; }
  [[nodiscard]] memory_cell const& cell() const noexcept { return cell_; }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t columns() const noexcept { return columns_.size(); }
  [[nodiscard]] std::size_t weights_per_column() const noexcept { return rows_ / cells(); }
  /// Rows of check bits below the others.
  [[nodiscard]] std::size_t check_rows() const noexcept {
    return static_cast<std::size_t>(config_.check_rows(static_cast<int>(rows_)));
  }

  /// Writes weights from the first row on.
  /// Shape   weights (1..weights_per_column)
  /// Errors  shape for a column or a number of weights that the bank does not have; value for -128 in sign-magnitude; capacity
  ///         after 2^24 writes
  void write(std::size_t column, std::span<std::int8_t const> weights, dense_report& report,
             dense_method method = dense_method::bounded) {
    check_column(column);
    if (weights.empty() || weights.size() > weights_per_column())
      throw error({errc::shape, "weights do not fit a column", "dense_bank.write", std::to_string(weights.size()),
                   "1.." + std::to_string(weights_per_column()), "split them over columns"});
    if (config_.weights == weight_code::sign_magnitude)
      for (std::size_t i = 0; i < weights.size(); ++i)
        if (weights[i] == -128)
          throw error({errc::value, "weight without a code", "dense_bank.write[" + std::to_string(i) + "]", "-128",
                       "-127..127", "use dense.weights=twos_complement"});
    column_state& c = columns_[column];
    if (c.writes >= memory_cell::max_writes) throw worn_out(column);
    c.original = levels_of(weights);
    c.weights.assign(weights.begin(), weights.end());
    program(column, c, c.original, report, method);
  }

  /// Delivers the weights of a column.
  /// Shape   out (weights that were written)
  /// Errors  shape for a column that was never written, or a span of another size; capacity for an index beyond 2^32 reads;
  ///         value for an age that is negative, too large or no number
  void read(std::size_t column, dense_read const& when, std::span<std::int8_t> out, dense_report& report,
            dense_method method = dense_method::bounded) const {
    column_state const& c = written(column);
    if (out.size() != c.weights.size())
      throw error({errc::shape, "wrong number of weights", "dense_bank.read", std::to_string(out.size()),
                   std::to_string(c.weights.size()), "read as many as were written"});
    auto const attempts = static_cast<std::uint64_t>(config_.rereads) + 1;
    require_addressable(1, 1, (std::uint64_t{when.index} + 1) * attempts, "dense_bank.read");
    if (!(when.age.si() >= 0.0 && when.age.si() < 1e12))
      throw error({errc::value, "age of a read out of range", "dense_bank.read", to_text(when.age), "0 s to 1e12 s",
                   "give the time since the column was written"});
    double const log_age = cell_.log_age(when.age);
    std::vector<std::uint8_t> level(c.original.size());
    std::vector<bool> open(words(out.size()), true);  // words that are not yet accepted
    for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
      sense(column, c, static_cast<std::uint32_t>(when.index * attempts + attempt), log_age, level, method);
      count_read(c, level, report);
      if (attempt > 0) ++report.rereads;
      bool again = false;
      for (std::size_t w = 0; w < open.size(); ++w)
        if (open[w]) {
          open[w] = deliver(level, w, out, report);
          again = again || open[w];
        }
      if (!again) break;
    }
    report.weights += out.size();
    for (std::size_t i = 0; i < out.size(); ++i)
      report.weight_errors += static_cast<std::uint64_t>(out[i] != c.weights[i]);
  }

  /// Reads a column and writes what was read: errors stay.
  /// Errors  as read and write
  void refresh(std::size_t column, dense_read const& when, dense_report& report,
               dense_method method = dense_method::bounded) {
    column_state& c = columns_[check_column(column)];
    std::vector<std::int8_t> weights(written(column).weights.size());
    read(column, when, weights, report, method);
    if (c.writes >= memory_cell::max_writes) throw worn_out(column);
    program(column, c, levels_of(weights), report, method);
    ++report.refreshes;
  }

  /// Forgets a column and its wear, to free its memory. Its faults, which are addressed, come back.
  void release(std::size_t column) { columns_[check_column(column)] = {}; }

  /// Pulses that the most used cell of a column has seen.
  /// Errors  shape for a column that was never written
  [[nodiscard]] std::uint32_t wear(std::size_t column) const {
    auto const& p = written(column).pulses;
    return *std::max_element(p.begin(), p.end());
  }

 private:
  static constexpr std::size_t word_weights = dense_config::word_weights;
  static constexpr std::size_t chunk = 256;

  /// A column as it is: data cells, then check cells.
  struct column_state {
    std::vector<std::int8_t> weights;
    std::vector<std::uint8_t> original;  ///< levels as written first
    std::vector<float> held;
    std::vector<std::uint8_t> upwards;
    std::vector<std::uint32_t> pulses;
    std::uint32_t writes = 0;
    float low[16] = {},
          high[16] = {};  ///< conductances of the cells, by original level; low > high where there are none
  };

  [[nodiscard]] std::size_t cells() const noexcept { return static_cast<std::size_t>(config_.cells_per_weight()); }
  [[nodiscard]] std::size_t check_cells() const noexcept { return static_cast<std::size_t>(config_.check_cells()); }
  [[nodiscard]] static std::size_t words(std::size_t weights) noexcept { return pieces(weights, word_weights); }
  [[nodiscard]] std::uint64_t stride() const noexcept { return rows_ + check_rows(); }

  std::size_t check_column(std::size_t column) const {
    if (column < columns_.size()) return column;
    throw error({errc::shape, "no such column", "dense_bank", std::to_string(column),
                 "0.." + std::to_string(columns_.size() - 1), "use another bank"});
  }
  [[nodiscard]] column_state const& written(std::size_t column) const {
    column_state const& c = columns_[check_column(column)];
    if (c.weights.empty())
      throw error({errc::shape, "column was never written", "dense_bank", std::to_string(column), "a written column",
                   "write it first"});
    return c;
  }
  [[nodiscard]] static error worn_out(std::size_t column) {
    return error({errc::capacity, "more writes than random numbers have addresses for", "dense_bank.write",
                  "column " + std::to_string(column), "at most " + std::to_string(memory_cell::max_writes),
                  "use another seed"});
  }

  // Bits and levels.

  [[nodiscard]] std::uint8_t byte_of(std::int8_t w) const noexcept {
    if (config_.weights == weight_code::twos_complement) return static_cast<std::uint8_t>(w);
    return static_cast<std::uint8_t>(w < 0 ? 0x80 | -w : w);
  }
  [[nodiscard]] std::int8_t weight_of(std::uint8_t b) const noexcept {
    if (config_.weights == weight_code::twos_complement) return static_cast<std::int8_t>(b);
    return static_cast<std::int8_t>((b & 0x80) != 0 ? -(b & 0x7f) : b);
  }
  [[nodiscard]] std::uint8_t level_of(unsigned bits) const noexcept {
    if (config_.levels == level_code::gray)
      bits ^= bits >> 1 ^ bits >> 2 ^ bits >> 3;  // the number whose Gray code these bits are
    return static_cast<std::uint8_t>(bits);
  }
  [[nodiscard]] unsigned bits_of(std::uint8_t level) const noexcept {
    unsigned const l = level;
    return config_.levels == level_code::gray ? l ^ l >> 1 : l;
  }
  void spread(unsigned value, std::size_t n, std::uint8_t* level) const noexcept {
    auto const b = static_cast<unsigned>(config_.cell.bits);
    for (std::size_t j = 0; j < n; ++j) level[j] = level_of(value >> (j * b) & ((1u << b) - 1u));
  }
  /// Bits beyond the eighth are those of a cell that no bit uses.
  [[nodiscard]] std::uint8_t gather(std::uint8_t const* level, std::size_t n) const noexcept {
    unsigned value = 0;
    for (std::size_t j = 0; j < n; ++j) value |= bits_of(level[j]) << (j * static_cast<unsigned>(config_.cell.bits));
    return static_cast<std::uint8_t>(value);
  }
  [[nodiscard]] std::uint8_t check_of(std::uint64_t word) const noexcept {
    return config_.protection == word_protection::secded ? secded::encode(word) : parity::encode(word);
  }

  [[nodiscard]] std::vector<std::uint8_t> levels_of(std::span<std::int8_t const> weights) const {
    std::size_t const n = weights.size(), k = check_cells();
    std::vector<std::uint8_t> level(n * cells() + (k > 0 ? words(n) * k : 0));
    for (std::size_t i = 0; i < n; ++i) spread(byte_of(weights[i]), cells(), level.data() + i * cells());
    for (std::size_t w = 0; k > 0 && w < words(n); ++w) {
      std::uint64_t word = 0;
      for (std::size_t i = w * word_weights; i < std::min(n, (w + 1) * word_weights); ++i)
        word |= std::uint64_t{byte_of(weights[i])} << (8 * (i % word_weights));
      spread(check_of(word), k, level.data() + n * cells() + w * k);
    }
    return level;
  }

  /// Weights of a word from the levels of a column; true if an error was detected and not mended.
  bool deliver(std::vector<std::uint8_t> const& level, std::size_t w, std::span<std::int8_t> out,
               dense_report& report) const noexcept {
    std::size_t const first = w * word_weights, last = std::min(out.size(), first + word_weights);
    std::uint64_t word = 0;
    for (std::size_t i = first; i < last; ++i)
      word |= std::uint64_t{gather(level.data() + i * cells(), cells())} << (8 * (i - first));
    auto state = word_state::clean;
    if (config_.protection != word_protection::none) {
      auto check = gather(level.data() + out.size() * cells() + w * check_cells(), check_cells());
      check = static_cast<std::uint8_t>(check & ((1u << config_.check_bits()) - 1u));
      state = config_.protection == word_protection::secded ? secded::mend(word, check) : parity::mend(word, check);
    }
    for (std::size_t i = first; i < last; ++i) out[i] = weight_of(static_cast<std::uint8_t>(word >> (8 * (i - first))));
    report.corrected += static_cast<std::uint64_t>(state == word_state::corrected);
    report.detected += static_cast<std::uint64_t>(state == word_state::detected);
    return state == word_state::detected;
  }

  void count_read(column_state const& c, std::vector<std::uint8_t> const& level, dense_report& report) const noexcept {
    report.actions.add<"dense_bank", "column_access">();
    report.actions.add<"dense_bank", "cell_read">(stride());
    report.cells += level.size();
    report.bits += 8 * c.weights.size();
    if (level == c.original) return;
    for (std::size_t i = 0; i < level.size(); ++i)
      report.cell_errors += static_cast<std::uint64_t>(level[i] != c.original[i]);
    for (std::size_t i = 0; i < c.weights.size(); ++i)
      report.bit_errors += static_cast<std::uint64_t>(std::popcount(static_cast<unsigned>(
          gather(level.data() + i * cells(), cells()) ^ gather(c.original.data() + i * cells(), cells()))));
  }

  // Cells.

  /// Calls f(first cell in the column, first address, number) for the data cells, then for the check cells.
  template <class F>
  void for_each_run(std::size_t column, column_state const& c, F const& f) const {
    std::size_t const data = c.weights.size() * cells();
    std::uint64_t const base = column * stride();
    auto const in_chunks = [&](std::size_t from, std::size_t to, std::uint64_t address) {
      for (std::size_t i = from; i < to; i += chunk) f(i, address + (i - from), std::min(chunk, to - i));
    };
    in_chunks(0, data, base);
    in_chunks(data, c.original.size(), base + rows_);
  }

  void program(std::size_t column, column_state& c, std::vector<std::uint8_t> const& level, dense_report& report,
               dense_method method) {
    std::size_t const n = level.size();
    c.held.resize(n);
    c.upwards.resize(n);
    c.pulses.resize(n);
    std::uint32_t rounds = 0;
    for_each_run(column, c, [&](std::size_t first, std::uint64_t address, std::size_t count) {
      programmed_cell cell[chunk];
      if (method == dense_method::plain) {
        for (std::size_t i = 0; i < count; ++i)
          cell[i] = cell_.program(streams_, address + i, c.writes, level[first + i]);
      } else {
        program_run(address, c.writes, level.data() + first, {cell, count});
      }
      for (std::size_t i = 0; i < count; ++i) {
        c.held[first + i] = cell[i].held;
        c.upwards[first + i] = cell[i].upwards;
        c.pulses[first + i] += cell[i].pulses;
        rounds = std::max(rounds, cell[i].pulses);
        report.actions.add<"dense_bank", "write_pulse">(cell[i].pulses);
        if (cell_.verifies()) report.actions.add<"dense_bank", "verify">(cell[i].pulses);
        report.unverified += static_cast<std::uint64_t>(!cell[i].verified);
      }
    });
    ++c.writes;
    report.rounds += rounds;
    report.most_pulses = std::max<std::uint64_t>(report.most_pulses, wear(column));
    std::fill(std::begin(c.low), std::end(c.low), 1.0f);
    std::fill(std::begin(c.high), std::end(c.high), -1.0f);
    bool seen[16] = {};
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t const l = c.original[i];
      c.low[l] = seen[l] ? std::min(c.low[l], c.held[i]) : c.held[i];
      c.high[l] = seen[l] ? std::max(c.high[l], c.held[i]) : c.held[i];
      seen[l] = true;
    }
  }

  /// memory_cell::program for neighbouring cells, with the numbers that most of them need drawn together.
  void program_run(std::uint64_t address, std::uint32_t write, std::uint8_t const* level,
                   std::span<programmed_cell> out) const noexcept {
    std::size_t const n = out.size();
    std::uint32_t const time = write * memory_cell::times_per_write;
    float z[chunk] = {}, fault[chunk];
    std::uint32_t side[chunk] = {};
    std::fill_n(fault, n, 0.5f);
    if (cell_.programming_error() > 0.0f) streams_.programming.normals(address, time, {z, n});
    if (cell_.can_stick()) streams_.fault.uniforms(address, 0, {fault, n});
    if (cell_.amplitude() > 0.0f) streams_.programming.words(address, time + memory_cell::side_time, {side, n});
    for (std::size_t i = 0; i < n; ++i) {
      programmed_cell c;
      c.upwards = side[i] >> 31 != 0;
      float const wanted = cell_.ideal(level[i]);
      if (float const stuck = cell_.can_stick() ? cell_.stuck_at(fault[i]) : 0.0f; stuck != 0.0f) {
        out[i] = cell_.stuck_cell(c, stuck, level[i]);
        continue;
      }
      c.held = cell_.after_pulse(wanted, z[i]);
      c.pulses = 1;
      c.verified = !cell_.verifies() || cell_.verifies_as(c.held, wanted);
      // The few that are not right yet go through the definition.
      out[i] = c.verified ? c : cell_.program(streams_, address + i, write, level[i]);
    }
  }

  void sense(std::size_t column, column_state const& c, std::uint32_t time, double log_age,
             std::vector<std::uint8_t>& level, dense_method method) const {
    if (method == dense_method::bounded && no_error_possible(c, log_age)) {
      level = c.original;
      return;
    }
    for_each_run(column, c, [&](std::size_t first, std::uint64_t address, std::size_t count) {
      if (method == dense_method::plain) {
        for (std::size_t i = 0; i < count; ++i)
          level[first + i] = static_cast<std::uint8_t>(cell_.read(
              streams_, address + i, time, {c.held[first + i], c.upwards[first + i] != 0, 0, true}, log_age));
      } else {
        sense_run<simd::native>(address, time, log_age, c.held.data() + first, c.upwards.data() + first,
                                {level.data() + first, count});
      }
    });
  }

  /// memory_cell::read for neighbouring cells.
  template <class Arch>
  void sense_run(std::uint64_t address, std::uint32_t time, double log_age, float const* held_of,
                 std::uint8_t const* upwards, std::span<std::uint8_t> level) const noexcept {
    using batch = simd::f32<Arch>;
    static_assert(chunk % batch::size == 0);
    std::size_t const n = level.size();
    alignas(64) float held[chunk] = {}, factor[chunk], displacement[chunk] = {}, z[chunk] = {};
    std::copy_n(held_of, n, held);
    std::fill_n(factor, chunk, 1.0f);
    if (log_age > 0.0) {
      streams_.drift.normals<Arch>(address, 0, {factor, n});
      for (std::size_t i = 0; i < n; ++i) factor[i] = cell_.drift_factor(factor[i], log_age);
    }
    if (cell_.amplitude() > 0.0f) {
      std::uint32_t word[chunk];
      streams_.rtn.words<Arch>(address, time, {word, n});
      float const by_state[] = {0.0f, 0.0f, -cell_.amplitude(), cell_.amplitude()};
      for (std::size_t i = 0; i < n; ++i) displacement[i] = by_state[(word[i] >> 31) * 2 + upwards[i]];
    }
    if (cell_.read_noise() > 0.0f) streams_.read.normals<Arch>(address, time, {z, n});
    for (std::size_t i = 0; i < n; i += batch::size)
      simd::store(held + i, cell_.sensed<batch>(simd::load<batch>(held + i), simd::load<batch>(factor + i),
                                                simd::load<batch>(displacement + i), simd::load<batch>(z + i)));
    for (std::size_t i = 0; i < n; ++i) level[i] = static_cast<std::uint8_t>(held[i]);
  }

  [[nodiscard]] bool no_error_possible(column_state const& c, double log_age) const noexcept {
    for (int l = 0; l <= cell_.top(); ++l)
      if (c.low[l] <= c.high[l] && !cell_.always_reads(c.low[l], c.high[l], l, log_age)) return false;
    return true;
  }

  dense_config config_;
  memory_cell cell_;
  memory_cell::streams streams_;
  std::size_t rows_;
  std::vector<column_state> columns_;
};

}  // namespace ohmic::inline OHMIC_ABI
