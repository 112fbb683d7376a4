// A programmed in-situ array as a file: what its cells hold, and all that products with it need.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/crossbar/in_situ/cells.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/safetensors.hpp"
#include "ohmic/model/import/safetensors_write.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {
inline constexpr std::string_view programmed_format = "ohmic programmed array 1";

/// Metadata that are whole numbers, by name.
template <class Cells, class F>
void for_each_count(Cells& c, F const& f) {
  f("seed", c.at.seed);
  f("first_array", c.at.first_array);
  f("slices", c.slices);
  f("lines", c.lines);
  f("outputs", c.outputs);
  f("columns", c.columns);
  f("inputs", c.inputs);
  f("written_cells", c.written.cells);
  f("written_tries", c.written.tries);
  f("written_missed", c.written.missed);
  f("written_stuck", c.written.stuck);
}

/// Runs f; what is wrong then lies in this place.
template <class F>
void placed(std::string const& where, F const& f) {
  try {
    f();
  } catch (error const& problem) {
    auto info = problem.info();
    info.where = where + ", " + info.where;
    throw error(std::move(info));
  }
}

/// Settings as print() writes them: every key once, for a key that is missing or there twice leaves open what was programmed.
/// Errors  those of assign, with the line; config_conflict, missing_entry
[[nodiscard]] inline in_situ::config read_programmed_settings(std::string const& settings,
                                                              std::filesystem::path const& path) {
  in_situ::config c;
  std::map<std::string, std::size_t, std::less<>> lines;
  std::size_t number = 0;
  for (std::string_view rest = settings; !rest.empty();) {
    auto const end = rest.find('\n');
    auto const line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    std::string const where = place(path, "config, line " + std::to_string(++number));
    placed(where, [&] { assign(c, line); });
    auto const [first, is_new] = lines.emplace(ohmic::detail::trimmed(line.substr(0, line.find('='))), number);
    if (!is_new)
      throw error({errc::config_conflict, "setting " + in_quotes(first->first) + " is given twice", where, "",
                   "once; the first is line " + std::to_string(first->second), "write it again with ohmic mvm --save"});
  }
  for (auto const& key : keys(c))
    if (!lines.contains(key))
      throw error({errc::missing_entry, "setting " + in_quotes(key) + " is missing", place(path, "config"), "",
                   "every setting of the array", "write it again with ohmic mvm --save"});
  return c;
}

/// What a reader asks of the values, and a writer too, so that what is written can be read.
/// Shape   at(part): the place of one of them for messages
/// Errors  value for one that no array has; capacity for arrays that have no address
template <class Place>
void require_programmed(in_situ::cells const& c, Place const& at, char const* fix) {
  for (auto const* values : {&c.g, &c.read_sigma})
    if (std::any_of(values->begin(), values->end(), [](double v) { return v < 0.0; }))
      throw error({errc::value, "a conductance or its noise is negative", at(values == &c.g ? "g" : "read_sigma"), "",
                   "0 and above", fix});
  if (!(c.weight_scale > 0.0))
    throw error({errc::value, "a weight has no scale", at("weight_scale"), ohmic::detail::number_text(c.weight_scale),
                 "above 0", fix});
  if (std::any_of(c.slice_gain.begin(), c.slice_gain.end(), [](double v) { return !(v > 0.0); }))
    throw error({errc::value, "a slice has no gain", at("slice_gain"), "", "above 0", fix});
  // In units of the on state; no device conducts a million times as well.
  for (auto const& [name, values] : {std::pair{"g", &c.g}, {"read_sigma", &c.read_sigma}, {"zero", &c.zero}})
    for (double const v : *values)
      if (!(std::fabs(v) <= 1e6))
        throw error({errc::value, "no device conducts so well", at(name), to_text(v / c.config.cell.r_on),
                     "at most " + to_text(1e6 / c.config.cell.r_on), fix});
  // Far beyond what any array holds, and far from where products of finite numbers end.
  using named_values = std::pair<char const*, std::span<double const>>;
  for (auto const& [name, values] :
       {named_values{"slice_gain", c.slice_gain}, named_values{"output_gain", c.output_gain},
        named_values{"weight_scale", {&c.weight_scale, 1}}})
    if (std::any_of(values.begin(), values.end(), [](double v) { return !(std::fabs(v) <= 1e30); }))
      throw error({errc::value, "a number is out of all proportion", at(name), "", "at most 1e30", fix});
  require_addressable(std::uint64_t{c.at.first_array} + c.arrays(),
                      std::uint64_t{c.slices * c.lines * c.columns} * c.rows_of_array(), 1, at("first_array"));
}
}  // namespace detail

