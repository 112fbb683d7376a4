// Products of attention that a chip makes beside its own arrays, and the queries of a decomposed product.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ohmic/attention/digital.hpp"
#include "ohmic/attention/written_arrays.hpp"
#include "ohmic/chip/deployed.hpp"
#include "ohmic/chip/run_report.hpp"
#include "ohmic/core/simd.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/numeral/quantiser.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

[[nodiscard]] constexpr program::site attention_site(std::size_t block, attention_step step) noexcept {
  constexpr program::operation operations[] = {program::operation::A4, program::operation::A5, program::operation::A6};
  return {block, operations[static_cast<std::size_t>(step)]};
}

/// Queries of heads that share keys follow each other as tokens of one product; their scales too, where they have their own.
/// Shape   q (n, heads width) -> (sharing n, width)
[[nodiscard]] inline coded_tokens stacked_queries(coded_tokens const& q, std::size_t head, std::size_t sharing,
                                                  std::size_t width) {
  std::size_t const n = q.codes.rows();
  coded_tokens out{matrix<std::int16_t>(sharing * n, width), {}};
  for (std::size_t i = 0; i < out.codes.rows(); ++i) {
    std::size_t const token = i % n, column = (head + i / n) * width;
    std::memcpy(out.codes.row(i).data(), q.codes.row(token).data() + column, width * sizeof(std::int16_t));
    if (q.per_token()) out.scales.push_back(q.scale(token));
  }
  return out;
}

/// True for products that the chip's own arrays do not make.
template <class Spec>
[[nodiscard]] bool is_made_beside(deployed<Spec> const& model) noexcept {
  return model.settings().attention.policy == attention_policy::digital || model.written() != nullptr;
}

/// Such a product: digital, or on arrays of keys and values, whose row sums are digital. `fresh` codes of y are of new tokens;
/// `exact`: in integers, whatever the converters are.
/// Errors  those of written_arrays
template <class Spec, switched_codes X>
[[nodiscard]] product_sums product_beside(deployed<Spec> const& model, attention_step step, bool exact, X const& x,
                                          matrix_view<std::int16_t const> y, std::uint64_t fresh, site_report& to,
                                          executor& threads, std::string const& where, read_place const& place) {
  program::attention_unit_tally done;
  product_sums z;
  bool const sums = step == attention_step::sums;
  if (auto const* const written = model.written(); written != nullptr && !sums) {
    auto const shape = model.attention().array;
    int const passes = step == attention_step::scores ? shape.activation_passes : shape.score_passes;
    z = written->product(x, y, passes, model.codes_written_beside(fresh, std::uint64_t{y.rows} * y.cols), exact, done,
                         to.clipped_currents, threads, where, place);
  } else {
    z = digital_product(x, y, sums ? operand_source::sums : operand_source::activations, done);
  }
  to.actions += done;
  return z;
}

/// Q W_K^T of all heads, each row with a scale of its own, the `factor` of the keys in it. multiply(x, keys) is the product with the
/// weights of a key head.
/// Shape   q (n, heads d_k) -> (heads n, m), head by head
template <class Spec, class Multiply>
[[nodiscard]] coded_tokens queries_for_input(deployed<Spec> const& model, program::site s, coded_tokens const& q,
                                             std::size_t sharing, float factor, site_report& to,
                                             Multiply const& multiply) {
  auto const& keys = model.matrix_at(s);
  std::size_t const n = q.codes.rows(), heads = keys.by_head.size() * sharing,
                    m = keys.scales.size() / keys.by_head.size(), width = q.codes.cols() / heads;
  int const bits = model.settings().coding.activation_bits;
  coded_tokens out{matrix<std::int16_t>(heads * n, m), std::vector<float>(heads * n)};
  std::vector<float> row(m);
  float const scale = simd::mul(q.scale(0), factor);
  for (std::size_t g = 0; g < keys.by_head.size(); ++g) {
    auto const stacked = stacked_queries(q, g * sharing, sharing, width);
    auto const z = multiply(stacked.codes.view(), keys.by_head[g]);  // (sharing n, m)
    for (std::size_t i = 0; i < z.tokens(); ++i) {
      for (std::size_t o = 0; o < m; ++o)
        row[o] = simd::mul(static_cast<float>(z(i, o)), simd::mul(scale, keys.scales[g * m + o]));
      std::size_t const at = g * sharing * n + i;
      out.scales[at] = symmetric_quantiser::scale_for(largest_magnitude(row, model.names().name(s)), bits);
      to.clipped_values += symmetric_quantiser(bits, out.scales[at]).quantise(row, out.codes.row(at));
    }
  }
  to.coded_values += out.codes.size();
  to.actions.template add<"post", "scale">(out.codes.size());
  to.actions.template add<"comparator", "compare">(out.codes.size());
  to.actions.template add<"cache", "write">(out.codes.size());
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
