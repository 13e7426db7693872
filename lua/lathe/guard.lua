-- The leakage guard: ways in which a flow lets its model know what it will be asked. The graph of steps is looked through before anything
-- runs, the rows when they are cut and when a model is about to learn from them. Each finding has a name, says why it matters and names
-- the mend; flow:allow(NAME, WHY) lets one pass.
--
-- What a step does to rows is its `effect` (share/doc/plugins.md): "split", "learn" (of its first table), "augment", "train", "choose",
-- "measure".
local core = require "lathe.core"

local guard = {}

-- Rows beyond these are not looked at one by one, and a part of the test rows below which equal training rows are only told of.
local ROWS, EQUAL = 20000, 0.01

local function quoted(entry) return ("%q (%s)"):format(entry.name, entry.step.name) end

local function finding(name, entry, format, ...)
  return { name = name, node = entry.name, text = (format):format(...) }
end

-- A finding as the sentence that stops a flow.
function guard.sentence(found)
  return ("%s: %s; if it is meant so: flow:allow(%q, \"why\")"):format(found.name, found.text, found.name)
end

-- ---- the graph ----

-- The nodes that the tables of `entry` are made from: index -> true.
local function origins(plan, entry, found)
  found = found or {}
  for _, input in ipairs(entry.inputs) do
    if input.kind == "table" and not found[input.node] then
      found[input.node] = true
      origins(plan, plan.nodes[input.node], found)
    end
  end
  return found
end

local function first_table(entry)
  for _, input in ipairs(entry.inputs) do
    if input.kind == "table" then return input end
  end
end

local function has(list, word)
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if item == word then return true end
  end
  return false
end

-- What was done to all rows before a split cut them.
local function before_split(plan, split, findings)
  for index in pairs(origins(plan, split)) do
    local entry = plan.nodes[index]
    if entry.step.effect == "learn" then
      findings[#findings + 1] = finding("learned-before-split", entry,
        "%s learns from all rows before %s cuts them, so the model knows of the test rows; put it behind the split, or into the recipe",
        quoted(entry), quoted(split))
    elseif entry.step.effect == "augment" then
      findings[#findings + 1] = finding("augmented-before-split", entry,
        "%s makes new rows of all rows before %s cuts them, so likenesses of test rows are trained on; give it the training rows",
        quoted(entry), quoted(split))
    end
  end
end

-- Test rows where rows are learned from.
local function on_test_rows(plan, entry, findings)
  local words = { train = "learns from", learn = "learns from", augment = "makes new rows of", choose = "chooses by" }
  local input = words[entry.step.effect] and first_table(entry)
  if not input then return end
  local source = plan.nodes[input.node]
  if source.step.effect == "split" and input.output == "test" then
    findings[#findings + 1] = finding("test-rows-used", entry,
      "%s %s the test rows of %s, which then tell nothing of rows that were not seen; give it the training rows, or validation rows of a "
      .. "further split", quoted(entry), words[entry.step.effect], quoted(source))
  end
end

-- The target as a feature, or changed by a step that learns.
local function about_target(plan, entry, findings)
  local target = entry.params.target
  if type(target) ~= "string" then return end
  if has(entry.params.features, target) then
    findings[#findings + 1] = finding("target-among-features", entry,
      "%s is to predict %q from columns among which it stands; take it out of features", quoted(entry), target)
  end
  for index in pairs(origins(plan, entry)) do
    local other = plan.nodes[index]
    if other.step.effect == "learn" and (has(other.params.columns, target) or other.params.column == target) then
      findings[#findings + 1] = finding("target-transformed", other,
        "%s changes %q, which %s is to predict; its predictions and errors would be in other units; leave that column out",
        quoted(other), target, quoted(entry))
    end
  end
end

