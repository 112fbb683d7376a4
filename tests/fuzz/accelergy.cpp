// Accelergy's tables (YAML) as the plugin cost_accelergy reads them.
#define ohmic_plugin_entry_v1 accelergy_entry
#include "../../plugins/cost_accelergy/cost_accelergy.cpp"
#undef ohmic_plugin_entry_v1
#include "harness.hpp"

OHMIC_FUZZ(accelergy) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const parts = parts_of(text_of(data, size), 2);
  auto const energies = folder.write("ERT.yaml", parts[0]), areas = folder.write("ART.yaml", parts[1]);
  accepts([&] { static_cast<void>(accelergy_reader::open("energies=" + energies.string())); });
  accepts([&] { static_cast<void>(accelergy_reader::open("areas=" + areas.string() + ";rename=adc:a,b:c")); });
}
