# TAP for tests of the command line: sourced by them. Gives a folder of its own that goes away, and
#   run WORD...         run it; afterwards $status, and the files $out and $err
#   is SENTENCE A B     the texts A and B are equal
#   has SENTENCE FILE TEXT / lacks ...   TEXT (plain) stands in FILE
#   status SENTENCE N   the last run ended with exit status N
#   skip SENTENCE WHY, finish
count=0
failed=0
folder=$(mktemp -d "${TMPDIR:-/tmp}/lathe-cli-XXXXXX") || exit 1
trap 'cd / && rm -rf "$folder"' EXIT
cd "$folder" || exit 1
out=$folder/.out
err=$folder/.err

pass() {
  count=$((count + 1))
  echo "ok $count - $1"
}

fail() {
  count=$((count + 1))
  failed=$((failed + 1))
  echo "not ok $count - $1"
  shift
  for line in "$@"; do printf '%s\n' "$line" | sed 's/^/# /'; done
}

run() {
  "$@" >"$out" 2>"$err" </dev/null
  status=$?
}

is() {
  if [ "$2" = "$3" ]; then pass "$1"; else fail "$1" "got:  $2" "want: $3"; fi
}

has() {
  if grep -qF -- "$3" "$2"; then pass "$1"; else fail "$1" "want: $3" "in:" "$(cat "$2")"; fi
}

lacks() {
  if grep -qF -- "$3" "$2"; then fail "$1" "unwanted: $3" "in:" "$(cat "$2")"; else pass "$1"; fi
}

status() {
  if [ "$status" -eq "$2" ]; then pass "$1"; else fail "$1" "exit status $status, not $2" "$(cat "$err")"; fi
}

skip() {
  count=$((count + 1))
  echo "ok $count - $1 # SKIP $2"
}

finish() {
  echo "1..$count"
  [ "$failed" -eq 0 ]
  exit
}
