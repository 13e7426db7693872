-- Values that should be one: clusters of spellings, rows that disagree about what belongs to their key, and how good a repair is.
local tap = require "tap"
local lathe = require "lathe"
local top = os.getenv "LATHE_TOP"

local function map_of(texts, options)
  local found, map = lathe.table({ { "x", texts } }):value_clusters("x", options), {}
  for _, row in found:each() do map[row.from] = row.to end
  return map, found
end

local map, found = map_of { "New York", "new york ", "York, New", "NEW-YORK", "New York", "Zürich", "Zurich", "zürich", "zürich",
  "Bonn", nil }
tap.same(map, { ["New York"] = "New York", ["new york "] = "New York", ["York, New"] = "New York", ["NEW-YORK"] = "New York",
  ["Zürich"] = "zürich", Zurich = "zürich", ["zürich"] = "zürich" }, "fingerprints forgive case, order, punctuation and accents")
tap.same({ found:column("cluster"):get(1), found:column("from"):get(1), found:column("rows"):get(1) }, { 1, "New York", 2 },
  "the largest cluster comes first, and in it what is most frequent")
tap.same((map_of { "?", "--", "!" }), {}, "texts without a letter are not one")
tap.same((map_of({ "Krzysztof", "Krzysz tof", "Krzyszstof" }, { method = "ngram", size = 1 })),
  { Krzysztof = "Krzysz tof", ["Krzysz tof"] = "Krzysz tof", Krzyszstof = "Krzysz tof" }, "pieces forgive spaces and repetitions")
tap.same((map_of { "ＡＢＣ", "abc", "北京", "北 京" }), { ["ＡＢＣ"] = "abc", abc = "abc" }, "full-width letters are letters")

local function many(list)
  local texts = {}
  for text, count in pairs(list) do
    for _ = 1, count do texts[#texts + 1] = text end
  end
  table.sort(texts)
  return texts
end
local near = { method = "distance" }
tap.same((map_of(many { Birmingham = 9, Birminghxm = 1, Birmingh = 2, Bonn = 9 }, near)),
  { Birmingham = "Birmingham", Birminghxm = "Birmingham", Birmingh = "Birmingham" }, "a rare text becomes a near one")
tap.same((map_of(many { ["10018"] = 20, ["10019"] = 1, ["1001x"] = 1, ["100182"] = 1 }, near)),
  { ["10018"] = "10018", ["1001x"] = "10018" }, "a digit is no other digit, and none is lost")
tap.same((map_of(many { ["10018"] = 20, ["10019"] = 20, ["1001x"] = 1 }, near)), {}, "nothing is said where two are as near")
tap.same((map_of(many { Marta = 5, Marty = 4 }, near)), {}, "two frequent texts stay two")
local random, texts = lathe.random(7), {}
for row = 1, 3000 do
  local letters = {}
  for at = 1, 8 do letters[at] = string.char(97 + math.floor(random:uniform() * 3)) end
  texts[row] = table.concat(letters)
end
local wide = lathe.table { { "x", texts } }
lathe.threads(1)
local alone = wide:value_clusters("x", { method = "distance", ratio = 1.5 }):hash()
lathe.threads(2)
tap.same(wide:value_clusters("x", { method = "distance", ratio = 1.5 }):hash(), alone, "the same on any number of threads")
tap.raises(function() lathe.table({ { "x", { 1, 2 } } }):value_clusters "x" end, "value clusters are of texts, not of float64",
  "texts only")
tap.raises(function() wide:value_clusters("x", { method = "soundex" }) end, "soundex", "a method that is not there raises")
tap.same(wide:head(0):value_clusters("x"):rows(), 0, "no rows, no clusters")

local homes = lathe.table { { "zip", { 1, 1, 1, 2, 2, 3, 3, nil } }, { "city", { "A", "A", "B", "C", nil, "D", "E", "F" } },
  { "size", { 5, 5, 5, 6, 6, 7, 8, 9 } } }
local differing = homes:disagreements { by = "zip", columns = { "city", "size" } }
tap.same({ differing:rows(), differing:row(1).value, differing:row(1).majority, differing:row(3).column }, { 3, "B", "A", "size" },
  "rows that disagree about what belongs to their key")
local agreed, changed = homes:agree { by = "zip", columns = { "city" } }
tap.same({ changed, agreed:column("city"):values() }, { 1, { "A", "A", "A", "C", nil, "D", "E", "F", n = 8 } },
  "take what most of them say")
agreed, changed = homes:agree { by = "zip", columns = "city", fill = true }
tap.same({ changed, agreed:column("city"):get(5) }, { 2, "C" }, "fill fills in what is missing")
tap.raises(function() homes:agree { by = "zip", columns = { "zip" } } end, "it cannot depend on itself", "a key is not its own majority")
tap.raises(function() homes:agree { by = "zip" } end, "the key and what belongs to it", "both have to be named")

local was = lathe.table { { "a", { "x", "y", "z" } } }
local score = lathe.repairs(was, lathe.table { { "a", { "X", "q", "z" } } }, lathe.table { { "a", { "X", "Y", "z" } } })
tap.same(score:row(2), { column = "*", errors = 2, changed = 2, right = 1, precision = 0.5, recall = 0.5 }, "precision and recall")
tap.raises(function() lathe.repairs(was, was:head(1), was) end, "do not leave rows out", "rows have to be the same")

-- The shipped flows on the sets that they are for.
local function repairs(name, precision, recall)
  local data = top .. "/../shared/data/dirty-clean-" .. name
  local file = io.open(data .. "/dirty.csv")
  if not file then return tap.skip(name .. ": precision and recall", "shared/data is not there") end
  file:close()
  local folder = os.tmpname()
  os.remove(folder)
  os.execute(("mkdir -p '%s' && cd '%s' && '%s' run -q '%s/share/examples/repairs/%s.lua' --set dirty.path='%s/dirty.csv' "
    .. "--set clean.path='%s/clean.csv' > out 2>&1"):format(folder, folder, os.getenv "LATHE", top, name, data, data))
  local fine, result = pcall(lathe.read, folder .. "/" .. name .. "/repairs.csv")
  local all = fine and result:row(result:rows()) or {}
  tap.ok(fine and all.precision >= precision and all.recall >= recall, name .. ": precision and recall of the shipped flow",
    fine and all.precision .. ", " .. all.recall or tostring(result))
  os.execute(("rm -rf '%s'"):format(folder))
end
repairs("hospital", 0.99, 0.91)
repairs("beers", 1, 1)
tap.done()
