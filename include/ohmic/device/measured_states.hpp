// A device as a table of measured states, read from CSV.
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/device/elementary.hpp"
#include "ohmic/device/ideal.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One state: mean and standard deviation of the conductance after programming, and of the exponent of its drift.
/// Units   uS
struct measured_state {
  double conductance_uS = 0.0, spread_uS = 0.0;
  double drift_exponent = 0.0, drift_spread = 0.0;
};

/// Programming takes the state nearest to the target; drift is G (t / t0)^-(exponent + spread z), nothing before t0.
struct measured_states : ideal_device {
  std::vector<measured_state> states{};  ///< conductances rise; at least two
  double reference_s = 1.0;              ///< t0

  [[nodiscard]] device_facts facts() const noexcept {
    bool const drifts = std::any_of(states.begin(), states.end(), [](measured_state const& s) {
      return s.drift_exponent != 0.0 || s.drift_spread != 0.0;
    });
    return {.name = "table",
            .summary = "states from a CSV file: mean and spread of each, and its drift",
            .source = "the user's measurements",
            .low_uS = states.empty() ? 0.0 : states.front().conductance_uS,
            .high_uS = states.empty() ? 0.0 : states.back().conductance_uS,
            .levels = static_cast<int>(states.size()),
            .has_spread = true,
            .has_drift = drifts,
            .is_activated = true};
  }
  [[nodiscard]] double programming_mean(double g_uS) const noexcept { return nearest(g_uS).conductance_uS; }
  [[nodiscard]] double programming_sigma(double g_uS) const noexcept { return nearest(g_uS).spread_uS; }
  [[nodiscard]] double aged(double target_uS, double programmed_uS, double age_s, double z) const noexcept {
    if (!(age_s > reference_s)) return programmed_uS;
    auto const& s = nearest(target_uS);
    double const nu = s.drift_exponent + simd::fence(s.drift_spread * z);
    return simd::fence(programmed_uS * detail::own_power(age_s / reference_s, -nu));
  }
  /// Of two as near as each other the lower.
  [[nodiscard]] measured_state const& nearest(double g_uS) const noexcept {
    auto const above = std::lower_bound(states.begin(), states.end(), g_uS,
                                        [](measured_state const& s, double g) { return s.conductance_uS < g; });
    if (above == states.begin()) return *above;
    if (above == states.end()) return states.back();
    auto const below = std::prev(above);
    return g_uS - below->conductance_uS <= above->conductance_uS - g_uS ? *below : *above;
  }
};
static_assert(device_law<measured_states>);

namespace detail {

/// The columns of a table of states, by their names.
struct state_column {
  std::string_view name;
  double measured_state::*member;
  bool required;
  double most;
};
inline constexpr state_column state_columns[] = {
    {"conductance_uS", &measured_state::conductance_uS, true, 1e12},
    {"spread_uS", &measured_state::spread_uS, true, 1e12},
    {"drift_exponent", &measured_state::drift_exponent, false, 1.0},
    {"drift_spread", &measured_state::drift_spread, false, 1.0},
};

/// Reads the lines of a table; every refusal names the line and the column.
class state_reader {
 public:
  state_reader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

  std::vector<measured_state> read() {
    read_header();
    std::vector<measured_state> out;
    while (next_line()) {
      auto const cells = cells_of_line();
      if (cells.size() != columns_.size())
        throw refuse(errc::file_format, "", "a line has another number of columns than the first",
                     std::to_string(cells.size()), std::to_string(columns_.size()), "fill the gap, or remove the line");
      measured_state s;
      for (std::size_t k = 0; k < cells.size(); ++k) s.*columns_[k]->member = number(cells[k], *columns_[k]);
      if (!out.empty() && !(s.conductance_uS > out.back().conductance_uS))
        throw refuse(errc::value, "conductance_uS", "conductances do not rise", number_text(s.conductance_uS),
                     "above " + number_text(out.back().conductance_uS) + ", the line before", "sort the lines");
      out.push_back(s);
    }
    if (out.size() < 2 || out.size() > 65536)
      throw error({errc::file_format, "not a table of states", file_, std::to_string(out.size()) + " states",
                   "2..65536", "give one line for every state"});
    return out;
  }

 private:
  [[nodiscard]] error refuse(errc code, std::string_view column, std::string what, std::string got, std::string allowed,
                             std::string fix) const {
    std::string where = file_ + ", line " + std::to_string(line_number_);
    if (!column.empty()) where += ", column " + printable(column);
    return error({code, std::move(what), std::move(where), std::move(got), std::move(allowed), std::move(fix)});
  }

