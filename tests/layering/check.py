#!/usr/bin/env python3
"""Reads every #include under include/ohmic and reports each one that breaks the layers. Standard library only.

usage: check.py ROOT          ROOT is a checkout; exit status 1 if anything is wrong

Checked:
  - an include of ohmic leads to a folder that the layers below allow, along every chain of includes;
  - a third-party header is included only by its fence headers, a header outside the standard and these fences by nobody;
  - ohmic/ohmic.hpp reaches no importer and no tokenizer;
  - no header includes itself by a detour; every include exists; every header has #pragma once;
  - every folder of include/ohmic is a known layer and has a README.md, as have the folders of the top level;
  - sources are ASCII. Headers of more than 400 lines are listed, which is no error.
"""
import os
import re
import sys

# An arrow of the block diagram: what a folder may include directly. "folder" stands for all of it, "folder/file.hpp" for one
# header. What those may include is allowed too. Every folder may include itself.
LAYERS = {
    "core": [],
    "numeral": ["core"],
    "device": ["core"],
    "periphery": ["core", "numeral"],
    "crossbar": ["device", "periphery", "numeral"],
    "nonlinear": ["core", "numeral"],
    "attention": ["crossbar", "nonlinear", "program/attention_policy.hpp"],
    "program": ["core", "numeral/shape.hpp", "crossbar/shape.hpp"],
    "model": ["attention", "program"],
    "cost": ["core", "program"],
    "plugin": ["core", "device", "cost/concept.hpp", "cost/book_file.hpp", "cost/price_book.hpp"],
    "chip": ["core", "numeral", "device", "periphery", "crossbar", "nonlinear", "attention", "program", "model", "cost"],
    "bench": ["core", "numeral", "periphery", "crossbar", "model"],
}

# Headers that read files or text: only they may include each other, so that ohmic/ohmic.hpp stays free of JSON and Unicode.
OPT_IN = re.compile(r"^model/(import|text)([./]|$)")

# Third-party headers and the only places that may include them.
FENCES = [
    (r"xsimd/", r"core/simd\.hpp"),
    (r"(xtensor|xtl)/", r"core/xtensor\.hpp"),
    (r"boost/hana(/|\.hpp)", r"core/(reflect|named)\.hpp"),
    (r"boost/preprocessor/", r"core/reflect\.hpp"),
    (r"benchmark/", r"bench/.*"),
    (r"immintrin\.h$", r"core/(dot4|bit_count|philox_lanes)\.hpp"),
    (r"nlohmann/", r"model/(import|text)[./].*"),
    (r"utf8proc\.h$", r"model/(import|text)[./].*"),
    (r"boost/dll/", r"plugin/library\.hpp"),
    (r"(fcntl|sched|unistd|sys/mman|sys/stat)\.h$", r"model/import[./].*|plugin/(memory|isolated|lane|child_loop)\.hpp|core/cache\.hpp"),
    (r"(malloc|signal|sys/(prctl|resource|wait))\.h$", r"plugin/(isolated|lane|child_loop)\.hpp"),
    (r"(linux/futex|sys/syscall)\.h$", r"plugin/lane\.hpp"),
    (r"elf\.h$", r"plugin/(library|memory)\.hpp"),
    (r"dlfcn\.h$", r"plugin/library\.hpp"),
    (r"link\.h$", r"plugin/memory\.hpp"),
    (r"std(def|int)\.h$", r"plugin/abi(_prices)?\.h"),
]

TOP_FOLDERS = ["bench", "conan", "examples", "plugins", "tests"]
SOURCES = (".hpp", ".h", ".cpp", ".c", ".cmake", ".py", ".sh")
MAX_LINES = 400

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)"|(\S.*))')


