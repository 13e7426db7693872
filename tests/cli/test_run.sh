#!/bin/sh
# lathe run, runs, models and step as a user calls them, on steps that lathe ships.
. "$LATHE_TOP/tests/cli/tap.sh"

cat >data.csv <<'END'
price,rooms,place
100,3,north
120,,north
100,3,north
90,2,south
END
cat >flow.lua <<'END'
local flow = lathe.flow "small"
flow.raw  = flow:step "ingest.read"           { path = "data.csv" }
flow.tidy = flow:step "clean.drop_duplicates" { flow.raw, keep = "first" }
flow.full = flow:step "clean.drop_missing"    { flow.tidy, columns = { "rooms" } }
flow.look = flow:step "look.profile"          { flow.full }
return flow
END

run "$LATHE" run flow.lua
status "a flow runs" 0
has "the summary says how many steps" "$out" "4 steps in"
is "without a terminal standard error is for trouble only" "$(grep -v 'left out' "$err")" ""
run "$LATHE" run flow.lua
has "run again, all is reused" "$out" "all reused"
run "$LATHE" run flow.lua --set tidy.keep=last
has "a changed parameter runs the step and what follows" "$out" "2 reused"
run "$LATHE" run flow.lua --fresh
lacks "--fresh reuses nothing" "$out" "reused"
run "$LATHE" run flow.lua --only tidy
has "--only runs what a node needs" "$out" "2 steps"
run "$LATHE" run flow.lua --json
has "--json gives the record" "$out" '"state": "done"'
if command -v python3 >/dev/null; then
  python3 -c 'import json; r = json.load(open(".out")); assert r["reused"] == 4 and len(r["nodes"]) == 4' 2>"$err"
  is "which is JSON" "$(cat "$err")" ""
fi

# Another project folder, and a flow that lies elsewhere
mkdir there
run "$LATHE" run flow.lua --project there/deep
status "--project keeps results elsewhere" 0
if [ -d there/deep/.lathe/objects ]; then pass "and makes the folder"; else fail "no there/deep/.lathe"; fi
cd there || exit 1
run "$LATHE" run ../flow.lua
status "a file is looked for beside the flow too" 0
cd ..

# Wrong calls
run "$LATHE" run
status "run without a flow is a wrong call" 2
run "$LATHE" run nope.lua
status "so is a flow that is not there" 2
has "which is said" "$err" "there is no flow file nope.lua"
run "$LATHE" run there
status "so is a folder" 2
run "$LATHE" run flow.lua --set tidy.kep=last
status "so is an unknown parameter" 2
has "it is answered with the nearest" "$err" 'tidy (clean.drop_duplicates) has no parameter "kep"; did you mean "keep"?'
run "$LATHE" run flow.lua --set tdy.keep=last
has "so is an unknown node" "$err" 'there is no node "tdy" in the flow; did you mean "tidy"?'
run "$LATHE" run flow.lua --set tidy.keep=lst
has "so is an unknown choice" "$err" 'keep is "first" or "last", not "lst"; did you mean "last"?'
run "$LATHE" run flow.lua --set tidy
status "so is a --set that sets nothing" 2
run "$LATHE" run flow.lua --only tdy
status "so is an unknown node for --only" 2

# Flows that cannot run
printf 'local flow = lathe.flow "x"\nflow.raw = flow:step "ingest.raed" { path = "data.csv" }\nflow.b = flow:step "ingest.read" { path = "dta.csv" }\nreturn flow\n' >bad.lua
run "$LATHE" run bad.lua
status "a flow that cannot run fails" 1
has "each problem has file, line and node" "$err" 'bad.lua:2: raw: there is no step "ingest.raed"; did you mean "ingest.read"?'
has "all problems are told at once" "$err" "bad.lua:3: b: ingest.read: path: there is no file dta.csv"
printf 'return 3\n' >three.lua
run "$LATHE" run three.lua
has "a file that is no flow says how one ends" "$err" 'end it with `return flow`'
printf 'local flow = lathe.flow "x"\nflw.raw = 1\n' >typo.lua
run "$LATHE" run typo.lua
has "an unknown name has file and line" "$err" 'typo.lua:2: there is no global "flw"'
printf 'syntax error' >syntax.lua
run "$LATHE" run syntax.lua
status "a syntax error fails" 1
has "with file and line" "$err" "syntax.lua:1:"
sed 's/rooms" }/roms" }/' flow.lua >column.lua
run "$LATHE" run column.lua
status "an unknown column fails" 1
has "and is answered with the nearest" "$err" 'full (clean.drop_missing): there is no column "roms"; did you mean "rooms"?'
mkdir shut
if [ "$(id -u)" != 0 ]; then
  chmod a-w shut
  run "$LATHE" run flow.lua --project shut
  status "a folder that cannot be written fails" 1
  chmod u+w shut