  bool next_line() {
    if (text_.empty()) return false;
    auto const end = text_.find('\n');
    line_ = text_.substr(0, end);
    text_.remove_prefix(end == text_.npos ? text_.size() : end + 1);
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    ++line_number_;
    return true;
  }
  [[nodiscard]] std::vector<std::string_view> cells_of_line() const {
    std::vector<std::string_view> out;
    for (std::string_view rest = line_;;) {
      auto const comma = rest.find(',');
      out.push_back(trimmed(rest.substr(0, comma)));
      if (comma == rest.npos) return out;
      rest.remove_prefix(comma + 1);
    }
  }

  void read_header() {
    std::vector<std::string> names;
    for (auto const& c : state_columns) names.emplace_back(c.name);
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);  // a byte order mark
    if (!next_line())
      throw error({errc::file_truncated, "is empty", file_, "0 bytes", "a line of column names first: " + joined(names),
                   "give a table of states"});
    for (auto const name : cells_of_line()) {
      auto const known = std::find_if(std::begin(state_columns), std::end(state_columns),
                                      [&](state_column const& c) { return c.name == name; });
      if (known == std::end(state_columns)) {
        auto const near = nearest_name(name, names);
        throw refuse(errc::unknown_key, name, "no such column", in_quotes(name), joined(names),
                     near.empty() ? "the first line names the columns" : "did you mean '" + near + "'?");
      }
      if (std::find(columns_.begin(), columns_.end(), known) != columns_.end())
        throw refuse(errc::file_format, name, "a column is there twice", in_quotes(name), "once", "remove one");
      columns_.push_back(known);
    }
    for (auto const& c : state_columns)
      if (c.required && std::find(columns_.begin(), columns_.end(), &c) == columns_.end())
        throw refuse(errc::missing_entry, c.name, "a column is missing", in_quotes(line_),
                     "with " + std::string(c.name), "add the column");
  }

  [[nodiscard]] double number(std::string_view text, state_column const& column) const {
    auto const allowed = "a number from 0 to " + number_text(column.most);
    if (text.empty())
      throw refuse(errc::missing_entry, column.name, "a value is missing", "nothing", allowed, "fill the gap");
    double v = 0.0;
    auto const [end, status] = std::from_chars(text.data(), text.data() + text.size(), v);
    if (status != std::errc{} || end != text.data() + text.size() || !std::isfinite(v))
      throw refuse(errc::file_format, column.name, "not a number", in_quotes(text), allowed, "mend the value");
    if (v < 0.0 || v > column.most)
      throw refuse(errc::value, column.name, v < 0.0 ? "a value is negative" : "a value is too large", printable(text),
                   allowed, "mend the value, or its unit");
    return v;
  }

  std::string_view text_, line_{};
  std::string file_;
  std::size_t line_number_ = 0;
  std::vector<state_column const*> columns_{};
};

}  // namespace detail

/// The states of a CSV text. The first line names its columns, in any order: conductance_uS, spread_uS and, where it
/// is known, drift_exponent, drift_spread; one state a line, conductances rising.
/// Errors  unknown_key, missing_entry, file_format, file_truncated, value: naming `file`, the line and the column
[[nodiscard]] inline std::vector<measured_state> parse_states(std::string_view text, std::string file) {
  return detail::state_reader(text, std::move(file)).read();
}

/// The same from a file of at most 16 MB, which is read again where the array is programmed: no pipe.
/// Errors  file_missing, no_resource, file_format, and as above
[[nodiscard]] inline std::vector<measured_state> read_states(std::string const& file) {
  constexpr std::streamsize most = 16'000'000;
  if (std::error_code none; std::filesystem::exists(file, none) && !std::filesystem::is_regular_file(file, none))
    throw error({errc::file_format, "is no ordinary file", file, "a folder, a pipe or a device",
                 "a CSV file, as it is read more than once", "write the table into a file"});
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  int const why = errno;
  auto const code = in ? errc::file_missing : refusal_code(why, errc::file_missing);
  std::string text(static_cast<std::size_t>(most) + 1, '\0');
  if (in) in.read(text.data(), most + 1);
  if (!in && !in.eof())
    throw error({code, "cannot be read", file, why == 0 ? "a failure of the system" : std::strerror(why),
                 "a CSV file of measured states", "check cell.states"});
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.gcount() > most)
    throw error({errc::file_format, "is too large for a table of states", file,
                 "more than " + std::to_string(most) + " bytes", "at most 65536 states", "check cell.states"});
  return parse_states(text, file);
}

}  // namespace ohmic::inline OHMIC_ABI
