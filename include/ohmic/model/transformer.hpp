// What a model has to offer, so that it can be calibrated, deployed and planned: free functions beside a plain struct.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A model: its sites, its weight-stationary matrices with the sites whose results they read, its mask, its sub-operations for the plan,
/// and one forward pass for every engine.
/// Shape   forward: ids (n) -> (rows, outputs), what a task scores
template <class M>
concept transformer = requires(M const& m, fp32_engine& e, std::span<std::int32_t const> ids, program::site s,
                               std::size_t n, program::function_choices const& c) {
  { sites_of(m) } -> std::same_as<program::site_names>;
  for_each_projection(m, [](program::site, linear_weights const&) {});
  { producer_of(m, s) } -> std::same_as<program::site>;
  { mask_of(m) } -> std::same_as<attention_mask>;
  { program_of(m, n, c) } -> std::same_as<std::vector<program::sub_operation>>;
  { forward(e, m, ids) } -> std::same_as<matrix<float>>;
};

}  // namespace ohmic::inline OHMIC_ABI::model
