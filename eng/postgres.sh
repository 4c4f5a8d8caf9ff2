#!/bin/sh
# A private PostgreSQL server for tests and measurements, on 127.0.0.1 only.
#
#   eng/postgres.sh up DIR PORT [durable]   make it in DIR where it is not there yet, start it, and print its connection string
#   eng/postgres.sh down DIR                stop it; its folder stays
#   eng/postgres.sh kill DIR                end all its processes at once, as a loss of power would
#
# Without `durable` it does not wait for the disk: fast, and good for anything but tests of faults and measurements.
# Whoever can connect to the port is taken for the user sdc, who may do anything in it; the database is sdc.
# PostgreSQL does not run as root: then it runs as the user postgres, which its package brings.
# With OPENSDC_UNTIL=PID in the environment, `up` sees to it that all of it ends, and DIR goes, when that process ends, however it does.
set -eu

fail() { echo "eng/postgres.sh: $1" >&2; exit 1; }

[ $# -ge 2 ] || fail "usage: up DIR PORT [durable] | down DIR | kill DIR"
what=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/until.sh"
mkdir -p "$2"
dir=$(cd "$2" && pwd)

bin=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v postgres || echo /nowhere/postgres)")
[ -x "$bin/postgres" ] || fail "PostgreSQL's server is not installed; on Debian: apt-get install postgresql"

if [ "$(id -u)" = 0 ]; then
    id postgres > /dev/null 2>&1 || fail "there is no user postgres to run the server as"
    chown postgres "$dir"
    as() { setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$dir" "$@"; }
else
    as() { "$@"; }
fi
cd "$dir"

case $what in
up)
    [ $# -ge 3 ] || fail "usage: up DIR PORT [durable]"
    port=$3
    until_process "$here/$(basename "$0")" "$dir"
    sync=off
    [ "${4:-}" != durable ] || sync=on
    # 'C.UTF-8' would do as well; the archive's own columns are ordered by bytes whatever the database's locale is.
    [ -e data/PG_VERSION ] || as "$bin/initdb" -D "$dir/data" -U sdc -A trust -E UTF8 --locale=C.UTF-8 --no-sync > initdb.log 2>&1 || fail "initdb failed, see $dir/initdb.log"
    as "$bin/pg_ctl" -D "$dir/data" -w -t 60 -s -l "$dir/server.log" start -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= \
        -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB -c fsync=$sync -c synchronous_commit=$sync -c full_page_writes=$sync" \
        || fail "the server does not start, see $dir/server.log"
    as "$bin/psql" -q -h 127.0.0.1 -p "$port" -U sdc -d postgres -tAc "SELECT 1 FROM pg_database WHERE datname = 'sdc'" | grep -q 1 \
        || as "$bin/createdb" -h 127.0.0.1 -p "$port" -U sdc sdc
    echo "Host=127.0.0.1;Port=$port;Username=sdc;Database=sdc"
    ;;
down)
    [ ! -e data/postmaster.pid ] || as "$bin/pg_ctl" -D "$dir/data" -w -s -m fast stop
    ;;
kill)
    [ -e data/postmaster.pid ] || exit 0
    parent=$(head -n 1 data/postmaster.pid)
    all="$parent $(ps -o pid= --ppid "$parent" | tr '\n' ' ')"
    # shellcheck disable=SC2086
    as kill -KILL $all 2> /dev/null || true
    # What nobody has collected yet is dead all the same, but a new server would take its number for one that lives.
    for each in $all; do
        while ps -o stat= -p "$each" | grep -qv '^Z'; do sleep 0.02; done
    done
    rm -f data/postmaster.pid
    ;;
*)
    fail "unknown: $what"
    ;;
esac
