// The only header that includes xtensor: its containers as views of ohmic and the other way round, without a copy.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

// xtensor sorted its headers into folders in version 0.26.
#if __has_include(<xtensor/containers/xadapt.hpp>)
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xtensor.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xtensor.hpp>
#endif

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"

namespace ohmic::inline OHMIC_ABI {

/// E is an xtensor container, adaptor or view whose elements lie in memory with fixed strides.
template <class E>
concept strided_expression = requires(E& e) {
  e.data();
  e.data_offset();
  e.strides();
  e.shape();
  e.dimension();
};

namespace detail {
/// Extents as text, "4 x 3", for messages.
template <class E>
std::string extents_text(E const& e) {
  std::string text;
  for (std::size_t i = 0; i < e.dimension(); ++i) text += (i ? " x " : "") + std::to_string(e.shape()[i]);
  return text;
}
template <class E>
void require_dimension(E const& e, std::size_t n, char const* where) {
  if (e.dimension() != n)
    throw error({errc::shape, "wrong number of dimensions", where,
                 std::to_string(e.dimension()) + " (" + extents_text(e) + ")", std::to_string(n), "reshape it first"});
}
inline void require_row_major(bool holds, char const* where) {
  if (!holds)
    throw error({errc::shape, "elements of a row are not neighbours in memory", where, "another layout", "row-major",
                 "evaluate it into a row-major container, or use to_matrix"});
}
template <class E>
std::ptrdiff_t stride_of(E const& e, std::size_t axis) {
  return static_cast<std::ptrdiff_t>(e.strides()[axis]);
}
}  // namespace detail

/// A view of a two-dimensional xtensor object; no copy, so that the object must live as long as the view.
/// Shape   (rows, cols); rows may be apart, as in a slice of columns
/// Errors  errc::shape: another number of dimensions, or a layout in which neighbours of a row are apart
template <strided_expression E>
[[nodiscard]] auto view_of(E& e) {
  using element = std::remove_pointer_t<decltype(e.data() + 0)>;
  detail::require_dimension(e, 2, "view_of");
  auto const rows = static_cast<std::size_t>(e.shape()[0]), cols = static_cast<std::size_t>(e.shape()[1]);
  // xtensor gives an axis of length one the stride zero.
  auto const step = detail::stride_of(e, 0);
  detail::require_row_major(
      (cols < 2 || detail::stride_of(e, 1) == 1) && (rows < 2 || step >= static_cast<std::ptrdiff_t>(cols)), "view_of");
  return matrix_view<element>(e.data() + e.data_offset(), rows, cols, rows < 2 ? cols : static_cast<std::size_t>(step));
}

/// A span over a one-dimensional xtensor object; no copy.
/// Shape   (n)
/// Errors  errc::shape: another number of dimensions, or elements that are apart
template <strided_expression E>
[[nodiscard]] auto span_of(E& e) {
  using element = std::remove_pointer_t<decltype(e.data() + 0)>;
  detail::require_dimension(e, 1, "span_of");
  auto const n = static_cast<std::size_t>(e.shape()[0]);
  detail::require_row_major(n < 2 || detail::stride_of(e, 0) == 1, "span_of");
  return std::span<element>(e.data() + e.data_offset(), n);
}

/// An xtensor adaptor over a view; no copy.
/// Shape   (rows, cols)
/// Errors  errc::shape if the rows are apart: use `to_xtensor`
template <class T>
[[nodiscard]] auto as_xtensor(matrix_view<T> v) {
  detail::require_row_major(v.stride == v.cols || v.rows < 2, "as_xtensor");
  std::array<std::size_t, 2> const shape{v.rows, v.cols};
  // The pointer is passed as a temporary because xtensor would keep a reference to a variable.
  return xt::adapt(std::move(v.data), v.rows * v.cols, xt::no_ownership(), shape);
}
template <class T>
[[nodiscard]] auto as_xtensor(matrix<T>& m) {
  return as_xtensor(m.view());
}
template <class T>
[[nodiscard]] auto as_xtensor(matrix<T> const& m) {
  return as_xtensor(m.view());
}
/// Shape   (n)
template <class T>
[[nodiscard]] auto as_xtensor(std::span<T> s) {
  std::array<std::size_t, 1> const shape{s.size()};
  return xt::adapt(s.data(), s.size(), xt::no_ownership(), shape);
}

/// A copy of a view, rows apart or not, that xtensor owns.
/// Shape   (rows, cols)
template <class T>
[[nodiscard]] auto to_xtensor(matrix_view<T> v) {
  auto copy = xt::xtensor<std::remove_const_t<T>, 2>::from_shape({v.rows, v.cols});
  for (std::size_t r = 0; r < v.rows; ++r)
    for (std::size_t c = 0; c < v.cols; ++c) copy(r, c) = v(r, c);
  return copy;
}

/// A copy of any two-dimensional xtensor expression, evaluated, whatever its layout.
/// Shape   (rows, cols)
/// Errors  errc::shape: another number of dimensions
template <class E>
  requires requires(E const& e) { e.dimension(), e.shape(), e(std::size_t{0}, std::size_t{0}); }
[[nodiscard]] auto to_matrix(E const& e) {
  detail::require_dimension(e, 2, "to_matrix");
  matrix<std::remove_cvref_t<decltype(e(std::size_t{0}, std::size_t{0}))>> copy(static_cast<std::size_t>(e.shape()[0]),
                                                                                static_cast<std::size_t>(e.shape()[1]));
  for (std::size_t r = 0; r < copy.rows(); ++r)
    for (std::size_t c = 0; c < copy.cols(); ++c) copy(r, c) = e(r, c);
  return copy;
}

}  // namespace ohmic::inline OHMIC_ABI
