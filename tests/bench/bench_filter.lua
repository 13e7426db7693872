-- Expressions on 10 million rows: `task who seconds key=value`. BENCH_ROWS changes the number of rows.
local ffi = require "ffi"
local lathe = require "lathe"
local C = require("lathe.core").C

local rows = tonumber(os.getenv "BENCH_ROWS" or "10000000")
local runs = tonumber(os.getenv "BENCH_RUNS" or "5")
local column = require "lathe.column"

local function integers(make)
  local values = ffi.new("int64_t[?]", rows)
  for row = 0, rows - 1 do values[row] = make(row) end
  return column.own(C.lathe_column_from_int64(values, rows, nil), "x")
end

local random = lathe.random(42)
local age = integers(function() return random:below(90) end)
local hours = integers(function() return random:below(120) end)
local t = lathe.table { { "age", age }, { "hours", hours } }
t = t:derive { { "gain", "age * 1.5" }, { "city", "cast(if(age % 3 == 0, 'Oslo', age % 3 == 1, 'Rome', 'Bergen'), 'category')" },
  { "name", "'n' .. hours" } }

local function median(run)
  local times = {}
  for index = 1, runs do
    collectgarbage()
    local begin = C.lathe_clock()
    run()
    times[index] = C.lathe_clock() - begin
  end
  table.sort(times)
  return times[math.ceil(runs / 2)]
end

local function task(name, bytes, run)
  local seconds = median(run)
  print(("%s lathe %.4f rows=%d gb_per_s=%.2f"):format(name, seconds, rows, bytes * rows / seconds / 1e9))
end

local function condition(text) return function() t:derive({ { "r", text } }):release() end end
task("filter-mask", 16, condition "age >= 17 and hours <= 99")
task("filter-mask-category", 4, condition "city == 'Oslo'")
task("filter-mask-text", 16, condition "starts_with(name, 'n11')")
task("derive-arithmetic", 24, condition "gain * 2 + age")
task("derive-log", 16, condition "log(1 + gain)")
local two = t:select { "age", "hours" }
task("filter-take", 16, function() two:filter("age >= 17 and hours <= 99"):release() end)
task("filter-take-few", 16, function() two:filter("age == 17 and hours <= 20"):release() end)
