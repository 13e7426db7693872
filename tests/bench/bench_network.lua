-- A dense network 28-256-256-1, ReLU, Adam, batches of 1024, 3 epochs of 1,000,000 rows, beside torch. The data is of
-- the generator's `higgs` in $BENCH_DATA (higgs_X.f32, higgs_y.f32): the rows behind the first million are for testing. Without it there is
-- nothing to do.
local ffi = require "ffi"
local lathe = require "lathe"
local core = require "lathe.core"
local column = require "lathe.column"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"
local function clock(which)
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(which, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end
local function wall() return clock(1) end
local function cpu() return clock(2) end

local folder = os.getenv "BENCH_DATA" or "/tmp/bench"
local rows, width = 1000000, 28
local x, y = io.open(folder .. "/higgs_X.f32", "rb"), io.open(folder .. "/higgs_y.f32", "rb")
if not x or not y then
  print("network: no data in " .. folder)
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

for _, threads in ipairs(os.getenv "BENCH_THREADS" and { tonumber(os.getenv "BENCH_THREADS") } or { 1, 2 }) do
  lathe.threads.set(threads)
  local recipe = lathe.recipe { target = "y" }:scale {}
  local began, spent = wall(), cpu()
  local options = { task = "classification", layers = { 256, 256 }, batch = 1024, epochs = 3, seed = 1 }
  local model = lathe.fit(train, recipe, lathe.network(options))
  began, spent = wall() - began, cpu() - spent
  local metrics = model:evaluate(test, { resamples = 0, curves = false }).metrics
  print(("network lathe-%d %.3f cpu=%.2f loss=%.6f auc=%.6f test_loss=%.6f"):format(threads, began, spent, model:summary().log_loss,
    metrics.auc, metrics.log_loss))
end
local peer = (arg[0]:match "^(.*)/[^/]*$" or ".") .. "/peers/network_torch.py"
os.execute(("env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 %s %s 2>/dev/null || true"):format(peer, folder))
