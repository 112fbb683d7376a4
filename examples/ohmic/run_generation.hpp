// Generating text, written once for every family of language models. Besides what run_deployment.hpp asks for, a family has
//   prompt(text) -> ids, text(ids) -> text, piece(id) -> what a token alone looks like, ends() -> ids
#pragma once

#include <chrono>
#include <fmt/core.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ohmic/chip/in_situ_cost.hpp"
#include "ohmic/chip/wang2024_cost.hpp"
#include "ohmic/core/printable.hpp"
#include "ohmic/core/utf8.hpp"
#include "ohmic/model/generation.hpp"
#include "run_deployment.hpp"
#include "terminal.hpp"

namespace program_cli {

/// A step of a generation and what it cost; no energy in fp32. The seconds are those of this machine.
struct priced_step {
  ohmic::model::generation_step step;
  double energy_J = 0.0;
  double seconds = 0.0;
};

/// Time since it was last asked.
class lap_clock {
 public:
  double lap() {
    auto const now = clock::now();
    return std::chrono::duration<double>(now - std::exchange(last_, now)).count();
  }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point last_ = clock::now();
};

/// What one way of computing wrote.
struct generated_text {
  std::string name;
  json settings;
  std::vector<std::string> idle;  ///< settings that were given and do nothing, and why
  std::vector<std::int32_t> ids;
  std::vector<priced_step> steps;
  std::string plan_difference;  ///< empty: every step took the actions of its plan
};

/// Bottom-up energy of counted actions on the chip of these settings.
template <class List, class Report>
double energy_of(dense_settings const& c, ohmic::tally<List> const& counted, Report const&) {
  return ohmic::chip::counted_cost<dense_chip>("", c, counted).energy_J(ohmic::phase::prefill);
}
template <class List, class Report>
double energy_of(in_situ_settings const& c, ohmic::tally<List> const& counted, Report const& report) {
  ohmic::chip::in_situ_schedule tries;  // of K and V, and their verifications
  using ohmic::program::operation_count;
  for (std::size_t s = 0; s < report.sites.size(); ++s)
    tries.see(c, static_cast<ohmic::program::operation>(s % operation_count), report.sites[s].written);
  return ohmic::chip::in_situ_cost("", c, counted, 0, tries).energy_J(ohmic::phase::prefill);
}

/// The sub-operations of a step; the first of an encoder-decoder encodes the prompt.
template <class Model>
auto program_of_step(Model const& m, [[maybe_unused]] std::vector<std::int32_t> const& prompt,
                     ohmic::model::generation_step const& step, ohmic::program::function_choices const& choices) {
  if constexpr (ohmic::model::encoder_decoder<Model>)
    return program_of(m, {prompt.size(), step.tokens}, step.past, choices);
  else
    return program_of(m, step.tokens, step.past, choices);
}

/// Text on a deployed chip; every step is held against its plan.
template <class Model, class Spec>
generated_text generate_on(Model const& m, ohmic::chip::deployed<Spec> const& chip, std::string name,
                           ohmic::chip::product_mode mode, std::vector<std::int32_t> const& prompt, std::size_t tokens,
                           ohmic::model::sampling const& how, std::span<std::int32_t const> ends,
                           ohmic::executor& threads) {
  using namespace ohmic;
  generated_text out{std::move(name), settings_object(chip.settings()), {}, {}, {}, {}};
  chip::engine<Spec> e(chip, mode, threads);
  ledger planned;
  double before = 0.0;
  lap_clock time;
  out.ids = model::generate(e, m, prompt, tokens, how, ends, [&](model::generation_step const& step) {
    double const seconds = time.lap();
    chip::run_tally all;
    for (auto const& site : e.report().sites) all += site.actions;
    double const energy = energy_of(chip.settings(), all, e.report());
    out.steps.push_back({step, energy - before, seconds});
    before = energy;
    planned.merge(program::plan(
        program_of_step(m, prompt, step, chip.choices()), [&](auto const& op) { return chip.planned(op); },
        chip.names()));
    if (out.plan_difference.empty()) out.plan_difference = difference(planned, e.report().actions(chip.names()));
    time.lap();  // pricing and planning are no part of a step
  });
  return out;
}

/// Bytes that are no UTF-8 become U+FFFD, so that a piece of a character can be written.
inline std::string printable_text(std::string const& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    auto const c = ohmic::decode_utf8(text, i);
    out += c.valid ? text.substr(i, c.bytes) : std::string("\xEF\xBF\xBD");
    i += c.bytes;
  }
  return out;
}

template <class Family>
json generated_object(Family const& family, generated_text const& g, bool priced) {
  json tokens = json::array();
  for (std::size_t i = 0; i < g.steps.size(); ++i) {
    auto const& step = g.steps[i].step;
    tokens.push_back({{"id", step.next},
                      {"piece", printable_text(family.piece(step.next))},
                      {"new_tokens", step.tokens},
                      {"context", step.past + step.tokens},
                      {"energy_J", priced ? json(g.steps[i].energy_J) : json(nullptr)}});
  }
  json out = {{"id", g.name}, {"config", g.settings}, {"text", printable_text(family.text(g.ids))}, {"tokens", tokens}};
  out["idle"] = g.idle;
  if (priced) out["actions_equal_plan"] = g.plan_difference.empty();
  return out;
}

