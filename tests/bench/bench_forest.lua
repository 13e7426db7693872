-- A random forest and extra trees, 200,000 rows of 28 features, 100 trees, beside scikit-learn's: time, and the AUC on 100,000 rows that
-- A random forest and extra trees, 200,000 rows of 28 features, 100 trees, beside scikit-learn: time, and the AUC on 100,000 rows that
local ffi = require "ffi"
local lathe = require "lathe"
local core = require "lathe.core"
local column = require "lathe.column"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"
local function cpu()
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(2, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local folder = os.getenv "BENCH_DATA" or "/tmp/bench"
local rows, width, all, held = tonumber(os.getenv "BENCH_ROWS") or 200000, 28, 1100000, 100000
local files = { io.open(folder .. "/higgs_X.f32", "rb"), io.open(folder .. "/higgs_y.f32", "rb") }
if not files[2] then
  print("forest: no data in " .. folder)
  return
end

local texts = { files[1]:read "*a", files[2]:read "*a" }
local x, y = ffi.cast("const float *", texts[1]), ffi.cast("const float *", texts[2])
local function part(first, count)
  local list, one, flag = {}, ffi.new("double[?]", count), ffi.new("bool[?]", count)
  for place = 1, width do
    for row = 0, count - 1 do one[row] = x[(first + row) * width + place - 1] end
    local name = ("x%02d"):format(place)
    list[place] = { name, column.own(core.C.lathe_column_from_float64(one, count, core.problem), name) }
  end
  for row = 0, count - 1 do flag[row] = y[first + row] > 0.5 end
  list[width + 1] = { "y", column.own(core.C.lathe_column_from_bool(flag, count, core.problem), "y") }
  return lathe.table(list)
end
local train, test = part(0, rows), part(all - held, held)
for _, file in ipairs(files) do file:close() end
texts = nil -- luacheck: ignore
collectgarbage()

local only = os.getenv "BENCH_ONLY"
for _, family in ipairs { "forest", "extra_trees" } do
  for _, threads in ipairs(only and { 2 } or { 1, 2 }) do
    if not only or family:find(only) then
      lathe.threads.set(threads)
      local begin, busy = core.C.lathe_clock(), cpu()
      local m = lathe.fit(train, lathe.recipe { target = "y" }, lathe[family] { trees = 100 })
      local seconds, s = core.C.lathe_clock() - begin, m:summary()
      busy = cpu() - busy
      begin = core.C.lathe_clock()
      m:run(test)
      local score = core.C.lathe_clock() - begin
      print(("%s lathe-%d %.2f cpu=%.2f auc=%.5f nodes=%d predict=%.2f%s"):format(family, threads, seconds, busy,
        m:evaluate(test).metrics.auc, s.nodes, score, s.oob_accuracy and (" oob=%.5f"):format(1 - s.oob_accuracy) or ""))
      m:release()
      collectgarbage()
    end
  end
end
if not only then
  local peer = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/peers/forest_sklearn.py"
  os.execute(("/usr/bin/python3 %s %s 2>/dev/null || true"):format(peer, folder))
end
