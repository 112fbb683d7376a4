#!/usr/bin/env python3
"""Checks the object files that are compiled for one instruction set.

usage: weak_symbols.py NM OBJECT...

The linker keeps one copy of a weak symbol (an inline function, a template). If an object built for AVX2 has such a symbol
and its name does not say AVX2, the one copy may be AVX2 code that a baseline caller then runs: wrong bits at best, an illegal
instruction at worst. So every function that such an object defines must name an instruction set. Data may stay unnamed: a
constant is the same for everybody.
"""
import re
import subprocess
import sys

tagged = re.compile(r"avx|fma3")
harmless = {"__clang_call_terminate"}  # calls std::terminate, whatever it was compiled for


def untagged(nm, path):
    listing = subprocess.run([nm, "--defined-only", path], check=True, stdout=subprocess.PIPE).stdout.decode()
    for line in listing.splitlines():
        fields = line.split()
        kind, name = fields[-2], fields[-1]
        # T and W: functions that the linker sees, the weak ones among them; i: chosen at load time.
        if kind in ("T", "W", "i") and not tagged.search(name) and name not in harmless:
            yield name


def main():
    nm, objects = sys.argv[1], sys.argv[2:]
    bad = [(path, name) for path in objects for name in untagged(nm, path)]
    for path, name in bad:
        print(f"{path}: symbol without an instruction set in its name: {name}")
    print(f"{len(objects)} object files, {len(bad)} untagged symbols")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
