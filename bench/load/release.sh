#!/usr/bin/env bash
# Measures releases through a server with keys: anonymous queries beside a reader's where half of the files is released, how long an anonymous caller waits for what is not released and for what is
# absent, and the release of some 100 000 files by one manifest beside uploads and look-ups. README.md beside this file says what the lines mean.
#   bench/load/release.sh
# Settings, from the environment:
#   ROWS=700000        rows of the catalogue; the manifest releases the newest version of each series, about a seventh of them
#   POSTGRES=yes       the records in PostgreSQL, which the script starts, instead of SQLite
#   SECONDS_EACH=2     length of each run of wrk     ROUNDS=5   in turn, this often; the median counts
#   COUNT=5000         pairs of requests of each route whose times are compared
#   BUILD=no           the programs are built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
rows=${ROWS:-700000}
seconds=${SECONDS_EACH:-2}
rounds=${ROUNDS:-5}
for tool in wrk curl awk; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk curl)" >&2; exit 2; }
done
if [ "${BUILD:-}" != no ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
fi
load() { dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
export LUA_PATH="$here/wrk/?.lua;;"
unset IMAP_DATA_ACCESS_URL OPENSDC_API_KEY

work=$(mktemp -d)
chmod 755 "$work"
archive=
clean_up() {
    [ -z "$archive" ] || { kill -TERM "$archive" 2> /dev/null || true; wait "$archive" 2> /dev/null || true; }
    [ ! -e "$work/postgres/data" ] || "$repository/eng/postgres.sh" kill "$work/postgres" || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
# shellcheck source=figures.sh
. "$here/figures.sh"

port=$((20000 + RANDOM % 6000))
url=http://127.0.0.1:$port
place=(--data "$work/data")
[ "${POSTGRES:-}" != yes ] || place+=(--catalogue "$("$repository/eng/postgres.sh" up "$work/postgres" $((port + 1)) durable)")
say "$(load release-fill "${place[@]}" --rows "$rows")"
key=$("$sdc" keys add --admin --owner bench "${place[@]}" 2> "$work/made")
"$sdc" serve --urls "$url" "${place[@]}" --scrub-rate 0 --log-level warning --rate-limit-address 0 --rate-limit-caller 0 > "$work/log" 2>&1 &
archive=$!
for _ in $(seq 300); do
    curl -sf -o "$work/answer" "$url/health/ready" && break
    kill -0 "$archive" 2> /dev/null || { cat "$work/log" >&2; fail "the archive ended at its start"; }
    sleep 0.1
done

# Released files, so that both callers are answered the same.
curl -sf "$url/query?table=science&version=*&limit=5000&format=csv&fields=file_path" | tr -d "\r" | sed -n 's|^imap/.*/\([^/,]*\).*$|/query?filename=\1|p' > "$work/one"
load names --rows "$rows" --count 2000 --as query-month | sed 's|&end_date=.*|\&version=*\&limit=100|' > "$work/rows"
load names --rows "$rows" --count 2000 --as coverage-year > "$work/coverage"

rate() { # LIST [KEY]
    local out
    out=$(wrk -t2 -c16 -d"${seconds}s" --timeout 30s --latency -s "$here/wrk/rotate.lua" "$url" -- "$work/$1" "*/*" "${@:2}" 2>&1) || { say "$out"; fail "wrk"; }
    field rate "$(grep '^RESULT ' <<< "$out")"
}

echo "| what | anonymous | reader | ratio | must reach | met |"
echo "|---|---|---|---|---|---|"
for what in one rows coverage; do
    rate "$what" > "$work/answer"; rate "$what" "$key" > "$work/answer"
    anonymous=() reader=()
    for _ in $(seq "$rounds"); do
        anonymous+=("$(rate "$what")")
        reader+=("$(rate "$what" "$key")")
    done
    ratio=$(calc "$(median "${anonymous[@]}") / $(median "${reader[@]}")")
    printf '| `%s` | %s/s | %s/s | %s | >= 0.9 | %s |\n' "$(head -n 1 "$work/$what")" "$(calc "$(median "${anonymous[@]}")" 0)" "$(calc "$(median "${reader[@]}")" 0)" "$ratio" "$(holds "$ratio >= 0.9")"
done
load timing --url "$url" --rows "$rows" --count "${COUNT:-5000}"
load release --url "$url" --key "$key" --rows "$rows" | awk '
    { print }
    { for (i = 2; i <= NF; i++) { split($i, pair, "="); v[pair[1]] = pair[2] } }
    END { if (v["files"] < 100000 || v["seconds"] > 60 || v["p99_ms"] > 250) { print "FAILED: must be at least 100000 files, at most 60 s and a p99 of at most 250 ms"; exit 1 } }'
