-- Least squares with all inference, 2 million rows of 50 features, beside NumPy's normal equations, and a ridge path. The data is that of
-- the peers' generator (`gen ols`) in $BENCH_DATA: ols_X.f64, rows by columns, and ols_y.f64; without it there is nothing to do.
-- lathe script tests/bench/bench_linear.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local ffi = require "ffi"
local lathe = require "lathe"
local core = require "lathe.core"
local column = require "lathe.column"

local WIDTH, STRIP = 50, 20000
local folder = os.getenv "BENCH_DATA" or "/tmp/bench"

local function own(values, rows, name)
  return { name, column.own(core.C.lathe_column_from_float64(values, rows, core.problem), name) }
end

-- The rows, turned into columns a strip at a time.
local table_read
local function data()
  if table_read then return table_read end
  local x, y = assert(io.open(folder .. "/ols_X.f64", "rb")), assert(io.open(folder .. "/ols_y.f64", "rb"))
  local target = y:read "*a"
  local rows, list = #target / 8, {}
  local columns = {}
  for place = 1, WIDTH do columns[place] = ffi.new("double[?]", rows) end
  for begin = 0, rows - 1, STRIP do
    local text = x:read(STRIP * WIDTH * 8)
    local strip, count = ffi.cast("const double *", text), #text / 8 / WIDTH
    for place = 1, WIDTH do
      local to = columns[place] + begin
      for row = 0, count - 1 do to[row] = strip[row * WIDTH + place - 1] end
    end
  end
  x:close()
  y:close()
  for place = 1, WIDTH do list[place], columns[place] = own(columns[place], rows, ("x%02d"):format(place)), false end
  list[WIDTH + 1] = own(ffi.cast("const double *", target), rows, "y")
  table_read = lathe.table(list)
  return table_read
end

local function fit(estimator, check)
  return function()
    local t = data()
    return function() return lathe.fit(t, lathe.recipe { target = "y" }, estimator()) end, check
  end
end

local function inference(model)
  local c, s = model:coefficients(), model:summary()
  return { rows = s.rows, b0 = c:column("estimate"):get(2), se0 = c:column("standard_error"):get(2), r2 = s.r2 }
end

local LAMBDAS = {}
for place = 0, 99 do LAMBDAS[place + 1] = 10 ^ (place * 6 / 99 - 2) end

if arg[1] ~= "--worker" and not io.open(folder .. "/ols_X.f64") then
  print("# linear: no ols_X.f64 in " .. folder)
  return
end

bench.family {
  name = "linear",
  peers = { "numpy" },
  tasks = { "ols", "ols_hc3", "ridge_path" },
  data = function() return { BENCH_FOLDER = folder } end,
  lathe = {
    ols = fit(function() return lathe.linear {} end, inference),
    ols_hc3 = fit(function() return lathe.linear { covariance = "HC3" } end, inference),
    ridge_path = fit(function() return lathe.ridge { alpha = "gcv", alphas = LAMBDAS } end, function(model)
      local trace = model:table "trace"
      return { rows = trace:rows(), first = trace:column("x01"):get(1), last = trace:column("x50"):get(100) }
    end),
  },
}
