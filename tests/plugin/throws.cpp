// A plugin in C++ that lets exceptions out: from a call, and from its entry where OHMIC_THROWS_AT_ONCE is set.
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "ohmic/plugin/abi.h"

namespace {

int instance = 0;

std::int32_t create(char const*, void** out, ohmic_error*) {
  *out = &instance;
  return OHMIC_OK;
}
void destroy(void*) {}
std::int32_t facts(void*, ohmic_device_facts* out, ohmic_error*) {
  out->flags = OHMIC_DEVICE_HAS_SPREAD;
  out->low_uS = 0.0, out->high_uS = 25.0, out->first_s = 0.0, out->last_s = 1.0;
  return OHMIC_OK;
}
std::int32_t program(void*, ohmic_tile const*, double const*, double*, double*, ohmic_error*) {
  throw std::runtime_error("no laws today");
}

ohmic_device_v1 device{};
ohmic_device_v1 const* const devices[] = {&device, nullptr};
ohmic_plugin_v1 table{};

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
#ifdef OHMIC_THROWS_AT_ONCE
  if (instance == 0) throw 42;
#endif
  device.struct_size = sizeof device, table.struct_size = sizeof table;
  device.abi_major = table.abi_major = OHMIC_PLUGIN_ABI_MAJOR;
  device.abi_minor = table.abi_minor = OHMIC_PLUGIN_ABI_MINOR;
  table.magic = OHMIC_PLUGIN_MAGIC;
  std::strcpy(device.name, "throwing_cell"), std::strcpy(device.summary, "throws"),
      std::strcpy(device.source, "made up");
  std::strcpy(table.name, "throws"), std::strcpy(table.version, "1"), std::strcpy(table.summary, "throws");
  device.create = create, device.destroy = destroy, device.facts = facts, device.program = program;
  table.device_count = 1, table.devices = devices;
  return &table;
}
