// What an ONNX file says, as plain data: graphs of nodes, and tensors by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Element types of ONNX tensors that are read. Values as in the file.
enum class onnx_type : std::int32_t {
  none = 0,
  f32 = 1,
  u8 = 2,
  i8 = 3,
  i32 = 6,
  i64 = 7,
  boolean = 9,
  f16 = 10,
  f64 = 11,
  bf16 = 16
};

/// A tensor: its values lie in `raw`, or one by one in `typed`, as the file has them. Views into the file.
struct onnx_tensor {
  std::string name;
  onnx_type type = onnx_type::none;
  std::vector<std::size_t> shape;  ///< empty: one number
  std::string_view raw{};          ///< little endian
  std::size_t elements = 1;
  std::vector<double> reals;           ///< float_data, double_data
  std::vector<std::int64_t> integers;  ///< int32_data (f16 and bf16 as bits), int64_data
};

struct onnx_graph;

/// A node: what it does, and the names of what goes in and comes out.
struct onnx_node {
  struct attribute {
    std::string name, text{};
    double real = 0.0;
    std::int64_t integer = 0;
    std::vector<std::int64_t> integers;
    std::vector<onnx_tensor> tensors;  ///< one, or none
    std::vector<onnx_graph> graphs;    ///< of If and Loop: one, or none
  };
  std::string op, name;
  std::vector<std::string> inputs, outputs;
  std::vector<attribute> attributes;

  [[nodiscard]] attribute const* find(std::string_view attribute_name) const noexcept {
    for (auto const& a : attributes)
      if (a.name == attribute_name) return &a;
    return nullptr;
  }
};

/// An input or output of a graph: sizes, 0 where one is known by a name only.
struct onnx_value {
  std::string name;
  std::vector<std::size_t> shape;
};

/// A graph: nodes in file order and tensors by name (initialisers, and what Constant nodes hold).
struct onnx_graph {
  std::string name;
  std::vector<onnx_node> nodes;
  std::map<std::string, onnx_tensor> tensors;
  std::vector<onnx_value> inputs, outputs;

  [[nodiscard]] onnx_node const* node(std::string_view node_name) const noexcept {
    for (auto const& n : nodes)
      if (n.name == node_name) return &n;
    return nullptr;
  }
  /// The node that a value comes out of.
  [[nodiscard]] onnx_node const* producer(std::string_view value) const noexcept {
    for (auto const& n : nodes)
      for (auto const& o : n.outputs)
        if (o == value) return &n;
    return nullptr;
  }
  [[nodiscard]] onnx_value const* input(std::string_view value) const noexcept {
    for (auto const& v : inputs)
      if (v.name == value) return &v;
    return nullptr;
  }
};

}  // namespace ohmic::inline OHMIC_ABI::model
