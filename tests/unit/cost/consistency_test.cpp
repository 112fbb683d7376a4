// One description, two answers: the times, energies and counts of a report speak of the same actions; every constant moves it.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "ohmic/chip/sensitivity.hpp"
#include "ohmic/chip/workload.hpp"
#include "support/catch.hpp"

using namespace ohmic;
using namespace ohmic::chip;

namespace {
workload encoder_work(std::size_t decode) {
  return workload_of(model::find_network("bert_large"), {256, decode, 1}, choices_of("wang2024"));
}
}  // namespace

TEST_CASE("caches take the time of the reads that the plan counts, at every duplication") {
  auto const w = encoder_work(1);
  double planned = 0.0;  // bytes: X every session, and the second operands of attention and norms
  for (auto const& r : w.prefill) {
    auto const& s = r.op.shape;
    double const times = static_cast<double>(r.times * r.op.repeats);
    planned += times * static_cast<double>(s.tokens * s.inner * s.outputs);
    if (r.op.source != operand_source::weights) planned += times * static_cast<double>(s.inner * s.outputs);
  }
  for (std::size_t d : {1u, 512u, 1024u}) {
    INFO(d);
    cost_settings s;
    s.chip.duplication = d;
    auto const r = find_cost_preset("wang2024").cost(w, s);
    double reads = 0.0;
    for (auto const& row : r.rows)
      if (row.when == phase::prefill && (row.part == "cache.read" || row.part == "operand_register.load"))
        reads += row.count;
    CHECK(reads == Approx(planned).epsilon(1e-12));
    CHECK(r.note("bound.cache_reads") == Approx(reads / s.chip.cache_bytes_per_s).epsilon(1e-12));
    CHECK(r.latency_s(phase::prefill) >= r.note("bound.cache_reads") * (1 - 1e-12));
    // At 512 copies and more the caches are the bound, at one the sessions.
    CHECK((r.latency_s(phase::prefill) < 1.1 * r.note("bound.cache_reads")) == (d > 1));
    // Where registers keep all digits, energy and time have one read a product of what the arrays hold.
    s.chip.registers = register_variant::literal, s.chip.reads = operand_reads::held;
    auto const held = find_cost_preset("wang2024").cost(w, s);
    double held_reads = 0.0;
    for (auto const& row : held.rows)
      if (row.when == phase::prefill && (row.part == "cache.read" || row.part == "operand_register.load"))
        held_reads += row.count;
    CHECK(held.note("bound.cache_reads") == Approx(held_reads / s.chip.cache_bytes_per_s).epsilon(1e-12));
    CHECK(held.note("macs.prefill.full") == r.note("macs.prefill.full"));
    if (d == 1)
      CHECK(held_reads == reads);
    else
      CHECK(held.latency_s(phase::prefill) < 0.5 * r.latency_s(phase::prefill));
    // 24,576 bits keep two digits of three.
    s.chip.registers = register_variant::double_buffered;
    CHECK(find_cost_preset("wang2024").cost(w, s).note("bound.cache_reads") ==
          Approx(reads / s.chip.cache_bytes_per_s).epsilon(1e-12));
    CHECK_FALSE(s.chip.registers_hold(3));
    CHECK(s.chip.registers_hold(2));
  }
}

TEST_CASE("leakage is counted once: a busy converter takes the whole power of its table") {
  computation_chip_config const c;
  component_prices const p = published_prices();
  auto const price = [&](auto const& book, auto action) {
    return action_prices<cost_actions>(book.energies)[cost_actions::index<decltype(action)>].value.si();
  };
  auto const apart = computation_chip_book(price_set::bottom_up, p, c),
             inside = computation_chip_book(price_set::bottom_up, p, c, false);
  auto const leak = part_prices<watts>(named(part<"adc">(1), part<"dac">(1)), apart.static_powers);
  double const conversion = price(apart, action<"adc", "convert">{}), drive = price(apart, action<"dac", "drive">{});
  // ISAAC, Table I: 2 mW at 1.28 GS/s; 64 one-bit DACs of 4 mW / 1024 over a cycle.
  CHECK(conversion * 1.28e9 + leak[0].value.si() == Approx(2e-3).epsilon(1e-12));
  CHECK(drive / 100e-9 + leak[1].value.si() == Approx(64 * 4e-3 / 1024).epsilon(1e-12));
  CHECK(price(inside, action<"adc", "convert">{}) == Approx(2e-3 / 1.28e9).epsilon(1e-12));
  // Both notes and the leakage are the energy of the rows.
  cost_settings s;
  s.choice.prices = price_set::bottom_up;
  auto const r = find_cost_preset("wang2024").cost(encoder_work(4), s);
  for (auto const& [when, name] : {std::pair{phase::prefill, "prefill"}, {phase::decode, "decode_per_token"}}) {
    std::string const key = std::string("energy.") + name + ".bottom_up.";
    CHECK(r.note(key + "full") + r.note(key + "static") == Approx(r.energy_J(when)).epsilon(1e-12));
    CHECK(r.note(key + "static") > 0.0);
  }
}

