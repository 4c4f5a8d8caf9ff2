#!/usr/bin/env bash
# Measures good clients alone and beside hostile ones; README.md beside this file says what they do and what must hold.
#   bench/load/hostile.sh
# Settings, from the environment:
#   ROWS=200000   rows in the catalogue, for long listings     ALONE=20   seconds alone     BESIDE=60   seconds beside the others
#   IDLE=4096     connections on which nothing comes           BENCH_DIR=DIR   work folder, kept and used again (otherwise a temporary one, deleted)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
rows=${ROWS:-200000} idle=${IDLE:-4096}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# Each end of a connection is a file handle.
ulimit -n $((2 * idle + 2000)) 2> /dev/null || { echo "ulimit -n must allow $((2 * idle + 2000))" >&2; exit 2; }
if [ -n "${BENCH_DIR:-}" ]; then mkdir -p "$BENCH_DIR"; work=$(cd "$BENCH_DIR" && pwd); keep=1
else work=$(mktemp -d); keep=; fi
archive_pid=
clean_up() {
    [ -z "$archive_pid" ] || { kill -TERM "$archive_pid" 2>/dev/null || true; wait "$archive_pid" 2>/dev/null || true; }
    [ -n "$keep" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
load() { dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }

# The objects of an earlier run are known by their names: each run begins with rows alone.
rm -rf "$work/data"
mkdir -p "$work/data"
load fill --data "$work/data" --rows "$rows" >&2

while port=$((20000 + RANDOM % 12000)); (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
url=http://127.0.0.1:$port
# Room for the good clients beside the idle ones: what happens at the limit itself is the tests' to show.
dotnet "$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll" serve --urls "$url" --data "$work/data" --max-connections $((idle + 1000)) --log-level warning > "$work/archive.log" 2>&1 &
archive_pid=$!
for _ in $(seq 600); do
    if curl -sf -o /dev/null "$url/health/ready"; then break; fi
    kill -0 "$archive_pid" 2>/dev/null || { cat "$work/archive.log" >&2; exit 1; }
    sleep 0.1
done

failed=
output=$(load hostile --url "$url" --alone "${ALONE:-20}" --beside "${BESIDE:-60}" --idle "$idle") || failed=1
printf '%s\n' "$output"
memory=$(awk '/^VmHWM:/ { printf "%.0f", $2 / 1024 }' "/proc/$archive_pid/status")
field() { printf '%s\n' "$output" | sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p" | head -n 1; }
alone=$(field p99_alone_ms) beside=$(field p99_beside_ms)
limit=$(awk "BEGIN { print (3 * $alone > 250) ? 3 * $alone : 250 }")
echo
echo "| what | figure | must be | met |"
echo "|---|---|---|---|"
row() { echo "| $1 | $2 | $3 | $4 |"; [ "$4" = yes ] || failed=1; }
says() { awk "BEGIN { print ($1) ? \"yes\" : \"NO\" }"; }
row "good clients' p99 beside the others, ms (alone $alone)" "$beside" "<= $limit" "$(says "$beside <= $limit")"
row "wrong answers of $(field answers)" "$(field wrong)" 0 "$(says "$(field wrong) == 0")"
row "peak memory, MiB" "$memory" "< 512" "$(says "$memory < 512")"
row "idle connections held" "$(field idle)" "$idle" "$(says "$(field idle) >= $idle")"
[ -z "$failed" ]
