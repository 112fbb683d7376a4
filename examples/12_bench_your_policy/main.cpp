// The one line that benches a converter of one's own against its definition, the library's converter and a product in float.
#include <ohmic/bench/product.hpp>

#include "../02_own_adc/truncating_adc.hpp"

static bool const mine = ohmic::bench::converter<truncating_adc>("truncating_adc");

BENCHMARK_MAIN();