/// The bytes of a safetensors file: g and read_sigma (slices, lines, columns, inputs), slice_gain, zero (slices),
/// output_gain (columns), weight_scale (1), all F64; settings and seeds in its metadata.
/// Errors  value, capacity for an array that read_programmed would refuse
[[nodiscard]] inline std::string programmed_bytes(in_situ::cells const& c) {
  detail::require_programmed(
      c, [](char const* part) { return std::string("programmed array, ") + part; }, "scale the weights, or set cell.*");
  std::map<std::string, std::string> metadata = {{"format", std::string(detail::programmed_format)},
                                                 {"config", print(c.config)}};
  detail::for_each_count(c, [&](char const* key, auto const& value) { metadata[key] = std::to_string(value); });
  std::vector<std::uint64_t> const all = {c.slices, c.lines, c.columns, c.inputs};
  std::vector<tensor_values> tensors = {{"g", all, c.g},
                                        {"slice_gain", {c.slices}, c.slice_gain},
                                        {"zero", {c.slices}, c.zero},
                                        {"weight_scale", {1}, {&c.weight_scale, 1}}};
  if (!c.read_sigma.empty()) tensors.push_back({"read_sigma", all, c.read_sigma});
  if (!c.output_gain.empty()) tensors.push_back({"output_gain", {c.columns}, c.output_gain});
  return safetensors_bytes(tensors, metadata);
}

/// Reads a programmed array. Products with it are those of the array that was written, noise included.
/// Errors  those of safetensors_file; file_format where this is no programmed array or its parts do not fit each
///         other; those of in_situ::config::validate, but nothing is asked of the device: it has been programmed
[[nodiscard]] inline in_situ::cells read_programmed(std::filesystem::path const& path) {
  safetensors_file file(path);
  auto const& metadata = file.metadata();
  auto const text = [&](char const* key) {
    auto const found = metadata.find(key);
    if (found == metadata.end())
      throw error(
          {errc::missing_entry, "is missing in the metadata", place(path, key), "", "", "is this a programmed array?"});
    return found->second;
  };
  if (auto const format = text("format"); format != detail::programmed_format)
    throw error({errc::file_format, "not a programmed array of this version", place(path, "format"), in_quotes(format),
                 in_quotes(detail::programmed_format), "write it again with ohmic mvm --save"});
  in_situ::cells c;
  c.config = detail::read_programmed_settings(text("config"), path);
  auto const checked = in_situ::once_programmed(c.config);
  detail::placed(place(path, "config"), [&] { in_situ::config::validate(checked); });
  detail::for_each_count(c, [&]<class T>(char const* key, T& value) {
    std::string const digits = text(key);
    auto const [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (status != std::errc{} || end != digits.data() + digits.size())
      throw error(
          {errc::file_format, "not a whole number", place(path, key), in_quotes(digits), "", "is the file whole?"});
  });
  std::size_t const slices = checked.weights.is_sliced() ? checked.weights.slices.size() : 1;
  bool const unit = checked.weights.mapping == in_situ::mapping::offset_unit_column;
  if (c.slices != slices || c.lines != (checked.weights.is_differential() ? 2u : 1u) || c.outputs == 0 ||
      c.columns != c.outputs + (unit ? 1 : 0))
    throw error({errc::file_format, "sizes do not fit the settings", place(path, "slices, lines, columns"),
                 std::to_string(c.slices) + ", " + std::to_string(c.lines) + ", " + std::to_string(c.columns),
                 "those of its weights.mapping and weights.slices", "write it again with ohmic mvm --save"});
  std::array<std::uint64_t, 4> const all = {c.slices, c.lines, c.columns, c.inputs};
  std::array<std::uint64_t, 1> const of_slices = {c.slices}, of_columns = {c.columns}, one = {1};
  c.g = file.read_doubles("g", all);
  c.slice_gain = file.read_doubles("slice_gain", of_slices);
  c.zero = file.read_doubles("zero", of_slices);
  c.weight_scale = file.read_doubles("weight_scale", one)[0];
  if (file.contains("read_sigma")) c.read_sigma = file.read_doubles("read_sigma", all);
  if (file.contains("output_gain")) c.output_gain = file.read_doubles("output_gain", of_columns);
  detail::require_programmed(
      c, [&](char const* part) { return place(path, part); }, "write it again with ohmic mvm --save");
  return c;
}

}  // namespace ohmic::inline OHMIC_ABI::model
