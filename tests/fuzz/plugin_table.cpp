// Fuzz harness of the check of plugin tables: any bytes are refused with words, or are tables whose every text ends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "ohmic/plugin/table.hpp"

namespace {

/// The input as the memory of a process: addresses start at `base`, beyond its end nothing is there. Even addresses are code.
struct input_memory {
  static constexpr std::uintptr_t base = 0x10000;
  std::uint8_t const* data;
  std::size_t size;

  bool copy(void const* from, void* to, std::size_t n) const noexcept {
    auto const at = reinterpret_cast<std::uintptr_t>(from) - base;
    if (reinterpret_cast<std::uintptr_t>(from) < base || at > size || n > size - at) return false;
    std::memcpy(to, data + at, n);
    return true;
  }
  bool is_code(void const* at) const noexcept { return reinterpret_cast<std::uintptr_t>(at) % 2 == 0; }
};

/// The length of a text that the check let pass.
template <std::size_t N>
void text_ends(char const (&chars)[N]) {
  if (std::strlen(chars) >= N) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  input_memory const memory{data, size};
  try {
    auto const p =
        ohmic::plugin::check_table(memory, reinterpret_cast<void const*>(input_memory::base), std::string("fuzz.so"));
    text_ends(p.table.name), text_ends(p.table.version), text_ends(p.table.summary);
    if (p.devices.size() != p.table.device_count || p.devices.size() > ohmic::plugin::max_devices) std::abort();
    for (auto const& d : p.devices) {
      text_ends(d.name), text_ends(d.summary), text_ends(d.source), text_ends(d.parameters);
      if (d.create == nullptr || d.destroy == nullptr || d.facts == nullptr || d.program == nullptr) std::abort();
      if (d.abi_minor == 0 && d.draw != nullptr) std::abort();
      if (!ohmic::is_device_name(d.name)) std::abort();
    }
  } catch (ohmic::error const& e) {
    if (e.code() != ohmic::errc::plugin_table || e.info().where.empty()) std::abort();
  }
  return 0;
}
