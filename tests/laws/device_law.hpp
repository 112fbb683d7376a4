// What every law of a device must satisfy.
#pragma once

#include "ohmic/device/law_check.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// Every law that broken_laws tries is kept.
template <ohmic::device_law Law>
void device_laws(Law const& law) {
  CAPTURE(law.facts().name);
  for (auto const& sentence : ohmic::broken_laws(law)) FAIL_CHECK(sentence);
  SUCCEED();
}

}  // namespace ohmic_test
