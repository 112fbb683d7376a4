// What `ohmic calibrate` keeps and `ohmic deploy --calibration FILE.json` reads: ranges and scales of a model on chips.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "deployment.hpp"
#include "json_output.hpp"
#include "ohmic/chip/deployed.hpp"

namespace program_cli {

/// A calibration of one model for some chips. Numbers are written so that they read back exactly.
struct calibration_file {
  std::string model_digest;                                   ///< of the weights
  json data;                                                  ///< path, digest, number of the calibration texts
  std::vector<std::string> text_digests;                      ///< of the calibration texts, sorted
  std::map<std::string, ohmic::chip::calibration> chips;      ///< by spec and printed settings
  std::map<std::string, std::vector<std::string>> described;  ///< spec of each, and its settings, for messages
};

/// Key of a chip in the file.
inline std::string calibration_key(std::string const& spec, std::string const& printed_settings) {
  return spec + "\n" + printed_settings;
}

/// Every site is there, also one whose values are 0: a file that lacks one is not whole.
json calibration_object(calibration_file const& c, ohmic::program::site_names const& names);

/// Errors  file_missing; file_format, missing_entry naming file and key; config_value for a range that is not above 0;
///         config_conflict for two calibrations of one chip and its settings, and for chips that contradict each other
calibration_file read_calibration(std::filesystem::path const& file, ohmic::program::site_names const& names);

/// The calibration of a chip with these settings.
/// Errors  missing_calibration, naming the first setting that differs from the nearest that was calibrated
ohmic::chip::calibration const& calibration_for(calibration_file const& c, std::string const& spec,
                                                std::string const& printed_settings, std::filesystem::path const& file);

/// Digests of different texts, sorted.
std::vector<std::string> text_digests(std::vector<std::string> const& texts);

/// Errors  data_leak if all scored texts were calibrated on. Returns how many were
std::size_t check_kept_disjoint(calibration_file const& c, std::filesystem::path const& file,
                                text_source const& scored);

}  // namespace program_cli
