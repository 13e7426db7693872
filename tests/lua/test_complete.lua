-- Completion of console lines.
local tap = require "tap"
local complete = require "lathe.complete"

local names = {
  lathe = require "lathe", first = 1, finish = 2, nested = { inner = { deep = true, deer = true } },
  data = lathe.table { { "price", { 1, 2 } }, { "priority", { 3, 4 } } },
}

local function line(text, columns) return (complete.line(text, names, columns)) end
local function choices(text, columns)
  local _, list = complete.line(text, names, columns)
  return table.concat(list, " ")
end

tap.same(line "fir", "first", "a name of the environment is completed")
tap.same(line "x = fi", "x = fi", "nothing is added where choices part")
tap.same(choices "x = fi", "finish first", "they are given, sorted")
tap.same(line "nested.in", "nested.inner", "fields are, too")
tap.same(choices "nested.inner.dee", "deep deer", "at any depth")
tap.same(line "string.form", "string.format", "of Lua's own tables")
tap.same(line "lathe.rec", "lathe.recipe", "parts of lathe that were not loaded yet")
tap.same(line "data:drop_d", "data:drop_duplicates", "methods of a table")
tap.same(choices("data:select { \"pri", { "price", "priority" }), "price priority", "columns inside quotes")
tap.same(line "nothing.here", "nothing.here", "what is not there stays as it is")
tap.same(line "", "", "an empty line, too")
tap.same(line "1 + ", "1 + ", "and one that ends in no name")
tap.same(line "step \"clean.drop_dup", "step \"clean.drop_duplicates\"", "steps inside quotes after step")
tap.same(choices "retu", "return", "words of the language")

tap.same(choices "data:join", "join join_asof", "verbs that were not loaded yet")
tap.same(line("data:filter \"log(pri", { "price" }), "data:filter \"log(price", "columns in a formula")
tap.same(choices "data:filter \"x > lo", "log( log10( log1p( log2( lower(", "functions in a formula")
tap.same(line "data:derive { { \"a\", \"substr", "data:derive { { \"a\", \"substring(", "in a list, too")
tap.same(line "data:sample { sh", "data:sample { share = ", "options of a verb")
tap.same(line "data:value_counts(\"price\", { mis", "data:value_counts(\"price\", { missing = ", "behind names")
tap.same(line "lathe.read(\"a(b.csv\", { delim", "lathe.read(\"a(b.csv\", { delimiter = ", "options of lathe.read")
tap.same(line "lathe.concat { data, data, sour", "lathe.concat { data, data, source = ", "beside a list")
tap.same(line "data:sample { share = fir", "data:sample { share = first", "a value is no option")

local called = false
names.trap = setmetatable({}, { __index = function() called = true end })
complete.line("trap.anything.more", names)
tap.ok(not called, "code of the line is not run")
tap.done()
