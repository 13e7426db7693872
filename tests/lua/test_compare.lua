-- lathe.compare and `lathe compare`.
local lathe = require "lathe"
local tap = require "tap"

local source = os.getenv "LATHE_SOURCE" or "."

local a = lathe.table { { "id", { "a", "b", "c", "d", "b" } }, { "n", { 1, 2, 3, 4, 9 } }, { "word", { "x", "y", nil, "w", "q" } },
  { "old", { 1, 2, 3, 4, 5 } } }
local b = lathe.table { { "word", { "z", "y", "v", nil } }, { "id", { "e", "b", "c", "d" } }, { "n", { 7LL, 2LL, 30LL, 4LL } } }
local r = lathe.compare(a, b, { key = "id" })

tap.same(r.schema.left, { "old" }, "columns that only the left has")
tap.same(r.schema.right, {}, "and the right")
tap.same(r.schema.types, { { "n", "float64", "int64" } }, "and those of another type")
tap.same(r.rows, { left = 5, right = 4, both = 3, removed = 1, added = 1, repeated_left = 1, repeated_right = 0 },
  "rows are matched by key; a key that repeats counts once")
tap.same(r.changes[1].column .. r.changes[1].changed, "n1", "numbers of two types are compared by value")
tap.same(r.changes[2], { column = "word", changed = 2, appeared = 1, vanished = 1, examples = {
  { row = 3, other = 3, key = "c", right = "v" }, { row = 4, other = 4, key = "d", left = "w" } } },
  "what is missing on one side appeared or vanished")
tap.ok(tostring(r):find("1 rows of left repeat the key", 1, true), "the report says so")
tap.same(lathe.compare(b, b):render():find("The tables are equal.", 1, true) ~= nil, true, "equal tables are equal")

local by_row = lathe.compare(a, b, { columns = { "n" } })
tap.same(by_row.rows.removed .. " " .. by_row.changes[1].changed, "1 2", "without a key rows are matched by their number")
tap.raises(function() lathe.compare(a) end, "argument 2", "one table is refused")
tap.raises(function() lathe.compare(a, b, { key = "old" }) end, "there is no column \"old\"", "a key that one lacks is refused")
tap.raises(function() lathe.compare(a, b, { keys = "id" }) end, 'has no option "keys"', "an unknown option is refused")

-- distributions
local one, two, kind, other = {}, {}, {}, {}
for row = 1, 1000 do
  one[row], two[row] = row % 100, row % 100 + 30
  kind[row], other[row] = "k" .. row % 3, "k" .. (row % 10 == 0 and 7 or row % 3)
end
local drift = lathe.compare(lathe.table { { "v", one }, { "k", kind } }, lathe.table { { "v", two }, { "k", other } }).drift
tap.ok(math.abs(drift[1].ks - 0.3) < 1e-12, "the Kolmogorov-Smirnov distance", drift[1].ks)
tap.ok(drift[1].psi > 0.25 and drift[1].bins == 10 and drift[1].left[1] == 100 and drift[1].right[10] == 400,
  "the bins are tenths of the left", drift[1].psi)
tap.same({ drift[2].new, drift[2].new_rows, drift[2].new_values[1], drift[2].vanished }, { 1, 100, "k7", 0 }, "new texts are counted")
local zeros, ones = {}, {}
for row = 1, 100 do zeros[row], ones[row] = row % 20 == 0 and 7 or 0, row % 2 == 0 and 7 or 0 end
drift = lathe.compare(lathe.table { { "v", zeros } }, lathe.table { { "v", ones } }).drift[1]
tap.same({ drift.bins, drift.left[1], drift.left[2], drift.right[1], drift.right[2] }, { 2, 95, 5, 50, 50 },
  "a value that most rows have is a bin of its own")
tap.ok(drift.psi > 0.25, "so what changes beside it is seen", drift.psi)
drift = lathe.compare(lathe.table { { "v", { 0, 0, 0, 0 } } }, lathe.table { { "v", { 1, 1, 1, 1 } } }).drift[1]
tap.ok(drift.bins == 2 and drift.psi > 1, "and so is a constant that became another")
local gaps = lathe.compare(lathe.table { { "v", { 1, 2, 3 } } }, lathe.table { { "v", { n = 3 } } })
tap.ok(gaps.drift[1].psi == nil, "a side without a value has no PSI")
tap.ok(tostring(gaps):find("v: 0.0 % missing in left, 100.0 % in right", 1, true), "what is missing more is an alert")

-- known errors: what the makers of these tables counted
local function texts(name, options)
  local path = source .. "/../shared/data/dirty-clean-" .. name .. ".csv"
  local file = io.open(path)
  if not file then return nil end
  local types = {}
  file:close()
  for _, column in ipairs(lathe.read(path):columns()) do types[column] = "string" end
  options.types = types
  return lathe.read(path, options)
end
local clean, dirty = texts("hospital/clean", { missing = {} }), texts("hospital/dirty", { missing = {} })
if clean then
  tap.same(lathe.compare(clean, dirty).metrics.changed, 509, "hospital: 509 cells are wrong")
  local beers = texts("beers/dirty", { missing = {} }):rename { beer_name = "beer-name", brewery_name = "brewery-name" }
  local r_beers = lathe.compare(texts("beers/clean", { missing = {} }), beers, { key = "index" })
  tap.same(r_beers.metrics.changed, 1952, "beers: 1,952 cells are wrong")
else
  tap.skip("cells that are known to be wrong are found", "shared/data is not there")
end
tap.done()
