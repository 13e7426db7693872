# The Data view in a real terminal: a million rows, wide characters, window sizes, a step's form.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

open_screen 80 24 "$LATHE"
wait_for "5 Monitor"
keys :
# ---- a million rows ----
text 'v, w = {}, {} for i = 1, 1e6 do v[i] = i * 1.5 w[i] = i % 7 == 0 and "七" or "row" .. i end'
keys Enter
wait_for "v[i] = i * 1.5"
text 'y = {} for i = 1, 1e6 do y[i] = 1990 + i % 9 end'
keys Enter
wait_for "1990 + i % 9"
text 'show(lathe.table { { "half", v }, { "名前", w }, { "y", y } }, "million")'
keys Enter
sees "show puts a table into the Data view" "million  1,000,000 × 3"
wait_for "row 1 of 1,000,000"
keys Escape
unseen "Esc closes the console" "Esc close"
keys G
sees "G is the last row" "row 1,000,000 of 1,000,000"
sees "with its numbers grouped" "1,500,000.0"
sees "but years" "1991"
keys PPage
unseen "PgUp scrolls" "1,500,000.0"
keys g NPage
unseen "g and PgDn too" "row 1 of 1,000,000"
keys g Down Down Down Down Down Down Right Enter
sees "Enter shows the whole row" "million, row 7"
keys x
sees "what a key does is a line of Lua" '"million")'

# ---- sizes ----
mux resize-window -t lathe -x 20 -y 5
sees "a window that is too small says what it needs" "lathe needs a window"
mux resize-window -t lathe -x 1 -y 1
mux resize-window -t lathe -x 20 -y 5
sees "one by one does not break it" "lathe needs a window"
mux resize-window -t lathe -x 120 -y 40
sees "a larger window brings the frame back" "row 7 of 1,000,000"
keys C-p
sees "Ctrl-P finds commands" "Find a command or a step"
text 'drdu'
sees "by a few letters" "clean.drop_duplicates"
keys Enter
sees "a step opens its form" "compare these"
keys Escape
unseen "Esc leaves it" "compare these"

finish
