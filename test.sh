#!/bin/sh
# Installs what the tests need and this machine lacks, builds Release with zero warnings, runs every test project,
# and ends with one line: N passed, N failed. Its exit code is 0 only where nothing failed.
# With CI=true a skipped test counts as failed.
set -u
cd "$(dirname "$0")" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

# Commands that the tests run, each with the Debian package that brings it.
needed='curl:curl bash:bash python3:python3 mount:mount kill:procps cc:gcc nginx:nginx-light chromium:chromium systemd-analyze:systemd setpriv:util-linux mandoc:mandoc tmux:tmux zsh:zsh fish:fish node:nodejs npm:npm ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw ceph:ceph-common monmaptool:ceph-base'

stop() {
    echo "test.sh: $1" >&2
    echo '0 passed, 1 failed'
    exit 1
}

packages=''
for each in $needed; do
    command -v "${each%%:*}" > /dev/null || packages="$packages ${each##*:}"
done
# The fault tests compile a library against libc's headers, which the compiler does not bring.
[ -e /usr/include/stdio.h ] || packages="$packages libc6-dev"
# The native program is linked with it.
[ -e /usr/include/zlib.h ] || packages="$packages zlib1g-dev"
# PostgreSQL's programs lie in a folder of their own version, not on the path.
ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || command -v postgres > /dev/null || packages="$packages postgresql"
if [ -n "$packages" ]; then
    [ "$(id -u)" = 0 ] || stop "these packages are missing, and only root can install them:$packages"
    # shellcheck disable=SC2086
    apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages \
        || stop "apt-get could not install:$packages"
fi

# TypeScript, which checks the types of the page.
(cd eng/page && npm ci --no-audit --no-fund --loglevel=error) || stop 'npm could not install what checks the page.'

command -v dotnet > /dev/null || stop 'the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0'
dotnet --list-sdks | grep -q '^10\.' || stop "the .NET 10 SDK is missing; found only: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')"

dotnet build OpenSdc.slnx -c Release -warnaserror || stop 'the build failed or has warnings.'

# The same program, compiled ahead of time: a test goes through it. The analysis of the whole program tells what a build does not, as a warning, which is an error.
export OPENSDC_NATIVE="$PWD/artifacts/native/sdc"
rm -rf artifacts/native
dotnet publish src/OpenSdc.Cli -c Release --use-current-runtime -p:PublishAot=true -o artifacts/native -v quiet || stop 'the native program cannot be built, or has warnings.'

# The packages of "dotnet tool", which hold the same program: it is not compiled again.
export OPENSDC_TOOL_PACKAGES="$PWD/artifacts/tool"
rm -rf artifacts/tool
eng/tool.sh artifacts/tool || stop 'the packages of the tool cannot be made.'

# A real OpenID provider, for the tests of signing in.
export OPENSDC_OIDC="$PWD/artifacts/oidc"
[ -d "$OPENSDC_OIDC/node_modules/oidc-provider" ] || npm install --prefix "$OPENSDC_OIDC" --no-audit --no-fund --silent oidc-provider@8.8.1 || stop 'npm could not install oidc-provider.'

passed=0 failed=0 skipped=0
log=$(mktemp) && faults=$(mktemp) || exit 1
trap 'rm -f "$log" "$faults"' EXIT

# The number that a summary gives for a word, e.g. "  succeeded: 12"; empty where there is no such line.
count() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -n 1; }

for project in tests/*Tests; do
    name=$(basename "$project")
    echo "== $name"
    # No project takes half as long; a test that hangs is a failure, and not a run without an end.
    { timeout -k 60 25m "$project/bin/Release/net10.0/$name" --no-progress --no-ansi 2>&1; echo "exit code: $?"; } | tee "$log"
    good=$(count succeeded) bad=$(count failed) left_out=$(count skipped)
    # A run that ended badly without saying that a test failed (a crash, no tests found) is one failure.
    [ "$(count 'exit code')" = 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
    # What failed and why, to stand at the end: nobody finds it among thousands of lines.
    awk '/^failed /{ left = 30 } /^(passed|skipped|Test run summary)/{ left = 0 } left-- > 0' "$log" >> "$faults"
    passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1})) skipped=$((skipped + ${left_out:-0}))
done

cut -c 1-2000 "$faults"
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
[ "${CI:-}" != true ] || failed=$((failed + skipped))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
