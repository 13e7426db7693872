#!/bin/sh
# The example of tables: read, look, clean, filter, derive, group, join, pivot, write.
. "$LATHE_TOP/tests/cli/tap.sh"

run "$LATHE" run "$LATHE_TOP/share/examples/birdstrikes/flow.lua"
status "the flow runs" 0
has "rows that repeat others are left out" "$err" "unique: left out 24 of 10,000 rows"
has "those with codes that nobody explains, too" "$err" "known: 9,961 of 9,976 rows stay"
has "the join finds each state" "$err" "50 and 29 rows gave 50; without a partner: 0 on the left, 0 on the right"
is "no row was rejected" "$(cat birdstrikes/rejects.csv)" "offset,line,column,text,reason"
is "the dearest animal is first" "$(head -1 birdstrikes/animals.jsonl | cut -d, -f1,2)" '{"species":"Canada goose","size":"Large"'
is "an airport has its part of the state's strikes" "$(sed -n 2p birdstrikes/airports.csv)" \
  "BARKSDALE AIR FORCE BASE ARPT,Louisiana,425,608,0.699"
is "phases have a column for each size" "$(head -1 birdstrikes/phases.csv)" "phase,Large,Medium,Small"
is "the database has the rows" "$("$LATHE" eval 'lathe.read("birdstrikes/strikes.db"):rows()')" 9961
has "the page is one of HTML" birdstrikes/profile.html "<!DOCTYPE html>"

run "$LATHE" run "$LATHE_TOP/share/examples/birdstrikes/flow.lua"
has "nothing is made again" "$out" "21 steps"
has "when nothing changed" "$out" "reused"
finish
