// The file of a sweep: what was asked, and what each point gave. SQLite, so that a killed process leaves every finished batch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json_output.hpp"
#include "sweep_lock.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace program_cli {

/// What a point gave: numbers by metric (NaN: not modelled), or why there are none.
struct sweep_result {
  std::uint64_t point = 0;
  std::string error;
  std::vector<double> metrics;
};

/// A point as the file has it.
struct sweep_row {
  std::uint64_t point = 0;
  std::string error;
  std::vector<std::string> values;
  std::vector<double> metrics;
};

/// Table `points` (point, status, error, a column a key, a column a metric) and table `meta` (key, value as JSON).
/// One process writes at a time; others may read. A batch is one transaction.
class sweep_store {
 public:
  /// Opens or creates a file. `identity`: what the points are; `keys`, `metrics`: the columns. anew: a sweep that is there, this one
  /// or another, is replaced by an empty one, in one transaction.
  /// Errors  config_conflict for the file of another sweep, naming what differs, and for one that another process writes;
  ///         file_format for a file that is none; write_failed
  sweep_store(std::string const& file, json const& identity, std::vector<std::string> const& keys,
              std::vector<std::string> const& metrics, bool anew = false);
  /// Opens a file that is there, to read. It stays as it is, whoever wrote it was killed or not.
  /// Errors  file_missing, file_format
  explicit sweep_store(std::string const& file);
  sweep_store(sweep_store const&) = delete;
  sweep_store& operator=(sweep_store const&) = delete;
  ~sweep_store();

  [[nodiscard]] std::string const& file() const noexcept { return file_; }
  [[nodiscard]] json const& identity() const noexcept { return identity_; }
  [[nodiscard]] std::vector<std::string> const& keys() const noexcept { return keys_; }
  [[nodiscard]] std::vector<std::string> const& metrics() const noexcept { return metrics_; }

  /// Which of `points` points are there. Failed ones are left out if they are to be tried again.
  [[nodiscard]] std::vector<bool> present(std::uint64_t points, bool without_failed) const;
  /// Writes results, all or none. values(point) gives the texts of the keys.
  void add(std::vector<sweep_result> const& results,
           std::function<std::vector<std::string>(std::uint64_t)> const& values);
  /// Adds the points of another file. A point that both have must be equal.
  /// Errors  config_conflict for another sweep or a point that differs
  void merge(sweep_store const& other);
  /// Refuses rows whose values are not those of their points; values(point) gives the texts of the keys.
  /// Errors  config_conflict naming point and key
  void check_values(std::function<std::vector<std::string>(std::uint64_t)> const& values) const;
  /// Errors  config_conflict where the other file is of another sweep
  void check_same_sweep(sweep_store const& other) const;
  /// All that f() writes, or nothing.
  void whole(std::function<void()> const& f);
  /// Removes the file if it was not there before this one, and nothing else: it can only be ended then.
  void withdraw() noexcept;
  /// Calls f(row) in the order of the points.
  /// Errors  file_format for what no sweep writes: a metric that is no finite number, a status that contradicts its error
  void for_each(std::function<void(sweep_row const&)> const& f) const;

  /// A text beside the points, such as the objectives; absent: nothing.
  void keep(std::string const& key, json const& value);
  [[nodiscard]] json kept(std::string const& key) const;

 private:
  void open(bool create);
  void close() noexcept;
  void create(bool replace);
  void insert(std::vector<sweep_row> const& rows);
  void execute(std::string const& sql) const;
  [[noreturn]] void fail(std::string const& what) const;
  struct finalize {
    void operator()(sqlite3_stmt* s) const noexcept;
  };
  using statement = std::unique_ptr<sqlite3_stmt, finalize>;
  [[nodiscard]] statement prepare(std::string const& sql) const;
  bool step(statement const& s) const;
  void read_columns();
  [[nodiscard]] sweep_row row_at(sqlite3_stmt* s) const;

  std::string file_;
  std::optional<sweep_lock> lock_;  ///< of who writes
  sqlite3* db_ = nullptr;
  bool created_ = false;
  std::uint64_t points_ = 0;  ///< of the sweep, there or not
  json identity_;
  std::vector<std::string> keys_, metrics_;
};

/// What differs between two identities, as lines "key: there .., here ..".
std::string identity_difference(json const& there, json const& here);

}  // namespace program_cli
