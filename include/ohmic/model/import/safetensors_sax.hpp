// The JSON header of a safetensors file, event by event: every entry is checked by itself as soon as it is read.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// One tensor of a safetensors file. begin and end count bytes from the start of the data section.
struct tensor_info {
  std::string name;
  std::string type;  ///< as in the file: "F32", "BF16", ..
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// "[2, 3]", for messages.
[[nodiscard]] inline std::string dimensions_text(std::span<std::uint64_t const> shape) {
  std::string s = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) s += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return s + "]";
}

/// Checked contents of a header. Tensors are sorted by name.
struct safetensors_header {
  std::vector<tensor_info> tensors;
  std::map<std::string, std::string> metadata;
};

namespace detail {

inline std::string offsets_text(tensor_info const& t) {
  return "[" + std::to_string(t.begin) + ", " + std::to_string(t.end) + "]";
}

struct safetensors_type {
  std::string_view name;
  std::uint64_t bits;
};
// Source  the format's own list of types, https://github.com/huggingface/safetensors
inline constexpr std::array<safetensors_type, 20> safetensors_types{{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8},
    {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16}, {"BF16", 16}, {"I32", 32},
    {"U32", 32},    {"F32", 32},    {"F64", 64},    {"I64", 64},    {"U64", 64}, {"C64", 64},
}};

/// Receives the events of nlohmann's SAX parser. A document tree would cost tens of bytes per byte of a hostile header
/// and would hide duplicate names.
class safetensors_sax {
 public:
  explicit safetensors_sax(std::filesystem::path const& file) : file_(file) {}

  safetensors_header header;

  // NOLINTBEGIN(readability-identifier-naming): the names are nlohmann's
  bool null() { return unexpected("null"); }
  bool boolean(bool v) { return unexpected(v ? "true" : "false"); }
  bool number_integer(std::int64_t v) { return unexpected(std::to_string(v)); }
  bool number_float(double, std::string const& text) { return unexpected(printable(text)); }
  bool binary(nlohmann::json::binary_t&) { return unexpected("binary"); }

  bool number_unsigned(std::uint64_t v) {
    if (state_ == state::in_shape && current_.shape.size() < max_rank) {
      current_.shape.push_back(v);
    } else if (state_ == state::in_offsets && n_offsets_ < 2) {
      (n_offsets_++ == 0 ? current_.begin : current_.end) = v;
    } else {
      return unexpected(std::to_string(v));
    }
    return true;
  }

  bool string(std::string& v) {
    if (state_ == state::in_metadata) {
      if (!header.metadata.emplace(field_, v).second)
        fail("metadata key " + in_quotes(field_) + " is given twice", "", "");
      return true;
    }
    if (state_ != state::in_tensor || field_ != "dtype") return unexpected(in_quotes(v));
    current_.type = v;
    return true;
  }

  bool start_object(std::size_t) {
    if (state_ == state::start) {
      state_ = state::in_root;
    } else if (state_ == state::in_root) {
      state_ = current_.name == "__metadata__" ? state::in_metadata : state::in_tensor;
      has_type_ = has_shape_ = has_offsets_ = false;
      n_offsets_ = 0;
    } else {
      return unexpected("an object");
    }
    return true;
  }

  bool key(std::string& k) {
    if (state_ == state::in_root) {
      current_ = {};
      current_.name = k;
      field_.clear();
      return true;
    }
    field_ = k;
    if (state_ == state::in_metadata) return true;
    bool* seen = k == "dtype" ? &has_type_ : k == "shape" ? &has_shape_ : k == "data_offsets" ? &has_offsets_ : nullptr;
    if (seen == nullptr) fail("unknown field", in_quotes(k), "dtype, shape, data_offsets");
    if (*seen) fail("field is given twice", in_quotes(k), "");
    *seen = true;
    return true;
  }

  bool end_object() {
    if (state_ == state::in_root) {
      state_ = state::end;
      return true;
    }
    if (state_ == state::in_metadata) {
      if (has_metadata_) fail("is given twice", "", "");
      has_metadata_ = true;
    } else {
      finish_tensor();
    }
    state_ = state::in_root;
    return true;
  }

