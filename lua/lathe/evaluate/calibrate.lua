-- Probabilities put right by rows that a model did not learn from, and the probability from which the second of two classes is taken,
-- chosen by what wrong decisions cost. Both are learned from rows of a table, or from the out-of-fold predictions of a cross-validation.
local ffi = require "ffi"
local core = require "lathe.core"
local measure = require "lathe.evaluate.measure"

local C = core.C
local calibrate = {}

core.takes["model:calibrate"] = { method = "platt", weights = core.open }
core.takes["model:decide"] = { costs = core.open, weights = core.open, resamples = core.open, level = 0.95, seed = 42 }

local methods = { platt = "LATHE_CALIBRATION_PLATT", isotonic = "LATHE_CALIBRATION_ISOTONIC" }

-- Classes and probabilities of rows: codes, probabilities (rows, classes), how many rows, their weights. Of a table what the model says, of
-- a report of lathe.cross_validate what models that had not seen the rows said.
local function rows_of(model, given, options, where)
  local tables, names = require "lathe.table", model:classes()
  if not names then core.fail("%s: the model predicts numbers, and this is about probabilities of classes", where) end
  if tables.is(given) then
    require("lathe.seal").refuse(given, where)
    local out, rows = model:run(given)
    return measure.codes(model, given), out, rows, measure.weights(given, options.weights)
  end
  local predicted = require("lathe.report").is(given) and rawget(given, "predictions")
  if not tables.is(predicted) then
    core.fail("%s takes a table of rows that the model did not learn from, or a report of lathe.cross_validate; not a %s", where,
      type(given))
  end
  if options.weights then core.fail("%s: out-of-fold predictions have no weights; leave weights out", where) end
  local rows, classes = predicted:rows(), #names
  local out = ffi.new("double[?]", math.max(rows * classes, 1))
  for class, name in ipairs(names) do
    local column = ("P(%s)"):format(name)
    if not predicted:has(column) then core.fail("%s: the cross-validation has no %q; it is one of another target", where, column) end
    local values = ffi.new("double[?]", math.max(rows, 1))
    core.try(C.lathe_column_to_float64(predicted:column(column):handle(), values, core.problem))
    for row = 0, rows - 1 do out[row * classes + class - 1] = values[row] end
  end
  return measure.codes(model, predicted), out, rows, nil
end

-- The same model with calibrated probabilities: see model:calibrate in share/doc/lua.md.
function calibrate.calibrate(model, given, options)
  options = core.options(options, "model:calibrate")
  local method = methods[options.method]
  if not method then core.fail("method is \"platt\" or \"isotonic\", not %s", tostring(options.method)) end
  local codes, out, rows, weights = rows_of(model, given, options, "model:calibrate")
  return model.wrap(C.lathe_model_calibrate(model:handle(), codes, out, rows, weights, C[method], core.problem))
end

-- ---- costs ----

local kinds = { "true_negative", "false_positive", "false_negative", "true_positive" }

-- The costs of a decision, checked: those of the four kinds, 0 when they are not named.
function calibrate.costs(costs, where)
  if type(costs) ~= "table" then
    core.fail("%s takes what wrong decisions cost: costs = { false_positive = 1, false_negative = 5 }", where)
  end
  local known, checked = {}, {}
  for _, kind in ipairs(kinds) do known[kind] = true end
  for name, cost in pairs(costs) do
    if not known[name] then core.unknown_option(where .. ": costs", name, known) end
    if type(cost) ~= "number" or not (math.abs(cost) < 1e300) then
      core.fail("%s: the cost %s is a number, not %s", where, name, tostring(cost))
    end
  end
  for _, kind in ipairs(kinds) do checked[kind] = costs[kind] or 0 end
  if not (checked.false_positive > checked.true_negative and checked.false_negative > checked.true_positive) then
    core.fail("%s: a wrong decision costs more than a right one of the same rows; costs = { false_positive = 1, false_negative = 5 }",
      where)
  end
  return checked
end

-- The mean cost of taking rows of codes (of two classes) for `predicted(row)`, with its bootstrap interval: { value, low, high }.
function calibrate.mean_cost(costs, codes, rows, weights, predicted, options)
  local cost, zero = ffi.new("double[?]", math.max(rows, 1)), ffi.new("double[?]", math.max(rows, 1))
  for row = 0, rows - 1 do
    local taken = predicted(row)
    if codes[row] < 0 or taken == nil then
      cost[row] = 0 / 0
    else
      cost[row] = costs[kinds[1 + 2 * codes[row] + taken]]
    end
  end
  local result = measure.regression(zero, cost, rows, nil, weights, options)
  local interval = result.intervals.bias or {}
  return { value = result.values.bias, low = interval[1], high = interval[2] }
