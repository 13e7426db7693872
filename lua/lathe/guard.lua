-- The leakage guard: ways in which a flow lets its model know what it will be asked. The graph of steps is looked through before anything
-- runs (here), and the rows while it does (lathe.guard.rows). Each finding has a name, says why it matters and names the mend;
-- flow:allow(NAME, WHY) lets one pass.
--
-- What a step does to rows is its `effect` (share/doc/plugins.md): "split", "learn" (of its first table), "augment", "train", "choose",
-- "measure".
local core = require "lathe.core"

local guard = {}

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

-- A recipe that was learned from rows that are cut later, and used behind the cut.
local function learned_of_all(plan, entry, findings)
  local input = entry.step.effect == "learn" and first_table(entry)
  if not input or not guard.feeds_training(plan, entry) then return end
  for _, split in ipairs(plan.nodes) do
    local cut = split.step and split.needed and split.step.effect == "split" and first_table(split)
    if cut and not origins(plan, split)[entry.index] and guard.made_from(plan, cut, input, {}) then
      findings[#findings + 1] = finding("learned-before-split", entry,
        "%s learns from the rows that %s cuts, so the model knows of the test rows; give it the training rows: flow.%s.train",
        quoted(entry), quoted(split), split.name)
      return
    end
  end
end

-- Whether a table is made of test rows: the split that they come from. Those of seal = false are there to choose by.
local function test_rows(plan, input, seen)
  local source = plan.nodes[input.node]
  if not source.step or seen[source] then return nil end
  seen[source] = true
  if source.step.effect == "split" and input.output ~= "test" then return nil end
  if source.step.effect == "split" and source.params.seal ~= false then return source end
  for _, further in ipairs(source.inputs) do
    local split = further.kind == "table" and test_rows(plan, further, seen)
    if split then return split end
  end
end

-- Test rows where rows are learned from.
local function on_test_rows(plan, entry, findings)
  local words = { train = "learns from", learn = "learns from", augment = "makes new rows of", choose = "chooses by" }
  local input = words[entry.step.effect] and first_table(entry)
  local split = input and test_rows(plan, input, {})
  if split then
    findings[#findings + 1] = finding("test-rows-used", entry,
      "%s %s the test rows of %s, which then tell nothing of rows that were not seen; give it the training rows, or validation rows of a "
      .. "further split", quoted(entry), words[entry.step.effect], quoted(split))
  end
end

local function is_figure(word) return tonumber(word) ~= nil or word:sub(1, 1) == "$" end

-- The column that an expression standardises by figures: "x" for (x - 50) / 30.
local function standardised(expression)
  if type(expression) ~= "string" then return nil end
  local name, mean, deviation = expression:match "^%s*%(%s*`?([%w_ ]-)`?%s*%-%s*([%$%w_.]+)%s*%)%s*/%s*([%$%w_.]+)%s*$"
  return name and is_figure(mean) and is_figure(deviation) and name or nil
end

-- Whether a step changes this column by what it learned, or as one does by hand with a mean and a deviation.
local function scales(entry, name)
  if entry.step.effect == "learn" then return has(entry.params.columns, name) or entry.params.column == name end
  return entry.step.name == "shape.derive" and entry.params.name == name and standardised(entry.params.expression) == name
end

-- The names that a parameter gives: of none, one or a list.
function guard.names(value)
  if type(value) == "string" then return { value } end
  return type(value) == "table" and value or {}
end

-- The target as a feature, or changed by a step that learns.
local function about_target(plan, entry, findings)
  if entry.step.effect ~= "train" then return end
  for _, target in ipairs(guard.names(entry.params.target)) do
    if has(entry.params.features, target) then
      findings[#findings + 1] = finding("target-among-features", entry,
        "%s is to predict %q from columns among which it stands; take it out of features", quoted(entry), target)
    end
    for index in pairs(origins(plan, entry)) do
      local other = plan.nodes[index]
      if other.step and scales(other, target) then
        findings[#findings + 1] = finding("target-transformed", other,
          "%s changes %q, which %s is to predict; its predictions and errors would be in other units; leave that column out",
          quoted(other), target, quoted(entry))
      end
    end
  end
end

-- Whether the table of `input` is the one of `other`, or was made from it.
function guard.made_from(plan, input, other, seen)
  if input.node == other.node and input.output == other.output then return true end
  local source = plan.nodes[input.node]
  if seen[source] then return false end
  seen[source] = true
  for _, further in ipairs(source.inputs) do
    if further.kind == "table" and guard.made_from(plan, further, other, seen) then return true end
  end
  return false
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
  if learned and guard.made_from(plan, learned, input, {}) then
    findings[#findings + 1] = finding("measured-on-training-rows", entry,
      "%s measures the model on the rows that %s learned from, and says nothing of rows it has not seen; cut the rows with prepare.split "
      .. "and measure on its test rows", quoted(entry), quoted(trained))
  end
end

-- Whether a column holds scores: by its name, or because a step before made it of a mean and a deviation.
local function is_score(plan, entry, name)
  if name == "z" or name:find "^z_" or name:find "_z$" or name:lower():find "z_?score" then return true end
  for index in pairs(origins(plan, entry)) do
    local other = plan.nodes[index]
    if other.step and other.step.name == "shape.derive" and other.params.name == name and standardised(other.params.expression) then
      return true
    end
  end
  return false
end

