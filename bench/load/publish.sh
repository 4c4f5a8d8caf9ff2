#!/usr/bin/env bash
# Measures publishing with every flush on against a bare loop that writes, flushes, links and flushes the folder, on the same disk in the same run; and
# the time to ready after a SIGKILL under load. README.md beside this file says what each line means.
#   bench/load/publish.sh [publish|recovery|all]
# Settings, from the environment:
#   COUNT=8000         files of 1 KiB of the peer in each round; the archive gets as many as it takes in SECONDS_EACH=3
#   ROUNDS=5           peer and archive in turn, this often; the median counts
#   CONNECTIONS=16     clients, and threads of the peer
#   ROWS=1000000       records in the catalogue that recovery starts on
#   BENCH_DIR=DIR      work folder, on the disk that is measured; its filled catalogue is kept and used again
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
count=${COUNT:-8000}
seconds=${SECONDS_EACH:-3}
rounds=${ROUNDS:-5}
connections=${CONNECTIONS:-16}
rows=${ROWS:-1000000}
case $section in publish|recovery|all) ;; *) echo "usage: publish.sh [publish|recovery|all]" >&2; exit 2 ;; esac
[ -n "$(command -v wrk)" ] || { echo "wrk is not installed (Debian: apt-get install wrk)" >&2; exit 2; }
export LUA_PATH="$here/wrk/?.lua;;" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

if [ -n "${BENCH_DIR:-}" ]; then mkdir -p "$BENCH_DIR"; work=$(cd "$BENCH_DIR" && pwd); keep=1
else work=$(mktemp -d); keep=; fi
pid=
load_pid=
clean_up() {
    [ -z "$load_pid" ] || kill -TERM "$load_pid" 2>/dev/null || true
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$work/publish" "$work/bare" "$work/lists"
    [ -n "$keep" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# shellcheck source=figures.sh
. "$here/figures.sh"

say "building"
dotnet build -c Release -v quiet "$repository/bench/load/OpenSdc.Load" >&2
dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
load() { dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll
lists=$work/lists
rm -rf "$work/publish" "$work/bare" "$lists"
mkdir -p "$lists"
port=$((20000 + RANDOM % 12000))
archive=http://127.0.0.1:$port

start_archive() { # DATA
    dotnet "$sdc" serve --urls "$archive" --data "$1" --log-level warning > "$work/archive.log" 2>&1 &
    pid=$!
    for _ in $(seq 300); do
        if curl -sf -o /dev/null "$archive/health/ready"; then return; fi
        kill -0 "$pid" 2>/dev/null || { cat "$work/archive.log" >&2; fail "the archive ended at its start"; }
        sleep 0.1
    done
    fail "the archive was not ready within half a minute"
}
end_archive() { # SIGNAL
    kill "-$1" "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
}
urls() { # TAG COUNT FILE
    load names --tag "$1" --count "$2" > "$lists/names"
    load urls --base "$archive" --names "$lists/names" --kind upload > "$3"
}

# The client is wrk, in one thread: on a small machine a heavier one would be measured instead of the archive.
put() { # URLS SECONDS: prints publishes a second; every answer was a receipt
    wrk -t1 -c"$connections" -d"$2s" --timeout 30s -s "$here/wrk/put.lua" "$archive" -- "$1" 1024 > "$lists/wrk" 2>&1 || { cat "$lists/wrk" >&2; fail "wrk put.lua"; }
    field rate "$(grep '^RESULT ' "$lists/wrk")"
}

publish() {
    local round ours=() peers=() ratios=()
    start_archive "$work/publish"
    urls warm $((seconds * 15000)) "$lists/urls"
    put "$lists/urls" "$seconds" > /dev/null
    for round in $(seq "$rounds"); do
        urls "p$round" $((seconds * 15000)) "$lists/urls"
        sync
        peers+=("$(field publishes_s "$(load bare-publish --data "$work/bare/$round" --size 1024 --threads "$connections" --count "$count")")")
        sync
        ours+=("$(put "$lists/urls" "$seconds")")
        ratios+=("$(calc "${ours[-1]} / ${peers[-1]}")")
        say "  round $round: bare loop ${peers[-1]}, archive ${ours[-1]} publishes/s, ratio ${ratios[-1]}"
    done
    end_archive TERM
    say "publish 1 KiB, $connections clients, every flush: $(median "${ours[@]}") publishes/s; bare loop $(median "${peers[@]}"); ratio $(median "${ratios[@]}"), must be >= 0.8"
}

recovery() {
    local run times=() milliseconds
    if [ ! -e "$work/filled-$rows" ]; then
        rm -rf "$work/data" "$work"/filled-*
        say "filling the catalogue with $rows records"
        load fill --data "$work/data" --rows "$rows" >&2
        touch "$work/filled-$rows"
    fi
    for run in $(seq 5); do
        start_archive "$work/data"
        urls "r$(date +%s)$run" 20000 "$lists/urls"
        load put --url-file "$lists/urls" --size 20000 --connections "$connections" > /dev/null 2>&1 &
        load_pid=$!
        sleep 2
        end_archive KILL
        wait "$load_pid" 2>/dev/null || true
        load_pid=
        milliseconds=$(load ready --url "$archive/health/ready" --runs 1 -- dotnet "$sdc" serve --urls "$archive" --data "$work/data")
        times+=("$milliseconds")
    done
    say "ready after SIGKILL under load with $rows records: $(median "${times[@]}") ms in the median of ${times[*]}, must be <= 2000"
}

[ "$section" = recovery ] || publish
[ "$section" = publish ] || recovery
say "$(nproc) cores, $(dotnet --version), $(date -u +%F)"
