#include "product.hpp"
#include "units.hpp"

outcome run_avx2(std::vector<float> const& x, std::vector<float> const& y) { return run_here(x, y); }

std::vector<double> product_avx2() { return product_here(); }
