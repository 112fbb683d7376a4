#!/usr/bin/env python3
"""Seconds of CPU that headers of ohmic take to compile, without optimisation: medians of three. And how many templates clang
instantiates for them (classes and functions, as its time trace lists them): a count that does not depend on the machine.

    python3 bench/compile/compile_times.py OUT.json [COMPILER..]      # g++ by default
    python3 bench/compile/compile_times.py OUT.json --counts [CLANG]  # clang++ by default; counts alone, no times

Budgets are those of a header user: the whole library, one policy above what xsimd takes alone, a chip with a slot of one's own and
a product; those of counts (status 1 above them) are what was counted and a tenth. Standard library only; xtensor, xsimd and Boost are found where the compiler finds them."""
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
# Text, source, budget in s, what is taken off, budget of instantiations.
CASES = [
    ("xsimd/xsimd.hpp", "#include <xsimd/xsimd.hpp>\n", None, None, None),
    ("xtensor/xtensor.hpp", "#include <xtensor/xtensor.hpp>\n", None, None, None),
    ("ohmic/ohmic.hpp", "#include <ohmic/ohmic.hpp>\n", 6.0, None, 43500),
    ("ohmic/periphery/adc.hpp, above xsimd", "#include <ohmic/periphery/adc.hpp>\n", 1.5, "xsimd/xsimd.hpp", 2200),
    ("ohmic/nonlinear/softmax.hpp, above xsimd", "#include <ohmic/nonlinear/softmax.hpp>\n", 1.5, "xsimd/xsimd.hpp", 4950),
    ("ohmic/nonlinear/activation.hpp, above xsimd", "#include <ohmic/nonlinear/activation.hpp>\n", 1.5, "xsimd/xsimd.hpp", 4050),
    ("a chip with a converter of one's own, and a product", CHIP, 10.0, None, 44200),
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


def instantiations(compiler, source):
    """Classes and functions that the compiler instantiates for a file."""
    traced = source.with_suffix(".o")
    done = subprocess.run([compiler, "-std=c++20", "-O0", "-ftime-trace", "-ftime-trace-granularity=0", "-I", str(ROOT / "include"), "-c",
                           str(source), "-o", str(traced)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{compiler} could not compile {source.read_text()}\n{done.stderr[:2000]}")
    names = [event["name"] for event in json.loads(source.with_suffix(".json").read_text())["traceEvents"]]
    return {"classes": names.count("InstantiateClass"), "functions": names.count("InstantiateFunction")}


def count(out, compiler):
    """One compilation of each case, counted. True where every budget is kept."""
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "case.cpp"
        for text, code, _, without, budget in CASES:
            source.write_text(code)
            found = instantiations(compiler, source)
            if without:
                found = {kind: n - rows[without]["instantiations"][kind] for kind, n in found.items()}
            rows[text] = {"what": text, "budget": budget, "instantiations": found}
            print(text, found, budget)
    Path(out).write_text(json.dumps(list(rows.values()), indent=1) + "\n")
    return all(row["budget"] is None or sum(row["instantiations"].values()) <= row["budget"] for row in rows.values())


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    if "--counts" in arguments:
        sys.exit(0 if count(arguments[0], (arguments[2:] or ["clang++"])[0]) else "a budget of instantiations is exceeded")
    compilers = arguments[1:] or ["g++"]
    rows = [{"what": text, "budget_s": budget, "seconds": {}} for text, _, budget, _, _ in CASES]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "case.cpp"
        for compiler in compilers:
            medians = {}
            for row, (text, code, _, without, _) in zip(rows, CASES):
                source.write_text(code)
                times = [seconds(compiler, source) for _ in range(REPETITIONS)]
                medians[text] = statistics.median(times)
                row["seconds"][compiler] = medians[text] - (medians[without] if without else 0.0)
    Path(arguments[0]).write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print(row["what"], row["seconds"], row["budget_s"])


if __name__ == "__main__":
    main(sys.argv[1:])
