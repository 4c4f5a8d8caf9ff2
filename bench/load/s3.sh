#!/usr/bin/env bash
# Measures an archive whose objects lie in an S3 store; README.md beside this file says what each line means.
#   bench/load/s3.sh [sign|list|fsck|all]
# Settings, from the environment:
#   ROWS=50000         objects in a real store, a private Ceph in memory that this script starts
#   LISTED=1000000     keys of the simulated listing
#   DELAY=20           milliseconds that the simulated store takes for each answer
#   BENCH_DIR=DIR      where the records are made and removed again (otherwise the system's temporary folder)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
rows=${ROWS:-50000} listed=${LISTED:-1000000} delay=${DELAY:-20}
case $section in sign|list|fsck|all) ;; *) echo "usage: s3.sh [sign|list|fsck|all]" >&2; exit 2 ;; esac
work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
ceph=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || true
    [ ! -e "$ceph/ceph.conf" ] || "$repository/eng/ceph.sh" kill "$ceph"
    rm -rf "$work" "$ceph"
}
trap end EXIT
trap 'exit 130' INT TERM
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export AWS_ACCESS_KEY_ID=opensdc AWS_SECRET_ACCESS_KEY=opensdc-secret AWS_EC2_METADATA_DISABLED=true

# shellcheck source=figures.sh
. "$here/figures.sh"
row() { printf '| %s | %s | %s | %s |\n' "$@"; }

if [ -z "${BUILT:-}" ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$repository/bench/load/OpenSdc.Load" >&2
fi
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
load=$repository/bench/load/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load
free_port() { awk 'BEGIN { srand(); print 20000 + int(rand() * 110) * 100 }'; }

seconds= peak_kib=
fsck() { # WANTED ARGUMENTS…: runs it; sets seconds and peak_kib, and fails unless it ends with the exit code
    local wanted=$1 started ended pid code=0
    shift
    started=$(date +%s.%N)
    "$sdc" fsck "$@" > "$work/report" 2> "$work/errors" &
    pid=$!
    while grep -s VmHWM "/proc/$pid/status" > "$work/peak.new"; do
        mv "$work/peak.new" "$work/peak"
        sleep 0.05
    done
    wait $pid || code=$?
    ended=$(date +%s.%N)
    [ $code = "$wanted" ] || { cat "$work/report" "$work/errors" >&2; say "fsck ended with $code"; exit 1; }
    seconds=$(awk "BEGIN { print $ended - $started }")
    peak_kib=$(awk '{ print $2 }' "$work/peak")
}
value() { sed -n "s/.*\b$1=\([0-9.]*\).*/\1/p"; }
store() { [ -n "${endpoint:-}" ] || endpoint=$("$repository/eng/ceph.sh" up "$ceph" "$(free_port)"); }

echo "| what | value | must be | met |"
echo "|---|---|---|---|"

if [ "$section" = sign ] || [ "$section" = all ]; then
    store
    "$load" s3-sign --objects s3://signing/p --endpoint "$endpoint" | tail -n 1 > "$work/sign"
    row "upload URLs signed a second, one core" "$(value upload < "$work/sign")" ">= 10 000" "$(holds "$(value upload < "$work/sign") >= 10000")"
    row "download URLs signed a second, one core" "$(value download < "$work/sign")" ">= 10 000" "$(holds "$(value download < "$work/sign") >= 10000")"
    row "the AWS library's own signing, one core" "$(value library < "$work/sign")" - -
fi

if [ "$section" = list ] || [ "$section" = all ]; then
    say "making $listed records"
    "$load" fill --data "$work/listed" --rows "$listed" >&2
    port=$(free_port)
    "$load" s3-listing --urls "http://127.0.0.1:$port" --rows "$listed" --delay "$delay" > "$work/server.log" 2>&1 &
    server=$!
    for _ in $(seq 300); do curl -sf -o /dev/null "http://127.0.0.1:$port/bucket?prefix=none" && break; sleep 0.1; done
    one_by_one=$("$load" s3-list --objects s3://bucket/archive --endpoint "http://127.0.0.1:$port" | tee /dev/stderr | value seconds)
    fsck 0 --data "$work/listed" --objects s3://bucket/archive --s3-endpoint "http://127.0.0.1:$port"
    row "listing $listed keys, page after page, $delay ms an answer" "$(printf %.1f "$one_by_one") s" - -
    row "fsck of $listed records against that listing" "$(printf %.1f "$seconds") s" "< 180 s" "$(holds "$seconds < 180")"
    row "its peak memory (VmHWM)" "$((peak_kib / 1024)) MiB" - -
    kill $server
    server=
    rm -rf "$work/listed"
fi

if [ "$section" = fsck ] || [ "$section" = all ]; then
    store
    say "making $rows objects"
    "$load" fill-bucket --data "$work/real" --objects s3://archive/p --endpoint "$endpoint" --rows "$rows" >&2
    at=(--data "$work/real" --objects s3://archive/p --s3-endpoint "$endpoint")
    fsck 0 "${at[@]}"
    row "fsck of $rows objects in Ceph" "$(printf %.1f "$seconds") s" - -
    row "its peak memory (VmHWM)" "$((peak_kib / 1024)) MiB" - -
    read=$("$load" s3-read --objects s3://archive/p --endpoint "$endpoint" --rows "$rows" --readers 16 | tee /dev/stderr | value seconds)
    fsck 0 "${at[@]}" --digest --readers 16
    row "reading and hashing them with a plain client, 16 at once" "$(printf %.1f "$read") s" - -
    row "fsck --digest of them, 16 at once" "$(printf %.1f "$seconds") s" "-" "ratio $(awk "BEGIN { printf \"%.2f\", $read / $seconds }")"
    row "its peak memory (VmHWM)" "$((peak_kib / 1024)) MiB" - -
    # A catalogue of nothing: every object is adopted again.
    rm "$work/real/catalogue.sqlite"*
    fsck 21 "${at[@]}" --repair --max-changes 100% --readers 16
    row "fsck --repair that adopts all of them" "$(printf %.1f "$seconds") s" - -
    fsck 0 "${at[@]}"
fi
