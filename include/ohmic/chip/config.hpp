// The run-time settings of a chip: those of its slots, and how numbers are coded between them.
#pragma once

#include <cstddef>
#include <limits>
#include <string>

#include "ohmic/attention/written_arrays.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/computation.hpp"
#include "ohmic/crossbar/dense_config.hpp"
#include "ohmic/nonlinear/activation_unit.hpp"
#include "ohmic/nonlinear/layer_norm.hpp"
#include "ohmic/nonlinear/softmax.hpp"
#include "ohmic/numeral/shape.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Where a bias is added.
enum class bias_policy {
  digital,  ///< in F
  rows,     ///< by additional rows whose activation is the largest code; as many as the bias needs, up to max_rows
};

/// How many values share a scale.
enum class scale_policy {
  per_tensor,  ///< all of a site: static, from calibration
  per_token,  ///< those of a token: the largest of them, found as they are written. K and V keep one, which must factor out of sums over tokens
};

/// How many weights of a matrix share a scale. F multiplies every result by a constant anyway, so that more scales cost no action.
enum class weight_scale_policy {
  per_matrix,
  per_output,  ///< one for every output: all of them use the whole range of the DACs, and by that of the converters
};

/// What the scale of a site's values is found from, where it is static.
enum class value_range_rule {
  largest,        ///< the largest magnitude in calibration
  least_squares,  ///< the magnitude that clipped codes have the least squared error with
};

/// Widths of codes, their scales and the place of the bias; and help without training.
/// Range   activation_bits 4..11: the wide activations of more digits reach 1023; max_rows 1..64; smoothing 0..1
/// Source  smoothing: Xiao et al. 2023 (SmoothQuant), equation 4, its exponent; bias_correction: Nagel et al. 2019, section 4.2
struct coding_config {
  int activation_bits = 8;
  bias_policy bias = bias_policy::digital;
  int max_rows = 8;
  scale_policy scales = scale_policy::per_tensor;
  weight_scale_policy weight_scales = weight_scale_policy::per_output;
  double smoothing = 0.0;        ///< how much of a channel's range moves into the weights that read it; 0: none, 1: all
  bool bias_correction = false;  ///< F adds what rounded weights take off the mean of every output
  value_range_rule value_range = value_range_rule::largest;

  /// Errors  config_value naming the field; config_conflict for bias rows, which are programmed, with scales that are not known then
  static void validate(coding_config const& c) {
    if (c.activation_bits < 4 || c.activation_bits > 11)
      throw error({errc::config_value, "bits out of range", "coding.activation_bits", std::to_string(c.activation_bits),
                   "4..11", "set coding.activation_bits"});
    if (c.max_rows < 1 || c.max_rows > 64)
      throw error({errc::config_value, "rows out of range", "coding.max_rows", std::to_string(c.max_rows), "1..64",
                   "set coding.max_rows"});
    if (!(c.smoothing >= 0.0 && c.smoothing <= 1.0))
      throw error({errc::config_value, "out of range", "coding.smoothing", ohmic::detail::number_text(c.smoothing),
                   "0..1", "set coding.smoothing"});
    if (c.smoothing > 0.0 && c.value_range == value_range_rule::least_squares)
      throw error({errc::config_conflict, "both change the ranges of values", "coding.value_range",
                   "least_squares with coding.smoothing", "one of the two", "set one of the two"});
    if (c.bias == bias_policy::rows && c.scales == scale_policy::per_token)
      throw error({errc::config_conflict, "bias rows need the scale of the activations when they are programmed",
                   "coding.bias", "rows with coding.scales=per_token",
                   "coding.bias=digital, or coding.scales=per_tensor", "set one of the two"});
  }
};

/// How products of two activations are made.
/// Range   arrays: of keys and values, where the policy writes them
struct attention_config {
  attention_policy policy = attention_policy::shared_array;
  written_array_config arrays{};

