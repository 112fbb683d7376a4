// What the texts of a deployment take on a chip with a dense bank, priced from shapes beside the conventional chips' counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "chips.hpp"
#include "json_output.hpp"
#include "ohmic/cost/work.hpp"
#include "ohmic/cost/workload.hpp"

namespace program_cli {

/// Sub-operations of one layer of the prefill and what they keep busy: operation, start_s, stages_s.
json timeline_of_prefill(ohmic::computation_chip_config const& c, ohmic::workload const& w);

/// Area, energy and latency of all texts, and the rows and the timeline of one of mean length, at bottom-up prices: those
/// that conventional chips of a deployment have.
/// Shape   lengths: how many texts have how many tokens
/// Errors  none: null where the model has no config.json that can be priced, so that nothing that was computed is lost for it
json text_cost_object(dense_settings const& c, std::string const& model,
                      std::map<std::size_t, std::uint64_t> const& lengths);

}  // namespace program_cli
