# A large file in the Data view: seen at once, scrolled while it is read; sorting, frequencies and the way back by keys.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

# 900,000 rows, 20 MB.
awk 'BEGIN {
  print "id,city,amount,late"
  for (i = 1; i <= 900000; i++) printf "%d,city%d,%d.25,%s\n", i, i % 3, (i * 7919) % 10007, i < 800000 ? i % 10 : "word"
}' >large.csv

open_screen 90 24 "$LATHE" large.csv
sees "a large file is on the screen" "large.csv"
sees "and read behind it" "large.csv  900,000 × 4"
keys G
sees "its last row is there" "row 900,000 of 900,000"
keys g Right Right s
sees "s sorts by the column of the cursor" "by amount ↑  9"
sees "which is a line of Lua" 'show(data:sort "amount"'
keys s
sees "s again sorts downwards" "by amount ↓  9"
sees "and the largest is first" "10,006.25"
keys u
sees "u goes back" "by amount ↑  9"
keys Left f
sees "f counts the values of a column" "values of city"
sees "each with how often it comes" "300,000"
keys u
wait_for "by amount ↑  9"
keys /
sees "/ begins a filter with the name of the column" 'show(data:filter "city '
text "== 'city1' and amount > 10000"
keys Enter
kept=$(awk -F, '$2 == "city1" && $3 > 10000' large.csv | wc -l)
sees "and keeps the rows for which it holds" "row 1 of $kept"
keys q
close_screens

# Larger than there is memory for (told by a limit): shown, never read.
open_screen 90 24 env LATHE_MEMORY=1000000 "$LATHE" large.csv
sees "a file larger than the memory is shown without being read" "without being read"
wait_for "900,000 × 4"
keys G
sees "all of it can be looked at" "row 900,000 of 900,000"
sees "and a column that turns to text far behind is text" "word"
keys p
sees "what needs all of it in memory says so" "because it may need"
finish
