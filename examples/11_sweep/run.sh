#!/usr/bin/env bash
# Which designs does no other beat? A sweep keeps its results in a file and goes on where it stopped.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$ohmic" sweep --spec "$ohmic_root/examples/11_sweep/designs.toml" --threads 1 --output "$work/designs.sqlite" | sed "s:$work/::; s:$ohmic_root/::"
