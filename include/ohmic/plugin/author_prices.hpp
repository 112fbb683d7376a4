// A reader of price books becomes the extension of a plugin.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/cost/book_file.hpp"
#include "ohmic/plugin/abi_prices.h"
#include "ohmic/plugin/author.hpp"

namespace ohmic::inline OHMIC_ABI::plugin {

/// What makes a book of parameters: `name`, `summary`, `parameters_help` and `static run_time_book open(std::string_view)`, which throws
/// what it refuses.
template <class R>
concept price_reader = requires(std::string_view parameters) {
  { R::open(parameters) } -> std::convertible_to<run_time_book>;
  std::string_view(R::name), std::string_view(R::summary), std::string_view(R::parameters_help);
};

namespace detail {

/// The C functions of a reader. A book is its prices, area first.
template <price_reader Reader>
struct price_functions {
  using rows = std::vector<ohmic_price>;

  template <class Q>
  static void add(rows& out, price_index<Q> const& index, ohmic_price_kind kind) {
    for (auto const& e : index.entries) {
      ohmic_price p{};
      p.kind = kind, p.origin = static_cast<std::uint32_t>(e.value.from), p.value = e.value.value.si();
      if (e.name.size() >= sizeof p.name)
        throw error({errc::value, "a name is too long for a plugin", e.name, std::to_string(e.name.size()) + " bytes",
                     "at most 63", "shorten it"});
      put(p.name, e.name), put(p.source, e.value.source);
      out.push_back(p);
    }
  }
  static std::int32_t open(char const* parameters, void** book, ohmic_error* e) noexcept {
    return no_throw(e, [&] {
      run_time_book const read = Reader::open(parameters == nullptr ? "" : parameters);
      auto out = std::make_unique<rows>();
      add(*out, read.areas, OHMIC_PRICE_AREA);
      add(*out, read.static_powers, OHMIC_PRICE_STATIC_POWER);
      add(*out, read.energies, OHMIC_PRICE_ENERGY);
      *book = out.release();
    });
  }
  static void close(void* book) noexcept { delete static_cast<rows*>(book); }
  static std::int32_t count(void* book, std::uint64_t* count, ohmic_error*) noexcept {
    *count = static_cast<rows const*>(book)->size();
    return OHMIC_OK;
  }
  static std::int32_t get(void* book, std::uint64_t first, std::uint64_t n, ohmic_price* prices,
                          ohmic_error* e) noexcept {
    auto const& all = *static_cast<rows const*>(book);
    if (first > all.size() || n > all.size() - first) return fail(e, OHMIC_BAD_VALUE, "no such prices");
    for (std::uint64_t k = 0; k < n; ++k) {
      auto const size = prices[k].struct_size;
      prices[k] = all[first + k];
      prices[k].struct_size = size;
    }
    return OHMIC_OK;
  }
};

}  // namespace detail

/// The extension of a plugin that reads price books:
///   void const* extension(char const* name) { return ohmic::plugin::prices_of<my_reader>(name); }
template <price_reader Reader>
[[nodiscard]] void const* prices_of(char const* extension) noexcept {
  using functions = detail::price_functions<Reader>;
  static ohmic_prices_v1 const table = [] {
    ohmic_prices_v1 t{};
    t.struct_size = sizeof t;
    t.abi_major = OHMIC_PLUGIN_ABI_MAJOR, t.abi_minor = OHMIC_PLUGIN_ABI_MINOR;
    detail::put(t.name, Reader::name), detail::put(t.summary, Reader::summary);
    detail::put(t.parameters, Reader::parameters_help);
    t.open = functions::open, t.close = functions::close, t.count = functions::count, t.get = functions::get;
    return t;
  }();
  return extension != nullptr && std::string_view(extension) == OHMIC_PRICES_EXTENSION ? &table : nullptr;
}

}  // namespace ohmic::inline OHMIC_ABI::plugin
