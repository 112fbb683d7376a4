// A device law of the library becomes a plugin.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/device/concept.hpp"
#include "ohmic/plugin/abi.h"

namespace ohmic::inline OHMIC_ABI::plugin {

/// Texts of a plugin. Longer ones than the table holds are cut.
struct description {
  std::string_view name, version, summary;
};

namespace detail {

/// Copies a text into a table, always with a zero at its end. A code point of UTF-8 is cut as a whole.
template <std::size_t N>
void put(char (&chars)[N], std::string_view text) noexcept {
  std::size_t n = std::min(text.size(), N - 1);
  if (n < text.size())
    while (n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) --n;
  std::copy_n(text.data(), n, chars);
  std::fill(chars + n, chars + N, '\0');
}

/// Fills an error where there is one.
inline std::int32_t fail(ohmic_error* e, std::int32_t status, std::string_view message) noexcept {
  if (e != nullptr && e->struct_size >= sizeof(ohmic_error)) {
    e->code = status;
    put(e->message, message);
  }
  return status;
}

/// Runs what may throw; nothing leaves.
template <class F>
std::int32_t no_throw(ohmic_error* e, F const& f) noexcept {
  try {
    f();
    return OHMIC_OK;
  } catch (error const& problem) {
    auto const code = static_cast<int>(problem.code());
    bool const known = code == OHMIC_BAD_VALUE || code == OHMIC_NO_FILE || code == OHMIC_BAD_FILE;
    return fail(e, known ? code : code / 100 == 3 ? OHMIC_BAD_FILE : OHMIC_BAD_PARAMETERS, problem.what());
  } catch (std::bad_alloc const&) {
    return fail(e, OHMIC_NO_MEMORY, "out of memory");
  } catch (std::exception const& problem) { return fail(e, OHMIC_FAILED, problem.what()); } catch (...) {
    return fail(e, OHMIC_FAILED, "an unknown exception");
  }
}

/// Calls f(i, cell) with the place in the arrays of every element of a tile, and the address of its cell.
template <class F>
void for_each_element(ohmic_tile const& t, F const& f) {
  for (std::uint64_t r = 0; r < t.rows; ++r)
    for (std::uint64_t c = 0; c < t.cols; ++c) f(r * t.ld + c, t.first_cell + r * t.cell_ld + c);
}

/// A law whose programming is no mean with a normal error.
template <class Law>
concept draws_itself = requires(Law const& law, stream numbers, std::uint64_t cell, std::uint32_t time, double g_uS) {
  { law.drawn(numbers, cell, time, g_uS) }
  noexcept->std::convertible_to<double>;
};

/// The C functions of a law.
template <device_law Law>
struct device_functions {
  static std::int32_t create(char const* parameters, void** instance, ohmic_error* e) noexcept {
    return no_throw(e, [&] {
      std::string_view const text = parameters == nullptr ? "" : parameters;
      if constexpr (requires { Law::from_parameters(text); }) {
        *instance = new Law(Law::from_parameters(text));
      } else {
        if (!text.empty())
          throw error({errc::config_value, "this device has no parameters", "cell.parameters", in_quotes(text),
                       "nothing", "leave cell.parameters out"});
        *instance = new Law{};
      }
    });
  }
  static void destroy(void* instance) noexcept { delete static_cast<Law*>(instance); }

