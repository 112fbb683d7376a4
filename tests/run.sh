#!/usr/bin/env bash
# Installs what is missing, builds everything and runs every test.
#   bash tests/run.sh [CTEST ARGUMENT...]      e.g. -L fast, or -R layering
# CXX chooses the compiler (its build is build/tests or, for another than the first, whatever CMake makes of a change);
# OHMIC_WERROR=ON turns warnings into errors.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"

ohmic_step "1/3 What the tests need"
ohmic_packages g++ cmake ninja-build ccache python3 libxtensor-dev libxsimd-dev \
  "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" catch2 libcli11-dev libfmt-dev libtomlplusplus-dev \
  nlohmann-json3-dev libutf8proc-dev libsqlite3-dev libyaml-cpp-dev libbenchmark-dev libonnx-testdata libeigen3-dev openssl pkg-config dpkg-dev

ohmic_step "2/3 Building the program, the tests and the benches in build/tests"
ohmic_build tests -DOHMIC_WERROR="${OHMIC_WERROR:-OFF}"

ohmic_step "3/3 Running the tests"
cd "$ohmic_root"
ctest --test-dir build/tests --output-on-failure --no-tests=error --parallel "$(nproc)" "$@" </dev/null
