// What `ohmic sweep` is asked: a TOML file of what is varied, what is measured and what counts as better.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chip_request.hpp"
#include "json_output.hpp"
#include "options.hpp"

namespace program_cli {

/// A number with its unit: fifteen digits, so that 0.1 + 0.2 is 0.3.
std::string sweep_number(double v, std::string const& unit);
/// Errors  config_value for a text that is no whole number
std::size_t sweep_count(std::string const& text, std::string const& where);

/// One key that is varied: a list of values, or a range that samples fall into.
struct sweep_dimension {
  std::string key;
  std::string where;                ///< file and line
  std::vector<std::string> values;  ///< of a list, or of the steps of a range
  double from = 0.0, to = 0.0;      ///< of a range without steps
  bool logarithmic = false, whole = false;
  std::string unit;  ///< written after a number, or empty

  /// The value at a place in [0, 1).
  [[nodiscard]] std::string at(double place) const;
};

/// A metric that is made small or large.
struct sweep_objective {
  std::string metric;
  bool larger = false;
};

/// A metric that a point must keep on one side of a bound.
struct sweep_constraint {
  std::string metric;
  bool at_least = false;
  double bound = 0.0;
};

/// One point, as its runner takes it.
struct sweep_assignment {
  std::string chip, model;  ///< label of the chip
  std::size_t tokens = 0, decode = 0, batch = 1;
  std::vector<std::string> set;  ///< key=value, those of the file and the command line first
};

class sweep_spec {
 public:
  enum class kind { cost, deploy };
  enum class sampling { grid, random, sobol };

  /// Errors  file_missing; file_format for broken TOML; config_value, config_conflict, unknown_key, unknown_id naming
  ///         file, line and key; capacity for more than 10^7 points or 10^5 values of all keys
  static sweep_spec read(std::string const& file, common_options const& common);

  [[nodiscard]] std::uint64_t points() const noexcept { return points_; }
  /// Texts of the dimensions' values at a point, in the order of the dimensions.
  [[nodiscard]] std::vector<std::string> values(std::uint64_t point) const;
  [[nodiscard]] sweep_assignment assignment(std::uint64_t point) const;
  /// What the points are: a sweep that is resumed must have the same, and the same files (sweep_identity). A flat object.
  [[nodiscard]] json identity() const;

  [[nodiscard]] design const& chip_called(std::string const& label) const;

  kind what = kind::cost;
  sampling method = sampling::grid;
  std::uint64_t seed = 1;
  std::string file;
  std::vector<design> chips;
  std::string model, data, calibration, task;
  std::size_t tokens = 0, decode = 1, batch = 1, limit = 0;
  std::vector<std::string> set;  ///< key=value for all points
  std::vector<sweep_dimension> dimensions;
  std::vector<sweep_objective> objectives;
  std::vector<sweep_constraint> constraints;

 private:
  std::uint64_t points_ = 1;
};

}  // namespace program_cli
