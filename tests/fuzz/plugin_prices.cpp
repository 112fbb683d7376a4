// Prices from a plugin, byte for byte: refused, or lines of a book that the library's own reader takes.
#include <cstring>

#include "harness.hpp"
#include "ohmic/cost/book_file.hpp"
#include "ohmic/plugin/prices.hpp"

namespace {

struct no_memory {
  bool copy(void const*, void*, std::size_t) const noexcept { return false; }
  bool is_code(void const*) const noexcept { return false; }
};

}  // namespace

OHMIC_FUZZ(plugin_prices) {
  using namespace ohmic_fuzz;
  no_memory const memory;
  ohmic::plugin::detail::table_check<no_memory> const check(memory, "fuzz.so");
  std::string text;
  try {
    for (ohmic_price p; size >= sizeof p; data += sizeof p, size -= sizeof p) {
      std::memcpy(&p, data, sizeof p);
      text += ohmic::plugin::detail::price_line(check, p, "fuzz.so");
    }
  } catch (ohmic::error const& e) {
    if (e.code() != ohmic::errc::plugin_failed && e.code() != ohmic::errc::plugin_table) finding(e.what());
    return;
  }
  accepts([&] { static_cast<void>(ohmic::parse_price_book(text, "fuzz.so")); });
}
