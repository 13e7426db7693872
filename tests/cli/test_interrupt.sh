#!/bin/sh
# Ctrl-C stops whatever runs: Lua loops that hooks do not reach because they are compiled, and kernels in C.
. "$LATHE_TOP/tests/cli/tap.sh"

# stops "what" CODE: run CODE, which prints "ready" before it never ends; interrupt it; the exit status must be 130.
stops() {
  mkfifo "$folder/said"
  "$LATHE" eval "io.stdout:write 'ready\n' io.stdout:flush() $2" >"$folder/said" 2>"$folder/problem" &
  process=$!
  read -r _ <"$folder/said"
  rm "$folder/said"
  kill -INT "$process"
  wait "$process"
  status=$?
  is "Ctrl-C stops $1" "$status" 130
}

stops "an empty loop" 'while true do end'
stops "a counting loop" 'local i = 0 while true do i = i + 1 end'
stops "a loop that catches errors" 'while true do pcall(function() local x = {} x.y = 1 end) end'
stops "a loop that makes strings" 'local s = "" while true do s = (s .. "x"):sub(1, 10) end'
stops "a loop over memory of C" 'local a = require("ffi").new("double[1000]") while true do for i = 0, 999 do a[i] = a[i] + 1 end end'
stops "calls" 'local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end while true do f(50) end'
stops "kernels, again and again" '
  local column = {} for i = 1, 200000 do column[i] = i % 1000 end
  local t = lathe.table { { "x", column }, { "y", column } }
  while true do t:drop_duplicates() t:profile() end'
stops "unpacking and reading, again and again" '
  local column = {} for i = 1, 300000 do column[i] = i * 7919 % 100003 end
  lathe.table { { "x", column }, { "y", column } }:write "big.csv.gz"
  while true do lathe.read "big.csv.gz" end'

finish
