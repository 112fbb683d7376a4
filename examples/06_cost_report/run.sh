#!/usr/bin/env bash
# What does a chip cost, beside others? BERT-large, 256 tokens in and 16 out; with an argument, a page of it: run.sh cost.html
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
"$ohmic" cost --model bert_large --tokens 256 --decode 16 --compare isaac,a100 ${1:+--report "$1"} | sed -n '/^area  /,$p'
