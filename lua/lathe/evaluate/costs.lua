-- What decisions among classes cost: a matrix, and the decision of least expected cost. costs[TRUE][TAKEN] is what it costs to take a row
-- of class TRUE for TAKEN; one that is not named costs 0 when it is right, and 1 when it is wrong.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local matrix = {}

-- Whether `costs` is such a matrix: of two classes the costs of the four kinds of decision are the other way to say it.
function matrix.is_matrix(costs, names)
  if type(costs) ~= "table" then return false end
  for _, name in ipairs(names) do
    if type(costs[name]) == "table" then return true end
  end
  return false
end

local kinds = { true_negative = true, false_positive = true, false_negative = true, true_positive = true }

local function known(name, names, where)
  for index, class in ipairs(names) do
    if class == tostring(name) then return index end
  end
  if kinds[name] then
    core.fail("%s: %s is of two classes, and there are %d; say costs = { %s = { %s = 5 } } where a row of %s is taken for %s", where, name,
      #names, names[1], names[2], names[1], names[2])
  end
  core.fail("%s: there is no class %q; %s", where, tostring(name), require("lathe.schema").suggest(tostring(name), names, "classes"))
end

-- The matrix as doubles of C, (classes, classes), checked: a wrong decision costs more than the right one.
function matrix.read(costs, names, where)
  if type(costs) ~= "table" then
    core.fail("%s takes what decisions cost: costs = { %s = { %s = 5 } } where a row of %s is taken for %s", where, names[1], names[2],
      names[1], names[2])
  end
  local count, out = #names, ffi.new("double[?]", #names * #names)
  for row = 0, count - 1 do
    for column = 0, count - 1 do out[row * count + column] = row == column and 0 or 1 end
  end
  for truth, list in pairs(costs) do
    local row = known(truth, names, where .. ": costs") - 1
    if type(list) ~= "table" then
      core.fail("%s: costs.%s is a table of what it costs to take such a row for each class, not %s", where, tostring(truth),
        tostring(list))
    end
    for taken, cost in pairs(list) do
      local column = known(taken, names, where .. ": costs." .. tostring(truth)) - 1
      if type(cost) ~= "number" or not (math.abs(cost) < 1e300) then
        core.fail("%s: the cost of taking %s for %s is a number, not %s", where, tostring(truth), tostring(taken), tostring(cost))
      end
      out[row * count + column] = cost
    end
  end
  for row = 0, count - 1 do
    for column = 0, count - 1 do
      if row ~= column and out[row * count + column] < out[row * count + row] then
        core.fail("%s: to take %s for %s costs less than to be right; a wrong decision costs more than the right one of the same rows",
          where, names[row + 1], names[column + 1])
      end
    end
  end
  return out
end

-- The mean cost of taking rows of `codes` for `taken(row)` (a place from 0, nil: not known), with its bootstrap interval.
local function mean_cost(costs, count, codes, rows, weights, taken, options)
  local cost, zero = ffi.new("double[?]", math.max(rows, 1)), ffi.new("double[?]", math.max(rows, 1))
  for row = 0, rows - 1 do
    local class = taken(row)
    cost[row] = codes[row] >= 0 and class and costs[codes[row] * count + class] or 0 / 0
  end
  local result = require("lathe.evaluate.measure").regression(zero, cost, rows, nil, weights, options)
  local interval = result.intervals.bias or {}
  return { value = result.values.bias, low = interval[1], high = interval[2] }
end

-- The most probable class of a row, the first of equals; nil where that is not known.
local function most_probable(out, count)
  return function(row)
    local best, p = 0, out + row * count
    if p[0] ~= p[0] then return nil end
    for class = 1, count - 1 do
      if p[class] > p[best] then best = class end
    end
    return best
  end
end

-- The cheapest of deciding always the same: its cost and its name.
local function always(costs, names, codes, rows, weights)
  local least, which
  for class = 0, #names - 1 do
    local cost = mean_cost(costs, #names, codes, rows, weights, function() return class end, { resamples = 0 }).value
    if not least or cost < least then least, which = cost, names[class + 1] end
  end
  return least, which
end

local function shown(cost) return cost and require("lathe.style").number(cost) or nil end
local function interval_of(cost) return cost.low and ("%s to %s"):format(shown(cost.low), shown(cost.high)) or nil end

-- The model that decides by least expected cost, and a report of what that costs on these rows.
function matrix.decide(model, codes, out, rows, weights, options)
  local names = model:classes()
  local costs = matrix.read(options.costs, names, "model:decide")
  local made = require("lathe.model").wrap(core.try(C.lathe_model_at_costs(model:handle(), costs, core.problem)))
  local graph, count, usual = made:graph(), #names, most_probable(out, #names)
  local function cheapest(row)
    local class = C.lathe_graph_choose(graph, out + row * count)
    return class >= 0 and class or nil
  end
  local chosen = mean_cost(costs, count, codes, rows, weights, cheapest, options)
  local plain = mean_cost(costs, count, codes, rows, weights, usual, options)
  local base, which = always(costs, names, codes, rows, weights)
  local report = require("lathe.report").new(("Decision on %s"):format(model:target()))
  report:table {
    columns = { "decision", { name = "mean cost", align = "right" },
      { name = ("%g %% interval"):format(options.level * 100), align = "right" } },
    rows = {
      { "least expected cost", shown(chosen.value), interval_of(chosen) },
      { "the most probable class", shown(plain.value), interval_of(plain) },
      { "always " .. which, shown(base) },
    },
  }
  report:text(("A row is taken for the class whose expected cost, by the model's probabilities, is least. Nothing was learned from "
    .. "these %s rows: the probabilities have to be right, so calibrate the model first where they are not."):format(
    require("lathe.style").count(rows)))
  if chosen.value >= base then report:alert { text = "the model saves nothing against always deciding the same" } end
  if chosen.value > plain.value then
    report:alert { text = "it costs more than taking the most probable class: the probabilities are not what they say; calibrate" }
  end
  report.metrics = { cost = chosen.value, baseline_cost = base, cost_more_probable = plain.value }
  report.intervals = { cost = chosen.low and { chosen.low, chosen.high } or nil }
  return made, report
end

-- Add to an evaluation what its decisions cost.
function matrix.add(report, result, options)
  local names = result.names
  local costs = matrix.read(options.costs, names, "model:evaluate")
  local usual = most_probable(result.probabilities, #names)
  local function taken(row)
    local class = usual(row)
    return class and result.predicted and result.predicted[row] or class
  end
  local cost = mean_cost(costs, #names, result.codes, result.rows, result.weights, taken,
    { resamples = result.resamples, level = result.level, seed = options.seed })
  local base = always(costs, names, result.codes, result.rows, result.weights)
  report.metrics.cost, report.metrics.baseline_cost = cost.value, base
  if cost.low then report.intervals.cost = { cost.low, cost.high } end
  report:text(("Mean cost of a decision: %s%s; of deciding always the same: %s."):format(shown(cost.value),
    cost.low and (" (%s)"):format(interval_of(cost)) or "", shown(base)))
end

return matrix
