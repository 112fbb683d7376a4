// Matrices and views.
#include "ohmic/core/view.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "support/catch.hpp"

namespace {
using ohmic::matrix;
using ohmic::matrix_view;

static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<float const>>);
static_assert(!std::is_convertible_v<matrix_view<float const>, matrix_view<float>>);
static_assert(!std::is_convertible_v<matrix_view<float>, matrix_view<double const>>);
static_assert(std::is_trivially_copyable_v<matrix_view<float>>);

matrix<int> counted(std::size_t rows, std::size_t cols) {
  matrix<int> m(rows, cols);
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < cols; ++c) m(r, c) = static_cast<int>(10 * r + c);
  return m;
}
}  // namespace

TEST_CASE("a matrix starts with zeros on a cache line") {
  for (std::size_t n = 1; n < 40; n += 3) {
    matrix<float> const m(n, 3);
    CHECK(reinterpret_cast<std::uintptr_t>(m.data()) % ohmic::cache_line == 0);
    CHECK(m.size() == 3 * n);
    for (float const v : m.flat()) CHECK(v == 0.0f);
  }
  CHECK(matrix<float>().empty());
  CHECK(matrix<float>(0, 5).cols() == 5);
}

TEST_CASE("a matrix is stored row by row") {
  auto const m = counted(2, 3);
  CHECK(m.data()[4] == 11);
  CHECK(m.row(1)[2] == 12);
  CHECK(m.flat()[5] == 12);
}

TEST_CASE("views select rows and columns of the same memory") {
  auto m = counted(4, 5);
  auto const middle = m.view().columns(1, 3).row_range(2, 2);
  CHECK(middle.rows == 2);
  CHECK(middle.cols == 3);
  CHECK(middle.stride == 5);
  CHECK(middle(0, 0) == 21);
  CHECK(middle(1, 2) == 33);
  CHECK(middle.row(1).size() == 3);
  middle(0, 0) = -1;
  CHECK(m(2, 1) == -1);
}

TEST_CASE("a matrix passes for a view of itself") {
  auto m = counted(2, 2);
  auto const sum = [](matrix_view<int const> v) { return v(0, 0) + v(0, 1) + v(1, 0) + v(1, 1); };
  CHECK(sum(m) == 22);
  CHECK(sum(std::as_const(m)) == 22);
  CHECK(sum(m.view()) == 22);
}

TEST_CASE("transposing swaps rows and columns, also of a part") {
  auto const m = counted(2, 3);
  auto const t = ohmic::transposed(m.view());
  CHECK(t.rows() == 3);
  CHECK(t(2, 1) == 12);
  CHECK(ohmic::transposed(t.view()) == m);
  CHECK(ohmic::transposed(m.view().columns(1, 2))(1, 0) == 2);
}

TEST_CASE("a matrix that cannot exist is refused before its size wraps around") {
  auto const huge = std::size_t{1} << 33;
  try {
    matrix<float> m(huge, huge);
    FAIL("accepted");
  } catch (ohmic::error const& e) {
    CHECK(e.code() == ohmic::errc::capacity);
    CHECK_THAT(e.what(), ohmic_test::contains("8589934592 x 8589934592"));
  }
}

TEST_CASE("matrices are equal when shape and elements are") {
  CHECK(counted(2, 3) == counted(2, 3));
  CHECK_FALSE(matrix<int>(2, 3) == matrix<int>(3, 2));
  CHECK(ohmic::shape_text(3, 17) == "3 x 17");
}
