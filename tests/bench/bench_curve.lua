-- What it costs that a training shows its curve: the same training with the line on a terminal that tells the loss as it goes, and without,
-- in turns of about three seconds (the line comes after the first). `script` (util-linux) gives the terminal. Beside the ratio of the
-- medians, which differs by a few hundredths from run to run, stands the part of the processors' time that the line's own thread took.
-- The data is the generator's `higgs`.
local lathe = require "lathe"
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local bench = require "bench"
local core = require "lathe.core"

local families = {
  { "curve_network", lathe.network { task = "classification", layers = { 64 }, epochs = 300, validation = 0.1, patience = 0 } },
  { "curve_boosting", lathe.boosting { task = "classification", rounds = 450, validation = 0.1, patience = 0 } },
}
local wanted = {}
for _, family in ipairs(families) do
  if bench.wanted("curve", family[1]) then wanted[#wanted + 1] = family end
end
if #wanted == 0 then return end

if arg[1] ~= "--worker" then
  local path = os.tmpname()
  local fine = os.execute(("script -qec \"'%s' script '%s' --worker '%s'\" /dev/null >/dev/null 2>&1"):format(LATHE_PROGRAM, arg[0], path))
  for line in io.lines(path) do print(line) end
  os.remove(path)
  if fine ~= 0 and fine ~= true then print "# curve: no terminal: it takes `script` of util-linux" end
  return
end

-- The thread that draws the line, and the nanoseconds that it has run.
local function find_line()
  local pipe = io.popen "grep -l 'progress line' /proc/$PPID/task/*/comm"
  local path = pipe:read "*l"
  pipe:close()
  return assert(path and path:match "task/(%d+)", "no thread draws a line")
end
local function ran(id)
  local file = assert(io.open("/proc/self/task/" .. id .. "/schedstat"))
  local text = file:read "*l"
  file:close()
  return tonumber(text:match "^%d+")
end

local out = assert(io.open(arg[2], "w"))
local train = bench.higgs("curve", { 0, bench.rows(50000) })
if not train then return end
core.C.lathe_progress_line ""
local line = find_line()
for _, family in ipairs(wanted) do
  local seconds, spent, drawn = { {}, {} }, 0, 0
  local recipe = lathe.recipe { target = "y" }:scale {}
  for turn = 1, 2 * math.max(5, tonumber(os.getenv "BENCH_RUNS") or 5) do
    local shown = turn % 2 == 1
    core.C.lathe_progress_line(shown and "" or nil)
    local began, used, own = bench.wall(), bench.cpu(), ran(line)
    lathe.fit(train, recipe, family[2])
    table.insert(seconds[shown and 1 or 2], bench.wall() - began)
    if shown then spent, drawn = spent + bench.cpu() - used, drawn + (ran(line) - own) / 1e9 end
  end
  for _, list in ipairs(seconds) do table.sort(list) end
  local with, without = seconds[1][math.ceil(#seconds[1] / 2)], seconds[2][math.ceil(#seconds[2] / 2)]
  out:write(("%-26s lathe %.3f without=%.3f ratio=%.3f runs=%d least=%.3f,%.3f line=%.4f%%\n"):format(family[1], with, without,
    with / without, #seconds[1], seconds[1][1], seconds[2][1], 100 * drawn / spent))
end
out:close()
