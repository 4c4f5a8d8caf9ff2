#!/usr/bin/env bash
# Measures the archive against its peers in the same run; README.md beside this file says what each line means.
#   bench/load/run.sh [routes|bytes|memory|start|all]
# Settings, from the environment:
#   ROWS=1000000       rows in the catalogue          SECONDS_EACH=8s    length of each wrk run
#   ROUNDS=3           peer and archive in turn, this often; the median counts
#   PUTS=2000          PUTs of 1 MiB in each round    WARMUP=3s          load before the first measurement of a route
#   BENCH_DIR=DIR      work folder, kept and used again (otherwise a temporary one, deleted)
#   NGINX_BUFFER=16k   nginx's body buffer, by default its own default
#   ARCHIVE="CMD …"    the archive's command, to measure another build; `serve --urls … --data …` is added
#   CATALOGUE=FILE     the catalogue's SQLite file (otherwise the only *.db or *.sqlite of the data folder)
#   ONLY=REGEX         only the lines of routes and bytes whose names it matches
#   BUILD=no           what was built last is measured
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
rows=${ROWS:-1000000}
seconds=${SECONDS_EACH:-8s}
warmup=${WARMUP:-3s}
rounds=${ROUNDS:-3}
puts=${PUTS:-2000}
case $section in routes|bytes|memory|start|all) ;; *) echo "usage: run.sh [routes|bytes|memory|start|all]" >&2; exit 2 ;; esac
for tool in wrk nginx curl jq awk; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk nginx-light curl jq)" >&2; exit 2; }
done

