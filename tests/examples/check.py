#!/usr/bin/env python3
"""Runs an example and compares its output with the text kept beside it, line by line; runs of blanks count as one.

usage: check.py EXPECTED.txt [--accept] COMMAND..

A first line "# numbers within a factor of F" lets every number differ by that much, where a price or a fit may be mended without the
example being wrong; all else is exact. --accept writes the output as the new text, below that first line.
Status 1 if the command fails or its output differs.
"""
import difflib
import re
import subprocess
import sys

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
TOLERANT = re.compile(r"# numbers within a factor of ([\d.]+)\n")


def lines_of(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def same(expected, got, factor):
    """True where two lines agree, numbers up to the factor."""
    if expected == got:
        return True
    if factor == 1.0 or NUMBER.sub("#", expected) != NUMBER.sub("#", got):
        return False
    for a, b in zip(map(float, NUMBER.findall(expected)), map(float, NUMBER.findall(got))):
        if a != b and (a * b <= 0 or not 1 / factor <= a / b <= factor):
            return False
    return True


def compare(expected, got):
    """The difference as text, empty where there is none."""
    first = TOLERANT.match(expected)
    factor = float(first[1]) if first else 1.0
    wanted, found = lines_of(expected[first.end():] if first else expected), lines_of(got)
    if len(wanted) == len(found) and all(same(a, b, factor) for a, b in zip(wanted, found)):
        return ""
    return "\n".join(difflib.unified_diff(wanted, found, "expected", "got", lineterm=""))


def main():
    path, *command = sys.argv[1:]
    accept = command[0] == "--accept"
    if accept:
        command = command[1:]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode != 0:
        print(f"{' '.join(command)}: status {run.returncode}\n{run.stdout}{run.stderr}")
        return 1
    if accept:
        try:
            with open(path, encoding="utf-8") as file:
                first = TOLERANT.match(file.read())
        except FileNotFoundError:
            first = None
        with open(path, "w", encoding="utf-8") as file:
            file.write((first[0] if first else "") + run.stdout)
        return 0
    with open(path, encoding="utf-8") as file:
        difference = compare(file.read(), run.stdout)
    if difference:
        print(difference)
        return 1
    print(run.stdout, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
