// NumPy's .npy files: vectors and matrices of real numbers, read with bounds and written whole.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

static_assert(std::endian::native == std::endian::little, "ohmic: .npy files are read on little-endian machines only");

/// What a .npy file holds. A vector of n is a matrix of n rows and one column; `shape` tells them apart.
struct npy_array {
  std::vector<std::size_t> shape;  ///< as in the file: one or two sizes
  matrix<double> values;

  [[nodiscard]] bool is_vector() const noexcept { return shape.size() == 1; }
};

namespace detail {

/// What stands in the header of a .npy file.
struct npy_header {
  std::string type;
  bool by_columns = false;
  std::vector<std::uint64_t> shape;
};

[[nodiscard]] inline std::string npy_shape_text(std::vector<std::uint64_t> const& shape) {
  std::string s = "(";
  for (std::size_t k = 0; k < shape.size(); ++k) s += (k > 0 ? ", " : "") + std::to_string(shape[k]);
  return s + (shape.size() == 1 ? ",)" : ")");
}

/// Reads the Python dictionary of a header: exactly the keys descr, fortran_order and shape.
class npy_header_reader {
 public:
  npy_header_reader(std::string_view text, std::filesystem::path const& file) : text_(text), file_(file) {}

  npy_header read() {
    npy_header h;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      std::string const key = quoted("a key");
      expect(':');
      if (key == "descr" && !descr) {
        descr = true;
        h.type = quoted("a simple dtype");
      } else if (key == "fortran_order" && !order) {
        order = true;
        h.by_columns = truth();
      } else if (key == "shape" && !shape) {
        shape = true;
        h.shape = sizes();
      } else {
        refuse(in_quotes(key), "descr, fortran_order, shape, each once");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (at_ != text_.size()) refuse(rest(), "nothing after the dictionary");
    if (!descr || !order || !shape) refuse("a missing key", "descr, fortran_order, shape");
    return h;
  }

 private:
  [[noreturn]] void refuse(std::string const& got, std::string const& allowed) const {
    throw error({errc::file_format, "header is not that of a .npy file", place(file_, "header"), got, allowed,
                 "save it with numpy.save"});
  }
  [[nodiscard]] std::string rest() const { return in_quotes(text_.substr(at_, 24)); }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(rest(), std::string("'") + c + "'");
  }
  std::string quoted(char const* what) {
    blanks();
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) refuse(rest(), what);
    std::size_t const end = text_.find(text_[at_], at_ + 1);
    if (end == text_.npos) refuse(rest(), what);
    std::string const value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool truth() {
    blanks();
    for (bool value : {true, false}) {
      std::string_view const word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    refuse(rest(), "True, False");
  }
  std::vector<std::uint64_t> sizes() {
    std::vector<std::uint64_t> out;
    expect('(');
    while (!take(')')) {
      blanks();
      std::size_t const begin = at_;
      std::uint64_t value = 0;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
        if (value > (std::uint64_t{1} << 56)) refuse("a size above 2^56", "sizes that memory holds");
        value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
      }
      if (at_ == begin || out.size() == 32) refuse(rest(), "sizes, not negative, at most 32");
      out.push_back(value);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view text_;
  std::filesystem::path const& file_;
  std::size_t at_ = 0;
};

template <class T>
[[nodiscard]] double npy_number(char const* p, bool swap) noexcept {
  unsigned char bytes[sizeof(T)];
  std::memcpy(bytes, p, sizeof(T));
  if (swap) std::reverse(bytes, bytes + sizeof(T));
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return static_cast<double>(value);
}

}  // namespace detail

/// Reads a vector or matrix of float32 or float64, in C or Fortran order, little or big endian, header version 1 to 3.
/// Values are taken as they are, NaN and infinity too. Memory is taken only for what the file really holds.
/// Shape   as in the file; sizes above 0
/// Errors  errc::file_missing; errc::file_truncated; errc::file_format for another format, dtype, or more bytes than the
///         shape has; errc::shape for empty arrays and more than two sizes; errc::capacity above max_bytes
/// Source  the format, https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
[[nodiscard]] inline npy_array read_npy(std::filesystem::path const& file,
                                        std::uint64_t max_bytes = std::uint64_t{4} << 30) {
  std::string const bytes = read_whole(file, max_bytes);
  if (!std::string_view(bytes).starts_with(std::string_view("\x93NUMPY", 6)))
    throw error({errc::file_format, "is no .npy file", place(file), in_quotes(std::string_view(bytes).substr(0, 6)),
                 "'\\x93NUMPY' at the start", "save it with numpy.save"});
  auto const byte = [&](std::size_t k) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[k])); };
  auto const truncated = [&](std::uint64_t needed) {
    return error({errc::file_truncated, "ends too early", place(file), std::to_string(bytes.size()) + " bytes",
                  std::to_string(needed) + " bytes", "copy the file again"});
  };
  if (bytes.size() < 12) throw truncated(12);
  std::uint64_t const version = byte(6);
  if (version < 1 || version > 3)
    throw error({errc::file_format, "unknown version", place(file, "version"), std::to_string(version), "1, 2, 3",
                 "save it with numpy.save"});
  std::size_t const start = version == 1 ? 10 : 12;
  std::uint64_t const length =
      version == 1 ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - start) throw truncated(start + length);
  std::string_view const text = std::string_view(bytes).substr(start, static_cast<std::size_t>(length));
  detail::npy_header const h = detail::npy_header_reader(text, file).read();
  bool const single = h.type.ends_with("f4"), swap = h.type.starts_with('>');
  if (h.type != "<f4" && h.type != "<f8" && h.type != ">f4" && h.type != ">f8")
    throw error({errc::file_format, "numbers of this type are not read", place(file, "descr"), in_quotes(h.type),
                 "<f8, <f4, >f8, >f4", "convert it: numpy.save(file, a.astype('float64'))"});
  if (h.shape.empty() || h.shape.size() > 2)
    throw error({errc::shape, "is neither a vector nor a matrix", place(file, "shape"), detail::npy_shape_text(h.shape),
                 "one or two sizes", "reshape it"});
  std::uint64_t const size = single ? 4 : 8, payload = bytes.size() - start - length;
  if (std::find(h.shape.begin(), h.shape.end(), std::uint64_t{0}) != h.shape.end())
    throw error({errc::shape, "is empty", place(file, "shape"), detail::npy_shape_text(h.shape), "sizes above 0",
                 "check how it was made"});
  std::uint64_t count = 1;
  for (std::uint64_t s : h.shape) {
    if (s > payload / size / count)
      throw error({errc::file_truncated, "has fewer numbers than its shape", place(file, "shape"),
                   std::to_string(payload) + " bytes",
                   detail::npy_shape_text(h.shape) + " of " + std::to_string(size) + " bytes each",
                   "copy the file again"});
    count *= s;
  }
  if (count * size != payload)
    throw error({errc::file_format, "has more bytes than its shape", place(file, "shape"),
                 std::to_string(payload) + " bytes", std::to_string(count * size) + " bytes",
                 "save it with numpy.save"});
  npy_array out;
  for (std::uint64_t s : h.shape) out.shape.push_back(static_cast<std::size_t>(s));
  std::size_t const rows = out.shape[0], cols = out.shape.size() == 2 ? out.shape[1] : 1;
  out.values = matrix<double>(rows, cols);
  char const* const data = bytes.data() + start + length;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) {
      char const* const p = data + (h.by_columns ? c * rows + r : r * cols + c) * size;
      out.values(r, c) = single ? detail::npy_number<float>(p, swap) : detail::npy_number<double>(p, swap);
    }
  return out;
}

/// The bytes of a .npy file of float64 in C order, version 1; with `vector`, of the first column alone.
/// Shape   a (rows, cols)
[[nodiscard]] inline std::string npy_bytes(matrix_view<double const> a, bool vector = false) {
  std::string shape = "(" + std::to_string(a.rows) + ",";
  shape += vector ? ")" : " " + std::to_string(a.cols) + ")";
  std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }";
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 0xFF);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t c = 0; c < (vector ? std::size_t{1} : a.cols); ++c) {
      char bytes[8];
      double const value = a(r, c);
      std::memcpy(bytes, &value, sizeof bytes);
      out.append(bytes, sizeof bytes);
    }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::model
