#!/bin/sh
# A private Ceph for tests and measurements: a monitor, object stores and an S3 gateway, on 127.0.0.1 only.
#
#   eng/ceph.sh up DIR PORT [memstore|bluestore] [OSDS]   make it in DIR, start it, and print the gateway's address; PORT to PORT+99 are its own
#   eng/ceph.sh down DIR                                  stop it; its folder stays
#   eng/ceph.sh kill DIR [NAME]                           end one daemon at once, or all, as a loss of power would
#   eng/ceph.sh start DIR NAME                            start a daemon again; names are mon.a, osd.0, osd.1, … and rgw
#
# memstore keeps the objects in memory, 4 GiB or CEPH_BYTES of the environment: fast, and gone with the process. bluestore keeps them on the disk, in one file of 4 GB for each object store,
# and with three or more of them each object lies on three, of which two must have it.
# The S3 user is opensdc with the secret opensdc-secret; the user guest, guest-secret, may make no bucket.
# Ceph's packages bring the user ceph, which its daemons run as where root starts them.
# With OPENSDC_UNTIL=PID in the environment, `up` sees to it that all of it ends, and DIR goes, when that process ends, however it does.
set -eu

fail() { echo "eng/ceph.sh: $1" >&2; exit 1; }

usage='usage: up DIR PORT [memstore|bluestore] [OSDS] | down DIR | kill DIR [NAME] | start DIR NAME'
[ $# -ge 2 ] || fail "$usage"
what=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/until.sh"
mkdir -p "$2"
dir=$(cd "$2" && pwd)
for each in ceph-mon ceph-osd radosgw ceph monmaptool; do
    command -v "$each" > /dev/null || fail "$each is not installed; on Debian: apt-get install --no-install-recommends ceph-mon ceph-osd radosgw ceph-common"
done

as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    id ceph > /dev/null 2>&1 || fail "there is no user ceph to run the daemons as"
    chown ceph:ceph "$dir"
    as() { setpriv --reuid=ceph --regid=ceph --init-groups env HOME="$dir" "$@"; }
fi
cd "$dir"
conf=$dir/ceph.conf

configure() { # PORT STORE OSDS
    copies=1 least=1
    [ "$3" -lt 3 ] || { copies=3; least=2; }
    as tee "$conf" > /dev/null << EOF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon initial members = a
mon host = [v2:127.0.0.1:$(($1 + 1)),v1:127.0.0.1:$(($1 + 2))]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
ms bind port min = $(($1 + 10))
ms bind port max = $(($1 + 99))
# Nobody but this machine can connect, so that keys and encryption between the daemons would only cost time.
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
ms mon service mode = crc
ms mon cluster mode = crc
osd pool default size = $copies
osd pool default min size = $least
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 2000
# Copies on different object stores, not on different machines: there is one.
osd crush chooseleaf type = 0
log file = $dir/log/\$name.log
admin socket = $dir/run/\$name.asok
pid file = $dir/run/\$name.pid
run dir = $dir/run
crash dir = $dir/run
# What is gathered in memory for a log that nobody reads costs a part of every operation.
debug ms = 0/0
debug osd = 0/0
debug rgw = 0/0
debug objclass = 0/0
debug objecter = 0/0
debug memstore = 0/0
debug bluestore = 0/0
debug bdev = 0/0
debug rocksdb = 0/0
debug monc = 0/0
debug auth = 0/0
debug optracker = 0/0
debug timer = 0/0
debug tp = 0/0
debug throttle = 0/0
debug finisher = 0/0
debug rados = 0/0
debug crush = 0/0
debug filer = 0/0
debug perfcounter = 0/0
debug heartbeatmap = 0/0
[mon]
mon data = $dir/mon
paxos propose interval = 0.02
paxos min wait = 0.01
mon data avail crit = 1
mon osd min up ratio = 0
mon osd min down reporters = 1
mon osd adjust heartbeat grace = false
[osd]
osd data = $dir/osd\$id
osd objectstore = $2
memstore device bytes = ${CEPH_BYTES:-4294967296}
bluestore block size = 4294967296
# The history of every operation, for a command that nobody gives.
osd enable op tracker = false
osd heartbeat interval = 2
osd heartbeat grace = 6
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:$1 tcp_nodelay=1
rgw thread pool size = 64
EOF
}

# Ceph is made for the allocator of gperftools, and its own packages are linked with it. Debian's depend on its library and are not.
preload=
for each in /usr/lib/*/libtcmalloc.so.4; do [ ! -e "$each" ] || preload=$each; done
allocating() { as env ${preload:+"LD_PRELOAD=$preload"} "$@"; }

daemon() { # NAME
    case $1 in
    mon.*) as ceph-mon -c "$conf" -i "${1#mon.}" ;;
    osd.*) allocating ceph-osd -c "$conf" -i "${1#osd.}" >> start.log 2>&1 ;;
    rgw) allocating radosgw -c "$conf" -n client.rgw.a >> start.log 2>&1 ;;
    *) fail "there is no daemon $1" ;;
    esac
}

pid_file() { # NAME
    case $1 in
    rgw) echo run/client.rgw.a.pid ;;
    *) echo "run/$1.pid" ;;
    esac
}

names() {
    for file in run/*.pid; do
        [ -e "$file" ] || continue
        name=$(basename "$file" .pid)
        [ "$name" != client.rgw.a ] || name=rgw
        echo "$name"
    done
}

end() { # SIGNAL NAME
    file=$(pid_file "$2")
    pid=$(cat "$file" 2> /dev/null || true)
    [ -n "$pid" ] && kill "-$1" "$pid" 2> /dev/null || return 0
    for _ in $(seq 200); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.05
    done
    kill -KILL "$pid" 2> /dev/null || true
    rm -f "$file"
}

await() { # PORT
    for _ in $(seq 600); do
        curl -sf -o /dev/null "http://127.0.0.1:$1/" && return
        sleep 0.05
    done
    fail "the gateway does not answer, see $dir/log"
}

case $what in
up)
    [ $# -ge 3 ] || fail "$usage"
    port=$3 store=${4:-memstore} osds=${5:-1}
    [ ! -e "$conf" ] || fail "there is one in $dir already"
    until_process "$here/$(basename "$0")" "$dir"
    as mkdir -p mon run log
    configure "$port" "$store" "$osds"
    as monmaptool --create --clobber --fsid "$(sed -n 's/^fsid = //p' "$conf")" --addv a "$(sed -n 's/^mon host = //p' "$conf")" "$dir/monmap" > /dev/null
    as ceph-mon -c "$conf" --mkfs -i a --monmap "$dir/monmap"
    daemon mon.a
    for i in $(seq 0 $((osds - 1))); do
        id=$(cat /proc/sys/kernel/random/uuid)
        as mkdir -p "osd$i"
        as ceph -c "$conf" osd new "$id" "$i" > /dev/null
        as ceph-osd -c "$conf" -i "$i" --mkfs --osd-uuid "$id" >> start.log 2>&1
        daemon "osd.$i"
    done
    daemon rgw
    await "$port"
    as radosgw-admin -c "$conf" user create --uid=opensdc --display-name=opensdc --access-key=opensdc --secret-key=opensdc-secret --max-buckets=0 > /dev/null 2>> start.log
    as radosgw-admin -c "$conf" user create --uid=guest --display-name=guest --access-key=guest --secret-key=guest-secret --max-buckets=-1 > /dev/null 2>> start.log
    echo "http://127.0.0.1:$port"
    ;;
down)
    for each in rgw $(names | grep osd || true) mon.a; do end TERM "$each"; done
    ;;
kill)
    for each in ${3:-$(names)}; do end KILL "$each"; done
    ;;
start)
    [ $# -ge 3 ] || fail "$usage"
    daemon "$3"
    [ "$3" != rgw ] || await "$(sed -n 's/.*endpoint=127.0.0.1:\([0-9]*\).*/\1/p' "$conf")"
    ;;
*)
    fail "unknown: $what"
    ;;
esac
