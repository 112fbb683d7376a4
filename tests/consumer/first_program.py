#!/usr/bin/env python3
"""Writes the first C++ block of README.md to a file, so that the first program a reader sees is built and run by the tests.

usage: first_program.py README.md OUTPUT.cpp

Status 2 if README.md does not exist, 1 if it has no such block or the block has no main function.
"""
import re
import sys


def first_program(text):
    match = re.search(r"^```cpp\n(.*?)^```", text, re.S | re.M)
    if not match:
        raise ValueError("has no block that starts with ```cpp")
    if not re.search(r"\bint main\(", match[1]):
        raise ValueError("its first ```cpp block has no main function")
    return match[1]


def main():
    readme, output = sys.argv[1:]
    try:
        with open(readme, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        print(f"{readme} does not exist")
        return 2
    try:
        program = first_program(text)
    except ValueError as problem:
        print(f"{readme}: {problem}")
        return 1
    with open(output, "w", encoding="utf-8") as file:
        file.write(program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
