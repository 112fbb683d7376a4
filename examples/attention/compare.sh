#!/usr/bin/env bash
# Attention policies side by side: what a generated token costs over the length of its context (table, CSV, SVG), and what each policy
# does to the perplexity of a small GPT-2.
# usage: bash examples/attention/compare.sh [FOLDER]     default: build/attention
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-build/attention}
mkdir -p "$folder"
if [ ! -f build/program/CMakeCache.txt ]; then cmake --preset program; fi
cmake --build build/program --target ohmic_program ohmic_attention
build/program/bin/ohmic_attention "$folder" | tee "$folder/attention_decode.txt"
model=examples/models/gpt-kjv
build/program/bin/ohmic deploy --model $model --data $model/valid.txt --limit "${OHMIC_WINDOWS:-8}" \
  --vary attention.policy=shared_array,written_arrays,decomposed,digital --json "$folder/attention_gpt_kjv.json" \
  | tee "$folder/attention_gpt_kjv.txt"
