// What is to be costed: a prefill, and the steps that generate tokens after it, as programs of repeated sub-operations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/program/transformer.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Steps of generation whose counts grow evenly from the first to the last: their sum is steps x (first + last) / 2,
/// exactly.
struct decode_segment {
  program::repeated_program first;
  program::repeated_program last;
  double steps = 1.0;
};

/// Equal matrices of weights that a dense bank holds.
/// Shape   inner values of an output, outputs
struct stored_matrix {
  std::uint64_t inner = 0, outputs = 0, copies = 1;
  bool beside = false;  ///< output head, shortcuts, classifier
};

/// A model in use. Made by `chip::workload_of` from a catalogue entry or a config.json.
/// Shape   tokens: length of the prompt; decode: tokens generated after it; batch: sequences side by side; drafted: tokens that a
///         step verifies beside the one it is sure of
struct workload {
  std::string model;
  std::uint64_t weights = 0;       ///< of the layers
  std::uint64_t head_weights = 0;  ///< of the output head, where tokens are generated, of shortcuts and a classifier
  std::vector<stored_matrix> matrices{};  ///< what both are the weights of
  std::size_t layers = 0;                 ///< of a transformer
  std::size_t width = 0;                  ///< m; 0 for a convolutional network
  std::size_t tokens = 0;
  std::size_t decode = 0;  ///< 0: the model does not generate
  std::size_t batch = 1;
  std::size_t drafted = 0;
  std::size_t held_keys = 0;    ///< of a sequence and layer, after the last token: those of its window
  double accepted = 1.0;        ///< tokens that a step adds to a sequence on average: 1 without drafts
  int digits = 3;               ///< of an activation, for the published count
  std::uint64_t kv_bytes = 0;   ///< at the end of the generation
  double serial_vectors = 0.0;  ///< input vectors one after the other in a prefill where each matrix has its own arrays
  double serial_steps = 0.0;    ///< the same for one generated token
  program::repeated_program prefill;
  std::vector<decode_segment> segments;

  /// Tokens that a step of generation adds to all sequences: what its reads of weights are shared by.
  [[nodiscard]] double tokens_per_step() const noexcept { return static_cast<double>(batch) * accepted; }
  /// Tokens that pass through the layers in a step.
  [[nodiscard]] std::size_t tokens_in_step() const noexcept { return batch * (drafted + 1); }
};

}  // namespace ohmic::inline OHMIC_ABI
