// Reader of safetensors files: opened once, checked whole before any tensor is read, then tensor by tensor.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/half.hpp"
#include "ohmic/model/import/safetensors_header.hpp"

namespace ohmic::inline OHMIC_ABI::model {

static_assert(std::endian::native == std::endian::little,
              "ohmic: safetensors files are read on little-endian machines only");

/// An open safetensors file. The header is checked when it is opened; memory is taken only for what the file really
/// holds. One thread at a time: reading moves the file position.
/// Errors  construction: errc::file_missing, errc::file_truncated, errc::file_format, naming the tensor and the field
/// Source  the format, https://github.com/huggingface/safetensors
class safetensors_file {
 public:
  /// Largest header, as in the format.
  static constexpr std::uint64_t max_header_bytes = 100'000'000;

  explicit safetensors_file(std::filesystem::path file) : file_(std::move(file)) {
    std::uint64_t const size = regular_file_size(file_);
    if (size < 8)
      throw error({errc::file_truncated, "is too short for the length of its header", place(file_),
                   std::to_string(size) + " bytes", "at least 8 bytes", ""});
    in_ = open_binary(file_);
    std::uint64_t length = 0;
    read_bytes(0, std::as_writable_bytes(std::span(&length, 1)), "header length");
    if (length > size - 8)
      throw error({errc::file_truncated, "header length reaches beyond the end of the file", place(file_),
                   std::to_string(length) + " bytes", "at most " + std::to_string(size - 8) + " bytes",
                   "the file is truncated, or no safetensors file"});
    if (length > max_header_bytes)
      throw error({errc::file_format, "header length is too large", place(file_), std::to_string(length) + " bytes",
                   "at most " + std::to_string(max_header_bytes) + " bytes", ""});
    std::string json(static_cast<std::size_t>(length), '\0');
    read_bytes(8, std::as_writable_bytes(std::span(json)), "header");
    data_begin_ = 8 + length;
    header_ = parse_safetensors_header(json, size - data_begin_, file_);
    asked_for_.resize(header_.tensors.size());
  }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return file_; }
  /// Every tensor, sorted by name.
  [[nodiscard]] std::vector<tensor_info> const& tensors() const noexcept { return header_.tensors; }
  [[nodiscard]] std::map<std::string, std::string> const& metadata() const noexcept { return header_.metadata; }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    all.reserve(header_.tensors.size());
    for (tensor_info const& t : header_.tensors) all.push_back(t.name);
    return all;
  }
  [[nodiscard]] bool contains(std::string_view name) const noexcept { return find(name) != nullptr; }
  /// Tensors that were neither read nor checked, nor are scales of one that was.
  [[nodiscard]] std::vector<std::string> unread() const {
    std::vector<std::string> left;
    for (std::size_t i = 0; i < asked_for_.size(); ++i)
      if (!asked_for_[i]) left.push_back(header_.tensors[i].name);
    return left;
  }

  /// Errors  errc::missing_entry with the nearest name
  [[nodiscard]] tensor_info const& info(std::string_view name) const {
    if (tensor_info const* t = find(name)) return *t;
    std::string const nearest = nearest_name(name, names());
    throw error({errc::missing_entry, "is missing", where(name), "", "",
                 header_.tensors.empty() ? "the file holds no tensor"
                 : nearest.empty()       ? "check that the file is of this model"
                                         : "did you mean " + in_quotes(nearest) + "?"});
  }

  /// A matrix of F32, F16 or BF16 values as float, or of I8 codes times their scale: of all or of each row in the tensor NAME_scale, or
  /// 127 times that of each row in SCB beside a `weight`, as bitsandbytes has it. `origin` says in errors where the shape comes from.
  /// Shape   (rows, cols), as in the file
  /// Errors  errc::missing_entry, also for codes without scales; errc::shape with both shapes, and for empty matrices;
  ///         errc::file_format for other types; errc::value naming the element that is NaN or infinite, or a scale of codes that
  ///         is not above 0; errc::file_truncated if the file shrank
  [[nodiscard]] matrix<float> read_matrix(std::string_view name, std::size_t rows, std::size_t cols,
                                          std::string_view origin = {}) {
    tensor_info const& t = checked(name, std::array<std::uint64_t, 2>{rows, cols}, origin);
    matrix<float> m(rows, cols);
    if (t.type == "I8")
      read_codes(t, m);
    else
      read_values(t, m.flat());
    return m;
  }

  /// Checks that a matrix can be read, without reading it. Errors as read_matrix(), except for values.
  void check_matrix(std::string_view name, std::size_t rows, std::size_t cols, std::string_view origin = {}) const {
    static_cast<void>(checked(name, std::array<std::uint64_t, 2>{rows, cols}, origin));
  }

  /// A vector of n values as float. Errors as read_matrix().
  /// Shape   (n)
  [[nodiscard]] std::vector<float> read_vector(std::string_view name, std::size_t n, std::string_view origin = {}) {
    tensor_info const& t = checked(name, std::array<std::uint64_t, 1>{n}, origin);
    std::vector<float> v(n);
    read_values(t, v);
    return v;
  }

  /// Values of an F64 tensor of this shape. Errors as read_matrix().
  /// Shape   shape, row-major
  [[nodiscard]] std::vector<double> read_doubles(std::string_view name, std::span<std::uint64_t const> shape,
                                                 std::string_view origin = {}) {
    tensor_info const& t = checked(name, shape, origin, true);
    std::vector<double> v(static_cast<std::size_t>((t.end - t.begin) / sizeof(double)));
    read_bytes(data_begin_ + t.begin, std::as_writable_bytes(std::span(v)), "tensor " + in_quotes(t.name));
    require_finite(t, std::span<double const>(v));
    return v;
  }

 private:
  [[nodiscard]] std::string where(std::string_view name) const { return place(file_, "tensor " + in_quotes(name)); }

  [[nodiscard]] tensor_info const* find(std::string_view name) const noexcept {
    auto const it = std::lower_bound(header_.tensors.begin(), header_.tensors.end(), name,
                                     [](tensor_info const& t, std::string_view n) { return t.name < n; });
    return it != header_.tensors.end() && it->name == name ? &*it : nullptr;
  }

  void note(tensor_info const& t) const { asked_for_[static_cast<std::size_t>(&t - header_.tensors.data())] = true; }

  tensor_info const& checked(std::string_view name, std::span<std::uint64_t const> shape, std::string_view origin,
                             bool doubles = false) const {
    tensor_info const& t = info(name);
    note(t);
    std::string allowed = dimensions_text(shape);
    if (!origin.empty()) allowed.append(" (").append(origin).append(")");
    if (!std::equal(t.shape.begin(), t.shape.end(), shape.begin(), shape.end()))
      throw error({errc::shape, "shape does not fit", where(name), dimensions_text(t.shape), std::move(allowed), ""});
    if (t.begin == t.end)
      throw error({errc::shape, "is empty", where(name), dimensions_text(t.shape), "at least one row and column", ""});
    if (!doubles && t.type == "I8" && shape.size() == 2) {
      static_cast<void>(scales_of(t));
      return t;
    }
    if (doubles ? t.type != "F64" : t.type != "F32" && t.type != "F16" && t.type != "BF16")
      throw error({errc::file_format, doubles ? "dtype cannot be read as doubles" : "dtype cannot be read as weights",
                   where(name), t.type,
                   doubles             ? "F64"
                   : shape.size() == 2 ? "F32, F16, BF16, I8"
                                       : "F32, F16, BF16",
                   ""});
    return t;
  }

  /// Where the scales of a matrix of codes are, and what a stored one is divided by.
  struct code_scales {
    tensor_info const* tensor = nullptr;
    float divisor = 1.0f;
  };
  [[nodiscard]] code_scales scales_of(tensor_info const& t) const {
    std::string const scale = t.name + "_scale";
    std::string largest = t.name;
    bool const has_stem = largest.ends_with("weight");
    if (has_stem) largest.replace(largest.size() - 6, 6, "SCB");
    code_scales const found = find(scale) != nullptr                 ? code_scales{find(scale), 1.0f}
                              : has_stem && find(largest) != nullptr ? code_scales{find(largest), 127.0f}
                                                                     : code_scales{};
    if (find(t.name + "_zero_point") != nullptr)
      throw error({errc::file_format, "codes with a zero point are not supported", where(t.name + "_zero_point"), "",
                   "", "symmetric codes"});
    if (found.tensor == nullptr)
      throw error({errc::missing_entry, "has codes of 8 bits without scales", where(t.name), "I8",
                   "a tensor " + in_quotes(scale) + (has_stem ? " or " + in_quotes(largest) : ""), "store its scales"});
    auto const& shape = found.tensor->shape;
    bool const column = shape.size() <= 1 || (shape.size() == 2 && shape[1] == 1);  // a scale a row, not a column
    std::uint64_t const n = shape.empty() ? 1 : shape[0];
    if (!column || (n != t.shape[0] && n != 1))
      throw error({errc::shape, "shape does not fit", where(found.tensor->name), dimensions_text(found.tensor->shape),
                   "one scale, or " + std::to_string(t.shape[0]) + ", one a row of " + in_quotes(t.name), ""});
    if (found.tensor->type != "F32" && found.tensor->type != "F16" && found.tensor->type != "BF16")
      throw error({errc::file_format, "dtype cannot be read as scales", where(found.tensor->name), found.tensor->type,
                   "F32, F16, BF16", ""});
    note(*found.tensor);
    return found;
  }
  void read_codes(tensor_info const& t, matrix<float>& m) {
    auto const [tensor, divisor] = scales_of(t);
    std::size_t n = 1;
    for (auto d : tensor->shape) n *= static_cast<std::size_t>(d);
    std::vector<float> scales(n);
    read_values(*tensor, scales);
    std::vector<std::int8_t> codes(m.cols());
    for (std::size_t r = 0; r < m.rows(); ++r) {
      read_bytes(data_begin_ + t.begin + r * m.cols(), std::as_writable_bytes(std::span(codes)),
                 "tensor " + in_quotes(t.name));
      std::size_t const place_of_scale = n == 1 ? 0 : r;
      float const scale = scales[place_of_scale] / divisor;
      if (!(scale > 0.0f) && std::any_of(codes.begin(), codes.end(), [](std::int8_t code) { return code != 0; }))
        throw error({errc::value, "element " + std::to_string(place_of_scale) + " is no scale of codes",
                     where(tensor->name), ohmic::detail::number_text(scales[place_of_scale]),
                     "above 0, but where all codes are 0", "store its scales"});
      for (std::size_t c = 0; c < codes.size(); ++c) m(r, c) = static_cast<float>(codes[c]) * scale;
    }
    require_finite(t, std::span<float const>(m.flat()));
  }

  /// Fills `out` from the file at byte `offset`.
  void read_bytes(std::uint64_t offset, std::span<std::byte> out, std::string const& part) {
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(offset));
    in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    if (static_cast<std::size_t>(in_.gcount()) != out.size())
      throw error({errc::file_truncated, "ended while it was read", place(file_, part),
                   std::to_string(in_.gcount()) + " bytes", std::to_string(out.size()) + " bytes",
                   "is it still being written?"});
  }

  void read_values(tensor_info const& t, std::span<float> out) {
    std::uint64_t const begin = data_begin_ + t.begin;
    std::string const part = "tensor " + in_quotes(t.name);
    if (t.type == "F32") {
      read_bytes(begin, std::as_writable_bytes(out), part);
    } else {
      float (*const widen)(std::uint16_t) noexcept = t.type == "F16" ? &from_binary16 : &from_bfloat16;
      std::vector<std::uint16_t> chunk(std::min<std::size_t>(out.size(), std::size_t{1} << 16));
      for (std::size_t done = 0; done < out.size(); done += chunk.size()) {
        chunk.resize(std::min(chunk.size(), out.size() - done));
        read_bytes(begin + 2 * done, std::as_writable_bytes(std::span(chunk)), part);
        std::transform(chunk.begin(), chunk.end(), out.begin() + static_cast<std::ptrdiff_t>(done), widen);
      }
    }
    require_finite(t, std::span<float const>(out));
  }

  template <class T>
  void require_finite(tensor_info const& t, std::span<T const> out) const {
    auto const bad = std::find_if(out.begin(), out.end(), [](T v) { return !std::isfinite(v); });
    if (bad == out.end()) return;
    auto const element = static_cast<std::size_t>(bad - out.begin());
    std::string at = "element " + std::to_string(element);
    if (t.shape.size() == 2)
      at += " (row " + std::to_string(element / t.shape[1]) + ", column " + std::to_string(element % t.shape[1]) + ")";
    std::string const got = std::isnan(*bad) ? "NaN" : std::signbit(*bad) ? "-infinity" : "infinity";
    throw error({errc::value, at + " is not finite", where(t.name), got, "finite numbers", ""});
  }

  std::filesystem::path file_;
  std::ifstream in_;
  std::uint64_t data_begin_ = 0;
  safetensors_header header_;
  std::vector<bool> mutable asked_for_;  ///< by tensor
};

}  // namespace ohmic::inline OHMIC_ABI::model
