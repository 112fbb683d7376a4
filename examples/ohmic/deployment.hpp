// What a deployment leaves, whatever the model and the task: the same for every family, and what is printed and written
// of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "chips.hpp"
#include "json_output.hpp"
#include "kernels.hpp"
#include "ohmic/chip/engine.hpp"
#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/in_situ_time.hpp"
#include "ohmic/core/action.hpp"
#include "ohmic/crossbar/in_situ/idle.hpp"
#include "ohmic/model/dataset.hpp"
#include "ohmic/model/task.hpp"
#include "options.hpp"

namespace program_cli {

/// A file of texts: where it is, what it holds, and what distinguishes its texts.
struct text_source {
  std::filesystem::path path;
  std::size_t n = 0;  ///< of what is counted: texts, windows, pairs
  std::size_t truncated = 0;
  std::vector<std::string> texts;  ///< for the check that calibration and scored data differ
  std::string line;                ///< what is printed of it
  json more = json::object();      ///< what is written of it besides
};

/// What is reported of one way of computing.
struct contest_result {
  std::string name;
  json settings;
  std::vector<ohmic::model::named_score> scores;
  double agreement = 0.0;
  ohmic::chip::run_report report;
  std::vector<ohmic::chip::error_power> quality;
  ohmic::ledger actions;
  std::string plan_difference;  ///< empty: the plan predicted every action
  std::uint64_t clipped_biases = 0;
  ohmic::dense_report dense{};                     ///< of writing and reading the weights once
  std::uint64_t dense_clipped = 0;                 ///< weights that bit errors made larger than the DAC drives
  chip_settings chip{};                            ///< as deployed
  std::uint64_t weight_arrays = 0;                 ///< in-situ arrays that the weights fill
  ohmic::chip::in_situ_schedule schedule{};        ///< of a conventional chip
  ohmic::in_situ::array_writing weight_writing{};  ///< of the weights' in-situ arrays, side by side
  std::vector<std::string> idle{};                 ///< settings that were given and do nothing, and why
  ohmic::chip::line_report lines{};                ///< of sampled cycles, where wires are modelled to first order
};

/// All of a deployment. results[0] is int8, the others are the chips asked for.
struct deployment {
  json model;
  std::string model_line;
  std::string task, agreement_name;
  ohmic::program::site_names names;
  text_source scored;
  json calibration;
  std::string calibration_line;
  std::vector<ohmic::model::named_score> fp32;
  std::vector<contest_result> results;
  std::vector<ohmic::model::named_score>
      published{};  ///< of the arithmetic of the published graph; empty: there is none
};

/// Settings of a request with a seed (`seeded`) that were given and do nothing beside the others.
std::vector<ohmic::in_situ::idle_setting> given_idle(chip_request const& r);
/// What is told of them: "range.sigmas: range.rule is not mean_sigma".
std::vector<std::string> idle_in(chip_request const& r);
/// The same on standard error, of all requests.
void say_idle(std::vector<chip_request> const& requests);

/// The time that writing K and V took in the run, tries included, into the schedule of a conventional chip.
void see_writing(contest_result& r);

/// How a score is printed: shares as percentages.
std::string score_text(ohmic::model::named_score const& s);

/// Share of the ADC conversions above full scale, over all sites.
double clip_rate(contest_result const& r);

void print_table(FILE* out, deployment const& d, bool varied);
/// Errors of the dense banks; nothing where all are perfect.
void print_dense(FILE* out, deployment const& d);
/// Exact wires of sampled cycles beside the first-order model; nothing where no computation crossbar has any.
void print_wires(FILE* out, deployment const& d);
void print_layers(FILE* out, deployment const& d);
void print_actions(FILE* out, deployment const& d);
/// Energy and arrays of the conventional chips; nothing where there are none.
void print_cost(FILE* out, deployment const& d);

/// Channels of the fp32 values that matrices read, by layer, and how many are outliers; null where ranges were kept.
json outliers_object(ohmic::chip::value_ranges const& values, ohmic::program::site_names const& names);

/// The JSON of `ohmic deploy`, without "run".
json deployment_object(deployment const& d, common_options const& common);

/// Status check_failed, with a message, if some chip did not do what was planned.
int plan_status(deployment const& d);

}  // namespace program_cli
