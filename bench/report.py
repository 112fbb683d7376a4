#!/usr/bin/env python3
"""Writes bench/RESULTS.md and bench/RESULTS.svg from what Google Benchmark wrote.

    python3 bench/report.py "COMPILER AND FLAGS=FILE.json" ... [compile=FILE.json]

Every figure is a ratio of medians of one run, with the spread (cv) of both sides; a bound is that of the issue that asked
for it. Standard library only."""
import json
import platform
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "studies"))
import svg  # noqa: E402

# What is compared: text, ours, the other, must reach, aim. A ratio of MAC rates, or of times where one has none.
ROWS = [
    ("wang2024 product, 8-bit ADC per digit", "product/8bit/ohmic/1", "product/f32/onednn", 0.35, 0.5),
    ("the same, lossless: one byte product", "product/lossless/ohmic/1", "product/int8/onednn", 0.5, 0.8),
    ("in situ: pairs subtracted, 8-bit inputs and ADC", "in_situ/pairs/ohmic/1", "product/f32/onednn", 1.0, 2.0),
    ("in situ: 4 slices of 2 bits, inputs bit by bit", "in_situ/slices/ohmic/1", "product/f32/onednn", 0.08, 0.13),
    ("in situ: pairs of cells of a finite range", "in_situ/real_cells/ohmic/1", "product/f32/onednn", None, None),
    ("in situ: programmed cells, noise of reads", "in_situ/noisy_cells/ohmic/1", "product/f32/onednn", 0.2, 0.3),
    ("OpenBLAS in float", "product/f32/openblas", "product/f32/onednn", None, None),
]
ROOFLINES = [
    ("wang2024 product, 8-bit ADC per digit", "product/8bit/ohmic/1", "product/8bit/peak"),
    ("the same, lossless", "product/lossless/ohmic/1", "product/lossless/peak/1"),
]
THREADS = [
    ("wang2024 product, 8-bit ADC", "product/8bit/ohmic"),
    ("wang2024 product, lossless", "product/lossless/ohmic"),
    ("in situ: pairs", "in_situ/pairs/ohmic"),
    ("in situ: slices", "in_situ/slices/ohmic"),
    ("in situ: noise of reads", "in_situ/noisy_cells/ohmic"),
    ("a pass on `wang2024`", "model/wang2024/ohmic"),
    ("the machine: byte products on operands in registers", "product/lossless/peak"),
]
OWN = [
    ("plain loops", "product/8bit/plain"),
    ("resistor mismatch", "product/mismatch/ohmic"),
    ("thermal noise", "product/thermal/ohmic"),
    ("noise of cells", "product/cell/ohmic"),
    ("telegraph noise", "product/telegraph/ohmic"),
    ("`isaac`", "in_situ/isaac/ohmic/1"),
    ("`multi_bit`", "in_situ/multi_bit/ohmic/1"),
    ("`single_bit`", "in_situ/single_bit/ohmic/1"),
]
MODEL = [
    ("`wang2024`", "model/fp32/onednn", "model/wang2024/ohmic/1", 6.0, 3.0),
    ("`multi_bit`", "model/fp32/onednn", "model/multi_bit/ohmic/1", None, None),
    ("fp32 reference", "model/fp32/onednn", "model/fp32/ohmic", None, None),
]
UNITS = [
    ("exp, over the C library", "nonlinear/exp/ohmic", "nonlinear/exp/libm"),
    ("exp, over an xtensor expression", "nonlinear/exp/ohmic", "nonlinear/exp/xtensor"),
    ("GELU, over the C library", "nonlinear/gelu/ohmic", "nonlinear/gelu/libm"),
    ("softmax of 256, over the C library", "nonlinear/softmax/ohmic", "nonlinear/softmax/libm"),
    ("codes of EXP(S), over a softmax of the C library", "nonlinear/softmax_codes/ohmic", "nonlinear/softmax/libm"),
    ("layer norm of 1024, over the C library", "nonlinear/layer_norm/ohmic", "nonlinear/layer_norm/libm"),
    ("attention of a head on the array, over the fp32 reference", "attention/wang2024/ohmic", "attention/fp32/ohmic"),
    ("dense bank read back, ideal, over the definition", "dense/ideal/ohmic", "dense/ideal/plain"),
    ("the same with errors", "dense/noisy/ohmic", "dense/noisy/plain"),
]
RATES = ("MAC/s", "values/s", "weights/s")
WIRES = [
    (f"{text}, {n} x {n}", f"wires/{kind}/ohmic/{n}", f"wires/vector/sparse_lu/{n}")
    for kind, text in (("vector", "one vector"), ("effective", "effective matrix"), ("64_further", "64 further vectors"))
    for n in (64, 128, 256)
]


