// Actions of a product, from shapes alone: what an estimator of one's own would ask ohmic for.
#include <cstdio>
#include <ohmic/crossbar/shape.hpp>

int main() {
  ohmic::array_geometry const array;                // 128 x 128
  ohmic::product_shape const shape{128, 768, 768};  // tokens, inner, outputs
  auto const planned = ohmic::planned_product(array, 2, 3, shape, ohmic::operand_source::weights);
  std::printf("%llu conversions\n", static_cast<unsigned long long>(planned.count<"adc", "convert">()));
}
