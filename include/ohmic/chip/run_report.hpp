// What a run on a chip leaves: actions, currents above full scales, codes that saturated; and how products are taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ohmic/chip/deployed.hpp"
#include "ohmic/core/action.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/program/sub_operation.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// How products are taken.
enum class product_mode {
  convert,  ///< through the converters: the chip
  exact,    ///< in integers: what the codes alone cost
  observe,  ///< in integers, and the column currents go into statistics: calibration
};

/// What a site did: actions, currents above the full scale, values that saturated when they were coded.
struct site_report {
  run_tally actions;
  std::uint64_t clipped_currents = 0;
  std::uint64_t coded_values = 0;
  std::uint64_t clipped_values = 0;
  in_situ::array_writing written{};  ///< of K and V, where their cells are not ideal

  site_report& operator+=(site_report const& o) noexcept {
    actions += o.actions;
    clipped_currents += o.clipped_currents;
    coded_values += o.coded_values;
    clipped_values += o.clipped_values;
    written += o.written;
    return *this;
  }
};

/// What a run did. Merging is exact, so that neither threads nor the order of texts matter.
struct run_report {
  std::vector<site_report> sites;
  std::uint64_t softmax_rows = 0;
  std::uint64_t empty_softmax_rows = 0;  ///< all codes zero: they attend to nothing
  std::uint64_t saturated_scores = 0;
  std::uint64_t rescaled_scores = 0;  ///< codes that a running maximum made over again
  std::uint64_t clamped_variances = 0;

  run_report() = default;
  explicit run_report(std::size_t n) : sites(n) {}
  run_report& operator+=(run_report const& o) {
    for (std::size_t i = 0; i < sites.size(); ++i) sites[i] += o.sites[i];
    softmax_rows += o.softmax_rows;
    empty_softmax_rows += o.empty_softmax_rows;
    saturated_scores += o.saturated_scores;
    rescaled_scores += o.rescaled_scores;
    clamped_variances += o.clamped_variances;
    return *this;
  }

  /// The actions by layer and part.
  [[nodiscard]] ledger actions(program::site_names const& names) const {
    ledger l;
    for (std::size_t i = 0; i < sites.size(); ++i) l.add(names.name(i), sites[i].actions);
    return l;
  }
};

/// Codes as the caches hold them, with one scale or one for every token.
/// Shape   codes (tokens, width); scales (1) or (tokens)
struct coded_tokens {
  matrix<std::int16_t> codes;
  std::vector<float> scales{1.0f};

  [[nodiscard]] bool per_token() const noexcept { return scales.size() > 1; }
  [[nodiscard]] float scale(std::size_t token) const noexcept { return scales[per_token() ? token : 0]; }
};

}  // namespace ohmic::inline OHMIC_ABI::chip