TEST_CASE("dense crossbars of a full count hold whole columns, and a step reads no more than they have") {
  model::network odd;
  odd.transformer.emplace();
  auto& s = *odd.transformer;
  s.layers = 200, s.width = 260, s.heads = s.key_heads = 4, s.head_width = 65, s.hidden = 260;
  program::transformer_shape::validate(s);
  auto const w = workload_of(odd, {8, 1, 1}, choices_of("wang2024"));
  // Six matrices of 260 x 260 a layer: two columns an output, where 256 weights fill one.
  CHECK(w.weights == 200u * 6 * 260 * 260);
  computation_chip_config const c;
  CHECK(dense_columns(c, w, count_rule::full) == 200u * 6 * 260 * 2);
  CHECK(dense_columns(c, w, count_rule::published) == (200u * 6 * 260 * 260 + 255) / 256);
  CHECK(find_cost_preset("wang2024").cost(w, {}).note("dense_crossbars") == 10.0);
  for (char const* id : {"gpt2_xl", "bert_large", "mixtral_8x7b", "t5_3b", "resnet_34"}) {
    INFO(id);
    auto const& n = model::find_network(id);
    auto const model_work = workload_of(n, {16, 0, 1}, choices_of("wang2024"));
    std::uint64_t weights = 0, beside = 0;
    for (auto const& m : model_work.matrices) (m.beside ? beside : weights) += m.inner * m.outputs * m.copies;
    CHECK(weights == n.weights());
    CHECK(beside == n.weights_beside());
    auto const r = find_cost_preset("wang2024").cost(model_work, {});
    // A pass reads every column at most once: an encoder-decoder's first one none of the decoder's, a step few of many experts'.
    double reads = 0.0;
    for (auto const& row : r.rows)
      if (row.what == metric::dynamic_energy && row.when == phase::prefill && row.part == "dense_bank.column_access")
        reads += row.count;
    CHECK(reads > 0.0);
    CHECK(reads <= static_cast<double>(dense_columns(c, model_work, count_rule::full)));
  }
}

TEST_CASE("a token of an encoder-decoder passes the decoder's stages alone") {
  auto const& n = model::find_network("t5_3b");
  auto const w = workload_of(n, {30, 4, 1}, choices_of("wang2024"));
  CHECK(w.serial_steps == 6.0 * static_cast<double>(n.transformer->cross_layers));  // QKV, A7, Q, A7, B1, B2
  CHECK(w.serial_vectors == 4.0 * static_cast<double>(n.transformer->layers) * 30.0);
}

TEST_CASE("a full count of a residual network has its shortcuts and its classifier") {
  // 3.66e9 and 11.28e9 MACs with the shortcut projections; the classifier adds 0.5e6 and 2e6.
  for (auto const& [id, full, printed] : {std::tuple{"resnet_34", 3.66e9, 3.64e9}, {"resnet_152", 11.28e9, 10.92e9}}) {
    INFO(id);
    auto const& n = model::find_network(id);
    auto const w = workload_of(n, {0, 0, 1}, choices_of("wang2024"));
    auto const r = find_cost_preset("wang2024").cost(w, {});
    CHECK(r.note("macs.prefill.full") == Approx(full).epsilon(2e-3));
    CHECK(r.note("macs.prefill.published") == Approx(printed).epsilon(2e-3));
    CHECK(r.note("weights.head") == static_cast<double>(n.weights_beside()));
    CHECK(n.weights_beside() > 500000);
  }
  // Torchvision's counts of parameters, 21.80e6 and 60.19e6, have norms and biases too.
  auto const all = [](char const* id) {
    auto const& n = model::find_network(id);
    return static_cast<double>(n.weights() + n.weights_beside()) / 1e6;
  };
  CHECK(all("resnet_34") == Approx(21.78).margin(0.01));
  CHECK(all("resnet_152") == Approx(60.04).margin(0.05));
}

