#!/usr/bin/env python3
"""What noise of the dense bank leaves of a model: scores against amplitude, for cells of 1 and 2 bits.

usage: dense_noise_study.py [--all]      writes dense_noise_*.svg and dense_noise_study.json to build/studies
"""
import json
import os
import sys

import runs
import svg

MULTIPLES = [1, 2, 3, 4, 5, 6, 8, 10, 12]  # of 2.7 % of full scale
BASE = 0.027


def study(arguments, bits):
    """Chips with Gaussian read noise of so many times 2.7 %, and telegraph noise at the printed multiple without errors and at one with."""
    noise = ",".join(f"{BASE * m:.4g}" for m in MULTIPLES)
    common = [*arguments, "--chip", "wang2024", "--set", f"dense.cell.bits={bits}"]
    gaussian = runs.deploy([*common, "--vary", f"dense.cell.read_noise={noise}"])
    edges = (5, 6.2) if bits == 2 else (18, 18.6)
    telegraph = runs.deploy([*common, "--vary", "dense.cell.rtn_multiple=" + ",".join(map(str, edges))])
    row = lambda multiple, c: {"multiple": multiple, "bit_error_rate": c["dense_bank"]["bit_error_rate"],
                               "weight_errors": c["dense_bank"]["weight_errors"], "scores": c["scores"], "agreement": c["agreement"]}
    return {"n": gaussian["n"], "fp32": gaussian["fp32"], "gaussian": [row(m, c) for m, c in zip(MULTIPLES, gaussian["chips"][1:])],
            "telegraph": [row(m, c) for m, c in zip(edges, telegraph["chips"][1:])]}


def main():
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 300, "gpt-kjv": 20, "use-lite": 40}
    os.makedirs(runs.OUTPUT, exist_ok=True)
    results = {}
    for name, arguments in runs.models(limits):
        results[name] = {f"{bits} bit": study(arguments, bits) for bits in (1, 2)}
        plot = svg.plot(f"{name}: Gaussian read noise of the dense bank", "standard deviation, multiples of 2.7 % of full scale", "agreement with fp32", (0.0, 1.0))
        plot.lines(MULTIPLES, {key: [r["agreement"] for r in found["gaussian"]] for key, found in results[name].items()})
        path = os.path.join(runs.OUTPUT, f"dense_noise_{name}.svg")
        plot.write(path)
        print(path)
        for key, found in results[name].items():
            for kind in ("telegraph", "gaussian"):
                for r in found[kind]:
                    print(f"{name}, {key}, {kind} {r['multiple']} x: bit error rate {r['bit_error_rate']:.1e}, agreement {r['agreement']:.4f}, {r['scores']}")
    with open(os.path.join(runs.OUTPUT, "dense_noise_study.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
