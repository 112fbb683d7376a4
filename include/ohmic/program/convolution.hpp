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
/// activation.
[[nodiscard]] inline repeated_program convolution_program(std::vector<convolution> const& layers, std::size_t batch,
                                                          function_choices const& c) {
  repeated_program out;
  for (auto const& l : layers) {
    sub_operation op =
        detail::projection({1, operation::convolution}, {l.positions() * batch, l.patch(), l.output_channels}, c);
    op.post.add<"activation_unit", "apply">(l.positions() * batch * l.output_channels);
    out.push_back({op, l.times});
  }
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::program
