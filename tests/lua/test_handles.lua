-- Handles of C in Lua: one that was released raises a sentence whatever is done with it, and never crashes.
local tap = require "tap"
local lathe = require "lathe"

local function sample() return lathe.table { { "x", { 1, 2, nil } }, { "y", { "a", "b", "c" } } } end

-- Call every method of a released object; what does not raise is given back. Methods that only look at Lua's side are `allowed`.
local function silent_methods(object, class, allowed)
  local silent = {}
  for name, method in pairs(class) do
    if type(method) == "function" and not allowed[name] then
      local fine = pcall(method, object, "x", "y")
      if fine then silent[#silent + 1] = name end
    end
  end
  table.sort(silent)
  return silent
end

local no_methods = { wrap = true, own = true, of = true, is = true, release = true, describe = true, new = true, load = true, read = true,
  missing = true, size = true, fit = true, open = true, linear = true, logistic = true, pass = true }

local t = sample()
t:release()
tap.raises(function() t:rows() end, "this table was released; keep it, or make it again", "a released table raises a sentence")
tap.ok(pcall(t.release, t), "releasing twice is nothing")
tap.same(tostring(t), "released table", "a released table can be printed")
tap.same(silent_methods(t, lathe.table, no_methods), {}, "every method of a released table raises")

local column = sample():column "x"
column:release()
tap.raises(function() column:get(1) end, "released", "a released column raises a sentence")
tap.same(silent_methods(column, require "lathe.column", no_methods), {}, "every method of a released column raises")

local model = lathe.fit(lathe.table { { "x", { 1, 2, 3 } }, { "y", { 2, 4, 7 } } }, lathe.recipe { target = "y" }, lathe.linear {})
tap.same(model:target(), "y", "a model can be asked")
model:release()
tap.raises(function() model:target() end, "this model was released", "a released model raises a sentence")
tap.same(tostring(model), "released model", "a released model can be printed")
tap.same(silent_methods(model, require "lathe.model", no_methods), {}, "every method of a released model raises")
tap.raises(function() lathe.fit(t, lathe.recipe { target = "y" }, lathe.linear {}) end, "released", "fitting a released table raises")

local kept = sample()
local shared = kept:select { "x" }
kept:release()
collectgarbage()
tap.same(shared:column("x"):get(2), 2, "a table that shared its columns lives on")
local only = sample():column "y"
collectgarbage()
collectgarbage()
tap.same(only:get(3), "c", "a column outlives its table")

tap.raises(function() sample():with("z", sample()) end, "not from a table", "a table where a column is wanted says so")
tap.raises(function() lathe.table { x = column } end, "released", "a released column among arguments raises")

local left = setmetatable({}, { __mode = "k" })
for _ = 1, 2000 do left[sample()] = true end
collectgarbage()
collectgarbage()
tap.ok(next(left) == nil, "handles that nothing refers to are collected")

tap.done()
