"""Conan 2 recipe of ohmic. From a checkout: conan create conan"""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout
from conan.tools.scm import Version

required_conan_version = ">=2.0"


def parse_version(config_hpp):
    """OHMIC_VERSION in core/config.hpp, the only place where it is written, is major * 10000 + minor * 100 + patch."""
    number = int(re.search(r"^#define OHMIC_VERSION ([0-9]+)$", config_hpp, re.M)[1])
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"


class OhmicRecipe(ConanFile):
    name = "ohmic"
    package_type = "header-library"
    license = "BSD-3-Clause"
    description = "Large language models on memristor crossbars: which numbers come out of the chip, and what it costs"
    topics = ("memristor", "crossbar", "in-memory-computing", "transformer", "simulation", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    options = {"formats": [True, False], "program": [True, False], "plugins": [True, False]}
    default_options = {"formats": False, "program": False, "plugins": False}
    no_copy_source = True

    # The recipe lives in conan/, the sources one folder up.
    def set_version(self):
        self.version = parse_version(load(self, os.path.join(self.recipe_folder, "..", "include/ohmic/core/config.hpp")))

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..")
        for pattern in ("LICENSE", "include/*.hpp", "include/*.h", "CMakeLists.txt", "tests/cmake/*", "examples/CMakeLists.txt",
                        "examples/*.cpp", "examples/*.hpp", "plugins/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        basic_layout(self, src_folder=".")

    def requirements(self):
        self.requires("xtensor/[>=0.24 <1]", transitive_headers=True)
        self.requires("xsimd/[>=8.1 <15]", transitive_headers=True)
        self.requires("boost/[>=1.75 <2]", transitive_headers=True, options={"header_only": True})
        if self.options.formats or self.options.program:
            self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
            self.requires("utf8proc/[>=2.8 <3]", transitive_headers=True, transitive_libs=True)
        # What only the program and the plugins are made of: nobody who includes the headers sees it.
        if self.options.program:
            self.requires("cli11/[>=2.1 <3]", headers=True, libs=False)
            self.requires("fmt/[>=9 <12]")
            self.requires("sqlite3/[>=3.40 <4]")
        if self.options.program or self.options.plugins:
            self.requires("tomlplusplus/[>=3.3 <4]", headers=True, libs=False)
        if self.options.plugins:
            self.requires("yaml-cpp/[>=0.7 <1]")

    def validate(self):
        check_min_cppstd(self, 20)
        minimum = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if minimum and Version(self.settings.compiler.version) < minimum:
            raise ConanInvalidConfiguration(f"ohmic needs {self.settings.compiler} {minimum} or later, for its C++20")
        if self.built and self.settings.os != "Linux":
            raise ConanInvalidConfiguration("ohmic's options program and plugins are for Linux; the headers alone go elsewhere")

    @property
    def built(self):
        return bool(self.options.program or self.options.plugins)

    def generate(self):
        if self.built:
            CMakeDeps(self).generate()
            toolchain = CMakeToolchain(self)
            for part, wanted in (("EXAMPLES", self.options.program), ("PLUGINS", self.options.plugins), ("TESTS", False), ("BENCH", False)):
                toolchain.cache_variables[f"OHMIC_BUILD_{part}"] = bool(wanted)
            toolchain.cache_variables["OHMIC_MPI"] = False  # it would be linked without being a requirement
            toolchain.generate()

    def build(self):
        if self.built:
            cmake = CMake(self)
            cmake.configure()
            cmake.build()

    def package_id(self):
        if not (self.info.options.program or self.info.options.plugins):
            self.info.settings.clear()  # headers only; the options stay, because they change what a user gets

    # Headers and licence, and what was built. CMakeDeps writes the package files for CMake.
    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.h"):
            copy(self, pattern, os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        for part in ("program", "plugins"):
            if self.options.get_safe(part):
                CMake(self).install(component=part)

    def of_packages(self, *names):
        """Those that Conan brings. What a profile leaves to the system ([platform_requires]) has no target here."""
        return [name for name in names if name.split("::")[0] in self.dependencies]

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "ohmic")

        core = self.cpp_info.components["ohmic"]
        core.set_property("cmake_target_name", "ohmic::ohmic")
        core.bindirs = []
        core.libdirs = []
        core.requires = self.of_packages("xtensor::xtensor", "xsimd::xsimd", "boost::headers")
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs = ["pthread"]  # core/threads.hpp

        if self.built:  # a component of its own: whoever links ohmic::ohmic does not link fmt
            tools = self.cpp_info.components["tools"]
            tools.set_property("cmake_target_name", "ohmic::tools")
            tools.includedirs = []
            tools.libdirs = []
            tools.bindirs = ["bin"] if self.options.program else []
            tools.requires = ["ohmic"] + self.of_packages(
                "cli11::cli11", "fmt::fmt", "sqlite3::sqlite3", "tomlplusplus::tomlplusplus", "yaml-cpp::yaml-cpp")
            if self.options.plugins:
                self.runenv_info.append_path("OHMIC_PLUGIN_PATH", os.path.join(self.package_folder, "lib", "ohmic", "plugins"))

        if self.options.formats or self.options.program:
            formats = self.cpp_info.components["formats"]
            formats.set_property("cmake_target_name", "ohmic::formats")
            formats.bindirs = []
            formats.libdirs = []
            formats.requires = ["ohmic"] + self.of_packages("nlohmann_json::nlohmann_json", "utf8proc::utf8proc")
            if not self.of_packages("utf8proc::utf8proc"):
                formats.system_libs = ["utf8proc"]
