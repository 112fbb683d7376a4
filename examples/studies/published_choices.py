#!/usr/bin/env python3
"""What each published choice costs: from the library's defaults, one choice of the paper after the other, on every model at hand.

usage: published_choices.py [--all]      writes published_choices.svg and .json to build/studies; --all scores all texts
"""
import json
import os
import sys
import tempfile

import runs
import svg

NO_MAXIMUM = {"softmax.max": "none", "softmax.rule": "largest"}
MOMENTS = {"norm.variance": "moments"}
CHOICES = {
    "defaults": {},
    "no row\nmaximum": NO_MAXIMUM,
    "moments": MOMENTS,
    "both, as\npublished": {**NO_MAXIMUM, **MOMENTS},
    "full-scale\nADC range": {"range.rule": "full_scale"},
    "no maximum,\n90 % quantile": {"softmax.max": "none", "softmax.rule": "quantile"},
}


def main():
    limits = {} if "--all" in sys.argv[1:] else {"bert-wordnet": 500, "gpt-kjv": 30, "use-lite": 60}
    os.makedirs(runs.OUTPUT, exist_ok=True)
    series, results = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        chips = runs.chip_files(folder, {name.replace("\n", " "): settings for name, settings in CHOICES.items()})
        for name, arguments in runs.models(limits):
            result = runs.deploy([*arguments, "--chip", chips])
            results[name] = [{"chip": c["id"], "scores": c["scores"], "agreement": c["agreement"]} for c in result["chips"]]
            series[f"{name} ({result['n']})"] = [c["agreement"] for c in result["chips"][1:]]
    plot = svg.plot("What each published choice costs", "", "agreement with fp32", (0.0, 1.0))
    plot.bars(list(CHOICES), series)
    plot.write(os.path.join(runs.OUTPUT, "published_choices.svg"))
    with open(os.path.join(runs.OUTPUT, "published_choices.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print(os.path.join(runs.OUTPUT, "published_choices.svg"))


if __name__ == "__main__":
    main()
