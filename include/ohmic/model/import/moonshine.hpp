// Reads a published Moonshine: encoder_model.onnx and decoder_model_merged.onnx, integers or floats. Opt-in: see onnx.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/model/import/onnx.hpp"
#include "ohmic/model/moonshine.hpp"
#include "ohmic/nonlinear/rotary.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// Weights of a graph by the names of its nodes, which say whose they are; those of integers times their steps.
class onnx_weights {
 public:
  /// within: a graph inside the main one, whose nodes are looked up; nullptr: the main one.
  explicit onnx_weights(onnx_file const& file, onnx_graph const* within = nullptr)
      : file_(&file), graph_(within == nullptr ? &file.graph() : within) {
    for (auto const& n : graph_->nodes) {
      nodes_.emplace(n.name, &n);
      for (auto const& o : n.outputs) producers_.emplace(o, &n);
    }
  }

  struct constant {
    std::vector<std::size_t> shape;
    std::vector<float> values;
  };
  struct linear {
    linear_weights weights;
    float step = 0.0f;  ///< between integers; 0: it was not of integers
  };

  [[nodiscard]] std::string where(std::string const& tensor) const { return file_->where(tensor); }
  [[nodiscard]] bool has(std::string const& node) const { return nodes_.contains(node); }
  [[nodiscard]] onnx_node const& node(std::string const& name) const {
    if (auto const found = nodes_.find(name); found != nodes_.end()) return *found->second;
    std::vector<std::string> names;
    for (auto const& n : graph_->nodes) names.push_back(n.name);
    std::string const nearest = nearest_name(name, names);
    throw error(
        {errc::missing_entry, "node is missing", place(file_->path(), "node " + in_quotes(name)), "", "",
         nearest.empty() ? "check that the file is of this model" : "did you mean " + in_quotes(nearest) + "?"});
  }
  [[nodiscard]] onnx_tensor const* tensor(std::string const& name) const noexcept {
    for (auto const* g : {graph_, &file_->graph()})
      if (auto const found = g->tensors.find(name); found != g->tensors.end()) return &found->second;
    return nullptr;
  }

  /// A tensor, or what casts, products and sums with one number, transposition and dequantisation make of one. Single numbers are kept:
  /// nodes that name each other thrice over are computed once.
  /// Errors  errc::file_format for other nodes
  [[nodiscard]] constant fold(std::string const& name, int depth = 0) const {
    if (auto const known = numbers_.find(name); known != numbers_.end()) return known->second;
    constant c = computed(name, depth);
    if (c.values.size() == 1) numbers_.emplace(name, c);
    return c;
  }

  /// The tensor among what a node reads.
  [[nodiscard]] std::vector<float> operand(std::string const& node_name, std::size_t n) const {
    for (auto const& input : node(node_name).inputs)
      if (auto const* t = tensor(input)) {
        if (t->elements != n)
          throw error({errc::shape, "shape does not fit", file_->where(input), onnx_file::shape_text(t->shape),
                       std::to_string(n), ""});
        return taken(*t);
      }
    throw error({errc::missing_entry, "reads no tensor", place(file_->path(), "node " + in_quotes(node_name)), "",
                 "a vector of weights", ""});
  }

  /// A layer normalisation without offsets, as its last multiplication has it.
  [[nodiscard]] norm_weights norm(std::string const& prefix, std::size_t width) const {
    return {operand(prefix + "/Mul", width), std::vector<float>(width)};
  }

