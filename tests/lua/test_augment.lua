-- Balancing and augmenting: what is drawn, what stays as it is, and what is refused.
local tap = require "tap"
local lathe = require "lathe"

local a, b, kind, whole, group = {}, {}, {}, {}, {}
for row = 1, 300 do
  local rare = row % 10 == 0
  a[row], b[row] = (row * 37) % 101 / 10 + (rare and 20 or 0), (row * 53) % 89 / 7
  whole[row] = row % 17
  kind[row] = rare and "rare" or row % 3 == 0 and "some" or "many"
  group[row] = (row % 4 == 0) and "x" or "y"
end
local t = lathe.table { { "a", a }, { "b", b }, { "whole", whole }, { "group", group }, { "kind", kind } }
t = t:cast { group = "category", whole = "int64" }
local function counts(table_)
  local of = table_:group_by({ "kind" }, { rows = "count()" }, { sort = true })
  return table.concat({ of:column("rows"):get(1), of:column("rows"):get(2), of:column("rows"):get(3) }, " ")
end
tap.same(counts(t), "180 30 90", "the classes at first")

-- ---- rows again, rows left out ----
local over, added = t:oversample { target = "kind" }
tap.same({ counts(over), added }, { "180 180 180", 240 }, "oversampling gives each class as many rows as the largest")
tap.same(over:head(300):hash(), t:hash(), "the rows that were there stay, in their order")
tap.same((over:join(t, { on = t:columns(), how = "anti" })):rows(), 0, "and what is added are some of them again")
tap.same(counts((t:oversample { target = "kind", ratio = 0.5 })), "180 90 90", "a ratio asks for less")
local under = t:undersample { target = "kind" }
tap.same(counts(under), "30 30 30", "undersampling keeps as many as the smallest has")
tap.same((under:join(t, { on = t:columns(), how = "anti" })):rows(), 0, "none of them is new")
tap.same(counts((t:undersample { target = "kind", ratio = 0.5 })), "60 30 60", "a ratio leaves more of them")
tap.ok(t:oversample({ target = "kind", seed = 1 }):hash() ~= over:hash() and t:oversample({ target = "kind" }):hash() == over:hash(),
  "another seed draws other rows, the same seed the same")

-- ---- noise ----
local noisy, more = t:noise { columns = { "a", "whole" }, copies = 2, scale = 0.2 }
tap.same({ noisy:rows(), more, noisy:head(300):hash() == t:hash() }, { 900, 600, true }, "noisy copies are appended, the rows stay")
local extra = noisy:tail(600)
tap.same({ extra:type "whole", extra:head(300):select({ "b", "group", "kind" }):hash() },
  { "int64", t:select({ "b", "group", "kind" }):hash() }, "columns that are not named are copied, whole numbers stay whole")
local low, high, square = math.huge, -math.huge, 0
for row = 1, 600 do
  local value, from = extra:column("a"):get(row), a[(row - 1) % 300 + 1]
  low, high, square = math.min(low, value), math.max(high, value), square + (value - from) ^ 2
end
local sd, mean = 0, 0
for row = 1, 300 do mean = mean + a[row] / 300 end
for row = 1, 300 do sd = sd + (a[row] - mean) ^ 2 / 299 end
tap.ok(low >= 0 and high <= 30, "noise stays between the least and the largest value")
local ratio = math.sqrt(square / 600) / math.sqrt(sd)
tap.ok(ratio > 0.16 and ratio < 0.22, "its deviation is the asked part of the column's, but for what is cut at the ends", ratio)
local gaps = lathe.table { { "x", { 1, nil, 3, 4, n = 4 } } }
tap.same(gaps:noise({}):column("x"):missing(), 2, "what is missing stays missing")

-- ---- between neighbours ----
local smote, made = t:smote { target = "kind", seed = 7 }
tap.same({ counts(smote), made, smote:head(300):hash() == t:hash() }, { "180 180 180", 240, true },
  "SMOTE appends rows of the small classes")
local new = smote:tail(240)
local between, known = true, { x = true, y = true }
for row = 1, 150 do -- those of "rare" come first: their a is from 20 up
  local value = new:column("a"):get(row)
  between = between and new:column("kind"):get(row) == "rare" and value >= 20 and value <= 31 and known[new:column("group"):get(row)]
