#!/usr/bin/env bash
# Measures bytes that travel through the servers into S3: two replicas on a private PostgreSQL and a private Ceph in memory; README.md beside this file says what each line means.
#   bench/load/through.sh [ingest|put|memory|all]
# Settings, from the environment:
#   FILES=3000 CONNECTIONS=32   files of 1 KiB in each round, and clients
#   WARMUP=1500                 files that are sent to each pair of replicas before
#   ROUNDS=3                    through and direct, or server and store, in turn, this often; the median of the ratios counts
#   SIZE=1073741824             bytes of the large PUT, and of each of the uploads at once
#   UPLOADS=64 RATE=512K        uploads at once, and how fast each client of the first half of the line sends; in the second half as fast as it is taken
#   SECONDS_EACH=12             length of each half
#   BENCH_DIR=DIR               where the database is made and removed again (otherwise the system's temporary folder); a flush must cost there what it costs
#   BUILD=no                    the programs are built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
files=${FILES:-3000} connections=${CONNECTIONS:-32} warmup=${WARMUP:-1500} rounds=${ROUNDS:-3}
size=${SIZE:-1073741824} uploads=${UPLOADS:-64} rate=${RATE:-512K} seconds=${SECONDS_EACH:-12}
case $section in ingest|put|memory|all) ;; *) echo "usage: through.sh [ingest|put|memory|all]" >&2; exit 2 ;; esac

