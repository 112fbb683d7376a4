// The keys and values that a decoder keeps of the tokens it has seen.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Keys and values of one layer, token by token: a step appends its own and attends to all. What stands for the keys may have another
/// width than the values: the layer's input, where attention is decomposed.
/// Shape   keys (tokens, key width), values (tokens, value width), of all key heads
template <class T>
class kv_cache {
 public:
  [[nodiscard]] std::size_t tokens() const noexcept { return key_width_ == 0 ? 0 : keys_.size() / key_width_; }
  [[nodiscard]] matrix_view<T const> keys() const noexcept { return {keys_.data(), tokens(), key_width_}; }
  [[nodiscard]] matrix_view<T const> values() const noexcept { return {values_.data(), tokens(), value_width_}; }

  /// Shape   k (new tokens, key width), v (new tokens, value width); no tokens: nothing joins
  /// Errors  shape where they have not as many tokens, or a width is not that of the tokens before
  void append(matrix_view<T const> k, matrix_view<T const> v) {
    if (k.rows == 0 && v.rows == 0) return;
    bool const changes = key_width_ != 0 && (k.cols != key_width_ || v.cols != value_width_);
    if (k.rows != v.rows || k.cols == 0 || v.cols == 0 || changes)
      throw error({errc::shape, "keys and values do not fit the cache", "kv_cache",
                   shape_text(k.rows, k.cols) + " and " + shape_text(v.rows, v.cols),
                   key_width_ == 0 ? "as many tokens of each"
                                   : "n x " + std::to_string(key_width_) + " and n x " + std::to_string(value_width_),
                   "one cache for every layer"});
    key_width_ = k.cols;
    value_width_ = v.cols;
    for (std::size_t i = 0; i < k.rows; ++i) {
      keys_.insert(keys_.end(), k.row(i).begin(), k.row(i).end());
      values_.insert(values_.end(), v.row(i).begin(), v.row(i).end());
    }
  }

  /// Forgets all tokens but the first ones: those that a verified draft got wrong.
  /// Range   tokens at most those that are there
  void keep(std::size_t tokens) noexcept {
    if (tokens >= this->tokens()) return;
    keys_.resize(tokens * key_width_);
    values_.resize(tokens * value_width_);
  }

 private:
  std::vector<T> keys_, values_;
  std::size_t key_width_ = 0, value_width_ = 0;
};

}  // namespace ohmic::inline OHMIC_ABI
