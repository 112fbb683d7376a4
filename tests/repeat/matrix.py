#!/usr/bin/env python3
"""Repeatability matrix: the same command gives the same JSON, but for `run`, whatever it runs on. Standard library only.

usage: matrix.py PROGRAM [PROGRAM...] [--quick]

Every command runs with each program (of g++ and of clang++, say), each instruction set that the machine has, 1, 2, 7 and 16 threads,
and under mpirun with 1 and 2 ranks where it is a sweep and MPI is there; vectors of a product together and one by one. All results are
compared with the first. Prints the matrix; status 1 where a cell differs. --quick: fewer threads and texts.
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
        "sweep": ["sweep", "--spec", folder + "/s.toml", "--output", folder + "/s.sqlite", "--restart"],
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


def columns_alone(program, folder):
    """Outputs of all vectors at once, and of each by itself: the same bits."""
    def bits(name):
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        return data[10 + (data[8] | data[9] << 8):]
    with open(os.path.join(folder, "x.npy"), "rb") as file:
        data = file.read()
    values = struct.unpack("<420d", data[10 + (data[8] | data[9] << 8):])
    base = ["mvm", "--weights", folder + "/w.npy", "--set", "adc.bits=6", "--quiet"]
    subprocess.run([program, *base, "--inputs", folder + "/x.npy", "--output", folder + "/all.npy"], check=True)
    together = struct.unpack("<144d", bits("all.npy"))
    for k in range(6):
        with open(os.path.join(folder, "one.npy"), "wb") as file:
            file.write(corpus.npy("(70, 1)", values[k::6]))
        subprocess.run([program, *base, "--inputs", folder + "/one.npy", "--output", folder + "/yk.npy"], check=True)
        if struct.unpack("<24d", bits("yk.npy")) != together[k::6]:
            return False
    return True


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
                for instructions in ("baseline", "avx2", "avx512"):
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
                if name == "sweep" and shutil.which("mpirun"):
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
        for program in programs:
            ok = columns_alone(program, folder)
            print("| mvm, vectors together and alone | %s | 7 | |" % ("all" if ok else "differ"))
            failed += not ok
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
