// The checked header of a safetensors file: names, types, shapes and byte ranges that agree with each other and with
// the size of the file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/safetensors_sax.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {
/// The tensors must cover the data section once: no gap, no overlap, nothing beyond the end, nothing left over.
inline void check_coverage(std::vector<tensor_info> const& tensors, std::uint64_t data_bytes,
                           std::filesystem::path const& file) {
  std::vector<tensor_info const*> order;
  order.reserve(tensors.size());
  for (tensor_info const& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](tensor_info const* a, tensor_info const* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  auto const fail = [&](errc code, std::string what, tensor_info const& t, std::string allowed, std::string fix = "") {
    return error({code, std::move(what), place(file, "tensor " + in_quotes(t.name)), offsets_text(t),
                  std::move(allowed), std::move(fix)});
  };
  std::uint64_t covered = 0;
  tensor_info const* last = nullptr;
  for (tensor_info const* t : order) {
    if (t->end > data_bytes)
      throw fail(errc::file_truncated, "data_offsets reach beyond the end of the file", *t,
                 "0 to " + std::to_string(data_bytes), "the file is truncated, or its header lies");
    if (t->begin < covered)
      throw fail(errc::file_format, "data_offsets overlap those of tensor " + in_quotes(last->name), *t,
                 "begin = " + std::to_string(covered));
    if (t->begin > covered)
      throw fail(errc::file_format, "data_offsets leave a gap", *t, "begin = " + std::to_string(covered));
    covered = t->end;
    last = t;
  }
  if (covered != data_bytes)
    throw error({errc::file_format, "has bytes after the last tensor", place(file),
                 std::to_string(data_bytes - covered) + " bytes", "none", ""});
}
}  // namespace detail

/// Parses and checks a header.
/// Units   data_bytes = bytes of the file after the header
/// Errors  errc::file_format, errc::file_truncated, naming the tensor and the field
[[nodiscard]] inline safetensors_header parse_safetensors_header(std::string_view json, std::uint64_t data_bytes,
                                                                 std::filesystem::path const& file) {
  if (json.empty() || json.front() != '{')
    throw error(
        {errc::file_format, "header does not start with '{'", place(file), "", "", "is this a safetensors file?"});
  detail::safetensors_sax sax(file);
  // The parser reports every fault by an exception of the handler.
  nlohmann::json::sax_parse(json, &sax);
  auto& tensors = sax.header.tensors;
  std::sort(tensors.begin(), tensors.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  auto const twice =
      std::adjacent_find(tensors.begin(), tensors.end(), [](auto const& a, auto const& b) { return a.name == b.name; });
  if (twice != tensors.end())
    throw error(
        {errc::file_format, "name is given twice", place(file, "tensor " + in_quotes(twice->name)), "", "", ""});
  detail::check_coverage(tensors, data_bytes, file);
  return std::move(sax.header);
}

}  // namespace ohmic::inline OHMIC_ABI::model
