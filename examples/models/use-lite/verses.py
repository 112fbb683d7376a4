#!/usr/bin/env python3
"""Pairs of a King James verse and the same verse of the World English Bible, for the retrieval task. Standard library only.

usage: verses.py BOOK [--limit N] [--short | --appended] > FILE.tsv      lines id<TAB>query<TAB>document, in Bible order; BOOK as in "Mark"

Reads the texts through the programs `bible` (Debian: bible-kjv) and `diatheke` (Debian: diatheke, with sword-text-web). Both texts are
in the public domain. Verses are taken whose two texts both have 21 to 199 characters.

A dump of the whole World English text repeats one heading after every verse that follows it, all of the New Testament. The published
figures (252 verses of Mark, recall at 1 of 0.857) were measured on such texts: --appended makes them, to compare with; --short takes the
same verses with their texts as they should be.
"""
import argparse
import re
import subprocess
import sys

SHORTEST, LONGEST = 21, 199
APPENDED = "This Psalm is a genuine one of David, though extra, composed when he fought in single combat with Goliath."


def run(*command, encoding):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=True)
    except FileNotFoundError:
        sys.exit(f"verses.py: the program {command[0]} is missing (Debian packages: bible-kjv, diatheke, sword-text-web)")
    except subprocess.CalledProcessError as error:
        sys.exit(f"verses.py: {command[0]} failed with status {error.returncode}")
    return done.stdout.decode(encoding)


def king_james():
    """(book as abbreviated, chapter, verse) -> text, in Bible order."""
    verses = {}
    for line in run("bible", "-f", "gen1:1-rev22:21", encoding="latin-1").splitlines():
        match = re.match(r"^(\d?[A-Za-z]+)(\d+):(\d+) (.*)$", line)
        if match:
            verses[match[1], int(match[2]), int(match[3])] = match[4].strip()
    return verses


def world_english(book):
    """(chapter, verse) -> text of one book. Continuation lines are joined, leading spaces dropped."""
    verses, key = {}, None
    for line in run("diatheke", "-b", "engWEB2015eb", "-f", "plain", "-k", f"{book} 1:1-200:1", encoding="utf-8").splitlines():
        match = re.match(rf"^\s*{re.escape(book)} (\d+):(\d+):(.*)$", line)
        if match:
            key = int(match[1]), int(match[2])
            verses[key] = match[3].strip()
        elif line.startswith("(") and line.endswith(")"):
            key = None  # the name of the text, at the end
        elif key and line.strip():
            verses[key] = (verses[key] + " " + line.strip()).strip()
    return verses


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("book")
    parser.add_argument("--limit", type=int, default=0)
    texts = parser.add_mutually_exclusive_group()
    texts.add_argument("--short", action="store_true", help="the verses that are short enough with the heading appended, without it")
    texts.add_argument("--appended", action="store_true", help="with the heading appended")
    arguments = parser.parse_args()
    documents = world_english(arguments.book)
    written = 0
    for (book, chapter, verse), query in king_james().items():
        if not arguments.book.lower().startswith(book.lower()) or (chapter, verse) not in documents:
            continue
        document = documents[chapter, verse]
        appended = document + " " + APPENDED
        if (arguments.short or arguments.appended) and len(appended) > LONGEST:
            continue
        if arguments.appended:
            document = appended
        if not all(SHORTEST <= len(text) <= LONGEST for text in (query, document)):
            continue
        print(f"{arguments.book} {chapter}:{verse}", query.replace("\t", " "), document.replace("\t", " "), sep="\t")
        written += 1
        if written == arguments.limit:
            break
    if written == 0:
        sys.exit(f"verses.py: no verse of '{arguments.book}'")


if __name__ == "__main__":
    main()
