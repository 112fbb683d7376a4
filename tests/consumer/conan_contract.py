#!/usr/bin/env python3
"""Holds conan/conanfile.py and CMakeLists.txt to the same names, version and dependencies, without Conan.

usage: conan_contract.py ROOT VERSION          VERSION is what CMake makes of core/config.hpp
"""
import ast
import os
import re
import sys
import unittest

ROOT, VERSION = "", ""
# What CMake looks for, and the Conan package that brings it. xtl and Threads come with xtensor and the system, MPI is left to the system.
CONAN_NAMES = {"xsimd": "xsimd", "xtensor": "xtensor", "Boost": "boost", "nlohmann_json": "nlohmann_json", "utf8proc": "utf8proc"}
PROGRAM_NAMES = {"CLI11": "cli11", "fmt": "fmt", "SQLite3": "sqlite3", "tomlplusplus": "tomlplusplus"}
PLUGIN_NAMES = {"tomlplusplus": "tomlplusplus", "yaml-cpp": "yaml-cpp"}
NOT_PACKAGES = ("xtl", "Threads", "MPI", "benchmark")


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


class conan_contract(unittest.TestCase):
    def setUp(self):
        self.cmake = read("CMakeLists.txt")
        self.tree = ast.parse(read("conan", "conanfile.py"))
        self.recipe = next(n for n in self.tree.body if isinstance(n, ast.ClassDef))
        self.methods = {n.name: n for n in self.recipe.body if isinstance(n, ast.FunctionDef)}
        self.attributes = {n.targets[0].id: ast.literal_eval(n.value) for n in self.recipe.body if isinstance(n, ast.Assign)}

    def calls(self, method, name):
        """Literal first arguments of the calls of `name` in one method, with the keywords."""
        for node in ast.walk(self.methods[method]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
                values = [ast.literal_eval(a) for a in node.args]
                yield values, {k.arg: ast.literal_eval(k.value) for k in node.keywords}

    def test_the_version_is_read_as_cmake_reads_it(self):
        function = next(n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == "parse_version")
        scope = {"re": re}
        exec(compile(ast.Module([function], []), "conanfile.py", "exec"), scope)
        self.assertEqual(scope["parse_version"](read("include", "ohmic", "core", "config.hpp")), VERSION)
        self.assertEqual(scope["parse_version"]("#pragma once\n#define OHMIC_VERSION 31207\n"), "3.12.7")
        self.assertNotIn("version", self.attributes)
        self.assertIn("include/ohmic/core/config.hpp", ast.unparse(self.methods["set_version"]))

    def test_name_licence_and_description(self):
        self.assertEqual(self.attributes["name"], re.search(r"^project\((\w+)", self.cmake, re.M)[1])
        self.assertEqual(self.attributes["license"], "BSD-3-Clause")
        self.assertTrue(read("LICENSE").startswith("BSD 3-Clause License\n"))
        self.assertEqual(self.attributes["description"], re.search(r'DESCRIPTION "([^"]+)"', self.cmake)[1])
        self.assertEqual(self.attributes["package_type"], "header-library")

    def test_cmake_names(self):
        names = {}
        for values, _ in self.calls("package_info", "set_property"):
            names.setdefault(values[0], []).append(values[1])
        self.assertEqual(names["cmake_file_name"], ["ohmic"])
        of_cmake = re.findall(r"add_library\((ohmic::\w+) ALIAS", self.cmake)
        self.assertEqual(sorted(names["cmake_target_name"]), sorted([*of_cmake, "ohmic::tools"]))  # tools: the program, nothing to link

    def test_options_are_the_switches_and_components_of_cmake(self):
        self.assertEqual(set(self.attributes["options"]), {"formats", "program", "plugins"})
        self.assertEqual(set(self.attributes["default_options"].values()), {False})
        loop = next(n for n in ast.walk(self.methods["generate"]) if isinstance(n, ast.For))
        switches = {"OHMIC_BUILD_" + pair.elts[0].value for pair in loop.iter.elts}
        self.assertEqual(switches, set(re.findall(r"option\((OHMIC_BUILD_\w+)", self.cmake)))
        loop = [n for n in ast.walk(self.methods["package"]) if isinstance(n, ast.For)][-1]
        installed = self.cmake + read("examples", "CMakeLists.txt") + read("plugins", "CMakeLists.txt")
        self.assertEqual({*ast.literal_eval(loop.iter), "dev"}, set(re.findall(r"\bCOMPONENT (\w+)", installed)))

    def test_the_language_floor(self):
        floor = int(re.search(r"cxx_std_(\d+)", self.cmake)[1])
        self.assertIn(f"check_min_cppstd(self, {floor})", ast.unparse(self.methods["validate"]))

    def test_dependencies(self):
        def found(*path):
            return {n for n in re.findall(r"find_package\(([\w-]+)", read(*path)) if n not in NOT_PACKAGES}

        self.assertEqual(found("tests", "cmake", "ohmicDependencies.cmake"), set(CONAN_NAMES))
        self.assertEqual(found("examples", "CMakeLists.txt"), set(PROGRAM_NAMES))
        self.assertEqual(found("plugins", "CMakeLists.txt"), set(PLUGIN_NAMES))
        required = {values[0].split("/")[0]: keywords for values, keywords in self.calls("requirements", "requires")}
        of_library = set(CONAN_NAMES.values())
        self.assertEqual(set(required), of_library | set(PROGRAM_NAMES.values()) | set(PLUGIN_NAMES.values()))
        for name, keywords in required.items():
            self.assertEqual(bool(keywords.get("transitive_headers")), name in of_library, name)

    def test_versions(self):
        """The lower end of a range is CMake's, and the page and Debian's profile agree with the recipe."""
        ranges = {}
        for values, _ in self.calls("requirements", "requires"):
            name, low, high = re.fullmatch(r"([\w-]+)/\[>=([\d.]+) <(\d+)\]", values[0]).groups()
            ranges[name] = (low, high)
        for cmake_name, low in re.findall(r"find_package\((\w+) ([\d.]+)", read("tests", "cmake", "ohmicDependencies.cmake")):
            self.assertEqual(ranges[CONAN_NAMES[cmake_name]][0], low, cmake_name)

        platform = read("conan", "profiles", "bookworm").split("[platform_requires]\n")[1]
        versions = dict(line.split("/") for line in platform.splitlines() if line)
        rows = re.findall(r"^\| ([\w-]+) \| [^|]+ \| (\d[\d.]*) \| ([\d.]+) up to (\d+) \|$", read("conan", "README.md"), re.M)
        self.assertEqual({r[0]: r[1] for r in rows}, versions)
        self.assertEqual({r[0]: r[2:] for r in rows}, ranges)

        def number(version):
            return [int(part) for part in version.split(".")]

        for name, version in versions.items():
            low, high = ranges[name]
            self.assertTrue(number(low) <= number(version) < number(high), name)

    def test_what_is_exported_exists(self):
        loop = next(n for n in ast.walk(self.methods["export_sources"]) if isinstance(n, ast.For))
        for pattern in ast.literal_eval(loop.iter):
            self.assertTrue(os.path.exists(os.path.join(ROOT, pattern.split("*")[0])), pattern)

    def test_the_test_package_builds_readmes_first_program(self):
        text = read("conan", "test_package", "CMakeLists.txt")
        self.assertIn("find_package(ohmic CONFIG REQUIRED)", text)
        self.assertIn("README.md", text)
        self.assertIn("target_link_libraries(first PRIVATE ohmic::ohmic)", text)
        ast.parse(read("conan", "test_package", "conanfile.py"))


if __name__ == "__main__":
    ROOT, VERSION = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
