// What a product leaves: digital sums by token and output.
#pragma once

#include <cstddef>
#include <span>

#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/job.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Digital sums of a product, in product units.
/// Shape   (tokens, outputs), rows padded to whole blocks
/// Range   exact: integers with lossless converters, multiples of 2^-16 otherwise
class product_sums {
 public:
  product_sums() = default;
  product_sums(std::size_t tokens, std::size_t outputs)
      : values_(tokens, pieces(outputs, output_block) * output_block), outputs_(outputs) {}

  [[nodiscard]] std::size_t tokens() const noexcept { return values_.rows(); }
  [[nodiscard]] std::size_t outputs() const noexcept { return outputs_; }
  [[nodiscard]] std::span<double const> row(std::size_t token) const noexcept {
    return values_.row(token).first(outputs_);
  }
  [[nodiscard]] double operator()(std::size_t token, std::size_t output) const noexcept {
    return values_(token, output);
  }
  [[nodiscard]] sum_target target(std::size_t token, std::size_t block, double gain) noexcept {
    return {&values_(token, block * output_block), values_.cols(), gain};
  }
  friend bool operator==(product_sums const&, product_sums const&) = default;

 private:
  matrix<double> values_;
  std::size_t outputs_ = 0;
};

}  // namespace ohmic::inline OHMIC_ABI
