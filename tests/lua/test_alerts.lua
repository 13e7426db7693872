-- What a profile says is wrong, on a table in which all of it is, and the step of each alert: run in a flow, it mends what the alert told.
local lathe = require "lathe"
local tap = require "tap"

local ROWS = 600
local random = lathe.random(11)
local data = { columns = {} }
local function column(name, value)
  local list = { n = ROWS }
  for row = 1, ROWS do list[row] = value(row) end
  data[#data + 1] = { name, list }
end
local function every(step, then_, otherwise) return function(row) return row % step == 0 and then_ or otherwise(row) end end
local function uniform() return random:uniform() * 100 end
local base, town = {}, {}
for row = 1, ROWS do base[row], town[row] = uniform(), row % 7 end
column("constant", function() return "same" end)
column("empty", function() return nil end)
column("code", function(row) return ("key-%04d"):format(row * 7) end)
column("hole", function(row) if row % 3 > 0 then return uniform() end end)
column("capped", function() return math.min(uniform(), 80) end)
column("filler", every(100, 9999, function() return math.floor(uniform()) end))
column("zero", every(5, 7, function() return 0 end))
data[#data][2][5], data[#data][2][10] = 3, 4
for row = 15, 65, 5 do data[#data][2][row] = row end
column("skew", function() return math.exp(3 * random:normal()) end)
column("odd", every(150, 1 / 0, uniform))
column("many", function(row) return "kind " .. row % 150 end)
column("rare", every(30, "yes", function() return "no" end))
column("mixed", every(10, "a few", function() return ("%.2f"):format(uniform()) end))
column("units", function() return ("%.1f kg"):format(uniform()) end)
column("padded", every(9, "west ", function(row) return row % 2 == 0 and "east" or "west" end))
column("case", every(11, "Oslo", function(row) return row % 2 == 0 and "oslo" or "bonn" end))
column("query", every(6, "?", function(row) return "q" .. row % 4 end))
column("old", every(120, "1900-01-01", function(row) return ("20%02d-%02d-01"):format(10 + row % 5, 1 + row % 12) end))
column("far", every(120, "2199-01-01", function(row) return ("20%02d-%02d-01"):format(10 + row % 5, 1 + row % 12) end))
column("base", function(row) return base[row] end)
column("moves", function(row) return base[row] * 2 + random:normal() * 0.1 end)
column("copy", function(row) return base[row] end)
column("town", function(row) return "t" .. town[row] end)
column("land", function(row) return "l" .. town[row] % 3 end)
column("mail", function(row) return ("p%d@example.org"):format(row % 50) end)
local categories = { constant = "category", many = "category", rare = "category", case = "category", query = "category", town = "category",
  land = "category", old = "date", far = "date" }
local t = lathe.table(data):cast(categories)

local function alerts_of(some)
  local list = {}
  for _, block in ipairs(some:profile().blocks) do
    if block.kind == "alert" then list[#list + 1] = block end
  end
  return list
end

local found = alerts_of(t)
local words = {}
for at, alert in ipairs(found) do words[at] = alert.text end
words = table.concat(words, "\n")
for _, text in ipairs {
  "constant: constant", "empty: everything is missing", "code: a different value in every row", "hole: 200 missing", "capped: capped",
  "filler: 6 rows hold 9999", "zero: 480 are zero", "skew: strongly skewed", "odd: 4 values infinite", "many: 150 categories",
  "rare: imbalanced: no in 96.7 %", "mixed: mixed: 90.0 % of 600 values are numbers", "units: numbers with units",
  "padded: blanks at an end",
  "case: 2 categories differ only in case", 'query: "?" in 100 rows', "old: 1900-01-01, 5 rows", "far: 2199-01-01, 5 rows",
  "copy: holds the same as base", "moves: moves with base", "land: town tells it", "mail: looks like e-mail addresses",
} do tap.ok(words:find(text, 1, true), "says " .. text, not words:find(text, 1, true) and words or nil) end

-- the steps, each in a flow
local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir -p " .. folder)
t:save(folder .. "/all.safetensors")
local twice = lathe.concat { t, (t:head(5)) }
twice:save(folder .. "/twice.safetensors")
local function flow_of(path, alerts)
  local flow = lathe.flow "mend"
  flow.raw = flow:step "ingest.read" { path = path }
  for at, alert in ipairs(alerts) do
    local name, arguments = alert.step:match "^([%w_]+%.[%w_]+) ({.*})$"
    local given = assert(loadstring("return " .. (arguments or "{}")))()
    given[1] = flow.raw
    flow["mend" .. at] = flow:step(name)(given)
  end
  return flow:run { project = folder }
end
local result = flow_of(folder .. "/all.safetensors", found)
for at, alert in ipairs(found) do
  local name = "mend" .. at
  local still, how
  if alert.step:find "^prepare.split" then
    still = not result:get(name, "train")
  elseif alert.step:find "_is_zero" then -- it adds what the alert asks about
    still = not result:get(name, "table"):has "zero_is_zero"
  else
    for _, after in ipairs(alerts_of(result:get(name, "table"))) do
      if after.text == alert.text then still, how = true, after.step end
    end
  end
  tap.ok(not still, ("%s: %s mends it"):format(alert.text:match "^[^:]*", alert.step), how)
end
local repeated = alerts_of(twice)
local duplicates
for _, alert in ipairs(repeated) do
  if alert.text:find("repeat an earlier one", 1, true) then duplicates = alert end
end
tap.ok(duplicates and duplicates.text:find("5 rows (0.8 %)", 1, true), "says how many rows are there twice")
tap.same(flow_of(folder .. "/twice.safetensors", { duplicates }):get("mend1", "table"):rows(), ROWS, "and the step leaves them out")
os.execute("rm -rf " .. folder)
tap.done()
