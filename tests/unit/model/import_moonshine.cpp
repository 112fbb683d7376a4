// Graphs of Moonshine as they are published: matrices found by the names of nodes, integers and floats, pairs that turn together.
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/moonshine.hpp"
#include "support/onnx_bytes.hpp"
#include "support/tiny_models.hpp"

using namespace ohmic_test;
namespace onnx = ohmic_test::onnx_bytes;
using ohmic::errc;
using ohmic::model::linear_weights;

namespace import_moonshine_test {
namespace {

/// Writes a model's graphs; matrices in `step`s, if that is not 0, as integers around 100.
struct graph_writer {
  float step = 0.0f;
  std::string of_convolutions{};  ///< attributes besides strides
  std::string graph{};

  void node(std::string const& op, std::string const& name, std::vector<std::string> const& inputs,
            std::string const& attributes = "") {
    graph += onnx::in_graph(onnx::node(op, name, inputs, {name + "_out"}, attributes));
  }
  void tensor(std::string const& name, std::vector<std::uint64_t> const& shape, std::vector<float> const& values) {
    graph += onnx::initialiser(onnx::tensor(name, shape, values));
  }
  void vector(std::string const& node_name, std::string const& op, std::vector<float> const& v) {
    tensor(node_name + ".v", {v.size()}, v);
    node(op, node_name, {"x", node_name + ".v"});
  }
  void convolution(std::string const& name, linear_weights const& w, ohmic::program::time_convolution const& v) {
    std::vector<float> values(w.weight.size());
    for (std::size_t o = 0; o < v.outputs; ++o)
      for (std::size_t c = 0; c < v.channels; ++c)
        for (std::size_t k = 0; k < v.kernel; ++k)
          values[(o * v.channels + c) * v.kernel + k] = w.weight(o, k * v.channels + c);
    tensor(name + ".w", {v.outputs, v.channels, v.kernel}, values);
    std::vector<std::string> inputs{"x", name + ".w"};
    if (!w.bias.empty()) {
      tensor(name + ".b", {w.bias.size()}, w.bias);
      inputs.push_back(name + ".b");
    }
    node("Conv", name, inputs, onnx::bytes(5, onnx::bytes(1, "strides") + onnx::number(8, v.stride)) + of_convolutions);
  }
  /// Rows of a head's first `turning` outputs as the files have them: pairs side by side.
  void matmul(std::string const& at, linear_weights const& w, std::size_t heads = 1, std::size_t turning = 0) {
    std::size_t const width = w.outputs() / heads;
    std::vector<float> values(w.weight.size());
    std::vector<std::uint8_t> codes;
    for (std::size_t i = 0; i < w.inputs(); ++i)
      for (std::size_t o = 0; o < w.outputs(); ++o) {
        std::size_t const e = o % width;
        std::size_t const from = e < turning ? o - e + e / 2 + (e % 2) * (turning / 2) : o;
        values[i * w.outputs() + o] = w.weight(from, i);
        codes.push_back(static_cast<std::uint8_t>(step == 0.0f ? 0.0f : w.weight(from, i) / step + 100.5f));
      }
    std::string const name = at + "/weight";
    if (step == 0.0f) {
      tensor(name, {w.inputs(), w.outputs()}, values);
      node("MatMul", at + "/MatMul", {"x", name});
    } else {
      graph += onnx::initialiser(onnx::tensor(name, 2, {w.inputs(), w.outputs()}, onnx::bytes(9, onnx::raw(codes))));
      graph += onnx::initialiser(onnx::tensor(name + "_zero", 2, {}, onnx::bytes(5, onnx::varint(100))));
      graph += onnx::initialiser(onnx::tensor(name + "_scale", 1, {}, onnx::bytes(4, onnx::raw<float>({step}))));
      node("MatMulInteger", at + "/MatMul_quant", {"x", name, "zero", name + "_zero"});
      node("Mul", at + "/MatMul_quant_scales_mul", {"scale", name + "_scale"});
    }
    if (!w.bias.empty()) vector(at + "/Add", "Add", w.bias);
  }
};

linear_weights stacked(linear_weights const& a, linear_weights const& b) {
  linear_weights out{ohmic::matrix<float>(a.outputs() + b.outputs(), a.inputs()), a.bias};
  for (std::size_t o = 0; o < out.outputs(); ++o)
    for (std::size_t i = 0; i < out.inputs(); ++i)
      out.weight(o, i) = o < a.outputs() ? a.weight(o, i) : b.weight(o - a.outputs(), i);
  out.bias.insert(out.bias.end(), b.bias.begin(), b.bias.end());
  return out;
}
std::string encoder_of(ohmic::model::moonshine const& m, float step, std::string const& of_convolutions = "",
                       float rotation = 1.0f) {
  auto const& c = m.config;
  graph_writer g{step, of_convolutions};
  g.convolution("/conv1/Conv", m.listening, c.listening);
  g.vector("/groupnorm/Mul", "Mul", m.clip_norm.gamma);
  g.vector("/groupnorm/Add", "Add", m.clip_norm.beta);
  g.convolution("/conv2/Conv", m.middle, c.middle);
  g.convolution("/conv3/Conv", m.last, c.last);
  ohmic::rotary const turns(c.rotation, c.width / c.heads);
  std::vector<float> frequencies(turns.frequencies().begin(), turns.frequencies().end());
  frequencies.back() *= rotation;
  g.vector("/rotary_emb/MatMul", "MatMul", frequencies);
  for (std::size_t l = 0; l < m.encoder.size(); ++l) {
    std::string const at = "/layers." + std::to_string(l);
    auto const& w = m.encoder[l];
    g.vector(at + "/input_layernorm/Mul", "Mul", w.attention_norm.gamma);
    g.matmul(at + "/self_attn/q_proj", w.query, c.heads, c.rotation.width);
    g.matmul(at + "/self_attn/k_proj", w.key, c.heads, c.rotation.width);
    g.matmul(at + "/self_attn/v_proj", w.value);
    g.matmul(at + "/self_attn/dense", w.attention_output);
    g.vector(at + "/post_attention_layernorm/Mul", "Mul", w.output_norm.gamma);
    g.matmul(at + "/mlp/fc1", w.intermediate);
    g.matmul(at + "/mlp/fc2", w.output);
  }
  g.vector("/layer_norm/Mul", "Mul", m.encoder_norm.gamma);
  return onnx::model(g.graph);
}
std::string decoder_of(ohmic::model::moonshine const& m, float step) {
  auto const& c = m.config;
  graph_writer g{step}, outside;
  for (std::size_t l = 0; l < m.decoder.size(); ++l) {
    std::string const at = "/model/decoder/layers." + std::to_string(l);
    auto const& w = m.decoder[l];
    g.vector(at + "/input_layernorm/Mul", "Mul", w.norm.gamma);
    g.matmul(at + "/self_attn/q_proj", w.query, c.heads, c.rotation.width);
    g.matmul(at + "/self_attn/k_proj", w.key, c.heads, c.rotation.width);
    g.matmul(at + "/self_attn/v_proj", w.value);
    g.matmul(at + "/self_attn/dense", w.output);
    g.vector(at + "/post_attention_layernorm/Mul", "Mul", w.cross.attention_norm.gamma);
    g.matmul(at + "/encoder_attn/q_proj", w.cross.query);
    g.matmul(at + "/encoder_attn/k_proj", w.cross.key);
    g.matmul(at + "/encoder_attn/v_proj", w.cross.value);
    g.matmul(at + "/encoder_attn/dense", w.cross.attention_output);
    g.vector(at + "/final_layernorm/Mul", "Mul", w.cross.output_norm.gamma);
    g.matmul(at + "/mlp/up_proj", stacked(w.cross.up, w.cross.gate));
    g.matmul(at + "/mlp/down_proj", w.cross.down);
  }
  g.vector("/model/decoder/norm/Mul", "Mul", m.final_norm.gamma);
  g.step = 0.0f;
  g.matmul("/proj_out", m.head);
  outside.graph = onnx::input("past_key_values.0.decoder.key", {0, c.heads, 0, c.width / c.heads});
  outside.node("If", "choice", {"first"}, onnx::bytes(5, onnx::bytes(1, "else_branch") + onnx::bytes(6, g.graph)));
  return onnx::model(outside.graph);
}
/// A model as files can hold it: norms without offsets, the published settings, matrices in whole steps.
ohmic::model::moonshine in_steps(float step) {
  auto m = tiny_moonshine();
  ohmic::model::moonshine_config const published;
  m.config.positions = published.positions, m.config.rate = published.rate;
  m.config.tokens_per_second = published.tokens_per_second;
  auto const round = [&](linear_weights& w) {
    for (float& v : w.weight.flat()) v = step * std::nearbyint(std::clamp(v / step, -100.0f, 100.0f));
  };
  auto const flat = [](ohmic::model::norm_weights& n) { n.beta.assign(n.beta.size(), 0.0f); };
  for (auto& w : m.encoder) {
    for (auto* l : {&w.query, &w.key, &w.value, &w.attention_output, &w.intermediate, &w.output}) round(*l);
    flat(w.attention_norm), flat(w.output_norm);
  }
  for (auto& w : m.decoder) {
    for (auto* l : {&w.query, &w.key, &w.value, &w.output, &w.cross.query, &w.cross.key, &w.cross.value,
                    &w.cross.attention_output, &w.cross.gate, &w.cross.up, &w.cross.down})
      round(*l);
    flat(w.norm), flat(w.cross.attention_norm), flat(w.cross.output_norm);
  }
  flat(m.encoder_norm), flat(m.final_norm);
  return m;
}

}  // namespace

TEST_CASE("moonshine is read as it was written, of floats or of integers") {
  float const step = 0.015625f;  // products with it are exact
  auto m = in_steps(step);
  temporary_folder const folder;
  for (float published : {0.0f, step}) {
    folder.write("encoder_model.onnx", encoder_of(m, published));
    folder.write("decoder_model_merged.onnx", decoder_of(m, published));
    auto read = ohmic::model::read_moonshine(folder.path());
    CHECK(read.weight_steps[ohmic::program::site{1, ohmic::program::operation::A1}.index()] == published);
    CHECK(read.weight_steps[ohmic::program::site{4, ohmic::program::operation::gate}.index()] == published);
    CHECK(read.weight_steps[ohmic::program::site{sites_of(m).head(), ohmic::program::operation::lm_head}.index()] ==
          0.0f);
    read.weight_steps.clear();
    CHECK(read == m);
  }
}

TEST_CASE("graphs that are not moonshine's are refused, naming the node") {
  auto const m = in_steps(0.015625f);
  temporary_folder const folder;
  auto const refused = [&](std::string const& encoder, std::string const& decoder, errc code,
                           std::vector<std::string> const& parts) {
    folder.write("encoder_model.onnx", encoder);
    folder.write("decoder_model_merged.onnx", decoder);
    check_failure(failure([&] { static_cast<void>(ohmic::model::read_moonshine(folder.path())); }), code, parts);
  };
  std::string const encoder = encoder_of(m, 0.0f), decoder = decoder_of(m, 0.0f);
  refused(onnx::model(""), decoder, errc::missing_entry, {"'/conv1/Conv'"});
  refused(encoder, onnx::model(""), errc::missing_entry, {"past_key_values.0.decoder.key"});
  refused(decoder, encoder, errc::missing_entry, {"'/conv1/Conv'"});
  auto replaced = [](std::string text, std::string const& from, std::string const& to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at)) text.replace(at, from.size(), to);
    return text;
  };
  refused(replaced(encoder, "/layers.1/mlp/fc2/MatMul", "/layers.1/mlp/fc3/MatMul"), decoder, errc::missing_entry,
          {"'/layers.1/mlp/fc2/MatMul'", "did you mean"});
  refused(replaced(encoder, "MatMul", "MatSum"), decoder, errc::missing_entry, {"MatMul"});
  refused(encoder, replaced(decoder, "/proj_out", "/proj_in_"), errc::missing_entry, {"/proj_out/MatMul"});

  auto const with = [&](std::string const& attribute) { return encoder_of(m, 0.0f, onnx::bytes(5, attribute)); };
  refused(with(onnx::bytes(1, "dilations") + onnx::number(8, 2)), decoder, errc::file_format,
          {"/conv1/Conv", "dilation"});
  refused(with(onnx::bytes(1, "auto_pad") + onnx::bytes(4, "SAME_UPPER")), decoder, errc::file_format, {"/conv1/Conv"});
  folder.write("encoder_model.onnx", with(onnx::bytes(1, "auto_pad") + onnx::bytes(4, "NOTSET")));
  CHECK_NOTHROW(ohmic::model::read_moonshine(folder.path()));
  auto biased = m;
  biased.encoder[0].query.bias.assign(m.config.width, 1.0f);
  refused(encoder_of(biased, 0.0f), decoder, errc::file_format, {"biases"});
  float const step = 0.015625f;
  auto const stepped = [&](float to) {
    return replaced(encoder_of(m, step), onnx::raw<float>({step}), onnx::raw<float>({to}));
  };
  for (float bad : {0.0f, -1.0f, 3e38f, std::numeric_limits<float>::infinity()})
    refused(stepped(bad), decoder, errc::value, {"tensor '/layers."});
}

