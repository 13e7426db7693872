-- Recipes of categories, dates and texts: what each step gives, what it refuses, what new rows meet, at the endpoint too.
local tap = require "tap"
local lathe = require "lathe"

local function values(t, name)
  local list = t:column(name):values()
  list.n = nil
  return list
end

local function features(t, recipe, new) return (lathe.fit(t, recipe):predict(new or t)) end

-- ---- categories ----
local t = lathe.table {
  { "city", { "b", "a", "b", "c", "b", "a", n = 6 } }, { "year", { 2001, 1999, 2001, 2001, nil, 1999, n = 6 } },
  { "old", { true, false, true, true, false, true, n = 6 } }, { "y", { 1, 2, 3, 4, 5, 7, n = 6 } },
}
local function recipe() return lathe.recipe { target = "y" } end
local f = features(t, recipe():encode { columns = { "city", "year", "old" } })
tap.same(f:columns(), { "city=a", "city=b", "city=c", "year=1999", "year=2001", "old=false", "old=true" },
  "whole numbers and flags that are named become columns too")
tap.same(values(f, "year=2001"), { 1, 0, 1, 1, 0, 0 }, "a missing number is none of them")
f = features(t, recipe():encode { columns = "city", min_count = 2 })
tap.same(f:columns(), { "year", "old", "city=a", "city=b", "city=(other)" }, "rare categories share a column")
tap.same(values(f, "city=(other)"), { 0, 0, 0, 1, 0, 0 }, "which says so")
tap.same(features(t, recipe():encode { columns = "city", min_share = 0.3 }):columns(), f:columns(), "a share does for a count")
local new = lathe.table {
  { "city", { "z", "a", nil, n = 3 } }, { "year", { 2005, 1999, 1 / 0, n = 3 } }, { "old", { true, true, true, n = 3 } },
}
local model = lathe.fit(t, recipe():encode { columns = { "city", "year" }, unknown = "level" })
local p, odd = model:predict(new)
tap.same(values(p, "city=(other)"), { 1, 0, 0 }, "unknown ones can have a level of their own")
tap.same(odd[1].column == "city" and odd[1].unknown, 1, "an unknown text is counted")
tap.same({ odd[2].column, odd[2].unknown, odd[2].infinite }, { "year", 2, 1 }, "so are unknown numbers and infinite ones")
tap.same(odd.words[1], "city: 1 value not seen in training", "in words")
tap.ok(select("#", model:predict(t)) == 1, "nothing stands beside a prediction when nothing was odd")
f = features(t, recipe():encode { columns = "city", method = "frequency" }, new)
tap.same(values(f, "city"), { 0, 2 / 6, 0 }, "frequencies: of an unknown one 0, of a missing one that of the missing")
tap.raises(function() features(t, recipe():encode { columns = "city", method = "target", unknown = "error" }, new) end,
  '"z" is not among the 3 categories of "city"', "an unknown one is an error where that is asked for")
tap.raises(function() features(t, recipe():encode { columns = "year", unknown = "error" }:encode {}, new) end,
  '2005 is not among the 2 values of "year"', "of numbers too")
tap.raises(function() recipe():encode { method = "target", unknown = "zeros" } end,
  '"prior", "missing"', "a policy that does not fit is refused")
tap.raises(function() features(t:derive { half = "y / 2" }, recipe():encode { columns = "half" }) end,
  'row 1 is 0.5, and numbers are categories only when they are whole', "fractions are no categories")
tap.raises(function() lathe.fit(t, lathe.recipe {}:encode { method = "target", columns = "city" }) end,
  "needs the target", "no target, no encoding by it")
local one = lathe.table { { "city", { "a", "a", "a" } }, { "x", { 1, 2, 3 } }, { "y", { 1, 2, 4 } } }
tap.same(features(one, recipe():encode { drop = "first" }):columns(), { "x" }, "a text with one level is left out with drop")
local many = { n = 100000 }
local target = { n = 100000 }
for row = 1, 100000 do many[row], target[row] = "id" .. row, row % 7 end
many = lathe.table { { "id", many }, { "y", target } }
tap.raises(function() features(many, recipe():encode {}) end, 'pool the rare ones (min_count), take method = "frequency" or "target"',
  "100,000 levels are too many for columns")
tap.same(features(many, recipe():encode { method = "target" }):rows(), 100000, "but not for the target")

-- ---- target encoding leaks nothing ----
local noise, names = { n = 400 }, { n = 400 }
for row = 1, 400 do
  noise[row] = (row * 7919) % 401 / 401
  names[row] = ("name%d"):format(row % 200)
