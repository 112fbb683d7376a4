// The keys and values that a decoder keeps of the tokens it has seen.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Keys and values of one layer, token by token: a step appends its own and attends to all.
/// Shape   keys, values (tokens, width of all key heads)
template <class T>
class kv_cache {
 public:
  [[nodiscard]] std::size_t tokens() const noexcept { return width_ == 0 ? 0 : keys_.size() / width_; }
  [[nodiscard]] matrix_view<T const> keys() const noexcept { return {keys_.data(), tokens(), width_}; }
  [[nodiscard]] matrix_view<T const> values() const noexcept { return {values_.data(), tokens(), width_}; }

  /// Shape   k, v (new tokens, width)
  /// Errors  shape where the two differ, or the width is not that of the tokens before
  void append(matrix_view<T const> k, matrix_view<T const> v) {
    if (k.rows != v.rows || k.cols != v.cols || k.cols == 0 || (width_ != 0 && k.cols != width_))
      throw error({errc::shape, "keys and values do not fit the cache", "kv_cache",
                   shape_text(k.rows, k.cols) + " and " + shape_text(v.rows, v.cols),
                   width_ == 0 ? "equal shapes" : "n x " + std::to_string(width_), "one cache for every layer"});
    width_ = k.cols;
    for (std::size_t i = 0; i < k.rows; ++i) {
      keys_.insert(keys_.end(), k.row(i).begin(), k.row(i).end());
      values_.insert(values_.end(), v.row(i).begin(), v.row(i).end());
    }
  }

 private:
  std::vector<T> keys_, values_;
  std::size_t width_ = 0;
};

}  // namespace ohmic::inline OHMIC_ABI
