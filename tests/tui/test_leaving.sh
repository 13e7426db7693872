# Every way out of the workbench leaves the terminal as it was found; lines are remembered and kept.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

# ---- leaving ----
open_screen 80 24 "$LATHE"
wait_for "5 Monitor"
text ":1+1"
keys Enter
wait_for "> 1+1"
keys Escape
unseen "Esc closes the console" "Esc close"
keys q
until_true there gone
sees "q leaves" "status 0"
is "the terminal's modes are as they were found" "$(cat after)" "$(cat before)"
unseen "the other screen is left" "5 Monitor"
has "the history is kept" state/lathe/history "1+1"
rm -f gone after

open_screen 80 24 "$LATHE"
wait_for "5 Monitor"
keys : Up
until_true typed "1+1"
is "and is there the next time" "$(input)" "1+1"
keys C-u
text ':write kept.lua'
keys Enter
sees "an empty session is kept as well" "0 lines are in kept.lua"
keys Escape

# ---- the ways out that nobody wants ----
for signal in SEGV TERM HUP; do
  rm -f gone after
  open_screen 80 24 "$LATHE"
  wait_for "5 Monitor"
  text ":"
  text 'io.stderr:write("parked words\n")'
  keys Enter
  wait_for "parked words"
  pid=$(program_of_pane)
  kill -$signal "$pid"
  until_true there gone
  is "SIG$signal: the terminal's modes are as they were found" "$(cat after)" "$(cat before)"
  unseen "SIG$signal: the other screen is left" "5 Monitor"
  until_true printed "parked words"
  if printed "parked words"; then
    pass "SIG$signal: what was written to standard error is printed"
  else
    fail "SIG$signal: what was written to standard error is printed" "$(picture)"
  fi
done

rm -f gone after
open_screen 80 24 NO_COLOR=1 "$LATHE"
wait_for "5 Monitor"
if mux capture-pane -p -e -t lathe | grep -qE "$(printf '\033')\[([0-9;]*;)?([34][0-8]|9[0-7])[;m]"; then
  fail "NO_COLOR: no colours"
else
  pass "NO_COLOR: no colours"
fi
keys q
until_true there gone

open_screen 80 24 TERM=no-such-terminal "$LATHE"
sees "an unknown terminal is refused with a sentence" 'the terminal type "no-such-terminal" cannot be drawn on'
finish
