// The chips that the program knows by name, behind one type.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "json_output.hpp"
#include "kernels.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"

namespace program_cli {

/// Everything that is needed to put a model on a chip.
struct deployment_job {
  ohmic::model::bert const& model;
  ohmic::chip::value_ranges const& values;
  ohmic::chip::token_lists const& calibration;
  ohmic::executor& threads;
  ohmic::chip::progress report;
  kernel_set const& kernels;
  std::vector<std::string> const& set;
};

/// A model on a chip of some type.
struct chip_under_test {
  std::string name;
  json settings;
  std::shared_ptr<void const> owner;  ///< keeps the deployed model
  ohmic::chip::contestant contestant;
  ohmic::program::function_choices choices;  ///< for the plan
  ohmic::array_geometry array;
  int scale = 0;
  std::uint64_t clipped_biases = 0;
};

/// A chip by name: what it is, its settings, and how to deploy on it.
struct chip_entry {
  std::string name;
  std::string summary;
  std::function<json()> settings;
  std::function<chip_under_test(deployment_job const&)> deploy;
};

std::vector<chip_entry> const& chips();

/// Errors  unknown_id with the known names
chip_entry const& chip_named(std::string const& name);

/// The same codes without converters: what INT8 alone leaves (row-maximum softmax, two-pass variance), with the widths
/// of `set`.
chip_under_test int8_reference(deployment_job const&);

}  // namespace program_cli
