#!/usr/bin/env bash
# Measures what an API key costs: requests a second with a key beside those without, in turn, against one archive; README.md beside this file says what the line means.
#   bench/load/keys.sh
# Settings, from the environment:
#   SECONDS_EACH=6s   length of each wrk run      ROUNDS=5   in turn, this often; the median counts
#   BUILD=no          the program is built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
seconds=${SECONDS_EACH:-6s}
rounds=${ROUNDS:-5}
for tool in wrk curl awk; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk curl)" >&2; exit 2; }
done
[ "${BUILD:-}" = no ] || dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2

sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
work=$(mktemp -d)
archive=
clean_up() {
    [ -z "$archive" ] || { kill -TERM "$archive" 2>/dev/null || true; wait "$archive" 2>/dev/null || true; }
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

unset IMAP_DATA_ACCESS_URL OPENSDC_API_KEY
key=$("$sdc" keys add --admin --owner bench --data "$work/data" 2> "$work/made")
url=http://127.0.0.1:$((20000 + RANDOM % 10000))
# As many requests as the archive can answer.
"$sdc" serve --urls "$url" --data "$work/data" --demo 500 --scrub-rate 0 --log-level warning --rate-limit-address 0 --rate-limit-caller 0 > "$work/log" 2>&1 &
archive=$!
for _ in $(seq 300); do
    curl -sf -o "$work/answer" "$url/health/ready" && grep -q listens "$work/log" && break
    sleep 0.2
done
# Both ask for the same: everything is released.
curl -sf -o "$work/answer" -X POST -H "x-api-key: $key" "$url/release?table=*&version=*"

# shellcheck source=figures.sh
. "$here/figures.sh"
rate() { wrk -t 2 -c 16 -d "$seconds" "$@" | sed -n 's|^Requests/sec: *||p'; }

echo "| what | without a key | with a key | ratio | must reach | met |"
echo "|---|---|---|---|---|---|"
for what in "/query?limit=10" "/query?instrument=swe&latest=true&limit=1"; do
    without=() with=()
    for _ in $(seq "$rounds"); do
        without+=("$(rate "$url$what")")
        with+=("$(rate -H "x-api-key: $key" "$url$what")")
    done
    (( ${#with[@]} == rounds )) || fail "wrk gave no rate"
    ratio=$(calc "$(median "${with[@]}") / $(median "${without[@]}")")
    printf '| `%s` | %s/s | %s/s | %s | >= 0.8 | %s |\n' "$what" "$(calc "$(median "${without[@]}")" 0)" "$(calc "$(median "${with[@]}")" 0)" "$ratio" "$(holds "$ratio >= 0.8")"
done
