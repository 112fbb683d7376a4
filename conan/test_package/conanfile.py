"""Builds and runs README's first program against the package, and runs ohmic where it is in it."""
import os

from conan import ConanFile
from conan.tools.build import can_run
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout


class OhmicTestPackage(ConanFile):
    settings = "os", "arch", "compiler", "build_type"
    generators = "CMakeDeps"
    test_type = "explicit"

    def requirements(self):
        self.requires(self.tested_reference_str, run=True)  # the program, where the package has it

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.user_presets_path = False  # the folder is a checkout's: nothing is written into it
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def test(self):
        if can_run(self):
            self.run(os.path.join(self.cpp.build.bindir, "first"), env="conanrun")
            options = self.dependencies["ohmic"].options
            if options.program:
                self.run("ohmic reproduce --quiet", env="conanrun")
                if options.plugins:
                    self.run("ohmic list plugins", env="conanrun")
