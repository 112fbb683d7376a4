// What a sweep is asked (TOML): refused with words, or points whose settings can be told.
#include "sweep_spec.hpp"

#include "harness.hpp"

OHMIC_FUZZ(sweep_spec) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("sweep.toml", text_of(data, size)).string();
  accepts([&] {
    auto const spec = program_cli::sweep_spec::read(file, {});
    if (spec.points() == 0 || spec.points() > 10'000'000) finding("as many points as cannot be");
    for (std::uint64_t const p : {std::uint64_t{0}, spec.points() / 2, spec.points() - 1}) {
      if (spec.values(p).size() != spec.dimensions.size()) finding("a point without a value");
      static_cast<void>(spec.assignment(p));
    }
    static_cast<void>(spec.identity().dump());
  });
}
