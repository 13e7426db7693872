#!/bin/sh
# The page that leads through writing a plugin is followed to the letter; and broken plugins are named.
. "$LATHE_TOP/tests/cli/tap.sh"

# block LANGUAGE NUMBER: that code block of the page
block() {
  awk -v start="\`\`\`$1" -v want="$2" '
    inside && $0 == "```" { inside = 0; next }
    inside { if (seen == want) print; next }
    $0 == start { seen++; inside = 1; next }
    /^```./ { other = !other; next }' "$LATHE_TOP/share/doc/plugins.md"
}

mkdir plugins
block lua 1 >plugins/derive.lua
block lua 2 >rooms.lua
lines=$(wc -l <plugins/derive.lua)
if [ "$lines" -gt 10 ] && [ "$lines" -lt 40 ]; then pass "the page's plugin has under 40 lines"; else fail "the plugin has $lines lines"; fi

# The page's commands, with lathe as the program under test
lathe() { "$LATHE" "$@"; }
block sh 1 >commands.sh
. ./commands.sh >"$out" 2>"$err"
is "the commands of the page say nothing on standard error" "$(cat "$err")" ""
has "lathe plugins shows the step" "$out" "Add a column: one column divided by another."
has "the help page has the parameters" "$out" "the column it is divided by"
has "the help page has defaults" "$out" "default 1"
is "the command line runs the step" "$(cat out.csv)" "$(block csv 1)"
run "$LATHE" step derive.ratio rooms.csv --above romms --below households
status "a wrong column fails" 1
has "a wrong column is answered with the nearest" "$err" 'derive.ratio: there is no column "romms"; did you mean "rooms"?'
run "$LATHE" step derive.ratio rooms.csv --abov rooms --below households
status "an unknown option is a wrong call" 2
has "an unknown option is answered with the nearest" "$err" 'did you mean "above"?'
run "$LATHE" step derive.ratio rooms.csv --below households
status "a missing parameter is a wrong call" 2
has "a missing parameter is named" "$err" "derive.ratio: above is missing: the column that is divided"
run "$LATHE" step derive.ratio
status "a missing file is a wrong call" 2
run "$LATHE" step derive.rtio rooms.csv
has "an unknown step is answered with the nearest" "$err" 'there is no step "derive.rtio"; did you mean "derive.ratio"?'
run "$LATHE" step derive.ratio rooms.csv --above rooms --below households --scale x
has "a value of the wrong type is said" "$err" 'derive.ratio: scale is a number, not "x"'

# In a flow: plugins/ beside it is enough
unset LATHE_PLUGINS
if [ -e "$LATHE_TOP/plugins/ingest.lua" ]; then
  block sh 2 >commands.sh
  . ./commands.sh >"$out" 2>"$err"
  is "the flow's commands say nothing on standard error" "$(cat "$err")" ""
  has "the step runs in a flow" "$out" "2 steps"
  run "$LATHE" run rooms.lua
  has "the second time it is reused" "$out" "all reused"
  sed -i 's/9,3/9,1/' rooms.csv
  run "$LATHE" run rooms.lua
  lacks "changed data is read again" "$out" "reused"
  echo "-- changed" >>plugins/derive.lua
  run "$LATHE" run rooms.lua
  has "a changed plugin runs again, what is before it does not" "$out" "1 reused, 1 run"
  run "$LATHE" run rooms.lua --set ratio.scal=2
  status "--set with an unknown parameter is a wrong call" 2
  has "and is answered with the nearest" "$err" 'did you mean "scale"?'
else
  skip "the step runs in a flow" "there is no ingest plugin"
fi
run "$LATHE" plugins
lacks "a folder's plugins are not loaded unless its code is asked for" "$out" "derive.ratio"

# A folder that is not trusted is not read, and that is said; one that is trusted is read by all commands
saved=$LATHE_PLUGINS
unset LATHE_PLUGINS
run "$LATHE" help derive.ratio
status "plugins/ of a folder that is not trusted is not read" 2
has "and that is said" "$err" "plugins/ in this folder was not read, LATHE_PLUGINS=plugins reads it"
run "$LATHE" plugins derive
has "for a stage too" "$err" "plugins/ in this folder was not read"
mkdir -p "$folder/data/lathe"
pwd -P >"$folder/data/lathe/trusted"
for call in "plugins derive" "help derive.ratio" "step derive.ratio --help"; do
  run env XDG_DATA_HOME="$folder/data" "$LATHE" $call
  has "in a trusted folder: lathe $call" "$out" "derive.ratio"
done
export LATHE_PLUGINS="$saved"

# Without a home there are no plugins of the user; those below the current folder are somebody else's
unset LATHE_PLUGINS
mkdir -p .local/share/lathe/plugins relative/lathe/plugins
printf 'return { name = "odd", api = 1, doc = "x.", steps = { one = { doc = "y.", run = function() end } } }\n' >.local/share/lathe/plugins/odd.lua
cp .local/share/lathe/plugins/odd.lua relative/lathe/plugins
for variables in "-u HOME -u XDG_DATA_HOME" "HOME= XDG_DATA_HOME=" "-u HOME XDG_DATA_HOME=relative"; do
  run env $variables "$LATHE" plugins
  lacks "env $variables: a plugin below this folder is not the user's" "$out" "odd.one"
done

# Broken files: named with file and line, the others go on
export LATHE_PLUGINS="$folder/plugins:$folder/more"
mkdir more
printf 'return {\n  name = "bad", api = 1, doc = "x.",\n  steps = {\n    one = { doc = "y.",\n' >more/bad.lua
printf 'return {\n  name = "worse", api = 1, doc = "x.",\n  steps = {\n    one = {\n      doc = "y.",\n      params = {\n        keep = { type = "coice", doc = "z" },\n      },\n      run = function() end,\n    },\n    two = { doc = "fine.", run = function() end },\n  },\n}\n' >more/worse.lua
printf 'return { name = "other", api = 1, doc = "x.", steps = {} }\n' >more/name.lua
printf 'return { name = "old", api = 7, doc = "x.", steps = {} }\n' >more/old.lua
printf 'colour = 1\nreturn {}\n' >more/global.lua
printf '\033LJ\002' >more/compiled.lua
printf 'return {\n  name = "derive", api = 1, doc = "x.",\n  steps = {\n    ratio = { doc = "mine.", run = function() end },\n    more = { doc = "another.", run = function() end },\n  },\n}\n' >more/derive.lua
run "$LATHE" plugins
status "broken plugins do not stop the others" 0
has "a syntax error has file and line" "$err" "more/bad.lua:5:"
has "a wrong type has file and line, and the nearest" "$err" 'more/worse.lua:7: step worse.one, parameter keep: there is no type "coice"; did you mean "choice"?'
has "the other step of a file with a broken one stays" "$out" "worse.two"
has "a file is called like its plugin" "$err" 'its name is "other", but the file is called name.lua'
has "another api is said" "$err" "it is written for api 7"
has "a plugin sets no globals" "$err" 'sets a global, "colour"; put local before it'
has "compiled Lua is refused" "$err" "is compiled Lua; only Lua text is loaded"
has "a step is not replaced" "$err" "more/derive.lua:4: the step derive.ratio is there already, from"
has "a later file adds steps" "$out" "derive.more"
run "$LATHE" step worse.one
has "asking for a broken step says what is broken" "$err" "its plugin is broken:"
finish