class results:
    """Medians and spreads of one run, by name."""

    def __init__(self, path):
        data = json.loads(Path(path).read_text())
        self.context, self.medians, self.spreads = data["context"], {}, {}
        for b in data["benchmarks"]:
            name = re.sub(r"/real_time$", "", b["run_name"])
            if b.get("aggregate_name") == "median":
                self.medians[name] = b
            elif b.get("aggregate_name") == "cv":
                self.spreads[name] = next((b[r] for r in RATES if r in b), b["real_time"])
        self.label = next((b["label"] for n, b in self.medians.items() if n.startswith("product/") and b.get("label")), "")

    def has(self, *names):
        return all(n in self.medians for n in names)

    def ratio(self, ours, other):
        """How many times the rate of the other ours is, with the spread of both."""
        a, b = self.medians[ours], self.medians[other]
        rate = next((r for r in RATES if r in a and r in b), None)
        value = a[rate] / b[rate] if rate else b["real_time"] / a["real_time"]
        return value, (self.spreads[ours] ** 2 + self.spreads[other] ** 2) ** 0.5


def figure(value):
    return f"{value:.0f}" if value >= 20 else f"{value:.2g}" if value < 0.1 else f"{value:.2f}"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(r) + " |" for r in rows]) + "\n"


def compared(runs, rows, bounds=False):
    """One line a row, one column a run."""
    out = []
    for row in rows:
        text, ours, other = row[:3]
        if not any(r.has(ours, other) for r in runs.values()):
            continue
        cells = [text]
        for r in runs.values():
            cells.append("{} ({:.0f} %)".format(figure(r.ratio(ours, other)[0]), 100 * r.ratio(ours, other)[1]) if r.has(ours, other) else "-")
        if bounds:
            cells += ["-" if b is None else f"{b:g}" for b in row[3:5]]
        out.append(cells)
    return out


