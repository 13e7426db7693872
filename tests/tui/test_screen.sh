# The workbench in a real terminal: views, keys, the console, and stopping what runs.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

"$LATHE" >/dev/null 2>"$err" </dev/null
is "without a terminal it is a wrong call" $? 2
has "and says so" "$err" "needs a terminal"

# ---- a folder without a flow ----
open_screen 80 24 "$LATHE"
sees "a folder without a flow has a welcome" "There is no flow.lua in this folder yet."
sees "the tabs are there" "1 Flow  2 Data  3 Report  4 Models  5 Monitor"
keys '?'
sees "? shows the keys" "find any command or step by a few letters"
keys x
unseen "and a key takes them away" "find any command or step"
keys 2
sees "2 is the Data view" "No table yet."
keys 5
sees "5 is the Monitor view" "Nothing is served now."

# ---- the console ----
keys :
wait_for "Esc close"
text '1+1'
keys Enter
sees "the console evaluates" "> 1+1"
sees "and prints the value" " 2"
text 'error "a sentence"'
keys Enter
sees "an error is a line, and the program goes on" "a sentence"
text 'lathe.verion'
keys Enter
sees "a wrong name is answered" "lathe.verion does not exist"
keys Up Up Up
until_true typed "1+1"
is "history gives the line typed before" "$(input)" "1+1"
keys C-u
text 'io.write("writ", "ten\n")'
keys Enter
sees "what a line writes lands in the console" "written"
text 'lathe.vers'
keys Tab
sees "Tab completes" "lathe.version"
keys C-u
text 'string.re'
keys Tab
sees "several choices are shown" "rep  reverse"
keys C-u
text '"名前" .. "é"'
keys Enter
sees "wide characters come in and out" "名前é"

# ---- stopping ----
text 'while true do end'
keys Enter
sees "a running line says how to stop it" "Esc stop"
keys Escape
sees "Esc stops a loop without end" "stopped"
text 'collectgarbage("count") > 0'
keys Enter
sees "and the console goes on" "true"

finish
