-- Seeded random numbers: the core's Philox4x32-10, a function of seed, stream and position.
local core = require "lathe.core"
local ffi = require "ffi"

local random = {}

local methods = {}
local meta = { __index = methods, __tostring = function(self) return ("random numbers (seed %s)"):format(tostring(self.seed)) end }

local function whole(value, least, what)
  if type(value) == "cdata" then return value end
  if type(value) ~= "number" or value ~= math.floor(value) or value < least or value > 2 ^ 53 then
    core.fail("%s is a whole number from %d to 2^53, not %s", what, least, tostring(value))
  end
  return value
end

-- A generator. Equal seed and stream (0) give equal numbers on every machine; streams of one seed never overlap.
function random.new(seed, stream)
  seed, stream = whole(seed, 0, "a seed"), whole(stream or 0, 0, "a stream")
  local state = ffi.new "lathe_random"
  core.C.lathe_random_seed(state, seed, stream)
  return setmetatable({ state = state, seed = seed }, meta)
end

-- Uniform in [0, 1).
function methods:uniform() return core.C.lathe_random_uniform(self.state) end

-- Standard normal.
function methods:normal() return core.C.lathe_random_normal(self.state) end

-- A whole number from 1 to `limit`, each as likely.
function methods:below(limit) return tonumber(core.C.lathe_random_below(self.state, whole(limit, 1, "a limit"))) + 1 end

-- A list's items in random order, as a new list.
function methods:shuffle(list)
  local shuffled = {}
  for index = 1, #list do shuffled[index] = list[index] end
  for index = #shuffled, 2, -1 do
    local other = self:below(index)
    shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
  end
  return shuffled
end

return setmetatable(random, { __call = function(_, ...) return random.new(...) end })
