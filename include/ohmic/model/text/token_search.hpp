// Texts that are tokens wherever they stand: where the next one is, and what lies between them.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// Longest added token of a tokenizer.json, in bytes: a search takes at most so many steps at a place of a text.
inline constexpr std::size_t max_added_token_bytes = 256;

/// Finds tokens in texts: the leftmost, at one place the longest, of equal ones the first of the list. An empty one is found nowhere.
class token_search {
 public:
  struct hit {
    std::size_t at = 0;                     ///< the end of the text where there is none
    std::size_t token = std::string::npos;  ///< index in the list
    std::size_t size = 0;                   ///< bytes
  };

  token_search() { first_.fill(0); }
  explicit token_search(std::vector<std::string> tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i)
      if (!tokens[i].empty()) sorted_.push_back({std::move(tokens[i]), i});
    std::stable_sort(sorted_.begin(), sorted_.end(), [](entry const& a, entry const& b) { return a.text < b.text; });
    sorted_.erase(
        std::unique(sorted_.begin(), sorted_.end(), [](entry const& a, entry const& b) { return a.text == b.text; }),
        sorted_.end());
    for (std::size_t b = 0; b < first_.size(); ++b)
      first_[b] = static_cast<std::size_t>(
          std::partition_point(sorted_.begin(), sorted_.end(), [&](entry const& e) { return byte(e, 0) < b; }) -
          sorted_.begin());
  }

  /// The next token of a text from `at` on.
  [[nodiscard]] hit next(std::string_view text, std::size_t at) const noexcept {
    for (; at < text.size() && !sorted_.empty(); ++at)
      if (auto const* const found = longest(text.substr(at)); found != nullptr)
        return {at, found->index, found->text.size()};
    return {text.size(), std::string::npos, 0};
  }

  /// Cuts a text at its tokens, in order: between(part, where it begins) for what is no token, found(index in the list) for a token.
  template <std::invocable<std::string_view, std::size_t> Between, std::invocable<std::size_t> Found>
  void cut(std::string_view text, Between const& between, Found const& found) const {
    for (std::size_t at = 0; at < text.size();) {
      hit const token = next(text, at);
      if (token.at > at) between(text.substr(at, token.at - at), at);
      if (token.size == 0) return;
      found(token.token);
      at = token.at + token.size;
    }
  }

 private:
  struct entry {
    std::string text;
    std::size_t index;
  };
  static unsigned byte(entry const& e, std::size_t i) noexcept { return static_cast<unsigned char>(e.text[i]); }

  /// The longest token that a text begins with.
  [[nodiscard]] entry const* longest(std::string_view text) const noexcept {
    auto const first = static_cast<unsigned char>(text.front());
    auto begin = sorted_.begin() + static_cast<std::ptrdiff_t>(first_[first]),
         end = sorted_.begin() + static_cast<std::ptrdiff_t>(first_[first + 1u]);
    entry const* found = nullptr;
    // begin to end: those that share `shared` bytes with the text; the one that ends there comes first.
    for (std::size_t shared = 1; begin != end; ++shared) {
      if (begin->text.size() == shared) found = &*begin++;
      if (shared == text.size()) break;
      unsigned const b = static_cast<unsigned char>(text[shared]);
      begin = std::partition_point(begin, end, [&](entry const& e) { return byte(e, shared) < b; });
      end = std::partition_point(begin, end, [&](entry const& e) { return byte(e, shared) == b; });
    }
    return found;
  }

  std::vector<entry> sorted_;             ///< by their bytes, each text once
  std::array<std::size_t, 257> first_{};  ///< the first that begins with a byte, or with a later one
};

}  // namespace ohmic::inline OHMIC_ABI::model
