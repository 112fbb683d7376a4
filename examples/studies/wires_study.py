#!/usr/bin/env python3
"""Wire resistance against what is left of a model, for the computation crossbar and conventional in-situ arrays.

usage: wires_study.py [--all]      writes wires_*.svg and wires_study.json to build/studies

A segment of every line, word and bit, is so many times the resistance of the best conducting cell: the resistor of conductance 1
(`noise.resistor`) of wang2024, to first order; `cell.r_on` of isaac and multi_bit, by effective matrices.
"""
import json
import os
import sys
import tempfile

import runs
import svg

SEGMENTS = [0, 1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4]
CELL = 1e5  # ohm
CHIPS = {
    "wang2024": (("noise.word_segment", "noise.bit_segment"), {"noise.resistor": f"{CELL:g} ohm"}),
    "multi_bit": (("wires.word_segment", "wires.bit_segment"), {"cell.r_on": f"{CELL:g} ohm"}),
    "isaac": (("wires.word_segment", "wires.bit_segment"), {"cell.r_on": f"{CELL:g} ohm"}),
}


def study(arguments, base):
    keys, cell = CHIPS[base]
    with tempfile.TemporaryDirectory() as folder:
        settings = {f"{base} {share:g}": {"chip": base, **cell, **{key: f"{share * CELL:g} ohm" for key in keys}} for share in SEGMENTS}
        found = runs.deploy([*arguments, "--chip", runs.chip_files(folder, settings)])
    rows = [{"segment": share, "scores": c["scores"], "agreement": c["agreement"]} for share, c in zip(SEGMENTS, found["chips"][1:])]
    return found["fp32"], rows


def main():
    # Effective matrices of every array take a minute a setting; wang2024 is quick.
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 300, "gpt-kjv": 2, "use-lite": 10}
    only = {"bert-wordnet"} if "--all" not in sys.argv[1:] else None
    os.makedirs(runs.OUTPUT, exist_ok=True)
    results = {}
    for name, arguments in runs.models(limits):
        if only is not None and name not in only:
            continue
        results[name] = {"chips": {}}
        for base in CHIPS:
            results[name]["fp32"], rows = study(arguments, base)
            results[name]["chips"][base] = rows
            for r in rows:
                print(f"{name}, {base}, segment {r['segment']:g} of a cell: agreement {r['agreement']:.4f}, {r['scores']}", flush=True)
        plot = svg.plot(f"{name}: wires", "resistance of a segment, of the best conducting cell", "agreement with fp32", (0.0, 1.0))
        plot.lines([f"{s:g}" for s in SEGMENTS], {base: [r["agreement"] for r in rows] for base, rows in results[name]["chips"].items()})
        path = os.path.join(runs.OUTPUT, f"wires_{name}.svg")
        plot.write(path)
        print(path)
    with open(os.path.join(runs.OUTPUT, "wires_study.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
