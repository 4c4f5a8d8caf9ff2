#!/usr/bin/env bash
# Releases 100 000 files of a filled catalogue beside uploads and look-ups, and compares pages of the public with those of the team; README.md beside this file says what the lines mean.
#   bench/load/release.sh
# Settings, from the environment:
#   ROWS=400000 COUNT=100000   rows of the catalogue, and how many of them are released
#   CATALOGUE="Host=…"         an empty PostgreSQL database instead of SQLite
#   BUILD=no                   the program is built already
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
[ "${BUILD:-}" = no ] || dotnet build "$here/OpenSdc.Load" -c Release -v q
if [ -n "${CATALOGUE:-}" ]; then place=(--catalogue "$CATALOGUE"); else place=(--data "$work"); fi
"$here/OpenSdc.Load/bin/Release/net10.0/OpenSdc.Load" release "${place[@]}" --rows "${ROWS:-400000}" --count "${COUNT:-100000}" | awk '
    { print }
    /^released/ { split($3, s, "="); split($5, p, "="); if (s[2] > 60) bad = bad " release over 60 s;"; if (p[2] > 250) bad = bad " p99 over 250 ms;" }
    /^pages/ { split($2, r, "="); if (r[2] < 0.9) bad = bad " pages of the public under 0.9;" }
    END { if (bad) { print "FAILED:" bad; exit 1 } }'