def strip_comments(text):
    """Comments become blanks, line ends stay; strings are left alone."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    return pattern.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)


def allowed_targets(folder, seen=()):
    """Folders and single headers that `folder` may include, itself among them, by following the arrows."""
    result = {folder}
    for target in LAYERS[folder]:
        if target.endswith(".hpp"):
            result.add(target)
        elif target not in seen:
            result |= allowed_targets(target, (*seen, folder))
    return result


class tree:
    def __init__(self, root):
        self.root = root
        self.base = os.path.join(root, "include", "ohmic")
        self.problems = []
        self.notes = []
        self.includes = {}  # header -> [(line number, header of ohmic)]

    def problem(self, where, text):
        self.problems.append(f"{where}: {text}")

    def read(self):
        if not os.path.isdir(self.base):
            self.problem(self.base, "does not exist")
        for folder, _, files in os.walk(self.base):
            for name in sorted(files):
                path = os.path.relpath(os.path.join(folder, name), self.base).replace(os.sep, "/")
                if name.endswith((".hpp", ".h")):
                    self.read_header(path)
                elif name != "README.md":
                    self.problem(f"include/ohmic/{path}", "only headers and README.md belong here")

    def read_header(self, path):
        where = f"include/ohmic/{path}"
        with open(os.path.join(self.base, path), encoding="utf-8", errors="replace") as file:
            text = file.read()
        lines = text.count("\n")
        if lines > MAX_LINES:
            self.notes.append(f"{where}: {lines} lines, split it at {MAX_LINES}")
        code = strip_comments(text)
        if not re.search(r"^#pragma once$", code, re.M):
            self.problem(where, "has no #pragma once")
        self.includes[path] = []
        for number, line in enumerate(code.split("\n"), 1):
            match = INCLUDE.match(line)
            if match:
                self.read_include(path, f"{where}:{number}", number, *match.groups())

    def read_include(self, path, where, number, system, local, other):
        if other:
            self.problem(where, f"include of a macro, '{other.strip()}'")
        elif local:
            if not local.startswith("ohmic/"):
                self.problem(where, f'"{local}" must be written from the include folder, as "ohmic/..."')
            else:
                self.includes[path].append((number, local[len("ohmic/"):]))
        elif system.startswith("ohmic/"):
            self.problem(where, f'<{system}>: headers of ohmic are included with quotes, "{system}"')
        else:
            for header, fence in FENCES:
                if re.match(header, system):
                    if not re.fullmatch(fence, path):
                        self.problem(where, f"<{system}> may be included only by {readable(fence)}")
                    return
            if not re.fullmatch(r"[a-z_0-9]+", system):
                self.problem(where, f"<{system}> is neither of the standard library nor behind a fence")

    def check_edges(self):
        for path in sorted(self.includes):
            for number, target in self.includes[path]:
                where = f"include/ohmic/{path}:{number}"
                if target not in self.includes:
                    self.problem(where, f'"ohmic/{target}" does not exist')
                elif "/" not in target and "/" in path:
                    self.problem(where, f'"ohmic/{target}" is for users, not for headers of the library')
        for path in sorted(self.includes):
            self.check_reach(path)

    def refusal(self, header, target):
        """Why `header` may not reach `target`, or None."""
        if OPT_IN.match(target) and not OPT_IN.match(header):
            return "importers and tokenizers are opt-in: only model/import and model/text include them"
        folder = header.split("/")[0]
        if "/" not in header or "/" not in target or folder not in LAYERS:
            return None  # a header for users may include all; unknown folders are reported with the folders
        allowed = allowed_targets(folder)
        if target.split("/")[0] in allowed or target in allowed:
            return None
        return f"{folder} may include only itself and {', '.join(sorted(allowed - {folder})) or 'nothing else'}"

    def check_reach(self, path):
        """Everything that `path` includes, directly or not, must be allowed. A wrong chain shows once, at its nearest end."""
        chains = {path: [path]}
        queue = [path]
        while queue:
            header = queue.pop(0)
            for _, target in self.includes.get(header, []):
                if target in chains or target not in self.includes:
                    continue
                chain = chains[header] + [target]
                chains[target] = chain
                reason = self.refusal(path, target)
                if reason is None:
                    queue.append(target)
                elif not any(self.refusal(between, target) for between in chain[1:-1]):
                    self.problem(f"include/ohmic/{path}", f"{reason}; chain: {' -> '.join(chain)}")

    def check_cycles(self):
        state = {}

        def visit(header, chain):
            state[header] = "open"
            for _, target in self.includes.get(header, []):
                if state.get(target) == "open":
                    cycle = chain[chain.index(target):] + [target]
                    self.problem(f"include/ohmic/{header}", f"includes itself by a detour: {' -> '.join(cycle)}")
                elif target not in state and target in self.includes:
                    visit(target, chain + [target])
            state[header] = "done"

        for header in sorted(self.includes):
            if header not in state:
                visit(header, [header])

    def check_folders(self):
        folders = {path.split("/")[0] for path in self.includes if "/" in path}
        for folder in sorted(folders):
            if folder not in LAYERS:
                self.problem(f"include/ohmic/{folder}", f"is no layer; the layers are {', '.join(LAYERS)}")
            if not os.path.isfile(os.path.join(self.base, folder, "README.md")):
                self.problem(f"include/ohmic/{folder}", "has no README.md")
        for folder in TOP_FOLDERS:
            if not os.path.isfile(os.path.join(self.root, folder, "README.md")):
                self.problem(folder, "has no README.md")

    def check_ascii(self):
        for top in ["include", *TOP_FOLDERS]:
            for folder, _, files in os.walk(os.path.join(self.root, top)):
                for name in sorted(files):
                    if name.endswith(SOURCES) or name == "CMakeLists.txt":
                        path = os.path.join(folder, name)
                        with open(path, "rb") as file:
                            for number, line in enumerate(file, 1):
                                if not line.isascii():
                                    shown = os.path.relpath(path, self.root)
                                    self.problem(f"{shown}:{number}", "is not ASCII")
                                    break

    def check(self):
        self.read()
        self.check_edges()
        self.check_cycles()
        self.check_folders()
        self.check_ascii()
        return self.problems


def readable(fence):
    return fence.replace("\\.", ".").replace("[./].*", "")


def main():
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    checked = tree(sys.argv[1])
    problems = checked.check()
    for note in checked.notes:
        print(f"note: {note}")
    for problem in problems:
        print(problem)
    print(f"{len(checked.includes)} headers, {sum(map(len, checked.includes.values()))} includes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
