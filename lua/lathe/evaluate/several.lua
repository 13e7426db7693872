-- Several targets of one model: the figures of each, and their means. A row without one of the targets is left out of all.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local several = {}

-- The name of a figure of one target among others': "price.rmse".
function several.name(target, figure) return target .. "." .. figure end

-- Column `place` (from 0) of (rows, width).
local function column_of(values, rows, width, place)
  local column = ffi.new("double[?]", math.max(rows, 1))
  for row = 0, rows - 1 do column[row] = values[row * width + place] end
  return column
end

-- The mean over targets of each resample's figure, as an interval.
local function interval_of(list, figure)
  local resamples, measure = list[1].resamples, ffi.new "lathe_measure"
  if resamples == 0 then return nil end
  local draws = ffi.new("double[?]", resamples)
  for _, one in ipairs(list) do
    for draw = 0, resamples - 1 do draws[draw] = draws[draw] + one.draws[figure * resamples + draw] / #list end
  end
  C.lathe_metrics_interval(draws, resamples, list[1].level, measure)
  if measure.low == measure.low then return { measure.low, measure.high } end
end

-- The figure of all targets: their mean; of the largest misses the largest. nil when one of them has none.
local function together(list, field, name)
  local sum, most = 0, 0
  for _, one in ipairs(list) do
    local value = one[field][name]
    if not value then return nil end
    sum, most = sum + value, math.max(most, value)
  end
  return name == "largest" and most or sum / #list
end

local function why_not(list, names, name)
  for index, one in ipairs(list) do
    for _, undefined in ipairs(one.undefined) do
      if undefined.name == name then return ("of %q %s"):format(names[index], undefined.why) end
    end
  end
end

-- What lathe.evaluate.measure gives of a regression, of several targets: values, intervals and baseline are means, and beside them stand
-- those of each target ("price.rmse"); `targets` are their names, `each` their results. `targets_of(name, table)` reads a target.
function several.measure(model, names, targets_of, table_, out, rows, weights, options)
  local measure, width, list = require "lathe.evaluate.measure", #names, {}
  local means = model:table "targets"
  means = means and means:column("mean"):values()
  local wanted, said = {}, {}
  for place, name in ipairs(names) do wanted[place], said[place] = targets_of(name, table_), column_of(out, rows, width, place - 1) end
  for row = 0, rows - 1 do
    local sum = 0
    for place = 1, width do sum = sum + wanted[place][row] + said[place][row] end
    if sum ~= sum then
      for place = 1, width do
        local x, y = wanted[place][row], said[place][row]
        if x ~= x or y ~= y then sum = nil end
      end
      for place = 1, sum == nil and width or 0 do said[place][row] = 0 / 0 end
    end
  end
  local own = setmetatable({ drawn = true }, { __index = options })
  for place = 1, width do
    list[place] = measure.regression(wanted[place], said[place], rows, means and means[place], weights, own)
  end
  local first = list[1]
  local result = { task = "regression", rows = rows, weights = weights, counts = first.counts, resamples = first.resamples,
    level = first.level, values = {}, intervals = {}, baseline = {}, undefined = {}, targets = names, each = list }
  for figure = 0, tonumber(C.LATHE_REGRESSION_METRICS) - 1 do
    local name = ffi.string(C.lathe_regression_metric_name(figure))
    result.values[name], result.baseline[name] = together(list, "values", name), together(list, "baseline", name)
    result.intervals[name] = result.values[name] and interval_of(list, figure)
    local why = result.values[name] == nil and why_not(list, names, name)
    if why then result.undefined[#result.undefined + 1] = { name = name, why = why } end
    for place, target in ipairs(names) do
      local key = several.name(target, name)
      for _, field in ipairs { "values", "intervals", "baseline" } do result[field][key] = list[place][field][name] end
    end
  end
  return result
end

-- A table with a row for each target and a column for each figure that one of them has: `value(key)` gives it by its name ("price.rmse").
function several.table(names, list, value)
  local data = { { "target", names } }
  for _, one in ipairs(list) do
    local column, known = { n = #names }, false
    for index, target in ipairs(names) do
      column[index] = value(several.name(target, one.name))
      known = known or column[index] ~= nil
    end
    if known then data[#data + 1] = { one.name, column } end
  end
  return require("lathe.table").new(data)
end

-- The same as a block of a report: a line for each target; `text(key)` gives what stands there, `base(key)` that of the baseline.
function several.block(report, names, list, text, base)
  local columns, lines = { "target" }, {}
  for index, target in ipairs(names) do lines[index] = { target } end
  for _, one in ipairs(list) do
    columns[#columns + 1] = { name = one.words, align = "right" }
    for index, target in ipairs(names) do lines[index][#columns] = text(several.name(target, one.name)) end
  end
  columns[#columns + 1] = { name = "baseline RMSE", align = "right" }
  for index, target in ipairs(names) do lines[index][#columns] = base(several.name(target, "rmse")) end
  report:heading "Each target"
  report:table { columns = columns, rows = lines }
end

return several
