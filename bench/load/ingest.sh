#!/usr/bin/env bash
# Measures what travels past the servers: two replicas on a private PostgreSQL and a private Ceph in memory; README.md beside this file says what each line means.
#   bench/load/ingest.sh [ingest|presign|all]
# Settings, from the environment:
#   LATE=1500 RATE=50         files of the measurement of latency, and how many of them a second
#   FILES=6000 CONNECTIONS=32 files of the measurement of throughput, and clients
#   SIZE=1024                 bytes of each
#   WARMUP=2000               files that are sent before, as fast: what is compiled for the replicas while they run is compiled by then
#   SECONDS_EACH=8            length of each run of wrk      ROUNDS=3   in turn, this often; the median counts
#   BENCH_DIR=DIR             where the database is made and removed again (otherwise the system's temporary folder); a flush must cost there what it costs
#   BUILD=no                  the programs are built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
late=${LATE:-1500} rate=${RATE:-50}
files=${FILES:-6000} connections=${CONNECTIONS:-32} size=${SIZE:-1024} warmup=${WARMUP:-2000}
seconds=${SECONDS_EACH:-8} rounds=${ROUNDS:-3}
case $section in ingest|presign|all) ;; *) echo "usage: ingest.sh [ingest|presign|all]" >&2; exit 2 ;; esac
for tool in wrk curl awk taskset; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk curl util-linux)" >&2; exit 2; }
done
[ "$section" = ingest ] || [ "$(nproc)" -ge 2 ] || { echo "presign needs two cores" >&2; exit 2; }

