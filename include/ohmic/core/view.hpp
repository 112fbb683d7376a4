// Row-major matrices: a non-owning view for kernels and interfaces, and an aligned owner. No xtensor here (see
// xtensor.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Alignment in bytes of everything that kernels read: one cache line, and the widest register.
inline constexpr std::size_t cache_line = 64;

/// Allocator of cache-line aligned memory, so that SIMD loads never straddle lines.
template <class T>
struct aligned_allocator {
  using value_type = T;
  aligned_allocator() = default;
  template <class U>
  constexpr aligned_allocator(aligned_allocator<U> const&) noexcept {}

  [[nodiscard]] T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(cache_line)));
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete(p, std::align_val_t(cache_line)); }
  friend bool operator==(aligned_allocator const&, aligned_allocator const&) noexcept { return true; }
};

template <class T>
using aligned_vector = std::vector<T, aligned_allocator<T>>;

/// Non-owning row-major matrix. `stride` is the distance between rows in elements.
/// Shape   (rows, cols)
template <class T>
struct matrix_view {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0;

  constexpr matrix_view() = default;
  constexpr matrix_view(T* d, std::size_t r, std::size_t c) noexcept : data(d), rows(r), cols(c), stride(c) {}
  constexpr matrix_view(T* d, std::size_t r, std::size_t c, std::size_t s) noexcept
      : data(d), rows(r), cols(c), stride(s) {}
  /// A view of mutable elements is a view of constant ones.
  template <class U>
    requires(std::is_same_v<T, U const> && !std::is_const_v<U>)
  constexpr matrix_view(matrix_view<U> v) noexcept : matrix_view(v.data, v.rows, v.cols, v.stride) {}

  [[nodiscard]] constexpr T& operator()(std::size_t r, std::size_t c) const noexcept { return data[r * stride + c]; }
  [[nodiscard]] constexpr std::span<T> row(std::size_t r) const noexcept { return {data + r * stride, cols}; }
  /// Columns [first, first + count) of all rows.
  [[nodiscard]] constexpr matrix_view columns(std::size_t first, std::size_t count) const noexcept {
    return {data + first, rows, count, stride};
  }
  /// Rows [first, first + count).
  [[nodiscard]] constexpr matrix_view row_range(std::size_t first, std::size_t count) const noexcept {
    return {data + first * stride, count, cols, stride};
  }
};

/// Owning row-major matrix, cache-line aligned, zero-initialised.
/// Shape   (rows, cols)
template <class T>
class matrix {
 public:
  matrix() = default;
  /// Errors  capacity if rows x cols elements cannot exist
  matrix(std::size_t rows, std::size_t cols) : values_(checked_size(rows, cols)), rows_(rows), cols_(cols) {}

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  [[nodiscard]] T* data() noexcept { return values_.data(); }
  [[nodiscard]] T const* data() const noexcept { return values_.data(); }
  [[nodiscard]] T& operator()(std::size_t r, std::size_t c) noexcept { return values_[r * cols_ + c]; }
  [[nodiscard]] T const& operator()(std::size_t r, std::size_t c) const noexcept { return values_[r * cols_ + c]; }
  [[nodiscard]] std::span<T> row(std::size_t r) noexcept { return {values_.data() + r * cols_, cols_}; }
  [[nodiscard]] std::span<T const> row(std::size_t r) const noexcept { return {values_.data() + r * cols_, cols_}; }
  [[nodiscard]] std::span<T> flat() noexcept { return {values_.data(), values_.size()}; }
  [[nodiscard]] std::span<T const> flat() const noexcept { return {values_.data(), values_.size()}; }
  [[nodiscard]] matrix_view<T> view() noexcept { return {values_.data(), rows_, cols_}; }
  [[nodiscard]] matrix_view<T const> view() const noexcept { return {values_.data(), rows_, cols_}; }
  operator matrix_view<T>() noexcept { return view(); }
  operator matrix_view<T const>() const noexcept { return view(); }

  friend bool operator==(matrix const&, matrix const&) = default;

 private:
  static std::size_t checked_size(std::size_t rows, std::size_t cols) {
    if (cols != 0 && rows > static_cast<std::size_t>(-1) / sizeof(T) / 2 / cols)
      throw error({errc::capacity, "matrix too large", "matrix", std::to_string(rows) + " x " + std::to_string(cols),
                   "what memory holds", "check the sizes"});
    return rows * cols;
  }

  aligned_vector<T> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

/// "rows x cols", for messages.
[[nodiscard]] inline std::string shape_text(std::size_t rows, std::size_t cols) {
  return std::to_string(rows) + " x " + std::to_string(cols);
}

/// A copy with rows and columns swapped.
/// Shape   (r, c) -> (c, r)
template <class T>
[[nodiscard]] matrix<std::remove_const_t<T>> transposed(matrix_view<T> a) {
  matrix<std::remove_const_t<T>> t(a.cols, a.rows);
  for (std::size_t r = 0; r < a.rows; ++r)
    for (std::size_t c = 0; c < a.cols; ++c) t(c, r) = a(r, c);
  return t;
}

}  // namespace ohmic::inline OHMIC_ABI