TEST_CASE("the fuzzer starts from a Moonshine that is read whole") {
  std::string const seed = OHMIC_SOURCE_DIR "/tests/fuzz/corpus/onnx/moonshine";
  temporary_folder const folder;
  for (char const* name : {"encoder_model.onnx", "decoder_model_merged.onnx"})
    std::filesystem::copy_file(seed, folder.path() / name);
  auto const m = ohmic::model::read_moonshine(folder.path());
  CHECK(m.encoder.size() == 1);
  CHECK(m.decoder.size() == 1);
  CHECK(m.config.width == 4);
}

TEST_CASE("a Moonshine that turns by other angles than the pass is refused, one that is rounded otherwise is not") {
  auto const m = in_steps(0.015625f);
  temporary_folder const folder;
  folder.write("decoder_model_merged.onnx", decoder_of(m, 0.0f));
  auto const with = [&](float rotation) {
    folder.write("encoder_model.onnx", encoder_of(m, 0.0f, "", rotation));
    return failure([&] { static_cast<void>(ohmic::model::read_moonshine(folder.path())); });
  };
  CHECK(with(1.0f + 0x1p-22f).code() == errc{});
  for (float other : {1.01f, 2.0f, 0.0f, -1.0f})
    check_failure(with(other), errc::config_conflict,
                  {"encoder_model.onnx", "tensor '/rotary_emb/MatMul.v'", "element 1", "base 10000"});
}

