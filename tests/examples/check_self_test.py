#!/usr/bin/env python3
"""check.py sees what differs."""
import unittest

import check


class comparing(unittest.TestCase):
    def test_equal_but_for_blanks(self):
        self.assertEqual(check.compare("a  1.5\nb\n", "a 1.5   \nb"), "")

    def test_a_number_a_word_and_a_line_count(self):
        for got in ("a 1.6\nb", "a 1.5\nc", "a 1.5", "a 1.5\nb\nb"):
            self.assertNotEqual(check.compare("a 1.5\nb\n", got), "", got)


if __name__ == "__main__":
    unittest.main()
