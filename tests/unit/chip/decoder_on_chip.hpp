// A decoder on a chip: its whole pass, its steps, and the plans of both.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/decoder.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace ohmic_test {

using token_span = std::span<std::int32_t const>;
using settings_list = std::vector<std::string>;

/// A decoder on a chip, calibrated on texts that are not those of the tests.
template <class Spec, class Model>
ohmic::chip::deployed<Spec> decoder_on(Model const& m, settings_list const& changes) {
  ohmic::executor threads(1);
  ohmic::model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  auto settings = ohmic::chip::defaults<Spec>();
  for (auto const& s : changes) ohmic::assign(settings, s);
  return ohmic::chip::deploy<Spec>(m, settings, ohmic::chip::calibrated_values(m, weights, tiny_texts(1), threads),
                                   tiny_texts(1), threads);
}

template <class E, class Model>
std::vector<float> of_one_pass(E&& e, Model const& m, token_span text) {
  auto const y = forward(e, m, text);
  return {y.flat().begin(), y.flat().end()};
}

/// Logits of the same text in steps of some tokens.
template <class E, class Model>
std::vector<float> of_steps(E&& e, Model const& m, token_span text, std::size_t tokens) {
  auto seen = new_context(e, m);
  std::vector<float> all;
  for (std::size_t first = 0; first < text.size(); first += tokens) {
    auto const y = extend(e, m, seen, text.subspan(first, std::min(tokens, text.size() - first)));
    all.insert(all.end(), y.flat().begin(), y.flat().end());
  }
  CHECK(seen.tokens() == text.size());
  return all;
}

template <class Spec, class Model>
void check_equal_to_whole_pass(Model const& m, settings_list const& changes) {
  auto const deployed = decoder_on<Spec>(m, changes);
  ohmic::executor serial(1);
  for (auto mode : {ohmic::chip::product_mode::convert, ohmic::chip::product_mode::exact})
    for (auto const& text : tiny_texts(2)) {
      auto const want = of_one_pass(ohmic::chip::engine<Spec>(deployed, mode, serial), m, text);
      for (std::size_t tokens : {std::size_t{1}, std::size_t{3}}) {
        INFO(Spec::name << (changes.empty() ? "" : " " + changes.front()) << ", " << text.size()
                        << " tokens in steps of " << tokens);
        CHECK((of_steps(ohmic::chip::engine<Spec>(deployed, mode, serial), m, text, tokens) == want));
      }
    }
}

template <class Spec, class Model>
std::string step_plan_difference(Model const& m, settings_list const& changes) {
  auto const deployed = decoder_on<Spec>(m, changes);
  ohmic::executor serial(1);
  std::string all;
  auto const text = tiny_texts(2)[3];
  ohmic::chip::engine<Spec> e(deployed, ohmic::chip::product_mode::convert, serial);
  auto seen = new_context(e, m);
  ohmic::ledger planned;
  auto const planned_of = [&](ohmic::program::sub_operation const& op) { return deployed.planned(op); };
  for (std::size_t past = 0; past < text.size();) {
    std::size_t const tokens = past == 0 ? 4 : 1;
    static_cast<void>(extend(e, m, seen, token_span(text).subspan(past, tokens)));
    planned.merge(ohmic::program::plan(program_of(m, tokens, past, deployed.choices()), planned_of, deployed.names()));
    all += ohmic::difference(planned, e.report().actions(deployed.names()));
    past += tokens;
  }
  return all;
}

}  // namespace ohmic_test
