-- Gradient boosting, 1,000,000 rows of 28 features, 100 trees at a rate of 0.1, of 255 leaves and of depth 8, beside xgboost (and LightGBM
-- by $LGB_LIB). The data is that of the generator's `higgs` in $BENCH_DATA (higgs_X.f32, higgs_y.f32): the rows behind the first million
-- are for testing. Without it there is nothing to do.
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
local rows, width = 1000000, 28
local x, y = io.open(folder .. "/higgs_X.f32", "rb"), io.open(folder .. "/higgs_y.f32", "rb")
if not x or not y then
  print("boosting: no data in " .. folder)
  return
end

-- Rows first .. last as a table.
local texts = { x:read "*a", y:read "*a" }
x:close()
y:close()
local function part(first, last)
  local features, target = ffi.cast("const float *", texts[1]), ffi.cast("const float *", texts[2])
  local count, list = last - first + 1, {}
  local one = ffi.new("double[?]", count)
  local function add(name, of, step, place)
    for row = 0, count - 1 do one[row] = of[(first + row) * step + place] end
    list[#list + 1] = { name, column.own(core.C.lathe_column_from_float64(one, count, core.problem), name) }
  end
  for place = 0, width - 1 do add(("x%02d"):format(place + 1), features, width, place) end
  add("y", target, 1, 0)
  return lathe.table(list)
end
local train, test = part(0, rows - 1), part(rows, #texts[2] / 4 - 1)
texts = nil
collectgarbage()

local shapes = {
  { "leaf", { max_leaves = 255, min_samples_leaf = 20, l2 = 1 } },
  { "depth", { max_depth = 8, min_samples_leaf = 1, min_weight = 1, l2 = 1 } },
}
for _, shape in ipairs(shapes) do
  for _, threads in ipairs(os.getenv "BENCH_THREADS" and { tonumber(os.getenv "BENCH_THREADS") } or { 1, 2 }) do
    lathe.threads.set(threads)
    local options = { task = "classification", rounds = 100, rate = 0.1 }
    for name, value in pairs(shape[2]) do options[name] = value end
    local begin, busy = core.C.lathe_clock(), cpu()
    local m = lathe.fit(train, lathe.recipe { target = "y" }, lathe.boosting(options))
    local seconds = core.C.lathe_clock() - begin
    busy = cpu() - busy
    local score = core.C.lathe_clock()
    local metrics = m:evaluate(test).metrics
    print(("boosting_%s lathe-%d %.3f cpu=%.2f auc=%.6f log_loss=%.6f evaluate_s=%.3f leaves=%d"):format(shape[1], threads, seconds, busy,
      metrics.auc, metrics.log_loss, core.C.lathe_clock() - score, m:summary().leaves))
  end
end
local peer = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/peers/boosting_trees.py"
os.execute(("/usr/bin/python3 %s %s 2>/dev/null || true"):format(peer, folder))
