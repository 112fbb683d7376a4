// Reader of TensorFlow.js models: the weights that model.json lists, from the shards beside it.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"

namespace ohmic::inline OHMIC_ABI::model {

static_assert(std::endian::native == std::endian::little,
              "ohmic: TensorFlow.js weights are read on little-endian machines only");

/// The weights of a TensorFlow.js model, read whole: model.json lists names, shapes and types in file order; the shards of a group,
/// one after the other, hold their values without padding.
/// Errors  construction: errc::file_missing; errc::file_format for a broken list, a shard with a path in its name, quantised
///         weights, a shard listed twice; errc::file_truncated where the shards do not hold what is listed, naming the group; errc::capacity
/// Source  the format of TensorFlow.js, weightsManifest of model.json
class tfjs_weights {
 public:
  /// Most bytes of shards that are read, of all groups together.
  static constexpr std::uint64_t max_bytes = std::uint64_t{4} << 30;

  explicit tfjs_weights(std::filesystem::path const& model_json) : file_(model_json) {
    json_file const root(model_json);
    nlohmann::json const* manifest = root.find("weightsManifest");
    if (manifest == nullptr || !manifest->is_array() || manifest->empty())
      throw broken("weightsManifest", "a list of groups");
    for (auto const& group : *manifest) add_group(group);
  }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return file_; }
  [[nodiscard]] bool contains(std::string const& name) const { return tensors_.count(name) > 0; }

  /// A tensor as a matrix; dimensions of size 1 in front of the last two are left out.
  /// Shape   (rows, cols)
  /// Errors  errc::missing_entry with the nearest name; errc::shape; errc::file_format for other types than float32; errc::value for
  ///         NaN or infinity
  [[nodiscard]] matrix<float> read_matrix(std::string const& name, std::size_t rows, std::size_t cols) const {
    tensor const& t = checked(name, {rows, cols});
    matrix<float> m(rows, cols);
    read(t, name, m.flat());
    return m;
  }
  /// Shape   (n)
  [[nodiscard]] std::vector<float> read_vector(std::string const& name, std::size_t n) const {
    tensor const& t = checked(name, {n});
    std::vector<float> v(n);
    read(t, name, v);
    return v;
  }

 private:
  struct tensor {
    std::vector<std::size_t> shape;  ///< without leading ones
    std::string type;
    std::size_t group = 0, begin = 0;
  };

  [[nodiscard]] error broken(std::string const& key, std::string const& allowed) const {
    return error(
        {errc::file_format, "is not a TensorFlow.js model", place(file_, "key " + in_quotes(key)), "", allowed, ""});
  }
  [[nodiscard]] std::string where(std::string const& name) const { return place(file_, "tensor " + in_quotes(name)); }

  void add_group(nlohmann::json const& group) {
    if (!group.is_object() || !group.contains("paths") || !group["paths"].is_array() || !group.contains("weights") ||
        !group["weights"].is_array())
      throw broken("weightsManifest", "groups of paths and weights");
    std::size_t needed = 0;
    for (auto const& w : group["weights"]) {
      needed += add_tensor(w, needed);
      if (total_ + needed > max_bytes)
        throw error({errc::capacity, "lists too many weights", place(file_), "more than " + std::to_string(max_bytes),
                     "at most " + std::to_string(max_bytes) + " bytes in all groups", ""});
    }
    total_ += needed;
    // Nothing is read before all shards are known to be there, of the size that the list needs, and each of them once.
    std::vector<std::string> names;
    std::uint64_t held = 0;
    for (auto const& p : group["paths"]) {
      if (!p.is_string()) throw broken("paths", "file names");
      names.push_back(p.get<std::string>());
      if (!is_plain_name(names.back()))
        throw error({errc::file_format, "shard is not a plain file name", place(file_), in_quotes(names.back()),
                     "files beside model.json", ""});
      if (!shards_.insert(names.back()).second)
        throw error({errc::file_format, "shard is listed twice", place(file_, "key 'paths'"), in_quotes(names.back()),
                     "every shard once, in one group", ""});
      held += regular_file_size(file_.parent_path() / names.back());
    }
    if (held != needed)
      throw error({errc::file_truncated, "shards do not hold the weights that are listed", place(file_),
                   std::to_string(held) + " bytes", std::to_string(needed) + " bytes", "fetch the model again"});
    std::string bytes;
    bytes.reserve(needed);
    for (auto const& name : names) bytes += read_whole(file_.parent_path() / name, needed - bytes.size());
    if (bytes.size() != needed)
      throw error({errc::file_truncated, "shards changed while they were read", place(file_),
                   std::to_string(bytes.size()) + " bytes", std::to_string(needed) + " bytes",
                   "fetch the model again"});
    groups_.push_back(std::move(bytes));
  }

