-- lathe.learning_curve: how much better more rows would make a model, by learning from few, more and all rows of each fold.
local core = require "lathe.core"
local folds = require "lathe.evaluate.folds"
local metric = require "lathe.evaluate.metric"

local learning = {}

core.takes["lathe.learning_curve"] = { sizes = 6, metric = core.open }
for name, default in pairs(folds.takes) do
  if name ~= "metrics" then core.takes["lathe.learning_curve"][name] = default end
end

-- The numbers of training rows: `sizes` of them, each twice the one before up to all, or those given (below 1: a part of the rows).
local function sizes_of(sizes, most)
  local list = {}
  if type(sizes) == "number" then
    if sizes % 1 ~= 0 or sizes < 2 then core.fail("sizes is a number of points from 2 up, or a list of rows, not %g", sizes) end
    for step = sizes - 1, 0, -1 do
      local rows = math.floor(most / 2 ^ step)
      if rows >= 2 and rows ~= list[#list] then list[#list + 1] = rows end
    end
    return list
  end
  if type(sizes) ~= "table" then
    core.fail("sizes is a number of points, or a list of rows such as { 100, 1000 }, not a %s", type(sizes))
  end
  for index, rows in ipairs(sizes) do
    if type(rows) ~= "number" or not (rows > 0) then core.fail("sizes: item %d is %s, not a number of rows", index, tostring(rows)) end
    if rows <= 1 then rows = math.max(1, math.floor(rows * most + 0.5)) end
    if rows > most then core.fail("sizes: item %d is %g rows; the folds have %d to learn from", index, rows, most) end
    list[index] = math.floor(rows)
  end
  table.sort(list)
  return list
end

-- `rows` rows of a fold's training rows, drawn by the seed: those of a smaller number are among those of a larger one. The latest before
-- the test rows when time orders them.
local function part(train, rows, options, place)
  if rows >= train:rows() then return train end
  if options.time then return train:tail(rows) end
  return train:sample { rows = rows, seed = options.seed + place.round - 1 }
end

local function mean(list)
  local sum, squares = 0, 0
  for _, value in ipairs(list) do sum = sum + value end
  if #list == 0 then return nil end
  for _, value in ipairs(list) do squares = squares + (value - sum / #list) ^ 2 end
  return sum / #list, #list > 1 and math.sqrt(squares / (#list - 1)) or nil
end

local function shown(value) return value and require("lathe.summary").metric(value) or nil end

local function measured(table_, learner, options, points, sizes)
  local one
  for train, test, place in folds.each(table_, options) do
    sizes = sizes or sizes_of(options.sizes, train:rows())
    for index, rows in ipairs(sizes) do
      if rows <= train:rows() then
        local small = part(train, rows, options, place)
        local model = folds.learn(learner, small, options, ("%s, %d rows"):format(place.words, rows))
        local seen, unseen = folds.measure(model, small, options), folds.measure(model, test, options)
        one = one or (options.metric and metric.find(seen.task, options.metric) or metric.first(seen.task, seen.names and #seen.names))
        points[index] = points[index] or { rows = rows, train = {}, test = {}, base = {}, target = model:target() }
        local point = points[index]
        point.train[#point.train + 1], point.test[#point.test + 1] = seen.values[one.name], unseen.values[one.name]
        point.base[#point.base + 1] = unseen.baseline[one.name]
      end
    end
  end
  return one
end

-- The smallest training set of all folds.
local function least(table_, options)
  local rows = math.huge
  for train in folds.each(table_, options) do rows = math.min(rows, train:rows()) end
  return rows
end

-- A curve of a metric by training rows: lathe.learning_curve(t, recipe, estimator, { sizes = 6, folds = 5 }). In each fold the recipe and
-- the estimator learn from a part of the training rows, of several sizes, and are measured on these and on the fold's test rows. Where
-- both curves have met, more rows will not help; where they lie apart, more rows or a simpler model will. A report with a chart;
-- .curve is a table: rows, train, train_sd, test, test_sd, baseline.
-- Options: sizes (6: so many, each twice the one before; or a list of rows or parts), metric, and those of lathe.cross_validate but metrics
-- and level.
function learning.curve(table_, recipe, estimator, options)
  local where = "lathe.learning_curve"
  folds.check_table(table_, where)
  if type(recipe) == "function" then estimator, options = nil, estimator end
  local learner = folds.learner(where, recipe, estimator)
  if core.is_beside(options) then options = nil end
  options = folds.options(core.options(options, where), where, learner)
  local points = {}
  local one = measured(table_, learner, options, points, sizes_of(options.sizes, least(table_, options)))
  local data, lines = {}, {}
  for at, name in ipairs { "rows", "train", "train_sd", "test", "test_sd", "baseline" } do data[at] = { name, { n = #points } } end
  local x, train, test = {}, {}, {}
  for index, point in ipairs(points) do
    local seen, seen_sd = mean(point.train)
    local unseen, unseen_sd = mean(point.test)
    local base = mean(point.base)
    for at, value in pairs { point.rows, seen, seen_sd or false, unseen, unseen_sd or false, one.constant and base or false } do
      data[at][2][index] = value or nil
    end
    lines[index] = { point.rows, shown(seen), shown(unseen), shown(unseen_sd), one.constant and shown(base) or nil }
    if seen and unseen then x[#x + 1], train[#train + 1], test[#test + 1] = point.rows, seen, unseen end
  end
  local report = require("lathe.report").new(("Learning curve of %s"):format(points[1].target))
  report:table {
    columns = { { name = "training rows", align = "right" }, { name = one.words .. ", training rows", align = "right" },
      { name = "test rows", align = "right" }, { name = "deviation", align = "right" }, { name = "baseline", align = "right" } },
    rows = lines,
  }
  if #x > 1 then
    report:chart { kind = "curve", title = one.words .. " by training rows", across = "training rows", up = one.words, dots = true,
      series = { { name = "test rows", x = x, y = test }, { name = "training rows", x = x, y = train } } }
  end
  local count, way = options.folds * options.repeats, options.stratify and ", stratified" or ""
  report:text(("Means over %d folds%s%s."):format(count, way, learner.words))
  report.curve = require("lathe.table").new(data):cast { rows = "int64" }
  report.metrics = { [one.name] = test[#test] }
  return report
end

return learning
