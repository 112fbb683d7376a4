#!/usr/bin/env python3
"""Resistor mismatch and read noise of the computation crossbar against agreement with fp32, on every model at hand.

usage: imperfections.py [--all]      writes mismatch.svg, read_noise.svg and imperfections.json to build/studies
"""
import json
import os
import sys

import runs
import svg

MISMATCH = [0, 0.005, 0.01, 0.02, 0.05, 0.1]
NOISE = [0, 0.01, 0.02, 0.05, 0.1, 0.2]
SEEDS = [1, 2, 3]  # chips: each draws its own resistors


def series(arguments, key, values, seeds):
    """Scores and agreement for every value, the agreement averaged over seeds."""
    result = runs.deploy([*arguments, "--vary", f"noise.{key}=" + ",".join(map(str, values)), "--vary", "noise.seed=" + ",".join(map(str, seeds))])
    chips = result["chips"][1:]
    rows = []
    for i, value in enumerate(values):
        of_value = chips[i * len(seeds):(i + 1) * len(seeds)]
        rows.append({"value": value, "scores": [c["scores"] for c in of_value], "agreement": [c["agreement"] for c in of_value]})
    return rows


def plot(title, label, name, results):
    drawn = svg.plot(title, label, "agreement with fp32", (0.5, 1.0))
    values = [row["value"] for row in next(iter(results.values()))]
    drawn.lines([f"{100 * v:g} %" for v in values], {model: [sum(row["agreement"]) / len(row["agreement"]) for row in rows] for model, rows in results.items()})
    path = os.path.join(runs.OUTPUT, name)
    drawn.write(path)
    print(path)


def main():
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 300, "gpt-kjv": 8, "use-lite": 20}
    os.makedirs(runs.OUTPUT, exist_ok=True)
    mismatch, noise = {}, {}
    for name, arguments in runs.models(limits):
        mismatch[name] = series(arguments, "mismatch", MISMATCH, SEEDS)
        for key, what in (("cell", "cells"), ("row", "rows")):
            noise[f"{name}, {what}"] = series(arguments, key, NOISE, SEEDS[:1])
    plot(f"Resistor mismatch, mean of {len(SEEDS)} chips", "sigma of a resistor", "mismatch.svg", mismatch)
    plot("Read noise of cells and of DAC rows", "sigma of a cell's (a row's) current", "read_noise.svg", noise)
    with open(os.path.join(runs.OUTPUT, "imperfections.json"), "w", encoding="utf-8") as file:
        json.dump({"mismatch": mismatch, "read_noise": noise}, file, indent=1)


if __name__ == "__main__":
    main()
