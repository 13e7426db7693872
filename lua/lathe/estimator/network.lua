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

local function check_validation(value)
  if type(value) == "string" and value ~= "" or type(value) == "number" and value >= 0 and value < 1 then return end
  core.fail("validation is a share of the rows from 0 up to below 1, or the name of a column, not %s", tostring(value))
end

function network.check(options)
  for name, choices in pairs(words) do estimator.choice(options, name, choices) end
  check_layers(options.layers)
  check_validation(options.validation)
  estimator.boolean(options, "norm")
  estimator.boolean(options, "nesterov")
  for _, name in ipairs {
    "dropout", "rate", "momentum", "beta1", "beta2", "epsilon", "decay", "l1", "l2", "schedule_factor", "schedule_floor", "warmup",
  } do
    estimator.number(options, name, 0)
  end
  for _, name in ipairs { "schedule_every", "batch", "epochs", "checkpoint_every" } do estimator.whole(options, name, 1) end
  estimator.whole(options, "embedding", 0, 4096)
  estimator.whole(options, "patience", 0)
  if options.checkpoint ~= nil then core.path(options.checkpoint, "checkpoint") end
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

return network
