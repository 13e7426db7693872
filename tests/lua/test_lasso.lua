-- The lasso and the elastic net: what is chosen, kept, shown and refused, and the same bits on any number of threads.
local tap = require "tap"
local lathe = require "lathe"

local random = lathe.random(5)
local WIDTH, ROWS = 12, 120
local columns = {}
for place = 1, WIDTH do columns[place] = { ("x%02d"):format(place), {} } end
local y, w = {}, {}
for row = 1, ROWS do
  local shared, sum = random:uniform(), 0
  for place = 1, WIDTH do
    local value = random:uniform() + 0.3 * shared
    columns[place][2][row] = value
    if place <= 3 then sum = sum + place * value end
  end
  y[row], w[row] = sum + 0.5 * random:uniform(), row % 4
end
columns[WIDTH + 1] = { "y", y }
local t = lathe.table(columns)

local function fit(options, family, rows, recipe)
  return lathe.fit(rows or t, recipe or lathe.recipe { target = "y" }, lathe[family or "lasso"](options or {}))
end
local function values(small, name)
  local list = small:column(name):values()
  list.n = nil
  return list
end
local function notes_of(model) return table.concat(model:notes(), "\n") end
local function has(text, part, sentence) tap.ok(text:find(part, 1, true), sentence, text) end

