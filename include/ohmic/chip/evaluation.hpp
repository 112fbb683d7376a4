// Deploying a model: calibration, and the answers of fp32, int8 and chips to the texts of a task, layer by layer.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "ohmic/chip/deployed.hpp"
#include "ohmic/chip/engine.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/model/fp32.hpp"
#include "ohmic/model/task.hpp"
#include "ohmic/model/transformer.hpp"

namespace ohmic::inline OHMIC_ABI::chip {

/// Tokens of the texts of a data set.
using token_lists = model::token_lists;
using model::inputs_of;

/// Called after each text with how many of `total` are done, from one thread at a time. May be empty.
using progress = std::function<void(std::size_t done, std::size_t total)>;

/// Counts texts for a progress callback.
class progress_counter {
 public:
  progress_counter(progress const& call, std::size_t total) : call_(&call), total_(total) {}
  void step() {
    if (!*call_) return;
    std::lock_guard const lock(mutex_);
    (*call_)(++done_, total_);
  }

 private:
  progress const* call_;
  std::size_t total_, done_ = 0;
  std::mutex mutex_;
};

/// Sums of squares that make a signal-to-noise ratio.
struct error_power {
  double signal = 0.0;
  double noise = 0.0;

  void add(std::span<float const> reference, std::span<float const> values) noexcept {
    for (std::size_t i = 0; i < reference.size() && i < values.size(); ++i) {
      // Squares of floats are exact in double, so that contraction cannot change a sum.
      float const e = values[i] - reference[i];
      signal += static_cast<double>(reference[i]) * static_cast<double>(reference[i]);
      noise += static_cast<double>(e) * static_cast<double>(e);
    }
  }
  /// In dB; infinite without noise, NaN without signal.
  [[nodiscard]] double ratio_db() const noexcept { return 10.0 * std::log10(signal / noise); }
};

namespace detail {
/// A model that was put together in memory has passed no reader: the check of its kind, where it has one.
template <class Model>
void check_model(Model const& m) {
  if constexpr (requires { validate(m); }) validate(m);
}
/// Heads with keys of their own; 0 where a model does not say.
template <class Model>
[[nodiscard]] std::size_t key_heads_of(Model const& m) noexcept {
  if constexpr (requires { m.config.key_heads; })
    return m.config.key_heads;
  else if constexpr (requires { m.config.heads; })
    return m.config.heads;
  else if constexpr (requires { m.model->config; })
    return key_heads_of(*m.model);
  else
    return 0;
}
}  // namespace detail

namespace detail {
/// Widths of the values that matrices read, by site, and of a head where they come head by head; from shapes alone.
struct channel_widths {
  std::vector<std::size_t> width, head;

