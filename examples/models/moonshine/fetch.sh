#!/usr/bin/env bash
# Fetches Moonshine-tiny (English, MIT, 28 MB) and its vocabulary (MIT) with npm, checks the hashes, unpacks what is needed, and lists
# clips with transcripts of Debian's asterisk-core-sounds-en-wav beside it.
#   bash examples/models/moonshine/fetch.sh          prints the folder on its last line
# The folder is ${OHMIC_DATA:-${XDG_CACHE_HOME:-~/.cache}/ohmic}/moonshine; what is there already is used without a network.
# Exit status: 0 there; 3 cannot be had here (no npm, no network, no clips), with the reason; 1 a wrong hash or a damaged package.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=${OHMIC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/ohmic}
folder=$data/moonshine
what=moonshine
sums='37fc5d9a86547a0dd64a07cff439ba2a6b79cc8f6555a05121fed32866591159  LICENSE
3653278f58b6808e43039ae8242808c6bfd68c00cc80ee30858347acb99f6ed6  LICENSE.md
c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a  encoder_model.onnx
eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367  decoder_model_merged.onnx
0f97b4337921e6e7e9b4620fc73338ee570aecd3c16038bc23870a887e995045  vocabulary.txt'
# shellcheck source=examples/models/npm_package.sh
. "$here/../npm_package.sh"

if complete "$folder"; then
  say "moonshine: using the copy in $folder"
else
  begin_fetch
  # Only the English model: the package also holds one that is not free.
  npm_package '@usefulsensors/moonshine-js@0.1.21' usefulsensors-moonshine-js-0.1.21.tgz \
    'r9+hkcHiyrbwt58cE/uHKkRuySrHNY5GKS3xQxXiVJrFGXjils4oKOWd8bH/9NONEuEYNx8gRC4DQHPkUYim5w==' \
    LICENSE dist/model/tiny/quantized/encoder_model.onnx dist/model/tiny/quantized/decoder_model_merged.onnx
  npm_package 'llama-tokenizer-js@1.2.2' llama-tokenizer-js-1.2.2.tgz \
    'Wmth393dc3odWU3IzARJ3r2oIfWgw9GdJ5Gm+hGhfECNO18UHLRqEFSf511jn4E9KcQGzuuKw4Wl08pHAemLAw==' \
    LICENSE.md llama-tokenizer.js
  # A piece a line, from id 0 on.
  sed -n 's/^const llama_vocab_base64 = "\([A-Za-z0-9+\/=]*\)".*/\1/p' "$aside/new/llama-tokenizer.js" |
    base64 -d >"$aside/new/vocabulary.txt" || stop 1 "the package does not hold what is needed: llama-tokenizer.js"
  rm "$aside/new/llama-tokenizer.js"
  end_fetch
fi
python3 "$here/clips.py" "$folder" ||
  stop 3 "the clips cannot be listed (Debian packages asterisk-core-sounds-en, asterisk-core-sounds-en-wav, python3)"
printf '%s\n' "$folder"
