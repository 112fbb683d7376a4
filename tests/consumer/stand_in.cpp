// Stands in for README's first program where there is no README, e.g. in a copy of the sources alone.
#include <cstdio>

#include "ohmic/core/view.hpp"

int main() {
  ohmic::matrix<float> const m(2, 3);
  std::printf("ohmic %d, %s\n", OHMIC_VERSION, ohmic::shape_text(m.rows(), m.cols()).c_str());
}
