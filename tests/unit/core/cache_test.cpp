// What is known of a machine's caches.
#include "ohmic/core/cache.hpp"

#include <cstddef>

#include "support/catch.hpp"

TEST_CASE("the second cache of this machine holds at least what every first one does") {
  auto const& caches = ohmic::core_caches::of_machine();
  CHECK(caches.outer >= ohmic::core_caches::inner);
  CHECK(&ohmic::core_caches::of_machine() == &caches);
}

TEST_CASE("rows fill half of a cache in steps, and one step is always taken") {
  constexpr auto rows = [](std::size_t cache, std::size_t bytes, std::size_t step) {
    return ohmic::core_caches::rows_in_half(cache, bytes, step);
  };
  STATIC_REQUIRE(rows(1 << 20, 4096, 16) == 128);
  STATIC_REQUIRE(rows(1 << 20, 4097, 16) == 112);
  STATIC_REQUIRE(rows(1 << 20, std::size_t{1} << 40, 16) == 16);
  STATIC_REQUIRE(rows(1 << 20, 0, 16) == 1 << 19);
}
