#!/usr/bin/env python3
"""Runs the program on every bad input of cases.py and compares what it says with the table messages.md. Standard library only.

usage: check.py PROGRAM [--accept] [--only PREFIX] [--no-limit]

Every run ends with status 2 (bad input) or 3 (could not finish), with one message on standard error, within 20 s, without having
held more than 1 GiB of address space (--no-limit: sanitizers need more), and leaves no file behind that was not there. Two cases
that are told the same are a failure, unless SAME of cases.py says that they mean the same: one of them was refused for another
reason than the one that it is named after. --accept writes the table anew.

Plugins are looked for in ../plugins of the program's folder; without them their cases are left out.
"""
import concurrent.futures
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from cases import CASES, SAME  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "messages.md")
ADDRESS_SPACE = 1 << 30
FOUND_GOOD = set()


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def files_below(folder):
    return {os.path.relpath(os.path.join(at, f), folder) for at, _, files in os.walk(folder) for f in files}


def plugin_file(program, one):
    return os.path.join(os.path.dirname(os.path.dirname(program)), "plugins", one.plugin + ".so")


def prepare(program, folder, one):
    """The files of a case, and what commands before it make and it spoils."""
    for path, data in one.files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "wb") as file:
            file.truncate(data) if isinstance(data, int) else file.write(data)
    if one.plugin:
        shutil.copy(plugin_file(program, one), os.path.join(folder, "p.so"))
    # Many cases spoil the same good files: what was run once on them, and left nothing, is not run again.
    good = (tuple(one.before), tuple(sorted(one.files.items(), key=str)), one.plugin)
    def there():
        return {f: (s.st_size, s.st_mtime_ns) for f in files_below(folder) for s in [os.stat(os.path.join(folder, f))]}
    before = there()
    for command in one.before if good not in FOUND_GOOD else ():
        subprocess.run([program, *command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
    if there() == before:
        FOUND_GOOD.add(good)
    for path, change in one.spoil.items():
        with open(os.path.join(folder, path), "rb") as file:
            data = change(file.read())
        with open(os.path.join(folder, path), "wb") as file:
            file.write(data)


def run(program, limited, one):
    """What is wrong with how a case ends, its status and its message."""
    name = one.name
    with tempfile.TemporaryDirectory() as folder:
        try:
            prepare(program, folder, one)
        except subprocess.SubprocessError as e:
            return name, ["what comes before it fails: %s %s" % (e, (e.stderr or b"").decode("utf-8", "replace"))], "-", ""
        before = files_below(folder)
        environment = {**os.environ, "OHMIC_PLUGIN_PATH": ""}
        try:
            r = subprocess.run([program, *one.arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=20,
                               env=environment, preexec_fn=limit if limited else None)
        except subprocess.TimeoutExpired:
            return name, ["does not end within 20 s"], "-", ""
        message = r.stderr.decode("utf-8", "replace").strip()
        wrong = []
        if r.returncode not in (2, 3):
            wrong.append("ends with status %d" % r.returncode)
        if any(ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 or c == "\ufffd" for c in message):
            wrong.append("prints control characters or broken UTF-8")
        if not message:
            wrong.append("says nothing")
        left = files_below(folder) - before
        if left:
            wrong.append("leaves " + ", ".join(sorted(left)))
        # Lists of all that is known grow; what is wrong and where does not.
        message = re.sub(r"(allowed: [^;\n]{60})[^;\n]*", r"\1..", message)
        message = message.replace(os.path.realpath(folder), "DIR").replace(folder, "DIR")
        message = re.sub(r"\.XXXXXX|\.[A-Za-z0-9]{6}(?= )", "", message) if "write" in message else message
        return name, wrong, str(r.returncode), message


def told_the_same(results):
    """Cases that are told the same and do not mean the same."""
    names = {}
    for name, _, _, message in results:
        names.setdefault(message, []).append(name)
    return ["%s: are told the same\n    %s" % (", ".join(group), message) for message, group in names.items()
            if len(group) > 1 and message and not any(set(group) <= same for same in SAME)]


def shown(arguments):
    def word(a):
        text = a.decode("utf-8", "backslashreplace") if isinstance(a, bytes) else a
        text = "".join(c if ord(c) >= 32 else "\\x%02x" % ord(c) for c in text)
        return (text if len(text) < 60 else text[:57] + "...") or "''"
    return " ".join(["ohmic", *map(word, arguments)])


def cell(text):
    """Text of a table in Markdown, in one line."""
    text = text.replace("|", "\\|").replace("\n", "<br>").replace("`", "'")
    return text if len(text) < 500 else text[:497] + "..."


def main():
    program = os.path.abspath(sys.argv[1])
    accept, limited = "--accept" in sys.argv, "--no-limit" not in sys.argv
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    cases = [one for one in CASES if one.name.startswith(only)]
    names = [one.name for one in cases]
    if len(set(names)) != len(names):
        sys.exit("a name is there twice: " + ", ".join(sorted({n for n in names if names.count(n) > 1})))
    left_out = {one.name for one in cases if one.plugin and not os.path.exists(plugin_file(program, one))}
    cases = [one for one in cases if one.name not in left_out]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda one: run(program, limited, one), cases))
    rows = {name: "| %s | `%s` | %s | %s |" % (name, cell(shown(one.arguments)), status, cell(message))
            for one, (name, _, status, message) in zip(cases, results)}
    failures = ["%s: %s\n    %s" % (name, "; ".join(wrong), message) for name, wrong, _, message in results if wrong]
    failures += told_the_same(results)
    if accept and left_out:
        sys.exit("the plugins are not built, without which the table would lose: " + ", ".join(sorted(left_out)))
    if accept:
        with open(TABLE, "w", encoding="utf-8") as file:
            file.write("# Bad inputs, and what the program says to them\n\n"
                       "%d inputs of `cases.py`, run by `check.py PROGRAM`; `--accept` writes this table. Status 2: bad input, 3: could not finish.\n\n"
                       "| input | command | status | message |\n|---|---|---|---|\n" % len(rows) + "\n".join(rows.values()) + "\n")
    else:
        with open(TABLE, encoding="utf-8") as file:
            known = {line.split(" | ")[0][2:]: line for line in file.read().split("\n") if line.startswith("| ") and " | `ohmic" in line}
        for name, row in rows.items():
            if known.get(name) != row:
                failures.append("%s: is not as in messages.md\n  there %s\n  here  %s" % (name, known.get(name), row))
        if not only:
            failures += ["%s: is in messages.md only" % name for name in known.keys() - rows.keys() - left_out]
    if failures:
        print("\n".join(failures))
        sys.exit("%d of %d bad inputs are not refused as they should be" % (len(failures), len(cases)))
    print("%d bad inputs, each refused%s" % (len(cases), "; %d left out, whose plugins are not built" % len(left_out) if left_out else ""))


if __name__ == "__main__":
    main()
