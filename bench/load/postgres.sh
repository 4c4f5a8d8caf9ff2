#!/usr/bin/env bash
# Measures an archive whose records lie in PostgreSQL against PostgreSQL itself, in the same run; README.md beside this file says what each line means.
#   bench/load/postgres.sh [one|rows|all]
# Settings, from the environment:
#   ROWS=1000000       records
#   SECONDS_EACH=8     length of each run of wrk and pgbench     ROUNDS=3   in turn, this often; the median counts
#   CONNECTIONS=32     of wrk and of pgbench
#   BENCH_DIR=DIR      where the database is made and removed again (otherwise the system's temporary folder); ROWS=1000000 takes a few GB
#   BUILD=no           the programs are built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
section=${1:-all}
rows=${ROWS:-1000000}
seconds=${SECONDS_EACH:-8}
rounds=${ROUNDS:-3}
connections=${CONNECTIONS:-32}
scripts=100 # pgbench takes at most 128
case $section in one|rows|all) ;; *) echo "usage: postgres.sh [one|rows|all]" >&2; exit 2 ;; esac
for tool in wrk curl awk psql pgbench; do
    [ -n "$(command -v $tool)" ] || { echo "$tool is not installed (Debian: apt-get install wrk curl postgresql)" >&2; exit 2; }
done
[ "$rows" -ge "$scripts" ] || { echo "ROWS must be at least $scripts" >&2; exit 2; }

work=$(mktemp -d -p "${BENCH_DIR:-${TMPDIR:-/tmp}}")
# The server may run as another user, who must come to its folder.
chmod 755 "$work"
pid=
clean_up() {
    [ -z "$pid" ] || kill -TERM "$pid" 2> /dev/null || true
    [ -z "$pid" ] || wait "$pid" 2> /dev/null || true
    [ ! -e "$work/postgres/data" ] || "$repository/eng/postgres.sh" kill "$work/postgres" || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
lists=$work/lists
mkdir -p "$lists"
export LUA_PATH="$here/wrk/?.lua;;" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# shellcheck source=figures.sh
. "$here/figures.sh"
# row WHAT FIGURE BESIDE RATIO CONDITION: the condition applies to the ratio
row() {
    local met=-
    [ "$5" = - ] || met=$(awk "BEGIN { print ($4 $5) ? \"yes\" : \"NO\" }")
    printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$4" "$5" "$met"
}

if [ "${BUILD:-}" != no ]; then
    dotnet build -c Release -v quiet "$repository/src/OpenSdc.Cli" >&2
    dotnet build -c Release -v quiet "$here/OpenSdc.Load" >&2
fi
load() { dotnet "$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load.dll" "$@"; }
sdc=$repository/src/OpenSdc.Cli/bin/Release/net10.0/sdc.dll

# ---- The database, filled, and an archive that serves it --------------------------------------------------------------------
port=$((20000 + RANDOM % 6000))
database=$("$repository/eng/postgres.sh" up "$work/postgres" $((port + 1)) durable)
export PGHOST=127.0.0.1 PGPORT=$((port + 1)) PGUSER=sdc PGDATABASE=sdc
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -c "$1"; }
archive=http://127.0.0.1:$port

echo "| what | figure | beside | ratio | must be | met |"
echo "|---|---|---|---|---|---|"
say "filling $rows rows"
output=$(load fill --catalogue "$database" --data "$work/data" --rows "$rows") || fail "fill"
say "$output"
sql "VACUUM (ANALYZE)"
sql "CHECKPOINT"
size=$(sql "SELECT pg_database_size(current_database())")
row "loading $rows rows" "$(field rate "$output") rows/s" "$(calc "$size / $rows" 0) bytes a row, indexes and sums included" - -

dotnet "$sdc" serve --urls "$archive" --data "$work/data" --catalogue "$database" --scrub-rate 0 --log-level warning > "$work/archive.log" 2>&1 &
pid=$!
for _ in $(seq 300); do
    if curl -sf -o /dev/null "$archive/health/ready"; then break; fi
    kill -0 "$pid" 2> /dev/null || { cat "$work/archive.log" >&2; fail "the archive ended at its start"; }
    sleep 0.1
done
curl -sf -o /dev/null "$archive/health/ready" || fail "the archive was not ready within half a minute"

# What the archive sent to the database, taken from the database itself, so that the peer runs the same text.
sent() { # PATH PATTERN: asks the archive once, prints the statement
    curl -sf -o /dev/null "$archive$1" || fail "$1"
    sql "SELECT query FROM pg_stat_activity WHERE application_name = 'OpenSDC' AND query LIKE '$2' ORDER BY query_start DESC LIMIT 1" | tr '\n' ' '
}
# The archive's sessions have these, see decision 0015: the peer then has the same plan. Its statements have their general plan from the first run on.
same_plan="-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0"

run_wrk() { # SECONDS: sets rate
    local out
    out=$(wrk -t2 -c"$connections" -d"$1s" --timeout 30s --latency -s "$here/wrk/rotate.lua" "$archive" -- "$lists/query-one" 2>&1) || { say "$out"; fail "wrk"; }
    out=$(grep '^RESULT ' <<< "$out") || fail "wrk: no result"
    rate=$(field rate "$out")
}
run_pgbench() { # SECONDS: sets rate
    local out
    out=$(PGOPTIONS="$same_plan -c plan_cache_mode=force_generic_plan" pgbench -n -M prepared -c "$connections" -j 2 -T "$1" "${peer[@]}" 2> "$lists/pgbench.err") || { say "$out"; cat "$lists/pgbench.err" >&2; fail "pgbench"; }
    rate=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' <<< "$out")
    [ -n "$rate" ] || { say "$out"; fail "pgbench: no result"; }
    # A client that met an error ends, and the run goes on without it.
    ! grep -q 'client .* aborted' "$lists/pgbench.err" || { cat "$lists/pgbench.err" >&2; fail "pgbench"; }
}

