// Reads ONNX files: tensors by name and the nodes that say which matrix is whose. Opt-in; the standard library is enough, because
// of the whole format only messages within messages are needed (protobuf.hpp): nothing is executed.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/half.hpp"
#include "ohmic/model/import/onnx_graph.hpp"
#include "ohmic/model/import/protobuf.hpp"

namespace ohmic::inline OHMIC_ABI::model {

static_assert(std::endian::native == std::endian::little, "ohmic: ONNX files are read on little-endian machines only");

/// An ONNX model file, read whole. Memory is that of the file (while it is read up to 17 times its values where they are not raw), and
/// some hundred bytes for each of at most max_items parts.
/// Errors  errc::file_missing; errc::capacity above max_bytes; errc::file_truncated if it shrinks while it is read;
///         errc::file_format for what is no ONNX model, tensors in other files, sizes that do not fit their values, graphs nested deeper
///         than 16
/// Source  the ONNX intermediate representation, onnx.proto (field numbers)
class onnx_file {
 public:
  static constexpr std::uint64_t max_bytes = std::uint64_t{2} << 30;  ///< protocol buffers end there
  static constexpr std::size_t max_items = std::size_t{1} << 22;      ///< nodes, names, sizes and the like

  explicit onnx_file(std::filesystem::path const& file)
      : path_(file), where_(place(file)), bytes_(read_whole(file, max_bytes)) {
    bool found = false;
    auto fields = message(bytes_);
    for (field f; fields.next(f);) {
      if (f.number == 7 && f.wire == 2) {
        graph_ = graph(f.bytes, 0);
        found = true;
      }
      if (f.number == 1 && f.wire == 0) version_ = f.whole();
    }
    if (!found || version_ < 1) throw fields.broken(found ? "no version of the format" : "no graph");
  }
  onnx_file(onnx_file const&) = delete;  // tensors are views into the bytes
  onnx_file& operator=(onnx_file const&) = delete;

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }
  [[nodiscard]] onnx_graph const& graph() const noexcept { return graph_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.size(); }
  [[nodiscard]] std::int64_t version() const noexcept { return version_; }

  /// A tensor of the main graph.
  /// Errors  errc::missing_entry with the nearest name
  [[nodiscard]] onnx_tensor const& tensor(std::string const& name) const {
    auto const found = graph_.tensors.find(name);
    if (found != graph_.tensors.end()) return found->second;
    std::vector<std::string> names;
    for (auto const& [n, t] : graph_.tensors) names.push_back(n);
    std::string const nearest = nearest_name(name, names);
    throw error(
        {errc::missing_entry, "is missing", where(name), "", "",
         nearest.empty() ? "check that the file is of this model" : "did you mean " + in_quotes(nearest) + "?"});
  }