end
tap.ok(between, "they lie between rows of their class, with a category of it")
tap.same(new:type "whole", "int64", "whole numbers are whole")
local one, two
lathe.threads(1)
one = t:smote({ target = "kind" }):hash() .. t:noise({}):hash()
lathe.threads(2)
two = t:smote({ target = "kind" }):hash() .. t:noise({}):hash()
lathe.threads(0)
tap.same(one, two, "nothing depends on the number of threads")

-- A line of rows: what is new lies on it, between the outer ones.
local line = lathe.table { { "x", { 0, 1, 2, 3, 10, 11, 12, 13, 14, 15, 16 } }, { "y", { 0, 2, 4, 6, 1, 1, 1, 1, 1, 1, 1 } },
  { "kind", { "a", "a", "a", "a", "b", "b", "b", "b", "b", "b", "b" } } }
local on = true
local made_on = line:smote { target = "kind", neighbours = 2 }
for row = 12, made_on:rows() do on = on and math.abs(made_on:column("y"):get(row) - 2 * made_on:column("x"):get(row)) < 1e-12 end
tap.ok(on and made_on:rows() == 14, "new rows lie on the line between two of their class")

-- ---- what is refused ----
tap.raises(function() t:smote { target = "kind", ratio = 2 } end, "ratio is a number above 0 and up to 1", "a ratio above 1")
tap.raises(function() t:oversample {} end, "needs the column of classes", "no target")
tap.raises(function() t:smote { target = "kind", columns = { "group" } } end, "name columns of numbers", "a text among the numbers")
tap.raises(function() gaps:with("k", { "a", "b", "b", "b" }):smote { target = "k" } end, "only row 1 is of class", "a class of one row")
tap.same(gaps:with("k", { "a", "a", "b", "b" }):smote({ target = "k" }):rows(), 4, "equal classes need nothing")
tap.raises(function() t:noise { scale = 0 } end, "scale above 0", "no noise")
local _, test = t:split { test = 0.2 }
for _, verb in ipairs { "oversample", "undersample", "smote", "noise" } do
  tap.raises(function() test[verb](test, { target = verb ~= "noise" and "kind" or nil }) end, "does not take test rows",
    verb .. " refuses test rows")
end
-- texts in other words
local reviews = lathe.table { { "review", { "the room was very clean, and quiet", "房间很干净", "", nil, "fine" } }, { "stars", { 4, 5, 1, 2,
  4 } } }
local worded, appended = reviews:reword { columns = "review", copies = 200, drop = 0.3, swap = 0.3, seed = 7 }
tap.same({ appended, worded:rows(), worded:column("review"):get(1) }, { 1000, 1005, "the room was very clean, and quiet" },
  "reworded rows are appended")
local seen, empty, strange = {}, 0, 0
for row = 6, 1005 do
  local text, from = worded:column("review"):get(row), (row - 1) % 5 + 1
  if from == 1 then
    seen[text] = true
    if text == "" then empty = empty + 1 end
    for word in text:gmatch "%a+" do
      if not ("the room was very clean and quiet"):find(word, 1, true) then strange = strange + 1 end
    end
  elseif from == 5 and text ~= "fine" then strange = strange + 1
  elseif from == 3 and text ~= "" then strange = strange + 1
  elseif from == 4 and text ~= nil then strange = strange + 1 end
end
local kinds = 0
for _ in pairs(seen) do kinds = kinds + 1 end
tap.ok(kinds > 100 and empty == 0 and strange == 0, "by words of their own, and never of nothing", kinds .. " texts")
tap.same(worded:column("stars"):get(7), 5, "the other columns come along")
tap.same(reviews:reword({ columns = "review", drop = 0, swap = 0 }):column("review"):get(7), "房间很干净", "nothing changes at 0")
lathe.threads(1)
local alone = reviews:reword { columns = "review", copies = 3000, seed = 1 }
lathe.threads(2)
tap.same(reviews:reword({ columns = "review", copies = 3000, seed = 1 }):hash(), alone:hash(), "the same on any number of threads")
tap.raises(function() reviews:reword { columns = "stars" } end, '"stars" is float64; name columns of texts', "numbers are not reworded")
tap.raises(function() reviews:reword { columns = "review", drop = 1 } end, "from 0 to below 1", "nor is everything left out")

tap.done()
