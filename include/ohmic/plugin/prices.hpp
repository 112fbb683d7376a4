// Price books of plugins: as text that the library's own reader takes.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/cost/concept.hpp"
#include "ohmic/plugin/abi_prices.h"
#include "ohmic/plugin/arithmetic.hpp"
#include "ohmic/plugin/device.hpp"
#include "ohmic/plugin/table.hpp"

namespace ohmic::inline OHMIC_ABI::plugin::detail {

inline constexpr table_sizes prices_sizes = {{504, 504}};
inline constexpr std::uint64_t max_prices = 65536;

/// The texts of a table of price books.
/// Errors  plugin_table
template <class Memory>
void check_price_texts(table_check<Memory> const& check, ohmic_prices_v1 const& t) {
  check.name(t.name, "prices.name");
  check.text(t.summary, "prices.summary", true);
  check.text(t.parameters, "prices.parameters", false);
}

/// The table of a plugin's price books, copied and checked; null where it has none.
/// Errors  plugin_table; plugin_failed
template <class Memory>
[[nodiscard]] std::optional<ohmic_prices_v1> find_price_books(Memory const& memory, ohmic_plugin_v1 const& plugin,
                                                              std::string const& where) {
  void const* at = nullptr;
  if (plugin.extension != nullptr)
    guarded(where, "extension", [&](ohmic_error*) {
      at = plugin.extension(OHMIC_PRICES_EXTENSION);
      return std::int32_t{OHMIC_OK};
    });
  if (at == nullptr) return std::nullopt;
  table_check<Memory> const check(memory, where);
  ohmic_prices_v1 t;
  check.copy_table(at, "prices", prices_sizes, t);
  check_price_texts(check, t);
  check.code(reinterpret_cast<void const*>(t.open), "prices.open", true);
  check.code(reinterpret_cast<void const*>(t.close), "prices.close", true);
  check.code(reinterpret_cast<void const*>(t.count), "prices.count", true);
  check.code(reinterpret_cast<void const*>(t.get), "prices.get", true);
  return t;
}

/// One price as a line of a book.
/// Errors  plugin_failed
template <class Memory>
[[nodiscard]] std::string price_line(table_check<Memory> const& check, ohmic_price const& p, std::string const& where) {
  auto const broken = [&](char const* what, std::string got, char const* allowed) {
    return error({errc::plugin_failed, std::string("get gives what cannot be: ") + what, where, std::move(got), allowed,
                  "mend the plugin"});
  };
  check.text(p.name, "price.name", true);
  std::string const name = p.name;
  check.text(p.source, "price.source of " + name, true);
  if (name.find(',') != name.npos) throw broken("a name with a comma", name, "adc, adc.convert");
  if (!(p.value >= 0.0) || !std::isfinite(p.value))
    throw broken("a price", ohmic::detail::number_text(p.value) + " of " + name, "finite, not negative");
  if (p.origin > OHMIC_ORIGIN_ASSUMPTION) throw broken("an origin", std::to_string(p.origin) + " of " + name, "0..3");
  std::string kind, value;
  switch (p.kind) {
    case OHMIC_PRICE_AREA:
      kind = "area", value = to_text(square_metres(p.value));
      break;
    case OHMIC_PRICE_STATIC_POWER:
      kind = "static_power", value = to_text(watts(p.value));
      break;
    case OHMIC_PRICE_ENERGY:
      kind = "energy", value = to_text(joules(p.value));
      break;
    default:
      throw broken("a kind of price", std::to_string(p.kind) + " of " + name, "1..3");
  }
  return kind + "," + name + "," + value + "," + std::string(name_of(static_cast<origin>(p.origin))) + "," + p.source +
         "\n";
}

/// All prices of a book, line by line, as parse_price_book reads them.
/// Errors  missing_entry where the plugin has no price books; as find_price_books; those of the plugin for its parameters; plugin_failed where it gives what cannot be
template <class Memory>
[[nodiscard]] std::string price_text(Memory const& memory, ohmic_plugin_v1 const& plugin, std::string const& where,
                                     std::string const& parameters) {
  auto const found = find_price_books(memory, plugin, where);
  if (!found)
    throw error({errc::missing_entry, "the plugin has no price books", where,
                 std::string("no extension ") + OHMIC_PRICES_EXTENSION, "a plugin with prices",
                 "see plugins/README.md"});
  auto const& t = *found;
  table_check<Memory> const check(memory, where);
  void* book = nullptr;
  guarded(where, "open", [&](ohmic_error* e) { return t.open(parameters.c_str(), &book, e); });
  auto const close = [&](void* opened) noexcept {
    kept_arithmetic const kept;
    try {
      t.close(opened);
    } catch (...) {}  // the book is gone anyway
  };
  std::unique_ptr<void, decltype(close)> const closes(book, close);
  std::uint64_t count = max_prices + 1;
  guarded(where, "count", [&](ohmic_error* e) { return t.count(book, &count, e); });
  if (count > max_prices)
    throw error({errc::plugin_failed, "count gives what cannot be", where, std::to_string(count),
                 "at most " + std::to_string(max_prices), "mend the plugin"});
  std::string text;
  std::vector<ohmic_price> prices;
  for (std::uint64_t first = 0; first < count; first += prices.size()) {
    prices.assign(static_cast<std::size_t>(std::min<std::uint64_t>(count - first, 256)), ohmic_price{});
    for (auto& p : prices) p.struct_size = sizeof p, p.value = NAN;
    guarded(where, "get", [&](ohmic_error* e) { return t.get(book, first, prices.size(), prices.data(), e); });
    for (auto const& p : prices) text += price_line(check, p, where);
  }
  return text;
}

}  // namespace ohmic::inline OHMIC_ABI::plugin::detail
