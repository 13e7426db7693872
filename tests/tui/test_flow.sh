# The Flow view in a real terminal: trust, running, opening what a node made, failing, stopping; a plugin's form without further code.
. "$LATHE_TOP/tests/cli/tap.sh"
. "$LATHE_TOP/tests/tui/terminal.sh"

mkdir -p project/plugins && cd project || exit 1
printf 'city,price\nParis,10\nTōkyō,20\n東京,\n' >houses.csv
cat >plugins/mine.lua <<'PLUGIN'
return {
  name = "mine", api = 1, doc = "Steps of this test.",
  steps = {
    read = {
      doc = "Read a file.", params = { path = { type = "path", doc = "the file" } }, outputs = { table = "table" },
      run = function(_, param) return { table = lathe.read(param.path) } end,
    },
    turn = {
      doc = "Take a while.", inputs = { table = "table" }, outputs = { table = "table" },
      params = {
        turns = { type = "integer", doc = "how many", default = 1, min = 1 },
        way = { type = "choice", choices = { "left", "right" }, default = "left", doc = "which way" },
      },
      run = function(input, param)
        local x = 0
        for i = 1, param.turns * 1e3 do x = (x + i) % 7 end
        if param.way == "right" then error("houses.csv: cannot turn right here; turn left", 0) end
        return { table = input.table }
      end,
    },
  },
}
PLUGIN
cat >flow.lua <<'FLOW'
local flow = lathe.flow "towns"
flow.raw = flow:step "mine.read" { path = "houses.csv" }
flow.turned = flow:step "mine.turn" { flow.raw }
return flow
FLOW

open_screen 100 30 "$LATHE"
sees "a new folder is not trusted unasked" "Trust project?"
sees "behind it stands what is true" "The flow.lua of this folder was not read."
keys n
sees "no leaves its code alone" "The flow of this folder was not read"
keys q
until_true there gone
rm -f gone
open_screen 100 30 "$LATHE"
sees "it asks again after a no" "Trust project?"
keys y
sees "yes reads the flow" "mine.turn"
sees "nothing has run" "not run yet"
keys r
sees "r runs it" "all 2 done"
sees "and nodes say what they made" "3 rows"
keys 2
sees "the Data view has the first table that it made" "raw  3 × 2"
keys 1
sees "and the nodes are as they were" "all 2 done"
keys Down Enter
sees "Enter opens what a node made" "turned  3 × 2"
keys 1 Up Enter
sees "so it does for the one above" "raw  3 × 2"
sees "wide characters line up with narrow ones" " 2  Tōkyō           20"
sees "and the widest too" " 3  東京             ·"
keys C-p
text 'mineturn'
wait_for "mine.turn"
keys Enter
sees "a plugin's step has its form" "how many"
keys C-u
text 'many'
keys Enter
sees "which says what is wrong" 'turns is a whole number, not "many"'
keys C-u
text '2'
keys Enter
sees "which is applied to the table in view" "turn  3 × 2"
keys :
sees "as a line of Lua" 'step "mine.turn" { data, turns = 2 }'
sees "as is running the flow" "flow:run()"
text 'flow:run { set = { ["turned.way"] = "right" } }'
keys Enter
sees "a step that fails says why" "cannot turn right here; turn left"
text 'flow:run { set = { ["turned.turns"] = 1e9 } }'
keys Enter
wait_for "Esc stop"
keys Escape
sees "Esc stops a step" "stopped"
text ':write again.lua'
keys Enter
sees "the lines are kept" "are in again.lua"
keys Escape
keys q
until_true there gone
rm -f gone
run "$LATHE" script again.lua
status "and run without the screen" 0
has "with what they print" "$out" "2 columns"

open_screen 100 30 "$LATHE"
sees "a trusted folder is not asked about" "not run yet"
keys q
until_true there gone
rm -f gone

open_screen 100 30 "$LATHE" houses.csv
sees "lathe FILE opens the Data view" "houses.csv  3 × 2"
keys q
until_true there gone
cd "$folder" || exit 1
finish