end

-- The theoretical threshold, where probabilities are what they say (Elkan 2001, "The foundations of cost-sensitive learning").
local function theory(costs)
  local wrong = costs.false_positive - costs.true_negative
  return wrong / (wrong + costs.false_negative - costs.true_positive)
end

-- The threshold of least cost on rows: between the probabilities of two of them. Of several as good the one nearest to theory.
local function choose(costs, codes, out, rows, weights)
  local count = math.max(rows, 1)
  local value, hits, misses = ffi.new("double[?]", count), ffi.new("double[?]", count), ffi.new("double[?]", count)
  local points = ffi.new "int64_t[1]"
  core.try(C.lathe_metrics_curve(codes, out, weights, rows, 2, 1, value, hits, misses, points, core.problem))
  local last = tonumber(points[0]) - 1
  if last < 0 or hits[last] == 0 or misses[last] == 0 then core.fail "model:decide wants rows of both classes" end
  local positives, negatives, ideal = hits[last], misses[last], theory(costs)
  local best, least = nil, math.huge
  local function try(threshold, hit, miss)
    local cost = costs.true_positive * hit + costs.false_negative * (positives - hit) + costs.false_positive * miss
      + costs.true_negative * (negatives - miss)
    local nearer = best and math.abs(threshold - ideal) < math.abs(best - ideal)
    if cost < least or cost == least and nearer then best, least = threshold, cost end
  end
  if value[0] < 1 then try((value[0] + 1) / 2, 0, 0) end
  for at = 0, last do try(at < last and (value[at] + value[at + 1]) / 2 or value[at] / 2, hits[at], misses[at]) end
  return best
end

-- ---- the report ----

local function shown(cost)
  local style = require "lathe.style"
  local function number(value) return value and style.number(value) or nil end
  return number(cost.value), cost.low and ("%s to %s"):format(number(cost.low), number(cost.high)) or nil
end

-- Choose a threshold, and the model that has it: see model:decide in share/doc/lua.md.
function calibrate.decide(model, given, options)
  options = core.options(options, "model:decide")
  local names = model:classes()
  local matrix = require "lathe.evaluate.costs"
  if names and (#names ~= 2 or matrix.is_matrix(options.costs, names)) then
    local codes, out, rows, weights = rows_of(model, given, options, "model:decide")
    return matrix.decide(model, codes, out, rows, weights, options)
  end
  local costs = calibrate.costs(options.costs, "model:decide")
  local codes, out, rows, weights = rows_of(model, given, options, "model:decide")
  local threshold = choose(costs, codes, out, rows, weights)
  local made = model:at_threshold(threshold)
  local report = require("lathe.report").new(("Decision on %s"):format(model:target()))
  local lines = {}
  local plain = setmetatable({ resamples = 0 }, { __index = options })
  local function line(words, at, predicted, bare)
    local cost = calibrate.mean_cost(costs, codes, rows, weights, predicted, bare and plain or options)
    local value, interval = shown(cost)
    lines[#lines + 1] = { words, at, value, interval }
    return cost
  end
  local function from(limit)
    return function(row)
      local p = out[row * 2 + 1]
      if p == p then return p >= limit and 1 or 0 end
    end
  end
  local chosen = line("chosen", threshold, from(threshold))
  local usual = line("the more probable class", 0.5, from(0.5))
  line("by the costs alone", theory(costs), from(theory(costs)), true)
  local none = line("always " .. names[1], nil, function() return 0 end, true)
  local all = line("always " .. names[2], nil, function() return 1 end, true)
  report:table { columns = { "decision", { name = "threshold", align = "right" }, { name = "mean cost", align = "right" },
    { name = ("%g %% interval"):format(options.level * 100), align = "right" } }, rows = lines }
  report:text(("%q is predicted from a probability of %.4g up. A false %q costs %g, a missed one %g. The threshold was chosen on these %s "
    .. "rows, so other rows will cost a little more; measure on test rows."):format(names[2], threshold, names[2], costs.false_positive,
    costs.false_negative, require("lathe.style").count(rows)))
  local base = math.min(none.value, all.value)
  if chosen.value >= base then report:alert { text = "the model saves nothing against always deciding the same" } end
  report.threshold = threshold
  report.metrics = { cost = chosen.value, baseline_cost = base, cost_more_probable = usual.value, threshold = threshold }
  report.intervals = { cost = chosen.low and { chosen.low, chosen.high } or nil }
  return made, report
end

return calibrate
