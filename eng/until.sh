# Read by the scripts beside it that start servers, each with its own folder as the current one.
# With OPENSDC_UNTIL=PID in the environment `until_process SCRIPT DIR` sees to it that the servers end by `SCRIPT kill DIR`, and DIR goes, when that
# process ends, however it does. It is done by a process of its own: whoever is killed with its children leaves this one.
until_process() {
    [ -n "${OPENSDC_UNTIL:-}" ] && [ ! -e watched ] || return 0
    touch watched
    setsid sh -c 'while kill -0 "$1"; do sleep 1; done; [ ! -e "$3/watched" ] || { "$2" kill "$3"; rm -rf "$3"; }' sh "$OPENSDC_UNTIL" "$1" "$2" < /dev/null > /dev/null 2>&1 &
}
