-- Gradient boosting from Lua: what it learns, that it is the same on any number of threads, kept and resumed, and what it refuses.
local tap = require "tap"
local lathe = require "lathe"
local threads = require "lathe.threads"

local folder, read_file = tap.folder(), tap.read

local function list_of(count, make)
  local list = { n = count }
  for row = 1, count do list[row] = make(row) end
  return list
end

-- Rows whose target is steps of x, a column with gaps, and a text of seven words.
local ROWS = 3000
local words = { "ash", "beech", "cedar", "elm", "fir", "oak", "yew" }
local x = list_of(ROWS, function(row) return (row * 7919) % 1000 / 10 end)
local gap = list_of(ROWS, function(row) return row % 5 ~= 0 and (row * 31) % 97 or nil end)
local wood = list_of(ROWS, function(row) return words[(row * 13) % 7 + 1] end)
local noise = list_of(ROWS, function(row) return math.sin(row * 12.9898) * 43758.5453 % 1 end)
local level = { ash = 9, beech = 1, cedar = 7, elm = 2, fir = 8, oak = 1, yew = 3 }
local y = list_of(ROWS, function(row)
  return math.floor(x[row] / 20) * 3 + (gap[row] and gap[row] / 50 or 5) + level[wood[row]] + 0.2 * noise[row]
end)
local flag = list_of(ROWS, function(row) return y[row] > 14 and "high" or "low" end)
local three = list_of(ROWS, function(row) return y[row] > 17 and "c" or y[row] > 11 and "b" or "a" end)
local fold = list_of(ROWS, function(row) return row % 4 == 0 end)
local base = lathe.table { { "x", x }, { "gap", gap }, { "wood", wood } }
local function of(target, list) return base:with(target or "y", list or y) end
local function recipe(target, drop) return lathe.recipe { target = target or "y", drop = drop }:encode { method = "ordinal" } end
local function fit(t, options, target) return lathe.fit(t, recipe(target), lathe.boosting(options or {})) end
local t = of()

-- ---- what it learns ----
local m = fit(t)
tap.same({ m:kind(), m:tables() }, { "boosting", { "curve", "importance", "learned" } },
  "a regression leaves a curve and the importance of its features")
local metrics = m:evaluate(t).metrics
tap.ok(metrics.r2 > 0.995 and metrics.baseline_rmse > 4, "steps, gaps and texts are learned as they are")
local curve = m:table "curve"
tap.same({ curve:columns(), curve:rows() }, { { "round", "train_loss" }, 101 }, "the curve begins with the baseline")
tap.ok(math.abs(curve:column("train_loss"):get(101) - m:summary().rmse) == 0
    and curve:column("train_loss"):get(1) == m:summary().baseline_rmse, "and ends with what was reached")
tap.ok(math.abs(m:summary().rmse - metrics.rmse) < 1e-9, "the loss that was kept is that of its predictions")
local importance = m:table "importance"
local share = importance:column("importance"):values()
tap.ok(importance:rows() == 3 and share[1] >= share[2] and share[2] >= share[3] and math.abs(share[1] + share[2] + share[3] - 1) < 1e-12,
  "each feature has its part of the gain, the greatest first")
local alone = m:predict(t:take { 1, 2, 3 })
tap.same(alone:column("y"):values(), m:predict(t):head(3):column("y"):values(), "three rows have the bits of all")

local two = fit(of("flag", flag), {}, "flag")
tap.ok(two:evaluate(of("flag", flag)).metrics.auc > 0.999, "two classes are told apart")
local several = fit(of("three", three), { rounds = 30 }, "three")
tap.same({ several:classes(), several:summary().trees }, { { "a", "b", "c" }, 90 }, "several classes have a tree each in every round")
tap.ok(several:evaluate(of("three", three)).metrics.accuracy > 0.98, "and are told apart")
tap.ok(math.abs(several:evaluate(of("three", three)).metrics.log_loss - several:summary().log_loss) < 1e-9, "by the loss that was kept")

local counts = list_of(ROWS, function(row) return math.floor(y[row] / 3) end)
local poisson = fit(of("n", counts), { loss = "poisson" }, "n")
local predicted = poisson:predict(of("n", counts)):column("n"):values()
local sum, least = 0, math.huge
for row = 1, ROWS do
  sum, least = sum + predicted[row] - counts[row], math.min(least, predicted[row])
