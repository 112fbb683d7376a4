// Generation with drafts: the same text in fewer steps, and the actions of the steps' plans.
#include "ohmic/model/drafts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/generation.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/tiny_models.hpp"

namespace {

using namespace ohmic;
using id_list = std::vector<std::int32_t>;

constexpr std::size_t wanted_tokens = 24;

template <class E, class Model>
id_list one_at_a_time(E&& e, Model const& m, id_list const& prompt, std::int32_t end = -1) {
  return model::generate(e, m, prompt, wanted_tokens, {}, end, [](model::generation_step const&) {});
}

}  // namespace

TEST_CASE("a draft is what followed the last words before") {
  id_list const text{1, 2, 3, 9, 8, 1, 2, 3, 7, 7, 1, 2, 3};
  CHECK(model::looked_up_draft(text, 4) == id_list{7, 7, 1, 2});  // the latest place
  CHECK(model::looked_up_draft(text, 1) == id_list{7});
  CHECK(model::looked_up_draft(id_list{1, 2, 3, 4}, 4).empty());
  CHECK(model::looked_up_draft(id_list{5, 1, 5}, 4) == id_list{1, 5});  // fewer words where more were never seen
  CHECK(model::looked_up_draft(id_list{5}, 4).empty());
  CHECK(model::looked_up_draft(id_list{}, 4).empty());
}

TEST_CASE("drafts, right, wrong or looked up, give the text of one token at a time") {
  auto const m = ohmic_test::tiny_gpt2();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  for (id_list const& prompt : {id_list{3, 17, 5}, id_list{1}, id_list{4, 4, 4, 4}}) {
    auto const want = one_at_a_time(model::fp32_engine(weights), m, prompt);
    auto const with = [&](std::size_t drafted, auto const& draft, std::size_t& steps, std::int32_t end = -1) {
      model::fp32_engine e(weights);
      steps = 0;
      return model::generate_with_drafts(e, m, prompt, wanted_tokens, drafted, end, draft,
                                         [&](model::draft_step const&) { ++steps; });
    };
    std::size_t steps = 0;
    auto const looked_up = [](std::span<std::int32_t const> text, std::size_t most) {
      return model::looked_up_draft(text, most);
    };
    CHECK(with(4, looked_up, steps) == want);
    CHECK(with(0, looked_up, steps) == want);
    CHECK(steps == wanted_tokens);
    auto const right = [&](std::span<std::int32_t const> text, std::size_t most) {
      auto const rest = std::span(want).subspan(text.size() - prompt.size());
      auto const draft = rest.first(std::min(most, rest.size()));
      return id_list(draft.begin(), draft.end());
    };
    CHECK(with(3, right, steps) == want);
    CHECK(steps == wanted_tokens / 4);  // three drafts and the token of the step itself
    auto const wrong = [&](std::span<std::int32_t const> text, std::size_t most) {
      auto draft = right(text, most);
      for (auto& d : draft) d = (d + 1) % 23;
      return draft;
    };
    CHECK(with(3, wrong, steps) == want);
    CHECK(steps == wanted_tokens);
    CHECK(with(3, right, steps, want[5]) == one_at_a_time(model::fp32_engine(weights), m, prompt, want[5]));
  }
}

TEST_CASE("drafts on a chip: the same text bit for bit, the plans of its steps, fewer reads of the weights") {
  auto const m = ohmic_test::tiny_gpt2();
  model::fp32_weights const weights(sites_of(m).sites(), [&](auto const& f) { for_each_projection(m, f); });
  executor serial(1);
  for (char const* policy : {"shared_array", "written_arrays", "digital"}) {
    CAPTURE(policy);
    auto settings = chip::defaults<chip::wang2024>();
    assign(settings, std::string("attention.policy=") + policy);
    auto const texts = ohmic_test::tiny_texts(1);
    auto const on =
        chip::deploy<chip::wang2024>(m, settings, chip::calibrated_values(m, weights, texts, serial), texts, serial);
    id_list const prompt{3, 17, 5};
    chip::engine<chip::wang2024> plain(on, chip::product_mode::convert, serial),
        e(on, chip::product_mode::convert, serial);
    auto const want = one_at_a_time(plain, m, prompt);
    ledger planned;
    auto const got = model::generate_with_drafts(
        e, m, prompt, wanted_tokens, 3, -1,
        [&](std::span<std::int32_t const> text, std::size_t most) {
          auto const rest = std::span(want).subspan(text.size() - prompt.size());
          id_list draft(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(std::min(most, rest.size())));
          if (text.size() % 2 == 0 && !draft.empty()) draft.back() = (draft.back() + 1) % 23;  // now and then wrong
          return draft;
        },
        [&](model::draft_step const& s) {
          planned.merge(program::plan(
              program_of(m, s.tokens, s.past, on.choices()), [&](auto const& op) { return on.planned(op); },
              on.names()));
        });
    CHECK(got == want);
    auto const did = e.report().actions(on.names());
    CHECK(difference(planned, did) == "");
    auto const alone = plain.report().actions(on.names());
    CHECK(2 * did.total("dense_bank", "column_access") < alone.total("dense_bank", "column_access"));
  }
}
