#!/usr/bin/env python3
"""check.py sees what differs, and lets pass only what its first line allows."""
import unittest

import check


class comparing(unittest.TestCase):
    def test_equal_but_for_blanks(self):
        self.assertEqual(check.compare("a  1.5\nb\n", "a 1.5   \nb"), "")

    def test_a_number_a_word_and_a_line_count(self):
        for got in ("a 1.6\nb", "a 1.5\nc", "a 1.5", "a 1.5\nb\nb"):
            self.assertNotEqual(check.compare("a 1.5\nb\n", got), "", got)

    def test_a_factor_is_for_numbers_alone(self):
        expected = "# numbers within a factor of 2\nenergy 1.5e-03 J of int8\n"
        for got in ("energy 0.001 J of int8", "energy 3e-3 J of int8"):
            self.assertEqual(check.compare(expected, got), "", got)
        for got in ("energy 0.0007 J of int8", "energy -1.5e-3 J of int8", "energy 1.5e-3 W of int8", "energy 1.5e-3 J of int4"):
            self.assertNotEqual(check.compare(expected, got), "", got)


if __name__ == "__main__":
    unittest.main()