work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
ceph=$(mktemp -d)
# The servers may run as other users, who must come to their folders.
chmod 755 "$work" "$ceph"
replicas=()
clients=()
end_all() {
    for pid in "${clients[@]}"; do kill -TERM "$pid" 2> /dev/null || true; done
    for pid in "${replicas[@]}"; do kill -TERM "$pid" 2> /dev/null || true; done
    for pid in "${clients[@]}" "${replicas[@]}"; do wait "$pid" 2> /dev/null || true; done
    replicas=() clients=()
}
clean_up() {
    end_all
    [ ! -e "$work/postgres/data" ] || "$repository/eng/postgres.sh" kill "$work/postgres" || true
    [ ! -e "$ceph/ceph.conf" ] || "$repository/eng/ceph.sh" kill "$ceph" || true
    rm -rf "$work" "$ceph"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
export LUA_PATH="$here/wrk/?.lua;;" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export AWS_ACCESS_KEY_ID=opensdc AWS_SECRET_ACCESS_KEY=opensdc-secret AWS_EC2_METADATA_DISABLED=true

# shellcheck source=figures.sh
. "$here/figures.sh"
row() { printf '| %s | %s | %s | %s | %s |\n' "$@"; }

if [ "${BUILD:-}" != no ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
fi
# It begins anew for each line and shares the cores: what it compiles, it compiles once.
load() { DOTNET_TieredPGO=0 dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll

# Ceph takes the hundred ports from its own on; the others lie below them.
port=$((20000 + RANDOM % 110 * 100))
say "starting PostgreSQL and Ceph"
database=$("$repository/eng/postgres.sh" up "$work/postgres" $((port - 1)) durable)
endpoint=$("$repository/eng/ceph.sh" up "$ceph" "$port" memstore 1)
addresses=("http://127.0.0.1:$((port - 2))" "http://127.0.0.1:$((port - 3))")

# Upload URLs lead to the store itself, which needs a policy for that.
dotnet "$sdc" bucket-policy --apply --objects s3://ingest/archive --s3-endpoint "$endpoint" > "$work/policy"

start() { # [CORE of the first, CORE of the second]: two replicas of one archive
    local i pinned
    for i in 0 1; do
        pinned=()
        [ $# = 0 ] || { pinned=(taskset -c "$1"); shift; }
        "${pinned[@]}" dotnet "$sdc" serve --urls "${addresses[i]}" --catalogue "$database" --objects s3://ingest/archive --s3-endpoint "$endpoint" --transfers direct --scrub-rate 0 --log-level warning \
            > "$work/replica-$i.log" 2>&1 &
        replicas+=("$!")
        # One after the other: the first makes tables and bucket.
        await "$i"
    done
}
await() { # NUMBER
    for _ in $(seq 600); do
        if curl -sf -o /dev/null "${addresses[$1]}/health/ready"; then return; fi
        kill -0 "${replicas[$1]}" 2> /dev/null || { cat "$work/replica-$1.log" >&2; fail "replica $1 ended at its start"; }
        sleep 0.1
    done
    fail "replica $1 was not ready within a minute"
}

# What bounds the rate is whoever uses the processors, or, where they idle, the waiting for each other and for the disk.
ticks() { # PID…: the processor time of these until now
    local files=() each
    for each in "$@"; do files+=("/proc/$each/stat"); done
    # A process may have ended since it was listed.
    { cat "${files[@]}" 2> /dev/null || true; } | awk '{ sub(/.*\) /, ""); sum += $12 + $13 } END { print sum + 0 }'
}
look() { # sets used: the ticks of the replicas, of PostgreSQL, of Ceph, and of nobody
    local parent
    parent=$(head -n 1 "$work/postgres/data/postmaster.pid")
    # shellcheck disable=SC2046
    used=("$(ticks "${replicas[@]}")" "$(ticks "$parent" $(ps -o pid= --ppid "$parent"))" "$(ticks $(cat "$ceph"/run/*.pid))" "$(awk '/^cpu / { print $5 + $6 }' /proc/stat)")
}
since() { # NUMBER: seconds of it between the look before, kept in before, and the last
    calc "(${used[$1]:-0} - ${before[$1]:-0}) / $(getconf CLK_TCK)" 1
}

ingest() {
    local both="${addresses[0]},${addresses[1]}" output p99 files_s seconds_in_all used=() before=()
    start
    load ingest --urls "$both" --count "$warmup" --size "$size" --connections "$connections" --tag warm > /dev/null || fail "ingest"
    output=$(load ingest --urls "$both" --count "$late" --size "$size" --connections 8 --rate "$rate" --tag late) || fail "ingest at $rate/s"
    say "$output"
    p99=$(field p99_ms "$output")
    row "from the end of a PUT to visible, $rate files/s" "p50 $(field p50_ms "$output") ms, p99 $p99 ms" "the slowest of $late: $(field max_ms "$output") ms" "p99 < 1000 ms" "$(holds "$p99 < 1000")"
    look
    before=("${used[@]}")
    output=$(load ingest --urls "$both" --count "$files" --size "$size" --connections "$connections" --tag many) || fail "ingest of $files files"
    say "$output"
    look
    files_s=$(field files_s "$output") seconds_in_all=$(field seconds "$output")
    row "$files files through two replicas, $connections clients" "$(calc "$files_s" 0) files/s" "PUTs $(field puts_s "$output")/s; to visible p50 $(field p50_ms "$output") ms, p99 $(field p99_ms "$output") ms" ">= 300 files/s" "$(holds "$files_s >= 300")"
    row "meanwhile, of $(calc "$seconds_in_all * $(nproc)" 1) s of processors" "replicas $(since 0) s, PostgreSQL $(since 1) s, Ceph $(since 2) s" "idle $(since 3) s; the rest is the client and the system" - -
    end_all
}

ask() { # TAG REPLICA…: upload URLs of new names from each at once, for a while; sets value, their rates together
    local tag=$1 i out status=0
    shift
    clients=()
    for i in "$@"; do
        wrk -t1 -c32 -d"${duration:-$seconds}s" --timeout 30s --latency -s "$here/wrk/upload.lua" "${addresses[i]}" -- "$tag-$i" > "$work/wrk-$i" 2>&1 &
        clients+=("$!")
    done
    for pid in "${clients[@]}"; do wait "$pid" || status=$?; done
    clients=()
    value=0
    for i in "$@"; do
        [ "$status" = 0 ] || { cat "$work/wrk-$i" >&2; }
        out=$(grep '^RESULT ' "$work/wrk-$i") || fail "wrk $i: no result"
        value=$(calc "$value + $(field rate "$out")" 1)
    done
    [ "$status" = 0 ] || fail "wrk upload.lua"
}

presign() {
    local round alone=() together=() of_one of_two ratio
    start 0 1
    duration=3 ask "w$RANDOM" 0 1
    for round in $(seq "$rounds"); do
        ask "a$round" 0; alone+=("$value")
        ask "b$round" 0 1; together+=("$value")
        say "  round $round: one replica ${alone[-1]}/s, two ${together[-1]}/s"
    done
    of_one=$(median "${alone[@]}") of_two=$(median "${together[@]}")
    ratio=$(calc "$of_two / $of_one")
    row "upload URLs of new names, two replicas, a core each" "$(calc "$of_two" 0)/s" "one replica on one core: $(calc "$of_one" 0)/s" ">= 1.5 times" "$(holds "$ratio >= 1.5") ($ratio)"
    end_all
}

echo "| what | figure | beside | must be | met |"
echo "|---|---|---|---|---|"
[ "$section" = presign ] || ingest
[ "$section" = ingest ] || presign
echo
echo "$(nproc) cores, which clients, replicas, PostgreSQL and Ceph share; $(dotnet --version), $(date -u +%F)"
