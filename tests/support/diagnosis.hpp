// What an expression that must fail says.
#pragma once

#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "support/catch.hpp"

namespace ohmic_test {

/// Checks that f throws this code with all of these parts in its text.
template <class F>
void check_refused(F&& f, ohmic::errc code, std::vector<std::string> const& parts) {
  std::string text = "nothing was thrown";
  ohmic::errc got{};
  try {
    f();
  } catch (ohmic::error const& e) {
    got = e.code();
    text = e.what();
  }
  CAPTURE(text);
  CHECK(static_cast<int>(got) == static_cast<int>(code));
  for (std::string const& part : parts) CHECK_THAT(text, contains(part));
}

}  // namespace ohmic_test