TEST_CASE("in-situ designs keep the cycle that is set, and no less than their converter needs") {
  auto const w = encoder_work(1);
  for (char const* id : {"isaac", "multi_bit", "single_bit"}) {
    INFO(id);
    auto const time = [&](double cycle_s, double rate) {
      cost_settings s;
      s.chip.cycle = seconds(cycle_s), s.chip.conversions_per_s = rate;
      double sum = 0.0;
      for (auto const& row : find_cost_preset(id).cost(w, s).rows)
        if (row.what == metric::latency && row.when == phase::prefill && row.block != "links") sum += row.total;
      return sum;
    };
    CHECK(time(200e-9, 1.28e9) == Approx(2 * time(100e-9, 1.28e9)).epsilon(1e-12));
    CHECK(time(50e-9, 1.28e9) == Approx(time(100e-9, 1.28e9)).epsilon(1e-12));  // 128 conversions take 100 ns
    CHECK(time(50e-9, 2.56e9) == Approx(0.5 * time(100e-9, 1.28e9)).epsilon(1e-12));
  }
}

TEST_CASE("sensitivity moves every constant of a preset, both ways, and names the strongest") {
  auto const w = workload_of(model::find_network("gpt3"), {256, 2, 1}, choices_of("wang2024"));
  struct expected {
    char const *chip, *constant;
    moved_total total;
    double up, down;
  } const moves[] = {{"isaac", "isaac_router_area", moved_total::area, 0.0, 0.0},
                     {"isaac", "hyper_transport_area", moved_total::area, 0.0, 0.0},
                     {"isaac", "hyper_transport_bytes_per_s", moved_total::prefill_latency, 0.0, 0.0},
                     {"isaac", "cycle", moved_total::prefill_latency, 0.0, 0.0},
                     {"prime", "prime_bus_bytes_per_s", moved_total::prefill_latency, 0.0, 0.0},
                     {"pipelayer", "pipelayer_slot", moved_total::prefill_latency, 0.0, 0.0},
                     {"pipelayer", "pipelayer_GOPS_mm2", moved_total::area, 1 / 1.1 - 1, 1 / 0.9 - 1},
                     {"tpuv4", "tpuv4_power", moved_total::prefill_energy, 0.1, -0.1},
                     {"a100", "a100_bytes_per_s", moved_total::decode_latency, 1 / 1.1 - 1, 1 / 0.9 - 1},
                     {"vesti", "vesti_weight", moved_total::decode_energy, 0.0, 0.0},
                     {"multi_bit", "multi_bit_mac", moved_total::prefill_energy, 0.0, 0.0},
                     {"wang2024", "dense_read", moved_total::decode_energy, 0.0, 0.0},
                     {"wang2024", "cache_bytes_per_s", moved_total::prefill_latency, 0.0, 0.0}};
  for (auto const& m : moves) {
    INFO(m.chip << " " << m.constant);
    auto const rows = sensitivity(find_cost_preset(m.chip), w, {});
    auto const found = std::find_if(rows.begin(), rows.end(), [&](auto const& r) { return r.constant == m.constant; });
    REQUIRE(found != rows.end());
    auto const i = static_cast<std::size_t>(m.total);
    CHECK(found->up[i] * found->down[i] <= 0.0);  // a bound may hold it on one side
    CHECK(found->largest(m.total) > 1e-6);
    if (m.up != 0.0) CHECK(found->up[i] == Approx(m.up).epsilon(1e-9));
    if (m.down != 0.0) CHECK(found->down[i] == Approx(m.down).epsilon(1e-9));
    CHECK_FALSE(strongest(rows, m.total).empty());
    for (auto const& r : rows) {
      auto const most =
          std::find_if(rows.begin(), rows.end(), [&](auto const& x) { return x.constant == strongest(rows, m.total); });
      CHECK(r.largest(m.total) <= most->largest(m.total));
    }
  }
}
