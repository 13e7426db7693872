-- Linear regression: what it refuses and says, weights, robust errors, diagnostics, the same bits on any number of threads.
local tap = require "tap"
local lathe = require "lathe"

local recipe = lathe.recipe
local function fit(columns, options)
  return lathe.fit(lathe.table(columns), recipe { target = "y" }, lathe.linear(options or {}))
end
local function notes_of(model) return table.concat(model:notes(), "\n") end
local function has(text, part, sentence) tap.ok(text:find(part, 1, true), sentence .. (text:find(part, 1, true) and "" or ": " .. text)) end

local random = lathe.random(3)
local x, z, w, y, none = {}, {}, {}, {}, {}
for row = 1, 40 do
  x[row], z[row], w[row] = random:uniform(), random:uniform() * 100, row % 4
  y[row] = 2 * x[row] - z[row] / 10 + 5 + random:uniform()
  none[row] = 0
end

-- ---- what is refused, in a sentence ----

tap.raises(function() fit { x = { 1 }, y = { 2 } } end, "1 row cannot determine 2 coefficients", "one row")
tap.raises(function() fit { a = { 1, 2 }, b = { 1, 3 }, c = { 5, 1 }, y = { 1, 2 } } end,
  "2 rows cannot determine 4 coefficients; give more rows, leave features out, or add a penalty: lathe.ridge {}",
  "more coefficients than rows")
tap.raises(function() fit { x = x, y = none } end, "is 0 in every row; there is nothing to learn", "a constant target")
tap.raises(function() fit { y = y } end, "feature", "no features")
tap.raises(function() fit { x = { 1, 2, math.huge, 4 }, y = { 1, 2, 3, 5 } } end, "infinite", "an infinite feature")
tap.raises(function() fit { x = { 1, 2, nil, 4, 7 }, y = { 1, 2, 3, 5, 6 } } end, "missing", "a missing feature that nothing imputes")
tap.raises(function() fit { x = { 1, 2, 3, 4 }, y = { 1, 2, nil, 5 } } end, "the target \"y\" is missing in 1 row", "a missing target")
tap.raises(function() fit { x = { 1, 2, 3, 4 }, y = { 1, 2, -math.huge, 5 } } end,
  "row 3 of the target \"y\" is infinite", "an infinite target")
tap.raises(function() fit({ x = x, y = y, w = none }, { weights = "w" }) end, "all weights in \"w\" are 0", "weights of nothing but 0")
tap.raises(function() fit({ x = { 1, 2, 3 }, y = { 1, 2, 4 }, w = { 1, -1, 1 } }, { weights = "w" }) end,
  "row 2 has the weight -1", "a negative weight")
tap.raises(function() fit({ x = { 1, 2, 3, 4 }, y = { 1, 1, 1, 4 }, w = { 1, 1, 1, 0 } }, { weights = "w" }) end,
  "the target is the same in every row of a weight above 0", "a target that is constant where weights are not 0")
tap.raises(function() fit({ x = { 1, 2, 3, 4 }, y = { 1, 3, 1, 4 }, w = { 1, 1, 0, 0 } }, { weights = "w" }) end,
  "2 rows of a weight above 0 cannot determine 2 coefficients", "too few rows that count")
tap.raises(function() fit({ x = none, y = y }, { intercept = false }) end, "every feature is 0 in every row", "nothing but zeros")
tap.raises(function() fit({ x = x, y = y }, { covariance = "HC9" }) end,
  "covariance is one of classical, HC0, HC1, HC2, HC3", "an unknown covariance")
tap.raises(function() fit({ x = x, y = y }, { level = 1 }) end, "level is a number from", "a level of 1")
tap.raises(function() fit({ x = x, y = y }, { collinear = "no" }) end, "collinear is one of drop, error", "an unknown policy")

-- ---- features that follow from others ----

local total, twice = {}, {}
for row = 1, 40 do total[row], twice[row] = x[row] + z[row], 10 - 2 * x[row] end
local dependent = { { "x", x }, { "z", z }, { "total", total }, { "twice", twice }, { "flat", none }, { "y", y } }
local model = fit(dependent)
has(notes_of(model), "\"total\" follows from the features before it: it is \"x\" + \"z\"; its coefficient is set to 0", "a sum is said")
has(notes_of(model), "\"twice\" follows from the features before it: it is -2 * \"x\" + 10;", "a multiple and a constant")
has(notes_of(model), "\"flat\" follows from the features before it: it is 0 in every row;", "a constant")
tap.same(model:summary().rank, 3, "three coefficients are free")
tap.raises(function() fit(dependent, { collinear = "error" }) end,
  "\"total\" follows from the features before it: it is \"x\" + \"z\"; leave it out, or fit with collinear = \"drop\"",
  "it is refused when asked")
local close = {}
for row = 1, 40 do close[row] = x[row] + random:uniform() / 50 end
has(notes_of(fit { x = x, close = close, y = y }), "2 features are nearly sums of others (VIF above 10", "inflation is said")
has(notes_of(fit { x = x, y = twice }), "the features give the target exactly", "an exact fit is said")
tap.same(fit({ x = x, y = twice }):summary().f_p, 0, "and is certain")

-- ---- weights ----

local weighted = fit({ x = x, z = z, w = w, y = y }, { weights = "w" })
has(notes_of(weighted), "10 rows have the weight 0 and are not counted", "rows of weight 0 are said")
tap.same(weighted:summary().rows, 30, "and not counted")
local repeated = { x = {}, z = {}, y = {} }
for row = 1, 40 do
  for _ = 1, w[row] do
    table.insert(repeated.x, x[row])
    table.insert(repeated.z, z[row])
    table.insert(repeated.y, y[row])
  end
