// A host of its own, for another compiler than that of the tests: what a device of a plugin makes of a tile.
//   host PLUGIN DEVICE ROWS COLS [isolated]
#include "ohmic/plugin/host.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "plugin/all_of.hpp"

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  try {
    auto const p =
        argc > 5 ? ohmic::plugin::loaded(argv[1], ohmic::plugin::isolation{}) : ohmic::plugin::loaded(argv[1]);
    auto const made = ohmic_test::all_of(*p.make_device(argv[2], ""), std::strtoul(argv[3], nullptr, 10),
                                         std::strtoul(argv[4], nullptr, 10));
    std::fputs(ohmic_test::hexadecimal(made).c_str(), stdout);
    return 0;
  } catch (std::exception const& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