-- Rows measured on that the model learned from.
local function measured_on_training(plan, entry, findings)
  if entry.step.effect ~= "measure" then return end
  local input, trained = first_table(entry), nil
  for _, one in ipairs(entry.inputs) do
    local source = plan.nodes[one.node]
    if one.kind == "model" and source.step.effect == "train" then trained = source end
  end
  local learned = input and trained and first_table(trained)
  if learned and learned.node == input.node and learned.output == input.output then
    findings[#findings + 1] = finding("measured-on-training-rows", entry,
      "%s measures the model on the rows that %s learned from, and says nothing of rows it has not seen; cut the rows with prepare.split "
      .. "and measure on its test rows", quoted(entry), quoted(trained))
  end
end

-- z < 3 by hand: outliers far below the mean stay.
local function one_sided(entry, findings)
  local where = entry.step.name == "shape.filter" and entry.params.where
  if type(where) ~= "string" or where:find("abs", 1, true) then return end
  for name, limit in where:gmatch "([%w_]+)%s*<=?%s*(%d+%.?%d*)" do
    local score = name == "z" or name:find "^z_" or name:find "_z$" or name:lower():find "z_?score"
    local below = where:find(name .. "%s*>=?%s*%-") or where:find("%-%s*%d+%.?%d*%s*<=?%s*" .. name)
    if score and not below and tonumber(limit) > 0 then
      findings[#findings + 1] = finding("one-sided-outliers", entry,
        "%s keeps rows with %s < %s, however far they lie below the mean; write abs(%s) < %s, or use the recipe's outliers",
        quoted(entry), name, limit, name, limit)
    end
  end
end

-- Chance without a seed: other rows, and another model, each time.
local function without_seed(entry, findings)
  local draws = entry.step.effect == "split" or entry.step.effect == "augment"
  if draws and entry.step.origin ~= "lathe" and not entry.step.param.seed then
    findings[#findings + 1] = finding("no-seed", entry,
      "%s draws by chance and takes no seed, so it gives other rows each time; give the step a parameter seed and draw with lathe.random",
      quoted(entry))
  end
end

-- What is wrong with the graph of a plan (flow:plan()): a list of { name =, node =, text = }, in the order of the nodes.
function guard.graph(plan)
  local findings = {}
  for _, entry in ipairs(plan.nodes) do
    if entry.step and entry.needed then
      if entry.step.effect == "split" then before_split(plan, entry, findings) end
      on_test_rows(plan, entry, findings)
      about_target(plan, entry, findings)
      measured_on_training(plan, entry, findings)
      one_sided(entry, findings)
      without_seed(entry, findings)
    end
  end
  return findings
end

-- ---- the rows ----

local numbers = { int64 = true, float64 = true, bool = true, date = true, timestamp = true }

-- Whether rows stand in the order of time by this column: nearly all are not before the row above.
local function in_order(table_, name)
  local ffi = require "ffi"
  local rows = table_:rows()
  local values, back = ffi.new("double[?]", rows), 0
  core.try(core.C.lathe_column_to_float64(table_:column(name):handle(), values, core.problem))
  if not (values[0] < values[rows - 1]) then return false end
  for row = 1, rows - 1 do
    if not (values[row] >= values[row - 1]) then back = back + 1 end
  end
  return back <= rows / 100
end

-- What is wrong with the rows that a split gave. Findings with `told` only are no reason to stop.
local function after_split(entry, inputs, given)
  local whole, train, test = inputs.table, given.train, given.test
  local found = {}
  if not (whole and train and test) or test:rows() == 0 or #test:columns() == 0 then return found end
  local shared = test:join(train, { on = test:columns(), how = "semi", missing = "equal" }):rows()
  if shared > 0 then
    local share = shared / test:rows()
    found[1] = finding("equal-rows-across-split", entry,
      "%d of the %d test rows of %s stand among its training rows too, so they were seen; clean.drop_duplicates before the split, or split "
      .. "by group", shared, test:rows(), quoted(entry))
    found[1].told = share < EQUAL
  end
  if not entry.params.time and entry.params.shuffle ~= false and whole:rows() >= 50 then
    for _, name in ipairs(whole:columns()) do
      local kind = whole:type(name)
      if (kind == "date" or kind == "timestamp") and in_order(whole, name) then
        found[#found + 1] = finding("time-order-broken", entry,
          "the rows of %s are in the order of %q, and it draws test rows from among them, so the model learns from what came after; "
          .. "give time = %q", quoted(entry), name, name)
        break
      end
    end
  end
  return found