end
local again, off = fit(repeated), 0
for row = 1, 3 do
  off = math.max(off, math.abs(weighted:coefficients():column("estimate"):get(row) - again:coefficients():column("estimate"):get(row)))
end
tap.ok(off < 1e-12, "a weight of 3 is three rows")

-- ---- diagnostics ----

local t = lathe.table { x = x, z = z, y = y }
local plain = fit { x = x, z = z, y = y }
local d, leverage, residuals = plain:diagnostics(t), 0, 0
for row = 1, 40 do
  leverage = leverage + d:column("leverage"):get(row)
  residuals = residuals + d:column("residual"):get(row)
end
tap.ok(math.abs(leverage - 3) < 1e-12 and math.abs(residuals) < 1e-11, "leverages sum to the rank, residuals to 0")
local path = os.tmpname()
plain:save(path)
tap.same(lathe.open(path):diagnostics(t):hash(), d:hash(), "a model that was saved gives the same")
local gaps = lathe.table { { "x", { 0.5, nil, 0.5 } }, { "z", { 1, 2, 3 } }, { "y", { 3, 4, nil } } }
tap.same(plain:diagnostics(gaps):column("cook"):missing(), 2, "rows with gaps have none")
tap.raises(function() weighted:diagnostics(t) end, "name their column: weights = \"COLUMN\"", "weights are asked for")
tap.raises(function() plain:diagnostics "t" end, "model:diagnostics takes a table", "a table is wanted")
tap.raises(function() plain:diagnostics(t, { weight = "x" }) end, "did you mean \"weights\"?", "options are named")
os.remove(path)

-- ---- ridge ----

local function ridge(columns, options)
  return lathe.fit(lathe.table(columns), recipe { target = "y" }, lathe.ridge(options or {}))
end
local chosen = ridge({ x = x, z = z, y = y }, { alpha = "cv" })
tap.same(chosen:table("path"):rows(), 50, "fifty alphas are tried")
tap.same(chosen:table("trace"):columns(), { "alpha", "x", "z" }, "their coefficients are kept")
local best, at = math.huge, nil
for row = 1, 50 do
  local off_row = chosen:table("path"):column("left_out_rmse"):get(row)
  if off_row < best then best, at = off_row, chosen:table("path"):column("alpha"):get(row) end
end
tap.same(chosen:summary().alpha, at, "the best is taken")
local loose = ridge({ x = x, z = z, y = y }, { alpha = 1e-12 }):coefficients():column "estimate"
local free = plain:coefficients():column "estimate"
tap.ok(math.abs(loose:get(2) - free:get(2)) < 1e-9, "next to no penalty is least squares")
has(notes_of(ridge { x = x, z = z, y = y }), "recipe:scale {} makes them alike", "features that are far apart are said")
has(notes_of(ridge({ x = x, y = y }, { alpha = "gcv", alphas = { 100, 1000 } })),
  "the best alpha is the smallest that was tried", "so is an end")
tap.ok(ridge { a = { 1, 2 }, b = { 1, 3 }, c = { 5, 1 }, y = { 1, 2 } }, "more coefficients than rows do")
tap.raises(function() ridge { x = { 1 }, y = { 2 } } end, "one row of a weight above 0 is too few", "one row does not")
tap.raises(function() ridge({ x = x, y = y }, { alpha = -1 }) end,
  "alpha is a number from 0 up, \"cv\" or \"gcv\", not -1", "a negative penalty")
tap.raises(function() ridge({ x = x, y = y }, { alphas = { 1 } }) end, "alphas are there to choose among", "alphas without a choice")
tap.raises(function() ridge({ x = x, y = y }, { alpha = "cv", alphas = {} }) end, "alphas is a list", "no alphas")
tap.raises(function() plain.diagnostics(chosen, t) end, "diagnostics is for linear regressions", "it has no diagnostics")

-- ---- the report ----

local shown = tostring(model)
for _, word in ipairs { "std. error", "2.5 %", "97.5 %", "VIF", "adjusted R2", "p of F", "AIC" } do
  has(shown, word, "the report has " .. word)
end
tap.ok(not shown:find("triangle", 1, true) and not model:card():find("triangle", 1, true), "what the model keeps for itself is not shown")

-- ---- the same bits ----

local function bytes_of(file_path)
  local file = assert(io.open(file_path, "rb"))
  local bytes = file:read "*a"
  file:close()
  return bytes
end

local many = { { "y", {} } }
for column = 1, 20 do many[column + 1] = { "x" .. column, {} } end
for row = 1, 50000 do
  local sum = 0
  for column = 1, 20 do
    local value = random:uniform() + (column == 7 and row / 1000 or 0)
    many[column + 1][2][row], sum = value, sum + value * column
  end
  many[1][2][row] = sum + random:uniform()
end
local wide = lathe.table(many)
for _, case in ipairs { { "many rows", wide, {} }, { "robust errors", wide:head(9000), { covariance = "HC3" } },
  { "ridge", wide:head(9000), { alpha = "cv" } }, { "few rows", t, {} } } do
  local bytes = {}
  for threads = 1, 2 do
    lathe.threads.set(threads)
    local made = lathe.fit(case[2], recipe { target = "y" }, (case[1] == "ridge" and lathe.ridge or lathe.linear)(case[3]))
    made:save(path)
    bytes[threads] = bytes_of(path)
    if case[1] == "many rows" then has(made:card(), "normal equations", "many rows go by products") end
  end
  tap.ok(bytes[1] == bytes[2], case[1] .. ": one thread and two give the same bytes")
end
os.remove(path)
tap.done()