end
tap.ok(least > 0 and math.abs(sum) < 30 and poisson:summary().deviance < poisson:summary().baseline_deviance / 10,
  "counts are predicted by their mean, which is above 0")

local quartile = fit(of(), { loss = "quantile", quantile = 0.25, rounds = 50 }):predict(t):column("y"):values()
local below = 0
for row = 1, ROWS do below = below + (y[row] < quartile[row] and 1 or 0) end
tap.ok(math.abs(below / ROWS - 0.25) < 0.05, "a quarter of the rows is below the quartile")
for _, loss in ipairs { "absolute", "huber" } do
  tap.ok(fit(of(), { loss = loss }):evaluate(t).metrics.mae < 0.4, loss .. " loss is made small")
end

local rising = fit(t, { monotone = { x = 1, gap = -1 } })
local line = list_of(200, function(row) return row / 2 end)
local function along(name)
  local columns = { x = list_of(200, function() return 50 end), gap = list_of(200, function() return 40 end),
    wood = list_of(200, function() return "elm" end) }
  columns[name] = line
  local values, ups, downs = rising:predict(lathe.table(columns)):column("y"):values(), 0, 0
  for row = 2, 200 do
    if values[row] > values[row - 1] then ups = ups + 1 elseif values[row] < values[row - 1] then downs = downs + 1 end
  end
  return ups, downs
end
local ups, downs = along "x"
tap.ok(ups > 0 and downs == 0, "predictions never fall where they are to rise")
ups = along "gap"
tap.ok(ups == 0, "nor rise where they are to fall")

-- Whether two models predict the same for some rows, to the last bit.
local function same(a, b)
  local of_a, of_b = a:predict(t):column("y"):values(), b:predict(t):column("y"):values()
  for row = 1, ROWS do
    if of_a[row] ~= of_b[row] then return false end
  end
  return true
end

-- ---- limits ----
local small = fit(t, { rounds = 3, max_leaves = 5, min_samples_leaf = 300 })
tap.same(small:summary().leaves, 15, "leaves are limited")
tap.ok(fit(t, { rounds = 2, max_depth = 3, min_samples_leaf = 1 }):summary().leaves <= 16, "and so is the depth")
tap.ok(fit(t, { rounds = 5, max_bins = 8, l1 = 5, l2 = 100, min_gain = 1 }):summary().rmse > fit(t, { rounds = 5 }):summary().rmse,
  "fewer bins and penalties learn less")
local stops = fit(of("noise", noise), { rounds = 300, validation = 0.25, patience = 10 }, "noise")
local s = stops:summary()
tap.same({ s.rounds, s.rounds_tried, s.validation_rows, s.rows }, { 1, 10, 750, 2250 },
  "where there is nothing to learn it stops, and goes back to the first round")
