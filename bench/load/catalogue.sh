#!/usr/bin/env bash
# Measures the catalogue at ten million rows beside one million in the same run, and against peers; README.md beside this file says what each line means.
#   bench/load/catalogue.sh [fill|rates|rows|asks|all]
# Settings, from the environment:
#   FEW=1000000 MANY=10000000   rows of the two catalogues
#   SECONDS_EACH=6s             length of each wrk run      ROUNDS=3   in turn, this often; the median counts
#   BENCH_DIR=DIR               work folder, kept; its filled catalogues are used again (otherwise a temporary one, deleted; MANY takes 10 GB)
#   BUILD=no                    the programs are built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
few=${FEW:-1000000}
many=${MANY:-10000000}
seconds=${SECONDS_EACH:-6s}
rounds=${ROUNDS:-3}
case $section in fill|rates|rows|asks|all) ;; *) echo "usage: catalogue.sh [fill|rates|rows|asks|all]" >&2; exit 2 ;; esac
for tool in wrk curl awk; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk curl)" >&2; exit 2; }
done

if [ -n "${BENCH_DIR:-}" ]; then mkdir -p "$BENCH_DIR"; work=$(cd "$BENCH_DIR" && pwd); keep=1
else work=$(mktemp -d); keep=; fi
children=()
clean_up() {
    for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work/lists"
    [ -n "$keep" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists"
lists=$work/lists
export LUA_PATH="$here/wrk/?.lua;;" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# shellcheck source=figures.sh
. "$here/figures.sh"
# row WHAT FIGURE AGAINST RATIO CONDITION: the condition applies to the ratio, or to the figure where there is none
row() {
    local met=- subject=$4
    [ "$subject" != - ] || subject=${2%% *}
    [ "$5" = - ] || met=$(awk "BEGIN { print ($subject $5) ? \"yes\" : \"NO\" }")
    printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$4" "$5" "$met"
}

if [ "${BUILD:-}" != no ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
fi
load_dll=$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
load() { dotnet "$load_dll" "$@"; }

port=$((20000 + RANDOM % 10000))
start() { # URL COMMAND…: sets started_pid
    local url=$1
    shift
    "$@" > "$work/lists/log" 2>&1 &
    started_pid=$!
    children+=("$started_pid")
    for _ in $(seq 600); do
        if curl -sf -o /dev/null "$url"; then return; fi
        kill -0 "$started_pid" 2>/dev/null || { cat "$work/lists/log" >&2; fail "$1 ended at its start"; }
        sleep 0.1
    done
    fail "$url was not ready within a minute"
}
archive() { # ROWS: starts one on that catalogue; sets address and started_pid
    port=$((port + 1))
    address=http://127.0.0.1:$port
    start "$address/health/ready" dotnet "$sdc.dll" serve --urls "$address" --data "$work/$1/data" --log-level warning
}
end_all() {
    for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
    children=()
}
run_wrk() { # SCRIPT URL [ARGUMENTS…]: sets rate and p99
    local output
    output=$(wrk "-t$([ "${connections:-32}" = 1 ] && echo 1 || echo 2)" "-c${connections:-32}" "-d${duration:-$seconds}" --timeout 30s --latency -s "$here/wrk/$1" "$2" -- "${@:3}" 2>&1) || { say "$output"; fail "wrk $*"; }
    output=$(grep '^RESULT ' <<< "$output") || fail "wrk $*: no result"
    rate=$(field rate "$output")
    p99=$(field p99_ms "$output")
}
measure() { # FIELD COMMAND…: sets value and output
    output=$(load "${@:2}") || fail "${*:2}"
    value=$(field "$1" "$output")
    [ -n "$value" ] || fail "${*:2} printed no $1: $output"
}
ask() { # URL PATH [OPTIONS…]: sets output
    echo "$2" > "$lists/path"
    output=$(load ask --url "$1" --paths "$lists/path" "${@:3}") || fail "$2"
}

# ---- Filled catalogues, and their pages in memory ------------------------------------------------------------------------
fill() {
    local rows
    for rows in "$few" "$many"; do
        [ ! -e "$work/$rows/filled" ] || continue
        mkdir -p "$work/$rows/data"
        say "filling $rows rows"
        output=$(load fill --data "$work/$rows/data" --rows "$rows") || fail fill
        say "$output"
        touch "$work/$rows/filled"
        row "loading $rows rows" "$(field rate "$output") rows/s" "$(field bytes_per_row "$output") bytes a row" - ">= 50000"
    done
}
warm() { cat "$work/$few"/data/catalogue* "$work/$many"/data/catalogue* > /dev/null; }

# ---- Rates ---------------------------------------------------------------------------------------------------------------
in_turn() { # SCRIPT LIST: the bare endpoint, few rows, many rows in turn; sets the medians bare_rate few_rate many_rate and the ratios of_bare and of_few
    local round bares=() fews=() manys=()
    duration=2s run_wrk "$1" "$small" "$lists/$2-few"
    duration=2s run_wrk "$1" "$large" "$lists/$2-many"
    for round in $(seq "$rounds"); do
        run_wrk bare.lua "$bare/bare"; bares+=("$rate")
        run_wrk "$1" "$small" "$lists/$2-few"; fews+=("$rate")
        run_wrk "$1" "$large" "$lists/$2-many"; manys+=("$rate")
    done
    bare_rate=$(median "${bares[@]}") few_rate=$(median "${fews[@]}") many_rate=$(median "${manys[@]}")
    of_bare=$(calc "$many_rate / $bare_rate") of_few=$(calc "$many_rate / $few_rate")
}

rates() {
    local kind rows round loops=() name value tag
    archive "$few"; small=$address
    archive "$many"; large=$address
    port=$((port + 1)); bare=http://127.0.0.1:$port
    start "$bare/bare" dotnet exec --runtimeconfig "$sdc.runtimeconfig.json" "$load_dll" bare --urls "$bare"
    for kind in query-one query-month; do
        load names --rows "$few" --count 50000 --as $kind > "$lists/$kind-few"
        load names --rows "$many" --count 50000 --as $kind > "$lists/$kind-many"
    done
    in_turn rotate.lua query-one
    row "one file by name" "$(calc "$many_rate" 0)/s" "$few rows: $(calc "$few_rate" 0)/s" "$of_few" ">= 0.9"
    row "one file by name" "$(calc "$many_rate" 0)/s" "bare Kestrel: $(calc "$bare_rate" 0)/s" "$of_bare" ">= 0.35"
    in_turn rotate.lua query-month
    row "about 100 rows" "$(calc "$many_rate" 0)/s" "$few rows: $(calc "$few_rate" 0)/s" "$of_few" ">= 0.85"
    for round in $(seq "$rounds"); do
        measure queries_s loop --db "$work/$many/data/catalogue.sqlite" --rows "$many" --seconds "${seconds%s}"
        loops+=("$value")
    done
    value=$(median "${loops[@]}")
    row "about 100 rows" "$(calc "$many_rate" 0)/s" "bare driver loop, one thread: $(calc "$value" 0)/s" "$(calc "$many_rate / $value")" ">= 1"

    echo "/query?instrument=mag&since_seq=$many" | tee "$lists/since-many" > "$lists/since-few"
    [ "$(curl -s "$large$(cat "$lists/since-many")")" = "[]" ] || fail "since_seq at the head found files"
    in_turn rotate.lua since
    row "poll: since_seq at the head" "$(calc "$many_rate" 0)/s" "bare Kestrel: $(calc "$bare_rate" 0)/s" "$of_bare" ">= 0.5"
    tag=$(curl -sI -H Accept: "$large/query?instrument=mag" | tr -d '\r' | awk 'tolower($1) == "etag:" { print $2 }')
    [ "$(curl -s -o /dev/null -w '%{http_code}' -H Accept: -H "If-None-Match: $tag" "$large/query?instrument=mag")" = 304 ] || fail "the poll is not answered 304"
    local bares=() polls=()
    duration=2s run_wrk poll.lua "$large" "/query?instrument=mag" "$tag"
    for round in $(seq "$rounds"); do
        run_wrk bare.lua "$bare/bare"; bares+=("$rate")
        run_wrk poll.lua "$large" "/query?instrument=mag" "$tag"; polls+=("$rate")
    done
    row "poll: 304" "$(calc "$(median "${polls[@]}")" 0)/s" "bare Kestrel: $(calc "$(median "${bares[@]}")" 0)/s" "$(calc "$(median "${polls[@]}") / $(median "${bares[@]}")")" ">= 0.5"
    end_all
}

# ---- A million rows ------------------------------------------------------------------------------------------------------
rows() {
    local db=$work/$many/data/catalogue.sqlite all item format found first size
    measure seconds rows --db "$db" --instrument mag --rounds "$rounds"
    all=$value
    found=$(field rows "$output")
    measure seconds rows --db "$db" --instrument mag --columns item --rounds "$rounds"
    item=$value
    row "bare loop over $found rows, sixteen columns" "$all s" - - -
    row "bare loop over the same, the rendered column alone" "$item s" - - -
    archive "$many"
    for format in json ndjson csv; do
        ask "$address" "/query?instrument=mag&format=$format" --warm 1 --count "$rounds" --rows "$([ $format = csv ] && echo lines || echo objects)"
        size=$(field bytes "$output") first=$(field first_most_ms "$output")
        row "$found rows as $format ($((${size%.*} / 1000000)) MB)" "$(calc "$(field median_ms "$output") / 1000") s" "bare loop, sixteen columns: $all s" "$(calc "$(field median_ms "$output") / 1000 / $all")" "<= 1.2"
        row "the same" "$(calc "$(field median_ms "$output") / 1000") s" "bare loop, one column: $item s" "$(calc "$(field median_ms "$output") / 1000 / $item")" -
        row "its first byte" "$first ms" - - "<= 20"
    done
    end_all
    archive "$many"
    for format in json ndjson csv; do
        ask "$address" "/query?instrument=mag&format=$format" --streams 4 --count 1 --rows "$([ $format = csv ] && echo lines || echo objects)"
        row "four such streams at once, $format" "$(calc "$(field seconds "$output")") s" "first byte after $(field first_most_ms "$output") ms at most" - -
    done
    row "their peak memory (VmHWM)" "$(awk '/^VmHWM:/ { printf "%.0f", $2 / 1024 }' "/proc/$started_pid/status") MiB" - - "<= 200"
    end_all
}

# ---- latest, count, coverage, facets -------------------------------------------------------------------------------------
sums() {
    local kind
    for kind in coverage facets; do
        load names --rows "$many" --count 2000 --as $kind-year > "$lists/$kind"
        for connections in 1 8; do
            duration=1s run_wrk rotate.lua "$address" "$lists/$kind"
            run_wrk rotate.lua "$address" "$lists/$kind"
            row "/$kind of an instrument and year, $connections at once: p99" "$p99 ms" "$(calc "$rate" 0)/s" - "< 50"
        done
        connections=
    done
}

asks() {
    local what path found without with plain latest
    archive "$many"
    sums
    path="/query?instrument=mag&data_level=l1a"
    plain=() latest=()
    for _ in $(seq $((rounds + 1))); do
        ask "$address" "$path"; plain+=("$(field median_ms "$output")"); found=$(field rows "$output")
        ask "$address" "$path&latest=true"; latest+=("$(field median_ms "$output")")
    done
    row "latest=true over instrument and level: $(field rows "$output") of $found rows" "$(median "${latest[@]}") ms" "without: $(median "${plain[@]}") ms" "$(calc "$(median "${latest[@]}") / $(median "${plain[@]}")")" "<= 1"

    while IFS='|' read -r what path; do
        found=$(curl -sI "$address$path&count=true" | tr -d '\r' | awk 'tolower($1) == "opensdc-count:" { print $2 }')
        ask "$address" "$path&limit=1" --warm 3 --count 15; without=$(field median_ms "$output")
        ask "$address" "$path&limit=1&count=true" --warm 3 --count 15; with=$(field median_ms "$output")
        row "count=true, $what" "$(calc "$with - $without") ms more" "$found files; a page of one without it: $without ms" - "$([ "$found" -le 100000 ] && echo "<= 10" || echo -)"
    done <<END
product and month|/query?instrument=mag&data_level=l1a&descriptor=counts&start_date=20300101&end_date=20300131
product|/query?instrument=mag&data_level=l1a&descriptor=counts
instrument and level|/query?instrument=mag&data_level=l1a
instrument|/query?instrument=mag
everything|/query?table=science
latest of a product and year|/query?instrument=mag&data_level=l1a&descriptor=counts&start_date=20300101&end_date=20301231&latest=true
latest of a product|/query?instrument=mag&data_level=l1a&descriptor=counts&latest=true
versions of a product|/query?instrument=mag&data_level=l1a&descriptor=counts&version=v001.*
latest of instrument and level|/query?instrument=mag&data_level=l1a&latest=true
what is new of an instrument|/query?instrument=mag&since_seq=$((many - 100000))
END
    end_all
}

echo "| what | figure | beside | ratio | must be | met |"
echo "|---|---|---|---|---|---|"
fill
[ "$section" = fill ] || warm
case $section in rates|rows|asks) $section ;; all) rates; rows; asks ;; esac
echo
echo "$(nproc) cores, $(dotnet --version), $(date -u +%F)"
