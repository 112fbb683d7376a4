// The plan: every action of a pass, predicted from shapes alone.
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "ohmic/core/action.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// Actions of one sub-operation on computation crossbars of this geometry.
/// Range   scale 1..7
[[nodiscard]] inline site_tally planned(sub_operation const& op, array_geometry const& g, int scale) noexcept {
  product_tally product = planned_product(g, scale, op.digits, op.shape, op.source);
  product *= op.repeats;
  site_tally t;
  t += product;
  t += op.post;
  return t;
}

/// Actions of a whole program, `passes` times over, by layer and part; planned_of(op) is the tally of a sub-operation.
/// Errors  capacity if a count leaves 64 bits
template <std::invocable<sub_operation const&> PlannedOf>
[[nodiscard]] ledger plan(std::vector<sub_operation> const& ops, PlannedOf const& planned_of, site_names const& names,
                          std::uint64_t passes = 1) {
  ledger out;
  for (auto const& op : ops) {
    auto t = planned_of(op);
    t *= passes;
    out.add(names.name(op.where), t);
  }
  return out;
}
/// The same on computation crossbars of this geometry.
[[nodiscard]] inline ledger plan(std::vector<sub_operation> const& ops, array_geometry const& g, int scale,
                                 site_names const& names, std::uint64_t passes = 1) {
  return plan(
      ops, [&](sub_operation const& op) { return planned(op, g, scale); }, names, passes);
}

}  // namespace ohmic::inline OHMIC_ABI::program
