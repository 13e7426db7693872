# How far long work is, on the last line of a terminal; nothing where there is none.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

cat >count.lua <<'END'
local core = require "lathe.core"
local C, progress = core.C, core.progress()
C.lathe_progress_begin(progress, "count the trees", 100)
C.lathe_progress_add(progress, 50)
while not io.open "go" do C.lathe_progress_wait(nil, 0.02, nil) end
if arg[1] == "fail" then error("there are no trees", 0) end
C.lathe_progress_end(progress)
print "counted"
END

open_screen 60 10 "$LATHE" script count.lua
sees "long work is on the last line, with how far it is" "count the trees  50 %"
touch go
sees "what is printed behind it" "counted"
unseen "has a line of its own" "count the trees"
rm go

open_screen 60 10 "$LATHE" script count.lua fail
wait_for "count the trees  50 %"
touch go
sees "what goes wrong is said" "lathe: there are no trees"
unseen "on a line of its own as well" "count the trees"
rm go

open_screen 60 10 "(sleep 1.5; touch go) & $LATHE script count.lua 2>err"
wait_for "counted"
is "where standard error is a file nothing is shown" "$(cat err)" ""
finish
