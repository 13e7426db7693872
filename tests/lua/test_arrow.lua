-- The Arrow C data interface from Lua.
local ffi = require "ffi"
local tap = require "tap"
local lathe = require "lathe"

local t = lathe.table { { "a", { 1, nil, 3, n = 3 } }, { "b", { "x", "y", nil, n = 3 } }, { "c", { 1LL, 2LL, 3LL } } }
local array, schema = t:arrow()
tap.ok(array.length == 3 and array.n_children == 3 and ffi.string(schema.children[2].format) == "l", "a table gives an array and a schema")
local back = lathe.arrow.import(array, schema)
tap.ok(back:hash() == t:hash(), "which come in again as an equal table")
tap.ok(array.release == nil and schema.release == nil, "and are taken over then")
tap.raises(function() lathe.arrow.import(array, schema) end, "was released", "a second time they are refused")
t:arrow()
t:release()
collectgarbage()
collectgarbage()
tap.same(back:row(1), { a = 1, b = "x", c = 1 }, "buffers live as long as a column shows them")
tap.raises(function() lathe.arrow.import(nil, nil) end, "takes an Arrow array", "nothing is refused")
tap.raises(function() lathe.arrow.import(array, schema, { decimal = "text" }) end, "decimals", "an unknown option names the near one")
tap.raises(function() lathe.arrow.import(array, schema, { decimals = "double" }) end, "\"float64\"", "a wrong word names the right ones")
tap.done()
