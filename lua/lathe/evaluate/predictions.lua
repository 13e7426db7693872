-- lathe.evaluate: predictions that stand in a table, by whatever program they were made.
local ffi = require "ffi"
local core = require "lathe.core"
local measure = require "lathe.evaluate.measure"

require "lathe.evaluate"

local C = core.C
local predictions = {}

core.takes["lathe.evaluate"] = { target = core.open, prediction = core.open, probabilities = core.open, title = core.open }
for name, default in pairs(core.takes["model:evaluate"]) do core.takes["lathe.evaluate"][name] = default end

local text = { string = true, category = true }

-- Sorted as a model sorts its classes: numbers by size, texts by their bytes.
function predictions.sort(names)
  local all = true
  for _, name in ipairs(names) do all = all and tonumber(name) ~= nil end
  table.sort(names, function(a, b)
    if all then return tonumber(a) < tonumber(b) end
    return a < b
  end)
  return names
end

local function doubles(table_, name)
  local out = ffi.new("double[?]", math.max(table_:rows(), 1))
  core.try(C.lathe_column_to_float64(table_:column(name):handle(), out, core.problem))
  return out
end

-- How a number of a column is called as a class.
local function called(value, kind)
  if kind == "bool" then return value ~= 0 and "true" or "false" end
  return ("%.14g"):format(value)
end

