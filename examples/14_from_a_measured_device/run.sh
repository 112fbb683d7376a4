#!/usr/bin/env bash
# From measurements of a device to what a chip of it leaves of a classifier: the steps of README.md in this folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
here="$ohmic_root/examples/14_from_a_measured_device"
model="$ohmic_root/examples/models/bert-wordnet"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
awk -f "$here/states.awk" "$here/measured.csv" >"$work/states.csv"

on() {  # WHAT SETTING..
  local what=$1 settings=()
  shift
  for setting in "$@"; do settings+=(--set "$setting"); done
  printf '%-42s %s\n' "$what" "$("$ohmic" deploy --model "$model" --data "$model/test.tsv" --limit 200 --chip multi_bit \
    --set weights.slices=3,4 --set 'cell.r_on=16 kohm' --set 'cell.r_off=500 kohm' "${settings[@]}" | sed -n 's/^multi_bit  *//p' | sed 1q)"
}
mine=("cell.device=table" "cell.states=$work/states.csv")
printf '%-42s %s\n' '' 'accuracy      macro_f1      matthews      agreement   zero softmax      clipped'
on 'ideal cells' cell.device=ideal
on 'the measured states, as programmed' "${mine[@]}"
on 'after a day' "${mine[@]}" 'cell.retention.age=86400 s'
on 'after a day, a factor for every column' "${mine[@]}" 'cell.retention.age=86400 s' cell.retention.compensation=per_column
