// Price books as text: what a plugin, --prices or a converter of another form hands over.
#include <cmath>

#include "harness.hpp"
#include "ohmic/cost/book_file.hpp"

OHMIC_FUZZ(price_book) {
  using namespace ohmic_fuzz;
  accepts([&] {
    auto const book = ohmic::parse_price_book(text_of(data, size), "book.csv");
    auto const check = [](auto const& prices) {
      for (auto const& e : prices.entries)
        if (!(e.value.value.si() >= 0.0) || !std::isfinite(e.value.value.si()) || e.value.source.empty() ||
            prices.find(e.name) != &e.value)
          finding("a price that cannot be: " + e.name);
    };
    check(book.areas), check(book.static_powers), check(book.energies);
  });
}