-- ---- the path and the choice ----
local m = fit { alpha = "cv" }
local path = m:table "path"
tap.same(path:columns(), { "alpha", "nonzero", "r2", "left_out_mse", "left_out_error" }, "the path says how each alpha does")
local alpha, nonzero = values(path, "alpha"), values(path, "nonzero")
local mse, spread = values(path, "left_out_mse"), values(path, "left_out_error")
tap.same(#alpha, 100, "a hundred alphas")
tap.ok(math.abs(alpha[100] / alpha[1] - 1e-3) < 1e-15 and alpha[2] < alpha[1], "down to a thousandth of the largest")
tap.same(tonumber(nonzero[1]), 0, "the largest leaves no coefficient")
tap.ok(nonzero[2] > 0, "the next one lets one in")
local best = 1
for place = 2, 100 do best = mse[place] < mse[best] and place or best end
tap.same(m:summary().alpha, alpha[best], "cv takes the alpha of the least error")
local bound, simple = mse[best] + spread[best], nil
for place = 100, 1, -1 do simple = mse[place] <= bound and place or simple end
local one_se = fit { alpha = "1se" }
tap.same({ one_se:summary().alpha, one_se:summary().best_alpha }, { alpha[simple], alpha[best] },
  "1se takes the largest within a standard error, and says the best")
tap.ok(one_se:summary().nonzero >= 3 and one_se:summary().nonzero <= m:summary().nonzero, "it is simpler, with what there is")
tap.same(m:table("trace"):rows(), 100, "the coefficients of all alphas are kept")
tap.same(fit({ alpha = "cv", seed = 42 }):summary().alpha, m:summary().alpha, "the seed of the folds is 42")
tap.ok(fit({ alpha = "cv", seed = 1 }):table("path"):hash() ~= path:hash(), "another seed deals otherwise")
tap.ok(fit({ alpha = "bic" }):summary().nonzero <= fit({ alpha = "aic" }):summary().nonzero, "BIC leaves no more than AIC")

-- ---- the solution: what the definition says of it ----
-- The gradient of the mean squared error / 2 at the coefficients of `model`, each in its place.
local function gradient(model, weights)
  local c, out, weight = values(model:coefficients(), "estimate"), {}, 0
  for place = 0, WIDTH do out[place] = 0 end
  for row = 1, ROWS do
    local own, left = weights and weights[row] or 1, y[row] - c[1]
    for place = 1, WIDTH do left = left - c[place + 1] * columns[place][2][row] end
    weight, out[0] = weight + own, out[0] + own * left
    for place = 1, WIDTH do out[place] = out[place] + own * left * columns[place][2][row] end
  end
  for place = 0, WIDTH do out[place] = out[place] / weight end
  return out, c
end
local function is_solution(model, a, l1_ratio, weights)
  local g, c = gradient(model, weights)
  if math.abs(g[0]) > 1e-12 then return false end
  for place = 1, WIDTH do
    local b = c[place + 1]
    local pull = g[place] - a * (1 - l1_ratio) * b
    if b == 0 and math.abs(pull) > a * l1_ratio * (1 + 1e-9) then return false end
    if b ~= 0 and math.abs(pull - (b > 0 and 1 or -1) * a * l1_ratio) > 1e-12 then return false end
  end
  return true
end
tap.ok(is_solution(fit { alpha = 0.02 }, 0.02, 1), "a lasso meets its conditions to the last digits")
tap.ok(is_solution(fit({ alpha = 0.05, l1_ratio = 0.3 }, "elastic_net"), 0.05, 0.3), "so does an elastic net")
local weighted = t:with("w", w)
tap.ok(is_solution(fit({ alpha = 0.02, weights = "w" }, "lasso", weighted), 0.02, 1, w), "and with row weights")
local free, least = values(fit({ alpha = 0 }):coefficients(), "estimate"),
  values(lathe.fit(t, lathe.recipe { target = "y" }, lathe.linear {}):coefficients(), "estimate")
local off = 0
for place = 1, WIDTH + 1 do off = math.max(off, math.abs(free[place] - least[place])) end
tap.ok(off < 1e-10, "no penalty is least squares")
local through = fit({ alpha = 0.02, intercept = false })
tap.same({ through:coefficients():rows(), through:summary().target_mean }, { WIDTH, nil }, "it can go without an intercept")

-- ---- features that follow from others, and more of them than rows ----
local twice = t:with("x99", values(t, "x01"))
local equal = fit({ alpha = 0.02 }, "lasso", twice)
local share = fit({ alpha = 0.02, l1_ratio = 0.5 }, "elastic_net", twice):coefficients():column "estimate"
tap.ok(math.abs(share:get(2) - share:get(WIDTH + 2)) < 1e-8, "an elastic net shares an effect between equals")
tap.same(equal:predict(twice):rows(), ROWS, "a lasso takes equals")
local few = fit({ alpha = "cv", folds = 3 }, "lasso", t:head(8))
tap.ok(few:summary().nonzero <= 8, "more features than rows do")
tap.same(fit({ alpha = 0.02 }, "lasso", t:with("flat", { n = ROWS, unpack(w) }):derive { flat = "x01 * 0 + 0.1" })
  :coefficients():column("estimate"):get(WIDTH + 2), 0, "a constant gets 0")

-- ---- what it says ----
has(m:note(), "of 12 features, alpha", "its note counts the features")
local shown = tostring(m)
for _, word in ipairs { "Lasso of y", "squared error of rows left out by alpha", "coefficients by alpha", "MSE left out" } do
  has(shown, word, "the report has " .. word)
end
has(notes_of(fit { alpha = 100 }), "no feature is left: alpha = 100 predicts the mean", "an alpha that leaves nothing is said")
has(notes_of(fit { alpha = "cv", alphas = { 1e-4, 1e-3 } }), "the best alpha is the", "so is an end of the path")
has(notes_of(fit({ alpha = 1 }, "lasso", t:derive { x01 = "x01 * 1000" })), "recipe:scale {} makes them alike",
  "and spreads that are far apart")

-- ---- what is refused ----
local function refused(rows, options, sentence, what) tap.raises(function() fit(options, "elastic_net", rows) end, sentence, what) end
tap.raises(function() lathe.lasso { alpha = "best" } end, "alpha is a number from 0 up, \"cv\", \"1se\", \"aic\" or \"bic\", not best",
  "an unknown choice")
tap.raises(function() lathe.elastic_net { l1_ratio = 0 } end, "for 0 there is lathe.ridge", "no lasso in it")
tap.raises(function() lathe.lasso { alphas = { 1 } } end, "alphas are there to choose among", "alphas without a choice")
tap.raises(function() lathe.lasso { alpha = "cv", folds = 1 } end, "folds is a whole number from 2 up", "one fold")
refused(t:head(1), {}, "one row of a weight above 0 is too few", "one row")
refused(t:head(3), { alpha = "cv" }, "5 folds need as many rows", "fewer rows than folds")
refused(t:derive { y = "x01 * 0 + 1" }, {}, "there is nothing to learn", "a constant target")
refused(t:select { "y" }:derive { x = "y * 0" }, { alpha = "cv" }, "no feature goes with the target", "features that are constant")

-- ---- the same bits ----
local function bytes_of(model)
  local name = os.tmpname()
  model:save(name)
  local file = assert(io.open(name, "rb"))
  local bytes = file:read "*a"
  file:close()
  os.remove(name)
  return bytes
end
local many = {}
for place = 1, 30 do
  local list = {}
  for row = 1, 40000 do list[row] = random:uniform() + (place == 4 and row / 500 or 0) end
  many[place] = { "x" .. place, list }
end
local target = {}
for row = 1, 40000 do target[row] = many[1][2][row] - many[2][2][row] / 2 + random:uniform() end
many[31] = { "y", target }
many = lathe.table(many)
local made = {}
for threads = 1, 2 do
  lathe.threads.set(threads)
  made[threads] = bytes_of(fit({ alpha = "cv" }, "lasso", many))
end
tap.ok(made[1] == made[2], "one thread and two give the same bytes")
tap.done()
