"""Conan 2 recipe of ohmic. From a checkout: conan create conan"""
import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
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
    options = {"formats": [True, False]}
    default_options = {"formats": False}
    no_copy_source = True

    # The recipe lives in conan/, the sources one folder up.
    def set_version(self):
        self.version = parse_version(load(self, os.path.join(self.recipe_folder, "..", "include/ohmic/core/config.hpp")))

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..")
        for pattern in ("LICENSE", "include/*.hpp", "include/*.h"):
            copy(self, pattern, root, self.export_sources_folder)

    def layout(self):
        basic_layout(self, src_folder=".")

    def requirements(self):
        self.requires("xtensor/[>=0.24 <1]", transitive_headers=True)
        self.requires("xsimd/[>=8.1 <14]", transitive_headers=True)
        self.requires("boost/[>=1.75 <2]", transitive_headers=True, options={"header_only": True})
        if self.options.formats:
            self.requires("nlohmann_json/[>=3.11 <4]", transitive_headers=True)
            self.requires("utf8proc/[>=2.8 <3]", transitive_headers=True, transitive_libs=True)

    def validate(self):
        check_min_cppstd(self, 20)
        minimum = {"gcc": "12", "clang": "14"}.get(str(self.settings.compiler))
        if minimum and Version(self.settings.compiler.version) < minimum:
            raise ConanInvalidConfiguration(f"ohmic needs {self.settings.compiler} {minimum} or later, for its C++20")

    def package_id(self):
        self.info.settings.clear()  # headers only; the option stays, because it changes what a user links

    # Headers and the licence are the whole package; nothing is built, and CMakeDeps writes the package files for CMake.
    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.h"):
            copy(self, pattern, os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "ohmic")

        core = self.cpp_info.components["ohmic"]
        core.set_property("cmake_target_name", "ohmic::ohmic")
        core.bindirs = []
        core.libdirs = []
        core.requires = ["xtensor::xtensor", "xsimd::xsimd", "boost::headers"]
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs = ["pthread"]  # core/threads.hpp

        if self.options.formats:
            formats = self.cpp_info.components["formats"]
            formats.set_property("cmake_target_name", "ohmic::formats")
            formats.bindirs = []
            formats.libdirs = []
            formats.requires = ["ohmic", "nlohmann_json::nlohmann_json", "utf8proc::utf8proc"]