# ---- Work folder, children, clean-up -------------------------------------------------------------------------------------
if [ -n "${BENCH_DIR:-}" ]; then mkdir -p "$BENCH_DIR"; work=$(cd "$BENCH_DIR" && pwd); keep=1
else work=$(mktemp -d); keep=; fi
children=()
clean_up() {
    for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work/nginx" "$work/lists"
    [ -n "$keep" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
rm -rf "$work/nginx" "$work/lists"
mkdir -p "$work/data" "$work/lists"
lists=$work/lists
results=$lists/results
: > "$results"
tag=b$(date +%s)
export LUA_PATH="$here/wrk/?.lua;;" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# shellcheck source=figures.sh
. "$here/figures.sh"
calc() { awk "BEGIN { printf \"%.${2:-3}f\", $1 }"; }

# row SECTION WHAT VALUE UNIT PEER PEER_VALUE RATIO CONDITION: CONDITION is ">= 0.5" or "<= 150" and applies to RATIO, or to VALUE where there is no ratio.
row() {
    local met=- subject=${7:--}
    [ "$subject" != - ] || subject=$3
    if [ "${8:--}" != - ]; then met=$(awk "BEGIN { print ($subject $8) ? \"yes\" : \"NO\" }"); fi
    printf '| %s | %s | %s %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$4" "${5:--}" "${6:--}" "${7:--}" "${8:--}" "$met" | tee -a "$results" >&2
}

used_ports=" "
free_port() { # sets port
    while :; do
        port=$((20000 + RANDOM % 12000))
        case $used_ports in *" $port "*) continue ;; esac
        if ! (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; then used_ports="$used_ports$port "; return; fi
    done
}

started_pid=
start() { # LOG READY_URL COMMAND…: starts a child, waits until it answers; sets started_pid
    local log=$1 url=$2
    shift 2
    "$@" > "$log" 2>&1 &
    started_pid=$!
    children+=("$started_pid")
    for _ in $(seq 600); do
        if curl -sf -o /dev/null "$url"; then return; fi
        kill -0 "$started_pid" 2>/dev/null || { cat "$log" >&2; fail "$1 ended at its start"; }
        sleep 0.1
    done
    cat "$log" >&2
    fail "$url was not ready within a minute"
}
stop() { # PID
    local pid others=()
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    for pid in "${children[@]}"; do [ "$pid" = "$1" ] || others+=("$pid"); done
    children=("${others[@]}")
}

# ---- Build ---------------------------------------------------------------------------------------------------------------
build() {
    [ "${BUILD:-yes}" != no ] || return 0
    say "building $1"
    dotnet build -c Release -v quiet "$repository/$1" >&2
}
build bench/load/OpenSdc.Load
load_dll=$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll
load() { dotnet "$load_dll" "$@"; }
# The bare endpoint runs with the archive's own runtime settings, whatever they are.
bare_command=(dotnet "$load_dll")
if [ -n "${ARCHIVE:-}" ]; then read -r -a archive_command <<< "$ARCHIVE"
else
    build src/OpenSdc.Cli
    sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc
    archive_command=(dotnet "$sdc.dll")
    bare_command=(dotnet exec --runtimeconfig "$sdc.runtimeconfig.json" "$load_dll")
fi

data=$work/data
if [ ! -e "$work/filled-$rows" ]; then
    rm -rf "$data" "$work"/filled-*
    mkdir -p "$data"
    say "filling the catalogue with $rows rows"
    load fill --data "$data" --rows "$rows" >&2
    touch "$work/filled-$rows"
fi

archive_pid=
start_archive() {
    free_port
    archive=http://127.0.0.1:$port
    start "$work/archive.log" "$archive/health/ready" "${archive_command[@]}" serve --urls "$archive" --data "$data"
    archive_pid=$started_pid
}
stop_archive() { stop "$archive_pid"; }

wanted() { [[ $1 =~ ${ONLY:-.} ]]; }

measure() { # FIELD COMMAND…: runs a command of OpenSdc.Load and sets value to the figure that it prints
    local name=$1 output
    shift
    output=$(load "$@") || fail "$*"
    value=$(field "$name" "$output")
    [ -n "$value" ] || fail "$* printed no $name: $output"
}

# ---- wrk -----------------------------------------------------------------------------------------------------------------
run_wrk() { # DURATION SCRIPT URL [ARGUMENTS…]: sets rate and mb_s
    local duration=$1 script=$2 url=$3 output
    shift 3
    output=$(wrk -t2 -c32 -d"$duration" --timeout 30s -s "$here/wrk/$script" "$url" -- "$@" 2>&1) || { say "$output"; fail "wrk $script $url $*"; }
    output=$(grep '^RESULT ' <<< "$output") || fail "wrk $script $url $*: no result"
    rate=$(field rate "$output")
    mb_s=$(field mb_s "$output")
}

expect() { # STATUS URL [CURL ARGUMENTS…]: one look at the answer before it is measured
    local expected=$1 url=$2 got
    shift 2
    got=$(curl -s -o "$lists/answer" -w '%{http_code}' "$@" "$url")
    [ "$got" = "$expected" ] || fail "$url answered $got instead of $expected: $(head -c 300 "$lists/answer")"
}

route() { # NAME CONDITION SCRIPT ARGUMENTS…: the archive's route against the bare endpoint, in turn
    local name=$1 condition=$2 script=$3 round ratios=() ours=() peers=() before
    shift 3
    wanted "$name" || return 0
    run_wrk "$warmup" "$script" "$archive" "$@"
    for round in $(seq "$rounds"); do
        run_wrk "$seconds" bare.lua "$bare/bare"
        before=$rate
        run_wrk "$seconds" "$script" "$archive" "$@"
        ours+=("$rate") peers+=("$before") ratios+=("$(calc "$rate / $before")")
    done
    row routes "$name" "$(calc "$(median "${ours[@]}")" 0)" "requests/s" "bare Kestrel" "$(calc "$(median "${peers[@]}")" 0)" \
        "$(calc "$(median "${ratios[@]}")" 2)" "$condition"
}

series=0 # makes the names of each call new: two sections upload objects of the same kind
put_objects() { # KIND COUNT SIZE CONNECTIONS: uploads to the archive; leaves names and signed GET URLs in $lists/KIND.names and .urls
    series=$((series + 1))
    load names --tag "$tag$1$series" --count "$2" > "$lists/$1.names"
    load urls --base "$archive" --names "$lists/$1.names" --kind upload > "$lists/$1.put"
    load put --url-file "$lists/$1.put" --size "$3" --connections "$4" > /dev/null
    load urls --base "$archive" --names "$lists/$1.names" --kind download > "$lists/$1.urls"
}

# ---- Sections ------------------------------------------------------------------------------------------------------------
routes() {
    say "routes: wrk -t2 -c32 -d$seconds, $rounds rounds"
    start_archive
    free_port
    bare=http://127.0.0.1:$port
    start "$work/bare.log" "$bare/bare" "${bare_command[@]}" bare --urls "$bare"
    local bare_pid=$started_pid kind found
    for kind in download-key download-filename query-one query-month; do
        load names --rows "$rows" --count 50000 --as $kind > "$lists/$kind"
    done
    put_objects small 500 1024 8
    run_wrk "$warmup" bare.lua "$bare/bare"

    expect 200 "$archive/upload/imap_swe_l1b_$tag-look_20260901_v001.0001.cdf"
    route "upload URL, new name" ">= 0.5" upload.lua "$tag"
    expect 302 "$archive$(head -1 "$lists/download-key")"
    route "download redirect, by key" ">= 0.5" rotate.lua "$lists/download-key"
    expect 302 "$archive$(head -1 "$lists/download-filename")"
    route "download redirect, by filename" ">= 0.5" rotate.lua "$lists/download-filename"
    expect 200 "$archive$(head -1 "$lists/query-one")"
    [ "$(jq length "$lists/answer")" = 1 ] || fail "the query for one file did not find exactly one"
    route "query, one file" ">= 0.35" rotate.lua "$lists/query-one"
    expect 200 "$(head -1 "$lists/small.urls")"
    [ "$(wc -c < "$lists/answer")" = 1024 ] || fail "the 1 KiB object has another size"
    route "GET 1 KiB object" ">= 0.35" rotate.lua "$lists/small.urls"

    expect 200 "$archive$(head -1 "$lists/query-month")"
    found=$(jq length "$lists/answer")
    [ "$rows" -lt 100000 ] || { [ "$found" -ge 80 ] && [ "$found" -le 120 ]; } || fail "the query for about 100 rows found $found"
    route "query, about 100 rows" - rotate.lua "$lists/query-month"
    driver_loop

    # The documented representation of the same answers, for information.
    expect 200 "$archive/upload/imap_swe_l1b_$tag-look_20260901_v001.0001.cdf" -H 'Accept: application/json'
    route "upload URL, new name, documented" - upload.lua "${tag}d" application/json
    route "download redirect, by key, documented" - rotate.lua "$lists/download-key" application/json
    route "query, one file, documented" - rotate.lua "$lists/query-one" application/json
    route "query, about 100 rows, documented" - rotate.lua "$lists/query-month" application/json
    stop "$bare_pid"
    stop_archive
}

driver_loop() {
    local name="query, about 100 rows" round value loops=() ours=() ratios=()
    wanted "$name" || return 0
    local catalogue=${CATALOGUE:-$(find "$data" -maxdepth 2 \( -name '*.db' -o -name '*.sqlite' \) | head -1)}
    for round in $(seq "$rounds"); do
        measure queries_s loop --db "$catalogue" --rows "$rows" --seconds "${seconds%s}"
        run_wrk "$seconds" rotate.lua "$archive" "$lists/query-month"
        loops+=("$value") ours+=("$rate") ratios+=("$(calc "$rate / $value")")
    done
    row routes "$name" "$(calc "$(median "${ours[@]}")" 0)" "requests/s" "bare driver loop" "$(calc "$(median "${loops[@]}")" 0)" \
        "$(calc "$(median "${ratios[@]}")" 2)" ">= 1"
}

start_nginx() {
    free_port
    nginx_url=http://127.0.0.1:$port
    local dir=$work/nginx user=
    [ "$(id -u)" != 0 ] || user="user root;"
    mkdir -p "$dir/root" "$dir/body"
    sed -e "s|@WORK@|$dir|g" -e "s|@PORT@|$port|g" -e "s|@USER@|$user|g" -e "s|@BUFFER@|${NGINX_BUFFER:-16k}|g" \
        "$here/nginx.conf.in" > "$dir/nginx.conf"
    echo ready > "$dir/root/ready"
    start "$work/nginx.log" "$nginx_url/ready" nginx -p "$dir" -e "$dir/nginx-error.log" -c "$dir/nginx.conf"
    nginx_pid=$started_pid
}

same_in_nginx() { # KIND SIZE: objects of the same names and size in nginx's root; their URLs in $lists/KIND.nginx
    local name
    head -c "$2" /dev/urandom > "$lists/body"
    while read -r name; do
        cp "$lists/body" "$work/nginx/root/$name"
        echo "$nginx_url/$name"
    done < "$lists/$1.names" > "$lists/$1.nginx"
    rm "$lists/body"
}

against_nginx() { # NAME KIND UNIT CONDITION COUNT SIZE: GET over 32 connections, in turn
    local round ours=() peers=() ratios=() before
    wanted "$1" || return 0
    put_objects "$2" "$5" "$6" 8
    same_in_nginx "$2" "$6"
    run_wrk "$warmup" rotate.lua "$nginx_url" "$lists/$2.nginx"
    run_wrk "$warmup" rotate.lua "$archive" "$lists/$2.urls"
    for round in $(seq "$rounds"); do
        run_wrk "$seconds" rotate.lua "$nginx_url" "$lists/$2.nginx"
        [ "$3" = MB/s ] && before=$mb_s || before=$rate
        run_wrk "$seconds" rotate.lua "$archive" "$lists/$2.urls"
        [ "$3" = MB/s ] || mb_s=$rate
        ours+=("$mb_s") peers+=("$before") ratios+=("$(calc "$mb_s / $before")")
    done
    row bytes "$1" "$(calc "$(median "${ours[@]}")" 0)" "$3" nginx "$(calc "$(median "${peers[@]}")" 0)" "$(calc "$(median "${ratios[@]}")" 2)" "$4"
}

bytes() {
    say "bytes: nginx and the archive in turn, $rounds rounds"
    local flushed value before
    start_archive
    start_nginx
    measure mb_s sha256
    sha=$value
    row bytes "SHA-256, one core" "$sha" MB/s
    sync
    before=$(date +%s%N)
    dd if=/dev/zero of="$lists/flushed" bs=1M count=1024 conv=fsync status=none
    flushed=$(calc "1073741824000 / ($(date +%s%N) - $before)" 0)
    rm "$lists/flushed"
    row bytes "write and flush 1 GiB" "$flushed" MB/s

    against_nginx "GET 1 KiB, 32 connections" small requests/s - 500 1024
    against_nginx "GET 1 MiB, 32 connections" medium MB/s ">= 0.6" 64 1048576
    get_large
    put_medium
    put_large
    stop "$nginx_pid"
    stop_archive
}

get_large() {
    local name="GET 1 GiB, one stream" round peer ours=() peers=() ratios=()
    wanted "$name" || return 0
    put_objects large 1 1073741824 1
    same_in_nginx large 1073741824
    load get --url "$(cat "$lists/large.nginx")" > /dev/null
    load get --url "$(cat "$lists/large.urls")" > /dev/null
    for round in $(seq "$rounds"); do
        measure mb_s get --url "$(cat "$lists/large.nginx")"
        peer=$value
        measure mb_s get --url "$(cat "$lists/large.urls")"
        ours+=("$value") peers+=("$peer") ratios+=("$(calc "$value / $peer")")
    done
    row bytes "$name" "$(median "${ours[@]}")" MB/s nginx "$(median "${peers[@]}")" "$(calc "$(median "${ratios[@]}")" 2)" ">= 0.7"
    rm -f "$work/nginx/root"/*.cdf
}

put_medium() {
    local name="PUT 1 MiB, 32 connections" round ours=() peers=() ratios=()
    wanted "$name" || return 0
    for round in $(seq "$rounds"); do
        put_round "m$round" $((puts + 100)) 1048576 32 100
        ours+=("$archive_puts") peers+=("$nginx_puts") ratios+=("$(calc "$archive_puts / $nginx_puts")")
    done
    row bytes "$name" "$(median "${ours[@]}")" PUTs/s nginx "$(median "${peers[@]}")" "$(calc "$(median "${ratios[@]}")" 2)" ">= 0.8"
}

put_large() {
    local name="PUT 1 GiB, one stream" round peer ours=() peers=() ratios=()
    wanted "$name" || return 0
    for round in $(seq "$rounds"); do
        put_round "l$round" 1 1073741824 1 0
        peer=$(awk "BEGIN { print ($nginx_mb < $sha) ? $nginx_mb : $sha }")
        ours+=("$archive_mb") peers+=("$peer") ratios+=("$(calc "$archive_mb / $peer")")
        say "  1 GiB: nginx $nginx_mb, archive $archive_mb MB/s"
    done
    row bytes "$name" "$(median "${ours[@]}")" MB/s "slower of nginx and SHA-256" "$(median "${peers[@]}")" \
        "$(calc "$(median "${ratios[@]}")" 2)" ">= 0.8"
}

put_round() { # KIND COUNT SIZE CONNECTIONS WARM: the same names to nginx, then to the archive, each on a drained disk
    local output
    load names --tag "$tag$1" --count "$2" > "$lists/$1.names"
    sed "s|^|$nginx_url/imap/put/$1/|" "$lists/$1.names" > "$lists/$1.nginx"
    load urls --base "$archive" --names "$lists/$1.names" --kind upload > "$lists/$1.put"
    sync
    output=$(load put --url-file "$lists/$1.nginx" --size "$3" --connections "$4" --warm "$5")
    nginx_puts=$(field puts_s "$output")
    nginx_mb=$(field mb_s "$output")
    rm -rf "$work/nginx/root/imap"
    sync
    output=$(load put --url-file "$lists/$1.put" --size "$3" --connections "$4" --warm "$5")
    archive_puts=$(field puts_s "$output")
    archive_mb=$(field mb_s "$output")
}

high_water() { awk '/^VmHWM:/ { printf "%.0f", $2 / 1024 }' "/proc/$archive_pid/status"; }

streamed() { # NAME CHARACTER ACCEPT: peak memory of a fresh archive while all rows go to one client; each row holds CHARACTER once
    local size found
    start_archive
    size=$(curl -sf -H "Accept: $3" -o /dev/null -w '%{size_download}' "$archive/query?table=science")
    row memory "$1" "$(high_water)" MiB - - - "<= 150"
    found=$(curl -sf -H "Accept: $3" "$archive/query?table=science" | tr -cd "$2" | wc -c)
    say "  $size bytes, $found rows"
    [ "$found" -ge "$rows" ] || fail "$found rows were streamed instead of $rows"
    stop_archive
}

memory() {
    say "memory: VmHWM of a freshly started archive"
    start_archive
    row memory "started, idle" "$(high_water)" MiB
    stop_archive
    streamed "$rows rows stream, plain" '{' '*/*'
    streamed "$rows rows stream, documented" '(' application/json
    start_archive
    put_objects huge 1 4294967296 1
    row memory "4 GiB are PUT" "$(high_water)" MiB - - - "<= 150"
    stop_archive
}

start_time() {
    say "start: from exec to the first 200 of /health/ready"
    free_port
    local url=http://127.0.0.1:$port times
    mapfile -t times < <(load ready --url "$url/health/ready" --runs 5 -- "${archive_command[@]}" serve --urls "$url" --data "$data")
    [ "${#times[@]}" = 5 ] || fail "the archive did not start five times"
    row start "ready with $rows rows (${times[*]})" "$(median "${times[@]}")" ms - - - "<= 600"
}

[ "$section" != routes ] && [ "$section" != all ] || routes
[ "$section" != bytes ] && [ "$section" != all ] || bytes
[ "$section" != memory ] && [ "$section" != all ] || memory
[ "$section" != start ] && [ "$section" != all ] || start_time

echo
echo "$(nproc) cores, $(dotnet --version), $(wrk -v 2>&1 | awk 'NR == 1 { print $1, $2 }' || true), $(nginx -v 2>&1), $rows rows, $(date -u +%F)"
echo
echo "| section | what | archive | peer | peer's figure | ratio | must be | met |"
echo "|---|---|---|---|---|---|---|---|"
cat "$results"
