// Reports: the JSON of a command as a page (--report) and its charts as files (--svg).
#pragma once

#include <string>
#include <vector>

#include "chart.hpp"
#include "json_output.hpp"
#include "options.hpp"

namespace program_cli {

/// Stops before a long run if a report could not be written at its end.
/// Errors  write_failed, config_conflict
void check_reports(common_options const& common);

/// Writes what --report and --svg ask for. Everything on the page comes from `result`, so that both have the same numbers;
/// rows: of a sweep, more points than its front.
/// Errors  write_failed
void write_reports(json const& result, common_options const& common, json const& rows = json::array());

/// Of a chip of a deployment the cost that has rows; null where nothing is priced.
json const* cost_of_texts(json const& chip);

/// The charts of a result.
std::vector<chart> charts_of(json const& result, json const& rows);

}  // namespace program_cli
