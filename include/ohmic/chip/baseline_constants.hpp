// What the systems that a chip is compared with are priced with beside the component prices: each constant can be moved.
#pragma once

#include <cmath>
#include <string>
#include <string_view>

#include "ohmic/core/error.hpp"
#include "ohmic/cost/baseline.hpp"
#include "ohmic/cost/components32.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

// Processors, as the comparison takes them (Wang et al., Table 10, p. 14). One MAC is counted as one operation.
inline constexpr double tpuv4_operations_per_s = 275e12, a100_operations_per_s = 624e12;  // data sheets, INT8
inline constexpr double tpuv4_power_W = 192.0, a100_power_W = 400.0;
inline constexpr double tpuv4_area_mm2 = 400.0;  // assumed: not printed in the paper (or 600 mm2 with a factor of 10)
inline constexpr double a100_area_mm2 = 826.0;   // data sheet

/// A processor by its data sheet.
struct processor_constants {
  double operations_per_s = 1.0;
  watts power{0.0};
  square_metres area{0.0};
  double bytes_per_s = 1.0;   ///< of its memory
  double memory_bytes = 1.0;  ///< that holds the weights
};

/// Units   as named; times in s, rates in 1/s
/// Source  ISAAC: Shafiee et al., ISCA 2016, Table I, p. 8. PipeLayer: Song et al., HPCA 2017, sections 6.2, p. 9, and
///         6.6, p. 11. PRIME: Chi et al., ISCA 2016, Table IV, p. 10. Vesti: JEDEC JESD79-4, assumed. Processors: Wang et
///         al. 2024, section 6.5 and Table 10, p. 14; data sheets
struct baseline_constants {
  area_price isaac_bus_area = isaac_area("edram_ima_bus");
  area_price isaac_router_area = isaac_area("router");
  area_price isaac_tile_shift_add_area = isaac_area("tile_shift_add");
  area_price isaac_max_pool_area = isaac_area("max_pool");
  area_price isaac_tile_output_register_area = isaac_area("tile_output_register");
  area_price hyper_transport_area = isaac_area("hyper_transport");
  power_price isaac_sample_hold_power = isaac_power("sample_hold");
  power_price isaac_shift_add_power = isaac_power("shift_add");
  power_price isaac_input_register_power = isaac_power("input_register");
  power_price isaac_output_register_power = isaac_power("output_register");
  power_price isaac_edram_power = isaac_power("edram_buffer");
  power_price isaac_bus_power = isaac_power("edram_ima_bus");
  power_price isaac_router_power = isaac_power("router");
  power_price isaac_sigmoid_power = isaac_power("sigmoid");
  power_price isaac_tile_shift_add_power = isaac_power("tile_shift_add");
  power_price isaac_max_pool_power = isaac_power("max_pool");
  power_price isaac_tile_output_register_power = isaac_power("tile_output_register");
  power_price hyper_transport_power = isaac_power("hyper_transport");
  double hyper_transport_bytes_per_s = 6.4e9;  ///< of one of four links
  double prime_bus_bytes_per_s = 2 * 533e6 * 8.0;
  seconds pipelayer_slot{29.31e-9};
  double pipelayer_GOPS_mm2 = 1485.0;  ///< 16 bits; a multiplication and an addition are two operations
  double pipelayer_GOPS_W = 142.9;
  double pipelayer_chip_mm2 = 82.63;
  double vesti_bytes_per_s = 25.6e9;  ///< assumed: 3200 MT/s of 64 bits
  processor_constants tpuv4{tpuv4_operations_per_s, watts(tpuv4_power_W), square_metres(tpuv4_area_mm2 * 1e-6), 1.2e12,
                            32.0 * 1024 * 1024 * 1024};
  processor_constants a100{a100_operations_per_s, watts(a100_power_W), square_metres(a100_area_mm2 * 1e-6), 1.555e12,
                           40e9};