end

-- Whether the classes of `target` lie in ranges of the number `name` that do not meet.
local function apart(sample, target, name)
  local ranges = sample:group_by({ target }, { low = { "min", name }, high = { "max", name } })
  local low, high, list = ranges:column "low", ranges:column "high", {}
  for row = 1, ranges:rows() do list[row] = { low:get(row), high:get(row) } end
  for _, range in ipairs(list) do
    if type(range[1]) ~= "number" then return false end
  end
  table.sort(list, function(a, b) return a[1] < b[1] end)
  for row = 2, #list do
    if list[row][1] <= list[row - 1][2] then return false end
  end
  return #list > 1
end

-- How a column tells the target by itself: a few words, or nil.
local function tells(sample, target, name, value)
  if value and math.abs(value) > 0.999999 then return "knows" end
  local kind = sample:type(target)
  if kind ~= "float64" and numbers[sample:type(name)] and apart(sample, target, name) then return "parts the classes of" end
end

-- A column that by itself tells the target.
local function before_train(entry, inputs, param)
  local found, input = {}, first_table(entry)
  local whole, target = input and inputs[input.input], param.target
  if not whole or type(target) ~= "string" or not whole:has(target) or whole:rows() < 50 then return found end
  local sample = whole:rows() > ROWS and whole:sample { rows = ROWS, seed = 1 } or whole
  local association, features = require "lathe.association", {}
  for _, name in ipairs(association.columns(sample, "mixed")) do
    local wanted = name ~= target and not has(param.drop, name) and name ~= param.weights
    if param.features and not has(param.features, name) then wanted = false end
    if wanted and sample:type(name) == "category" and #sample:column(name):categories() > sample:rows() / 10 then wanted = false end
    if wanted then features[#features + 1] = name end
  end
  local values = {}
  if numbers[sample:type(target)] or sample:type(target) == "category" then
    local names = { unpack(features) }
    names[#names + 1] = target
    local matrix = association.matrix(sample, names, { method = "mixed", against = target })
    for _, pair in ipairs(association.list(matrix, target)) do values[pair[2]] = pair[3] end
  end
  for _, name in ipairs(features) do
    local words = tells(sample, target, name, values[name])
    if words then
      found[#found + 1] = finding("predicts-alone", entry,
        "the column %q alone %s the target %q; when it is made from the target, or known only after it, drop it: drop = { %q }",
        name, words, target, name)
    end
  end
  return found
end

-- An augmentation that changes rows instead of adding some.
local function after_augment(entry, inputs, given)
  local input = first_table(entry)
  local before, after = input and inputs[input.input], given.table
  if not before or not after then return {} end
  local kept = after:rows() >= before:rows() and after:head(before:rows())
  if kept and kept:select(before:columns()):hash() == before:hash() then return {} end
  return { finding("augmentation-overwrites", entry,
    "%s changed the rows that it was given; new rows are appended, and the measured ones stay as they are", quoted(entry)) }
end

-- Look at what a step is about to take (`given` nil) or has given: findings.
function guard.rows(entry, inputs, param, given)
  if not given then return entry.step.effect == "train" and before_train(entry, inputs, param) or {} end
  if entry.step.effect == "split" then return after_split(entry, inputs, given) end
  if entry.step.effect == "augment" then return after_augment(entry, inputs, given) end
  return {}
end

return guard
