// The devices that are known by name.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/device/ideal.hpp"
#include "ohmic/device/measured_states.hpp"
#include "ohmic/device/pcm.hpp"
#include "ohmic/device/rram.hpp"
#include "ohmic/device/sonos.hpp"
#include "ohmic/device/transistors.hpp"

namespace ohmic::inline OHMIC_ABI {

/// A device of the catalogue; README.md has the table.
enum class device_name {
  ideal,
  fixed_resistor,
  rram_taox,
  rram_milo,
  rram_wan,
  rram_wan_retention,
  reram_cmo,
  reram_cmo_fine,
  pcm_joshi,
  pcm_nandakumar,
  pcm_hermes,
  pcm_hermes_single,
  sonos,
  fefet,
  stt_mram,
  sram,
  table,
  plugin,  ///< one that a plugin brings: device_choice has its name and its law
};

/// Their laws, in the order of device_name.
using device_laws = std::tuple<ideal_device, made_resistor, rram_taox, rram_milo, rram_wan, rram_wan_retention,
                               reram_cmo, reram_cmo_fine, pcm_joshi, pcm_nandakumar, pcm_hermes, pcm_hermes_single,
                               sonos, fefet, stt_mram, sram, measured_states>;
inline constexpr std::size_t device_count = std::tuple_size_v<device_laws>;
static_assert(device_count == static_cast<std::size_t>(device_name::plugin), "ohmic: one law for every device_name");

/// True for the laws of the catalogue themselves.
template <class Law>
inline constexpr bool is_catalogued = []<class... Laws>(std::type_identity<std::tuple<Laws...>>) {
  return (std::is_same_v<Law, Laws> || ...);
}(std::type_identity<device_laws>{});

/// Calls f with the law of a device as it is published.
template <class F>
void with_law(device_name name, F&& f) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    static_cast<void>(
        ((static_cast<std::size_t>(name) == I ? (f(std::tuple_element_t<I, device_laws>{}), true) : false) || ...));
  }
  (std::make_index_sequence<device_count>());
}

template <>
struct enum_names<device_name> {
  static constexpr std::pair<std::string_view, device_name> value[] = {
      {"ideal", device_name::ideal},
      {"fixed_resistor", device_name::fixed_resistor},
      {"rram_taox", device_name::rram_taox},
      {"rram_milo", device_name::rram_milo},
      {"rram_wan", device_name::rram_wan},
      {"rram_wan_retention", device_name::rram_wan_retention},
      {"reram_cmo", device_name::reram_cmo},
      {"reram_cmo_fine", device_name::reram_cmo_fine},
      {"pcm_joshi", device_name::pcm_joshi},
      {"pcm_nandakumar", device_name::pcm_nandakumar},
      {"pcm_hermes", device_name::pcm_hermes},
      {"pcm_hermes_single", device_name::pcm_hermes_single},
      {"sonos", device_name::sonos},
      {"fefet", device_name::fefet},
      {"stt_mram", device_name::stt_mram},
      {"sram", device_name::sram},
      {"table", device_name::table}};
};

}  // namespace ohmic::inline OHMIC_ABI