-- The scores that a condition limits from above alone: a list of { name, limit }.
local function limited_above(plan, entry)
  local params, list = entry.params, {}
  if entry.step.name == "clean.keep_range" then
    local limit = params.max or params.below
    if limit and limit > 0 and params.min == nil and is_score(plan, entry, params.column) then list[1] = { params.column, limit } end
  end
  local where = entry.step.name == "shape.filter" and params.where
  if type(where) ~= "string" or where:find("abs", 1, true) then return list end
  for name, limit in where:gmatch "([%w_]+)`?%s*<=?%s*(%d+%.?%d*)" do
    local below = where:find(name .. "`?%s*>=?%s*%-") or where:find("%-%s*%d+%.?%d*%s*<=?%s*`?" .. name)
    if tonumber(limit) > 0 and not below and is_score(plan, entry, name) then list[#list + 1] = { name, limit } end
  end
  local score, limit = where:match "(%([^()]+%s%-%s*[%d.]+%s*%)%s*/%s*[%d.]+)%s*<=?%s*(%d+%.?%d*)"
  if score and not where:find(">", 1, true) then list[#list + 1] = { score, limit } end
  return list
end

-- z < 3 by hand: outliers far below the mean stay.
local function one_sided(plan, entry, findings)
  for _, one in ipairs(limited_above(plan, entry)) do
    findings[#findings + 1] = finding("one-sided-outliers", entry,
      "%s keeps rows with %s < %s, however far they lie below the mean; write abs(%s) < %s, or use the recipe's outliers",
      quoted(entry), one[1], one[2], one[1], one[2])
  end
end

-- Divided by a deviation of 0: NaN and infinity for a constant column.
local function by_zero(entry, findings)
  local name = entry.step.name == "shape.derive" and standardised(entry.params.expression)
  local deviation = name and entry.params.expression:match "([%$%w_.]+)%s*$"
  if deviation and deviation:sub(1, 1) == "$" then deviation = (entry.params.values or {})[deviation:sub(2)] end
  if tonumber(deviation) == 0 then
    findings[#findings + 1] = finding("constant-column", entry,
      "%s divides %q by a deviation of 0, which gives NaN or infinity in every row; a column that is the same in every row tells nothing: "
      .. "drop it, or leave scaling to the recipe, which skips it", quoted(entry), name)
  end
end

-- Chance without a seed: other rows, and another model, each time.
local function without_seed(entry, findings)
  local draws = entry.step.effect == "split" or entry.step.effect == "augment"
  if not draws or entry.step.origin == "lathe" then return end
  if not entry.step.param.seed then
    findings[#findings + 1] = finding("no-seed", entry,
      "%s draws by chance and takes no seed, so it gives other rows each time; give the step a parameter seed and draw with lathe.random",
      quoted(entry))
  elseif entry.params.seed == nil and entry.step.param.seed.default == nil then
    findings[#findings + 1] = finding("no-seed", entry,
      "%s draws by chance and is given no seed, so it gives other rows each time; say seed = 42", quoted(entry))
  end
end

-- What is wrong with the graph of a plan (flow:plan()): a list of { name =, node =, text = }, in the order of the nodes.
function guard.graph(plan)
  local findings = {}
  for _, entry in ipairs(plan.nodes) do
    if entry.step and entry.needed then
      if entry.step.effect == "split" then before_split(plan, entry, findings) end
      learned_of_all(plan, entry, findings)
      on_test_rows(plan, entry, findings)
      about_target(plan, entry, findings)
      measured_on_training(plan, entry, findings)
      one_sided(plan, entry, findings)
      by_zero(entry, findings)
      without_seed(entry, findings)
    end
  end
  return findings
end

-- Whether a model is trained with what `entry` gives, or measured with it.
function guard.feeds_training(plan, entry)
  local reached = { [entry.index] = true }
  for _, other in ipairs(plan.nodes) do -- a node takes of nodes before it alone
    for _, input in ipairs(other.inputs) do
      if reached[input.node] then reached[other.index] = true end
    end
    local effect = other.step and other.needed and other.step.effect
    if reached[other.index] and other ~= entry and (effect == "train" or effect == "measure" or effect == "choose") then return true end
  end
  return false
end

-- Whether what `entry` gives is cut into training and test rows later.
function guard.is_cut(plan, entry)
  for _, other in ipairs(plan.nodes) do
    if other.step and other.step.effect == "split" and origins(plan, other)[entry.index] then return true end
  end
  return false
end

-- The targets that later nodes train for: name -> the node that does.
function guard.targets(plan, entry)
  local targets = {}
  for _, other in ipairs(plan.nodes) do
    if other.step and other.step.effect == "train" and origins(plan, other)[entry.index] then
      for _, target in ipairs(guard.names(other.params.target)) do targets[target] = other end
    end
  end
  return targets
end

-- ---- rows that are left out ----

-- Raise when a step leaves out more rows than it was told it may: `may_drop` is the part of them that may go.
function guard.left_out(before, after, may_drop)
  local all, stay = before:rows(), after:rows()
  if all == 0 or all - stay <= may_drop * all then return end
  local count, share = require("lathe.style").count, (all - stay) / all
  core.fail("this would leave out %.3g %% of the rows (%s of %s); when that is meant, say so: may_drop = %s", 100 * share,
    count(all - stay), count(all), stay == 0 and "1" or ("%g"):format(math.ceil(share * 100) / 100))
end

-- The parameter by which steps are told so.
guard.may_drop = {
  type = "number", default = 0.5, min = 0, max = 1, doc = "the part of the rows that may be left out; more than that fails the step",
}

guard.finding, guard.quoted, guard.first_table, guard.has = finding, quoted, first_table, has

return guard
