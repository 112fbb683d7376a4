#!/usr/bin/env python3
"""Repeatability matrix: the same command gives the same JSON, but for `run`, whatever it runs on. Standard library only.

usage: matrix.py PROGRAM [PROGRAM...] [--quick]

Every command runs with each program (of g++ and of clang++, say), each instruction set that the machine has, 1, 2, 7 and 16 threads,
and under mpirun with 1 and 2 ranks where it is a sweep and MPI is there; all results are compared with the first. Then batches: vectors
of a product and of a crossbar together and one by one, and texts in one run and in two. Prints the matrix; status 1 where a cell
differs. --quick: fewer threads and texts.

Models: examples/models/bert-wordnet and gpt-kjv, and a Llama and a T5 of random weights that examples/models/synthetic makes.
"""
import hashlib
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "fuzz"))
import corpus  # noqa: E402


def commands(folder, quick):
    texts = "8" if quick else "40"
    bert, gpt = os.path.join(ROOT, "examples/models/bert-wordnet"), os.path.join(ROOT, "examples/models/gpt-kjv")
    deploy = ["deploy", "--model", bert, "--data", bert + "/test.tsv", "--limit", texts]
    mvm = ["mvm", "--weights", folder + "/w.npy", "--inputs", folder + "/x.npy", "--output", folder + "/y.npy"]
    llama, t5 = folder + "/llama", folder + "/t5"
    return {
        "cost": ["cost", "--model", "llama_7b", "--decode", "16", "--compare", "isaac,a100"],
        "reproduce": ["reproduce"],
        "mvm, noise": [*mvm, "--set", "cell.programming_error=0.05", "--set", "cell.read_noise=0.02", "--set", "weights.slices=2,2,3"],
        "solve": ["solve", "--conductances", folder + "/g.npy", "--voltages", folder + "/v.npy", "--r-word", "2.5", "--r-bit", "0.5",
                  "--output", folder + "/i.npy"],
        "deploy wang2024": [*deploy, "--chip", "wang2024"],
        "deploy wang2024, noise": [*deploy, "--chip", "wang2024", "--set", "noise.mismatch=0.01", "--set", "noise.thermal=0.5"],
        "deploy isaac, devices": [*deploy, "--chip", "isaac", "--set", "cell.programming_error=0.02"],
        "deploy multi_bit": [*deploy, "--chip", "multi_bit"],
        "generate": ["generate", "--model", gpt, "--prompt", "And Jesus said", "--tokens", "4", "--temperature", "0.8"],
        "calibrate": ["calibrate", "--model", bert, "--chip", "wang2024,isaac", "--output", folder + "/k.json"],
        "deploy Llama": ["deploy", "--model", llama, "--data", folder + "/lines.txt", "--window", "16", "--chip", "wang2024,multi_bit"],
        "deploy T5": ["deploy", "--model", t5, "--data", t5 + "/test.tsv", "--limit", "4", "--chip", "wang2024,isaac"],
        "generate T5": ["generate", "--model", t5, "--prompt", "mega fe gosano", "--tokens", "4", "--temperature", "0.8"],
        "sweep": ["sweep", "--spec", folder + "/s.toml", "--output", folder + "/s.sqlite", "--restart"],
        "sweep deploy": ["sweep", "--spec", folder + "/d.toml", "--output", folder + "/d.sqlite", "--restart"],
    }


def inputs(folder):
    random.seed(7)
    shape, vectors = (24, 70), 6

    def write(name, rows, cols, draw):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(corpus.npy(str((rows, cols)), [draw() for _ in range(rows * cols)]))
    write("w.npy", *shape, lambda: random.gauss(0, 1))
    write("x.npy", shape[1], vectors, lambda: random.gauss(0, 1))
    write("g.npy", 40, 30, lambda: 10 ** random.uniform(-6, -4))
    write("v.npy", 40, 3, lambda: random.uniform(-0.2, 0.2))
    synthetic = os.path.join(ROOT, "examples/models/synthetic")
    for script, sizes in (("make_llama.py", ["--width", "16", "--layers", "2", "--heads", "4", "--key-heads", "2", "--hidden", "24",
                                             "--vocabulary", "300", "--positions", "64"]),
                          ("make_t5.py", ["--layers", "1", "--width", "16", "--hidden", "24"])):
        at = os.path.join(folder, script[5:-3])
        subprocess.run([sys.executable, os.path.join(synthetic, script), at, *sizes], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "lines.txt"), "w", encoding="utf-8") as file:
        file.write("".join("the %s of %s\n" % (random.choice(("rain", "sea", "house")), random.choice(("gold", "night"))) for _ in range(8)))
    bert = os.path.join(ROOT, "examples/models/bert-wordnet")
    with open(os.path.join(folder, "d.toml"), "w", encoding="utf-8") as file:
        file.write('kind = "deploy"\nmodel = "%s"\ndata = "%s/test.tsv"\nlimit = 4\n[vary]\nadc.bits = [4, 6, 8]\n[objectives]\nagreement = "max"\n'
                   % (bert, bert))
    with open(os.path.join(folder, "s.toml"), "w", encoding="utf-8") as file:
        file.write('model = "gpt2"\n[sample]\nmethod = "sobol"\npoints = 50\n[vary]\nadc.bits = {from = 3, to = 12}\n'
                   'cost.duplication = {from = 1, to = 64, log = true}\n[objectives]\nedp = "min"\narea = "min"\n')


def without_run(result):
    result.pop("run", None)
    return result


