#!/usr/bin/env python3
"""Seconds of CPU that headers of ohmic take to compile, without optimisation: medians of three.

    python3 bench/compile/compile_times.py OUT.json [COMPILER..]      # g++ by default

Budgets are those of a header user: the whole library, one policy above what xsimd takes alone, a chip with a slot of one's own and
a product. Standard library only; xtensor, xsimd and Boost are found where the compiler finds them."""
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REPETITIONS = 3
CHIP = """#include <ohmic/chip/wang2024.hpp>
#include <ohmic/ohmic.hpp>
struct my_adc : ohmic::uniform_adc { using ohmic::uniform_adc::uniform_adc; };
struct my_chip : ohmic::chip::wang2024 { using adc = my_adc; };
double product() {
  using array = ohmic::computation_array<my_chip::scale, my_chip::adc>;
  array const a(array::config{});
  ohmic::matrix<std::int16_t> x(1, 2), w(1, 2);
  ohmic::executor threads(1);
  ohmic::product_report report;
  std::vector<float> const full_scales(3, 100.0f);
  return a.multiply(x, a.drive(w, "w"), a.converters(full_scales), ohmic::operand_source::weights, report, threads, "x")(0, 0);
}
"""
# Text, source, budget in s, what is taken off.
CASES = [
    ("xsimd/xsimd.hpp", "#include <xsimd/xsimd.hpp>\n", None, None),
    ("xtensor/xtensor.hpp", "#include <xtensor/xtensor.hpp>\n", None, None),
    ("ohmic/ohmic.hpp", "#include <ohmic/ohmic.hpp>\n", 6.0, None),
    ("ohmic/periphery/adc.hpp, above xsimd", "#include <ohmic/periphery/adc.hpp>\n", 1.5, "xsimd/xsimd.hpp"),
    ("ohmic/nonlinear/softmax.hpp, above xsimd", "#include <ohmic/nonlinear/softmax.hpp>\n", 1.5, "xsimd/xsimd.hpp"),
    ("ohmic/nonlinear/activation.hpp, above xsimd", "#include <ohmic/nonlinear/activation.hpp>\n", 1.5, "xsimd/xsimd.hpp"),
    ("a chip with a converter of one's own, and a product", CHIP, 10.0, None),
]


def seconds(compiler, source):
    """CPU time of one compilation of a file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([compiler, "-std=c++20", "-O0", "-I", str(ROOT / "include"), "-c", str(source), "-o", "/dev/null"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{compiler} could not compile {source.read_text()}\n{done.stderr[:2000]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    compilers = arguments[1:] or ["g++"]
    rows = [{"what": text, "budget_s": budget, "seconds": {}} for text, _, budget, _ in CASES]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "case.cpp"
        for compiler in compilers:
            medians = {}
            for row, (text, code, _, without) in zip(rows, CASES):
                source.write_text(code)
                times = [seconds(compiler, source) for _ in range(REPETITIONS)]
                medians[text] = statistics.median(times)
                row["seconds"][compiler] = medians[text] - (medians[without] if without else 0.0)
    Path(arguments[0]).write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print(row["what"], row["seconds"], row["budget_s"])


if __name__ == "__main__":
    main(sys.argv[1:])
