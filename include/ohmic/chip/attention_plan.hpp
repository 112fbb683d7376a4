// What a site of any chip can do, and the plan of products of attention that the chip's own arrays do not make.
#pragma once

#include <cstdint>

#include "ohmic/core/action.hpp"
#include "ohmic/crossbar/in_situ/code_shape.hpp"
#include "ohmic/program/attention_policy.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Everything that a site of any chip can do.
using run_tally = tally<join<program::site_actions, in_situ::product_actions, program::attention_unit_actions>>;

/// Actions of a product of attention on digital units or written arrays, into which `written` codes go.
[[nodiscard]] inline run_tally planned_beside(program::attention_choices const& attention,
                                              program::sub_operation const& op, std::uint64_t written) noexcept {
  auto beside = op.unit == program::product_unit::digital
                    ? program::planned_digital(op.shape, op.source)
                    : program::planned_written(attention.array, op.shape, op.digits, written);
  beside *= op.repeats;
  run_tally t;
  t += beside;
  t += op.post;
  return t;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