tap.ok(stops:notes()[1]:find("no round predicts the rows for validation better than the baseline", 1, true), "and says so")
local enough = fit(of(), { rounds = 300, rate = 0.5, validation = 0.25, patience = 5 }):summary()
tap.ok(enough.rounds > 5 and enough.rounds_tried == enough.rounds + 5, "it stops when its patience is over")
local by_column = lathe.fit(t:with("fold", fold), recipe(), lathe.boosting { validation = "fold", rounds = 20 })
tap.same({ by_column:summary().validation_rows, #by_column:inputs() }, { 750, 3 },
  "a column names the rows for validation, and is no feature")
local weighted = t:with("w", list_of(ROWS, function(row) return row <= 1500 and 1 or 0 end))
local half = lathe.fit(weighted, recipe(), lathe.boosting { weights = "w", rounds = 20 })
tap.ok(same(half, fit(t:head(1500), { rounds = 20 })), "rows of weight 0 are not there")
local double = lathe.fit(t:with("w", list_of(ROWS, function() return 2 end)), recipe(),
  lathe.boosting { weights = "w", rounds = 20, l2 = 2, min_weight = 0.002 })
tap.ok(same(double, fit(t, { rounds = 20 })), "weights of 2 are two of each row")
tap.ok(fit(of("flag", flag), { class_weights = "balanced", rounds = 5 }, "flag"):summary().baseline_log_loss > 0.693,
  "classes can be balanced")

-- ---- the same bytes ----
local function bytes_of(options, target, list)
  local path = folder .. "/model.safetensors"
  lathe.fit(of(target, list), recipe(target), lathe.boosting(options)):save(path)
  return read_file(path)
end
for _, case in ipairs {
  { { rounds = 20 } },
  { { rounds = 10, row_share = 0.5, column_share = 0.5, validation = 0.2 } },
  { { rounds = 10, loss = "absolute" } },
  { { rounds = 5, max_depth = 7, min_samples_leaf = 1 }, "three", three },
} do
  threads.set(1)
  local one = bytes_of(case[1], case[2], case[3])
  threads.set(2)
  tap.ok(one == bytes_of(case[1], case[2], case[3]), "one thread and two make the same bundle" .. (case[2] and " of classes" or ""))
end
m:save(folder .. "/m.safetensors")
tap.ok(same(lathe.open(folder .. "/m.safetensors"), m), "a bundle predicts the same")
local checkpoint = folder .. "/checkpoint"
local plain = bytes_of { rounds = 12 }
tap.ok(bytes_of { rounds = 12, checkpoint = checkpoint, checkpoint_every = 5 } == plain and not io.open(checkpoint),
  "checkpoints change nothing, and are gone when the model is there")

-- ---- what it refuses ----
local function refuses(sentence, what, run)
  local fine, problem = pcall(run)
  tap.ok(not fine and tostring(problem):find(sentence, 1, true), what, tostring(problem))
end
local function refuses_options(sentence, options)
  refuses(sentence, "refused: " .. sentence, function() fit(t, options) end)
end
refuses_options("rate is a number above 0 up to 1, not 2", { rate = 2 })
refuses_options("max_leaves is a whole number from 2 up, not 1", { max_leaves = 1 })
refuses_options("max_bins is a whole number from 2 up, not 300", { max_bins = 300 })
refuses_options("row_share is a number above 0 up to 1, not 0", { row_share = 0 })
refuses_options("quantile is a share below 1", { quantile = 1 })
refuses_options("validation is a share of the rows from 0 up to below 1, or the name of a column, not 1", { validation = 1 })
refuses_options("monotone gives \"x\" 2; it takes 1 (up), -1 (down) or 0", { monotone = { x = 2 } })
refuses_options("monotone names \"z\", which is no feature of the model", { monotone = { z = 1 } })
refuses_options("monotone names \"wood\", whose values are categories and have no order", { monotone = { wood = 1 } })
refuses_options("monotone does not go with loss = \"absolute\"", { monotone = { x = 1 }, loss = "absolute" })
refuses_options("lathe.boosting has no option \"round\"; did you mean \"rounds\"?", { round = 3 })
refuses("row 7 of the target \"n\" is -3; loss = \"poisson\" takes counts from 0 up", "counts below 0 are refused", function()
  fit(of("n", list_of(ROWS, function(row) return row == 7 and -3 or row end)), { loss = "poisson" }, "n")
end)
refuses("there is one row to learn from; boosting needs two at least", "one row is refused", function() fit(t:head(1)) end)
refuses("row 3 of \"x\" is infinite", "an infinite feature is refused", function()
  fit(t:with("x", list_of(ROWS, function(row) return row == 3 and math.huge or row end)))
end)
refuses("is \"low\" in every row", "one class is refused", function()
  fit(of("flag", list_of(ROWS, function() return "low" end)), {}, "flag")
end)
refuses("trees, one for each class and round", "too many classes for so many rounds are refused", function()
  fit(of("id", list_of(ROWS, function(row) return "id" .. row end)), {}, "id")
end)
refuses("\"x\" is a column of type float64; it takes one of true and false", "rows for validation are yes or no", function()
  fit(t, { validation = "x" })
end)
local flat = lathe.fit(lathe.table { { "x", list_of(60, function() return 1 end) }, { "y", list_of(60, function(row) return row end) } },
  lathe.recipe { target = "y" }, lathe.boosting {})
tap.ok(flat:notes()[1]:find("no tree found anything to divide", 1, true) and flat:summary().rounds == 1,
  "features that tell nothing are said to")

os.execute("rm -r " .. folder)
tap.done()