  /// The matrix of `prefix`/MatMul or `prefix`/MatMul_quant, turned, and the bias of `prefix`/Add where that is there.
  [[nodiscard]] linear matmul(std::string const& prefix) const {
    linear out;
    constant w;
    if (has(prefix + "/MatMul_quant")) {
      auto const& n = node(prefix + "/MatMul_quant");
      auto const& steps = node(prefix + "/MatMul_quant_scales_mul");
      if (n.op != "MatMulInteger" || n.inputs.size() < 2 || steps.inputs.size() != 2)
        throw error({errc::file_format, "is no product of integers", place(file_->path(), "node " + in_quotes(n.name)),
                     n.op, "MatMulInteger with its scales", ""});
      w = fold(n.inputs[1]);
      float const zero = n.inputs.size() > 3 ? one(n.inputs[3]) : 0.0f;
      out.step = one(steps.inputs[1]);
      auto const bad = std::find_if(w.values.begin(), w.values.end(), [zero](float v) {
        return !(std::fabs(v - zero) <= 255.0f) || v != std::nearbyint(v);
      });
      if (!(out.step > 0.0f) || !std::isfinite(255.0f * out.step) || bad != w.values.end() ||
          zero != std::nearbyint(zero))
        throw error({errc::value, "is no matrix of 8-bit integers", file_->where(n.inputs[1]),
                     bad != w.values.end()          ? ohmic::detail::number_text(*bad)
                     : zero != std::nearbyint(zero) ? "zero point " + ohmic::detail::number_text(zero)
                                                    : "step " + ohmic::detail::number_text(out.step),
                     "integers at most 255 off their zero point, a step above 0", ""});
      if (w.shape.size() == 2 && w.shape[0] > largest_inner)
        throw error({errc::capacity, "has too many inputs for 32-bit sums", file_->where(n.inputs[1]),
                     onnx_file::shape_text(w.shape), "at most " + std::to_string(largest_inner) + " inputs", ""});
      for (float& v : w.values) v = (v - zero) * out.step;
    } else {
      auto const& n = node(prefix + "/MatMul");
      if (n.op != "MatMul" || n.inputs.size() != 2)
        throw error({errc::file_format, "is no product", place(file_->path(), "node " + in_quotes(n.name)), n.op,
                     "MatMul", ""});
      w = fold(n.inputs[1]);
    }
    if (w.shape.size() != 2)
      throw error({errc::shape, "is no matrix", place(file_->path(), "node " + in_quotes(prefix)),
                   onnx_file::shape_text(w.shape), "inputs x outputs", ""});
    out.weights.weight = matrix<float>(w.shape[1], w.shape[0]);
    for (std::size_t i = 0; i < w.shape[0]; ++i)
      for (std::size_t o = 0; o < w.shape[1]; ++o) out.weights.weight(o, i) = w.values[i * w.shape[1] + o];
    if (has(prefix + "/Add")) out.weights.bias = operand(prefix + "/Add", w.shape[1]);
    return out;
  }

