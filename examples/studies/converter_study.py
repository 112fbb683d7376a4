#!/usr/bin/env python3
"""Agreement with fp32 against ADC bits, range rule and digits, on every model at hand.

usage: converter_study.py [--all]      writes converter_bits_*.svg, digits.svg and converter_study.json to build/studies
"""
import json
import os
import sys

import runs
import svg

BITS = [5, 6, 7, 8, 9, 10]
RULES = ["mean_sigma", "percentile", "largest", "least_squares", "full_scale"]
WIDTHS = [4, 5, 6, 8, 9, 11]  # bits of activations; base 7 takes 2 digits to 24, 3 to 171, 4 to 1200


def digits(bits):
    top, reach, n = 2 ** (bits - 1) - 1, 3, 1
    while reach < top:
        n += 1
        reach = (7 ** n - 1) // 2
    return n


def main():
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 300, "gpt-kjv": 20, "use-lite": 40}
    os.makedirs(runs.OUTPUT, exist_ok=True)
    results, by_width = {}, {}
    for name, arguments in runs.models(limits):
        result = runs.deploy([*arguments, "--vary", "adc.bits=" + ",".join(map(str, BITS)), "--vary", "range.rule=" + ",".join(RULES)])
        found = {(c["config"]["adc.bits"], c["config"]["range.rule"]): c for c in result["chips"][1:]}
        plot = svg.plot(f"{name}: ADC bits and range rule", "ADC bits", "agreement with fp32", (0.0, 1.0))
        plot.lines(BITS, {rule: [found[b, rule]["agreement"] for b in BITS] for rule in RULES})
        path = os.path.join(runs.OUTPUT, f"converter_bits_{name}.svg")
        plot.write(path)
        print(path)
        widths = runs.deploy([*arguments, "--vary", "coding.activation_bits=" + ",".join(map(str, WIDTHS))])
        by_width[name] = [c["agreement"] for c in widths["chips"][1:]]
        results[name] = {"n": result["n"],
                         "bits_and_rules": [{"bits": b, "rule": r, "scores": c["scores"], "agreement": c["agreement"]} for (b, r), c in found.items()],
                         "widths": [{"bits": w, "digits": digits(w), "scores": c["scores"], "agreement": c["agreement"]} for w, c in zip(WIDTHS, widths["chips"][1:])]}
    plot = svg.plot("Width of activations, and the base-7 digits that it takes", "bits (digits)", "agreement with fp32", (0.0, 1.0))
    plot.lines([f"{w} ({digits(w)})" for w in WIDTHS], by_width)
    plot.write(os.path.join(runs.OUTPUT, "digits.svg"))
    print(os.path.join(runs.OUTPUT, "digits.svg"))
    with open(os.path.join(runs.OUTPUT, "converter_study.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
