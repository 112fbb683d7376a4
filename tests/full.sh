#!/usr/bin/env bash
# What takes too long for every change: sanitizers over all tests, static analysis, coverage with checked containers, long fuzzing.
#   bash tests/full.sh [PART...]     asan tsan tidy coverage fuzz; by default all, one after the other
# OHMIC_FUZZ_SECONDS: for each harness (130, an hour of processor time in all). Every part builds in a folder of its own below build/;
# all of them take hours.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"
cd "$ohmic_root"
ohmic_packages g++ clang clang-tidy cmake ninja-build ccache python3 gcovr libxtensor-dev libxsimd-dev \
  "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" catch2 libcli11-dev libfmt-dev libtomlplusplus-dev \
  nlohmann-json3-dev libutf8proc-dev libsqlite3-dev libyaml-cpp-dev libeigen3-dev

# build_and_test FOLDER LABELS FLAGS..: all tests of these labels in a build with these flags; without a type, which optimises kernels only:
# half of the time to compile.
build_and_test() {
  local folder=build/$1 labels=$2
  shift 2
  cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-g1 $*" \
    -DOHMIC_CHECKED=ON -DOHMIC_BUILD_BENCH=OFF >"$folder.log" 2>&1 </dev/null || { cat "$folder.log" >&2; return 1; }
  cmake --build "$folder" --parallel "$(nproc)" </dev/null
  ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$(nproc)" -L "$labels" -LE package </dev/null
}

full_asan() {
  # With the checks of pointers too that tests-asan leaves out.
  ohmic_build asan -DOHMIC_BUILD_BENCH=OFF
  ctest --test-dir build/asan --output-on-failure --no-tests=error --parallel "$(nproc)" </dev/null
}
full_tsan() { build_and_test tsan fast -fsanitize=thread; }

# .clang-tidy gives the reason for each check that is left out. File by file, as OHMIC_UNITY=OFF has them.
full_tidy() {
  cmake --preset dev-clang >build/dev-clang.log 2>&1 </dev/null
  find examples/ohmic plugins -name '*.cpp' -print0 |
    xargs -0 -n 1 -P "$(nproc)" clang-tidy -p build/dev-clang --quiet --warnings-as-errors='*' 2>/dev/null
}

# Lines of include/ohmic that the tests run: at least 92 %; files below 80 % are listed. In the same build the standard library's
# containers check what they are asked for.
full_coverage() {
  build_and_test coverage 'fast|slow' -D_GLIBCXX_ASSERTIONS --coverage -fprofile-update=atomic
  gcovr --root . --filter 'include/ohmic/' --object-directory build/coverage --gcov-ignore-parse-errors \
    --exclude-throw-branches --json-summary build/coverage.json
  python3 - build/coverage.json <<'P'
import json
import sys
summary = json.load(open(sys.argv[1]))
for f in sorted(summary["files"], key=lambda f: f["line_percent"]):
    if f["line_percent"] < 80:
        print("%5.1f %%  %s" % (f["line_percent"], f["filename"]))
print("%.1f %% of %d lines" % (summary["line_percent"], summary["line_total"]))
sys.exit(summary["line_percent"] < 92)
P
}

full_fuzz() {
  local name status=0 TIMEFORMAT='%U'
  ohmic_build fuzz
  mkdir -p build/fuzz-found
  for name in build/fuzz/fuzzers/*; do
    name=$(basename "$name")
    mkdir -p "build/fuzz-corpus/$name"
    { time "build/fuzz/fuzzers/$name" -max_total_time="${OHMIC_FUZZ_SECONDS:-130}" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
      -artifact_prefix="build/fuzz-found/$name-" -print_final_stats=1 \
      "build/fuzz-corpus/$name" "tests/fuzz/corpus/$name" >"build/fuzz-$name.log" 2>&1; } 2>"build/fuzz-$name.seconds" ||
      { status=1; tail -n 40 "build/fuzz-$name.log"; }
    printf '%-20s %12s runs %8s s\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz-$name.log")" \
      "$(tail -n 1 "build/fuzz-$name.seconds")"
  done
  return "$status"
}

if [ $# -eq 0 ]; then set -- asan tsan tidy coverage fuzz; fi
if [ $# -eq 1 ]; then
  if ! declare -F "full_$1" >/dev/null; then ohmic_fail 2 "no part '$1': asan, tsan, tidy, coverage, fuzz"; fi
  ohmic_step "$1"
  "full_$1"
  exit
fi
# Each in a shell of its own: set -e does not hold where a status is looked at.
failed=()
for part in "$@"; do
  bash "${BASH_SOURCE[0]}" "$part" || failed+=("$part")
done
if [ ${#failed[@]} -gt 0 ]; then ohmic_fail 1 "failed: ${failed[*]}"; fi
ohmic_step "All of $* passed"
