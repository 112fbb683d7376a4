// The floating-point environment, which is the host's.
#pragma once

#include <cfenv>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::plugin::detail {

/// Keeps the rounding and the handling of subnormal numbers as they are, whatever a plugin makes of them while this lives: a library
/// built with -Ofast changes them when it is loaded.
class kept_arithmetic {
 public:
  kept_arithmetic() noexcept { std::fegetenv(&before_); }
  ~kept_arithmetic() { std::fesetenv(&before_); }
  kept_arithmetic(kept_arithmetic const&) = delete;
  kept_arithmetic& operator=(kept_arithmetic const&) = delete;

 private:
  std::fenv_t before_{};
};

}  // namespace ohmic::inline OHMIC_ABI::plugin::detail
