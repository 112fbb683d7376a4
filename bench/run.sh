#!/usr/bin/env bash
# Installs what is missing, builds the benches with each compiler, runs them and writes bench/RESULTS.md and
# bench/RESULTS.svg.
#   bash bench/run.sh [BENCHMARK FILTER]       a filter runs only what matches and writes nothing
# OHMIC_BENCH_COMPILERS="g++ clang++" chooses the compilers, OHMIC_BENCH_REPETITIONS the number of runs (9).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../examples/setup.sh"

read -r -a compilers <<<"${OHMIC_BENCH_COMPILERS:-g++ clang++}"
packages=()
for compiler in "${compilers[@]}"; do
  case $compiler in
    g++*) packages+=(g++) ;;
    clang++*) packages+=(clang) ;;
  esac
done
ohmic_step "1/4 What the benches need"
ohmic_packages "${packages[@]}" cmake ninja-build ccache python3 libxtensor-dev libxsimd-dev \
  "libboost1.81-dev|libboost1.83-dev|libboost1.88-dev" libbenchmark-dev libeigen3-dev libdnnl-dev libopenblas-dev

# One thread for the yardsticks; what chooses kernels or cache sizes for OpenBLAS would halve it.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
# Each compiler with all that this machine has, and the first one with what every machine has.
builds=()
for compiler in "${compilers[@]}"; do builds+=("$compiler -march=native"); done
builds+=("${compilers[0]} ")
options=(--benchmark_repetitions="${OHMIC_BENCH_REPETITIONS:-9}" --benchmark_enable_random_interleaving=true
  --benchmark_report_aggregates_only=true)
results=()
for build in "${builds[@]}"; do
  compiler=${build%% *} flags=${build#* }
  name="bench-${compiler//+/p}${flags//[^a-z]/}"
  ohmic_step "2/4 Building and running with $compiler -O3 $flags"
  mkdir -p "$ohmic_root/build"
  if ! cmake -S "$ohmic_root" -B "$ohmic_root/build/$name" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" -DOHMIC_BUILD_TESTS=OFF -DOHMIC_BUILD_EXAMPLES=OFF \
    >"$ohmic_root/build/$name.log" 2>&1; then
    cat "$ohmic_root/build/$name.log" >&2
    ohmic_fail 1 "cmake could not configure build/$name"
  fi
  cmake --build "$ohmic_root/build/$name" --parallel "$(nproc)" --target ohmic_bench </dev/null
  if [ $# -gt 0 ]; then
    "$ohmic_root/build/$name/bin/ohmic_bench" "${options[@]}" --benchmark_filter="$1"
    continue
  fi
  "$ohmic_root/build/$name/bin/ohmic_bench" "${options[@]}" --benchmark_out="$ohmic_root/build/$name.json" \
    --benchmark_out_format=json >/dev/null
  results+=("$compiler -O3 $flags=$ohmic_root/build/$name.json")
done
[ ${#results[@]} -eq 0 ] && exit 0
ohmic_step "3/4 Compile times"
python3 "$ohmic_root/bench/compile/compile_times.py" "$ohmic_root/build/compile_times.json" "${compilers[@]}"
results+=("compile=$ohmic_root/build/compile_times.json")
ohmic_step "4/4 Writing bench/RESULTS.md and bench/RESULTS.svg"
python3 "$ohmic_root/bench/report.py" "${results[@]}"
