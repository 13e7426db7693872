-- What a console does: compiling lines, showing values, data for JSON; unknown globals; random numbers and threads from Lua.
local tap = require "tap"
local lathe = require "lathe"
local console = require "lathe.console"
local strict = require "lathe.strict"

tap.same(console.compile "1 + 1"(), 2, "an expression gives its value")
tap.same(console.compile "local a = 2 return a"(), 2, "statements give what they return")
local call, problem, incomplete = console.compile "for i = 1, 2 do"
tap.ok(not call and problem and incomplete, "a beginning asks for more")
call, problem, incomplete = console.compile "x = = 2"
tap.ok(not call and problem:find "unexpected" and not incomplete, "what no line can complete does not")
call, problem, incomplete = console.compile '"open'
tap.ok(not call and problem and not incomplete, "text is not left open over lines")
tap.ok(select(3, console.compile "[[open"), "long text is")
tap.ok(select(3, console.compile "f("), "a call is")

local shown = {
  { 1 / 3, "0.3333333333333333" }, { 0.1, "0.1" }, { 1e300, "1e+300" }, { 1 / 0, "inf" }, { 0 / 0, "nan" }, { 2 ^ 53, "9007199254740992" },
  { 12LL, "12LL" }, { true, "true" }, { "as it is", "as it is" }, { {}, "{}" }, { { 1, "a", { b = false } }, '{ 1, "a", { b = false } }' },
  { { ["end"] = 1, [2.5] = 2, [true] = 3 }, '{ [true] = 3, [2.5] = 2, ["end"] = 1 }' }, { { "a\nb\0\"" }, '{ "a\\nb\\000\\"" }' },
}
for _, pair in ipairs(shown) do tap.same(console.show(pair[1]), pair[2], "shown: " .. pair[2]) end
tap.same(console.show({ ("x"):rep(50), ("y"):rep(50) }, { width = 60 }), '{\n  "' .. ("x"):rep(50) .. '",\n  "' .. ("y"):rep(50) .. '"\n}',
  "a table that does not fit has its parts on lines")
local deep = {}
local inner = deep
for _ = 1, 20 do
  inner.next = {}
  inner = inner.next
end
tap.ok(console.show(deep):find("...", 1, true), "what is deep is cut")
local many = {}
for index = 1, 1500 do many[index] = index end
tap.ok(console.show(many):find("and 500 more", 1, true), "what is long is cut")
tap.ok(console.show(lathe.report "x" :text "y"):find "x\n\ny", "a report is drawn")
tap.ok(console.show(lathe.table { x = { 1 } }):find "1 row", "a table describes itself")
tap.ok(console.show({ lathe.table { x = { 1 } } }):find "1 row", "in a list too")

tap.same(lathe.json.encode(console.data { 1LL, { a = print ~= nil } }), '[1,{"a":true}]', "plain data stays")
tap.same(lathe.json.encode(console.data(lathe.table { { "x", { 1, nil, 3 } }, { "y", { "a", "b", nil } } })),
  '[{"x":1,"y":"a"},{"y":"b"},{"x":3}]', "a table is its rows")
tap.same(lathe.json.encode(console.data(lathe.table { x = { 1 } }:head(0))), "[]", "a table without rows is an empty list")
tap.raises(function() console.data(setmetatable({ deep = many }, nil), nil) many.many = many console.data(many) end, "holds itself",
  "what holds itself is no data")

local globals = strict.install { known = 1, lathe = 2 }
tap.same(globals.known, 1, "a global that is set is read")
tap.raises(function() return globals.knwon end, "knwon is not defined; did you mean known?", "one that is not raises with the nearest")
globals.new = 3
tap.same(globals.new, 3, "a new one can be set")
tap.same(globals.utf8, nil, "what other Lua versions have can be looked for")

local a, b, c = lathe.random(42), lathe.random(42), lathe.random(42, 1)
local first, second, other = {}, {}, {}
for index = 1, 5 do first[index], second[index], other[index] = a:uniform(), b:uniform(), c:uniform() end
tap.same(first, second, "equal seeds give equal numbers")
tap.ok(console.show(first) ~= console.show(other), "streams differ")
local dice, sum = lathe.random(7), 0
local seen = {}
for _ = 1, 600 do seen[dice:below(6)] = true end
tap.same(seen, { true, true, true, true, true, true }, "below gives each number from 1 to its limit")
for _ = 1, 1000 do sum = sum + dice:normal() end
tap.ok(math.abs(sum / 1000) < 0.2, "normal numbers lie around 0")
local list = dice:shuffle { 1, 2, 3, 4, 5 }
table.sort(list)
tap.same(list, { 1, 2, 3, 4, 5 }, "shuffling loses nothing")
tap.raises(function() lathe.random(1.5) end, "whole number", "a seed is a whole number")
tap.raises(function() dice:below(0) end, "whole number", "a limit is at least 1")

local quiet = setmetatable({}, { __quiet = true, __tostring = function() return "gzip" end })
local silent = setmetatable({}, { __quiet = true, __tostring = function() return "" end })
local loud, aside = require("lathe.console").loud, require("lathe.console").aside
tap.same({ loud(1, quiet), loud(quiet), aside(1, quiet) }, { 1, 1, "gzip" }, "what stands beside a value is not shown, but told")
tap.same({ aside(1, silent), aside(1), aside(quiet) }, {}, "when there is something to tell")

local before = lathe.threads.get()
lathe.threads(2)
tap.same(lathe.threads.get(), 2, "threads can be set")
lathe.threads(before)
tap.raises(function() lathe.threads(-1) end, "0 (as many as there are processors) to 256", "not to nonsense")

tap.raises(function() return lathe.raed end, "did you mean lathe.read?",
  "a part that lathe does not have is answered with the nearest")

tap.done()
