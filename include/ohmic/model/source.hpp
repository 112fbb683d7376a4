// Matrices that stay in their files: read one at a time, so that a model never lies in memory as a whole.
#pragma once

#include "ohmic/core/config.hpp"
#include "ohmic/model/weights.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Where the weight-stationary matrices of a model lie that are not in memory. Any thread may read.
class matrix_source {
 public:
  virtual ~matrix_source() = default;
  /// The matrix of a site, read anew each time.
  /// Errors  those of the files, among them file_truncated where one shrank since it was opened
  [[nodiscard]] virtual linear_weights read(program::site s) const = 0;
};

/// Calls f(site, matrix): with `here`, or with what the source reads in its place.
template <class F>
void give_matrix(matrix_source const* source, program::site s, linear_weights const& here, F&& f) {
  if (source != nullptr)
    f(s, source->read(s));
  else
    f(s, here);
}

}  // namespace ohmic::inline OHMIC_ABI::model
