-- Reports: plain blocks, drawn as text.
local tap = require "tap"
local lathe = require "lathe"
local report = require "lathe.report"

local r = lathe.report "house-prices"
tap.ok(report.is(r) and r.title == "house-prices", "a report has a title")
tap.ok(r:heading "Rows" == r, "each method gives the report back")

local function drawn(make, options)
  local made = lathe.report "t"
  make(made)
  return made:render(options):gsub("^t\n\n", "")
end

tap.same(drawn(function(made)
  made:values { { "rows", 20640 }, { "mean", 206855.81, "USD" }, { "r2", 0.64332 }, { "path", "x.csv" }, { "none" }, { "yes", true } }
end), [[
rows   20,640
mean  206,855.8  USD
r2          0.6433
path  x.csv
none  ·
yes   yes
]], "values line up on the decimal point, thousands are grouped, missing is a dot")

tap.same(drawn(function(made)
  made:table { columns = { "name", "missing", { name = "type", align = "right" } },
    rows = { { "longitude", 0, "f64" }, { "房价", 207.5 }, { "x", nil, "i64" } } }
end), [[
name       missing  type
────────────────────────
longitude      0     f64
房价         207.5     ·
x              ·     i64
]], "tables have a rule below the head, wide characters in line and missing cells as dots")

tap.same(drawn(function(made)
  made:alert { text = "capped: 965 rows", step = "clean.clip" }:alert { level = "error", text = "a long text that is wrapped over lines",
    step = "mend" }:alert { level = "note", text = "fine" }
end, { width = 30 }), [[
! capped: 965 rows
  → clean.clip
! a long text that is wrapped
  over lines
  → mend
· fine
]], "alerts say which step mends them")

tap.same(drawn(function(made)
  made:chart { kind = "bars", labels = { "a", "bb" }, values = { 1, 0.5 } }
end, { width = 21 }), [[
a   ████████████  1
bb  ██████        0.5
]], "bars are as long as their values")

tap.same(drawn(function(made)
  made:chart { kind = "bars", labels = { "a", "b" }, values = { -1, 1 } }
end, { width = 21 }), [[
a  ███████         -1
b         ███████   1
]], "negative bars are on the left of an axis")

tap.same(drawn(function(made)
  made:chart { kind = "histogram", values = { 1, 5, 10, 4 }, edges = { 0, 1, 2, 3, 4 } }
end, { width = 20 }), [[
10 ┤        ████
   │        ████
 5 ┤    ▄▄▄▄████
   │    ████████████
   │▄▄▄▄████████████
 0 └────────────────
    0      2       4
]], "histograms stand on their axis")

tap.ok(drawn(function(made)
  made:chart { kind = "line", values = { 0, 1, 0 }, labels = { "first", "last" } }
end):find("first.*last"), "a line has labels at its ends")

for _, kind in ipairs { "bars", "line" } do
  tap.ok(drawn(function(made) made:chart { kind = kind, values = {}, labels = {} } end):find "no values", kind .. ": no values is said")
  tap.ok(pcall(drawn, function(made) made:chart { kind = kind, values = { 0 / 0, 1 / 0, 3 }, labels = { "a", "b", "c" } } end),
    kind .. ": values that are not finite are left out of the picture")
end

local style = require "lathe.style"
local wide = {}
for index = 1, 30 do wide[index] = "column_" .. index end
local widest = 0
for line in drawn(function(made)
  made:table { columns = wide, rows = { wide, wide } }:text(("word "):rep(40)):values { { "name", "value", ("note "):rep(30) } }
end, { width = 60 }):gmatch "[^\n]+" do widest = math.max(widest, style.width(line)) end
tap.ok(widest <= 60, "nothing is drawn beyond the width", widest)

tap.ok(r:render { colour = true }:find("\27[1m", 1, true), "colour is used when asked for")
tap.ok(not tostring(r):find "\27", "tostring is plain")

r:values { { "a", 1 }, { "b", nil, "note" } }
r:table { columns = { "x", "y" }, rows = { { nil, 2 } } }
r:alert { text = "mind" }
r.metrics = { r2 = 0.64, rmse = 68412 }
tap.same(r:note(), "r2 0.64", "a report with metrics is noted by the first")
r.metrics = nil
tap.same(r:note(), "1 note", "else by its alerts")
tap.same(lathe.report("x"):text("y"):note(), "1 block", "else by its blocks")

local json = lathe.json
local copy = report.from(json.decode(json.encode(r:data()), "report"))
tap.same(copy:render {}, r:render {}, "a report that went through JSON draws the same")
tap.same(copy.blocks[3].rows, { { [2] = 2 } }, "null in JSON is nothing in Lua")

tap.raises(function() r:text(3) end, "takes text, not a number", "a wrong argument is said")
tap.raises(function() r:values { { 1, 2 } } end, "item 1", "a row without a name is said")
tap.raises(function() r:chart { kind = "pie", values = {} } end, "bars", "an unknown chart is said")
tap.raises(function() r:chart { kind = "bars", values = { 1 } } end, "label for each value", "bars without labels are said")
tap.raises(function() r:chart { kind = "histogram", values = { 1 }, edges = { 1 } } end, "edge", "a histogram without edges is said")
tap.raises(function() r:alert { text = "x", level = "loud" } end, "level", "an unknown level is said")
tap.raises(function() r.text "x" end, "colon", "a method called with a point is said")
tap.raises(function() report.from { blocks = { { kind = "x" } } } end, "no known kind", "data that is no report is refused")
tap.raises(function() report.from "x" end, "not a report", "text is no report")

tap.done()
