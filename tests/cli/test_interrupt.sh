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

# A training keeps where it stands, and says how to go on.
cat >train.lua <<'END'
local family, units, count, checkpoint = ...
local x, y = {}, {}
for row = 1, 20000 do
  x[row] = row * 7919 % 3001 / 3001
  y[row] = math.sin(10 * x[row])
end
local options = { [units] = tonumber(count), checkpoint = checkpoint, checkpoint_every = 1 }
local m = lathe.fit(lathe.table { { "x", x }, { "y", y } }, lathe.recipe { target = "y" }, lathe[family](options))
print(m:kind(), m:evaluate(lathe.table { { "x", x }, { "y", y } }, { resamples = 0 }).metrics.rows)
END
for job in "network epochs" "boosting rounds" "forest trees"; do
  family=${job% *} units=${job#* }
  "$LATHE" script train.lua $family $units 100000 kept >"$folder/said" 2>"$folder/problem" &
  process=$!
  while [ ! -f kept ] && kill -0 "$process" 2>/dev/null; do sleep 0.01; done
  sleep 0.013 # in the middle of an epoch
  kill -INT "$process"
  wait "$process"
  is "Ctrl-C stops a training ($family)" "$?" 130
  has "and $family says where it goes on from" "$folder/problem" "lathe: interrupted; $family: stopped at "
  has "and how to have the model so far" "$folder/problem" " of 100000 $units; the same call goes on from kept, and with $units = "
  so_far=$(sed "s/.*with $units = \([0-9]*\) .*/\1/" "$folder/problem")
  run "$LATHE" script train.lua $family $units "$so_far" kept
  is "which it does" "$(cat "$out")" "$(printf '%s\t20000' $family)"
  rm -f kept
done
finish
