#!/bin/sh
# Attacks an archive with access control by sqlmap and wapiti (on Debian: apt-get install sqlmap wapiti), on 127.0.0.1 only.
# It runs itself in a network namespace that has loopback alone, so that no tool can reach anything else; that needs root.
#
#   eng/attack.sh OUT [SECONDS]
#
# It starts the built program (src/OpenSdc.Cli/bin/Release/net10.0/sdc) on a folder of its own, with a key of the scope admin and a few files, half of them released, and has each tool try
# every route and parameter, with the key and without. What they say is in OUT: sqlmap-N.txt for each request that sqlmap was given, wapiti.json, server.log. Each call of sqlmap has SECONDS (120), and
# wapiti four times as many. Its modules ssrf and xxe are left out: they ask a server of their makers.
#
# Exit code 0: neither found anything, and the archive answered no 5xx; 1: one of these, named on standard output; 2: it could not be tried, such as where sqlmap could not connect.
set -eu

fail() { echo "eng/attack.sh: $1" >&2; exit 2; }

[ $# -ge 1 ] || fail "usage: OUT [SECONDS]"
mkdir -p "$1"
out=$(cd "$1" && pwd)
seconds=${2:-120}
sdc=$(cd "$(dirname "$0")/.." && pwd)/src/OpenSdc.Cli/bin/Release/net10.0/sdc
[ -x "$sdc" ] || fail "build the solution first: dotnet build -c Release"
for tool in sqlmap wapiti curl unshare ip; do command -v "$tool" > /dev/null || fail "$tool is not installed"; done

# A new namespace has no link that is up, also not loopback.
if ip -o link show up | grep -qv '^[0-9]*: lo:'; then
    [ -z "${OPENSDC_ATTACK_ALONE:-}" ] || fail "the network namespace has more than loopback"
    unshare --net true 2> /dev/null || fail "a network namespace with loopback alone cannot be made here; run it as root on a system that allows that"
    OPENSDC_ATTACK_ALONE=1 exec unshare --net sh "$0" "$@"
fi
ip link set lo up || fail "loopback cannot be set up"

data=$out/data
rm -rf "$data" "$out"/sqlmap-*.txt "$out/wapiti.json" "$out/home"
mkdir -p "$out/home"
export HOME="$out/home"
key=$("$sdc" keys add --admin --data "$data" 2> /dev/null)
"$sdc" serve --urls http://127.0.0.1:0 --data "$data" --log-format json --access-log on > "$out/server.log" 2>&1 &
server=$!
trap 'kill "$server" 2> /dev/null; wait "$server" 2> /dev/null || true' EXIT
tries=0
until address=$(sed -n 's/.*OpenSDC listens on \(http:[^"]*\)".*/\1/p' "$out/server.log" | head -n 1) && [ -n "$address" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "the archive does not start; see $out/server.log"
    sleep 0.1
done

for day in 01 02 03 04; do
    name=imap_swe_l1a_sci_202601${day}_v001.cdf
    url=$(curl -sf -H "x-api-key: $key" "$address/upload/$name" | tr -d '"')
    echo "bytes of $name" | curl -sf -o /dev/null -T - "$url"
done
curl -sf -o /dev/null -H "x-api-key: $key" -X POST "$address/release?start_date=20260103"
file=imap_swe_l1a_sci_20260103_v001.cdf
id=$(curl -sf -H "x-api-key: $key" "$address/keys" | sed 's/.*"id":"\([^"]*\)".*/\1/')
signed=$(curl -s -o /dev/null -w '%{redirect_url}' -H "x-api-key: $key" "$address/download/$file")

# One request a line: method, address; the rest of a line is the body.
cat > "$out/requests.txt" << END
GET $address/query?instrument=swe&data_level=l1a&descriptor=sci&start_date=20260101&end_date=20260104&version=v001&extension=cdf&latest=true&sort=-version&limit=2
GET $address/query?filename=$file&since_seq=0&as_of=4&ingestion_start_date=20200101&format=ndjson&fields=file_path
GET $address/coverage?instrument=swe&bin=day&start_date=20260101
GET $address/facets?instrument=swe&start_date=20260101
GET $address/download/$file*
GET $address/upload/imap_swe_l1a_sci_20260105_v001.cdf*
GET $signed
GET $address/audit?action=upload&caller=key:1&target=$file&since=2026-01-01&before=2999-01-01&after=0&limit=3
GET $address/uploads/$id*
GET $address/release?release_type=release&manifest_file=nothing.csv
POST $address/query {"filename":["$file"]}
POST $address/withdraw filename=nothing.cdf&reason=none&superseded_by=$file
POST $address/purge filename=nothing.cdf&token=0
POST $address/keys {"owner":"sqlmap","scopes":["read"],"expires":"2030-01-01"}
POST $address/uploads {"filename":"imap_swe_l1a_sci_20260106_v001.cdf","size":3}
END

found=0
number=0
while read -r method address_of body; do
    for credentials in "x-api-key: $key" "x-nothing: none"; do
        number=$((number + 1))
        report=$out/sqlmap-$number.txt
        echo "$method $address_of ($([ "${credentials%%:*}" = x-api-key ] && echo with the key || echo without))" | sed "s|$address||; s|signature=[^&]*|signature=…|"
        set -- -u "$address_of" --method "$method" -H "$credentials" --batch --flush-session --disable-coloring --level 2 --risk 2 --technique BEUST --time-sec 2 --threads 2 --timeout 20 --retries 0 \
            --ignore-code "*" --ignore-redirects --output-dir "$out/home/sqlmap"
        [ -z "$body" ] || set -- "$@" --data "$body"
        timeout "$seconds" sqlmap "$@" < /dev/null > "$report" 2>&1 || true
        ! grep -qi "unable to connect\|unable to continue" "$report" || fail "sqlmap did not try this request; see $report"
        if grep -q "identified the following injection point\|is vulnerable" "$report"; then
            echo "  sqlmap says that something can be injected: $report"
            found=1
        fi
    done
done < "$out/requests.txt"

timeout $((seconds * 5)) wapiti -u "$address/" --scope domain -H "x-api-key: $key" -f json -o "$out/wapiti.json" --flush-session --max-scan-time $((seconds * 4)) --max-attack-time "$seconds" -d 3 -v 1 --no-bugreport \
    -m sql,blindsql,exec,file,xss,permanentxss,redirect,crlf,shellshock,backup,htaccess,methods \
    $(sed -n 's/^GET \([^*]*\)\*\{0,1\}$/-s \1/p' "$out/requests.txt") > "$out/wapiti.txt" 2>&1 || echo "  wapiti did not come to its end; see $out/wapiti.txt"
if [ -s "$out/wapiti.json" ]; then
    grep -o '"nbVulns": *[0-9]*' "$out/wapiti.json" || true
    grep -q '"method":' "$out/wapiti.json" && { echo "  wapiti lists something: $out/wapiti.json"; found=1; }
fi

errors=$(grep -c '"Status":5[0-9][0-9]' "$out/server.log" || true)
echo "requests in the log: $(grep -c '"Method"' "$out/server.log"), of them answered 5xx: $errors"
[ "$errors" = 0 ] || found=1
exit "$found"
