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
# What CMake looks for, and the Conan package that brings it. xtl and Threads come with xtensor and the system.
CONAN_NAMES = {"xsimd": "xsimd", "xtensor": "xtensor", "Boost": "boost", "nlohmann_json": "nlohmann_json", "utf8proc": "utf8proc"}


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
        names = {values[0]: [] for values, _ in self.calls("package_info", "set_property")}
        for values, _ in self.calls("package_info", "set_property"):
            names[values[0]].append(values[1])
        self.assertEqual(names["cmake_file_name"], ["ohmic"])
        self.assertEqual(sorted(names["cmake_target_name"]), sorted(re.findall(r"add_library\((ohmic::\w+) ALIAS", self.cmake)))

    def test_the_language_floor(self):
        floor = int(re.search(r"cxx_std_(\d+)", self.cmake)[1])
        self.assertIn(f"check_min_cppstd(self, {floor})", ast.unparse(self.methods["validate"]))

    def test_dependencies(self):
        dependencies = read("tests", "cmake", "ohmicDependencies.cmake")
        wanted = {n for n in re.findall(r"find_package\((\w+)", dependencies) if n not in ("xtl", "Threads")}
        self.assertEqual(wanted, set(CONAN_NAMES))
        required = {}
        for values, keywords in self.calls("requirements", "requires"):
            required[values[0].split("/")[0]] = keywords
        self.assertEqual(set(required), {CONAN_NAMES[n] for n in wanted})
        for name, keywords in required.items():
            self.assertTrue(keywords.get("transitive_headers"), name)

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
