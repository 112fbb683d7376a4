#!/usr/bin/env bash
# Tests of core, numeral and crossbar on another processor family: compiled by the cross compiler for aarch64 (NEON through xsimd) and
# run under qemu. Ends with 77, which ctest shows as skipped, where a tool is missing.
#   bash tests/aarch64/run.sh [FOLDER] [CATCH2 ARGUMENTS..]       objects go to FOLDER, by default build/aarch64
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
compiler=${OHMIC_AARCH64_CXX:-aarch64-linux-gnu-g++}
skip() {
  echo "skipped: $1"
  exit 77
}
command -v "$compiler" >/dev/null || skip "$compiler not found (Debian: g++-aarch64-linux-gnu)"
emulator=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || skip "qemu-aarch64 not found (Debian: qemu-user)"
sysroot=$("$compiler" -print-sysroot)
[ -n "$sysroot" ] && [ "$sysroot" != / ] || sysroot=/usr/aarch64-linux-gnu

folder=${1:-$root/build/aarch64}
[ $# -eq 0 ] || shift
mkdir -p "$folder/include"
# Headers that do not depend on the processor, without those of the host's C library beside them.
for library in boost xsimd xtensor xtl catch2; do
  [ -d "/usr/include/$library" ] || skip "/usr/include/$library not found"
  ln -sfn "/usr/include/$library" "$folder/include/$library"
done

tests=(support/main.cpp)
cd "$root/tests"
for pattern in unit/core/{philox,stream,simd,dot4}_test.cpp unit/numeral/*_test.cpp \
  unit/crossbar/{product,instruction_sets,code_array,wires_instruction_sets}_test.cpp \
  unit/core/arch/*.cpp unit/crossbar/arch/*.cpp; do
  [ -f "$root/tests/$pattern" ] && tests+=("$pattern")
done
{
  echo "flags = -std=gnu++20 -O1 -w -DOHMIC_CHECKED=1 '-DOHMIC_SOURCE_DIR=\"$root\"' -DOHMIC_TEST_ARCH=baseline"
  echo "flags += -I $root/include -I $root/tests -isystem $folder/include"
  printf 'ohmic_aarch64:'
  printf ' %s' "${tests[@]//\//_}" | sed 's/\.cpp/.o/g'
  printf '\n\t%s $^ -o $@ -pthread\n' "$compiler"
  for test in "${tests[@]}"; do
    object=${test//\//_}
    printf '%s: %s\n\t%s $(flags) -MD -c $< -o $@\n' "${object%.cpp}.o" "$root/tests/$test" "$compiler"
  done
  echo '-include *.d'
} >"$folder/Makefile"
command -v make >/dev/null || skip "make not found (Debian: make)"
make --no-print-directory -C "$folder" -j "${OHMIC_AARCH64_JOBS:-2}" ohmic_aarch64
"$emulator" -L "$sysroot" "$folder/ohmic_aarch64" "${@:-~[slow]}"
