#!/bin/sh
# kill -9 at random moments: the next run always completes, with the same bytes. LATHE_KILLS says how often (20).
. "$LATHE_TOP/tests/cli/tap.sh"

kills=${LATHE_KILLS:-20}
flow=$LATHE_TOP/share/examples/house-prices/flow.lua
if [ -e "$flow" ] && [ -e "$LATHE_TOP/plugins/deploy.lua" ]; then
  made="house-prices/house.lathe"
else
  skip "kill -9 at random moments" "the main job is not there"
  finish
fi

# The bytes to come to, and how long an undisturbed run takes in milliseconds
mkdir whole broken
begun=$(date +%s%N)
run "$LATHE" run "$flow" --project whole
took=$((($(date +%s%N) - begun) / 1000000))
status "the main job runs undisturbed" 0
want=$(cd whole && sha256sum house-prices/* 2>/dev/null)

random=20260722
completed=0
interrupted=0
# Begin a run and kill it after a time from a seeded sequence.
kill_one() {
  random=$(((random * 1103515245 + 12345) % 2147483648))
  delay=$((random / 65536 * (took + 20) / 32768))
  setsid "$LATHE" run "$flow" --project broken >/dev/null 2>&1 &
  pid=$!
  sleep "$(printf '%d.%03d' $((delay / 1000)) $((delay % 1000)))"
  kill -9 "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  [ $? -eq 137 ] && interrupted=$((interrupted + 1)) # not one that had ended before
}

for number in $(seq "$kills"); do
  # Every other time from nothing, otherwise from what the runs before left; now and then killed twice in a row.
  [ $((number % 2)) -eq 1 ] && rm -rf broken && mkdir broken
  [ $((number % 5)) -eq 0 ] && kill_one
  kill_one
  run "$LATHE" run "$flow" --project broken
  found=$(cd broken && sha256sum house-prices/* 2>/dev/null)
  if [ "$status" -eq 0 ] && [ "$found" = "$want" ] && [ -e "broken/$made" ]; then
    completed=$((completed + 1))
  else
    fail "the run after kill $number (after $delay ms) completes with the same bytes" "status $status" "$(cat "$err")" "$found"
  fi
done
is "each run after a kill completes with the same bytes" "$completed" "$kills"
if [ "$interrupted" -gt 0 ]; then pass "some runs were killed on their way"; else fail "no run was killed on its way"; fi
run "$LATHE" run "$flow" --project broken
is "nothing is left behind" "$(ls broken/.lathe/tmp; find broken -name '*.tmp')" ""

# A run that is known to be on its way
mkdir late
setsid "$LATHE" run "$flow" --project late >/dev/null 2>&1 &
pid=$!
until cat late/.lathe/runs/*/journal.jsonl 2>/dev/null | grep -q '"start"' || ! kill -0 "$pid" 2>/dev/null; do :; done
kill -9 "$pid"
wait "$pid" 2>/dev/null
run "$LATHE" runs --project late
has "a killed run is listed as interrupted" "$out" "interrupted"
run "$LATHE" runs last --project late
has "and its record tells what was done" "$out" "ingest.read"
finish
