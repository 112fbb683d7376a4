// The weights of a folder: one model.safetensors, or several that model.safetensors.index.json lists.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/model/file.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/safetensors.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Tensors by name, wherever they lie. Headers are read once; data only when they are asked for.
class safetensors_folder {
 public:
  /// Errors  those of json_file and safetensors_file; file_format for an index that names no file of the folder, and for a
  ///         tensor in two of its files; file_missing where there is neither
  explicit safetensors_folder(std::filesystem::path const& folder) : folder_(folder) {
    std::filesystem::path const whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
    if (std::filesystem::exists(whole) || !std::filesystem::exists(index)) {
      safetensors_file& f = open("model.safetensors");
      for (tensor_info const& t : f.tensors()) file_of_.emplace(t.name, "model.safetensors");
      return;
    }
    json_file const map = json_file(index).inside("weight_map");
    for (auto const& [tensor, file] : map.entries()) {
      if (!file.is_string()) throw map.wrong_type(tensor, file, "the name of a file");
      auto const name = file.get<std::string>();
      if (!is_plain_name(name))
        throw error({errc::file_format, "is not the name of a file in the folder", map.where(tensor),
                     in_quotes(printable(name)), "a name without folders", ""});
      file_of_.emplace(tensor, name);
    }
    if (file_of_.empty())
      throw error({errc::file_format, "lists no tensor", place(index, "key 'weight_map'"), "", "at least one", ""});
    // Published folders have indices that name copies of tied tensors which no file has, and leave out ones that are there: what a pass
    // needs its reader misses, what it does not read its reader refuses.
    std::erase_if(file_of_, [&](auto const& named) { return !open(named.second).contains(named.first); });
    for (auto const& [file, opened] : files_)
      for (tensor_info const& t : opened->tensors()) take(t.name, file, map);
  }

  /// The file that has a tensor. Of one that none has: the file if there is one, else the folder.
  [[nodiscard]] std::filesystem::path path_of(std::string const& name) const {
    auto const found = file_of_.find(name);
    if (found != file_of_.end()) return folder_ / found->second;
    return files_.size() == 1 ? folder_ / files_.begin()->first : folder_;
  }
  [[nodiscard]] bool contains(std::string const& name) const { return file_of_.contains(name); }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& [tensor, file] : file_of_) all.push_back(tensor);
    return all;
  }

  /// Tensors that were neither read nor checked, nor are scales of one that was.
  [[nodiscard]] std::vector<std::string> unread() const {
    std::vector<std::string> all;
    for (auto const& [name, file] : files_)
      for (std::string& tensor : file->unread()) all.push_back(std::move(tensor));
    return all;
  }

  /// Errors  as safetensors_file
  [[nodiscard]] matrix<float> read_matrix(std::string const& name, std::size_t rows, std::size_t cols,
                                          std::string_view origin = {}) {
    return file_with(name).read_matrix(name, rows, cols, origin);
  }
  /// Checks that a matrix can be read, without reading it.
  void check_matrix(std::string const& name, std::size_t rows, std::size_t cols, std::string_view origin = {}) {
    file_with(name).check_matrix(name, rows, cols, origin);
  }
  [[nodiscard]] std::vector<float> read_vector(std::string const& name, std::size_t n, std::string_view origin = {}) {
    return file_with(name).read_vector(name, n, origin);
  }

 private:
  /// Errors  file_format for a tensor that has two values
  void take(std::string const& tensor, std::string const& file, json_file const& map) {
    auto const [found, is_new] = file_of_.emplace(tensor, file);
    if (is_new || found->second == file) return;
    throw error({errc::file_format, "lies in two files", map.where(tensor),
                 in_quotes(printable(file)) + " and " + in_quotes(printable(found->second)), "one of them",
                 "fetch the files again"});
  }

  safetensors_file& open(std::string const& name) {
    auto& file = files_[name];
    if (!file) file = std::make_unique<safetensors_file>(folder_ / name);
    return *file;
  }
  safetensors_file& file_with(std::string const& name) {
    auto const found = file_of_.find(name);
    if (found != file_of_.end()) return open(found->second);
    std::string const near = nearest_name(name, names());
    throw error({errc::missing_entry, "is missing", place(path_of(name), "tensor " + in_quotes(name)), "", "",
                 near.empty() ? "check that the folder is of this model" : "did you mean " + in_quotes(near) + "?"});
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> file_of_;
  std::map<std::string, std::unique_ptr<safetensors_file>> files_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