  template <class Model>
  explicit channel_widths(Model const& m) : width(sites_of(m).sites(), 0), head(width) {
    for (auto const& op : program_of(m, model::length_type<Model>{1}, program::function_choices{})) {
      if (op.source == operand_source::weights) width[producer_of(m, op.where).index()] = op.shape.inner;
      if (op.where.op == program::operation::A6) head[op.where.index()] = op.shape.outputs;
    }
  }
};
}  // namespace detail

/// Largest magnitudes, magnitudes, channels and scores of a model in fp32 over calibration texts.
/// Errors  those of the model's `validate`; missing_calibration if there are no texts; those of the forward pass
template <model::transformer Model>
[[nodiscard]] value_ranges calibrated_values(Model const& m, model::fp32_weights const& weights,
                                             inputs_of<Model> const& texts, executor& threads,
                                             progress const& report = {},
                                             fp32_kernel const& kernel = fp32_kernel_of<>) {
  if (texts.empty())
    throw error({errc::missing_calibration, "no calibration texts", "calibration", "0 texts", "at least one",
                 "give a calibration file with texts"});
  detail::check_model(m);
  auto const names = sites_of(m);
  value_ranges all(names);
  detail::channel_widths const widths(m);
  all.magnitudes.resize(names.sites());
  all.channels.resize(names.sites());
  std::mutex merging;
  progress_counter counter(report, texts.size());
  threads.for_each_index(texts.size(), [&](std::size_t t) {
    model::recording seen(names.sites());
    model::fp32_engine engine(weights, &seen, kernel);
    static_cast<void>(forward(engine, m, texts[t]));
    value_ranges mine(names);
    mine.magnitudes.resize(names.sites());
    mine.channels.resize(names.sites());
    for (std::size_t i = 0; i < names.sites(); ++i) {
      mine.largest[i] = largest_magnitude(seen.at(i), names.name(i));
      mine.magnitudes[i].observe(seen.at(i));
      mine.channels[i].observe(seen.at(i), widths.width[i], widths.head[i]);
      if (i % program::operation_count != static_cast<std::size_t>(program::operation::A4)) continue;
      // Head by head, query by query: of each the scores that the mask shows.
      std::span<float const> rest = seen.at(i);
      for (std::size_t const keys : seen.lengths(i)) {
        mine.scores[i / program::operation_count].observe(rest.first(keys));
        rest = rest.subspan(keys);
      }
    }
    {
      // Maxima and multisets do not depend on the order of merging.
      std::lock_guard const lock(merging);
      for (std::size_t i = 0; i < names.sites(); ++i) {
        all.largest[i] = std::max(all.largest[i], mine.largest[i]);
        all.magnitudes[i].merge(mine.magnitudes[i]);
        all.channels[i].merge(mine.channels[i]);
      }
      for (std::size_t b = 0; b < all.scores.size(); ++b) all.scores[b].merge(mine.scores[b]);
    }
    counter.step();
  });
  return all;
}

/// A model programmed on the chip of `Spec`, its converters not yet set.
/// Errors  those of the model's `validate`, the settings and the weights
template <class Spec, model::transformer Model>
[[nodiscard]] deployed<Spec> programmed(
    Model const& m, config<Spec> const& settings, value_ranges const& values,
    typename deployed<Spec>::kernels const& kernels = deployed<Spec>::array_type::native()) {
  detail::check_model(m);
  return deployed<Spec>(
      settings, sites_of(m), values, [&](auto const& f) { for_each_projection(m, f); },
      [&](program::site s) { return producer_of(m, s); }, kernels, detail::key_heads_of(m));
}

/// The column currents of a programmed model over calibration texts; empty where the range rule does not ask for them.
/// Errors  those of the texts
template <class Spec, model::transformer Model>
[[nodiscard]] current_ranges observed_currents(deployed<Spec> const& chip, Model const& m,
                                               inputs_of<Model> const& texts, executor& threads,
                                               progress const& report = {}) {
  auto const& settings = chip.settings();
  current_ranges all = chip.no_currents();
  if (settings.range.needs_statistics() && !chip.array().lossless()) {
    // Statistics are large: one set a thread-sized share of the texts, merged exactly.
    std::size_t const shares = std::min<std::size_t>(threads.threads(), texts.size());
    std::mutex merging;
    progress_counter counter(report, texts.size());
    threads.for_each_index(shares, [&](std::size_t share) {
      current_ranges mine = chip.no_currents();
      executor serial(1);
      for (std::size_t t = share; t < texts.size(); t += shares) {
        engine<Spec> e(chip, product_mode::observe, serial, nullptr, &mine);
        static_cast<void>(forward(e, m, texts[t]));
        counter.step();
      }
      std::lock_guard const lock(merging);
      for (std::size_t s = 0; s < all.size(); ++s)
        for (std::size_t d = 0; d < all[s].size(); ++d) all[s][d].merge(mine[s][d]);
    });
  }
  return all;
}

/// A model programmed on the chip of `Spec` and calibrated: values first, then the column currents of the same texts, on
/// its design (`design_of`).
/// Errors  those of the settings, the weights and the texts
template <class Spec, model::transformer Model>
[[nodiscard]] deployed<Spec> deploy(
    Model const& m, config<Spec> const& settings, value_ranges const& values, inputs_of<Model> const& texts,
    executor& threads, progress const& report = {},
    typename deployed<Spec>::kernels const& kernels = deployed<Spec>::array_type::native()) {
  deployed<Spec> chip = programmed(m, settings, values, kernels);
  // Weights that came back wrong are of one chip; its converters are designed for the right ones.
  chip.set_converters(
      is_design(chip.settings())
          ? observed_currents(chip, m, texts, threads, report)
          : observed_currents(programmed(m, design_of(settings), values, kernels), m, texts, threads, report));
  return chip;
}

/// The same from a calibration that was kept: equal to the deployment that left it.
/// Errors  those of the settings and the weights; shape, config_value for a calibration that does not fit
template <class Spec, model::transformer Model>
[[nodiscard]] deployed<Spec> deploy(
    Model const& m, config<Spec> const& settings, calibration const& kept,
    typename deployed<Spec>::kernels const& kernels = deployed<Spec>::array_type::native()) {
  deployed<Spec> chip = programmed(m, settings, kept.values, kernels);
  chip.set_converters(kept.full_scales);
  return chip;
}

/// What one way of computing made of the texts.
template <class Answer>
struct outcome {
  std::vector<Answer> answers;       ///< by text
  std::vector<error_power> quality;  ///< by site, against fp32
  run_report report;
};

/// One way of computing, for `evaluate`: runs a text, compares with the fp32 values, keeps the answer.
template <model::transformer Model, model::task Task>
class contestant {
 public:
  using answer = typename Task::answer;