  /// Links of ISAAC's chips.
  [[nodiscard]] chip_link links() const noexcept {
    double const rate = 4.0 * hyper_transport_bytes_per_s;
    return {rate, joules(4.0 * hyper_transport_power.value.si() / rate), hyper_transport_link.source,
            hyper_transport_link.from};
  }
  /// The same for a system whose paper prints none.
  [[nodiscard]] chip_link links(std::string_view source) const noexcept {
    chip_link out = links();
    out.source = source, out.from = origin::assumption;
    return out;
  }

  /// Errors  value naming the constant
  static void validate(baseline_constants const& k);
};

/// Calls f(name, constant) for every one: prices, quantities and plain numbers.
template <class Constants, class F>
constexpr void for_each_baseline_constant(Constants& k, F&& f) {
  f("isaac_bus_area", k.isaac_bus_area), f("isaac_router_area", k.isaac_router_area);
  f("isaac_tile_shift_add_area", k.isaac_tile_shift_add_area), f("isaac_max_pool_area", k.isaac_max_pool_area);
  f("isaac_tile_output_register_area", k.isaac_tile_output_register_area);
  f("hyper_transport_area", k.hyper_transport_area);
  f("isaac_sample_hold_power", k.isaac_sample_hold_power), f("isaac_shift_add_power", k.isaac_shift_add_power);
  f("isaac_input_register_power", k.isaac_input_register_power);
  f("isaac_output_register_power", k.isaac_output_register_power);
  f("isaac_edram_power", k.isaac_edram_power), f("isaac_bus_power", k.isaac_bus_power);
  f("isaac_router_power", k.isaac_router_power), f("isaac_sigmoid_power", k.isaac_sigmoid_power);
  f("isaac_tile_shift_add_power", k.isaac_tile_shift_add_power), f("isaac_max_pool_power", k.isaac_max_pool_power);
  f("isaac_tile_output_register_power", k.isaac_tile_output_register_power);
  f("hyper_transport_power", k.hyper_transport_power);
  f("hyper_transport_bytes_per_s", k.hyper_transport_bytes_per_s);
  f("prime_bus_bytes_per_s", k.prime_bus_bytes_per_s), f("pipelayer_slot", k.pipelayer_slot);
  f("pipelayer_GOPS_mm2", k.pipelayer_GOPS_mm2), f("pipelayer_GOPS_W", k.pipelayer_GOPS_W);
  f("pipelayer_chip_mm2", k.pipelayer_chip_mm2), f("vesti_bytes_per_s", k.vesti_bytes_per_s);
  f("tpuv4_operations_per_s", k.tpuv4.operations_per_s), f("tpuv4_power", k.tpuv4.power);
  f("tpuv4_area", k.tpuv4.area), f("tpuv4_bytes_per_s", k.tpuv4.bytes_per_s);
  f("tpuv4_memory_bytes", k.tpuv4.memory_bytes);
  f("a100_operations_per_s", k.a100.operations_per_s), f("a100_power", k.a100.power), f("a100_area", k.a100.area);
  f("a100_bytes_per_s", k.a100.bytes_per_s), f("a100_memory_bytes", k.a100.memory_bytes);
}

namespace detail {
template <class Q>
void check_constant(char const* name, price<Q> const& p) {
  ohmic::detail::check_price(name, p);
}
template <class T>
void check_constant(char const* name, T const& v) {
  double si = 0.0;
  if constexpr (requires { v.si(); })
    si = v.si();
  else
    si = v;
  if (!(si > 0.0) || !std::isfinite(si))
    throw error({errc::value, "constant out of range", std::string("baselines.") + name, ohmic::detail::number_text(si),
                 "finite, above 0", "correct it"});
}
}  // namespace detail

inline void baseline_constants::validate(baseline_constants const& k) {
  for_each_baseline_constant(k, [](char const* name, auto const& v) { detail::check_constant(name, v); });
}

}  // namespace ohmic::inline OHMIC_ABI::chip
