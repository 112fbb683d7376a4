#!/usr/bin/env python3
"""Runs an example and compares its output with the text kept beside it, line by line; runs of blanks count as one.

usage: check.py EXPECTED.txt [--accept] COMMAND..

--accept writes the output as the new text.
Status 1 if the command fails or its output differs.
"""
import difflib
import subprocess
import sys


def lines_of(text):
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def compare(expected, got):
    """The difference as text, empty where there is none."""
    wanted, found = lines_of(expected), lines_of(got)
    return "" if wanted == found else "\n".join(difflib.unified_diff(wanted, found, "expected", "got", lineterm=""))


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
        with open(path, "w", encoding="utf-8") as file:
            file.write(run.stdout)
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
