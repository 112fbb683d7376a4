// Writes the messages of small ONNX files.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace ohmic_test::onnx_bytes {

inline std::string varint(std::uint64_t v) {
  std::string s;
  for (; v >= 0x80; v >>= 7) s += static_cast<char>((v & 0x7F) | 0x80);
  return s + static_cast<char>(v);
}
inline std::string number(int field, std::uint64_t v) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(v);
}
inline std::string bytes(int field, std::string_view v) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(v.size()) + std::string(v);
}
template <class T>
std::string raw(std::vector<T> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)};
}
/// values: the field of the values, ready made.
inline std::string tensor(std::string const& name, int type, std::vector<std::uint64_t> const& shape,
                          std::string const& values) {
  std::string s;
  for (auto d : shape) s += number(1, d);
  return s + number(2, static_cast<std::uint64_t>(type)) + bytes(8, name) + values;
}
inline std::string tensor(std::string const& name, std::vector<std::uint64_t> const& shape,
                          std::vector<float> const& values) {
  return tensor(name, 1, shape, bytes(9, raw(values)));
}
inline std::string node(std::string const& op, std::string const& name, std::vector<std::string> const& inputs,
                        std::vector<std::string> const& outputs, std::string const& attributes = "") {
  std::string s;
  for (auto const& i : inputs) s += bytes(1, i);
  for (auto const& o : outputs) s += bytes(2, o);
  return s + bytes(3, name) + bytes(4, op) + attributes;
}
inline std::string initialiser(std::string const& tensor) { return bytes(5, tensor); }
inline std::string in_graph(std::string const& node) { return bytes(1, node); }
/// An input of the graph; size 0: by name.
inline std::string input(std::string const& name, std::vector<std::uint64_t> const& shape) {
  std::string dims;
  for (auto d : shape) dims += bytes(1, d == 0 ? bytes(2, "n") : number(1, d));
  return bytes(11, bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, dims))));
}
inline std::string model(std::string const& graph) { return number(1, 8) + bytes(7, graph); }

}  // namespace ohmic_test::onnx_bytes
