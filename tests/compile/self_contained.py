#!/usr/bin/env python3
"""Checks that every header under include/ohmic compiles on its own: what it needs, it includes. Standard library only.

usage: self_contained.py ROOT FOLDER [--without REGEX] -- COMPILER FLAG...

A translation unit for every header would compile the headers below again and again. So headers are strung on chains, each of which
is one unit, in which every header includes those before it anyway, directly or not: what comes before gives it nothing that it would
not have alone. The chains are those whose last headers, which is what they cost, are lightest together. FOLDER keeps the units and,
header by header, a digest of what passed; what did not change since is not compiled again.
"""
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "layering"))
import check  # noqa: E402


class headers:
    """Who includes whom, as check.py reads it."""

    def __init__(self, root, without=None):
        tree = check.tree(root)
        tree.read()
        self.base = tree.base
        self.names = sorted(name for name in tree.includes if not (without and re.search(without, "ohmic/" + name)))
        self.below = {name: self.reach(name, tree.includes) for name in tree.includes}
        size = {name: os.path.getsize(os.path.join(self.base, name)) + self.third_party(name) for name in tree.includes}
        self.weight = {name: sum(size[header] for header in self.below[name]) for name in tree.includes}

    @staticmethod
    def reach(name, includes):
        """All that a header includes, directly or not, itself among it."""
        seen, queue = {name}, [name]
        while queue:
            for _, target in includes[queue.pop()]:
                if target in includes and target not in seen:
                    seen.add(target)
                    queue.append(target)
        return frozenset(seen)

    @staticmethod
    def third_party(name):
        """Text that a header brings in from other libraries, roughly: only the choice of chains hangs on it."""
        return 100_000 * any(re.fullmatch(fence, name) for _, fence in check.FENCES)

    def chains(self, wanted):
        """Lists of headers, each of which includes those before it. Every wanted header is in one of them."""
        before = {}  # header -> the one that precedes it in its chain

        def give_place(name, tried):
            for above in wanted:
                if above != name and name in self.below[above] and above not in tried:
                    tried.add(above)
                    if above not in before or give_place(before[above], tried):
                        before[above] = name
                        return True
            return False

        # Which sets of headers can precede another is a matroid, so that the heaviest first is best.
        for name in sorted(wanted, key=lambda header: -self.weight[header]):
            give_place(name, set())
        result = []
        for last in sorted(set(wanted) - set(before.values())):
            chain = [last]
            while chain[0] in before:
                chain.insert(0, before[chain[0]])
            result.append(chain)
        return result

    def digest(self, name, salt):
        result = hashlib.sha256(salt)
        for header in sorted(self.below[name]):
            with open(os.path.join(self.base, header), "rb") as file:
                result.update(header.encode() + b"\0" + file.read() + b"\0")
        return result.hexdigest()


def compile_unit(folder, command, names):
    """Compiles a unit that includes these headers twice: whether it compiles, and what the compiler said."""
    source = os.path.join(folder, re.sub(r"[/.]", "_", names[-1]) + ".cpp")
    with open(source, "w", encoding="utf-8") as file:
        file.write("".join(f'#include "ohmic/{name}"\n' for name in names + names[-1:]))
    done = subprocess.run([*command, "-O0", "-g0", "-fsyntax-only", source], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout.decode("utf-8", "replace")


def check_all(tree, folder, command):
    """Names of the headers that do not compile alone, number of compiled headers, number of units."""
    os.makedirs(folder, exist_ok=True)
    passed_file = os.path.join(folder, "passed.json")
    try:
        with open(passed_file, encoding="utf-8") as file:
            passed = json.load(file)
    except (OSError, ValueError):
        passed = {}
    version = subprocess.run([command[0], "--version"], stdout=subprocess.PIPE, check=True).stdout
    salt = version + "\0".join(command).encode()
    digests = {name: tree.digest(name, salt) for name in tree.names}
    wanted = [name for name in tree.names if passed.get(name) != digests[name]]
    chains = sorted(tree.chains(wanted), key=lambda chain: -tree.weight[chain[-1]])
    failed = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        compiled = list(zip(chains, pool.map(lambda names: compile_unit(folder, command, names), chains)))
        # Which one of a chain it is, and whether it is the only one, shows each of them alone.
        alone = [[name] for chain, (good, _) in compiled if not good for name in chain]
        compiled = [each for each in compiled if each[1][0]]
        compiled += zip(alone, pool.map(lambda names: compile_unit(folder, command, names), alone))
    for chain, (good, output) in compiled:
        if output:
            print(f"{' '.join('ohmic/' + name for name in chain)}:\n{output}")
        for name in chain:
            if good:
                passed[name] = digests[name]
            else:
                passed.pop(name, None)
                failed.append(name)
    with open(passed_file, "w", encoding="utf-8") as file:
        json.dump(passed, file, indent=0, sort_keys=True)
    return failed, len(wanted), len(chains)


def main():
    own, command = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
    tree = headers(own[0], own[3] if own[2:3] == ["--without"] else None)
    failed, wanted, units = check_all(tree, own[1], command)
    print(f"{len(tree.names)} headers, {wanted} of them new or changed, in {units} units")
    for name in failed:
        print(f"include/ohmic/{name}: does not compile on its own")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
