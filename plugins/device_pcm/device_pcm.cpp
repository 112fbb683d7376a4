// The phase-change memories of the library as a plugin: the same bits as built in.
#include <string_view>

#include "ohmic/device/pcm.hpp"
#include "ohmic/plugin/author.hpp"

namespace {

/// A law under a name of its own: those of the catalogue are taken.
template <class Law>
struct renamed : Law {
  [[nodiscard]] ohmic::device_facts facts() const noexcept {
    auto f = Law::facts();
    f.name = name();
    return f;
  }
  static constexpr std::string_view name();
};
template <>
constexpr std::string_view renamed<ohmic::pcm_joshi>::name() {
  return "plugin_pcm_joshi";
}
template <>
constexpr std::string_view renamed<ohmic::pcm_nandakumar>::name() {
  return "plugin_pcm_nandakumar";
}
template <>
constexpr std::string_view renamed<ohmic::pcm_hermes>::name() {
  return "plugin_pcm_hermes";
}

}  // namespace

extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
  return ohmic::plugin::table_of<renamed<ohmic::pcm_joshi>, renamed<ohmic::pcm_nandakumar>, renamed<ohmic::pcm_hermes>>(
      {"device_pcm", "1.0", "phase-change memories of ohmic's catalogue"});
}