  bool start_array(std::size_t) {
    if (state_ != state::in_tensor || (field_ != "shape" && field_ != "data_offsets")) return unexpected("an array");
    state_ = field_ == "shape" ? state::in_shape : state::in_offsets;
    return true;
  }

  bool end_array() {
    if (state_ == state::in_offsets && n_offsets_ != 2)
      fail("data_offsets is incomplete", std::to_string(n_offsets_) + " numbers", "2 numbers, begin and end");
    state_ = state::in_tensor;
    return true;
  }

  bool parse_error(std::size_t position, std::string const&, nlohmann::json::exception const&) {
    throw error(
        {errc::file_format, "header is broken JSON at byte " + std::to_string(position), place(file_), "", "", ""});
  }
  // NOLINTEND(readability-identifier-naming)

 private:
  enum class state { start, in_root, in_metadata, in_tensor, in_shape, in_offsets, end };
  static constexpr std::size_t max_rank = 32;

  [[noreturn]] void fail(std::string what, std::string got, std::string allowed) const {
    throw error({errc::file_format, std::move(what), place(file_, "tensor " + in_quotes(current_.name)), std::move(got),
                 std::move(allowed), ""});
  }

  [[nodiscard]] bool unexpected(std::string got) const {
    switch (state_) {
      case state::start:
        throw error({errc::file_format, "header is not a JSON object", place(file_), std::move(got), "an object", ""});
      case state::in_metadata:
        throw error({errc::file_format, "__metadata__ must map strings to strings, key " + in_quotes(field_),
                     place(file_), std::move(got), "a string", ""});
      case state::in_shape:
        if (current_.shape.size() == max_rank) fail("shape has too many dimensions", "", std::to_string(max_rank));
        fail("shape is wrong", std::move(got), "numbers from 0 to 2^64 - 1");
      case state::in_offsets:
        if (n_offsets_ == 2) fail("data_offsets has too many numbers", "", "2 numbers, begin and end");
        fail("data_offsets is wrong", std::move(got), "numbers from 0 to 2^64 - 1");
      case state::in_tensor:
        fail("field " + in_quotes(field_) + " has the wrong type", std::move(got),
             field_ == "dtype" ? "a string" : "an array");
      case state::in_root:
      case state::end:
        break;
    }
    fail("entry is not an object", std::move(got), "an object with dtype, shape, data_offsets");
  }

  void finish_tensor() {
    for (auto const& [has, field] :
         {std::pair{has_type_, "dtype"}, {has_shape_, "shape"}, {has_offsets_, "data_offsets"}})
      if (!has) fail(std::string(field) + " is missing", "", "");
    auto const type = std::find_if(safetensors_types.begin(), safetensors_types.end(),
                                   [&](auto const& t) { return t.name == current_.type; });
    if (type == safetensors_types.end()) fail("dtype is unknown", in_quotes(current_.type), "F32, F16, BF16");
    std::uint64_t bits = type->bits;
    for (std::uint64_t const n : current_.shape) {
      if (n != 0 && bits > std::numeric_limits<std::uint64_t>::max() / n)
        fail("shape is larger than any file", dimensions_text(current_.shape), "");
      bits *= n;
    }
    if (current_.begin > current_.end) fail("data_offsets run backwards", offsets_text(current_), "begin <= end");
    if (bits % 8 != 0)
      fail("shape does not fill whole bytes", current_.type + " " + dimensions_text(current_.shape), "");
    if (current_.end - current_.begin != bits / 8)
      fail("data_offsets do not match dtype and shape", std::to_string(current_.end - current_.begin) + " bytes",
           std::to_string(bits / 8) + " bytes for " + current_.type + " " + dimensions_text(current_.shape));
    header.tensors.push_back(std::move(current_));
  }

  std::filesystem::path const& file_;
  state state_ = state::start;
  tensor_info current_;
  std::string field_;
  std::size_t n_offsets_ = 0;
  bool has_type_ = false, has_shape_ = false, has_offsets_ = false, has_metadata_ = false;
};
}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::model
