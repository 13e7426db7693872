-- Logistic regression, 500,000 rows of 100 features, l2 = 1, beside scikit-learn's newton-cholesky to the same loss. The data is that of
-- the generator's `logit` in $BENCH_DATA (logit_X.f64, logit_y.f64); without it there is nothing to do.
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
local rows, width = 500000, 100
local x, y = io.open(folder .. "/logit_X.f64", "rb"), io.open(folder .. "/logit_y.f64", "rb")
if not x or not y then
  print("logistic: no data in " .. folder)
  return
end
local t
do
  local texts = { x:read "*a", y:read "*a" }
  x:close()
  y:close()
  local features, target = ffi.cast("const double *", texts[1]), ffi.cast("const double *", texts[2])
  local list, one = {}, ffi.new("double[?]", rows)
  for place = 1, width do
    for row = 0, rows - 1 do one[row] = features[row * width + place - 1] end
    local name = ("x%03d"):format(place)
    list[place] = { name, column.own(core.C.lathe_column_from_float64(one, rows, core.problem), name) }
  end
  list[width + 1] = { "y", column.own(core.C.lathe_column_from_float64(target, rows, core.problem), "y") }
  t = lathe.table(list)
end
collectgarbage()

for _, threads in ipairs { 1, 2 } do
  lathe.threads.set(threads)
  for _ = 1, 3 do
    local begin, busy = core.C.lathe_clock(), cpu()
    local m = lathe.fit(t, lathe.recipe { target = "y" }, lathe.logistic { l2 = 1 })
    local seconds, s, square = core.C.lathe_clock() - begin, m:summary(), 0
    busy = cpu() - busy
    for _, weight in ipairs(m:coefficients():column("estimate"):values()) do square = square + weight * weight end
    print(("logistic lathe-%d %.3f cpu=%.2f loss=%.10f iterations=%d"):format(threads, seconds, busy,
      s.log_loss + (square - m:coefficients():column("estimate"):get(1) ^ 2) / 2 / rows, s.iterations))
  end
end
local peer = os.getenv "LATHE_TOP" .. "/tests/bench/peers/logistic_sklearn.py"
os.execute(("/usr/bin/python3 %s %s 2>/dev/null || true"):format(peer, folder))
