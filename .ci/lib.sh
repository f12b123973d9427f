# Shared by .ci/run and .ci/full: phases with their times, and what a bare machine lacks.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
PHASES=()

# phase NAME COMMAND...: runs the command, prints and remembers how long it took.
phase() {
  local name=$1 start=$SECONDS
  shift
  echo "=== $name: $*"
  if ! "$@"; then
    echo "=== $name FAILED after $((SECONDS - start)) s"
    exit 1
  fi
  PHASES+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
}

summary() {
  echo "=== phases"
  printf '%s\n' "${PHASES[@]}"
  printf '%5d s  in all\n' "$SECONDS"
}

install_rust() {
  if ! command -v cargo >/dev/null; then
    if [ -f "$HOME/.cargo/env" ]; then
      # shellcheck disable=SC1091
      . "$HOME/.cargo/env"
    else
      apt-get update -qq && apt-get install -y -qq rustup gcc libc6-dev
      rustup default stable
    fi
  fi
  command -v cc >/dev/null || { apt-get update -qq && apt-get install -y -qq gcc libc6-dev; }
  rustc --version
}

# have_cargo_tool BINARY CRATE VERSION: installs a cargo subcommand once.
have_cargo_tool() {
  "$1" --version 2>/dev/null | grep -qF "$3" || cargo install --quiet --locked "$2" --version "$3"
}

has_nightly() {
  cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
}

# fuzz SECONDS: every target for that long, from its checked-in corpus.
fuzz() {
  local target
  for target in fuzz/fuzz_targets/*.rs; do
    target=$(basename "$target" .rs)
    # New inputs go to a scratch directory, so that the checkout stays as it is.
    mkdir -p "target/fuzz-new/$target"
    (cd fuzz && cargo +nightly fuzz run "$target" "../target/fuzz-new/$target" "corpus/$target" -- \
      -max_total_time="$1" -print_final_stats=1 2>&1 | grep -E 'stat::number|SUMMARY|panicked|ERROR' ) ||
      { echo "fuzz target $target failed"; return 1; }
  done
}

# reference ARGS...: the exact maths, in a Python environment of its own.
reference() {
  local environment=target/reference
  if [ ! -x "$environment/bin/pip" ]; then
    python3 -m venv "$environment" || { apt-get update -qq && apt-get install -y -qq python3-venv &&
      python3 -m venv "$environment"; } || return 1
  fi
  "$environment/bin/pip" install --quiet --requirement engine/reference/requirements.txt &&
    "$environment/bin/python" -B engine/reference/tables.py "$@"
}

# same_checksum ARGS...: the same run in debug and release has the same checksum.
same_checksum() {
  local debug release
  debug=$(cargo run --quiet -- desync-test --json --quiet "$@" | tail -n 1 | grep -o '"checksum":"[0-9a-f]*"')
  release=$(cargo run --quiet --release -- desync-test --json --quiet "$@" | tail -n 1 | grep -o '"checksum":"[0-9a-f]*"')
  echo "debug $debug, release $release"
  [ -n "$debug" ] && [ "$debug" = "$release" ]
}

# exits_with CODE COMMAND...
exits_with() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" = "$wanted" ] || { echo "exit $code instead of $wanted: $*"; return 1; }
}