TEST_CASE("nodes that read one value thrice are computed once, however many nodes a file has") {
  std::string graph = onnx::initialiser(onnx::tensor("v0", {1}, {1.0f}));
  for (int i = 0; i < 200000; ++i) graph += onnx::in_graph(onnx::bytes(2, "z"));  // in the way of who looks for a name
  for (int i = 0; i < 8; ++i) {
    std::string const v = "v" + std::to_string(i), next = "v" + std::to_string(i + 1);
    graph += onnx::in_graph(onnx::node("DequantizeLinear", next, {v, v, v}, {next}));
  }
  temporary_folder const folder;
  folder.write("m.onnx", onnx::model(graph));
  ohmic::model::onnx_file const file(folder.path() / "m.onnx");
  ohmic::model::detail::onnx_weights const weights(file);
  // 3^8 values each time would be more than two for each byte of the file, which is refused.
  for (int i = 0; i < 1000; ++i) CHECK(weights.fold("v8").values == std::vector<float>{0.0f});
}

TEST_CASE("tensors that many nodes name do not take more memory than their file allows") {
  std::string const graph = onnx::in_graph(onnx::node("MatMul", "/a/MatMul", {"x", "w"}, {"y"})) +
                            onnx::initialiser(onnx::tensor("w", {8, 32}, std::vector<float>(256, 1.0f)));
  temporary_folder const folder;
  folder.write("m.onnx", onnx::model(graph));
  ohmic::model::onnx_file const file(folder.path() / "m.onnx");
  ohmic::model::detail::onnx_weights const weights(file);
  std::size_t read = 0;
  check_failure(failure([&] {
                  for (; read < 1000; ++read) static_cast<void>(weights.matmul("/a"));
                }),
                errc::capacity, {"tensor 'w'"});
  CHECK(read >= 2);
  CHECK(256 * read <= 2 * file.bytes() + 1);
}

}  // namespace import_moonshine_test