  /// Returns the bytes that it takes.
  std::size_t add_tensor(nlohmann::json const& w, std::size_t at) {
    if (!w.is_object() || !w.contains("name") || !w["name"].is_string() || !w.contains("shape") ||
        !w["shape"].is_array() || !w.contains("dtype") || !w["dtype"].is_string())
      throw broken("weights", "name, shape and dtype of every tensor");
    auto const name = w["name"].get<std::string>();
    if (w.contains("quantization"))
      throw error({errc::file_format, "quantised weights are not read", where(name), "", "float32", ""});
    tensor t{{}, w["dtype"].get<std::string>(), groups_.size(), at};
    std::size_t n = 1;
    for (auto const& d : w["shape"]) {
      if (!d.is_number_unsigned() || d.get<std::uint64_t>() > max_bytes) throw broken("shape", "sizes");
      if (d.get<std::size_t>() > 0 && n > max_bytes / d.get<std::size_t>())
        throw error({errc::capacity, "tensor is too large", where(name), w["shape"].dump().substr(0, 96),
                     "at most " + std::to_string(max_bytes) + " elements", ""});
      n *= d.get<std::size_t>();
      if (!t.shape.empty() || d.get<std::size_t>() != 1) t.shape.push_back(d.get<std::size_t>());
    }
    std::size_t const size = t.type == "float32" || t.type == "int32" ? 4
                             : t.type == "bool" || t.type == "uint8"  ? 1
                                                                      : 0;
    if (size == 0)
      throw error({errc::file_format, "type is not read", where(name), in_quotes(t.type), "float32, int32, bool", ""});
    if (!tensors_.emplace(name, std::move(t)).second)
      throw error({errc::file_format, "is listed twice", where(name), "", "", ""});
    return n * size;
  }

  /// A tensor of float32 with this shape.
  [[nodiscard]] tensor const& checked(std::string const& name, std::vector<std::size_t> const& shape) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) {
      std::vector<std::string> names;
      for (auto const& [n, t] : tensors_) names.push_back(n);
      std::string const nearest = nearest_name(name, names);
      throw error(
          {errc::missing_entry, "is missing", where(name), "", "",
           nearest.empty() ? "check that the file is of this model" : "did you mean " + in_quotes(nearest) + "?"});
    }
    tensor const& t = found->second;
    auto const text = [](std::vector<std::size_t> const& s) {
      std::string out_text;
      for (std::size_t d : s) out_text += (out_text.empty() ? "" : " x ") + std::to_string(d);
      return out_text;
    };
    if (t.shape != shape) throw error({errc::shape, "shape does not fit", where(name), text(t.shape), text(shape), ""});
    if (t.type != "float32")
      throw error({errc::file_format, "dtype cannot be read as weights", where(name), t.type, "float32", ""});
    return t;
  }
  void read(tensor const& t, std::string const& name, std::span<float> out) const {
    std::memcpy(out.data(), groups_[t.group].data() + t.begin, out.size_bytes());
    for (std::size_t i = 0; i < out.size(); ++i)
      if (!std::isfinite(out[i]))
        throw error({errc::value, "element " + std::to_string(i) + " is not finite", where(name),
                     std::isnan(out[i]) ? "NaN" : "infinity", "finite numbers", ""});
  }

  std::filesystem::path file_;
  std::map<std::string, tensor> tensors_;
  std::vector<std::string> groups_;
  std::set<std::string> shards_;  ///< of all groups
  std::uint64_t total_ = 0;       ///< bytes of the weights that are listed
};

}  // namespace ohmic::inline OHMIC_ABI::model
