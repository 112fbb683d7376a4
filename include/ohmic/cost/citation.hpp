// How a source is written: paper, place in it, page. The one place that makes such a text.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "ohmic/core/config.hpp"
#include "ohmic/core/named.hpp"

namespace ohmic::inline OHMIC_ABI {

namespace detail {
template <fixed_string Paper, fixed_string Place, int Page, fixed_string What>
struct citation_text {
  static constexpr std::size_t room = Paper.view().size() + Place.view().size() + What.view().size() + 20;
  struct text {
    std::array<char, room> chars{};
    std::size_t size = 0;
    constexpr void add(std::string_view s) noexcept {
      for (char c : s) chars[size++] = c;
    }
    constexpr void add(int n) noexcept {
      if (n >= 10) add(n / 10);
      chars[size++] = static_cast<char>('0' + n % 10);
    }
  };
  static constexpr text value = [] {
    text t;
    t.add(Paper.view()), t.add(", "), t.add(Place.view());
    if (Page > 0) t.add(", p. "), t.add(Page);
    if (!What.view().empty()) t.add(": "), t.add(What.view());
    return t;
  }();
};
}  // namespace detail

/// "Paper, Place, p. Page: What", made by the compiler; the text lives as long as the program.
/// Range   Place is a table, figure, section or file and may not be missing. Page counts from the paper's first page, which
///         is 1, as in a copy of the paper by itself; 0 leaves it out: the page is not known, or the source has none
template <fixed_string Paper, fixed_string Place, int Page = 0, fixed_string What = "">
  requires(!Paper.view().empty() && !Place.view().empty() && Page >= 0 && Page < 10000)
inline constexpr std::string_view cited{detail::citation_text<Paper, Place, Page, What>::value.chars.data(),
                                        detail::citation_text<Paper, Place, Page, What>::value.size};

/// Papers by the name that every citation of them has. Pages of Wang et al. are those of the arXiv version.
inline constexpr fixed_string wang_paper = "Wang et al., arXiv 2410.15977";
inline constexpr fixed_string isaac_paper = "Shafiee et al., ISCA 2016 (ISAAC)";
inline constexpr fixed_string prime_paper = "Chi et al., ISCA 2016 (PRIME)";
inline constexpr fixed_string pipelayer_paper = "Song et al., HPCA 2017 (PipeLayer)";
inline constexpr fixed_string cimloop_paper = "Andrulis et al., ISPASS 2024 (CiMLoop)";
inline constexpr fixed_string puma_paper = "Ankit et al., ASPLOS 2019 (PUMA)";
inline constexpr fixed_string aladdin_paper = "Shao et al., ISCA 2014 (Aladdin)";

}  // namespace ohmic::inline OHMIC_ABI
