#!/usr/bin/env bash
# What is left of a classifier on another lab's device? The device comes as a shared library; OHMIC_PLUGINS is its folder.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
plugins="${OHMIC_PLUGINS:-$(dirname "$ohmic")/../plugins}"
[ -f "$plugins/device_pcm.so" ] || plugins="$ohmic_root/build/tests/plugins"
[ -f "$plugins/device_pcm.so" ] || ohmic_fail 3 "no plugins beside $ohmic: cmake --preset program -DOHMIC_BUILD_PLUGINS=ON && cmake --build --preset program"
model="$ohmic_root/examples/models/bert-wordnet"
on() {
  "$ohmic" deploy --model "$model" --data "$model/test.tsv" --chip multi_bit --limit 100 --set 'cell.r_on=40 kohm' "$@" | sed -n '/^multi_bit  /p'
}
printf '%-16s %s\n' 'ideal cells' "$(on)"
printf '%-16s %s\n' 'a plugin'"'"'s cells' "$(on --plugin "$plugins/device_pcm.so" --set cell.device=plugin_pcm_joshi)"
