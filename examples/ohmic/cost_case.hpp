// What `ohmic cost` and cost points of a sweep price: a chip with settings, and the model in use.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/chip/cost_presets.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/cost/computation_report.hpp"
#include "ohmic/model/catalogue.hpp"

namespace program_cli {

/// Settings of cost: `cost.duplication=128`, `report.prices=bottom_up`. Keys of the chip's function (`adc.bits`) work
/// too.
struct cost_command_config {
  ohmic::computation_chip_config cost{};
  ohmic::report_choice report{};
};

/// Errors  those of the file; config_conflict for one that goes by the name of a preset, or changes a chip whose cost is
///         that of its source
design design_named(std::string const& name);

/// A design with all its settings, checked.
struct cost_case {
  cost_command_config config;
  ohmic::program::function_choices choices;
  ohmic::component_prices prices;  ///< published ones, with those of the units of F

  [[nodiscard]] ohmic::chip::cost_settings settings() const {
    ohmic::chip::cost_settings s;
    s.chip = config.cost;
    s.choice = config.report;
    s.prices = prices;
    return s;
  }
  /// Activations of a column pair, between whose multiples counts are even.
  [[nodiscard]] std::size_t activations() const { return config.cost.array.activations(config.cost.scale); }
};

/// The design with assignments key=value on top of its own; duplication 0: the setting's.
/// Errors  those of the settings
cost_case cost_case_of(design const& d, std::vector<std::string> const& set, std::size_t duplication = 0,
                       bool with_places = true);

/// The settings of its chip's function, of which cost takes what decides counts and prices.
json function_settings(design const& d, std::vector<std::string> const& set);

/// The model of an id, or of a folder or file with a config.json.
/// Errors  file_missing, unknown_id, those of the file
ohmic::model::network network_named(std::string const& name);

}  // namespace program_cli
BOOST_HANA_ADAPT_STRUCT(program_cli::cost_command_config, cost, report);
