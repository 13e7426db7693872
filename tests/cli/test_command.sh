#!/bin/sh
# The command line: options, help, exit statuses, and the commands that need no data.
. "$LATHE_TOP/tests/cli/tap.sh"

# Exit statuses and wrong calls
run "$LATHE" --version
status "--version succeeds" 0
has "--version says it" "$out" "lathe 0."
run "$LATHE" evla
status "an unknown command is a wrong call" 2
has "an unknown command is answered with the nearest" "$err" 'did you mean `lathe eval`?'
run "$LATHE" eval --jsn 1
status "an unknown option is a wrong call" 2
has "an unknown option is answered with the nearest" "$err" "did you mean --json?"
run "$LATHE" eval -x 1
has "an unknown letter is said" "$err" "has no option -x"
run "$LATHE" eval
status "a missing argument is a wrong call" 2
has "a missing argument is named" "$err" "wants CODE"
run "$LATHE" doctor too many
status "an argument too many is a wrong call" 2
run "$LATHE" doctor --json=1
has "a flag takes no value" "$err" "--json takes no value"
run "$LATHE" --threads
has "an option's missing value is said" "$err" "--threads wants a value"
run "$LATHE" --threads x eval 1
status "an option that wants a number says so" 2
run "$LATHE" --threads 999 eval 1
has "too many threads are refused" "$err" "0 (as many as there are processors) to 256"
run "$LATHE" --threads=1 eval 'require("lathe.threads").get()'
is "--threads before the command" "$(cat "$out")" 1
run "$LATHE" eval --threads 2 'require("lathe.threads").get()'
is "--threads behind the command" "$(cat "$out")" 2
run "$LATHE"
status "the workbench without a terminal is a wrong call" 2
has "the workbench without a terminal says what to do" "$err" "needs a terminal"
run "$LATHE" no-such.csv
status "a file that is not there fails" 1
has "a file that is not there is named" "$err" "no-such.csv: there is no such file"

