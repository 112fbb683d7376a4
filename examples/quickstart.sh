#!/usr/bin/env bash
# From a bare Debian 12 to the result: what accuracy a chip leaves a small trained BERT. Takes a few minutes the first time
# (packages, compiler), seconds after that, and then needs no network.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

ohmic_step "1/3 What the program needs"
ohmic_packages g++ cmake ninja-build ccache libxtensor-dev libxsimd-dev "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" \
  libcli11-dev libfmt-dev nlohmann-json3-dev libutf8proc-dev

ohmic_step "2/3 Building the program ohmic in build/program"
ohmic_build program

cd "$ohmic_root"
model=examples/models/bert-wordnet
deploy=(build/program/bin/ohmic deploy --model "$model" --data "$model/test.tsv" --calibration "$model/calib.tsv"
  --chip wang2024,wang2024_published --json build/quickstart.json)
ohmic_step "3/3 ${deploy[*]}"
"${deploy[@]}" </dev/null
ohmic_step "Done. The whole result is in build/quickstart.json"
