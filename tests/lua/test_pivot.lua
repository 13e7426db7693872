-- Pivots: cells, order, aggregates, fills, limits.
local tap = require "tap"
local lathe = require "lathe"

local t = lathe.table {
  { "city", { "b", "a", "b", "a", "b" } },
  { "year", { 2020LL, 2021LL, 2019LL, 2020LL, 2020LL } },
  { "x", { 1, 2, 3, 4, 5 } },
  { "kind", { "u", "v", nil, "u", "" } },
}

local function cells(p)
  local rows = {}
  for row = 1, p:rows() do
    local texts = {}
    for index, name in ipairs(p:columns()) do texts[index] = p:column(name):text(row) end
    rows[row] = table.concat(texts, " ")
  end
  return rows
end

local p = t:pivot { rows = "city", columns = "year", values = "x", aggregate = "sum" }
tap.same({ p:columns(), cells(p) }, { { "city", "2019", "2020", "2021" }, { "b 3 6 ", "a  4 2" } },
  "rows by first appearance, columns in the order of their values, missing where nothing is")
p = t:pivot { rows = "city", columns = "year", fill = 0 }
tap.same(cells(p), { "b 1 2 0", "a 0 1 1" }, "rows are counted, gaps filled")
p = t:pivot { rows = "year", columns = { "city", "kind" }, values = { "x" } }
tap.same(p:columns(), { "year", "a_u", "a_v", "b_(empty)", "b_u", "b_(missing)" }, "several columns; what is missing or empty has a name")
p = t:pivot { rows = "city", columns = "year", values = { "x", "kind" }, aggregate = "max" }
tap.same(p:columns(), { "city", "x_2019", "x_2020", "x_2021", "kind_2019", "kind_2020", "kind_2021" }, "several values")
tap.same(cells((t:pivot { rows = "city", columns = "year", values = "x", aggregate = "quantile 0.5" })), { "b 3 3 ", "a  4 2" },
  "a quantile")
tap.raises(function() t:pivot { rows = "city", columns = "year", values = "x" } end, "rows 1 and 5 fall into one cell",
  "two rows in a cell are said")
tap.raises(function() t:pivot { rows = "city", columns = "year", limit = 2 } end, "makes 3 columns, and the limit is 2",
  "too many columns are said")
tap.raises(function() t:pivot { rows = "city", values = "x" } end, "pivot needs columns", "columns are needed")
tap.raises(function() t:pivot { rows = "city", columns = "yaer" } end, 'the nearest name is "year"', "an unknown column is answered")
tap.same(t:head(0):pivot({ rows = "city", columns = "year" }):columns(), { "city" }, "no rows, no columns")
tap.done()
