// Writer of safetensors files: F64 tensors and a text for every key of the metadata.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::model {

static_assert(std::endian::native == std::endian::little,
              "ohmic: safetensors files are written on little-endian machines only");

/// A tensor to write.
/// Shape   values: the product of shape, row-major
struct tensor_values {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::span<double const> values;
};

/// The bytes of a file that safetensors_file reads. The header is padded with blanks to whole doubles.
/// Source  the format, https://github.com/huggingface/safetensors
[[nodiscard]] inline std::string safetensors_bytes(std::span<tensor_values const> tensors,
                                                   std::map<std::string, std::string> const& metadata) {
  nlohmann::json header;
  header["__metadata__"] = metadata;
  std::uint64_t end = 0;
  for (auto const& t : tensors) {
    std::uint64_t const begin = end;
    end += t.values.size_bytes();
    header[t.name] = {{"dtype", "F64"}, {"shape", t.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  auto const length = static_cast<std::uint64_t>(text.size());
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  out += text;
  for (auto const& t : tensors) out.append(reinterpret_cast<char const*>(t.values.data()), t.values.size_bytes());
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::model
