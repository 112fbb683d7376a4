// A chip as it is asked for: by name, with changes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::chip {
struct cost_preset;
}

namespace program_cli {

/// A chip with changes: how it is called in results, the chip it is made from, and assignments key=value in their
/// order.
struct chip_request {
  std::string label;
  std::string base;
  std::vector<std::string> set;
  std::map<std::string, std::string> places{};  ///< of keys that a chip file gives: file and line
};

/// A chip that is priced: a preset, or a chip file on one.
struct design {
  chip_request request;
  ohmic::chip::cost_preset const* preset;
};

}  // namespace program_cli
