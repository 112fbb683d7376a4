// Convolutional networks as products: one vector of a patch's values for every output position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/program/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::program {

/// `times` equal convolutions of a square image.
struct convolution {
  std::size_t input_side = 0;
  std::size_t input_channels = 0;
  std::size_t kernel = 1;
  std::size_t stride = 1;
  std::size_t output_channels = 0;
  std::size_t times = 1;

  [[nodiscard]] constexpr std::size_t output_side() const noexcept { return input_side / stride; }
  [[nodiscard]] constexpr std::size_t positions() const noexcept { return output_side() * output_side(); }
  [[nodiscard]] constexpr std::size_t patch() const noexcept { return kernel * kernel * input_channels; }
  [[nodiscard]] constexpr std::uint64_t weights() const noexcept { return times * patch() * output_channels; }
  [[nodiscard]] constexpr std::uint64_t input_elements() const noexcept {
    return times * input_side * input_side * input_channels;
  }
};

/// One image through all convolutions; the positions are the tokens of a product. F: scale, folded normalisation,
/// activation. Shortcuts are added to what they pass; a classifier, where there are classes, takes the mean over the
/// positions of the last convolution.
[[nodiscard]] inline repeated_program convolution_program(std::vector<convolution> const& layers,
                                                          std::vector<convolution> const& shortcuts,
                                                          std::size_t classes, std::size_t batch,
                                                          function_choices const& c) {
  repeated_program out;
  for (auto const& l : layers) {
    sub_operation op =
        detail::projection({1, operation::convolution}, {l.positions() * batch, l.patch(), l.output_channels}, c);
    op.post.add<"activation_unit", "apply">(l.positions() * batch * l.output_channels);
    out.push_back({op, l.times});
  }
  for (auto const& l : shortcuts) {
    sub_operation op =
        detail::projection({1, operation::A_residual}, {l.positions() * batch, l.patch(), l.output_channels}, c);
    op.post.add<"post", "add_residual">(l.positions() * batch * l.output_channels);
    out.push_back({op, l.times});
  }
  if (classes > 0 && !layers.empty()) {
    auto const& last = layers.back();
    sub_operation mean{{1, operation::mean},
                       operand_source::sums,
                       {last.output_channels, last.positions(), 1},
                       c.activation_digits,
                       batch,
                       {}};
    mean.post.add<"post", "scale">(batch * last.output_channels);
    mean.post.add<"cache", "write">(batch * last.output_channels);
    out.push_back({mean, 1});
    out.push_back({detail::leaving({1, operation::classifier}, {batch, last.output_channels, classes}, c), 1});
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::program
