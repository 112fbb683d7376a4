// Settings as text, key=value a line, as --set and plugins take them: refused with words and nothing changed, or printed settings
// read back as the same.
#include "harness.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/in_situ/config.hpp"

OHMIC_FUZZ(settings) {
  using namespace ohmic_fuzz;
  ohmic::in_situ::config c;
  for (std::string_view rest = text_of(data, size); !rest.empty();) {
    auto const end = rest.find('\n');
    std::string const before = ohmic::print(c);
    if (!accepts([&] { ohmic::assign(c, rest.substr(0, end)); }) && ohmic::print(c) != before)
      finding("a refused setting changed something");
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
  }
  std::string const printed = ohmic::print(c);
  if (printed.find("nan") != printed.npos) return;  // is no number that reads back as itself
  ohmic::in_situ::config again;
  accepts([&] {
    for (std::string_view rest = printed; !rest.empty();) {
      auto const end = rest.find('\n');
      ohmic::assign(again, rest.substr(0, end));
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
    if (ohmic::print(again) != printed) finding("printed settings read back differently");
  });
  accepts([&] { ohmic::in_situ::config::validate(c); });
}
