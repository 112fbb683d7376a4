// A model's matrices in its files, read by the reader of its kind.
#pragma once

#include <mutex>
#include <utility>

#include "ohmic/model/source.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// What a reader does with the matrices of a model.
enum class matrices {
  in_memory,
  in_files,  ///< left there, see matrix_source: memory is that of embeddings, normalisations and biases
};

namespace detail {
/// Tensors: tensors.linear(site) reads a matrix, one thread at a time.
template <class Tensors>
class tensor_source final : public matrix_source {
 public:
  explicit tensor_source(Tensors tensors) : tensors_(std::move(tensors)) {}
  [[nodiscard]] linear_weights read(program::site s) const override {
    std::lock_guard const lock(reading_);
    return tensors_.linear(s);
  }

 private:
  mutable Tensors tensors_;
  mutable std::mutex reading_;
};
}  // namespace detail

}  // namespace ohmic::inline OHMIC_ABI::model