  static std::int32_t facts(void* instance, ohmic_device_facts* out, ohmic_error*) noexcept {
    device_facts const f = law(instance).facts();
    out->flags = 0;
    for (auto const& [has, flag] :
         {std::pair(f.programmable, OHMIC_DEVICE_PROGRAMMABLE), std::pair(f.has_spread, OHMIC_DEVICE_HAS_SPREAD),
          std::pair(f.has_read_noise, OHMIC_DEVICE_HAS_READ_NOISE), std::pair(f.has_drift, OHMIC_DEVICE_HAS_DRIFT),
          std::pair(f.is_volatile, OHMIC_DEVICE_IS_VOLATILE), std::pair(f.is_activated, OHMIC_DEVICE_IS_ACTIVATED)})
      if (has) out->flags |= static_cast<std::uint32_t>(flag);
    out->low_uS = f.low_uS, out->high_uS = f.high_uS;
    out->levels = f.levels, out->reserved = 0;
    out->first_s = f.first_s, out->last_s = f.last_s;
    return OHMIC_OK;
  }
  static std::int32_t program(void* instance, ohmic_tile const* t, double const* target, double* mean, double* sigma,
                              ohmic_error* e) noexcept {
    return no_throw(e, [&] {
      for_each_element(*t, [&](std::uint64_t i, std::uint64_t) {
        mean[i] = law(instance).programming_mean(target[i]);
        sigma[i] = law(instance).programming_sigma(target[i]);
      });
    });
  }
  static std::int32_t age(void* instance, ohmic_tile const* t, double const* target, double const* programmed,
                          double const* z, double* aged, ohmic_error* e) noexcept {
    return no_throw(e, [&] {
      for_each_element(*t, [&](std::uint64_t i, std::uint64_t) {
        aged[i] = law(instance).aged(target[i], programmed[i], t->age_s, z[i]);
      });
    });
  }
  static std::int32_t read(void* instance, ohmic_tile const* t, double const* programmed, double const* aged,
                           double* sigma, ohmic_error* e) noexcept {
    return no_throw(e, [&] {
      for_each_element(*t, [&](std::uint64_t i, std::uint64_t) {
        sigma[i] = law(instance).read_sigma(programmed[i], aged[i], t->age_s);
      });
    });
  }
  static std::int32_t draw(void* instance, ohmic_tile const* t, double const* target, double* programmed,
                           ohmic_error* e) noexcept requires draws_itself<Law> {
    return no_throw(e, [&] {
      stream const numbers{t->seed, static_cast<purpose>(t->purpose), t->array};
      for_each_element(*t, [&](std::uint64_t i, std::uint64_t cell) {
        programmed[i] = law(instance).drawn(numbers, cell, t->time, target[i]);
      });
    });
  }

 private:
  [[nodiscard]] static Law const& law(void* instance) noexcept { return *static_cast<Law const*>(instance); }
};

template <class Law>
[[nodiscard]] ohmic_device_v1 device_table() noexcept {
  using functions = device_functions<Law>;
  // What a law is called does not hang on its parameters.
  device_facts const f = Law{}.facts();
  ohmic_device_v1 d{};
  d.struct_size = sizeof d;
  d.abi_major = OHMIC_PLUGIN_ABI_MAJOR, d.abi_minor = OHMIC_PLUGIN_ABI_MINOR;
  d.threads = OHMIC_ANY_THREAD;  // laws are constant functions
  put(d.name, f.name), put(d.summary, f.summary), put(d.source, f.source);
  if constexpr (requires { std::string_view(Law::parameters_help); }) put(d.parameters, Law::parameters_help);
  d.create = functions::create, d.destroy = functions::destroy, d.facts = functions::facts;
  d.program = functions::program, d.age = functions::age, d.read = functions::read;
  if constexpr (draws_itself<Law>) d.draw = functions::draw;
  return d;
}

/// The tables of a plugin, in one place that never moves.
template <class... Laws>
struct plugin_tables {
  ohmic_device_v1 devices[sizeof...(Laws) + 1];  // one more, so that there may be none
  ohmic_device_v1 const* list[sizeof...(Laws) + 1];
  ohmic_plugin_v1 table{};

  plugin_tables(description const& d, void const* (*extension)(char const*)) noexcept
      : devices{device_table<Laws>()..., ohmic_device_v1{}}, list{} {
    for (std::size_t k = 0; k < sizeof...(Laws); ++k) list[k] = devices + k;
    table.struct_size = sizeof table;
    table.abi_major = OHMIC_PLUGIN_ABI_MAJOR, table.abi_minor = OHMIC_PLUGIN_ABI_MINOR;
    table.magic = OHMIC_PLUGIN_MAGIC;
    put(table.name, d.name), put(table.version, d.version), put(table.summary, d.summary);
    table.device_count = sizeof...(Laws);
    table.devices = sizeof...(Laws) > 0 ? list : nullptr;
    table.extension = extension;
  }
  plugin_tables(plugin_tables const&) = delete;
  plugin_tables& operator=(plugin_tables const&) = delete;
};

}  // namespace detail

/// The table of a plugin that has these devices:
///   extern "C" ohmic_plugin_v1 const* ohmic_plugin_entry_v1(void) {
///     return ohmic::plugin::table_of<my_cell>({"my_lab", "1.0", "cells of our lab"});
///   }
/// A law with parameters has `static Law from_parameters(std::string_view)`, which throws what it refuses, and
/// `parameters_help`, a line on them; without it any parameter is refused. A law that draws its own numbers has
/// `double drawn(stream, cell, time, target_uS) const noexcept`.
/// Errors  none: what functions throw becomes a status and a message
template <device_law... Laws>
[[nodiscard]] ohmic_plugin_v1 const* table_of(description const& d,
                                              void const* (*extension)(char const*) = nullptr) noexcept {
  static detail::plugin_tables<Laws...> const tables(d, extension);
  return &tables.table;
}

}  // namespace ohmic::inline OHMIC_ABI::plugin
