// What a model has to offer, so that it can be calibrated, deployed and planned: free functions beside a plain struct.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "ohmic/attention/concept.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/program/encoder.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::model {

namespace detail {
template <class M>
struct input_type {
  using type = std::vector<std::int32_t>;
};
template <class M>
  requires requires { typename M::input; }
struct input_type<M> {
  using type = typename M::input;
};
}  // namespace detail

/// What a pass of a model takes: the ids of a text, or the `input` that a model names, such as a source and its target.
template <class M>
using input_of = typename detail::input_type<M>::type;
template <class M>
using inputs_of = std::vector<input_of<M>>;

/// What the actions of a pass depend on besides the model.
[[nodiscard]] inline std::size_t length_of(std::vector<std::int32_t> const& ids) noexcept { return ids.size(); }
template <class M>
using length_type = decltype(length_of(std::declval<input_of<M> const&>()));

/// A model: its sites, its weight-stationary matrices with the sites whose results they read, its mask, its sub-operations for the plan,
/// and one forward pass for every engine.
/// Shape   forward: ids (n), or an input -> (rows, outputs), what a task scores; program_of: of the length of an input
template <class M>
concept transformer = requires(M const& m, fp32_engine& e, input_of<M> const& ids, program::site s, length_type<M> n,
                               program::function_choices const& c) {
  { sites_of(m) } -> std::same_as<program::site_names>;
  for_each_projection(m, [](program::site, linear_weights const&) {});
  { producer_of(m, s) } -> std::same_as<program::site>;
  { mask_of(m) } -> std::same_as<attention_mask>;
  { program_of(m, n, c) } -> std::same_as<std::vector<program::sub_operation>>;
  { forward(e, m, ids) } -> std::same_as<matrix<float>>;
};

}  // namespace ohmic::inline OHMIC_ABI::model
