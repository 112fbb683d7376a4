// Bare models (GPT2Model, LlamaModel, ..): saved without the head, and without the name of the part that they are.
#pragma once

#include <string>

#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// What the names of a model's parts begin with: `stem`, or nothing where the table of embeddings is there by its own name alone.
/// Files   contains(name)
template <class Files>
[[nodiscard]] std::string stem_of(Files const& files, std::string const& stem, std::string const& table) {
  return files.contains(table) && !files.contains(stem + table) ? "" : stem;
}

/// Refuses a bare model whose head is needed. Files of whole models that lack theirs are left to the reader of the matrix.
/// Files   contains(name), path_of(name)
/// Errors  errc::missing_entry
template <class Files>
void require_head(Files const& files, std::string const& stem, std::string const& head, std::string const& fix) {
  if (!stem.empty() || files.contains(head)) return;
  throw error({errc::missing_entry, "is missing: a bare model has no head",
               place(files.path_of(head), "tensor " + in_quotes(head)), "", "a model that was saved with its head",
               fix});
}

/// The same where a head may be the embeddings.
template <class Files>
void require_head(Files const& files, std::string const& stem, std::string const& head) {
  require_head(files, stem, head,
               "save it with its head, or set tie_word_embeddings to true if its embeddings are that");
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