  /// A convolution in time as a projection of windows.
  [[nodiscard]] std::pair<program::time_convolution, linear_weights> convolution(std::string const& name) const {
    auto const& n = node(name);
    auto const* strides = n.find("strides");
    auto const* pads = n.find("pads");
    auto const* groups = n.find("group");
    bool plain = n.op == "Conv" && n.inputs.size() >= 2 && strides != nullptr && strides->integers.size() == 1 &&
                 strides->integers[0] >= 1 && (groups == nullptr || groups->integer == 1);
    if (pads != nullptr)
      for (auto p : pads->integers) plain = plain && p == 0;
    if (auto const* dilations = n.find("dilations"); dilations != nullptr)
      for (auto d : dilations->integers) plain = plain && d == 1;
    if (auto const* automatic = n.find("auto_pad"); automatic != nullptr)
      plain = plain && (automatic->text == "NOTSET" || automatic->text == "VALID");
    constant w;
    if (plain) w = fold(n.inputs[1]);
    if (!plain || w.shape.size() != 3)
      throw error({errc::file_format, "is no plain convolution in time",
                   place(file_->path(), "node " + in_quotes(name)), n.op,
                   "Conv of one dimension, one group, without pads and dilation", ""});
    std::size_t const outputs = w.shape[0], channels = w.shape[1], kernel = w.shape[2];
    linear_weights out{matrix<float>(outputs, kernel * channels), {}};
    for (std::size_t o = 0; o < outputs; ++o)
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t k = 0; k < kernel; ++k)
          out.weight(o, k * channels + c) = w.values[(o * channels + c) * kernel + k];
    if (n.inputs.size() > 2) out.bias = fold(n.inputs[2]).values;
    return {{kernel, static_cast<std::size_t>(strides->integers[0]), channels, outputs}, std::move(out)};
  }

 private:
  static constexpr std::size_t largest_inner = 0x7fffffff / (255 * 255);

  [[nodiscard]] constant computed(std::string const& name, int depth) const {
    if (auto const* t = tensor(name)) {
      auto values = taken(*t);
      if (values.empty())
        throw error(
            {errc::shape, "is empty", file_->where(name), onnx_file::shape_text(t->shape), "at least one value", ""});
      return {t->shape, std::move(values)};
    }
    auto const found = producers_.find(name);
    onnx_node const* const n = found == producers_.end() ? nullptr : found->second;
    auto const refuse = [&](std::string const& got) {
      return error({errc::file_format, "is no constant that can be read", file_->where(name), got,
                    "a tensor, Cast, Mul, Add, Transpose, DequantizeLinear", "export the model anew"});
    };
    if (n == nullptr || n->inputs.empty() || depth > 8) throw refuse(n == nullptr ? "no node" : n->op);
    constant a = fold(n->inputs[0], depth + 1);
    auto const number = [&](std::size_t i) {
      if (i >= n->inputs.size()) throw refuse(n->op);
      constant const c = fold(n->inputs[i], depth + 1);
      if (c.values.size() != 1) throw refuse(n->op + " of " + onnx_file::shape_text(c.shape));
      return c.values[0];
    };
    if (n->op == "Cast" || n->op == "Identity") return a;
    if (n->op == "Mul") {
      float const by = number(1);
      for (float& v : a.values) v *= by;
    } else if (n->op == "Add") {
      float const by = number(1);
      for (float& v : a.values) v += by;
    } else if (n->op == "DequantizeLinear") {
      float const step = number(1), zero = n->inputs.size() > 2 ? number(2) : 0.0f;
      for (float& v : a.values) v = (v - zero) * step;
    } else if (n->op == "Transpose" && a.shape.size() == 2) {
      constant t{{a.shape[1], a.shape[0]}, std::vector<float>(a.values.size())};
      for (std::size_t i = 0; i < a.shape[0]; ++i)
        for (std::size_t j = 0; j < a.shape[1]; ++j) t.values[j * a.shape[0] + i] = a.values[i * a.shape[1] + j];
      return t;
    } else {
      throw refuse(n->op);
    }
    for (float const v : a.values)
      if (!std::isfinite(v)) throw refuse(n->op + " beyond the largest number");
    return a;
  }

  [[nodiscard]] float one(std::string const& name) const {
    constant const c = fold(name);
    if (c.values.size() != 1)
      throw error({errc::file_format, "has steps by output", file_->where(name), onnx_file::shape_text(c.shape),
                   "one step a matrix", ""});
    return c.values[0];
  }

  /// The values of a tensor. All nodes may name one, and a layer is a few nodes: memory is bounded by the file.
  /// Errors  errc::capacity where more values are read than the file has bytes, twice over
  [[nodiscard]] std::vector<float> taken(onnx_tensor const& t) const {
    taken_ += t.elements;
    if (taken_ / 2 > file_->bytes())
      throw error({errc::capacity, "its tensors are read again and again", file_->where(t.name),
                   std::to_string(taken_) + " values",
                   "at most two for each of " + std::to_string(file_->bytes()) + " bytes", "export the model anew"});
    return file_->values(t);
  }

  onnx_file const* file_;
  onnx_graph const* graph_;
  std::unordered_map<std::string_view, onnx_node const*> nodes_, producers_;  ///< by name and by what comes out of them
  std::unordered_map<std::string, constant> mutable numbers_;
  std::uint64_t mutable taken_ = 0;
};

/// Frequencies that a graph turns by are those that the pass turns by, up to the rounding of their type. The pass has them from base and
/// width, so that a graph of another base would be run with the wrong angles.
/// Errors  errc::config_conflict naming the tensor and the element
inline void require_frequencies(onnx_weights const& graph, std::string const& node, rotary_config const& c,
                                std::size_t head_width) {
  rotary const rotation(c, head_width);
  auto const used = rotation.frequencies();
  for (auto const& input : graph.node(node).inputs) {
    auto const* t = graph.tensor(input);
    if (t == nullptr) continue;
    double const rounding = t->type == onnx_type::f16 ? 0x1p-10 : t->type == onnx_type::bf16 ? 0x1p-7 : 1e-5;
    auto const there = graph.operand(node, used.size());
    for (std::size_t i = 0; i < used.size(); ++i)
      if (double const want = static_cast<double>(used[i]);
          !(std::fabs(static_cast<double>(there[i]) - want) <= rounding * want))
        throw error({errc::config_conflict, "rotation of element " + std::to_string(i) + " is not the one of the pass",
                     graph.where(input), ohmic::detail::number_text(there[i]), ohmic::detail::number_text(want),
                     "only rotations of base " + std::to_string(static_cast<int>(c.base)) + " are supported"});
    return;
  }
}

