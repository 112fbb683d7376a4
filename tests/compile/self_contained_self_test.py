#!/usr/bin/env python3
"""Tests self_contained.py: the chains of this checkout, and small trees that compile or do not.

usage: self_contained_self_test.py ROOT COMPILER
"""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import self_contained  # noqa: E402

SOUND = {
    "core/a.hpp": "struct a {};\n",
    "core/b.hpp": '#include "ohmic/core/a.hpp"\nstruct b : a {};\n',
    "core/c.hpp": '#include "ohmic/core/b.hpp"\nstruct c : b { a one; };\n',
    "core/d.hpp": '#include "ohmic/core/a.hpp"\nstruct d : a {};\n',
}


class small_trees(unittest.TestCase):
    def check(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**SOUND, **changes}.items():
                full = os.path.join(root, "include", "ohmic", path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as file:
                    file.write("#pragma once\n" + text)
            command = [COMPILER, "-std=c++20", "-Wall", "-Werror", "-I" + os.path.join(root, "include")]
            return self_contained.check_all(self_contained.headers(root), os.path.join(root, "units"), command)

    def test_a_sound_tree_needs_a_unit_per_chain(self):
        self.assertEqual(self.check({}), ([], 4, 2))

    def test_what_only_others_include_is_missed(self):
        # d.hpp would compile after b.hpp, and is only alone in not including it.
        failed, _, _ = self.check({"core/d.hpp": "struct d : b {};\n"})
        self.assertEqual(failed, ["core/d.hpp"])

    def test_the_culprit_of_a_chain_is_named_and_what_stands_on_it(self):
        failed, _, _ = self.check({"core/b.hpp": '#include "ohmic/core/a.hpp"\nstruct b : missing {};\n'})
        self.assertEqual(sorted(failed), ["core/b.hpp", "core/c.hpp"])

    def test_a_warning_counts_where_it_is_an_error(self):
        failed, _, _ = self.check({"core/d.hpp": "inline int f(int) { int unused; return 0; }\n"})
        self.assertEqual(failed, ["core/d.hpp"])


class this_checkout(unittest.TestCase):
    def test_every_header_is_in_one_chain_of_its_own_includes(self):
        tree = self_contained.headers(ROOT)
        chains = tree.chains(tree.names)
        self.assertEqual(sorted(name for chain in chains for name in chain), tree.names)
        for chain in chains:
            for i, name in enumerate(chain):
                self.assertTrue(set(chain[:i]) <= tree.below[name], chain)


class unchanged(unittest.TestCase):
    def test_what_passed_is_not_compiled_again_and_what_failed_is(self):
        with tempfile.TemporaryDirectory() as root:
            folder = os.path.join(root, "include", "ohmic", "core")
            os.makedirs(folder)
            for name, text in (("a", "struct a {};\n"), ("b", "struct b : missing {};\n")):
                with open(os.path.join(folder, name + ".hpp"), "w", encoding="utf-8") as file:
                    file.write("#pragma once\n" + text)
            command = [COMPILER, "-std=c++20", "-I" + os.path.join(root, "include")]
            tree = self_contained.headers(root)
            units = os.path.join(root, "units")
            self.assertEqual(self_contained.check_all(tree, units, command), (["core/b.hpp"], 2, 2))
            self.assertEqual(self_contained.check_all(tree, units, command), (["core/b.hpp"], 1, 1))


if __name__ == "__main__":
    ROOT, COMPILER = sys.argv[1], sys.argv[2]
    unittest.main(argv=sys.argv[:1])
