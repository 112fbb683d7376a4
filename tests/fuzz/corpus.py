#!/usr/bin/env python3
"""Writes the corpus of plugin_table: tables as they lie in memory from 0x10000 on. Standard library only.

usage: corpus.py FOLDER
"""
import os
import struct
import sys

BASE = 0x10000
MAGIC = 0x69626163696D686F


def device(name, minor=1, size=None, threads=0, code=0x40):
    """A device table; functions are even addresses, which the harness takes for code."""
    size = size or (784 if minor == 0 else 792)
    head = struct.pack("<IHHII48s160s256s256s", size, 1, minor, threads, 0, name, b"a device", b"made up", b"")
    return (head + struct.pack("<8Q" if minor else "<7Q", *[code] * (8 if minor else 7))).ljust(max(size, 784), b"\0")


def plugin(devices, count=None, major=1, magic=MAGIC, name=b"fuzz", extension=0):
    """A plugin table, its list and its devices behind each other."""
    count = len(devices) if count is None else count
    at = BASE + 280
    tables = at + 8 * (len(devices) + 1)
    pointers, body = [], b""
    for d in devices:
        pointers.append(tables + len(body))
        body += d
    head = struct.pack("<IHHQ48s32s160sIIQQ", 280, major, 1, magic, name, b"1.0", b"for the fuzzer", count, 0,
                       at if devices else 0, extension)
    return head + struct.pack(f"<{len(devices) + 1}Q", *pointers, 0) + body


CASES = {
    "one": plugin([device(b"cell")]),
    "two": plugin([device(b"cell"), device(b"other", threads=1)], extension=0x42),
    "none": plugin([]),
    "oldest": plugin([device(b"cell", minor=0)]),
    "newer": plugin([device(b"cell", minor=7, size=900)]),
    "major": plugin([device(b"cell")], major=2),
    "magic": plugin([device(b"cell")], magic=1),
    "more": plugin([device(b"cell")], count=2),
    "fewer": plugin([device(b"cell"), device(b"other")], count=1),
    "many": plugin([device(b"cell")], count=0x80000000),
    "twice": plugin([device(b"cell"), device(b"cell")]),
    "unterminated": plugin([device(b"x" * 48)]),
    "name": plugin([device(b"../cell")]),
    "code": plugin([device(b"cell", code=0x41)]),
    "cut": plugin([device(b"cell")])[:900],
    "short": b"\x18\x01\0\0",
    "empty": b"",
}

if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, data in CASES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(data)
