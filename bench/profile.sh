#!/usr/bin/env bash
# Where the time goes: samples of a BERT-Large-shaped pass, bert-wordnet and (where it was fetched) use-lite, by kind of work.
#   bash bench/profile.sh       writes bench/PROFILES.md
# One thread. Shares of one run, which load does not change; not a measure of speed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"
cd "$ohmic_root"
ohmic_packages g++ cmake ninja-build ccache python3 linux-perf libxtensor-dev libxsimd-dev \
  "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" libcli11-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev \
  libutf8proc-dev libsqlite3-dev libyaml-cpp-dev libbenchmark-dev libdnnl-dev libopenblas-dev libeigen3-dev
ohmic_targets="ohmic_program ohmic_bench" ohmic_build release -DOHMIC_BUILD_TESTS=OFF

folder=build/profiles
mkdir -p "$folder"
results=()
# sampled NAME TITLE COMMAND..
sampled() {
  local name=$1 title=$2
  shift 2
  ohmic_step "$title"
  perf record --quiet --event cpu-clock --freq 499 --output "$folder/$name.data" "$@" >"$folder/$name.log" 2>&1 </dev/null ||
    { tail -n 20 "$folder/$name.log" >&2; ohmic_fail 1 "perf could not sample '$title'"; }
  perf report --input "$folder/$name.data" --no-children --fields overhead,sym --stdio 2>/dev/null >"$folder/$name.txt"
  results+=("$title=$folder/$name.txt")
}
program=build/release/bin/ohmic
models=examples/models
sampled pass "two layers of a BERT-Large, 256 tokens" build/release/bin/ohmic_bench --benchmark_filter=model/wang2024/ohmic/1/ \
  --benchmark_min_time=3
sampled wordnet "bert-wordnet, 1000 texts" "$program" deploy --model "$models/bert-wordnet" --data "$models/bert-wordnet/test.tsv" \
  --limit 1000 --threads 1 --quiet
encoder=${OHMIC_DATA:-${XDG_CACHE_HOME:-$HOME/.cache}/ohmic}/use-lite
if [ -f "$encoder/model.json" ]; then
  sampled use "use-lite, 252 verses" "$program" deploy --model "$encoder" --data "$encoder/test.tsv" --threads 1 --quiet
fi
python3 bench/profile.py bench/PROFILES.md "${results[@]}"
cat bench/PROFILES.md