else
  : >shut/.lathe
  run "$LATHE" run flow.lua --project shut
  status "a project folder that cannot be made fails" 1
  has "and is said" "$err" "shut/.lathe"
fi

# runs and models
run "$LATHE" runs
status "lathe runs lists them" 0
has "with their flow" "$out" "small"
has "and their state" "$out" "failed"
run "$LATHE" runs last
has "one run tells its nodes" "$out" "clean.drop_missing"
run "$LATHE" runs --last 0
status "the last none of the runs is a wrong call" 2
run "$LATHE" runs nope
status "an unknown run is a wrong call" 2
run "$LATHE" runs --json
has "runs are JSON too" "$out" '"flow": "small"'
run "$LATHE" models
has "a project without models says so" "$out" "no run in this project made a model yet"
cd there || exit 1
mkdir empty
cd empty || exit 1
run "$LATHE" runs
status "a folder without a project fails" 1
has "and says what to do" "$err" "run a flow first"
cd "$folder" || exit 1

# Two projects merge by copying files; two runs at once do not harm each other
mkdir left right
"$LATHE" run flow.lua --project left >/dev/null 2>&1
"$LATHE" run flow.lua --project right --set tidy.keep=last >/dev/null 2>&1
cp -Rn left/.lathe right/ 2>/dev/null
run "$LATHE" run flow.lua --project right
has "a project knows what was copied into it" "$out" "all reused"
mkdir both
for number in 1 2 3; do "$LATHE" run flow.lua --project both >"out$number" 2>&1 & done
wait
is "runs at once all succeed" "$(grep -c '4 steps in' out1 out2 out3 | tr '\n' ' ')" "out1:1 out2:1 out3:1 "
run "$LATHE" run flow.lua --project both
has "and what they kept is whole" "$out" "all reused"
is "nothing is left behind" "$(ls both/.lathe/tmp)" ""

# Ctrl-C and SIGTERM stop a loop in a step; what was done is kept, what was deferred is done
mkdir plugins
cat >plugins/slow.lua <<'END'
return { name = "slow", api = 1, doc = "Slow.", steps = {
  loop = { doc = "Loop.", inputs = { table = "table" }, run = function(_, _, context)
    context.defer(function() print "deferred" end)
    print "looping"
    io.stdout:flush()
    local x = 0
    while true do x = x + 1 end
  end },
} }
END
printf 'local flow = lathe.flow "slow"\nflow.raw = flow:step "ingest.read" { path = "data.csv" }\nflow.slow = flow:step "slow.loop" { flow.raw }\nreturn flow\n' >slow.lua
for signal in INT TERM; do
  : >"$out"
  "$LATHE" run slow.lua >"$out" 2>"$err" &
  pid=$!
  until grep -q looping "$out" || ! kill -0 "$pid" 2>/dev/null; do :; done
  kill -"$signal" "$pid"
  wait "$pid"
  status=$?
  [ "$signal" = INT ] && want=130 || want=143
  status "SIG$signal ends a run with $want" $want
  has "SIG$signal: what was deferred is done" "$out" "deferred"
  has "SIG$signal: what is kept is said" "$err" "1 of 2 steps are kept"
done
run "$LATHE" runs last
has "the record says it was interrupted" "$out" "interrupted"

# A disk that takes no more: one sentence, nothing half-written
mkdir full
(
  trap '' XFSZ
  ulimit -f 1
  exec "$LATHE" run flow.lua --project full >/dev/null 2>"$err"
)
status=$?
status "a full disk fails the run" 1
has "with a sentence" "$err" "cannot write"
is "and leaves nothing half-written" "$(ls full/.lathe/tmp 2>/dev/null; find full -name '*.tmp')" ""
run "$LATHE" run flow.lua --project full
status "with room again the run goes on" 0

# One step by itself
run "$LATHE" step clean.drop_missing data.csv --columns rooms --output out.csv
status "one step runs on a file" 0
is "and writes what it gives" "$(cat out.csv)" "price,rooms,place
100,3,north
100,3,north
90,2,south"
run "$LATHE" step clean.drop_missing data.csv --colums rooms
status "an unknown option is a wrong call" 2
has "and is answered with the nearest" "$err" 'did you mean "columns"?'
run "$LATHE" step clean.drop_missing nope.csv
status "a file that is not there fails" 1
run "$LATHE" step look.profile data.csv --json
has "a report is JSON when asked for" "$out" '"blocks"'
run "$LATHE" step clean.drop_missing --help
has "a step has its help" "$out" "flow:step \"clean.drop_missing\" { flow.table }"
finish
