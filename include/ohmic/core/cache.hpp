// What a core's caches hold, from which loops take the sizes of their blocks.
#pragma once

#include <algorithm>
#include <cstddef>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Bytes of the data caches of a core; only speed depends on them.
struct core_caches {
  /// First level: what nearly every core has at least. A constant, because blocks in registers and on the stack follow from it.
  static constexpr std::size_t inner = std::size_t{32} << 10;
  std::size_t outer = std::size_t{256} << 10;  ///< second level

  /// What the system says, asked once; the default where it says nothing.
  [[nodiscard]] static core_caches const& of_machine() noexcept {
    static core_caches const sizes = asked();
    return sizes;
  }

  /// How many rows fit into half of a cache, beside what meets them: a multiple of `step`, at least one.
  [[nodiscard]] static constexpr std::size_t rows_in_half(std::size_t cache, std::size_t row_bytes,
                                                          std::size_t step) noexcept {
    return std::max<std::size_t>(cache / 2 / std::max<std::size_t>(row_bytes, 1) / step, 1) * step;
  }

 private:
  [[nodiscard]] static core_caches asked() noexcept {
    core_caches sizes;
#if defined(_SC_LEVEL2_CACHE_SIZE)
    if (long const bytes = ::sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) sizes.outer = static_cast<std::size_t>(bytes);
#endif
    return sizes;
  }
};

}  // namespace ohmic::inline OHMIC_ABI