# Help
for command in $("$LATHE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  run "$LATHE" "$command" --help
  status "$command --help succeeds" 0
  has "$command --help shows its usage" "$out" "Usage: lathe"
  long=$(awk 'length > 100' "$out")
  is "$command --help fits 100 columns" "$long" ""
  cp "$out" first
  run "$LATHE" help "$command"
  is "help $command is the same" "$(head -c "$(wc -c <first)" "$out")" "$(cat first)"
done
run "$LATHE" --help
status "--help succeeds" 0
has "--help lists commands with what they do" "$out" "  eval "
run "$LATHE" help
has "help is --help" "$out" "Commands:"
run "$LATHE" help evall
status "help on what is not there is a wrong call" 2
has "help suggests the nearest topic" "$err" 'did you mean `lathe help eval`?'
run "$LATHE" help clean.drop_duplicates
status "a step has a help page" 0
has "a step's help names its parameters" "$out" keep
run "$LATHE" help clean
has "a stage's help lists its steps" "$out" clean.drop_missing
run "$LATHE" help lua
has "the manual's pages are topics" "$out" lathe.read
run "$LATHE" help plugins
has "help plugins shows the command" "$out" "Usage: lathe plugins"
has "help plugins shows the page, too" "$out" "# Writing a plugin"
run "$LATHE" help lathe.read
has "a function of Lua is a topic" "$out" lathe.read

# eval
run "$LATHE" eval '1 + 1'
is "eval prints a value" "$(cat "$out")" 2
run "$LATHE" eval '"a", 0.1, 1/3, nil, true'
is "eval prints several values, numbers with the digits they need" "$(tr '\n' ' ' <"$out")" "a 0.1 0.3333333333333333 nil true "
run "$LATHE" eval '{ 2, 1, name = "x", ["a b"] = { 1 } }'
is "eval prints tables with sorted keys" "$(cat "$out")" '{ 2, 1, ["a b"] = { 1 }, name = "x" }'
run "$LATHE" eval 'local t = {} t.t = t return t'
has "a table that holds itself is printed" "$out" "itself"
run "$LATHE" eval 'x = 3'
is "statements print nothing" "$(cat "$out")" ""
run "$LATHE" eval 'lathe.version'
has "lathe is there in eval" "$out" "0."
run "$LATHE" eval '(...) .. #arg' one two
is "eval has its arguments" "$(cat "$out")" one2
run "$LATHE" eval '-5'
is "code that begins with a minus and is a number is code" "$(cat "$out")" -5
run "$LATHE" eval -- '-(5)'
is "behind -- all is code" "$(cat "$out")" -5
run "$LATHE" eval --json '{ a = 1, b = { 1, 2 } }, "x", nil'
is "eval --json prints a line of JSON for each value" "$(tr '\n' ' ' <"$out")" '{"a":1,"b":[1,2]} "x" null '
run "$LATHE" eval --json 'lathe.report("t"):values { { "a", 1 }, { "b" } }'
has "a report is data in JSON" "$out" '["b",null]'
run "$LATHE" eval 'error("boom", 0)'
status "an error fails" 1
is "an error is a sentence" "$(cat "$err")" "lathe: boom"
run "$LATHE" eval '1 +'
status "code that is not Lua fails" 1
run "$LATHE" eval 'lathee.version'
has "an unknown global is answered with the nearest" "$err" "did you mean lathe?"
run "$LATHE" eval 'require("utf8")' 2>/dev/null
status "a missing module fails" 1
"$LATHE" eval 'for i = 1, 100000 do print(i) end' 2>"$err" | head -1 >"$out"
is "a reader that goes away is no error" "$(cat "$err")" ""
if [ -w /dev/full ]; then
  "$LATHE" eval '("x"):rep(10)' >/dev/full 2>"$err"
  status=$?
  status "an output that cannot be written fails" 1
  has "an output that cannot be written is said" "$err" "could not be written"
else
  skip "an output that cannot be written fails" "no /dev/full"
fi

# script
cat >good.lua <<'LUA'
#!/usr/bin/env lathe
print(arg[0], arg[1], ..., lathe.version ~= nil)
return 3
LUA
run "$LATHE" script good.lua one
is "a script has its arguments and lathe" "$(cat "$out")" "good.lua	one	one	true"
status "a number that a script returns is the exit status" 3
run "$LATHE" good.lua two
is "FILE.lua is a script" "$(cat "$out")" "good.lua	two	two	true"
run "$LATHE" script good.lua --help
is "options behind the file are the script's" "$(cut -f2 "$out")" "--help"
echo 'os.exit(4)' >exit.lua
run "$LATHE" script exit.lua
status "os.exit works in a script" 4
printf 'local a = 1\nlocal b = a.b.c\n' >broken.lua
run "$LATHE" script broken.lua
status "a script that raises fails" 1
has "a script that raises is named with the line" "$err" "broken.lua:2:"
run "$LATHE" script none.lua
has "a script that is not there is said" "$err" "none.lua: there is no such file"
run "$LATHE" script .
has "a folder is no script" "$err" "is a folder"
printf '\033LJ\002' >compiled.lua
run "$LATHE" script compiled.lua
has "compiled Lua is not run" "$err" "compiled Lua"
echo 'print(6 * 7)' | "$LATHE" script - >"$out"
is "a script comes from standard input too" "$(cat "$out")" 42

# repl
repl() {
  printf '%s\n' "$@" | "$LATHE" repl >"$out" 2>"$err"
  status=$?
}
repl '1 + 1' 'for i = 1, 2 do' 'print(i)' 'end' 'y = 5' 'y'
is "the console prints values and takes statements over several lines" "$(tr '\n' ' ' <"$out")" "2 1 2 5 "
status "the console succeeds" 0
repl 'error("no", 0)' '"on"'
is "the console goes on after an error" "$(cat "$out")" on
status "piped lines that fail are told" 1
repl 'x = = 2'
has "a line that is not Lua is said" "$err" "unexpected symbol"

# Interrupts. Started from a script, a process in the background ignores SIGINT unless something sets it back.
for code in 'while true do end' 'local i = 0 while true do i = i + 1 end' 'while true do pcall(function() while true do end end) end'; do
  rm -f "$out"
  "$LATHE" eval "io.stdout:write('x') io.stdout:flush() $code" >"$out" 2>"$err" &
  process=$!
  while [ ! -s "$out" ]; do sleep 0.01; done
  kill -INT $process
  wait $process
  status=$?
  status "Ctrl-C ends: $code" 130
done
has "an interrupt is said" "$err" "lathe: interrupted"
rm -f "$out"
"$LATHE" eval "io.stdout:write('x') io.stdout:flush() while true do end" >"$out" 2>"$err" &
process=$!
while [ ! -s "$out" ]; do sleep 0.01; done
kill -TERM $process
wait $process
status=$?
status "SIGTERM ends it too" 143
has "a termination is said" "$err" "lathe: terminated"

# Where in the Lua code
printf 'local function inner() error("boom", 0) end\ninner()\n' >deep.lua
LATHE_TRACEBACK=1 run "$LATHE" script deep.lua
has "LATHE_TRACEBACK shows where an error was raised" "$err" "deep.lua:1: in function 'inner'"

# The program of a tree, by a link to its starter
if [ "$LATHE" -ef "$LATHE_TOP/build/src/lathe" ]; then
  ln -s "$LATHE_TOP/lathe" linked
  run ./linked --version
  status "a link to the tree's starter starts it" 0
else
  skip "a link to the tree's starter starts it" "the tree is built elsewhere"
fi

finish
