#!/bin/sh
# Flows, plugins, projects and disks that cannot do.
. "$LATHE_TOP/tests/cli/tap.sh"

{
  echo x,k,y
  for row in $(seq 40); do echo "$row,$(echo abc | cut -c $((row % 3 + 1))),$((row * 2 + row * row % 7))"; done
} >data.csv

# flow STATUS TEXT SENTENCE: the flow on standard input ends so, and says TEXT.
flow() {
  cat >flow.lua
  run "$LATHE" run flow.lua
  if [ "$status" -eq "$1" ] && grep -qF -- "$2" "$err" && ! grep -qE 'traceback|lua/lathe/|table: 0x' "$err"; then pass "$3"
  else fail "$3" "exit status $status, not $1; want: $2" "$(cat "$err")"; fi
}
begin='local flow = lathe.flow "x"; flow.raw = flow:step "ingest.read" { path = "data.csv" };'
fit='flow.model = flow:step "train.linear" { flow.raw, target = "y" };'

flow 1 "flow.lua:1: unexpected symbol near '='" "a syntax error has its line" <<'END'
local flow = = 3
END
flow 1 "flow.lua:2: boom" "so has an error that is raised" <<'END'

error "boom"
END
flow 1 "an error without words (a table)" "an error that is no text is said to be one" <<'END'
error {}
END
flow 1 "end it with \`return flow\`" "a flow file returns its flow" <<END
$begin
END
flow 1 "has no nodes" "a flow has nodes" <<'END'
return lathe.flow "x"
END
flow 1 'flow.lua:2: the flow has no node "b" yet' "a cycle cannot be written" <<'END'
local flow = lathe.flow "x"
flow.a = flow:step "clean.drop_missing" { flow.b }
flow.b = flow:step "clean.drop_missing" { flow.a }
return flow
END
flow 1 'there is no column "why"; the columns are x, k and y' "a target that is not there is answered with what is" <<END
$begin flow.model = flow:step "train.linear" { flow.raw, target = "why" } return flow
END
flow 1 "there is no file no.csv" "a file that is not there is named" <<'END'
local flow = lathe.flow "x"
flow.raw = flow:step "ingest.read" { path = "no.csv" }
return flow
END
cp data.csv before.csv
flow 1 "data.csv is what raw reads" "a flow does not write over what it reads" <<END
$begin $fit flow.out = flow:step "export.bundle" { flow.model, path = "./data.csv" } return flow
END
is "the data stay" "$(cat data.csv)" "$(cat before.csv)"
flow 1 "is written by one too" "two nodes do not write one file" <<END
$begin $fit flow.one = flow:step "export.bundle" { flow.model, path = "m.lathe" }
flow.two = flow:step "export.bundle" { flow.model, path = "./m.lathe" } return flow
END
flow 1 "data.csv is a file, not a folder" "an output below a file is refused" <<END
$begin $fit flow.out = flow:step "export.bundle" { flow.model, path = "data.csv/m.lathe" } return flow
END
cat >flow.lua <<END
$begin $fit flow.out = flow:step "export.bundle" { flow.model, path = "m.lathe" } return flow
END
run "$LATHE" run flow.lua
status "and one that can be written is" 0
whole=$(sha256sum <m.lathe)
for setting in nonsense raw.path raw=3 = no.path=x raw.skip=x raw.skip=-1 raw.skip=1e99 'raw.types={{' 'raw.types={x=date}' raw.header=maybe; do
  run "$LATHE" run flow.lua --set "$setting"
  status "--set $setting is a wrong call" 2
done

# ---- plugins ----
mkdir plugins
cat >plugins/bad.lua <<'END'
local function step(run) return { doc = "x", inputs = { table = "table" }, outputs = { table = "table" }, run = run } end
return { name = "bad", api = 1, doc = "Bad.", steps = {
  text = step(function() error "it broke" end), none = step(function() error() end), data = step(function() error {} end),
  fails = step(function(input) return input.no.such end), empty = step(function() end), wrong = step(function() return { table = 5 } end),
  deep = step(function() local function f() return 1 + f() end return f() end), loops = step(function() while true do end end),
} }
END
bad() {
  flow 1 "$2" "$3" <<END
$begin flow.bad = flow:step "bad.$1" { flow.raw } return flow
END
}
bad text "plugins/bad.lua:3: it broke" "a step that raises is named, with the line"
bad none "an error without words (nil)" "a step that raises nothing"
bad data "an error without words (a table)" "a step that raises a table"
bad fails "plugins/bad.lua:4:" "a step that looks into nothing"
bad empty 'returned nothing as its output "table"' "a step that gives nothing"
bad wrong 'returned a number as its output "table"' "a step that gives a number"
bad deep "stack overflow" "a step that calls itself for ever"
sed 's/bad\.deep/bad.loops/' flow.lua >loops.lua
rm -rf .lathe
"$LATHE" run loops.lua >"$out" 2>"$err" &
program=$!
until grep -q '"start".*"bad"' .lathe/runs/*/journal.jsonl 2>/dev/null || ! kill -0 $program 2>/dev/null; do :; done
kill -INT $program
wait $program
is "Ctrl-C ends a step that loops" "$?" 130
for text in 'return {' 'return 5' 'error {}' 'return { name = "odd", api = 99, doc = 3, steps = 5 }'; do
  echo "$text" >plugins/odd.lua
  LATHE_PLUGINS=plugins run "$LATHE" plugins
  status "plugin $text: the others are there" 0
  has "and it is named" "$err" "plugins/odd.lua:"
done
rm -r plugins

# ---- a damaged project ----
cat >flow.lua <<END
$begin $fit flow.out = flow:step "export.bundle" { flow.model, path = "m.lathe" } return flow
END
run "$LATHE" run flow.lua
for damage in ': >' 'printf x >>' 'rm -f' 'echo "{\"event\":5}" >' 'head -c 300 /dev/zero >'; do
  find .lathe/objects .lathe/steps .lathe/runs -type f >files
  while read -r file; do
    chmod u+w "$file"
    eval "$damage \"$file\""
  done <files
  rm -f m.lathe
  run "$LATHE" runs
  status "damaged so ($damage), runs are listed" 0
  run "$LATHE" models
  status "and models" 0
  run "$LATHE" run flow.lua
  is "and the next run makes it all again" "$status $(sha256sum <m.lathe)" "0 $whole"
done

# ---- a full disk ----
mkdir full
if mount -t tmpfs -o size=64k none full 2>/dev/null; then
  trap 'cd / && umount "$folder/full"; rm -rf "$folder"' EXIT
  awk 'BEGIN { print "x,k,y"; for (i = 0; i < 20000; i++) print i "," i % 3 "," i * 2 + i * i % 7 }' >long.csv
  sed 's/data.csv/long.csv/' flow.lua >long.lua
  run "$LATHE" run long.lua --project full
  status "a disk that is full for the project is a failure" 1
  has "which is said" "$err" "No space left on device"
  is "nothing half-written stays" "$(ls full/.lathe/tmp; find full -name '*.tmp')" ""
  rm -rf full/.lathe
  echo old >full/kept.csv
  run "$LATHE" eval 'lathe.read("long.csv"):write "full/kept.csv"'
  is "a disk that is full for a file is a failure" "$status $(ls -A full) $(cat full/kept.csv)" "1 kept.csv old"
  run "$LATHE" eval 'lathe.read("long.csv"):write "full/new.db"'
  is "and for a database, of which no journal stays" "$status $(ls -A full)" "1 kept.csv"
else
  skip "a full disk" "no file system can be mounted here"
fi
finish