one() {
    local text n path peer=() ours=() theirs=() mine round
    load names --rows "$rows" --count 50000 --as query-one > "$lists/query-one"
    path=$(head -n 1 "$lists/query-one")
    [ "$(curl -sf "$archive$path" | grep -o '"file_path"' | wc -l)" = 1 ] || fail "$path found not one file"
    text=$(sent "$path" 'SELECT item%FROM files WHERE file_path = $1%')
    case $text in *'$2'*|'') fail "the statement of one file is not known to this script: $text" ;; esac
    say "one file: $text"
    # The path is a parameter there too; pgbench takes texts as such only from its command line, so each has a script of its own, and the statement goes through them.
    n=0
    while IFS= read -r path; do
        sed 's/\$1/:p'"$n"'/' <<< "${text% };" > "$lists/one-$n.sql"
        peer+=(-D "p$n=$path" -f "$lists/one-$n.sql")
        n=$((n + 1))
    done < <(sql "SELECT file_path FROM files WHERE seq % ($rows / $scripts) = 0 ORDER BY seq LIMIT $scripts")
    [ "$n" -gt 0 ] || fail "no paths"
    run_wrk 12
    run_pgbench 2
    for round in $(seq "$rounds"); do
        run_pgbench "$seconds"; theirs+=("$rate")
        run_wrk "$seconds"; ours+=("$rate")
        say "  round $round: pgbench ${theirs[-1]}/s, archive ${ours[-1]}/s"
    done
    mine=$(median "${ours[@]}")
    row "one file by name, $connections connections" "$(calc "$mine" 0)/s" "pgbench -M prepared, same statement: $(calc "$(median "${theirs[@]}")" 0)/s" "$(calc "$mine / $(median "${theirs[@]}")")" ">= 0.5"
}

stream() { # sets value, the seconds of all rows as JSON, and length
    local out
    out=$(curl -s -o /dev/null -w '%{http_code} %{size_download} %{time_total}' "$archive/query?table=science") || fail "the rows as JSON were cut off"
    [ "${out%% *}" = 200 ] || fail "the rows as JSON: status ${out%% *}"
    value=${out##* }
    length=$(cut -d ' ' -f 2 <<< "$out")
}
copy() { # OPTIONS STATEMENT: sets value, the seconds of COPY
    local from to
    from=$(date +%s.%N)
    PGOPTIONS=$1 psql -X -q -v ON_ERROR_STOP=1 -c "COPY ($2) TO STDOUT" > /dev/null || fail "COPY"
    to=$(date +%s.%N)
    value=$(calc "$to - $from" 3)
}

rows() {
    local text reading query whole ours=() same=() own=() mine found round
    found=$(curl -sf "$archive/query?table=science&format=ndjson" | wc -l)
    [ "$found" = "$rows" ] || fail "$found rows were streamed, there are $rows"
    # While it is being read: at its end the session's last statement is the end of its snapshot.
    curl -s --limit-rate 1M -o /dev/null "$archive/query?table=science" & reading=$!
    sleep 1
    text=$(sql "SELECT query FROM pg_stat_activity WHERE application_name = 'OpenSDC' AND query LIKE 'SELECT item%FROM files WHERE file_path >= \$1%' LIMIT 1" | tr '\n' ' ')
    kill "$reading"; wait "$reading" 2> /dev/null || true
    case $text in *'$3'*|'') fail "the statement of all rows is not known to this script: $text" ;; esac
    # COPY takes no parameters: these are the values that the archive gives, which the number of rows proves.
    query=${text//\$1/\'imap/\'} query=${query//\$2/\'imap0\'}
    say "all rows: $query"
    found=$(PGOPTIONS=$same_plan psql -X -q -v ON_ERROR_STOP=1 -c "COPY ($query) TO STDOUT" | wc -l)
    [ "$found" = "$rows" ] || fail "COPY of the archive's statement gave $found rows, there are $rows"
    stream
    whole=$length
    for round in $(seq "$rounds"); do
        copy "$same_plan" "$query"; same+=("$value")
        copy "" "$query"; own+=("$value")
        stream; ours+=("$value")
        [ "$length" = "$whole" ] || fail "the rows as JSON have $length bytes, and had $whole"
        say "  round $round: COPY ${same[-1]} s, with the planner's own choice ${own[-1]} s, archive ${ours[-1]} s"
    done
    mine=$(median "${ours[@]}")
    row "$rows rows as JSON ($((whole / 1000000)) MB)" "$(calc "$rows / $mine" 0) rows/s" "COPY, same statement and plan: $(calc "$rows / $(median "${same[@]}")" 0) rows/s" "$(calc "$(median "${same[@]}") / $mine")" ">= 0.5"
    row "the same" "$(calc "$mine") s" "COPY, same statement, the planner's own choice: $(median "${own[@]}") s" "$(calc "$(median "${own[@]}") / $mine")" ">= 0.5"
}

[ "$section" = rows ] || one
[ "$section" = one ] || rows
echo
echo "$(nproc) cores, $(dotnet --version), PostgreSQL $(sql "SHOW server_version"), $(date -u +%F)"