def run(program, arguments, before=()):
    """The result without `run`, and a digest of the numbers beside it; or why there is none."""
    command = [*before, program, *arguments, "--quiet", "--json"]
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        r = subprocess.run([*command, out.name], capture_output=True, text=True, check=False)
        if r.returncode not in (0, 1):
            return None, (r.stderr.strip().split("\n") or [""])[-1]
        with open(out.name, encoding="utf-8") as file:
            result = without_run(json.load(file))
    return json.dumps(result, sort_keys=False), ""


def numbers(file):
    """Of a .npy of doubles, in their order."""
    with open(file, "rb") as opened:
        data = opened.read()
    return struct.unpack_from("<%dd" % ((len(data) - 10 - (data[8] | data[9] << 8)) // 8), data, 10 + (data[8] | data[9] << 8))


def vectors_alone(program, folder, arguments, option, vectors, columns):
    """Outputs of all vectors at once, and of each by itself: the same bits. arguments: without the option that names the vectors."""
    values, out = numbers(os.path.join(folder, vectors)), os.path.join(folder, "together.npy")
    one, alone = os.path.join(folder, "one.npy"), os.path.join(folder, "alone.npy")
    command = [program, *arguments, "--quiet"]
    subprocess.run([*command, option, os.path.join(folder, vectors), "--output", out], check=True)
    together = numbers(out)
    for k in range(columns):
        with open(one, "wb") as file:
            file.write(corpus.npy("(%d, 1)" % (len(values) // columns), values[k::columns]))
        subprocess.run([*command, option, one, "--output", alone], check=True)
        if numbers(alone) != together[k::columns]:
            return False
    return True


def texts_in_two(program, folder, quick):
    """Scores and actions of all texts in one run, and of their halves in two: they add up to the same, count by count. Without noise,
    which belongs to the place of a text in its run."""
    bert = os.path.join(ROOT, "examples/models/bert-wordnet")
    n = 8 if quick else 40
    with open(os.path.join(bert, "test.tsv"), encoding="utf-8") as file:
        lines = file.read().split("\n")[:n]

    def counted(of):
        name, out = os.path.join(folder, "half.tsv"), os.path.join(folder, "half.json")
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(of) + "\n")
        subprocess.run([program, "deploy", "--model", bert, "--data", name, "--chip", "wang2024", "--quiet", "--json", out], check=True)
        with open(out, encoding="utf-8") as file:
            j = json.load(file)
        counts = {(a["layer"], a["part"], a["action"]): a["count"] for a in j["actions"]}
        counts.update({("right", who, ""): round(share * j["n"]) for who, share in j["scores"].items()})
        counts[("equal to fp32", "", "")] = round(j["agreement"] * j["n"])
        return counts, j["converters"]
    (whole, design), (first, again), (second, once_more) = counted(lines), counted(lines[:n // 2]), counted(lines[n // 2:])
    return design == again == once_more and whole == {k: first.get(k, 0) + second.get(k, 0) for k in first.keys() | second.keys()}


def main():
    quick = "--quick" in sys.argv
    programs = [os.path.abspath(a) for a in sys.argv[1:] if not a.startswith("--")]
    if not programs:
        sys.exit(__doc__)
    threads = ["1", "3"] if quick else ["1", "2", "7", "16"]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        inputs(folder)
        print("| command | same | runs | digest |\n|---|---|---|---|")
        for name, arguments in commands(folder, quick).items():
            first, same, runs, odd = None, 0, 0, []
            for program in programs:
                for instructions in ("auto", "baseline", "avx2", "avx512"):
                    for count in threads:
                        result, why = run(program, [*arguments, "--threads", count, "--instruction-set", instructions])
                        if result is None and "instruction" in why:
                            continue  # not on this machine
                        runs += 1
                        first = first or result
                        ok = result is not None and result == first
                        same += ok
                        if not ok:
                            odd.append("%s, %s, %s threads: %s" % (os.path.relpath(program, ROOT), instructions, count, why or "differs"))
                if name.startswith("sweep") and shutil.which("mpirun"):
                    for ranks in ("1", "2"):
                        result, why = run(program, arguments, ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", ranks])
                        runs += 1
                        ok = result is not None and result == first
                        same += ok
                        if not ok:
                            odd.append("%s under mpirun, %s ranks: %s" % (program, ranks, why or "differs"))
            digest = hashlib.sha256((first or "").encode()).hexdigest()[:12]
            print("| %s | %d | %d | %s |" % (name, same, runs, digest), flush=True)
            for text in odd:
                print("    " + text, flush=True)
            failed += len(odd)
        mvm = ["mvm", "--weights", folder + "/w.npy", "--set", "adc.bits=6"]
        solve = ["solve", "--conductances", folder + "/g.npy", "--r-word", "2.5", "--r-bit", "0.5"]
        for name, runs, check in (
                ("mvm, vectors together and alone", 7, lambda p: vectors_alone(p, folder, mvm, "--inputs", "x.npy", 6)),
                ("solve, vectors together and alone", 4, lambda p: vectors_alone(p, folder, solve, "--voltages", "v.npy", 3)),
                ("deploy, texts in one run and in two", 3, lambda p: texts_in_two(p, folder, quick))):
            differ = [program for program in programs if not check(program)]
            total = runs * len(programs)
            print("| %s | %d | %d | |" % (name, total - runs * len(differ), total), flush=True)
            for program in differ:
                print("    %s: differs" % program, flush=True)
            failed += len(differ)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
