// The plan of a program against counts worked out by hand.
#include "ohmic/program/plan.hpp"

#include <cstdint>
#include <vector>

#include "ohmic/program/encoder.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"

using ohmic::array_geometry;
using ohmic::operand_source;
using ohmic::program::encoder_program;
using ohmic::program::operation;
using ohmic::program::plan;
using ohmic::program::site_names;
using ohmic::program::sub_operation;

namespace {

// Four rows: two activations of S = 2. Four columns: two tokens side by side. An access brings four weights.
constexpr array_geometry tiny{4, 4, 16, 4};

}  // namespace

// One layer, 3 tokens of width 4 in 2 heads of 2, hidden 6, 5 classes; S = 2, 3 digits.
TEST_CASE("the plan of a small encoder is what one counts by hand") {
  auto const p = plan(encoder_program({3, 4, 6, 2, 1, 5}, {3, 3, true, true, {}}), tiny, 2, {1});

  // A1: 4 sessions, 3 tokens in 2 groups, 4 inner elements in 2 tiles.
  CHECK(p.count("layer.0.A1", "dense_bank", "column_access") == 4);
  CHECK(p.count("layer.0.A1", "dense_bank", "cell_read") == 4 * 16);
  CHECK(p.count("layer.0.A1", "weight_register", "load") == 16);
  CHECK(p.count("layer.0.A1", "operand_register", "load") == 0);
  CHECK(p.count("layer.0.A1", "cache", "read") == 4 * 3 * 4);
  CHECK(p.count("layer.0.A1", "switch_register", "load") == 4 * 3 * 4 * 3);
  CHECK(p.count("layer.0.A1", "dac", "drive") == 4 * 2 * 3 * 2 * 4);
  CHECK(p.count("layer.0.A1", "computation_array", "cycle") == 4 * 2 * 3 * 2);
  CHECK(p.count("layer.0.A1", "adc", "convert") == 4 * 3 * 3 * 2 * 2);
  CHECK(p.count("layer.0.A1", "accumulator", "add") == 4 * 3);
  CHECK(p.count("layer.0.A1", "post", "scale") == 12);
  CHECK(p.count("layer.0.A1", "cache", "write") == 12);

  // A4: 2 heads of 3 sessions, 2 inner elements: one tile, nothing to accumulate.
  CHECK(p.count("layer.0.A4", "operand_register", "load") == 2 * 3 * 2);
  CHECK(p.count("layer.0.A4", "dense_bank", "column_access") == 0);
  CHECK(p.count("layer.0.A4", "computation_array", "cycle") == 2 * 3 * 2 * 3);
  CHECK(p.count("layer.0.A4", "adc", "convert") == 2 * 3 * 3 * 3 * 2);
  CHECK(p.count("layer.0.A4", "accumulator", "add") == 0);
  CHECK(p.count("layer.0.A4", "exp_unit", "exp") == 2 * 9);

  // A5: 2 heads of one session, 3 inner elements in 2 tiles.
  CHECK(p.count("layer.0.A5", "adc", "convert") == 2 * 3 * 3 * 2 * 2);
  CHECK(p.count("layer.0.A5", "cache", "write") == 6);

  // L1: one session a token, alone on the array.
  CHECK(p.count("layer.0.A.L1", "computation_array", "cycle") == 3 * 3 * 2);
  CHECK(p.count("layer.0.A.L1", "adc", "convert") == 3 * 3 * 2 * 2);
  CHECK(p.count("layer.0.A.L1", "post", "scale") == 3);

  // The head sees one token.
  CHECK(p.count("classifier", "adc", "convert") == 5 * 3 * 2 * 2);
  CHECK(p.count("classifier", "post", "add_bias") == 5);

  CHECK(p.total("root_unit", "inverse_root") == 3 * 3);
  CHECK(p.total("divider", "divide") == 12);
}

TEST_CASE("rows of a plan follow the program, and actions never taken have none") {
  auto const p = plan(encoder_program({3, 4, 6, 2, 1, 5}, {3, 3, false, false, {}}), tiny, 2, {1});
  CHECK(p.rows().front().layer == "embeddings.L1");
  CHECK(p.rows().back().layer == "classifier");
  for (auto const& row : p.rows()) CHECK(row.count > 0);
  CHECK(p.total("comparator", "compare") == 0);
}

TEST_CASE("several passes cost their multiple") {
  auto const program = encoder_program({7, 4, 6, 2, 2, 5}, {});
  auto const once = plan(program, tiny, 2, {2}), five = plan(program, tiny, 2, {2}, 5);
  ohmic::ledger sum;
  for (int i = 0; i < 5; ++i) sum.merge(once);
  CHECK(ohmic::difference(sum, five) == "");
  CHECK(plan(program, tiny, 2, {2}, 0).empty());
}

TEST_CASE("repeats of a sub-operation multiply its products, not its post-functions") {
  sub_operation op{{1, operation::A4}, operand_source::activations, {3, 4, 5}, 3, 1, {}};
  op.post.add<"exp_unit", "exp">(15);
  auto const once = ohmic::program::planned(op, tiny, 2);
  op.repeats = 6;
  auto const six = ohmic::program::planned(op, tiny, 2);
  CHECK(six.count<"adc", "convert">() == 6 * once.count<"adc", "convert">());
  CHECK(six.count<"exp_unit", "exp">() == 15);
}

TEST_CASE("a plan that leaves 64 bits is refused with the site") {
  std::size_t const huge = std::size_t{1} << 30;
  ohmic_test::check_refused(
      [&] {
        (void)plan(encoder_program({huge, huge, huge, 1, 1, 0}, {}), {}, 2, {1});
      },
      ohmic::errc::capacity, {"layer.0.A1", "64 bits"});
  auto const small = encoder_program({3, 4, 6, 2, 1, 5}, {});
  ohmic_test::check_refused([&] { (void)plan(small, tiny, 2, {1}, std::uint64_t{1} << 63); }, ohmic::errc::capacity,
                            {"embeddings.L1", "64 bits"});
  CHECK_NOTHROW(plan(small, tiny, 2, {1}, std::uint64_t{1} << 40));
}