/// Energy of the prompt and of tokens at contexts that double.
inline void print_energy(FILE* out, generated_text const& g, std::size_t prompt_tokens) {
  auto const& prompt = g.steps.front();
  say(out, "\n{}: {:.3g} uJ for the prompt of {} tokens and the first new one{}\n", g.name, 1e6 * prompt.energy_J,
      prompt_tokens, g.steps.size() > 1 ? "; then" : "");
  if (g.steps.size() > 1) say(out, "{:>12} {:>16}\n", "context", "uJ per token");
  for (std::size_t i = 1; i < g.steps.size(); i = i == g.steps.size() - 1 ? i + 1 : std::min(2 * i, g.steps.size() - 1))
    say(out, "{:>12} {:>16.4g}\n", g.steps[i].step.past + 1, 1e6 * g.steps[i].energy_J);
}

/// Seconds of the prompt, and tokens a second after it, null where none came: what this machine took to compute them.
inline json speeds_object(std::vector<generated_text> const& texts) {
  json out = json::array();
  for (auto const& g : texts) {
    double seconds = 0.0;
    for (std::size_t i = 1; i < g.steps.size(); ++i) seconds += g.steps[i].seconds;
    double const tokens = static_cast<double>(g.steps.size()) - 1.0;
    out.push_back({{"id", g.name},
                   {"prompt_s", g.steps.front().seconds},
                   {"tokens_per_s", seconds > 0.0 ? json(tokens / seconds) : json(nullptr)}});
  }
  return out;
}

template <class Family>
int generate_family(Family const& family, generate_options const& o, common_options const& common) {
  using namespace ohmic;
  auto const start = std::chrono::steady_clock::now();
  check_writable(common.json);
  auto const& kernels = choose_kernels(common.instruction_set);
  auto const requests = seeded(requested_chips(o.chip, common.set, {}), common.seed);
  model::sampling const how{o.temperature, common.seed};
  if (!common.quiet) say_idle(requests);
  auto const& m = family.model();
  auto const prompt = family.prompt(o.prompt);
  if (prompt.empty())
    throw error({errc::shape, "the prompt has no token", "--prompt", in_quotes(o.prompt), "a text of at least one",
                 "give some text"});
  auto const calibration = read_calibration_source(family, o.calibration, o.model, "--calibration");
  executor threads(common.threads == 0 ? executor::available() : common.threads);
  auto const weights = model::fp32_weights_of(m, o.reading.layer_wise);

  std::vector<generated_text> texts{{"fp32", json::object(), {}, {}, {}, {}}};
  {
    model::fp32_engine e(weights, nullptr, kernels.fp32);
    lap_clock time;
    texts.front().ids =
        model::generate(e, m, prompt, o.tokens, how, family.ends(), [&](model::generation_step const& step) {
          texts.front().steps.push_back({step, 0.0, time.lap()});
        });
  }
  for_each_chip(m, weights, calibration, requests, kernels, threads, common.quiet,
                [&](auto const& chip, std::string const& label, chip::product_mode mode) {
                  texts.push_back(generate_on(m, chip, label, mode, prompt, o.tokens, how, family.ends(), threads));
                });
  for (std::size_t i = 0; i < requests.size(); ++i) texts[i + 2].idle = idle_in(requests[i]);  // after fp32 and int8

  json result = result_header("generate", common);
  result["model"] = family.description(o.model);
  result["prompt"] = {{"text", o.prompt}, {"ids", prompt}};
  result["temperature"] = o.temperature;
  result["prices"] = "bottom_up";
  result["texts"] = json::array();
  for (std::size_t i = 0; i < texts.size(); ++i) result["texts"].push_back(generated_object(family, texts[i], i > 1));
  result["run"] = run_object(start, threads.threads(), kernels.products->instruction_set);
  result["run"]["generation"] = speeds_object(texts);
  write_result(common.json, result);
  if (!common.quiet) {
    FILE* const out = common.json == "-" ? stderr : stdout;
    for (auto const& g : texts) {
      // What an encoder-decoder writes is no continuation of its source.
      auto ids = model::encoder_decoder<typename Family::model_type> ? std::vector<std::int32_t>() : prompt;
      ids.insert(ids.end(), g.ids.begin(), g.ids.end());
      say(out, "{}\n    {}\n", g.name, printable_text(family.text(ids)));
    }
    for (std::size_t i = 2; i < texts.size(); ++i) print_energy(out, texts[i], prompt.size());
    say(out, "energy: all counted actions at bottom-up prices; every step: --json\n");
    say(out, "simulation: {:.0f} MiB at most", peak_memory_mib());
    for (auto const& speed : result["run"]["generation"])
      if (speed["tokens_per_s"].is_number())
        say(out, "; {} {:.3g} tokens/s", speed["id"].template get<std::string>(),
            speed["tokens_per_s"].template get<double>());
    say(out, "\n");
  }
  for (std::size_t i = 2; i < texts.size(); ++i)
    if (!texts[i].plan_difference.empty()) {
      say(stderr, "ohmic: {} did not do what was planned:\n{}", texts[i].name, texts[i].plan_difference);
      return check_failed;
    }
  return done;
}

}  // namespace program_cli
