#!/usr/bin/env python3
"""Devices and converters against what is left of a model: conventional in-situ chips and wang2024 side by side.

usage: device_study.py [--all] [--only SWEEP,..] [--limit N]      writes devices_*.svg, devices_*.csv, device_study.json to build/studies

Sweeps, each a plot: drift (age of the cells, with and without a factor against it), stuck (share of cells), adc (bits of the
converters), slices (cells of a weight, whose range has an error of 10 %). Plotted is the score of the task (accuracy), with those of fp32 and
of INT8 codes as lines; the CSV has the agreement with fp32 beside it. What cells do is said of `cell.*` in the arrays of isaac,
multi_bit and single_bit, and of `dense.*` in the bank of wang2024, whose computation crossbar has no such cells.
"""
import csv
import json
import os
import sys
import tempfile

import runs
import svg

IN_SITU = ("isaac", "multi_bit", "single_bit")
AGES = [0, 1e2, 1e4, 1e6, 1e8]  # s
DRIFT = (0.05, 0.01, 20)  # mean and spread of nu, t0 in s: about what is published of PCM (device/pcm.hpp)
STUCK = [0, 1e-4, 1e-3, 1e-2, 5e-2]  # of cells, half of them at either end
BITS = [4, 5, 6, 7, 8, 9, 10]
ERROR = 0.1  # of the range
CUTS = {
    "multi_bit": ([7], [3, 4], [1, 2, 2, 2], [1] * 7),
    "isaac": ([8], [4, 4], [2, 2, 2, 2], [1] * 8),
}


def drift_settings():
    nu, spread, t0 = DRIFT
    found = {}
    for base in IN_SITU:
        for kind in ("none", "global"):
            cells = {"cell.retention.exponent": nu, "cell.retention.spread": spread, "cell.retention.reference": f"{t0} s"}
            found[base if kind == "none" else f"{base}, factor"] = {
                age: {"chip": base, **(cells | {"cell.retention.age": f"{age:g} s", "cell.retention.compensation": kind} if age > 0 else {})}
                for age in AGES
            }
    cells = {"dense.cell.drift_exponent": nu, "dense.cell.drift_spread": spread, "dense.cell.drift_reference": f"{t0} s"}
    for bits in (2, 1):
        found[f"wang2024, cells of {bits} bit"] = {
            age: {"chip": "wang2024", "dense.cell.bits": bits, **(cells | {"dense.age": f"{age:g} s"} if age > 0 else {})} for age in AGES
        }
    return found


def stuck_settings():
    found = {base: {s: {"chip": base, "cell.faults.stuck_low": s / 2, "cell.faults.stuck_high": s / 2} for s in STUCK} for base in IN_SITU}
    for bits in (2, 1):
        found[f"wang2024, cells of {bits} bit"] = {
            s: {"chip": "wang2024", "dense.cell.bits": bits, "dense.cell.stuck_low": s / 2, "dense.cell.stuck_high": s / 2} for s in STUCK
        }
    return found


def adc_settings():
    return {base: {b: {"chip": base, "adc.bits": b} for b in BITS} for base in (*IN_SITU, "wang2024")}


def slices_settings():
    labels = ["1 cell", "2 cells", "4 cells", "7 or 8 cells"]
    found = {
        base: {label: {"chip": base, "weights.slices": cut, "cell.programming_error": ERROR} for label, cut in zip(labels, cuts)}
        for base, cuts in CUTS.items()
    }
    found["wang2024"] = {
        label: {"chip": "wang2024", "dense.cell.bits": bits, "dense.cell.programming_error": ERROR}
        for label, bits in zip(labels[1:], (4, 2, 1))
    }
    return found


SWEEPS = {
    "drift": ("age of cells in s", drift_settings),
    "stuck": ("share of cells that are stuck", stuck_settings),
    "adc": ("bits of the ADCs", adc_settings),
    "slices": (f"cells of a weight, each off by {100 * ERROR:g} % of its range", slices_settings),
}


def sweep(arguments, settings):
    """Runs all settings of all chips at once: the JSON, and name -> points."""
    order = [(name, x) for name, points in settings.items() for x in points]
    with tempfile.TemporaryDirectory() as folder:
        files = runs.chip_files(folder, {f"{name} {x}": settings[name][x] for name, x in order})
        found = runs.deploy([*arguments, "--chip", files])
    rows = {name: [] for name in settings}
    for (name, x), chip in zip(order, found["chips"][1:]):
        rows[name].append({"x": x, "scores": chip["scores"], "agreement": chip["agreement"]})
    return found, rows


def draw(model, name, label, found, rows, xs):
    """Plot and table of one sweep: a column for every chip, and the same of fp32 and INT8."""
    metric, int8 = found["metric"], found["chips"][0]
    lines = {chip: [next((p["scores"][metric] for p in points if p["x"] == x), None) for x in xs] for chip, points in rows.items()}
    out = os.path.join(runs.OUTPUT, f"devices_{name}_{model}")
    plot = svg.plot(f"{model}, {found['n']} texts: {name}", label, metric, (0.0, 1.0))
    plot.lines([x if isinstance(x, str) else f"{x:g}" for x in xs], lines)
    plot.level(len(lines), "fp32", found["fp32"][metric], "6 3")
    plot.level(len(lines) + 1, "INT8", int8["scores"][metric], "2 2")
    plot.write(out + ".svg")
    with open(out + ".csv", "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([label, "chip", metric, "agreement"])
        for way, (scores, agreement) in {"fp32": (found["fp32"], 1), "int8": (int8["scores"], int8["agreement"])}.items():
            table.writerow(["", way, f"{scores[metric]:.6g}", f"{agreement:.6g}"])
        for chip, points in rows.items():
            for p in points:
                table.writerow([p["x"] if isinstance(p["x"], str) else f"{p['x']:g}", chip, f"{p['scores'][metric]:.6g}", f"{p['agreement']:.6g}"])
    print(out + ".svg", flush=True)


def main():
    everything = "--all" in sys.argv[1:]
    only = sys.argv[sys.argv.index("--only") + 1].split(",") if "--only" in sys.argv[1:] else list(SWEEPS)
    os.makedirs(runs.OUTPUT, exist_ok=True)
    path = os.path.join(runs.OUTPUT, "device_study.json")
    results = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    limit = int(sys.argv[sys.argv.index("--limit") + 1]) if "--limit" in sys.argv[1:] else 300
    for model, arguments in runs.models({} if everything else {"bert-wordnet": limit}):
        if not everything and model != "bert-wordnet":
            continue
        for name in only:
            label, settings = SWEEPS[name]
            settings = settings()
            found, rows = sweep(arguments, settings)
            results.setdefault(model, {})[name] = {"n": found["n"], "fp32": found["fp32"], "int8": found["chips"][0]["scores"], "chips": rows}
            for chip, points in rows.items():
                for p in points:
                    print(f"{model}, {name}, {chip}, {p['x']}: agreement {p['agreement']:.4f}, {p['scores']}", flush=True)
            draw(model, name, label, found, rows, list(next(iter(settings.values()))))
            with open(path, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
