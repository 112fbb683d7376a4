#!/usr/bin/env python3
"""What help without training regains: scales per output, smoothing, correction of means, clipping by least squares, on every model at hand.

usage: help_study.py [--all]      writes help_study.json to build/studies and prints a table
"""
import json
import os
import sys
import tempfile

import runs

# Codes of few bits, where there is something to regain; 8 bits beside them.
WIDTHS = {"8 bits": {}, "5-bit weights": {"dac.bits": 5}, "5-bit activations": {"coding.activation_bits": 5},
          "4-bit weights": {"dac.bits": 4}, "4-bit activations": {"coding.activation_bits": 4}}
HELP = {"none": {"coding.weight_scales": "per_matrix"}, "scales per output (default)": {},
        "and smoothing 0.5": {"coding.smoothing": 0.5}, "and means corrected": {"coding.bias_correction": True},
        "and clipped by least squares": {"coding.value_range": "least_squares"},
        "and ranges by least squares": {"range.rule": "least_squares", "range.margin": 1.25}}


def main():
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 300, "gpt-kjv": 6, "use-lite": 40}
    os.makedirs(runs.OUTPUT, exist_ok=True)
    results = {}
    for name, arguments in runs.models(limits):
        chips = {f"{width}, {kind}": {**settings, **more} for width, settings in WIDTHS.items() for kind, more in HELP.items()}
        with tempfile.TemporaryDirectory() as folder:
            result = runs.deploy([*arguments, "--chip", runs.chip_files(folder, chips)])
        results[name] = {"n": result["n"], "fp32": result["fp32"],
                         "chips": [{"id": c["id"], "score": c["score"], "agreement": c["agreement"]} for c in result["chips"][1:]]}
        print(f"\n{name}, {result['n']}: fp32 {result['scores']['fp32']:.4g}")
        for chip in results[name]["chips"]:
            print(f"  {chip['id']:<55} {chip['score']:8.4f} {100 * chip['agreement']:7.2f} %", flush=True)
    with open(os.path.join(runs.OUTPUT, "help_study.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
