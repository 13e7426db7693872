-- The leakage guard's look at rows: when they are cut, when a step has made others of them, and when a model is about to learn from them.
local core = require "lathe.core"
local guard = require "lathe.guard"

local rows = {}
local finding, quoted, first_table, has = guard.finding, guard.quoted, guard.first_table, guard.has

-- Rows beyond these are not looked at one by one, and a part of the test rows below which equal training rows are only told of.
local ROWS, EQUAL = 20000, 0.01

local numbers = { int64 = true, float64 = true, bool = true, date = true, timestamp = true }

-- Whether rows stand in the order of time by this column: nearly all are not before the row above.
local function in_order(table_, name)
  local height = table_:rows()
  local values, back = require("ffi").new("double[?]", height), 0
  core.try(core.C.lathe_column_to_float64(table_:column(name):handle(), values, core.problem))
  if not (values[0] < values[height - 1]) then return false end
  for row = 1, height - 1 do
    if not (values[row] >= values[row - 1]) then back = back + 1 end
  end
  return back <= height / 100
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

-- The columns that a model is about to learn from.
local function features_of(whole, param)
  local features = {}
  for _, name in ipairs(whole:columns()) do
    local wanted = not has(guard.names(param.target), name) and not has(param.drop, name) and name ~= param.weights
    if wanted and (not param.features or has(param.features, name)) then features[#features + 1] = name end
  end
  return features
end

-- Columns that are the same in every training row: told, for they are skipped, and never divided by a deviation of 0.
local function constant_columns(entry, whole, sample, features)
  local found = {}
  for _, name in ipairs(features) do
    if sample:select(name):drop_duplicates():rows() == 1 and whole:select(name):drop_duplicates():rows() == 1 then
      found[#found + 1] = finding("constant-column", entry,
        "%q is the same in every training row; it tells nothing, and is not scaled; drop it: drop = { %q }", name, name)
      found[#found].told = true
    end
  end
  return found
end

-- Columns that by themselves tell the target.
local function telling_columns(entry, sample, target, features)
  local association, found, wanted, values = require "lathe.association", {}, {}, {}
  local known = {}
  for _, name in ipairs(association.columns(sample, "mixed")) do known[name] = true end
  for _, name in ipairs(features) do
    local many = sample:type(name) == "category" and #sample:column(name):categories() > sample:rows() / 10
    if known[name] and not many then wanted[#wanted + 1] = name end
  end
  if numbers[sample:type(target)] or sample:type(target) == "category" then
    local names = { unpack(wanted) }
    names[#names + 1] = target
    local matrix = association.matrix(sample, names, { method = "mixed", against = target })
    for _, pair in ipairs(association.list(matrix, target)) do values[pair[2]] = pair[3] end
  end
  for _, name in ipairs(wanted) do
    local word = tells(sample, target, name, values[name])
    if word then
      found[#found + 1] = finding("predicts-alone", entry,
        "the column %q alone %s the target %q; when it is made from the target, or known only after it, drop it: drop = { %q }",
        name, word, target, name)
    end
  end
  return found
end

local function before_train(entry, inputs, param)
  local input = first_table(entry)
  local whole, targets = input and inputs[input.input], guard.names(param.target)
  if not whole or #targets == 0 or whole:rows() < 2 then return {} end
  for _, target in ipairs(targets) do
    if not whole:has(target) then return {} end
  end
  local sample, features = whole:rows() > ROWS and whole:sample { rows = ROWS, seed = 1 } or whole, features_of(whole, param)
  local found = constant_columns(entry, whole, sample, features)
  if whole:rows() < 50 then return found end
  for _, target in ipairs(targets) do
    for _, one in ipairs(telling_columns(entry, sample, target, features)) do found[#found + 1] = one end
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

-- ---- what a step does that does not say ----

-- Rows that a step is tried with.
local TRIED = 2000

local function same(a, b)
  return a ~= nil and b ~= nil and a:rows() == b:rows() and table.concat(a:columns(), "\n") == table.concat(b:columns(), "\n")
    and a:hash() == b:hash()
end

-- Whether two tables hold the same rows in another order.
local function reordered(a, b)
  if a:rows() ~= b:rows() or table.concat(a:columns(), "\n") ~= table.concat(b:columns(), "\n") then return false end
  local fine, left, right = pcall(function() return a:sort(a:columns()), b:sort(b:columns()) end)
  return fine and left:hash() == right:hash()
end

-- What a step of a user's that declares no effect does to rows: "chance" when it gives other values for the same rows, "learn" when it
-- gives other values for them when fewer others stand beside them, "augment" when it appends rows. It is tried with the first rows, so
-- only one that has one table in and out, and neither writes nor serves. nil: nothing of these, or not to be told.
local function tried(entry, before, after, again)
  local part = before:head(math.min(TRIED, math.ceil(before:rows() / 2)))
  local first, second = again(part), again(part)
  if not first or not second then return nil end
  if not same(first, second) then return "chance" end
  local kept = before:columns()
  for _, name in ipairs(kept) do
    if not after:has(name) then return nil end
  end
  local made = after:select(kept)
  if after:rows() > before:rows() and made:head(before:rows()):hash() == before:hash() then return "augment" end
  if after:rows() ~= before:rows() or first:rows() ~= part:rows() or reordered(first:select(kept), part) then return nil end
  return not same(after:head(part:rows()), first) and "learn" or nil
end

local words = {
  chance = { "no-seed", "%s gives other values for the same rows each time it runs; give it a parameter seed and draw with lathe.random" },
  learn = { "learned-before-split", "%s gives other values for the same rows when there are fewer others, so it learns from all of them, "
    .. 'test rows too; put it behind the split, and declare it: effect = "learn"' },
  augment = { "augmented-before-split", "%s appends rows before they are cut, so likenesses of test rows are trained on; give it the "
    .. 'training rows, and declare it: effect = "augment"' },
}

-- Whether a step may be tried: a user's own, without an effect, from one table to one table.
local function may_be_tried(entry, before, after)
  local step = entry.step
  if step.origin == "lathe" or step.effect or not step.cache or #step.inputs ~= 1 or #step.outputs ~= 1 then return false end
  for _, param in ipairs(step.params) do
    if param.type == "output" then return false end
  end
  return before ~= nil and after ~= nil and before:rows() >= 4 and #before:columns() > 0
end

local function undeclared(entry, before, after, plan, again)
  if not may_be_tried(entry, before, after) then return {} end
  local cut, targets = guard.is_cut(plan, entry), guard.targets(plan, entry)
  if not cut and next(targets) == nil then return {} end
  local what, found = tried(entry, before, after, again), {}
  if what == "chance" or what and cut then found[1] = finding(words[what][1], entry, words[what][2], quoted(entry)) end
  if what == "learn" then entry.learns = true end
  return found
end

-- The target of a later training that a step changed by what it learned.
local function changed_target(entry, before, after, plan)
  local found = {}
  if entry.step.effect ~= "learn" and not entry.learns then return found end
  for target, trainer in pairs(guard.targets(plan, entry)) do
    if before:rows() == after:rows() and before:has(target) and after:has(target)
      and before:select(target):hash() ~= after:select(target):hash() then
      found[#found + 1] = finding("target-transformed", entry,
        "%s changes %q, which %s is to predict; its predictions and errors would be in other units; leave that column out",
        quoted(entry), target, quoted(trainer))
    end
  end
  return found
end

local function after_others(entry, inputs, given, plan, again)
  local input = first_table(entry)
  local before, after = input and inputs[input.input], given[(entry.step.outputs[1] or {}).name]
  local is = require("lathe.table").is
  if not is(before) or not is(after) then return {} end
  local found = undeclared(entry, before, after, plan, again)
  for _, one in ipairs(changed_target(entry, before, after, plan)) do found[#found + 1] = one end
  return found
end

-- Look at what a step is about to take (`given` nil) or has given: findings. `again(table)` runs it on another table, nil if that fails.
function rows.look(entry, inputs, param, given, plan, again)
  local effect = entry.step.effect
  if not given then return effect == "train" and before_train(entry, inputs, param) or {} end
  if effect == "split" then return after_split(entry, inputs, given) end
  if effect == "augment" then return after_augment(entry, inputs, given) end
  return after_others(entry, inputs, given, plan, again)
end

return rows