/// Rows of a query's or key's matrix, so that pairs of neighbours that turn together stand half a rotation apart, as rotary has it.
inline void part_pairs(linear_weights& w, std::size_t heads, std::size_t turning) {
  matrix<float> const old = w.weight;
  std::size_t const width = w.outputs() / heads;
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t i = 0; i < turning; ++i) {
      auto const from = old.row(h * width + (i < turning / 2 ? 2 * i : 2 * (i - turning / 2) + 1));
      std::copy(from.begin(), from.end(), w.weight.row(h * width + i).begin());
    }
}

}  // namespace detail

/// The Moonshine in `folder`: encoder_model.onnx and decoder_model_merged.onnx. Sizes are those of its tensors.
/// Errors  those of onnx_file; errc::missing_entry for a node that is not there; errc::shape; errc::config_conflict for another rotation;
///         those of validate(moonshine)
/// Source  the published graphs (tiny and base): names of their nodes, pairs of neighbours turn
[[nodiscard]] inline moonshine read_moonshine(std::filesystem::path const& folder) {
  using program::operation;
  using program::site;
  moonshine m;
  moonshine_config& c = m.config;
  onnx_file const encoder_file(folder / "encoder_model.onnx"), decoder_file(folder / "decoder_model_merged.onnx");
  detail::onnx_weights const encoder(encoder_file);
  // One branch takes the first token, the other the following ones; both have all weights.
  onnx_graph const* steps = nullptr;
  for (auto const& n : decoder_file.graph().nodes)
    if (auto const* branch = n.op == "If" ? n.find("else_branch") : nullptr;
        branch != nullptr && !branch->graphs.empty())
      steps = &branch->graphs.front();
  detail::onnx_weights const decoder(decoder_file, steps);

  std::tie(c.listening, m.listening) = encoder.convolution("/conv1/Conv");
  std::tie(c.middle, m.middle) = encoder.convolution("/conv2/Conv");
  std::tie(c.last, m.last) = encoder.convolution("/conv3/Conv");
  c.width = c.last.outputs;
  m.clip_norm = {encoder.operand("/groupnorm/Mul", c.listening.outputs),
                 encoder.operand("/groupnorm/Add", c.listening.outputs)};
  auto const* past = decoder_file.graph().input("past_key_values.0.decoder.key");
  if (past == nullptr || past->shape.size() != 4 || past->shape[1] == 0)
    throw error({errc::missing_entry, "does not say how many heads there are",
                 place(decoder_file.path(), "input 'past_key_values.0.decoder.key'"), "", "batch x heads x n x width",
                 ""});
  c.heads = past->shape[1];
  std::string const rotation = "/rotary_emb/MatMul";
  std::size_t frequencies = 0;
  for (auto const& input : encoder.node(rotation).inputs)
    if (auto const* t = encoder.tensor(input)) frequencies = t->elements;
  c.rotation.width = 2 * frequencies;
  if (c.rotation.width == 0 || c.width % c.heads != 0 || c.rotation.width > c.width / c.heads)
    throw error({errc::shape, "rotation does not fit the heads", place(encoder_file.path(), rotation),
                 std::to_string(c.rotation.width) + " elements", "at most a head's", ""});
  detail::require_frequencies(encoder, rotation, c.rotation, c.width / c.heads);
  if (decoder.has("/model/decoder" + rotation))
    detail::require_frequencies(decoder, "/model/decoder" + rotation, c.rotation, c.width / c.heads);

  auto const published = [&](detail::onnx_weights const& from, std::string const& prefix, site s) {
    auto l = from.matmul(prefix);
    if (s.index() >= m.weight_steps.size()) m.weight_steps.resize(s.index() + 1);
    m.weight_steps[s.index()] = l.step;
    return std::move(l.weights);
  };
  auto const turning = [&](linear_weights w) {
    detail::require_shape(w.outputs(), w.inputs(), c.width, c.width, "attention", place(folder));
    if (!w.bias.empty())
      throw error({errc::file_format, "queries and keys that turn have biases, which is not supported", place(folder),
                   std::to_string(w.bias.size()) + " numbers", "none", ""});
    detail::part_pairs(w, c.heads, c.rotation.width);
    return w;
  };
  for (c.encoder_layers = 0; encoder.has("/layers." + std::to_string(c.encoder_layers) + "/input_layernorm/Mul");
       ++c.encoder_layers) {
    detail::require_size(c.encoder_layers + 1, model_limits::layers / 4, "encoder_layers", place(folder));
    std::string const at = "/layers." + std::to_string(c.encoder_layers);
    std::size_t const b = c.encoder_layers + 1;
    pre_norm_weights w;
    w.attention_norm = encoder.norm(at + "/input_layernorm", c.width);
    w.query = turning(published(encoder, at + "/self_attn/q_proj", {b, operation::A1}));
    w.key = turning(published(encoder, at + "/self_attn/k_proj", {b, operation::A2}));
    w.value = published(encoder, at + "/self_attn/v_proj", {b, operation::A3});
    w.attention_output = published(encoder, at + "/self_attn/dense", {b, operation::A7});
    w.output_norm = encoder.norm(at + "/post_attention_layernorm", c.width);
    w.intermediate = published(encoder, at + "/mlp/fc1", {b, operation::B1});
    w.output = published(encoder, at + "/mlp/fc2", {b, operation::B2});
    m.encoder.push_back(std::move(w));
  }
  m.encoder_norm = encoder.norm("/layer_norm", c.width);
  if (!m.encoder.empty()) c.hidden = m.encoder.front().intermediate.outputs();

  std::string const root = "/model/decoder";
  detail::moonshine_sites const sites{c.encoder_layers};
  for (c.decoder_layers = 0; decoder.has(root + "/layers." + std::to_string(c.decoder_layers) + "/input_layernorm/Mul");
       ++c.decoder_layers) {
    detail::require_size(c.decoder_layers + 1, model_limits::layers / 4, "decoder_layers", place(folder));
    std::string const at = root + "/layers." + std::to_string(c.decoder_layers);
    std::size_t const b = sites.own(c.decoder_layers), d = b + 1;
    moonshine_decoder_weights w;
    w.norm = decoder.norm(at + "/input_layernorm", c.width);
    w.query = turning(published(decoder, at + "/self_attn/q_proj", {b, operation::A1}));
    w.key = turning(published(decoder, at + "/self_attn/k_proj", {b, operation::A2}));
    w.value = published(decoder, at + "/self_attn/v_proj", {b, operation::A3});
    w.output = published(decoder, at + "/self_attn/dense", {b, operation::A7});
    w.cross.attention_norm = decoder.norm(at + "/post_attention_layernorm", c.width);
    w.cross.query = published(decoder, at + "/encoder_attn/q_proj", {d, operation::A1});
    w.cross.key = published(decoder, at + "/encoder_attn/k_proj", {d, operation::A2});
    w.cross.value = published(decoder, at + "/encoder_attn/v_proj", {d, operation::A3});
    w.cross.attention_output = published(decoder, at + "/encoder_attn/dense", {d, operation::A7});
    w.cross.output_norm = decoder.norm(at + "/final_layernorm", c.width);
    // The first half of the outputs is multiplied by the second, activated.
    auto const both = published(decoder, at + "/mlp/up_proj", {d, operation::B1});
    m.weight_steps.resize(std::max(m.weight_steps.size(), site{d, operation::gate}.index() + 1));
    m.weight_steps[site{d, operation::gate}.index()] = m.weight_steps[site{d, operation::B1}.index()];
    auto const part = [&](std::size_t first) {
      linear_weights half{matrix<float>(both.outputs() / 2, both.inputs()), {}};
      for (std::size_t o = 0; o < half.outputs(); ++o)
        std::copy(both.weight.row(first + o).begin(), both.weight.row(first + o).end(), half.weight.row(o).begin());
      if (!both.bias.empty())
        half.bias.assign(both.bias.begin() + static_cast<std::ptrdiff_t>(first),
                         both.bias.begin() + static_cast<std::ptrdiff_t>(first + half.outputs()));
      return half;
    };
    w.cross.up = part(0);
    w.cross.gate = part(both.outputs() / 2);
    w.cross.down = published(decoder, at + "/mlp/down_proj", {d, operation::B2});
    m.decoder.push_back(std::move(w));
  }
  m.final_norm = decoder.norm(root + "/norm", c.width);
  m.head = decoder.matmul("/proj_out").weights;
  m.word = m.head.weight;  // tied
  c.vocabulary = m.head.outputs();
  m.weight_steps.resize(sites_of(m).sites());
  validate(m, place(folder));
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
