"""The models that the studies look at, and runs of the program. Standard library only."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PROGRAM = os.environ.get("OHMIC_PROGRAM", os.path.join(ROOT, "build", "program", "bin", "ohmic"))
OUTPUT = os.environ.get("OHMIC_STUDIES", os.path.join(ROOT, "build", "studies"))


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.environ.get("OHMIC_DATA") or os.path.join(base, "ohmic")


def models(limits):
    """(name, arguments) of the models that are there; limits: how much of each is scored, 0 for all."""
    bert, gpt, use = (os.path.join(ROOT, "examples", "models", n) for n in ("bert-wordnet", "gpt-kjv", "use-lite"))
    known = [("bert-wordnet", bert, os.path.join(bert, "test.tsv"), os.path.join(bert, "calib.tsv")),
             ("gpt-kjv", gpt, os.path.join(gpt, "valid.txt"), os.path.join(gpt, "calib.txt"))]
    fetched = os.path.join(cache(), "use-lite")
    if os.path.exists(os.path.join(fetched, "test.tsv")):
        known.append(("use-lite", fetched, os.path.join(fetched, "test.tsv"), os.path.join(fetched, "calib.tsv")))
    else:
        print(f"use-lite is left out: not in {fetched} (bash {os.path.relpath(use)}/fetch.sh fetches it)", file=sys.stderr)
    return [(name, ["--model", model, "--data", data, "--calibration", calibration, "--limit", str(limits.get(name, 0))]) for name, model, data, calibration in known]


def deploy(arguments):
    """The JSON of `ohmic deploy` with these arguments."""
    if not os.path.exists(PROGRAM):
        sys.exit(f"{PROGRAM} is not built: bash examples/quickstart.sh, or set OHMIC_PROGRAM")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out.json")
        done = subprocess.run([PROGRAM, "deploy", "--quiet", "--json", path, *arguments], check=False)
        if done.returncode not in (0,):
            sys.exit(f"ohmic deploy {' '.join(arguments)}: status {done.returncode}")
        with open(path, encoding="utf-8") as file:
            return json.load(file)


def chip_files(folder, chips):
    """Writes name -> {key: value} as chip files; what --chip takes."""
    paths = []
    for index, (name, settings) in enumerate(chips.items()):
        path = os.path.join(folder, f"{index:02}.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"name = {json.dumps(name)}\n")
            for key, value in settings.items():
                file.write(f"{key} = {json.dumps(value)}\n")
        paths.append(path)
    return ",".join(paths)
