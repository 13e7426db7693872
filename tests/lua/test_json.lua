-- lathe.json: values both ways, and what cannot be written or read.
local tap = require "tap"
local json = require "lathe.json"

tap.same(json.encode { b = 1, a = { 1, 2.5, "x" }, c = json.array() },
  '{"a":[1,2.5,"x"],"b":1,"c":[]}', "keys are sorted")
tap.same(json.encode {}, "{}", "an empty table is an object")
tap.same(json.encode({ a = { 1 } }, { indent = 2 }), '{\n  "a": [\n    1\n  ]\n}', "an indent gives lines")
tap.same(json.encode { 1e15, -0.0, 1 / 0, 0.1, json.null, true }, "[1000000000000000,-0,null,0.1,null,true]",
  "whole numbers have no exponent, what is not finite is null")
tap.same(json.encode { 9007199254740993LL, 18LL, 5ULL }, "[9007199254740993,18,5]", "64-bit integers are exact")
tap.raises(function() json.encode { a = { b = { print } } } end, "a.b[1] cannot be written as JSON: it is a function",
  "what JSON lacks is refused with its path")
tap.raises(function() json.encode { 1, x = 2 } end, "it also has the key x", "a mixed table is refused")
tap.raises(function() json.encode { [true] = 2 } end, "must be text, not true", "a key that is not text is refused")
tap.raises(function() json.encode(18446744073709551615ULL) end,
  "cannot be written", "an integer beyond int64 is refused")
local loop = {}
loop.loop = loop
tap.raises(function() json.encode(loop) end, "does it contain itself?", "a cycle is refused")

local value = json.decode '{"a": [1, null, []], "big": 9007199254740993, "text": "\\u00e9\\n", "half": 0.5}'
tap.ok(value.a[2] == json.null and tostring(value.a[2]) == "null", "null is a value")
tap.ok(#value.a == 3 and json.is_array(value.a[3]), "an empty array stays an array")
tap.ok(type(value.big) == "cdata" and value.big == 9007199254740993LL, "an integer beyond 2^53 keeps its digits")
tap.ok(type(value.half) == "number" and value.text == "\195\169\n", "numbers and text are Lua's own")
tap.same(json.encode(value),
  '{"a":[1,null,[]],"big":9007199254740993,"half":0.5,"text":"\195\169\\n"}', "and back again")
tap.raises(function() json.decode("[1,\n2,]", "x.json") end, "x.json:2:3: a value should be here, not ']'",
  "an error says file, line and column")
tap.raises(function() json.decode '{"a": 1,\n "a": 2}' end,
  'line 2, column 2: the key "a" stands twice', "a repeated key is refused")
tap.raises(function() json.decode "[1] 2" end, "the end of the text should be here", "what follows is refused")
tap.raises(function() json.decode(nil) end, "wants a text, not a nil", "a nil is refused")
tap.raises(function() json.null.x = 1 end, "cannot hold", "null holds nothing")
tap.raises(function() json.decode(("["):rep(600)) end, "nested deeper than 512", "deep nesting is refused")
local deep = ('{"a":['):rep(250) .. "1" .. ("]}"):rep(250)
local same = true
for _ = 1, 100 do same = same and json.encode(json.decode(deep)) == deep end
tap.ok(same, "500 levels come back the same a hundred times, compiled or not")
tap.done()