end
local random = lathe.table { { "name", names }, { "y", noise } }
local fitted = lathe.fit(random, recipe():encode { method = "target", seed = 3 }, lathe.linear {})
tap.ok(fitted:summary().r2 < 0.1, "noise is not explained by names: training rows have out-of-fold values (" .. fitted:summary().r2 .. ")")
local leak = lathe.fit(features(random, recipe():encode { method = "target", seed = 3 }):with("y", noise), recipe(), lathe.linear {})
tap.ok(leak:summary().r2 > 0.3, "as it would be by the full encoding")

-- ---- dates ----
local d = lathe.table {
  { "at", { "2024-12-30 23:59:59", "2021-01-03 06:30:00", nil, n = 3 } }, { "day", { "2024-02-29", "1999-12-31", "1900-03-01", n = 3 } },
  { "y", { 1, 2, 3, n = 3 } },
}:cast { at = "timestamp", day = "date" }
f = features(d, recipe():date())
tap.same(f:columns(), { "at_year", "at_month", "at_day", "at_weekday", "at_hour", "day_year", "day_month", "day_day", "day_weekday" },
  "dates are taken apart; the hour is of timestamps")
tap.same(values(f, "at_year"), { 2024, 2021 }, "a missing moment has no parts")
tap.same(values(f, "at_weekday"), { 0, 6 }, "weeks begin on Monday, 0")
f = features(d, recipe():date { columns = "day", keep = true, parts = { "week", "quarter", "day_of_year", "weekend", "elapsed" } })
tap.same(values(f, "day_week"), { 9, 52, 9 }, "weeks of ISO 8601")
tap.same(values(f, "day_day_of_year"), { 60, 365, 60 }, "days of the year")
tap.same(values(f, "day_elapsed"), { 45290, 36464, 0 }, "days since the first training row")
tap.ok(f:has "day", "the date stays when it is to be kept")
f = features(d, recipe():date { columns = "at", parts = "hour", cyclical = true })
tap.ok(math.abs(f:column("at_hour_sin"):get(1) - math.sin(2 * math.pi * 23 / 24)) < 1e-15 and f:has "at_hour_cos", "hours on a circle")
tap.raises(function() recipe():date { parts = "hours" } end, 'there is no part "hours"', "a part that there is not")
tap.raises(function() features(d:with("x", { 1, 2, 3 }), recipe():date { columns = "x" }) end,
  '"x", which is float64; read it with', "what is no date is refused")
tap.raises(function() features(d, recipe():impute {}:scale {}:date { columns = "at" }) end,
  "put date{} before that step", "and what is one no more")
tap.raises(function() features(d, recipe():impute {}:date {}, d:cast { day = "timestamp" }) end,
  "column \"day\" is timestamp, but the model was trained on date", "days are not taken for seconds")

-- ---- texts ----
local s = lathe.table {
  { "note", { "Free money NOW", "hello there, a friend", "free \230\136\145\228\187\172 \229\165\189", nil, n = 4 } },
  { "y", { 1, 2, 3, 4, n = 4 } },
}
f = features(s, recipe():text { method = "counts", ngram_max = 2 })
tap.ok(f:has "note~free money" and f:has "note~\230\136\145\228\187\172" and not f:has "note~a",
  "words and bigrams, Chinese ones without a space")
tap.same(values(f, "note~free"), { 1, 0, 1, 0 }, "a missing text has no words")
f = features(s, recipe():text { min_df = 2 })
tap.same(f:columns(), { "note~free" }, "rare words are left out")
tap.same(values(f, "note~free"), { 1, 0, 1, 0 }, "rows have the length 1")
model = lathe.fit(s, recipe():impute { category = "constant", text = "free" }:text { min_df = 2 })
tap.same(model:predict(s):column("note~free"):get(4), 1, "an imputed text is counted")
p, odd = model:predict(lathe.table { note = { "nothing", "free" } })
tap.same({ values(p, "note~free"), odd[1].unknown }, { { 0, 1 }, 1 }, "a text without a known word is counted")
tap.raises(function() features(s, recipe():text { min_df = 3 }) end, 'no n-gram of "note" is left: it has 9', "no word left")
tap.raises(function() recipe():text { ngram_min = 2 } end, "set both", "n from more to less")
tap.raises(function() lathe.fit(s, recipe():text {}):export(os.tmpname() .. ".onnx") end,
  'the model counts the words of "note"', "ONNX cannot cut texts; the column is named")
