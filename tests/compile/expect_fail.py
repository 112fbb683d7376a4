#!/usr/bin/env python3
"""Checks one snippet of tests/compile/fail: it compiles as it is, and with -DOHMIC_EXPECT_FAIL it does not.

usage: expect_fail.py SNIPPET COMPILER FLAG...

The first line of a snippet is `// message: REGEX`; the compiler's output must match it, so that a snippet cannot fail for
another reason than the one it is there for. Runs of blanks count as one.
"""
import re
import subprocess
import sys


def compile_snippet(compiler, flags, snippet):
    command = [compiler, *flags, "-fsyntax-only", snippet]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode("utf-8", "replace"), " ".join(command)


def main():
    snippet, compiler, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(snippet, encoding="utf-8") as file:
        first = file.readline().rstrip("\n")
    if not first.startswith("// message: "):
        print(f"{snippet}: the first line must be '// message: REGEX', it is '{first}'")
        return 1
    pattern = first[len("// message: "):].strip()

    status, output, command = compile_snippet(compiler, flags, snippet)
    if status != 0:
        print(f"{snippet}: must compile without OHMIC_EXPECT_FAIL, but does not\n{command}\n{output}")
        return 1
    status, output, command = compile_snippet(compiler, [*flags, "-DOHMIC_EXPECT_FAIL"], snippet)
    if status == 0:
        print(f"{snippet}: must not compile with OHMIC_EXPECT_FAIL, but does\n{command}")
        return 1
    if not re.search(pattern, re.sub(r"\s+", " ", output)):
        print(f"{snippet}: fails, but its message does not match '{pattern}'\n{command}\n{output}")
        return 1
    print(f"{snippet}: fails as it should")
    return 0


if __name__ == "__main__":
    sys.exit(main())
