// .npy files: refused with words, or read so that what is written again reads the same.
#include "ohmic/model/import/npy.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "harness.hpp"

OHMIC_FUZZ(npy) {
  using namespace ohmic_fuzz;
  static input_folder const folder;
  auto const file = folder.write("a.npy", text_of(data, size));
  accepts([&] {
    auto const a = ohmic::model::read_npy(file);
    if (a.values.rows() * a.values.cols() * 4 > size) finding("more numbers than bytes");
    auto const b =
        ohmic::model::read_npy(folder.write("b.npy", ohmic::model::npy_bytes(a.values.view(), a.is_vector())));
    if (a.shape != b.shape ||
        std::memcmp(a.values.flat().data(), b.values.flat().data(), a.values.flat().size_bytes()) != 0)
      finding("an array changes when it is written and read");
  });
}
