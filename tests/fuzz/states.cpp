// Tables of measured states (CSV).
#include <cmath>

#include "harness.hpp"
#include "ohmic/device/measured_states.hpp"

OHMIC_FUZZ(states) {
  using namespace ohmic_fuzz;
  accepts([&] {
    auto const states = ohmic::parse_states(text_of(data, size), "states.csv");
    for (std::size_t i = 0; i < states.size(); ++i)
      if (!(states[i].conductance_uS >= 0.0) || !std::isfinite(states[i].spread_uS) ||
          (i > 0 && !(states[i].conductance_uS > states[i - 1].conductance_uS)))
        finding("a table that is out of order");
  });
}
