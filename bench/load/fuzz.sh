#!/usr/bin/env bash
# Sends 100 000 spoilt queries to an archive of a million rows: each must be answered or refused, and none may cost much processor time. README.md says what the lines mean.
#   bench/load/fuzz.sh
# Settings, from the environment:
#   ROWS=1000000   rows in the catalogue       COUNT=100000   queries       CONNECTIONS=8
#   SAMPLE=5000    queries whose cost is measured, one after the other
#   BENCH_DIR=DIR  work folder, kept and used again (otherwise a temporary one, deleted)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
rows=${ROWS:-1000000}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
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

mkdir -p "$work/data"
if [ ! -e "$work/filled-$rows" ]; then
    rm -rf "$work/data" "$work"/filled-*
    mkdir -p "$work/data"
    echo "filling the catalogue with $rows rows" >&2
    load fill --data "$work/data" --rows "$rows" >&2
    touch "$work/filled-$rows"
fi

while port=$((20000 + RANDOM % 12000)); (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
url=http://127.0.0.1:$port
dotnet "$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll" serve --urls "$url" --data "$work/data" > "$work/archive.log" 2>&1 &
archive_pid=$!
for _ in $(seq 600); do
    if curl -sf -o /dev/null "$url/health/ready"; then break; fi
    kill -0 "$archive_pid" 2>/dev/null || { cat "$work/archive.log" >&2; exit 1; }
    sleep 0.1
done
output=$(load fuzz --url "$url" --count "${COUNT:-100000}" --connections "${CONNECTIONS:-8}" --pid "$archive_pid" --sample "${SAMPLE:-5000}")
printf '%s\n' "$output"
case $output in *over_50ms=0*) ;; *) echo "NO: some cost more than 50 ms of processor time"; exit 1 ;; esac