  /// The layer's input drives the DACs, or is written, in place of the keys.
  static void validate_decomposed(attention_policy policy, coding_config const& coding, int driven_bits) {
    if (policy != attention_policy::decomposed) return;
    if (coding.scales == scale_policy::per_token)
      throw error({errc::config_conflict, "the layer's input stands for the keys and needs one scale for all tokens",
                   "attention.policy", "decomposed with coding.scales=per_token", "coding.scales=per_tensor",
                   "set one of the two"});
    if (coding.activation_bits > driven_bits)
      throw error({errc::config_conflict, "the layer's input stands for the keys, which are driven", "attention.policy",
                   "decomposed with coding.activation_bits=" + std::to_string(coding.activation_bits),
                   "at most " + std::to_string(driven_bits) + " bits", "set one of the two"});
  }
};

/// Rule of the variance in LayerNorm, and the root unit of it and of RMS normalisation; the epsilon belongs to the model.
struct norm_config {
  variance_rule variance = variance_rule::two_pass;
  root_kind root = root_kind::exact;
  int root_bits = 12;  ///< of an integer root
};

/// All settings of a chip that is built from the spec `Spec`. Members are named after the slots.
template <class Spec>
struct config {
  static_assert(dac_policy<typename Spec::dac>,
                "ohmic chip: slot 'dac' must model dac_policy, see ohmic/periphery/concept.hpp");
  static_assert(adc_policy<typename Spec::adc>,
                "ohmic chip: slot 'adc' must model adc_policy, see ohmic/periphery/concept.hpp");
  static_assert(softmax_policy<typename Spec::softmax>,
                "ohmic chip: slot 'softmax' must model softmax_policy, see ohmic/nonlinear/concept.hpp");
  static_assert(layer_norm_policy<typename Spec::layer_norm>,
                "ohmic chip: slot 'layer_norm' must model layer_norm_policy, see ohmic/nonlinear/concept.hpp");

  array_geometry array{};
  typename Spec::dac::config dac{};
  typename Spec::adc::config adc{};
  range_config range{};
  coding_config coding{};
  typename Spec::softmax::config softmax{};
  norm_config norm{};
  activation_unit::config activation{};
  attention_config attention{};
  imperfections noise{};
  dense_config dense{};

  struct hana_accessors_impl
      : reflected_members<member<"array", &config::array>, member<"dac", &config::dac>, member<"adc", &config::adc>,
                          member<"range", &config::range>, member<"coding", &config::coding>,
                          member<"softmax", &config::softmax>, member<"norm", &config::norm>,
                          member<"activation", &config::activation>, member<"attention", &config::attention>,
                          member<"noise", &config::noise>, member<"dense", &config::dense>> {};
};

/// The settings as a chip takes them: a dense bank that is protected, has errors or cells of other than 2 bits says how
/// many cells hold a weight, and how many check rows are read beside them.
/// Errors  those of dense_config::validate; config_conflict for other check rows than that
template <class Spec>
[[nodiscard]] config<Spec> settled(config<Spec> c) {
  dense_config::validate(c.dense);
  bool const is_protected = c.dense.protection != word_protection::none;
  if (!c.dense.is_perfect() || c.dense.cell.bits != dense_config{}.cell.bits || is_protected)
    c.array.cells_per_weight = c.dense.cells_per_weight();
  int const check_rows = is_protected ? c.dense.check_rows(c.array.bank_rows) : 0;
  if (c.array.check_rows != 0 && c.array.check_rows != check_rows)
    throw error({errc::config_conflict, "the dense bank has another number of check rows", "array.check_rows",
                 std::to_string(c.array.check_rows), std::to_string(check_rows),
                 "leave it to dense.protection, or set it to that"});
  c.array.check_rows = check_rows;
  return c;
}

