#include <ohmic/device/ideal.hpp>
#include <ohmic/plugin/author.hpp>

struct my_cell : ohmic::ideal_device {
  constexpr ohmic::device_facts facts() const noexcept {
    return {.name = "my_cell",
            .summary = "a cell of our lab",
            .source = "our lab, 2026",
            .high_uS = 50.0,
            .has_spread = true};
  }
  double programming_sigma(double g_uS) const noexcept { return 0.02 * g_uS; }
};
extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<my_cell>({"my_lab", "1.0", "cells of our lab"});
}
