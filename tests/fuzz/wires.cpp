// The wire solver against Eigen's sparse elimination of one equation a node and a branch, in long double: networks drawn from the
// input. Needs Eigen; nothing else of ohmic does.
#include <Eigen/Sparse>    // sparse matrices, for the solver beside
#include <Eigen/SparseLU>  // an elimination that shares nothing with ours
#include <cmath>
#include <vector>

#include "harness.hpp"
#include "ohmic/core/reflect.hpp"
#include "support/plain_wires.hpp"
#include "unit/crossbar/wires_cases.hpp"

namespace {

struct eigen_elimination {
  template <class Real>
  std::vector<Real> operator()(std::vector<std::vector<Real>> const& a) const {
    auto const n = static_cast<Eigen::Index>(a.size());
    std::vector<Eigen::Triplet<Real>> entries;
    Eigen::Matrix<Real, Eigen::Dynamic, 1> right(n);
    for (Eigen::Index r = 0; r < n; ++r) {
      auto const& row = a[static_cast<std::size_t>(r)];
      for (Eigen::Index c = 0; c < n; ++c)
        if (Real const v = row[static_cast<std::size_t>(c)]; v != 0) entries.emplace_back(r, c, v);
      right(r) = row.back();
    }
    Eigen::SparseMatrix<Real> m(n, n);
    m.setFromTriplets(entries.begin(), entries.end());
    Eigen::SparseLU<Eigen::SparseMatrix<Real>> const lu(m);
    if (lu.info() != Eigen::Success) return {};
    Eigen::Matrix<Real, Eigen::Dynamic, 1> const x = lu.solve(right);
    return {x.data(), x.data() + n};
  }
};

}  // namespace

OHMIC_FUZZ(wires) {
  using namespace ohmic_test;
  dice random(ohmic::fingerprint(ohmic_fuzz::text_of(data, size)));
  auto const c = random_wires(random, 9);
  auto const wanted = solve_plainly(c.network, c.volts, eigen_elimination{}).output_A;
  auto const got = ohmic::wire_solver(c.network).solve(c.volts);
  double largest = 1e-300;
  for (double const a : wanted) largest = std::fmax(largest, std::fabs(a));
  for (std::size_t j = 0; j < wanted.size(); ++j)
    if (!(std::fabs(wanted[j] - got.output_A[j]) <= exact * largest))
      ohmic_fuzz::finding("currents are other than Eigen's: bit line " + std::to_string(j) + " of " + c.text());
}
