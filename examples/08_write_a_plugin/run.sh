#!/usr/bin/env bash
# A device of one's own as a shared library: compile it, check it, use it. CXX is the compiler.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
here="$ohmic_root/examples/08_write_a_plugin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CXX:-g++}" -std=c++20 -O2 -shared -fPIC -fvisibility=hidden "-Wl,--version-script=$ohmic_root/plugins/plugin.map" \
  -I "$ohmic_root/include" "$here/my_cell.cpp" -o "$work/my_cell.so"
"$ohmic" plugin check "$work/my_cell.so" | grep -E ' (FAIL|laws$)'
"$ohmic" list plugins --plugin "$work/my_cell.so" | grep -o 'cell.device=.*'
