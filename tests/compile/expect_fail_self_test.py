#!/usr/bin/env python3
"""Tests expect_fail.py itself: it accepts a snippet that fails as announced and refuses the three kinds that do not.

usage: expect_fail_self_test.py COMPILER
"""
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))

fails_as_announced = '''// message: the answer is 42
#ifdef OHMIC_EXPECT_FAIL
static_assert(sizeof(int) == 0, "the answer is 42");
#endif
'''
cases = {
    "as_announced": (fails_as_announced, 0),
    "never_compiles": ("// message: x\nint main() { return x; }\n", 1),
    "always_compiles": ("// message: x\nint main() {}\n", 1),
    "other_message": (fails_as_announced.replace("message: the answer is 42", "message: the answer is 43"), 1),
    "no_first_line": ("int main() {}\n", 1),
}


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, (text, expected) in cases.items():
            snippet = os.path.join(folder, name + ".cpp")
            with open(snippet, "w", encoding="utf-8") as file:
                file.write(text)
            command = [sys.executable, os.path.join(here, "expect_fail.py"), snippet, sys.argv[1], "-std=c++20"]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != expected:
                print(f"{name}: expected status {expected}, got {done.returncode}\n{done.stdout.decode()}")
                failed += 1
    print(f"{len(cases) - failed} of {len(cases)} cases as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
