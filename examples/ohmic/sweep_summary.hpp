// What a sweep comes to: the points that no other beats, the best of each objective, and the files that hold all of them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "json_output.hpp"
#include "sweep_spec.hpp"
#include "sweep_store.hpp"

namespace program_cli {

/// The metric of a name: its own, or what `area`, `energy`, `latency`, `edp`, `adp` stand for.
/// Errors  unknown_key with the nearest name and the list
std::size_t metric_index(std::string const& name, std::vector<std::string> const& metrics);

/// Objectives and constraints with the full names of their metrics.
/// Errors  as metric_index
json goals_of(sweep_spec const& spec, std::vector<std::string> const& metrics);

/// What a file says is better; nothing, if it does not.
/// Errors  file_format
json kept_goals(sweep_store const& store);
/// Settings that had no effect, as a file says; none where it is of before they were kept.
/// Errors  file_format for anything but a list of texts: the file may be a stranger's
json kept_idle(sweep_store const& store);

/// The best point of the first objective, as points come.
class best_so_far {
 public:
  best_so_far(sweep_spec const& spec, std::vector<std::string> const& metrics);
  void see(sweep_result const& r);
  /// "best accuracy 0.84 at point 17", or nothing
  [[nodiscard]] std::string text() const;

 private:
  json goals_;
  std::vector<std::size_t> bounds_;
  std::size_t metric_ = 0;
  double value_ = 0.0;
  std::uint64_t point_ = 0;
  bool any_ = false;
};

/// "points", "front", "best", "failures" of the rows of a file, by the goals that it keeps.
json summary_of(sweep_store const& store);

/// A row as an object: numbers as numbers, null where nothing is modelled.
json row_object(sweep_row const& r, std::vector<std::string> const& keys, std::vector<std::string> const& metrics);

/// All rows as CSV (RFC 4180) and as JSON lines. In CSV a text, not a number, that begins with = + - @, a tab or a carriage return
/// has an apostrophe before it: a spreadsheet would run it as a formula. `stamp` of every row: 64-bit FNV-1a of the version, the spec and
/// the files that the points are made from, the same for the parts of a sweep.
std::string csv_of(sweep_store const& store);
std::string jsonl_of(sweep_store const& store);

/// 64-bit FNV-1a of the rows as JSON, in hexadecimal digits.
std::string digest_of_points(sweep_store const& store);

/// The table of the front, on a terminal.
void print_summary(FILE* out, json const& summary, std::vector<std::string> const& keys);

}  // namespace program_cli
