#!/usr/bin/env python3
"""Copies clips of Debian's asterisk-core-sounds-en-wav to FOLDER/clips and lists them with their transcripts, `file<TAB>transcript`:
test.tsv and calib.tsv. A list names only files beside it. Standard library only.

usage: clips.py FOLDER [SOUNDS] [TRANSCRIPTS.gz]

Scored are clips of 1.5 to 12 s whose description has at least three words and no square bracket: 241. What it has in round brackets is a
remark and is not spoken: nine clips are of silence. Calibrated is on others of 0.8 to 15 s with at least two words.
"""
import gzip
import os
import re
import shutil
import sys
import wave

SOUNDS = "/usr/share/asterisk/sounds/en_US_f_Allison"
TRANSCRIPTS = "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"


def keep(path, to):
    os.makedirs(os.path.dirname(to), exist_ok=True)
    shutil.copyfile(path, to + ".partial")
    os.replace(to + ".partial", to)


def main():
    folder = sys.argv[1]
    sounds = sys.argv[2] if len(sys.argv) > 2 else SOUNDS
    transcripts = sys.argv[3] if len(sys.argv) > 3 else TRANSCRIPTS
    scored, calibration = [], []
    with gzip.open(transcripts, "rt", encoding="utf-8") as lines:
        for line in lines:
            name, colon, text = line.rstrip("\n").partition(":")
            text, path = text.strip(), os.path.join(sounds, name + ".wav")
            if name.startswith(";") or not colon or not text or not os.path.exists(path):
                continue
            with wave.open(path) as clip:
                seconds = clip.getnframes() / clip.getframerate()
            words, spoken = len(text.split()), " ".join(re.sub(r"\([^)]*\)", " ", text).split())
            row = "clips/" + name + ".wav\t" + spoken + "\n"
            if 1.5 <= seconds <= 12 and words >= 3 and "[" not in text:
                scored.append(row)
                keep(path, os.path.join(folder, "clips", name + ".wav"))
            elif 0.8 <= seconds <= 15 and words >= 2 and not set(text) & set("[(<"):
                calibration.append(row)
                keep(path, os.path.join(folder, "clips", name + ".wav"))
    if not scored or not calibration:
        sys.exit(f"no clips in {sounds}")
    for name, rows in (("test.tsv", scored), ("calib.tsv", calibration)):
        with open(os.path.join(folder, name + ".partial"), "w", encoding="utf-8") as out:
            out.writelines(rows)
        os.replace(os.path.join(folder, name + ".partial"), os.path.join(folder, name))


if __name__ == "__main__":
    main()
