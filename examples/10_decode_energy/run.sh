#!/usr/bin/env bash
# What does a generated token cost? Every action of every step is counted, from a KV cache, and priced.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../setup.sh"
ohmic=$(ohmic_program)
"$ohmic" generate --model "$ohmic_root/examples/models/gpt-kjv" --prompt "And Jesus said" --tokens 6 --chip wang2024 |
  sed "/^simulation:/d"  # how fast this machine is
