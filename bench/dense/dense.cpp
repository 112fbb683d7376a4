// The dense bank read back: columns of 2-bit cells, ideal, noisy and behind a code that corrects, beside the definition, cell by
// cell. Every method gives the same weights; they are compared first.
#include <cstdint>
#include <string>
#include <vector>

#include "ohmic/core/reflect.hpp"
#include "ohmic/crossbar/dense_bank.hpp"
#include "support/operands.hpp"

namespace {

constexpr std::size_t columns = 64;

struct bank_of_weights {
  ohmic::dense_bank bank;
  ohmic::dense_report report;

  explicit bank_of_weights(char const* assignments) : bank(settings(assignments)) {
    std::vector<std::int8_t> weights(bank.weights_per_column());
    for (std::size_t c = 0; c < columns; ++c) {
      ohmic::stream const numbers{11, ohmic::purpose::user, static_cast<std::uint32_t>(c)};
      for (std::size_t i = 0; i < weights.size(); ++i)
        weights[i] = static_cast<std::int8_t>(static_cast<int>(numbers.word(i, 0) % 255) - 127);
      bank.write(c, weights, report);
    }
  }
  std::vector<std::int8_t> read(std::uint32_t index, ohmic::dense_method method) {
    std::vector<std::int8_t> out(columns * bank.weights_per_column());
    for (std::size_t c = 0; c < columns; ++c)
      bank.read(c, {index, ohmic::seconds(0.0)},
                std::span(out).subspan(c * bank.weights_per_column(), bank.weights_per_column()), report, method);
    return out;
  }

 private:
  static ohmic::dense_config settings(std::string const& assignments) {
    ohmic::dense_config c;
    c.columns = columns;
    for (std::size_t at = 0; at < assignments.size();) {
      auto const end = std::min(assignments.find(' ', at), assignments.size());
      ohmic::assign(c, assignments.substr(at, end - at));
      at = end + 1;
    }
    return c;
  }
};

void read_back(benchmark::State& state, char const* assignments, ohmic::dense_method method) {
  bank_of_weights memory(assignments);
  ohmic_bench::check(memory.read(3, method) == memory.read(3, ohmic::dense_method::plain));
  std::uint32_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(memory.read(index++, method).data());
  state.counters["weights/s"] = benchmark::Counter(static_cast<double>(columns * memory.bank.weights_per_column()),
                                                   benchmark::Counter::kIsIterationInvariantRate);
}
using enum ohmic::dense_method;
BENCHMARK_CAPTURE(read_back, ideal, "cell.bits=2", bounded)->Name("dense/ideal/ohmic")->UseRealTime();
BENCHMARK_CAPTURE(read_back, noisy, "cell.bits=2 cell.rtn_multiple=6.2", bounded)
    ->Name("dense/noisy/ohmic")
    ->UseRealTime();
BENCHMARK_CAPTURE(read_back, secded, "cell.bits=2 cell.rtn_multiple=6.2 protection=secded", bounded)
    ->Name("dense/secded/ohmic")
    ->UseRealTime();
BENCHMARK_CAPTURE(read_back, ideal_plain, "cell.bits=2", plain)->Name("dense/ideal/plain")->UseRealTime();
BENCHMARK_CAPTURE(read_back, noisy_plain, "cell.bits=2 cell.rtn_multiple=6.2", plain)
    ->Name("dense/noisy/plain")
    ->UseRealTime();

}  // namespace
