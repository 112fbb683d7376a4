#!/usr/bin/env bash
# Fetches Vega-Lite (BSD-3-Clause, 0.9 MB) with npm and checks its hashes, so that the pages of `--report` answer to the pointer.
#   bash examples/reports/fetch_vega.sh          prints the folder on its last line
# The folder is ${OHMIC_DATA:-${XDG_CACHE_HOME:-~/.cache}/ohmic}/vega; what is there already is used without a network.
# Exit status: 0 there; 3 cannot be had here (no npm, no network), with the reason; 1 a wrong hash or a damaged package.
set -euo pipefail

# Package, version, the file that is taken, its name here, and SHA-512 of the package.
packages='vega 6.4.0 build/vega.min.js vega.min.js rHXCq2LpEWCLMjXBEj7hocY9G0/i5TGYRayGGSj06VTF4+l2IG2Z7oeZKCjWbUh/7hTE/mVhbaOPB72wCElh6g==
vega-lite 6.5.0 build/vega-lite.min.js vega-lite.min.js fMXF6s0MrIg0UTWnLIfeFtgSLzVhyzSKobzGrh5rhS+mL6FOYFG3m7ouJ4U23gj65EK+gl9FIIT5w7wLNaAzkA==
vega-embed 7.3.0 build/vega-embed.min.js vega-embed.min.js wQ8s5GaSzqoKgmRfbRolgBrjE2CP7ZKHXqH7NijxMqPjpdWxSs4Dn8tvp9g0giQvh2cK+3p56sxjWWM0wNngGw==
vega-interpreter 2.3.2 build/vega-interpreter.js vega-interpreter.min.js JDAoi3taFcCDLujZG84TNNUXdkAZ5WsSHssx8lWVYaxb9Slsjk7v7PtRIYXpSlUwLaKGRBqoJ9KDs36Z0eMEIw=='

data=${OHMIC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/ohmic}
folder=$data/vega

stop() {
  local status=$1
  shift
  printf 'vega: %s\n' "$*" >&2
  exit "$status"
}

if [ -f "$folder/versions" ] && [ "$(cat "$folder/versions")" = "$packages" ]; then
  printf '%s\n' "$folder"
  exit 0
fi
command -v openssl >/dev/null || stop 3 "openssl is missing (Debian package openssl)"
command -v npm >/dev/null || stop 3 "npm is missing (Debian package npm)"
mkdir -p "$data" || stop 3 "cannot create $data"
aside=$(mktemp -d "$data/vega.XXXXXX") || stop 3 "cannot write in $data"
trap 'rm -rf "$aside"' EXIT
mkdir "$aside/new"
while read -r name version file here sha512; do
  (cd "$aside" && npm pack --silent --ignore-scripts "$name@$version" >npm.log 2>&1 </dev/null) ||
    stop 3 "npm could not fetch $name $version (is there a network?): $(tail -n 1 "$aside/npm.log" 2>/dev/null)"
  archive=$aside/$name-$version.tgz
  [ -f "$archive" ] || stop 3 "npm left no $name-$version.tgz"
  got=$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
  [ "$got" = "$sha512" ] || stop 1 "wrong hash of $name $version: got $got, expected $sha512"
  # Only the two files that are named are written, to a place of our choice.
  tar xzOf "$archive" "package/$file" >"$aside/new/$here" || stop 1 "$name $version does not hold $file"
  tar xzOf "$archive" package/LICENSE >"$aside/new/LICENSE-$name" || stop 1 "$name $version does not hold its licence"
done <<<"$packages"
# The interpreter is published as a module; a page without a network needs a script.
script=$aside/new/vega-interpreter.min.js
{
  printf '(() => {\n'
  sed -e "s/^import \({[^}]*}\) from 'vega-util';\$/const \1 = vega;/" -e 's/^export { expression as expressionInterpreter };$/vega.expressionInterpreter = expression;/' \
    -e '/^\/\/# sourceMappingURL/d' "$script"
  printf '})();\n'
} >"$script.new" && mv "$script.new" "$script"
if grep -qE '^(import|export) ' "$script"; then stop 1 "the interpreter has another form than expected"; fi
printf '%s\n' "$packages" >"$aside/new/versions"
rm -rf "$folder" && mv "$aside/new" "$folder"
printf '%s\n' "$folder"
