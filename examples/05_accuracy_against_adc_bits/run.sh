#!/usr/bin/env bash
# How many bits does the converter need? A trained BERT on 200 labelled glosses, the ADC from 2 to 8 bits.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
model="$ohmic_root/examples/models/bert-wordnet"
"$ohmic" deploy --model "$model" --data "$model/test.tsv" --limit 200 --vary adc.bits=2,3,4,5,6,8 | sed -n '/accuracy/,/^agreement/p'
