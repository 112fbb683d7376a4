#!/usr/bin/env python3
"""Holds pages to what they speak of. Standard library only.

usage: check.py ROOT          exit status 1 if anything is wrong

Checked:
  - README.md: its first C++ program is examples/01_first_product/main.cpp, and the output below it is what that prints;
  - README.md: its speeds are those of bench/RESULTS.md;
  - plugins/README.md: its device is examples/08_write_a_plugin/my_cell.cpp;
  - include/ohmic/core/README.md: the table of error codes has those of core/error.hpp, with their statuses;
  - examples/README.md lists every numbered example, and each is complete; README.md's links lead somewhere.
"""
import os
import re
import sys


class pages:
    def __init__(self, root):
        self.root = root
        self.problems = []

    def read(self, *path):
        with open(os.path.join(self.root, *path), encoding="utf-8") as file:
            return file.read()

    def expect(self, page, condition, problem):
        if not condition:
            self.problems.append(f"{page}: {problem}")

    def blocks(self, page):
        """(language, text) of every fenced block."""
        return re.findall(r"^ *```(\w*)\n(.*?)^ *```", self.read(page), re.S | re.M)

    def first_program(self):
        blocks = self.blocks("README.md")
        at = next((i for i, (language, _) in enumerate(blocks) if language == "cpp"), None)
        if at is None or at + 1 == len(blocks):
            self.expect("README.md", False, "has no C++ block with output below it")
            return
        folder = "examples/01_first_product/"
        self.expect("README.md", blocks[at][1] == self.read(folder + "main.cpp"), f"its first program is not {folder}main.cpp")
        self.expect("README.md", blocks[at + 1][1] == self.read(folder + "expected.txt"), f"its output is not {folder}expected.txt")

    def plugin(self):
        source = "examples/08_write_a_plugin/my_cell.cpp"
        self.expect("plugins/README.md", ("cpp", self.read(source)) in self.blocks("plugins/README.md"), f"has no block that is {source}")

    def error_codes(self):
        page = "include/ohmic/core/README.md"
        text = self.read("include", "ohmic", "core", "error.hpp")
        below = re.search(r"is_bad_input\(\) const noexcept \{ return static_cast<int>\(info_\.code\) < (\d+); \}", text)
        if not below:
            self.expect("include/ohmic/core/error.hpp", False, "is_bad_input is not as this check reads it")
            return
        wanted = {(code, name, what, 2 if int(code) < int(below[1]) else 3)
                  for name, code, what in re.findall(r"^  (\w+) = (\d+), +///< (.*)$", text, re.M)}
        found = {(code, name, what, int(status))
                 for code, name, what, status in re.findall(r"^\| E(\d+) \| `(\w+)` \| (.*) \| (\d) \|$", self.read(page), re.M)}
        for row in sorted(wanted ^ found):
            self.expect(page, False, f"{row} is {'not in the table' if row in wanted else 'not in core/error.hpp'}")
        self.expect(page, len(wanted) > 10, "core/error.hpp is not as this check reads it")
        main = self.read("examples", "ohmic", "main.cpp")
        self.expect("examples/ohmic/main.cpp", "e.is_bad_input() ? bad_input : not_finished" in main, "errors do not end it by that table")

    def examples(self):
        index = self.read("examples", "README.md")
        numbered = sorted(n for n in os.listdir(os.path.join(self.root, "examples")) if re.match(r"\d\d_", n))
        self.expect("examples", [int(n[:2]) for n in numbered] == list(range(1, len(numbered) + 1)), "numbers have gaps")
        tests = self.read("tests", "CMakeLists.txt") + self.read("tests", "consumer", "run.cmake")
        for name in numbered:
            self.expect("examples/README.md", f"`{name}/`" in index, f"does not list {name}")
            self.expect("tests/CMakeLists.txt", name in tests, f"does not run examples/{name}")

    def links(self):
        for target in re.findall(r"\]\(([^)#:]+)\)", self.read("README.md")):
            self.expect("README.md", os.path.exists(os.path.join(self.root, target)), f"links to {target}, which is not there")

    def speeds(self):
        """README's ratios and their spreads are rows of the results."""
        claim = re.search(r"^\*\*Fast\*\*:.*?^$", self.read("README.md"), re.S | re.M)
        pairs = re.findall(r"(\d+(?:\.\d+)?)\s(?:of|times)\b[^()]*\((?:spread )?(\d+) %\)", claim[0]) if claim else []
        self.expect("README.md", len(pairs) == 4, f"names {len(pairs)} ratios with spreads under **Fast**, 4 expected")
        results = self.read("bench", "RESULTS.md")
        for ratio, spread in pairs:
            self.expect("README.md", f"| {ratio} ({spread} %)" in results, f"{ratio} ({spread} %) is not in bench/RESULTS.md")

    def check(self):
        self.first_program()
        self.speeds()
        self.plugin()
        self.error_codes()
        self.examples()
        self.links()
        return self.problems


if __name__ == "__main__":
    found = pages(sys.argv[1]).check()
    print("\n".join(found) if found else "pages agree with what they speak of")
    sys.exit(1 if found else 0)
