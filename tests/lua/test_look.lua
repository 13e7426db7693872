-- Alerts and the steps they name, associations, patterns of missing values, profiles within a memory cap.
local tap = require "tap"
local lathe = require "lathe"
local profile = require "lathe.profile"

local function alerts_of(t)
  local list = {}
  for _, block in ipairs(t:profile().blocks) do
    if block.kind == "alert" then list[#list + 1] = block end
  end
  return list
end

-- Paste the step of an alert: run it as a flow would.
local function paste(t, step)
  local name, params = step:match "^(%S+) (%b{})$"
  local found = require("lathe.plugin").step(name)
  local checked = require("lathe.schema").check(found, assert(loadstring("return " .. params))(), { table = t })
  local function nothing() end
  return found.run({ table = t }, checked, { note = nothing, log = nothing })
end

local function find(list, text)
  for _, item in ipairs(list) do
    if item.text:find(text, 1, true) then return item end
  end
end

-- Name, values of 200 rows, what is said, and what holds after the step.
local function of(make)
  local values = {}
  for row = 1, 200 do values[row] = make(row) end
  values.n = 200
  return values
end
local function column(result, name)
  local t = result.table or result.train
  return t:has(name) and t:column(name) or nil
end
local random = require("lathe.random").new and require("lathe.random").new(3)
local function noise() return random and random:normal() or math.random() end
local cases = {
  { "blank", of(function(row) return ({ "a ", "b", "c" })[row % 3 + 1] end), "blanks at an end of 66 values",
    function(c) return c:get(3) == "a" end },
  { "odd name", of(function(row) return ({ "Oslo", "oslo", "Rome" })[row % 3 + 1] end), "2 categories differ only in case or blanks",
    function(c) return c:get(3) == "oslo" and c:get(1) == "oslo" end },
  { "price", of(function(row) return row .. ".5 oz" end), "numbers with units: 200 of 200 values", function(c) return c:get(7) == 7.5 end },
  { "mixed", of(function(row) return row % 10 == 0 and "tbd" or tostring(row + 0.5) end), "mixed: 90.0 % of 200 values are numbers",
    function(c) return c:get(7) == 7.5 and c:get(10) == nil end },
  { "work", of(function(row) return row % 4 == 0 and "?" or row % 2 == 0 and "x" or "y" end), "\"?\" in 50 rows: does it mean missing?",
    function(c) return c:get(4) == nil and c:get(1) == "y" end },
  { "code", of(function(row) return row > 195 and 9999 or row % 37 end), "5 rows hold 9999, far above the others",
    function(c) return c:get(200) == nil and c:get(1) == 1 end },
  { "zeros", of(function(row) return row % 5 == 0 and row or 0 end), "160 are zero (80.0 %)",
    function(_, t) return t:column("zeros_is_zero"):get(1) == true end },
  { "inf", of(function(row) return row == 9 and 1 / 0 or row + 0.25 end), "1 value infinite", function(c) return c:get(9) == 10.25 end },
  { "rare", of(function(row) return row % 20 == 0 and "yes" or "no" end), "imbalanced: no in 95.0 % of the rows",
    function(c) return c:get(1) ~= nil end },
}
for _, case in ipairs(cases) do
  local t = lathe.table { { case[1], case[2] } }
  if t:type(case[1]) == "string" and #case[2] == 200 then
    local seen, count = {}, 0
    for row = 1, 200 do
      if not seen[case[2][row]] then seen[case[2][row]], count = true, count + 1 end
    end
    if count < 50 then
      local path = os.tmpname()
      t:write(path, { format = "csv" })
      t = lathe.read(path, { format = "csv", missing = { "NA" } })
      os.remove(path)
    end
  end
  local item = find(alerts_of(t), case[3])
  if tap.ok(item, case[1] .. ": " .. case[3], not item and t:profile():render() or nil) ~= false and item then
    local fine, result = pcall(paste, t, item.step)
    tap.ok(fine and case[4](column(result, case[1]), result.table), "its step mends it: " .. item.step, not fine and result or nil)
  end
end

local days = lathe.read(os.getenv "LATHE_TOP" .. "/share/examples/house-prices/california-housing.csv"):head(0)
tap.ok(#alerts_of(days) == 0, "a table without rows has no alerts")

local lines = { "day,when" }
for row = 1, 300 do
  lines[#lines + 1] = row % 100 == 0 and "1970-01-01,2021-05-01 10:00:00" or ("2021-%02d-%02d,%s"):format(row % 12 + 1, row % 28 + 1,
    row == 7 and "2199-01-01 00:00:00" or ("2021-03-%02d 12:00:00"):format(row % 28 + 1))
end
local path = os.tmpname()
local file = assert(io.open(path, "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
local dates = lathe.read(path, { format = "csv", delimiter = "," })
local item = find(alerts_of(dates), "day: 1970-01-01, 3 rows")
tap.ok(item, "a date that stands for not known")
tap.same(item and paste(dates, item.step).table:rows(), 297, "and the step leaves those rows out")
item = find(alerts_of(dates), "when: 2199-01-01, 1 row: far behind all others")
tap.ok(item, "a time far behind all others")
tap.same(item and paste(dates, item.step).table:rows(), 299, "and the step leaves it out")
os.remove(path)

local a, b, c, d = {}, {}, {}, {}
for row = 1, 500 do
  a[row] = noise()
  b[row], c[row], d[row] = a[row], a[row] + 0.01 * noise(), noise()
end
local twins = lathe.table { { "a", a }, { "b", b }, { "c", c }, { "d", d } }
local list = alerts_of(twins)
tap.ok(find(list, "b: holds the same as a"), "a repeated column")
tap.ok(find(list, "c: moves with a (correlation 1)"), "a correlated column")
tap.same(#list, 2, "and nothing else is said")

-- Associations and patterns.
local t = lathe.table { { "x", { 1, 2, 3, 4, 5 } }, { "y", { 2, 4, 6, 8, 10 } }, { "z", { 5, 3, nil, 1, 0, n = 5 } } }
local m = t:correlate()
tap.same({ m:rows(), m:columns() }, { 3, { "column", "x", "y", "z" } }, "a square of correlations")
local with_y = m:column("y")
tap.ok(math.abs(with_y:get(1) - 1) < 1e-15 and m:column("z"):get(1) < -0.97, "between the rows that both have")
tap.same(t:correlate({ pairs = true }):column("first"):get(1), "x", "pairs, strongest first")
tap.same(t:correlate({ against = "z" }):rows(), 2, "associations with one column")
tap.ok(t:correlate({ method = "spearman" }):column("z"):get(2) < -1 + 1e-15, "ranks")
tap.raises(function() t:correlate { method = "kendall" } end, "method is \"pearson\", \"spearman\" or \"mixed\"", "an unknown method")
tap.raises(function() t:correlate { columns = { "w" } } end, "there is no column \"w\"", "an unknown column")
tap.raises(function() lathe.table({ s = { "a", "b" } }):correlate { columns = { "s" } } end, "which has no correlation",
  "text has none")
local patterns = lathe.table { { "p", { 1, nil, nil, 4, n = 4 } }, { "q", { nil, nil, nil, 1, n = 4 } } }:missing_patterns()
tap.same({ patterns:column("rows"):values(), patterns:column("columns"):get(1) }, { { 2, 1, 1, n = 3 }, "p, q" },
  "columns missing together")

-- A cap.
path = os.tmpname()
file = assert(io.open(path, "w"))
file:write "id,word,part,late,day,gap,mixed\n"
for row = 1, 300000 do
  file:write(row, ',"w', row % 7, row % 3 == 0 and '\n""' or "", '"', ",", row % 1000 / 8, ",", row > 299000 and "x" or row, ",2020-01-",
    ("%02d"):format(row % 28 + 1), ",", row % 5 == 0 and "" or row, ",", row > 200000 and row + 0.5 or row, "\n")
end
file:close()
local capped = profile.file(path, { memory = "32MB", format = "csv" })
local exact = lathe.read(path, { format = "csv" }):profile()
for index, s in ipairs(exact.summaries) do
  local got = capped.summaries[index]
  local same = got.name == s.name and got.type == s.type and got.rows == s.rows and got.missing == s.missing and got.min == s.min
    and got.max == s.max and got.at_max == s.at_max and got.finite == s.finite
  local near = math.abs(got.distinct - s.distinct) <= math.max(0, 5 * got.distinct_error * s.distinct)
  if s.mean then near = near and math.abs(got.mean - s.mean) <= 1e-12 * math.abs(s.mean) and math.abs(got.sd - s.sd) <= 1e-10 * s.sd end
  if s.median and got.rank_error == 0 then near = near and got.median == s.median and got.q99 == s.q99 end
  tap.ok(same and near, ("%s (%s) in pieces is as it is at once"):format(s.name, s.type),
    ("%s %d %d"):format(got.type, got.distinct, s.distinct))
end
local id = capped.summaries[1]
tap.ok(id.rank_error > 0 and id.rank_error < 0.005 and math.abs(id.median - 150000.5) <= id.rank_error * 300000 + 1,
  "a quantile keeps its stated error")
tap.same(capped.summaries[2].top[1], exact.summaries[2].top[1], "the most frequent texts are exact where they are few")
local rendered = capped:render()
tap.ok(rendered:find "read in %d+ pieces" and rendered:find("Approximate", 1, true), "the report says what is approximate")

local other = path .. ".csv"
file = assert(io.open(other, "wb"))
file:write "caf\233;n\n"
for row = 1, 20000 do file:write((row % 2 == 0 and "cr\232me" or "th\233"), ";", row, "\n") end
file:close()
local latin = profile.file(other, { memory = 1000 })
tap.same({ latin.summaries[1].name, latin.summaries[1].rows, latin.summaries[1].top[1].value }, { "café", 20000, "crème" },
  "within a cap another encoding is found out and converted piece by piece")
tap.same(profile.file(other, { memory = 1000, encoding = "iso-8859-15" }).summaries[1].name, "café", "or named")
tap.raises(function() profile.file(other, { memory = 1000, encoding = "utf-16le" }) end, "a text in utf-16le is not read in pieces",
  "but not one whose line ends look different")
os.execute(("gzip -kf '%s'"):format(other))
tap.raises(function() profile.file(other .. ".gz", { memory = 1000 }) end, "what is packed with gzip is not read; unpack it first",
  "nor one packed")
file = assert(io.open(other, "wb"))
file:write "a,b\n"
for row = 1, 300000 do file:write("x\\\ny,", row, "\n") end
file:close()
tap.same(profile.file(other, { memory = 1000, escape = "\\", delimiter = "," }).summaries[1].rows, 300000,
  "a line end that is escaped ends no piece")
os.execute(("rm -f '%s' '%s.gz'"):format(other, other))

tap.raises(function() profile.file(path, { memory = "some" }) end, "memory is a size such as \"500MB\"", "a size that is none")
tap.raises(function() profile.file(path, { memory = 1e6, target = "id" }) end, "need the whole table in memory", "a target needs memory")
file = assert(io.open(path, "a"))
file:write "1,2\n"
file:close()
tap.raises(function() profile.file(path, { memory = 1e6, format = "csv" }) end, ":400002:", "an error names the line of the file")
tap.same(profile.file(path, { memory = 1e6, format = "csv", lenient = true }).summaries[1].rows, 300000, "unless rows may be left out")
os.remove(path)
tap.done()