tap.same(#features(s, recipe():text { method = "hashing", buckets = 32 }):columns(), 32, "hashed into so many columns")
local secret = lathe.table { { "note", { "call 13812345678 now", "call me at home", "call home" } }, { "y", { 1, 2, 3 } } }
tap.ok(not features(secret, recipe():text()):has "note~13812345678", "a telephone number is no word of a vocabulary")

-- ---- choice ----
local w = lathe.table {
  { "a", { 1, 2, 3, 4 } }, { "b", { 2, 4, 6, 8 } }, { "c", { 5, 5, 5, 5 } }, { "d", { 1, -1, 2, 0 } }, { "y", { 1, 2, 3, 5 } },
}
tap.same(features(w, recipe():select()):columns(), { "a", "b", "d" }, "what is the same in all rows goes")
model = lathe.fit(w, recipe():select():select { method = "correlation" })
tap.same(model:features(), { "a", "d" }, "so does what repeats a feature before it")
tap.same(model:learned()[5].learned, 'left out: correlation 1 with "a"', "it is told why")
tap.ok(table.concat(model:notes(), ";"):find('1 of 4 features are left out by select: "c"', 1, true), "and in the notes")
tap.same(features(w, recipe():select { method = "f_regression", top = 1, columns = { "c", "d", "a" } }):columns(),
  { "a", "b" }, "the best one stays")
tap.raises(function() features(w, recipe():select { method = "chi2" }) end,
  'row 2 of "d" is -1, and chi2 takes counts', "chi2 is for counts")
tap.raises(function() features(w, recipe():select { threshold = 100 }) end, "every one of its 4 features", "all of them cannot go")
tap.raises(function() recipe():select { top = 3 } end, "belong to scores", "an option of another method is refused")
tap.raises(function() lathe.fit(w, lathe.recipe {}:select { method = "f_regression" }) end, "needs the target", "scores need a target")
tap.raises(function() features(w:with("x", { 1, nil, 2, 3, n = 4 }), recipe():select { method = "f_regression" }) end,
  'row 2 of "x" is missing', "and values in all rows")

-- ---- bundles, threads, endpoints ----
local rows = { { "city", { n = 6000 } }, { "at", { n = 6000 } }, { "note", { n = 6000 } }, { "y", { n = 6000 } } }
for row = 1, 6000 do
  rows[1][2][row] = row % 97 == 0 and "rare" or ({ "a", "b", "c" })[row % 3 + 1]
  rows[2][2][row] = ("2024-%02d-%02d %02d:00:00"):format(row % 12 + 1, row % 28 + 1, row % 24)
  rows[3][2][row] = ("%s word%d"):format(row % 2 == 0 and "good" or "bad", row % 11)
  rows[4][2][row] = row % 3 + row % 2 + (row % 12 + 1) / 10
end
local all = lathe.table(rows):cast { at = "timestamp" }
local function learn()
  return lathe.fit(all, recipe():encode { columns = "city", method = "target", min_count = 100 }:date { cyclical = true }:text {},
    lathe.linear {})
end

lathe.threads(1)
model = learn()
local path, other = os.tmpname(), os.tmpname()
model:save(path)
lathe.threads(2)
learn():save(other)
lathe.threads(0)
local function bytes(name)
  local file = io.open(name, "rb")
  local all_bytes = file:read "*a"
  file:close()
  return all_bytes
end
tap.ok(bytes(path) == bytes(other), "one thread and two learn the same bytes")
local opened = lathe.open(path)
tap.same(values(opened:predict(all), "y"), values(model:predict(all), "y"), "a bundle predicts the same")
os.remove(path)
os.remove(other)
local endpoint = lathe.serve { opened }
local small = all:head(50)
local served = require("lathe.serve").score(endpoint:url(), opened, small)
local own, same = opened:run(small), true
for row = 0, 49 do same = same and served[row] == own[row] end
tap.ok(same, "and so does its endpoint")
local answer = require("lathe.http").request { url = endpoint:url() .. "/predict", headers = { ["Content-Type"] = "application/json" },
  body = '[{"city":"zz","at":null,"note":"good"},{"city":"a","at":"2024-01-01 10:00:00","note":"???"}]' }
tap.same(answer.status, 200, "unknown values are served")
local monitor = endpoint:monitor().odd_values[endpoint:monitor().models[1]]
tap.same({ monitor.city.unknown, monitor.at.missing, monitor.note.unknown }, { 1, 1, 1 }, "and counted by the monitor, column by column")
endpoint:stop()
local report = opened:evaluate(lathe.table { city = { "new", "a" }, at = { "2024-01-01 10:00:00", "2024-01-01 10:00:00" },
  note = { "good", "bad" }, y = { 1, 2 } }:cast { at = "timestamp" }, { resamples = 0 })
tap.ok(report:render({}):find("city: 1 value not seen in training", 1, true) and report.metrics.unknown_values == 1,
  "evaluate counts them too")

tap.done()
