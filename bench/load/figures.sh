# What the scripts beside this file say and compute; each reads it with ". figures.sh".
say() { printf '%s\n' "$*" >&2; }
fail() { say "FAILED: $*"; exit 1; }
# calc EXPRESSION [DIGITS]
calc() { awk "BEGIN { printf \"%.${2:-2}f\", $1 }"; }
median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# field NAME LINE: the number behind NAME= in the line
field() { sed -n "s/.*\\b$1=\\([0-9.]*\\).*/\\1/p" <<< "$2"; }
# holds CONDITION: yes or NO
holds() { awk "BEGIN { print ($1) ? \"yes\" : \"NO\" }"; }
