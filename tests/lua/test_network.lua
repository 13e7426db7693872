-- Dense networks from Lua: what they learn, the same bits, what they refuse.
local tap = require "tap"
local lathe = require "lathe"

local place = os.tmpname()
local function bytes(model)
  model:save(place)
  local file = assert(io.open(place, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

-- A table of n rows: x and z uniform, a text, and targets of them; without chance but the seed's.
local function rows_of(n)
  local random = lathe.random(7)
  local x, z, word, y, flag, kind = { n = n }, { n = n }, { n = n }, { n = n }, { n = n }, { n = n }
  for row = 1, n do
    x[row], z[row] = 2 * random:uniform() - 1, 2 * random:uniform() - 1
    word[row] = ({ "a", "b", "c", "d" })[1 + math.floor(4 * random:uniform())]
    y[row] = math.sin(3 * x[row]) + x[row] * z[row] + (word[row] == "a" and 1 or word[row] == "c" and -1 or 0)
    flag[row] = x[row] * x[row] + z[row] * z[row] < 0.6
    kind[row] = flag[row] and "in" or x[row] > 0 and "right" or "left"
  end
  return lathe.table { { "x", x }, { "z", z }, { "word", word }, { "y", y }, { "flag", flag }, { "kind", kind } }
end

local t = rows_of(3000)
local train, test = t:split { test = 0.3, seed = 1 }

local function fit(target, options)
  local recipe = lathe.recipe { target = target, features = { "x", "z", "word" } }:encode { method = "ordinal" }
  return lathe.fit(train, recipe, lathe.network(options))
end

local function metrics(model) return model:evaluate(test, { resamples = 0, curves = false }).metrics end

local short = { layers = { 32, 32 }, epochs = 40, batch = 64, rate = 0.005 }
local model = fit("y", short)
local r2 = metrics(model).r2
tap.ok(r2 > 0.98, "a regression with an embedded category is learned", tostring(r2))
tap.ok(metrics(fit("flag", short)).accuracy > 0.95, "two classes are told apart, a circle among them")
tap.ok(metrics(fit("kind", short)).accuracy > 0.94, "so are three")
for _, activation in ipairs { "gelu", "tanh", "sigmoid" } do
  local one = metrics(fit("y", { layers = { 32 }, epochs = 40, batch = 32, rate = 0.01, activation = activation })).r2
  tap.ok(one > 0.9, ("%s learns"):format(activation), tostring(one))
end
for name, options in pairs {
  ["batch norm"] = { norm = true }, ["dropout"] = { dropout = 0.1 },
  ["AdamW"] = { optimizer = "adamw", decay = 0.05 }, ["Nesterov's momentum"] = { optimizer = "sgd", rate = 0.05 },
  ["a cosine"] = { schedule = "cosine", warmup = 2 }, ["plateaus"] = { schedule = "plateau", schedule_every = 3 },
  ["penalties"] = { l1 = 1e-5, l2 = 1e-5 },
} do
  options.layers, options.epochs, options.batch, options.rate = { 32, 32 }, 30, 64, options.rate or 0.005
  local one = metrics(fit("y", options)).r2
  tap.ok(one > 0.9, ("%s: learns"):format(name), tostring(one))
end

-- The same bits.
local wide = { layers = { 96, 64 }, epochs = 2, batch = 1024, norm = true, dropout = 0.2, activation = "gelu", validation = 0.1 }
lathe.threads.set(1)
local one = bytes(fit("kind", wide))
lathe.threads.set(2)
tap.ok(one == bytes(fit("kind", wide)), "one thread and two threads make the same bundle")
wide.seed = 43
tap.ok(one ~= bytes(fit("kind", wide)), "another seed another one")

-- Prediction.
local all, single = model:predict(test):column("y"):values(), model:predict(test:head(1)):column("y"):values()
tap.ok(all[1] == single[1], "one row is predicted as it is among many")
model:save(place)
tap.same(lathe.open(place):predict(test):column("y"):values(), all, "a saved model predicts the same")
local strange = lathe.table { { "x", { 0.1, 0.1 } }, { "z", { 0.2, 0.2 } }, { "word", { "moon", n = 2 } } }
local unknown = model:predict(strange):column("y"):values()
tap.ok(unknown[1] and unknown[1] == unknown[2] and math.abs(unknown[1]) < 3, "unknown and missing texts have a row of their own")

-- Stopping early.
local stopped = fit("y", { layers = { 64, 64 }, epochs = 300, batch = 64, rate = 0.01, validation = 0.2, patience = 5 })
local summary = stopped:summary()
tap.ok(summary.epochs_tried and summary.epochs == summary.epochs_tried - 5, "it stops after `patience` epochs without a better loss")
local curve = stopped:table "curve"
local least, at = math.huge, 0
for row, loss in ipairs(curve:column("valid_loss"):values()) do
  if loss < least then least, at = loss, row end
end
tap.ok(at == summary.epochs and math.abs(least - summary.validation_rmse) < 1e-12, "and the best epoch is the model's")

-- Going on.
local function column(of, rows, name) return of:predict(rows):column(name):values() end
local begun = fit("kind", { layers = { 24, 16 }, epochs = 5, batch = 64, rate = 0.005 })
local more = begun:partial_fit(train, { epochs = 20, batch = 64, rate = 0.005 })
tap.ok(metrics(more).log_loss < 0.7 * metrics(begun).log_loss, "partial_fit goes on from where the network stands")
local none = begun:partial_fit(train:head(200), { epochs = 1, rate = 1e-30 })
tap.same(column(none, test, "P(left)"), column(begun, test, "P(left)"), "with steps of nothing it is the same network")
local only = begun:partial_fit(train:filter "kind != 'left'", { epochs = 1 })
tap.same(only:classes(), begun:classes(), "classes that the new rows lack are kept")
local head = begun:partial_fit(train, { target = "y", freeze = { "layer1", "layer2" }, epochs = 30, rate = 0.01 })
tap.ok(head:target() == "y" and not head:classes() and metrics(head).r2 > 0.3, "a new head predicts another target from frozen layers",
  tostring(metrics(head).r2))
local back = head:partial_fit(train:head(100), { target = "kind", freeze = { "layer1", "layer2" }, epochs = 1 })
tap.ok(#back:classes() == 3, "and classes again")
local shifted = t:derive { y = "y + 3 * x" }
local forgetful, told = model:continual(shifted, { old = t, replay = 0, tolerance = 0.05, epochs = 10, batch = 64 })
tap.ok(forgetful == model and told.kept == false and told.old.after > told.old.before and told.new.after < told.new.before,
  "a network that forgets the old rows is rolled back")
local softly, kept = model:continual(rows_of(500), { old = t, epochs = 3, rate = 0.0005 })
tap.ok(softly ~= model and kept.kept == true and kept.metric == "rmse", "one that does not goes on")
tap.raises(function() model:partial_fit(train, { freeze = { "layer9" } }) end, "layer9", "a layer that there is not")
local all_layers = { freeze = { "layer1", "layer2", "head" } }
tap.raises(function() model:partial_fit(train, all_layers) end, "every layer is frozen", "nothing left to learn")
local new = train:derive { kind = "'new'" }
tap.raises(function() begun:partial_fit(new) end, "none of the classes", "a class that the network does not know")
tap.raises(function() begun:partial_fit(train, { target = "x" }) end, "is a feature", "a head for a feature")
tap.raises(function() begun:quantize("int8"):partial_fit(train) end, "int8", "int8 weights")

-- What is refused.
local function refused(words, sentence, target, options, rows, recipe)
  recipe = recipe or lathe.recipe { target = target, features = { "x", "z" } }
  local fine, message = pcall(lathe.fit, rows or train, recipe, lathe.network(options or {}))
  tap.ok(not fine and tostring(message):find(words, 1, true), sentence, tostring(message))
end
refused("learning rate", "a loss that explodes names the learning rate", "y", { optimizer = "sgd", rate = 1e6, layers = { 8 } })
refused("nothing to learn", "a constant target", "c", nil, train:derive { c = "1.5" })
refused("one class", "one class", "c", nil, train:derive { c = "x < 5" })
refused("\"x\"", "a missing number names its column", "y", nil, train:derive { x = "if(x > 0.5, missing, x)" })
refused("infinite", "an infinite feature", "y", nil, train:derive { x = "if(x > 0.5, 1 / 0, x)" })
refused("there is one row to learn from", "one row", "y", nil, train:head(1))
refused("weight", "a weight below 0", "y", { weights = "z" })
local rate_fine, rate_message = pcall(lathe.network, { rate = -1 })
tap.ok(not rate_fine and rate_message:find("rate", 1, true), "a learning rate below 0", rate_message)
tap.ok(not pcall(lathe.network, { layers = { 0 } }), "a layer of no width")
tap.ok(not pcall(lathe.network, { activation = "swish" }), "an activation that there is not")
os.remove(place)
tap.done()
