#!/usr/bin/env bash
# Measures `sdc fsck` against what it must reach; README.md beside this file says what each line means.
#   bench/load/fsck.sh [compare|digest|all]
# Its digest is measured with one reader, as the peers are: one stream of bytes and one core.
# Settings, from the environment:
#   ROWS="100000 1000000"   archives of so many tiny objects, one after the other; memory must not follow them
#   GIB=8                   bytes of the archive that is read with --digest
#   SIZE_MIB=16             size of each of its objects
#   ROUNDS=3                peers and archive in turn, this often; the median counts
#   BENCH_DIR=DIR           where the archives are made and removed again (otherwise the system's temporary folder)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
gib=${GIB:-8}
size_mib=${SIZE_MIB:-16}
rounds=${ROUNDS:-3}
case $section in compare|digest|all) ;; *) echo "usage: fsck.sh [compare|digest|all]" >&2; exit 2 ;; esac
work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# shellcheck source=figures.sh
. "$here/figures.sh"
row() { printf '| %s | %s | %s | %s |\n' "$@"; }

dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
dotnet build -c Release -v quiet "$repository/bench/load/OpenSdc.Load" >&2
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
load=$repository/bench/load/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load

seconds= peak_kib=
fsck() { # ARGUMENTS…: runs it; sets seconds and peak_kib, and fails unless the archive is clean
    local started ended pid code=0
    started=$(date +%s.%N)
    "$sdc" fsck "$@" > "$work/report" 2> "$work/errors" &
    pid=$!
    # The peak only grows, so the last look before the end is near it.
    while grep -s VmHWM "/proc/$pid/status" > "$work/peak.new"; do
        mv "$work/peak.new" "$work/peak"
        sleep 0.05
    done
    wait $pid || code=$?
    ended=$(date +%s.%N)
    [ $code = 0 ] || { cat "$work/report" "$work/errors" >&2; say "fsck ended with $code"; exit 1; }
    seconds=$(awk "BEGIN { print $ended - $started }")
    peak_kib=$(awk '{ print $2 }' "$work/peak")
}

# Root can forget everything, names and inodes too. Without root the pages of the larger files go, whose bytes are what takes time.
forget() {
    sync -f "$1"
    if [ -w /proc/sys/vm/drop_caches ]; then echo 3 > /proc/sys/vm/drop_caches
    else find "$1" -type f -size +64k -exec sh -c 'for f; do dd if="$f" iflag=nocache count=0 status=none; done' _ {} +; fi
}

echo "| what | value | must be | met |"
echo "|---|---|---|---|"

if [ "$section" != digest ]; then
    first_peak=
    for rows in ${ROWS:-100000 1000000}; do
        say "making $rows objects"
        "$load" fill-objects --data "$work/data" --rows "$rows" >&2
        for state in cold warm; do
            [ $state = warm ] || forget "$work/data"
            fsck --data "$work/data"
            [ "$rows" -ge 1000000 ] && limit="< 180 s" || limit=-
            [ "$limit" = - ] && met=- || met=$(holds "$seconds < 180")
            row "fsck of $rows objects, $state" "$(printf %.1f "$seconds") s" "$limit" "$met"
        done
        first_peak=${first_peak:-$peak_kib}
        row "its peak memory (VmHWM) with $rows" "$((peak_kib / 1024)) MiB" "<= 1.25 of the first" "$(holds "$peak_kib <= 1.25 * $first_peak")"
        rm -rf "$work/data"
    done
fi

if [ "$section" != compare ]; then
    files=$((gib * 1024 / size_mib))
    mib=$((files * size_mib))
    say "making $gib GiB"
    "$load" fill-objects --data "$work/data" --rows $files --size $((size_mib << 20)) >&2
    disk=() sha=() digest=()
    for _ in $(seq "$rounds"); do
        forget "$work/data"
        started=$(date +%s.%N)
        find "$work/data/objects" -type f -exec cat {} + > /dev/null
        disk+=("$(awk "BEGIN { print $mib / ($(date +%s.%N) - $started) }")")
        sha+=("$("$load" sha256 | awk -F= '{ print $2 * 1e6 / 1048576 }')")
        forget "$work/data"
        fsck --data "$work/data" --digest --readers 1
        digest+=("$(awk "BEGIN { print $mib / $seconds }")")
    done
    rate=$(median "${digest[@]}") disk_rate=$(median "${disk[@]}") sha_rate=$(median "${sha[@]}")
    lower=$(awk "BEGIN { print $disk_rate < $sha_rate ? $disk_rate : $sha_rate }")
    row "reading $gib GiB with cat, one stream" "$(printf %.0f "$disk_rate") MiB/s" - -
    row "SHA-256 of one core" "$(printf %.0f "$sha_rate") MiB/s" - -
    row "fsck --digest of $gib GiB, one reader" "$(printf %.0f "$rate") MiB/s" ">= 0.8 of the lower" "$(holds "$rate >= 0.8 * $lower")"
    row "its peak memory (VmHWM)" "$((peak_kib / 1024)) MiB" - -
fi
