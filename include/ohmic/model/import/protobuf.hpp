// The wire format of protocol buffers, as far as readers of model files need it: the fields of one message, within its bytes. Its four
// rules are shorter than what a generated parser asks of whoever includes a header: a compiled library of the matching version.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// What a file should be, for diagnoses: "SentencePiece model", "sp.model".
struct protobuf_kind {
  std::string_view name, example;
};

/// Fields of one message of a protocol buffer, one after the other; views into its bytes.
/// Errors  errc::file_format for a field that reaches beyond the message, a number of more than 64 bits, a group
/// Source  the encoding of Protocol Buffers
class protobuf_fields {
 public:
  /// where: the place of a diagnosis; it outlives the reader.
  protobuf_fields(std::string_view bytes, std::string const& where, protobuf_kind const& kind)
      : rest_(bytes), where_(&where), kind_(kind) {}

  struct field {
    std::uint32_t number = 0;
    std::uint64_t integer = 0;  ///< of varint, fixed32 and fixed64 fields
    std::string_view bytes{};   ///< of length-delimited fields
    int wire = 0;

    [[nodiscard]] std::int64_t whole() const noexcept { return static_cast<std::int64_t>(integer); }
    [[nodiscard]] float real() const noexcept { return std::bit_cast<float>(static_cast<std::uint32_t>(integer)); }
  };

  /// False at the end of the message.
  bool next(field& f) {
    if (rest_.empty()) return false;
    std::uint64_t const tag = varint();
    f = {static_cast<std::uint32_t>(tag >> 3), 0, {}, static_cast<int>(tag & 7)};
    switch (f.wire) {
      case 0:
        f.integer = varint();
        return true;
      case 1:
        f.integer = fixed(8);
        return true;
      case 5:
        f.integer = fixed(4);
        return true;
      case 2:
        f.bytes = take(varint());
        return true;
      default:
        throw broken("wire type " + std::to_string(f.wire));
    }
  }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      auto const b = static_cast<unsigned char>(take(1)[0]);
      if (shift == 63 && b > 1) break;
      v |= static_cast<std::uint64_t>(b & 0x7F) << shift;
      if (b < 0x80) return v;
    }
    throw broken("a number of more than 64 bits");
  }
  [[nodiscard]] error broken(std::string const& got) const {
    return error({errc::file_format, "is no " + std::string(kind_.name), *where_, got,
                  "a protocol buffer as " + std::string(kind_.example) + " holds", "is it truncated?"});
  }

 private:
  std::string_view take(std::uint64_t n) {
    if (n > rest_.size()) throw broken("a field that reaches beyond its end");
    std::string_view const part = rest_.substr(0, static_cast<std::size_t>(n));
    rest_.remove_prefix(static_cast<std::size_t>(n));
    return part;
  }
  std::uint64_t fixed(std::size_t n) {
    std::string_view const b = take(n);
    std::uint64_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<unsigned char>(b[i]);
    return v;
  }

  std::string_view rest_;
  std::string const* where_;
  protobuf_kind kind_;
};

}  // namespace ohmic::inline OHMIC_ABI::model::detail