  /// The values of a tensor as they are, row by row.
  /// Errors  errc::value for NaN or infinity; errc::file_format for a type that is not read
  [[nodiscard]] std::vector<float> values(onnx_tensor const& t) const {
    if (width(t.type) == 0)
      throw error({errc::file_format, "is of a type that is not read", where(t.name),
                   "type " + std::to_string(static_cast<int>(t.type)),
                   "float, float16, bfloat16, double, int8, uint8, int32, int64, bool", ""});
    std::vector<float> out(t.elements);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = value(t, i);
      if (!std::isfinite(out[i]))
        throw error({errc::value, "element " + std::to_string(i) + " is not finite", where(t.name),
                     std::isnan(out[i]) ? "NaN" : "infinity", "finite numbers", ""});
    }
    return out;
  }
  /// Errors  errc::file_format for a tensor that is not of whole numbers
  [[nodiscard]] std::vector<std::int64_t> whole_values(onnx_tensor const& t) const {
    if (width(t.type) == 0 || t.type == onnx_type::f32 || t.type == onnx_type::f16 || t.type == onnx_type::f64 ||
        t.type == onnx_type::bf16)
      throw error({errc::file_format, "holds no whole numbers", where(t.name), "another type",
                   "int8, uint8, int32, int64, bool", ""});
    std::vector<std::int64_t> out(t.elements);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = whole(t, i);
    return out;
  }
  /// Shape   (rows, cols); leading sizes of 1 are left out
  /// Errors  as tensor and values; errc::shape
  [[nodiscard]] matrix<float> read_matrix(std::string const& name, std::size_t rows, std::size_t cols) const {
    auto const v = read(name, {rows, cols});
    matrix<float> m(rows, cols);
    std::memcpy(m.data(), v.data(), v.size() * sizeof(float));
    return m;
  }
  /// Shape   (n)
  [[nodiscard]] std::vector<float> read_vector(std::string const& name, std::size_t n) const { return read(name, {n}); }

  [[nodiscard]] std::string where(std::string_view name) const { return place(path_, "tensor " + in_quotes(name)); }
  [[nodiscard]] static std::string shape_text(std::vector<std::size_t> const& s) {
    std::string out;
    for (std::size_t d : s) out += (out.empty() ? "" : " x ") + std::to_string(d);
    return out.empty() ? "one number" : out;
  }

 private:
  using field = detail::protobuf_fields::field;
  static constexpr int max_depth = 16;

  static constexpr detail::protobuf_kind kind{"ONNX model", "model.onnx"};

  [[nodiscard]] detail::protobuf_fields message(std::string_view bytes) const {
    count();
    return {bytes, where_, kind};
  }
  /// A message may be of two bytes and what is kept of it of two hundred.
  void count() const {
    if (++items_ > max_items)
      throw error({errc::capacity, "has too many parts", where_, "more than " + std::to_string(max_items),
                   "at most " + std::to_string(max_items) + " nodes, names and sizes", ""});
  }
  [[nodiscard]] static std::size_t width(onnx_type t) noexcept {
    switch (t) {
      case onnx_type::u8:
      case onnx_type::i8:
      case onnx_type::boolean:
        return 1;
      case onnx_type::f16:
      case onnx_type::bf16:
        return 2;
      case onnx_type::f32:
      case onnx_type::i32:
        return 4;
      case onnx_type::f64:
      case onnx_type::i64:
        return 8;
      default:
        return 0;
    }
  }
  template <class T>
  [[nodiscard]] static T at(std::string_view raw, std::size_t i) noexcept {
    T v;
    std::memcpy(&v, raw.data() + i * sizeof(T), sizeof(T));
    return v;
  }
  [[nodiscard]] static std::int64_t whole(onnx_tensor const& t, std::size_t i) noexcept {
    if (t.raw.empty()) return t.integers[i];
    switch (t.type) {
      case onnx_type::i8:
        return at<std::int8_t>(t.raw, i);
      case onnx_type::i32:
        return at<std::int32_t>(t.raw, i);
      case onnx_type::i64:
        return at<std::int64_t>(t.raw, i);
      default:
        return at<std::uint8_t>(t.raw, i);
    }
  }
  [[nodiscard]] static float value(onnx_tensor const& t, std::size_t i) noexcept {
    switch (t.type) {
      case onnx_type::f32:
        return t.raw.empty() ? static_cast<float>(t.reals[i]) : at<float>(t.raw, i);
      case onnx_type::f64:
        return static_cast<float>(t.raw.empty() ? t.reals[i] : at<double>(t.raw, i));
      case onnx_type::f16:
        return from_binary16(t.raw.empty() ? static_cast<std::uint16_t>(t.integers[i]) : at<std::uint16_t>(t.raw, i));
      case onnx_type::bf16:
        return from_bfloat16(t.raw.empty() ? static_cast<std::uint16_t>(t.integers[i]) : at<std::uint16_t>(t.raw, i));
      default:
        return static_cast<float>(whole(t, i));
    }
  }
  [[nodiscard]] std::vector<float> read(std::string const& name, std::vector<std::size_t> const& shape) const {
    onnx_tensor const& t = tensor(name);
    std::size_t ones = 0;
    while (t.shape.size() - ones > shape.size() && t.shape[ones] == 1) ++ones;
    if (!std::equal(t.shape.begin() + static_cast<std::ptrdiff_t>(ones), t.shape.end(), shape.begin(), shape.end()))
      throw error({errc::shape, "shape does not fit", where(name), shape_text(t.shape), shape_text(shape), ""});
    return values(t);
  }

  /// Numbers of a repeated field: packed, or one of them.
  template <class Use>
  void each(field const& f, Use const& use) const {
    if (f.wire != 2) return use(f.integer);
    auto packed = message(f.bytes);
    while (!packed.empty()) use(packed.varint());
  }

  [[nodiscard]] onnx_tensor tensor_of(std::string_view bytes) const {
    onnx_tensor t;
    bool elsewhere = false;
    auto fields = message(bytes);
    for (field f; fields.next(f);) {
      if (f.number == 1)
        each(f, [&](std::uint64_t d) { count(), t.shape.push_back(static_cast<std::size_t>(d)); });
      else if (f.number == 2)
        t.type = static_cast<onnx_type>(static_cast<std::int32_t>(f.integer));
      else if (f.number == 4 || f.number == 10)
        reals(f, t);
      else if (f.number == 5 || f.number == 7)
        each(f, [&](std::uint64_t v) { t.integers.push_back(static_cast<std::int64_t>(v)); });
      else if (f.number == 8)
        t.name = f.bytes;
      else if (f.number == 9 && f.wire == 2)
        t.raw = f.bytes;
      else if (f.number == 13 || (f.number == 14 && f.integer != 0))
        elsewhere = true;
    }
    if (elsewhere)
      throw error({errc::file_format, "has its values in another file", where(t.name), "external data",
                   "values in the model file", "save the model with its data inside"});
    std::size_t const size = width(t.type);
    if (size == 0) {  // listed, so that what does not need it can be read
      t.elements = 0;
      return t;
    }
    std::size_t const most = bytes.size();  // a value takes a byte at least
    for (std::size_t d : t.shape) {
      if (d > 0 && t.elements > most / d) throw misfit(t, "more than the file's bytes");
      t.elements *= d;
    }
    bool const real = t.type == onnx_type::f32 || t.type == onnx_type::f64;
    std::size_t const held = !t.raw.empty() ? t.raw.size() / size : real ? t.reals.size() : t.integers.size();
    if (held != t.elements || (!t.raw.empty() && t.raw.size() % size != 0))
      throw misfit(t, std::to_string(t.raw.empty() ? held : t.raw.size()) + (t.raw.empty() ? " values" : " bytes"));
    return t;
  }
  void reals(field const& f, onnx_tensor& t) const {
    std::size_t const size = f.number == 4 ? 4 : 8;
    auto const add = [&](auto number) { t.reals.push_back(static_cast<double>(number)); };
    if (f.wire != 2) return f.number == 4 ? add(f.real()) : add(std::bit_cast<double>(f.integer));
    if (f.bytes.size() % size != 0) throw misfit(t, std::to_string(f.bytes.size()) + " bytes of numbers");
    for (std::size_t i = 0; i < f.bytes.size() / size; ++i)
      f.number == 4 ? add(at<float>(f.bytes, i)) : add(at<double>(f.bytes, i));
  }
  [[nodiscard]] error misfit(onnx_tensor const& t, std::string const& got) const {
    return error({errc::file_format, "values do not fill the shape", where(t.name), got,
                  shape_text(t.shape) + " elements", "is it truncated?"});
  }

  [[nodiscard]] onnx_value value_of(std::string_view bytes) const {
    onnx_value v;
    auto fields = message(bytes);
    for (field f; fields.next(f);) {
      if (f.number == 1) v.name = f.bytes;
      if (f.number != 2 || f.wire != 2) continue;
      auto type = message(f.bytes);
      for (field t; type.next(t);) {
        if (t.number != 1 || t.wire != 2) continue;  // tensor_type
        auto tensor_type = message(t.bytes);
        for (field s; tensor_type.next(s);) {
          if (s.number != 2 || s.wire != 2) continue;  // shape
          auto shape = message(s.bytes);
          for (field d; shape.next(d);) {
            if (d.number != 1 || d.wire != 2) continue;
            v.shape.push_back(0);
            auto dimension = message(d.bytes);
            for (field n; dimension.next(n);)
              if (n.number == 1 && n.wire == 0) v.shape.back() = static_cast<std::size_t>(n.integer);
          }
        }
      }
    }
    return v;
  }

  [[nodiscard]] onnx_node::attribute attribute_of(std::string_view bytes, int depth) const {
    onnx_node::attribute a;
    auto fields = message(bytes);
    for (field f; fields.next(f);) {
      if (f.number == 1) a.name = f.bytes;
      if (f.number == 2) a.real = static_cast<double>(f.real());
      if (f.number == 3) a.integer = f.whole();
      if (f.number == 4) a.text = f.bytes;
      if (f.number == 5 && f.wire == 2) a.tensors.clear(), a.tensors.push_back(tensor_of(f.bytes));
      if (f.number == 6 && f.wire == 2) a.graphs.clear(), a.graphs.push_back(graph(f.bytes, depth + 1));
      if (f.number == 8) each(f, [&](std::uint64_t v) { a.integers.push_back(static_cast<std::int64_t>(v)); });
    }
    return a;
  }

  [[nodiscard]] onnx_graph graph(std::string_view bytes, int depth) const {
    if (depth > max_depth)
      throw error({errc::file_format, "graphs are nested too deep", where_, "more than " + std::to_string(max_depth),
                   "at most " + std::to_string(max_depth) + " levels", ""});
    onnx_graph g;
    auto const keep = [&](onnx_tensor t) {
      std::string const name = t.name;
      if (!g.tensors.emplace(name, std::move(t)).second)
        throw error({errc::file_format, "is there twice", where(name), "", "one tensor of a name", ""});
    };
    auto fields = message(bytes);
    for (field f; fields.next(f);) {
      if (f.wire != 2) continue;
      if (f.number == 1) {
        onnx_node n;
        auto node = message(f.bytes);
        for (field p; node.next(p);) {
          if (p.number <= 2) count();
          if (p.number == 1) n.inputs.emplace_back(p.bytes);
          if (p.number == 2) n.outputs.emplace_back(p.bytes);
          if (p.number == 3) n.name = p.bytes;
          if (p.number == 4) n.op = p.bytes;
          if (p.number == 5 && p.wire == 2) n.attributes.push_back(attribute_of(p.bytes, depth));
        }
        if (n.op == "Constant" && n.outputs.size() == 1)
          for (auto& a : n.attributes)
            if (a.name == "value" && !a.tensors.empty()) {
              onnx_tensor t = std::move(a.tensors.front());
              a.tensors.clear();  // the graph has it
              t.name = n.outputs.front();
              keep(std::move(t));
            }
        g.nodes.push_back(std::move(n));
      }
      if (f.number == 2) g.name = f.bytes;
      if (f.number == 5) keep(tensor_of(f.bytes));
      if (f.number == 11) g.inputs.push_back(value_of(f.bytes));
      if (f.number == 12) g.outputs.push_back(value_of(f.bytes));
    }
    return g;
  }

  std::filesystem::path path_;
  std::string where_;
  std::string bytes_;
  onnx_graph graph_;
  std::int64_t version_ = 0;
  mutable std::size_t items_ = 0;
};

}  // namespace ohmic::inline OHMIC_ABI::model
