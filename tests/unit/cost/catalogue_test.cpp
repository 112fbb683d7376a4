#include "ohmic/model/catalogue.hpp"

#include <map>

#include "ohmic/chip/published.hpp"
#include "ohmic/chip/workload.hpp"
#include "support/catch.hpp"

using namespace ohmic;

TEST_CASE("weights of the layers are those of the papers") {
  std::map<std::string, double> const millions{
      {"bert_base", 84.93}, {"bert_large", 301.99}, {"resnet_34", 21.10}, {"resnet_152", 55.22}};
  for (auto const& [id, m] : millions)
    CHECK(static_cast<double>(model::find_network(id).weights()) / 1e6 == Approx(m).margin(0.006));
  CHECK(chip::size_of("bert_base").macs == Approx(21.74e9).epsilon(1e-3));
  CHECK(chip::size_of("bert_large").macs == Approx(77.31e9).epsilon(1e-4));
  CHECK(chip::size_of("resnet_34").macs == Approx(3.64e9).epsilon(2e-3));
  CHECK(chip::size_of("resnet_152").macs == Approx(10.92e9).epsilon(1e-3));
}

TEST_CASE("sizes with embeddings come near the names of the models") {
  // Layers, token embedding, and the output head where it is separate: within 3 % of the billions published (norms
  // and biases left out).
  struct {
    char const* id;
    double billions;
    int embeddings;
  } const known[] = {{"gpt2", 0.124, 1},       {"gpt2_xl", 1.56, 1},    {"phi_1_5", 1.42, 2},
                     {"llama_7b", 6.74, 2},    {"llama_13b", 13.02, 2}, {"llama_33b", 32.5, 2},
                     {"llama_65b", 65.3, 2},   {"gpt3", 174.6, 1},      {"llama_3_8b", 8.03, 2},
                     {"llama_3_70b", 70.6, 2}, {"mistral_7b", 7.24, 2}, {"qwen2_5_7b", 7.62, 2},
                     {"t5_3b", 2.85, 1},       {"t5_11b", 11.3, 1}};
  for (auto const& k : known) {
    INFO(k.id);
    auto const& n = model::find_network(k.id);
    double const all = static_cast<double>(n.weights()) + k.embeddings *
                                                              static_cast<double>(n.transformer->vocabulary) *
                                                              static_cast<double>(n.transformer->width);
    CHECK(all == Approx(k.billions * 1e9).epsilon(0.03));
  }
}

TEST_CASE("ids are read without regard to case, dots and hyphens, and a slip is met with the nearest") {
  CHECK(model::find_network("Llama-3-8B").id == "llama_3_8b");
  CHECK(model::find_network("Qwen2.5-7B").id == "qwen2_5_7b");
  try {
    static_cast<void>(model::find_network("bert_larg"));
    FAIL("accepted");
  } catch (error const& e) { CHECK(e.info().fix == "did you mean 'bert_large'?"); }
}

TEST_CASE("segments of a generation sum to the counts of its single steps") {
  // Counts are even between multiples of 64 activations and up to a window, so that two plans stand for up to 64 steps.
  bool const windowed = GENERATE(false, true);
  auto n = model::find_network("llama_3_8b");
  if (windowed) n.transformer->window = 150, n.transformer->windowed_layers = 20;
  std::size_t const tokens = 100, steps = 150;
  auto const w = chip::workload_of(n, {tokens, steps, 2}, {});
  auto const sum_of = [](program::repeated_program const& p, double weight,
                         std::array<double, program::site_actions::size>& sum) {
    for (auto const& r : p) {
      std::size_t i = 0;
      program::planned(r.op, {}, 2).for_each([&](std::string_view, std::string_view, std::uint64_t count) {
        sum[i++] += weight * static_cast<double>(r.times) * static_cast<double>(count);
      });
    }
  };
  std::array<double, program::site_actions::size> by_segments{}, by_steps{};
  for (auto const& s : w.segments) sum_of(s.first, s.steps / 2, by_segments), sum_of(s.last, s.steps / 2, by_segments);
  for (std::size_t i = 0; i < steps; ++i) sum_of(n.decode(tokens, i, 2, {}), 1.0, by_steps);
  CHECK(w.segments.size() == (windowed ? 4u : 3u));  // contexts 101-128, 129-(150, 151-)192, 193-250
  for (std::size_t i = 0; i < by_steps.size(); ++i) CHECK(by_segments[i] == by_steps[i]);  // integers below 2^53: exact
}

TEST_CASE("a generation that no memory holds is refused before it is planned") {
  auto const refused = [](chip::usage u, errc code) {
    try {
      static_cast<void>(chip::workload_of(model::find_network("gpt3"), u, {}));
      FAIL("accepted");
    } catch (error const& e) { CHECK(e.code() == code); }
  };
  refused({256, std::size_t{1} << 40, 1}, errc::shape);
  refused({std::size_t{1} << 26, 0, 1u << 20}, errc::shape);
}