work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
ceph=$(mktemp -d)
# The servers may run as other users, who must come to their folders.
chmod 755 "$work" "$ceph"
servers=()
clients=()
end() { # PID…
    for pid in "$@"; do kill -TERM "$pid" 2> /dev/null || true; done
    for pid in "$@"; do wait "$pid" 2> /dev/null || true; done
}
clean_up() {
    end "${clients[@]}" "${servers[@]}"
    [ ! -e "$work/postgres/data" ] || "$repository/eng/postgres.sh" kill "$work/postgres" || true
    [ ! -e "$ceph/ceph.conf" ] || "$repository/eng/ceph.sh" kill "$ceph" || true
    rm -rf "$work" "$ceph"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export AWS_ACCESS_KEY_ID=opensdc AWS_SECRET_ACCESS_KEY=opensdc-secret AWS_EC2_METADATA_DISABLED=true

# shellcheck source=figures.sh
. "$here/figures.sh"
row() { printf '| %s | %s | %s | %s | %s |\n' "$@"; }

if [ "${BUILD:-}" != no ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
fi
load() { DOTNET_TieredPGO=0 dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll

# Ceph takes the hundred ports from its own on; the others lie below them.
port=$((20000 + RANDOM % 110 * 100))
say "starting PostgreSQL and Ceph"
database=$("$repository/eng/postgres.sh" up "$work/postgres" $((port - 1)) durable)
endpoint=$("$repository/eng/ceph.sh" up "$ceph" "$port" memstore 1)

address() { echo "http://127.0.0.1:$((port - $1))"; } # NUMBER, from 2
# Upload URLs that lead to the store itself need a policy of the bucket.
dotnet "$sdc" bucket-policy --apply --objects s3://direct/archive --s3-endpoint "$endpoint" > "$work/policy"

start() { # NUMBER TRANSFERS: a replica of the archive that has the name of its way
    dotnet "$sdc" serve --urls "$(address "$1")" --catalogue "$database;Search Path=$2" --objects "s3://$2/archive" --s3-endpoint "$endpoint" --transfers "$2" --scrub-rate 0 --log-level warning \
        > "$work/replica-$1.log" 2>&1 &
    servers+=("$!")
    for _ in $(seq 1200); do
        if curl -sf -o /dev/null "$(address "$1")/health/ready"; then return; fi
        kill -0 "${servers[-1]}" 2> /dev/null || { cat "$work/replica-$1.log" >&2; fail "replica $1 ended at its start"; }
        sleep 0.1
    done
    fail "replica $1 was not ready within two minutes"
}
for schema in through direct; do
    psql=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/psql
    "$psql" -q -h 127.0.0.1 -p $((port - 1)) -U sdc -d sdc -c "CREATE SCHEMA $schema"
done

# Processor time of some servers until now: what a file costs, however busy the machine is.
ticks() { # PID…
    local files=() each
    for each in "$@"; do files+=("/proc/$each/stat"); done
    { cat "${files[@]}" 2> /dev/null || true; } | awk '{ sub(/.*\) /, ""); sum += $12 + $13 } END { print sum + 0 }'
}
services() { # the processes of PostgreSQL and Ceph
    local parent
    parent=$(head -n 1 "$work/postgres/data/postmaster.pid")
    echo "$parent" $(ps -o pid= --ppid "$parent") $(cat "$ceph"/run/*.pid)
}
round_of() { # URLS TAG PID…: sets files_s, and cost, the milliseconds of processors a file, of replicas and services together
    local output before after
    # shellcheck disable=SC2046
    before=$(ticks "${@:3}" $(services))
    output=$(load ingest --urls "$1" --count "$files" --connections "$connections" --tag "$2") || fail "ingest"
    # shellcheck disable=SC2046
    after=$(ticks "${@:3}" $(services))
    files_s=$(field files_s "$output") cost=$(calc "($after - $before) * 1000 / $(getconf CLK_TCK) / $files")
}

ingest() {
    local round one two ratios=() ours=() theirs=() costs=() files_s cost cost_direct
    start 2 through; start 3 through; start 4 direct; start 5 direct
    one="$(address 2),$(address 3)" two="$(address 4),$(address 5)"
    load ingest --urls "$one" --count "$warmup" --connections "$connections" --tag warm > /dev/null
    load ingest --urls "$two" --count "$warmup" --connections "$connections" --tag warm > /dev/null
    for round in $(seq "$rounds"); do
        round_of "$two" "r$round" "${servers[@]:2}"
        theirs+=("$files_s") cost_direct=$cost
        round_of "$one" "r$round" "${servers[@]:0:2}"
        ours+=("$files_s") costs+=("$(calc "$cost_direct / $cost")")
        ratios+=("$(calc "${ours[-1]} / ${theirs[-1]}")")
        say "  round $round: direct ${theirs[-1]} files/s, through the server ${ours[-1]}, ratio ${ratios[-1]}; processor time a file: direct $cost_direct ms, through the server $cost ms"
    done
    row "$files files of 1 KiB through two replicas, $connections clients" "$(median "${ours[@]}") files/s" "direct: $(median "${theirs[@]}") files/s" "ratio >= 1.5" "$(holds "$(median "${ratios[@]}") >= 1.5") ($(median "${ratios[@]}"))"
    row "the same, processor time a file of replicas and services" "ratio $(median "${costs[@]}")" "direct to through the server" - -
    end "${servers[@]}"; servers=()
}

forget() { # PREFIX KEY: the store's memory is small
    curl -sf -X DELETE "$(load s3-url --objects "s3://through/$1" --endpoint "$endpoint" --key "$2" --method DELETE)" || fail "DELETE $2"
    radosgw-admin -c "$ceph/ceph.conf" gc process --include-all > /dev/null 2>&1
}

put() {
    local round name ours=() theirs=() ratios=()
    start 2 through
    for round in 0 $(seq "$rounds"); do
        load s3-url --objects s3://through/peer --endpoint "$endpoint" --key "r$round" > "$work/url"
        theirs+=("$(field mb_s "$(load put --url-file "$work/url" --size "$size" --connections 1)")")
        forget peer "r$round"
        name=$(load names --tag "large$round" --count 1)
        load urls --base "$(address 2)" --names <(echo "$name") --kind upload > "$work/url"
        ours+=("$(field mb_s "$(load put --url-file "$work/url" --size "$size" --connections 1)")")
        forget archive "$(sed 's|.*/objects/||; s|?.*||' "$work/url")"
        # The first is to warm up.
        [ "$round" != 0 ] || { ours=() theirs=(); continue; }
        ratios+=("$(calc "${ours[-1]} / ${theirs[-1]}")")
        say "  round $round: store ${theirs[-1]} MB/s, through the server ${ours[-1]}, ratio ${ratios[-1]}"
    done
    row "PUT of $((size >> 20)) MiB through the server" "$(median "${ours[@]}") MB/s" "to the store itself: $(median "${theirs[@]}") MB/s" "ratio >= 0.5" "$(holds "$(median "${ratios[@]}") >= 0.5") ($(median "${ratios[@]}"))"
    end "${servers[@]}"; servers=()
}

memory() {
    local i limit peak idle
    start 2 through
    load names --tag many --count $((uploads * 2)) > "$work/names"
    load urls --base "$(address 2)" --names "$work/names" --kind upload > "$work/urls"
    truncate -s "$size" "$work/body"
    idle=$(awk '/VmRSS/ { print $2 }' "/proc/${servers[0]}/status")
    for limit in "$rate" 100G; do
        clients=()
        for i in $(seq "$uploads"); do
            curl -s -o /dev/null -H 'Expect:' --limit-rate "$limit" -T "$work/body" "$(sed -n "${i}p" "$work/urls")" &
            clients+=("$!")
        done
        sleep "$seconds"
        say "  $limit a client: $(awk '/VmRSS/ { print int($2 / 1024) }' "/proc/${servers[0]}/status") MiB, $(ss -Htn state established "sport = :$((port - 2))" | wc -l) connections"
        # Clients that stop leave nothing in the store.
        end "${clients[@]}"; clients=()
        sed -i "1,${uploads}d" "$work/urls"
    done
    peak=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/${servers[0]}/status")
    row "peak memory of a replica with $uploads uploads of $((size >> 20)) MiB at once" "$peak MiB" "before: $((idle / 1024)) MiB" "<= 300 MiB" "$(holds "$peak <= 300")"
    end "${servers[@]}"; servers=()
}

echo "| what | figure | beside | must be | met |"
echo "|---|---|---|---|---|"
for each in ingest put memory; do
    [ "$section" != "$each" ] && [ "$section" != all ] || "$each"
done
echo
echo "$(nproc) cores, which clients, replicas, PostgreSQL and Ceph share; $(dotnet --version), $(date -u +%F)"