/// The settings that ranges and scales depend on: they are found on ideal arrays and a perfect bank, so that one design
/// serves every chip that is made of it.
template <class Spec>
[[nodiscard]] config<Spec> design_of(config<Spec> c) {
  c.noise = {};
  c.dense = {};
  c.attention.arrays.cell = in_situ::ideal_cell();
  c.array.check_rows = 0;
  return c;
}

/// Settings of the computation crossbar alone.
template <class Spec>
[[nodiscard]] computation_config<typename Spec::adc, typename Spec::dac> array_settings(config<Spec> const& c) {
  return {c.array, c.dac, c.adc, c.range, c.noise};
}

/// True if ranges and scales may be found on this chip itself.
template <class Spec>
[[nodiscard]] bool is_design(config<Spec> const& c) noexcept {
  return c.dense.is_perfect();
}

/// Bits of weights, and of K and V, sign included.
template <class Spec>
[[nodiscard]] int weight_bits(config<Spec> const& c) noexcept {
  return c.dac.bits;
}

/// Checks the settings that do not belong to arrays.
/// Errors  config_value, config_conflict naming the field
template <class Spec>
void validate_functions(config<Spec> const& c) {
  coding_config::validate(c.coding);
  check_root_bits(c.norm.root_bits);
  activation_unit::validate(c.activation);
  auto softmax = c.softmax;
  if constexpr (requires { softmax.full_scale == std::numeric_limits<float>::infinity(); })
    if (softmax.full_scale == std::numeric_limits<float>::infinity()) softmax.full_scale = 1.0f;  // left to calibration
  Spec::softmax::validate(softmax);
}

/// Errors  those of written_array_config; config_conflict for a decomposed product with what it does not have
template <class Spec>
void validate_attention(config<Spec> const& c) {
  written_array_config::validate(c.attention.arrays);
  attention_config::validate_decomposed(c.attention.policy, c.coding, weight_bits(c));
}

/// Checks all settings, alone and together, before anything is calibrated with them.
/// Errors  config_value, config_conflict, capacity naming the field
template <class Spec>
void validate(config<Spec> const& c) {
  static_cast<void>(settled(c));
  validate_functions(c);
  imperfections::validate(c.noise);
  validate_attention(c);
  using array = computation_array<Spec::scale, typename Spec::adc, typename Spec::dac>;
  array const ideal(array_settings(design_of(c)));  // draws nothing
}

}  // namespace ohmic::inline OHMIC_ABI::chip

template <>
struct ohmic::enum_names<ohmic::chip::bias_policy> {
  static constexpr std::pair<std::string_view, ohmic::chip::bias_policy> value[] = {
      {"digital", ohmic::chip::bias_policy::digital}, {"rows", ohmic::chip::bias_policy::rows}};
};
template <>
struct ohmic::enum_names<ohmic::chip::scale_policy> {
  static constexpr std::pair<std::string_view, ohmic::chip::scale_policy> value[] = {
      {"per_tensor", ohmic::chip::scale_policy::per_tensor}, {"per_token", ohmic::chip::scale_policy::per_token}};
};
template <>
struct ohmic::enum_names<ohmic::chip::value_range_rule> {
  static constexpr std::pair<std::string_view, ohmic::chip::value_range_rule> value[] = {
      {"largest", ohmic::chip::value_range_rule::largest},
      {"least_squares", ohmic::chip::value_range_rule::least_squares}};
};
template <>
struct ohmic::enum_names<ohmic::chip::weight_scale_policy> {
  static constexpr std::pair<std::string_view, ohmic::chip::weight_scale_policy> value[] = {
      {"per_matrix", ohmic::chip::weight_scale_policy::per_matrix},
      {"per_output", ohmic::chip::weight_scale_policy::per_output}};
};
OHMIC_MEMBERS(ohmic::chip::coding_config, activation_bits, bias, max_rows, scales, weight_scales, smoothing,
              bias_correction, value_range);
OHMIC_MEMBERS(ohmic::chip::norm_config, variance, root, root_bits);
OHMIC_MEMBERS(ohmic::chip::attention_config, policy, arrays);
