// A device of one's own: replace what was measured in `ohmic::ideal_device`, and program an array of it.
#include <cmath>
#include <cstdio>
#include <ohmic/crossbar/in_situ/product.hpp>
#include <ohmic/device/ideal.hpp>

struct lab_cell : ohmic::ideal_device {
  constexpr ohmic::device_facts facts() const noexcept {
    return {
        .name = "lab_cell", .summary = "a cell of our lab", .source = "made up", .high_uS = 50.0, .has_spread = true};
  }
  double programming_sigma(double g_uS) const noexcept { return 0.1 + 0.02 * g_uS; }
};
static_assert(ohmic::device_law<lab_cell>);

int main() {
  ohmic::matrix<double> w(16, 64), x(64, 8);  // (outputs, inputs), (inputs, vectors)
  for (std::size_t k = 0; k < w.size(); ++k) w.flat()[k] = static_cast<double>(k * 37 % 201) / 100.0 - 1.0;
  for (std::size_t k = 0; k < x.size(); ++k) x.flat()[k] = static_cast<double>(k * 53 % 199) / 99.0 - 1.0;

  ohmic::in_situ::config settings;
  settings.cell.r_on = ohmic::ohms(20e3);  // 50 uS, the end of the cell's range
  settings.cell.r_off = ohmic::ohms(1e9);
  settings.adc.levels = ohmic::level_convention::none;  // the device alone
  ohmic::in_situ::report report;
  auto const ideal = ohmic::in_situ::multiply(ohmic::in_situ::program(w.view(), settings), x.view(), report);
  for (std::uint64_t chip : {1u, 2u, 3u}) {
    auto const cells = ohmic::in_situ::program(w.view(), settings, lab_cell{}, {.seed = chip});
    auto const y = ohmic::in_situ::multiply(cells, x.view(), report);  // (outputs, vectors)
    double off = 0.0, size = 0.0;
    for (std::size_t k = 0; k < y.size(); ++k) {
      off += std::pow(y.flat()[k] - ideal.flat()[k], 2);
      size += std::pow(ideal.flat()[k], 2);
    }
    std::printf("chip %d: products are off by %.2f %%\n", static_cast<int>(chip), 100.0 * std::sqrt(off / size));
  }
}
