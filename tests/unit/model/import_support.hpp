// What the tests of the importers share: catching a diagnosis, and writing small safetensors files and BERT folders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "support/catch.hpp"
#include "support/temporary_file.hpp"

namespace ohmic_test {

/// The diagnosis that `f` throws; code errc{} and an explaining text if it throws none.
template <class F>
ohmic::error failure(F&& f) {
  try {
    f();
  } catch (ohmic::error const& e) { return e; }
  return ohmic::error({ohmic::errc{}, "nothing was thrown", "", "", "", ""});
}

/// Checks code and every part of the text.
inline void check_failure(ohmic::error const& e, ohmic::errc code, std::vector<std::string> const& parts) {
  CHECK(e.code() == code);
  CHECK(e.is_bad_input());
  for (std::string const& part : parts) CHECK_THAT(std::string(e.what()), contains(part));
}

/// A safetensors file of this header and data.
inline std::string safetensors_bytes(std::string_view header, std::string_view data) {
  std::string bytes(8, '\0');
  std::uint64_t const length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes.append(header).append(data);
}

template <class T>
std::string raw_bytes(std::vector<T> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)};
}

/// Tensors of F32 by name, to be written as a file.
struct tensor_map {
  struct tensor {
    std::vector<std::uint64_t> shape;
    std::vector<float> values;
  };
  std::map<std::string, tensor> tensors;

  void add(std::string const& name, std::vector<std::uint64_t> const& shape) {
    std::uint64_t n = 1;
    for (std::uint64_t const s : shape) n *= s;
    tensor t{shape, {}};
    for (std::uint64_t i = 0; i < n; ++i) t.values.push_back(static_cast<float>(next_++) / 64.0f);
    tensors[name] = t;
  }

  [[nodiscard]] std::string bytes() const {
    nlohmann::json header = {{"__metadata__", {{"format", "pt"}}}};
    std::string data;
    for (auto const& [name, t] : tensors) {
      std::string const raw = raw_bytes(t.values);
      header[name] = {{"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {data.size(), data.size() + raw.size()}}};
      data += raw;
    }
    return safetensors_bytes(header.dump(), data);
  }

  /// Every second tensor in the same file, and the index of the two.
  void write_shards(temporary_folder const& folder) const {
    tensor_map parts[2];
    nlohmann::json map;
    for (auto const& [name, t] : tensors) {
      std::size_t const part = map.size() % 2;
      map[name] = "part-" + std::to_string(part) + ".safetensors";
      parts[part].tensors[name] = t;
    }
    for (std::size_t p = 0; p < 2; ++p) folder.write("part-" + std::to_string(p) + ".safetensors", parts[p].bytes());
    folder.write("model.safetensors.index.json", nlohmann::json{{"weight_map", map}}.dump());
  }

 private:
  int next_ = 1;  // every element differs from every other, so that no mix-up goes unseen
};

/// A BERT of the least sizes at which every dimension differs, as the contents of a folder.
struct tiny_bert {
  nlohmann::json config = {{"model_type", "bert"},    {"architectures", {"BertForSequenceClassification"}},
                           {"vocab_size", 11},        {"hidden_size", 4},
                           {"num_hidden_layers", 2},  {"num_attention_heads", 2},
                           {"intermediate_size", 6},  {"max_position_embeddings", 5},
                           {"type_vocab_size", 2},    {"hidden_act", "gelu"},
                           {"layer_norm_eps", 1e-12}, {"id2label", {{"0", "low"}, {"1", "middle"}, {"2", "high"}}}};
  tensor_map weights;

  tiny_bert() {
    auto const linear = [&](std::string const& name, std::uint64_t out, std::uint64_t in) {
      weights.add(name + ".weight", {out, in});
      weights.add(name + ".bias", {out});
    };
    auto const norm = [&](std::string const& name) {
      weights.add(name + ".weight", {4});
      weights.add(name + ".bias", {4});
    };
    weights.add("bert.embeddings.word_embeddings.weight", {11, 4});
    weights.add("bert.embeddings.position_embeddings.weight", {5, 4});
    weights.add("bert.embeddings.token_type_embeddings.weight", {2, 4});
    norm("bert.embeddings.LayerNorm");
    for (std::string const l : {"0", "1"}) {
      std::string const at = "bert.encoder.layer." + l + ".";
      for (char const* part : {"query", "key", "value"}) linear(at + "attention.self." + part, 4, 4);
      linear(at + "attention.output.dense", 4, 4);
      norm(at + "attention.output.LayerNorm");
      linear(at + "intermediate.dense", 6, 4);
      linear(at + "output.dense", 4, 6);
      norm(at + "output.LayerNorm");
    }
    linear("bert.pooler.dense", 4, 4);
    linear("classifier", 3, 4);
  }

  void write(temporary_folder const& folder) const {
    folder.write("config.json", config.dump(2));
    folder.write("model.safetensors", weights.bytes());
  }
};

}  // namespace ohmic_test
