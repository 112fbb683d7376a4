// The run-time settings of a conventional chip, whose weights stay in the cells of in-situ arrays.
#pragma once

#include <cstdint>

#include "ohmic/chip/config.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/in_situ/code_array.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "ohmic/periphery/adc.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// A spec whose weights stay in cells: slots adc, softmax and layer_norm, and `stores_weights`.
template <class Spec>
concept in_situ_spec = requires {
  requires Spec::stores_weights;
};

/// Whose random numbers the cells take.
struct in_situ_noise_config {
  std::uint64_t seed = 1;  ///< of one chip and its run
};

/// How products of two activations are made. Keys and values are written into arrays of the kind that holds the weights.
struct in_situ_attention_config {
  attention_policy policy = attention_policy::written_arrays;
};

}  // namespace ohmic::inline OHMIC_ABI::chip
OHMIC_MEMBERS(ohmic::chip::in_situ_noise_config, seed);
OHMIC_MEMBERS(ohmic::chip::in_situ_attention_config, policy);

namespace ohmic::inline OHMIC_ABI::chip {

/// All settings of such a chip. Members are named after the slots.
template <in_situ_spec Spec>
struct config<Spec> {
  static_assert(adc_policy<typename Spec::adc>,
                "ohmic chip: slot 'adc' must model adc_policy, see ohmic/periphery/concept.hpp");
  static_assert(softmax_policy<typename Spec::softmax>,
                "ohmic chip: slot 'softmax' must model softmax_policy, see ohmic/nonlinear/concept.hpp");
  static_assert(layer_norm_policy<typename Spec::layer_norm>,
                "ohmic chip: slot 'layer_norm' must model layer_norm_policy, see ohmic/nonlinear/concept.hpp");

  in_situ::code_array_config array{};
  in_situ::code_weight_config weights{};
  in_situ::code_input_config inputs{};
  typename Spec::adc::config adc{};
  converter_config converter{};
  range_config range{};
  coding_config coding{};
  typename Spec::softmax::config softmax{};
  norm_config norm{};
  activation_unit::config activation{};
  in_situ_attention_config attention{};
  resistive_cell_config cell = in_situ::ideal_cell();
  wire_config wires{};
  in_situ_noise_config noise{};

  struct hana_accessors_impl
      : reflected_members<
            member<"array", &config::array>, member<"weights", &config::weights>, member<"inputs", &config::inputs>,
            member<"adc", &config::adc>, member<"converter", &config::converter>, member<"range", &config::range>,
            member<"coding", &config::coding>, member<"softmax", &config::softmax>, member<"norm", &config::norm>,
            member<"activation", &config::activation>, member<"attention", &config::attention>,
            member<"cell", &config::cell>, member<"wires", &config::wires>, member<"noise", &config::noise>> {};
};

/// The arrays that a spec is made of: computation crossbars, or in-situ arrays where weights stay in cells.
template <class Spec>
struct array_of {
  using type = computation_array<Spec::scale, typename Spec::adc, typename Spec::dac>;
};
template <in_situ_spec Spec>
struct array_of<Spec> {
  using type = in_situ::code_array<typename Spec::adc>;
};

/// As those of a chip with a dense bank (config.hpp): nothing is settled. The design has ideal cells, whose digits a chip
/// keeps beside what its columns see of them: currents are observed on those.
template <in_situ_spec Spec>
[[nodiscard]] config<Spec> settled(config<Spec> c) {
  return c;
}
template <in_situ_spec Spec>
[[nodiscard]] config<Spec> design_of(config<Spec> c) {
  c.converter = {};
  c.cell = in_situ::ideal_cell();
  c.wires = {};
  c.noise = {};
  return c;
}
template <in_situ_spec Spec>
[[nodiscard]] bool is_design(config<Spec> const&) noexcept {
  return true;
}
template <in_situ_spec Spec>
[[nodiscard]] in_situ::code_array_settings<typename Spec::adc> array_settings(config<Spec> const& c) {
  return {{c.array, c.weights, c.inputs}, c.adc, c.range, {c.cell, c.wires, c.noise.seed}, c.converter};
}
template <in_situ_spec Spec>
[[nodiscard]] int weight_bits(config<Spec> const& c) noexcept {
  return c.weights.bits;
}
template <in_situ_spec Spec>
void validate_attention(config<Spec> const& c) {
  if (c.attention.policy == attention_policy::shared_array)
    throw error({errc::config_conflict, "no array of this chip takes two activations without writing one",
                 "attention.policy", "shared_array", "written_arrays, decomposed, digital", "set attention.policy"});
  attention_config::validate_decomposed(c.attention.policy, c.coding, weight_bits(c));
}
template <in_situ_spec Spec>
void validate(config<Spec> const& c) {
  validate_functions(c);
  validate_attention(c);
  in_situ::code_array<typename Spec::adc> const checks(array_settings(c));
}

/// Slots of a conventional chip, to start from: `struct mine : in_situ_chip { .. static void configure(Config&) .. };`
struct in_situ_chip {
  static constexpr bool stores_weights = true;
  using adc = uniform_adc;
  using softmax = split_softmax;
  using layer_norm = split_layer_norm;
};

}  // namespace ohmic::inline OHMIC_ABI::chip