  template <class Spec>
  contestant(deployed<Spec> const& chip, product_mode mode)
      : sites_(chip.names().sites()),
        run_([&chip, mode](Model const& m, std::size_t text, model::input_of<Model> const& ids, model::recording& seen,
                           run_report& report) {
          executor serial(1);
          engine<Spec> e(chip, mode, serial, &seen, nullptr, static_cast<std::uint32_t>(text));
          auto output = forward(e, m, ids);
          report = e.report();
          return output;
        }) {}

  void prepare(std::size_t texts) {
    result_ = {std::vector<answer>(texts), std::vector<error_power>(sites_), run_report(sites_)};
    power_.assign(texts, {});
  }
  void run(std::size_t text, Model const& m, Task const& task, model::recording const& reference) {
    model::recording seen(sites_);
    run_report report;
    result_.answers[text] = task.answer_of(text, run_(m, text, task.inputs()[text], seen, report));
    auto& power = power_[text];
    power.resize(sites_);
    for (std::size_t s = 0; s < sites_; ++s) power[s].add(reference.at(s), seen.at(s));
    std::lock_guard const lock(*merging_);
    result_.report += report;
  }
  /// Adds up what the texts left, in their order.
  [[nodiscard]] outcome<answer> finish() {
    for (auto const& power : power_)
      for (std::size_t s = 0; s < power.size(); ++s) {
        result_.quality[s].signal += power[s].signal;
        result_.quality[s].noise += power[s].noise;
      }
    return std::move(result_);
  }

 private:
  std::size_t sites_;
  std::function<matrix<float>(Model const&, std::size_t, model::input_of<Model> const&, model::recording&, run_report&)>
      run_;
  outcome<answer> result_;
  std::vector<std::vector<error_power>> power_;
  std::unique_ptr<std::mutex> merging_ = std::make_unique<std::mutex>();
};

/// Runs all texts of a task in fp32 and through every contestant. Returns the fp32 answers; the contestants' `finish` gives theirs.
/// Errors  shape, value for texts that the model cannot take
template <model::transformer Model, model::task Task>
[[nodiscard]] std::vector<typename Task::answer> evaluate(Model const& m, model::fp32_weights const& weights,
                                                          Task const& task,
                                                          std::vector<contestant<Model, Task>>& contestants,
                                                          executor& threads, progress const& report = {},
                                                          fp32_kernel const& kernel = fp32_kernel_of<>) {
  std::size_t const sites = sites_of(m).sites();
  inputs_of<Model> const& texts = task.inputs();
  std::vector<typename Task::answer> answers(texts.size());
  for (auto& c : contestants) c.prepare(texts.size());
  progress_counter counter(report, texts.size());
  threads.for_each_index(texts.size(), [&](std::size_t t) {
    model::recording seen(sites);
    model::fp32_engine engine(weights, &seen, kernel);
    answers[t] = task.answer_of(t, forward(engine, m, texts[t]));
    for (auto& c : contestants) c.run(t, m, task, seen);
    counter.step();
  });
  return answers;
}

/// The exact currents of sampled cycles beside the first-order model's, for up to `most` texts spread evenly over a run:
/// the operands that the run has. Nothing where the chip has no such wires.
/// Errors  those of the texts
/// Cost    a pass of each of these texts, and some milliseconds a sampled cycle
template <class Spec, model::transformer Model>
[[nodiscard]] line_report sampled_lines(deployed<Spec> const& chip, Model const& m, inputs_of<Model> const& texts,
                                        executor& threads, std::size_t most = 8) {
  line_report out;
  if (!has_first_order_lines(chip.array())) return out;
  out.texts = std::min(most, texts.size());
  out.sites.resize(chip.names().sites());
  std::vector<line_samples> samples(out.texts, line_samples(out.sites.size()));
  threads.for_each_index(out.texts, [&](std::size_t k) {
    std::size_t const text = k * texts.size() / out.texts;
    executor serial(1);
    engine<Spec> e(chip, product_mode::convert, serial, nullptr, nullptr, static_cast<std::uint32_t>(text));
    e.sample(samples[k]);
    static_cast<void>(forward(e, m, texts[text]));
  });
  // In the order of the texts, whoever was first.
  for (auto const& s : samples)
    for (std::size_t i = 0; i < out.sites.size(); ++i) out.sites[i] += s.sites()[i];
  return out;
}

}  // namespace ohmic::inline OHMIC_ABI::chip
