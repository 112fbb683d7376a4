// Settings in TOML: refused with words, or texts by key; and the chips that they make.
#include "settings_file.hpp"

#include "chips.hpp"
#include "harness.hpp"

OHMIC_FUZZ(settings_file) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("chip.toml", text_of(data, size)).string();
  accepts([&] {
    for (auto const& e : program_cli::read_settings_file(file))
      if (e.key.empty() && e.where.empty()) finding("an entry from nowhere");
  });
  accepts([&] {
    auto const request = program_cli::read_chip_file(file);
    auto const settings = program_cli::settings_of(request);
    std::visit([](auto const& c) { ohmic::chip::validate(c); }, settings);
    static_cast<void>(program_cli::settings_object(settings).dump());
  });
}
