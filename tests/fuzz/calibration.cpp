// What ohmic calibrate keeps: refused with words, or ranges that a chip may take.
#include "calibration_file.hpp"
#include "harness.hpp"

namespace {
std::string kept_again(program_cli::calibration_file const& c, ohmic::program::site_names const& names) {
  auto all = program_cli::calibration_object(c, names);
  all["schema"] = 1;
  all["command"] = "calibrate";
  return all.dump();
}
}  // namespace

OHMIC_FUZZ(calibration) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("ranges.json", text_of(data, size));
  ohmic::program::site_names const names{1};
  accepts([&] {
    auto const c = program_cli::read_calibration(file, names);
    for (auto const& [key, kept] : c.chips) {
      for (float const f : kept.values.largest)
        if (!(f >= 0.0f)) finding("a range that cannot be");
      if (kept.full_scales.size() != names.sites()) finding("ranges of other sites");
    }
    accepts([&] { static_cast<void>(program_cli::calibration_for(c, "wang2024", "adc.bits=8\n", file)); });
    auto const again = program_cli::read_calibration(folder.write("again.json", kept_again(c, names)), names);
    if (again.chips.size() != c.chips.size()) finding("a calibration changes when it is kept");
  });
}