-- The different values of a column as the names of classes, added to `names` and `place`.
local function add_names(table_, name, names, place)
  local kind, found = table_:type(name), {}
  if text[kind] then
    local column = table_:column(name)
    found = (kind == "string" and column:to_category() or column):categories()
  else
    local values, seen = doubles(table_, name), {}
    for row = 0, table_:rows() - 1 do
      local value = values[row]
      if value == value and not seen[value] then
        seen[value] = true
        found[#found + 1] = called(value, kind)
      end
    end
  end
  for _, class in ipairs(found) do
    if not place[class] then
      names[#names + 1] = class
      place[class] = true
    end
  end
end

-- The places of a column's elements among `names`: -1 of a missing one, -2 of one that is none of them.
function predictions.codes(table_, name, names)
  local rows, place = table_:rows(), {}
  local codes, kind = ffi.new("int32_t[?]", math.max(rows, 1)), table_:type(name)
  for index, class in ipairs(names) do place[class] = index - 1 end
  if text[kind] then
    local column = table_:column(name)
    if kind == "string" then column = column:to_category() end
    local entries, known = ffi.cast("const int32_t *", C.lathe_column_values(column:handle())), column:categories()
    local of = ffi.new("int32_t[?]", #known + 1)
    for index, class in ipairs(known) do of[index - 1] = place[class] or -2 end
    for row = 0, rows - 1 do codes[row] = C.lathe_column_present(column:handle(), row) and of[entries[row]] or -1 end
  else
    local values, by_value = doubles(table_, name), {}
    for class, index in pairs(place) do
      local value = kind == "bool" and (class == "true" and 1 or 0) or tonumber(class)
      if value then by_value[value] = index end
    end
    for row = 0, rows - 1 do codes[row] = values[row] ~= values[row] and -1 or by_value[values[row]] or -2 end
  end
  return codes
end

-- The columns of probabilities: class -> column. Those called P(CLASS), unless they are named.
local function probability_columns(table_, given)
  local columns, names = {}, {}
  if given == nil then
    for _, name in ipairs(table_:columns()) do
      local class = name:match "^P%((.*)%)$"
      if class then columns[class], names[#names + 1] = name, class end
    end
  else
    if type(given) ~= "table" then core.fail "probabilities names a column for each class: { yes = \"p_yes\", no = \"p_no\" }" end
    for class, name in pairs(given) do columns[tostring(class)], names[#names + 1] = name, tostring(class) end
  end
  if #names == 1 then core.fail("there are probabilities of one class, %q; give a column for each class", names[1]) end
  return columns, predictions.sort(names)
end

local function matrix(table_, columns, names)
  local rows, classes = table_:rows(), #names
  local out = ffi.new("double[?]", math.max(rows * classes, 1))
  for index, class in ipairs(names) do
    local values = doubles(table_, columns[class])
    for row = 0, rows - 1 do
      local p = values[row]
      if not (p >= 0 and p <= 1) and p == p then
        core.fail("row %d: %q is %g, and a probability is a number from 0 to 1", row + 1, columns[class], p)
      end
      out[row * classes + index - 1] = p
    end
  end
  for row = 0, rows - 1 do
    local missing = false
    for class = 0, classes - 1 do missing = missing or out[row * classes + class] ~= out[row * classes + class] end
    if missing then out[row * classes] = 0 / 0 end
  end
  return out
end

local without_labels = { "log_loss", "deviance", "brier" }

-- Only labels: nothing that takes probabilities is defined.
local function of_labels(table_, options)
  local names, place = {}, {}
  add_names(table_, options.target, names, place)
  add_names(table_, options.prediction, names, place)
  predictions.sort(names)
  if #names < 2 then
    core.fail("target and prediction have one class between them, %q; there is nothing to tell apart", tostring(names[1]))
  end
  local rows, classes = table_:rows(), #names
  local predicted = predictions.codes(table_, options.prediction, names)
  local hot = ffi.new("double[?]", math.max(rows * classes, 1))
  for row = 0, rows - 1 do
    if predicted[row] >= 0 then hot[row * classes + predicted[row]] = 1 else hot[row * classes] = 0 / 0 end
  end
  local own = setmetatable({ ranked = false }, { __index = options })
  local result = measure.classes(predictions.codes(table_, options.target, names), hot, rows, names, nil,
    measure.weights(table_, options.weights), own)
  for _, name in ipairs(without_labels) do result.values[name], result.intervals[name] = nil, nil end
  return result, true
end

local function measured(table_, options)
  local columns, names = probability_columns(table_, options.probabilities)
  local weights = measure.weights(table_, options.weights)
  if names[1] then
    if options.prediction and not options.predicted and options.threshold == nil then
      local own = setmetatable({ predicted = predictions.codes(table_, options.prediction, names) }, { __index = options })
      for row = 0, table_:rows() - 1 do
        if own.predicted[row] < 0 then core.fail("row %d: the prediction is none of the classes that have probabilities", row + 1) end
      end
      options = own
    end
    return measure.classes(predictions.codes(table_, options.target, names), matrix(table_, columns, names), table_:rows(), names, nil,
      weights, options)
  end
  if not options.prediction then core.fail "lathe.evaluate takes the column of predictions: prediction = \"COLUMN\"" end
  local kinds = { table_:type(options.target), table_:type(options.prediction) }
  if text[kinds[1]] or text[kinds[2]] or kinds[1] == "bool" then return of_labels(table_, options) end
  return measure.regression(doubles(table_, options.target), doubles(table_, options.prediction), table_:rows(), nil, weights, options)
end

-- How good the predictions in a table are: lathe.evaluate(t, { target = "price", prediction = "guess" }), or of classes with a column for
-- each class's probability (those called P(CLASS), as model:predict and lathe.cross_validate call them; or probabilities = { CLASS =
-- COLUMN, ... }). Takes what model:evaluate takes, gives the same report; there is no baseline, for no training rows are known.
function predictions.evaluate(table_, options)
  local tables = require "lathe.table"
  if not tables.is(table_) then core.fail("lathe.evaluate takes a table with predictions, not a %s", type(table_)) end
  options = core.options(options, "lathe.evaluate")
  if options.target == nil then core.fail "lathe.evaluate takes the column of what came true: target = \"COLUMN\"" end
  table_:index_of(options.target)
  if options.prediction then table_:index_of(options.prediction) end
  require("lathe.seal").look(table_)
  local evaluate = require "lathe.evaluate"
  evaluate.check(options)
  local result, labels = measured(table_, options)
  local shown = setmetatable({ curves = options.curves and not labels }, { __index = options })
  if options.curves and not labels then shown.curves = options.curves end
  return evaluate.report(result, options.title or "Evaluation of " .. options.target, shown)
end

return predictions
