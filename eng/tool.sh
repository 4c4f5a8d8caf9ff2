#!/bin/sh
# Makes the packages of `dotnet tool install opensdc` that this machine can make: eng/tool.sh OUTPUT_FOLDER
# One holds the native program of this platform; the other one names the packages of all platforms, and is what is installed. A native program
# is compiled on its own platform, so that the others come from machines of theirs.
set -eu
[ $# = 1 ] || { echo 'usage: tool.sh OUTPUT_FOLDER' >&2; exit 2; }
mkdir -p "$1"
output=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
dotnet pack src/OpenSdc.Cli -c Release --use-current-runtime -p:PublishAot=true -o "$output" -v quiet
dotnet pack src/OpenSdc.Cli -c Release -p:PublishAot=true -o "$output" -v quiet
