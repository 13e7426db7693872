-- Dense networks: lathe.network { layers = { 64, 32 }, epochs = 50, validation = 0.1 }. The options are in share/doc/networks.md.
local ffi = require "ffi"
local core = require "lathe.core"
local estimator = require "lathe.estimator"

local words = {
  task = { "auto", "regression", "classification" },
  activation = { "linear", "relu", "gelu", "tanh", "sigmoid" },
  optimizer = { "adam", "adamw", "sgd" },
  schedule = { "constant", "step", "exponential", "cosine", "plateau" },
}

local numbers = {
  "dropout", "rate", "momentum", "beta1", "beta2", "epsilon", "decay", "l1", "l2", "schedule_factor", "schedule_floor", "schedule_every",
  "warmup", "batch", "epochs", "embedding", "patience", "checkpoint", "checkpoint_every",
}

local network = {
  takes = {
    task = "auto", layers = core.open, activation = "relu", norm = false, dropout = 0,
    optimizer = "adam", rate = 0.001, momentum = 0.9, nesterov = true, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0.01,
    l1 = 0, l2 = 0, schedule = "constant", schedule_factor = 0.5, schedule_floor = 0, schedule_every = 10, warmup = 0,
    batch = 256, epochs = 50, embedding = 0, validation = 0, patience = 10, checkpoint = core.open, checkpoint_every = 1,
    weights = core.open, class_weights = core.open, seed = 42,
  },
}

local function check_layers(layers)
  if layers == nil then return end
  if type(layers) ~= "table" then core.fail("layers is a list of widths such as { 64, 32 }, not a %s", type(layers)) end
  for at = 1, #layers do
    local width = layers[at]
    if type(width) ~= "number" or width < 1 or width > 65536 or width % 1 ~= 0 then
      core.fail("layer %d is a whole number from 1 to 65536, not %s", at, tostring(width))
    end
  end
end

function network.check(options)
  for name, choices in pairs(words) do estimator.choice(options, name, choices) end
  check_layers(options.layers)
  estimator.validation(options)
  estimator.boolean(options, "norm")
  estimator.boolean(options, "nesterov")
  for _, name in ipairs {
    "dropout", "rate", "momentum", "beta1", "beta2", "epsilon", "decay", "l1", "l2", "schedule_factor", "schedule_floor", "warmup",
  } do
    estimator.number(options, name, 0)
  end
  for _, name in ipairs { "schedule_every", "batch", "epochs" } do estimator.whole(options, name, 1) end
  estimator.whole(options, "embedding", 0, 4096)
  estimator.whole(options, "patience", 0)
  estimator.checkpoint(options)
end

-- The options as the core has them, and what has to be held until it has learned.
local function options_of(options)
  local c, kept = estimator.c("lathe_network_options", options)
  local layers = options.layers or { 64, 32 }
  local widths = ffi.new("int32_t[?]", math.max(#layers, 1), layers)
  kept[#kept + 1] = widths
  c.layers, c.layer_count = widths, #layers
  for name, choices in pairs(words) do
    for place, word in ipairs(choices) do
      if word == options[name] then c[name] = place - 1 end
    end
  end
  c.norm, c.nesterov = options.norm, options.nesterov
  for _, name in ipairs(numbers) do c[name] = options[name] end
  if type(options.validation) == "string" then
    c.validation_column = options.validation
  else
    c.validation = options.validation
  end
  return c, kept
end

function network.fit(recipe, train, options)
  local c, kept = options_of(options)
  local model = core.C.lathe_model_fit_network(recipe, train, c, core.progress(), core.problem)
  return model, kept
end

-- ---- going on ----

-- What model:partial_fit of a network takes: as in training but for what the model has, and which layers stay as they are.
local goes_on = { target = core.open, freeze = core.open }
local of_the_model = { layers = true, activation = true, norm = true, embedding = true, task = true }
for name, default in pairs(network.takes) do
  if not of_the_model[name] then goes_on[name] = default end
end
goes_on.epochs = 10
core.takes["model:partial_fit of a network"] = goes_on

-- The numbers of layers by their names: layer1, layer2, .. and head, which is 0.
local function frozen_layers(names)
  if names == nil then return {} end
  if type(names) ~= "table" then core.fail("freeze is a list of layers such as { \"layer1\" }, not a %s", type(names)) end
  local list = {}
  for index, name in ipairs(names) do
    list[index] = name == "head" and 0 or tonumber(type(name) == "string" and name:match "^layer([1-9]%d*)$")
    if not list[index] then core.fail("freeze names layers: \"layer1\", \"layer2\", .. and \"head\", not %s", tostring(name)) end
  end
  return list
end

-- model:partial_fit of a network: a model of the core, or nothing with core.problem set.
function network.continue(model, rows, options)
  options = core.options(options, "model:partial_fit of a network")
  local frozen, targets = frozen_layers(options.freeze), options.target == nil and {} or options.target
  if type(targets) == "string" then targets = { targets } end
  if type(targets) ~= "table" then core.fail("target is the name of a column, or a list of several, not a %s", type(targets)) end
  for name, value in pairs(network.takes) do
    if goes_on[name] == nil and value ~= core.open then options[name] = value end
  end
  network.check(options)
  local c, kept = options_of(options)
  local layers = ffi.new("int32_t[?]", math.max(#frozen, 1), frozen)
  kept[#kept + 1] = layers
  c.frozen, c.frozen_count = layers, #frozen
  local names = ffi.new("const char *[?]", #targets + 1, targets)
  return core.C.lathe_model_continue_network(model, rows, #targets, names, c, core.progress(), core.problem), kept
end

return network