def text_of(command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main(arguments):
    runs, compiled = {}, None
    for argument in arguments:
        name, _, path = argument.rpartition("=")
        if name == "compile":
            compiled = json.loads(Path(path).read_text())
            continue
        runs[name.strip()] = results(path)
    if not runs:
        sys.exit('usage: report.py "COMPILER AND FLAGS=FILE.json" ...')
    first = next(iter(runs.values()))
    names = [f"{n} ({r.label})" for n, r in runs.items()]
    compilers = "; ".join(text_of([n.split()[0], "--version"]).splitlines()[0] for n in runs if "native" in n)
    commit = text_of(["git", "rev-parse", "--short", "HEAD"]) + (", with changes" if text_of(["git", "status", "--porcelain", "--", "include", "bench"]) else "")
    loads = ", ".join("{:.1f}".format(r.context["load_avg"][0]) if r.context.get("load_avg") else "?" for r in runs.values())
    parts = [f"""# Results

Written by `bash bench/run.sh`. Ratios within one run: medians of repetitions in random order, in brackets the spread (cv) of both sides together. Work:
1024 x 4096 weights x 128 activations (537 MMAC) unless said. Every bench checks its result before it is timed.

Machine: {processor()}, {first.context["num_cpus"]} processors, load {loads} when the runs began (the bench itself is one). {compilers}. Commit {commit}.

## Against oneDNN

MAC rate over that of oneDNN on one thread: in float, and in bytes (u8 s8 s32) for the lossless product.

"""]
    parts.append(table(["", *names, "must reach", "aim"], compared(runs, ROWS, bounds=True)))
    parts.append("""
## Against the machine

The fraction of the peak of the same instruction mix: the same byte products and conversions on operands in registers (`bench/product/peak.cpp`).

""")
    parts.append(table(["", *names], compared(runs, ROOFLINES)))
    parts.append("""
## Two threads against one

The last row has nothing to wait for: what two processors of this machine give together is the bound of the others. To reach: 1.7 where a
product takes 5 ms or more, which with AVX-512 the lossless one and the pairs do not. A pass is no product: parts of it run on one thread.

""")
    parts.append(table(["", *names], compared(runs, [(t, n + "/2", n + "/1") for t, n in THREADS])))
    parts.append("""
## Against the 8-bit computation array

What other definitions, imperfections and conventional arrays take: MAC rate over that of the 8-bit computation array on one thread.

""")
    parts.append(table(["", *names], compared(runs, [(t, n, "product/8bit/ohmic/1") for t, n in OWN])))
    passes = compared(runs, MODEL, bounds=True)
    if passes:
        parts.append("""
## A whole pass

256 tokens through two of the 24 layers of a BERT-Large (1024 wide, 16 heads, 4096 inside), which are all alike: products, softmax, layer norms, GELU and
attention. How many times as long as the same pass in float by oneDNN on one thread (its matmul, softmax, GELU and layer norm).

""")
        parts.append(table(["", *names, "at most", "aim"], passes))
    units = compared(runs, UNITS)
    if units:
        parts.append("\n## Units beside the arrays\n\nHow many times as fast, one thread; tables of one line each in `bench/nonlinear`, `attention`, `dense`.\n\n")
        parts.append(table(["", *names], units))
    wires = compared(runs, WIRES)
    if wires:
        parts.append("""
## Wires

Exact currents, residual below 1e-10, devices of 10 kohm or 1 Mohm, 1 ohm a segment, one thread: how many times faster than Eigen's SparseLU (ordering,
factorisation and one solution) on the same network. One vector must be 40 times faster at 128 x 128, an effective matrix as fast.

""")
        parts.append(table(["", *names], wires))
    costs = [n for n in first.medians if n.startswith("cost/")]
    if costs:
        parts.append("""
## Cost

Microseconds for prefill and one decoding step of a BERT-Large on each preset (bound: 100), and design points a second and core (bound: 1e5).

""")
        rows = []
        for n in costs:
            cells = [f"{n.removeprefix('cost/')} {first.medians[n].get('label', '')}".strip()]
            for r in runs.values():
                b = r.medians.get(n)
                cells.append("-" if b is None else f"{b['points/s']:.3g} /s" if "points/s" in b else "{:.3g} us".format(b["real_time"] * {"ns": 1e-3, "us": 1, "ms": 1e3}[b["time_unit"]]))
            rows.append(cells)
        parts.append(table(["", *names], rows))
    if compiled:
        parts.append("\n## Compile time\n\nSeconds of CPU without optimisation, medians of three (`bench/compile/compile_times.py`).\n\n")
        compilers = list(compiled[0]["seconds"])
        parts.append(table(["", *compilers, "at most"], [[r["what"], *("{:.2f}".format(r["seconds"][c]) for c in compilers), "-" if r["budget_s"] is None else f"{r['budget_s']:g}"] for r in compiled]))
    (ROOT / "bench" / "RESULTS.md").write_text("".join(parts))

    shown = [r for r in ROWS[:6] if first.has(r[1], r[2])]
    plot = svg.plot("Simulated MAC rate over oneDNN's", "", "ratio", (0.0, max(2.0, *(first.ratio(r[1], r[2])[0] for r in shown))))
    plot.bars([r[0].replace(", ", ",\n").replace(": ", ":\n") for r in shown], {n: [r.ratio(row[1], row[2])[0] if r.has(row[1], row[2]) else None for row in shown] for n, r in runs.items()})
    plot.write(ROOT / "bench" / "RESULTS.svg")


if __name__ == "__main__":
    main(sys.argv[1:])
