-- Values that probably should be one: spellings of a text, and rows that agree in a key and not in what belongs to it. Adds value_clusters,
-- disagreements and agree to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local column = require "lathe.column"
local tables = require "lathe.table"

local C = core.C

core.takes.value_clusters = { method = "fingerprint", size = 2, share = 0.25, ratio = 4 }
core.takes.disagreements = { by = core.open, columns = core.open }
core.takes.agree = { by = core.open, columns = core.open, share = 0.5, fill = false }

local methods = { fingerprint = C.LATHE_CLUSTER_FINGERPRINT, ngram = C.LATHE_CLUSTER_NGRAM, distance = C.LATHE_CLUSTER_DISTANCE }

local function number(options, name, verb, low, high)
  local value = options[name]
  if type(value) ~= "number" or value < low or value > high then
    core.fail("%s: %s is a number from %g to %g, not %s", verb, name, low, high, tostring(value))
  end
  return value
end

-- Spellings of a text column that probably mean the same, as a map that t:replace replays: cluster, from, to, rows, the largest cluster
-- first. `to` is the most frequent spelling. Texts that stand alone are left out; look through the rest, and delete what is wrong.
--   method  "fingerprint" (default): the same words in any order, without case, accents and punctuation; "ngram": the same pieces of
--           `size` (2) characters, which forgives spaces, too (key collisions, as in OpenRefine); "distance": a rare text becomes a
--           near one that has `ratio` (4) times its rows, where at most `share` (0.25) of the characters differ and digits are the same
function tables:value_clusters(name, options)
  options = core.options(options, "value_clusters")
  require("lathe.seal").refuse(self, "value_clusters")
  local method = methods[options.method]
  if not method then
    core.fail("value_clusters: there is no method %q; %s", tostring(options.method),
      require("lathe.schema").suggest(tostring(options.method), { "fingerprint", "ngram", "distance" }, "methods"))
  end
  local wanted = ffi.new("lathe_cluster_options", { method = method, size = number(options, "size", "value_clusters", 1, 100),
    share = number(options, "share", "value_clusters", 0, 1), ratio = number(options, "ratio", "value_clusters", 1, math.huge) })
  local distinct = self:select(name):rename { [name] = "from" }:group_by("from", { rows = "count" }, { missing = "drop" })
  local count = distinct:rows()
  local into = ffi.new("int64_t[?]", count)
  local texts, rows = distinct:column "from", distinct:column "rows"
  core.try(C.lathe_column_cluster(texts:handle(), ffi.cast("const int64_t *", C.lathe_column_values(rows:handle())), wanted, into,
    core.progress(), core.problem))
  local to = column.own(C.lathe_column_take(texts:handle(), into, count, core.problem), "to")
  local cluster = column.own(C.lathe_column_from_int64(into, count, core.problem), "cluster")
  local all = distinct:with("to", to):with("cluster", cluster)
  local sizes = all:group_by("cluster", { kinds = "count", total = "sum(rows)" }):filter "kinds > 1"
  local found = all:join(sizes, "cluster"):sort { "-total", "cluster", "-rows", "from" }
  local numbers = found:group_by "cluster"
  local order = {}
  for row = 1, numbers:rows() do order[row] = row end
  local numbered = numbers:select("cluster"):with("number", column.new(order, #order, "number")):cast { number = "int64" }
  return found:join(numbered, "cluster"):select { "number", "from", "to", "rows" }:rename { number = "cluster" }
end

-- ---- what belongs to a key ----

local function key_names(count)
  local names = {}
  for index = 1, count do names[index] = "key" .. index end
  return names
end

local function check(self, options, verb)
  options = core.options(options, verb)
  if options.by == nil or options.columns == nil then
    core.fail('%s takes the key and what belongs to it: { by = "zip", columns = { "city", "state" } }', verb)
  end
  options.by, options.columns = self:names(options.by, verb .. ": by"), self:names(options.columns, verb .. ": columns")
  for _, name in ipairs(options.by) do
    for _, other in ipairs(options.columns) do
      if name == other then core.fail("%s: column %q is the key; it cannot depend on itself", verb, name) end
    end
  end
  return options
end

-- The key and one column under names of our own.
local function keyed(self, by, name)
  local names, list = {}, {}
  for index, key in ipairs(by) do names[key], list[index] = "key" .. index, key end
  names[name], list[#list + 1] = "value", name
  return self:select(list):rename(names)
end

-- How often each value is there for each key, with the most frequent one: key..., value, rows, majority, top, kinds, total.
local function count_values(self, by, name)
  local keys = key_names(#by)
  local all = { unpack(keys) }
  all[#all + 1] = "value"
  local counts = keyed(self, by, name):group_by(all, { rows = "count" }, { missing = "drop" })
  local totals = counts:group_by(keys, { total = "sum(rows)", kinds = "count" })
  local winners = counts:sort { "-rows" }:drop_duplicates { columns = keys }:rename { value = "majority", rows = "top" }
  return counts:join(winners, keys):join(totals, keys), keys
end

local said = { "column", "value", "rows", "majority", "share" } -- of a disagreement, beside its key

-- Keys whose rows do not agree on what should belong to the key: t:disagreements { by = "zip", columns = { "city", "state" } } gives the
-- key, column, value, rows, majority and share, one row for each value in the minority. `share` is that of the most frequent value.
function tables:disagreements(options)
  options = check(self, options, "disagreements")
  local names, list, parts = {}, key_names(#options.by), {}
  for at, key in ipairs(options.by) do
    for _, word in ipairs(said) do
      if key == word then core.fail("disagreements: the result has a column %q of its own; rename the key", key) end
    end
    names["key" .. at] = key
  end
  for _, word in ipairs(said) do list[#list + 1] = word end
  for index, name in ipairs(options.columns) do
    local minority = count_values(self, options.by, name):filter "kinds > 1 and value != majority"
    parts[index] = minority:sort({ "-total", "-rows" }):derive({ { "column", "$name" }, { "share", "top / total" },
      { "value", "to_text(value)" }, { "majority", "to_text(majority)" } }, { name = name }):select(list):rename(names)
  end
  return (require("lathe").concat(parts))
end

-- The table with each value in the minority exchanged for what more than `share` (0.5) of the rows with its key say:
-- t:agree { by = "zip", columns = { "city", "state" } }. `fill`: missing ones, too. Also returns how many values changed.
function tables:agree(options)
  options = check(self, options, "agree")
  local share, fill = number(options, "share", "agree", 0.5, 1), options.fill
  if type(fill) ~= "boolean" then core.fail("agree: fill is true or false, not %s", tostring(fill)) end
  local result, changed = self, 0
  for _, name in ipairs(options.columns) do
    local counts, keys = count_values(self, options.by, name)
    local all = { unpack(keys) }
    all[#all + 1] = "majority"
    local winners = counts:filter("top > $share * total", { share = share }):select(all):drop_duplicates(keys)
    local joined = keyed(self, options.by, name):join(winners, { on = keys, how = "left" })
    local condition = fill and "majority is not missing and (value is missing or value != majority)"
      or "majority is not missing and value is not missing and value != majority"
    local other = joined:derive { { "differs", condition } }
    changed = changed + other:filter("differs"):rows()
    local mended = other:derive { { "result", "if(differs, majority, value)" } }:column "result"
    if self:type(name) == "category" and mended.type ~= "category" then mended = mended:to_category() end
    result = result:with(name, mended)
  end
  return result, changed
end
