// When the stages of each sub-operation begin and end, in one pass over a program.
#pragma once

#include <array>
#include <vector>

#include "ohmic/cost/work.hpp"

namespace ohmic::inline OHMIC_ABI {

/// One sub-operation of a program, once. Its stages overlap and begin together.
/// Units   s
struct timeline_step {
  program::operation what{};
  double start = 0.0;
  std::array<double, stage_count> stages{};

  /// When the next one begins.
  [[nodiscard]] double end() const noexcept { return start + length_of(stages); }
};

/// The steps of a program, each of its repeated sub-operations once: of a transformer one layer, and what stands around
/// the layers. The sum of their lengths times their repeats is the latency of `work_of`.
/// Shape   one step for every entry of p
[[nodiscard]] inline std::vector<timeline_step> timeline_of(computation_chip_config const& c, chip_resources const& r,
                                                            program::repeated_program const& p) {
  std::vector<timeline_step> steps;
  double at = 0.0;
  for (auto const& op : p) {
    steps.push_back({op.op.where.op, at, detail::stage_times(c, r, op.op)});
    at = steps.back().end();
  }
  return steps;
}

}  // namespace ohmic::inline OHMIC_ABI
