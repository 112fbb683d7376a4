// The bridge to xtensor: the same memory seen from both sides.
#include "ohmic/core/xtensor.hpp"

#include <span>
#include <type_traits>
#include <utility>

#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xview.hpp>
#endif

#include "support/catch.hpp"

namespace {
xt::xtensor<float, 2> two_by_three() { return {{1, 2, 3}, {4, 5, 6}}; }

ohmic::error_info refusal(auto const& f) {
  try {
    f();
  } catch (ohmic::error const& e) {
    CHECK(e.code() == ohmic::errc::shape);
    return e.info();
  }
  FAIL("accepted");
  return {};
}
}  // namespace

TEST_CASE("a view of an xtensor container is its memory") {
  auto a = two_by_three();
  auto const v = ohmic::view_of(a);
  static_assert(std::is_same_v<decltype(v), ohmic::matrix_view<float> const>);
  CHECK(v.rows == 2);
  CHECK(v.cols == 3);
  v(1, 2) = 9.0f;
  CHECK(a(1, 2) == 9.0f);
  auto const& constant = a;
  static_assert(std::is_same_v<decltype(ohmic::view_of(constant)), ohmic::matrix_view<float const>>);
  CHECK(ohmic::view_of(constant)(0, 1) == 2.0f);
}

TEST_CASE("a slice of columns is a view with a stride") {
  auto a = two_by_three();
  auto slice = xt::view(a, xt::all(), xt::range(1, 3));
  auto const v = ohmic::view_of(slice);
  CHECK(v.cols == 2);
  CHECK(v.stride == 3);
  CHECK(v(0, 0) == 2.0f);
  CHECK(v(1, 1) == 6.0f);
  auto row = xt::view(a, xt::range(1, 2), xt::all());
  CHECK(ohmic::view_of(row)(0, 2) == 6.0f);
}

TEST_CASE("single rows and columns are views although xtensor gives them stride zero") {
  xt::xtensor<float, 2> row = {{7, 8}}, column = {{7}, {8}}, none = xt::xtensor<float, 2>::from_shape({0, 3});
  CHECK(ohmic::view_of(row).stride == 2);
  CHECK(ohmic::view_of(row)(0, 1) == 8.0f);
  CHECK(ohmic::view_of(column)(1, 0) == 8.0f);
  CHECK(ohmic::view_of(none).rows == 0);
}

TEST_CASE("containers of run-time dimension are checked") {
  xt::xarray<float> two = two_by_three(), one = {1, 2, 3};
  CHECK(ohmic::view_of(two)(1, 0) == 4.0f);
  CHECK(ohmic::span_of(one)[2] == 3.0f);
  CHECK(refusal([&] { (void)ohmic::view_of(one); }).got == "1 (3)");
  CHECK(refusal([&] { (void)ohmic::span_of(two); }).got == "2 (2 x 3)");
}

TEST_CASE("another layout is refused as a view and accepted as a copy") {
  xt::xtensor<float, 2, xt::layout_type::column_major> a = two_by_three();
  CHECK_THAT(refusal([&] { (void)ohmic::view_of(a); }).fix, ohmic_test::contains("to_matrix"));
  auto t = xt::transpose(a);
  auto const m = ohmic::to_matrix(t);
  CHECK(m.rows() == 3);
  CHECK(m(2, 1) == 6.0f);
  CHECK(ohmic::to_matrix(a + a)(0, 1) == 4.0f);
  xt::xtensor<float, 1> line = {1, 2, 3, 4};
  auto every_other = xt::view(line, xt::range(0, 4, 2));
  (void)refusal([&] { (void)ohmic::span_of(every_other); });
}

TEST_CASE("an xtensor adaptor of a matrix is its memory") {
  ohmic::matrix<float> m(2, 3);
  auto x = ohmic::as_xtensor(m);
  x(1, 1) = 5.0f;
  x += 1.0f;
  CHECK(m(1, 1) == 6.0f);
  CHECK(m(0, 0) == 1.0f);
  auto const constant = ohmic::as_xtensor(std::as_const(m));
  CHECK(constant(1, 1) == 6.0f);
  CHECK(constant.shape()[1] == 3);
  auto row = ohmic::as_xtensor(m.row(1));
  row(0) = -1.0f;
  CHECK(m(1, 0) == -1.0f);
}

TEST_CASE("rows that are apart are copied into xtensor, not adapted") {
  ohmic::matrix<float> m(2, 3);
  m(1, 2) = 4.0f;
  auto const part = m.view().columns(1, 2);
  (void)refusal([&] { (void)ohmic::as_xtensor(part); });
  auto copy = ohmic::to_xtensor(part);
  CHECK(copy(1, 1) == 4.0f);
  copy(1, 1) = 0.0f;
  CHECK(m(1, 2) == 4.0f);
}
