// What files of weights hold beside what a reader took from them: refused where it belongs to the pass.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <system_error>

#include "ohmic/core/error.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model::detail {

/// Refuses tensors that were not read though they lie in a part of the model that is computed: norms of queries and keys, adapters,
/// scales beside floats, whatever a later model adds. Heads of other tasks lie elsewhere and are left alone; so are `buffers`, the ends of
/// names of what modules store beside their weights (masks, positions, angles), and the layout that bitsandbytes notes beside codes.
/// Files   unread() -> names, path_of(name)
/// Errors  errc::file_format naming the tensor
template <class Files>
void refuse_unread_tensors(Files const& files, std::initializer_list<std::string_view> computed,
                           std::initializer_list<std::string_view> buffers) {
  for (std::string const& name : files.unread()) {
    auto const begins = [&name](std::string_view part) { return name.starts_with(part); };
    auto const ends = [&name](std::string_view part) { return name.ends_with(part); };
    bool const inside =
        std::any_of(computed.begin(), computed.end(), begins) || name.find(".lora_") != std::string::npos;
    if (!inside || std::any_of(buffers.begin(), buffers.end(), ends) || ends(".weight_format")) continue;
    throw error({errc::file_format, "is no part of the model that is computed",
                 place(files.path_of(name), "tensor " + in_quotes(name)), "", "tensors that the pass has",
                 "merge adapters and scales into the weights; remove it if it changes nothing"});
  }
}

/// A file with more layers than the configuration says would be cut silently.
/// Files   names(), path_of(name)
/// Errors  errc::shape naming the tensor and `key`, which says how many there are
template <class Files>
void refuse_more_layers(Files const& files, std::string const& prefix, std::size_t layers, std::string const& key) {
  for (std::string const& name : files.names()) {
    if (!name.starts_with(prefix)) continue;
    std::size_t number = 0;
    auto const [stop, ec] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    if (ec == std::errc{} && number < layers) continue;
    throw error({errc::shape, "belongs to no layer", place(files.path_of(name), "tensor " + in_quotes(name)), "",
                 "layers 0 to " + std::to_string(layers - 1) + " (" + key + ")", ""});
  }
}

/// A matrix stored beside embeddings that it is tied to has to be those.
/// Errors  errc::config_conflict naming the tensor; those of read_matrix
template <class Files>
void require_tied(Files& files, std::string const& name, matrix<float> const& word, std::string const& tied_to,
                  std::string const& fix) {
  if (!files.contains(name) || files.read_matrix(name, word.rows(), word.cols(), "as " + tied_to) == word) return;
  throw error({errc::config_conflict, "differs from the embeddings that it is tied to",
               place(files.path_of(name), "tensor " + in_quotes(name)), "another matrix", tied_to, fix});
}

/// The same for a head that config.json ties, or means to tie by not saying anything.
template <class Files>
void require_tied_head(Files& files, std::string const& name, matrix<float> const& word, std::string const& tied_to) {
  require_tied(files, name, word, tied_to, "set tie_word_embeddings to false");
}

}  // namespace ohmic::inline OHMIC_ABI::model::detail
