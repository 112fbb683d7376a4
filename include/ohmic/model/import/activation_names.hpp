// Activations by the names of Hugging Face's configurations, the same for every family.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/near_names.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/nonlinear/activation.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// Several names are one function. Not among them: other functions (quick_gelu, relu6, mish, ..), and `linear`, which is none: the plan of a
/// pass counts one.
/// Source  transformers, activations.py, ACT2FN
inline constexpr std::pair<std::string_view, activation> activation_names[] = {
    {"relu", activation::relu},
    {"gelu", activation::gelu},
    {"gelu_python", activation::gelu},
    {"gelu_new", activation::gelu_tanh},
    {"gelu_fast", activation::gelu_tanh},
    {"gelu_accurate", activation::gelu_tanh},
    {"gelu_pytorch_tanh", activation::gelu_tanh},
    {"gelu_python_tanh", activation::gelu_tanh},
    {"silu", activation::silu},
    {"swish", activation::silu},
    {"tanh", activation::tanh}};

[[nodiscard]] inline std::optional<activation> activation_named(std::string_view name) noexcept {
  for (auto const& [known, value] : activation_names)
    if (known == name) return value;
  return std::nullopt;
}

/// The refusal of a name, as the file has it; `more` is said behind those that are read.
[[nodiscard]] inline error no_activation(json_file const& json, std::string const& key, std::string const& name,
                                         std::string const& more = "") {
  std::vector<std::string> quoted;
  for (auto const& [known, value] : activation_names) quoted.push_back(in_quotes(known));
  return error({errc::config_value, "is not supported", json.where(key), in_quotes(name), joined(quoted) + more, ""});
}

/// The activation under a key.
/// Errors  file_format; config_value for a name that is not known
[[nodiscard]] inline activation read_activation(json_file const& json, std::string const& key) {
  std::string const name = json.string(key);
  if (auto const found = activation_named(name)) return *found;
  throw no_activation(json, key, name);
}
/// The same, or what the family has where the key is absent.
[[nodiscard]] inline activation read_activation(json_file const& json, std::string const& key, activation otherwise) {
  return json.has(key) ? read_activation(json, key) : otherwise;
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
