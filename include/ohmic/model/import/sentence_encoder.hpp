// Reads the Universal Sentence Encoder lite from the files of its TensorFlow.js edition: model.json and its shards.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/tfjs.hpp"
#include "ohmic/model/sentence_encoder.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {

/// Reads the parts of one model. Matrices lie as [in, out].
class sentence_encoder_tensors {
 public:
  explicit sentence_encoder_tensors(std::filesystem::path const& model_json) : file_(model_json) {}

  [[nodiscard]] tfjs_weights const& file() const noexcept { return file_; }

  [[nodiscard]] linear_weights linear(std::string const& weight, std::string const& bias, std::size_t in,
                                      std::size_t out) const {
    return linear_of_columns(file_.read_matrix(weight, in, out), file_.read_vector(bias, out), 0, out);
  }
  [[nodiscard]] norm_weights norm(std::string const& at, std::size_t width) const {
    std::string const name = at + "layer_prepostprocess/layer_norm/layer_norm_";
    return {file_.read_vector(name + "scale/ConcatPartitions/concat", width),
            file_.read_vector(name + "bias/ConcatPartitions/concat", width)};
  }

  [[nodiscard]] pre_norm_weights layer(std::size_t number, std::size_t in, std::size_t width,
                                       std::size_t hidden) const {
    std::string const layer = "Layer_" + std::to_string(number) + "/TransformerLayer/";
    std::string const kernels = "module/Encoder_en/KonaTransformer/Encode/" + layer,
                      values = "module_apply_default/Encoder_en/KonaTransformer/Encode/" + layer,
                      stack = "module_apply_default/Encoder_en/KonaTransformer/Encode/TransformerStack/" + layer;
    std::string const concat = "/ConcatPartitions/concat", attention = "MultiheadAttention/", kernel = "/kernel/part_0",
                      reshaped = "/Tensordot/Reshape_1";
    pre_norm_weights w;
    w.attention_norm = norm(values, in);
    auto const qkv = file_.read_matrix(kernels + attention + "qkv_transform_single" + kernel, in, 3 * in);
    auto const bias = file_.read_vector(values + attention + "qkv_transform_single/bias" + concat, 3 * in);
    w.query = linear_of_columns(qkv, bias, 0, in);
    w.key = linear_of_columns(qkv, bias, in, in);
    w.value = linear_of_columns(qkv, bias, 2 * in, in);
    w.attention_output = linear(kernels + attention + "output_transform_single" + kernel,
                                values + attention + "output_transform_single/bias" + concat, in, width);
    if (in != width) w.residual = linear(values + "dense/kernel" + concat, values + "dense/bias" + concat, in, width);
    w.output_norm = norm(values + "FFN/", width);
    w.intermediate = linear(stack + "FFN/conv1" + reshaped, values + "FFN/conv1/bias" + concat, width, hidden);
    w.output = linear(stack + "FFN/conv2" + reshaped, values + "FFN/conv2/bias" + concat, hidden, width);
    return w;
  }

 private:
  tfjs_weights file_;
};
}  // namespace detail

/// The sentence encoder in `folder`: model.json and its shards.
/// Errors  those of tfjs_weights; errc::shape where a tensor is not of the published sizes
/// Source  the published graph (English, 8002 embeddings of width 256, two layers, 1536 hidden units)
[[nodiscard]] inline sentence_encoder read_sentence_encoder(std::filesystem::path const& folder) {
  constexpr std::size_t hidden = 1536;
  sentence_encoder m;
  sentence_encoder_config const& c = m.config;
  detail::sentence_encoder_tensors const tensors(folder / "model.json");
  m.word = tensors.file().read_matrix("module/Embeddings_en", c.vocabulary, c.embedding);
  m.frequencies = tensors.file().read_vector(
      "module_apply_default/Encoder_en/KonaTransformer/Encode/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/"
      "ExpandDims_1",
      c.embedding / 2);
  for (std::size_t l = 0; l < c.layers; ++l)
    m.layers.push_back(tensors.layer(l, l == 0 ? c.embedding : c.width, c.width, hidden));
  m.head = tensors.linear("module/Encoder_en/hidden_layers/tanh_layer_0/weights",
                          "module/Encoder_en/hidden_layers/tanh_layer_0/bias", c.width, c.width);
  return m;
}

}  // namespace ohmic::inline OHMIC_ABI::model
