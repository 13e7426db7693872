-- Expressions over columns: values by type, missing ones, errors, and the verbs filter, derive and cast.
local tap = require "tap"
local lathe = require "lathe"

local t = lathe.table {
  { "age", { 17, 20, nil, 40 } },
  { "n", { 1LL, 2LL, 3LL, 9223372036854775807LL } },
  { "city", { "Oslo", "Rome", nil, "Oslo" } },
  { "day", { "2024-01-31", "2024-02-29", nil, "2023-12-31" } },
  { "yes", { true, false, true, false } },
  { "两列", { 1LL, 2LL, 3LL, 4LL } },
  { "odd name", { 4, 3, 2, 1 } },
}
t = t:cast { day = "date" }:with("town", t:column("city"):to_category())

local function column_of(text, parameters) return t:derive({ { "r", text } }, parameters):column "r" end

local function shown(text, parameters)
  local fine, column = pcall(column_of, text, parameters)
  if not fine then return column end
  local list = {}
  for row = 1, column:rows() do list[row] = column:get(row) == nil and "-" or column:text(row) end
  return column.type .. " " .. table.concat(list, " ")
end

local function is(text, wanted, parameters)
  local got = shown(text, parameters)
  tap.ok(got == wanted, ("%s is %s"):format(text, wanted), got)
end

local function fails(text, words, parameters)
  local got = shown(text, parameters)
  tap.ok(got:find(words, 1, true), ("%s: %s"):format(text, words), got)
end

is("age >= 17 and n <= 2", "bool true true false false")
is("n <= 2 and age >= 17", "bool true true false false")
is("age >= 17 and n <= 3", "bool true true - false")
is("age > 100 or age is missing", "bool false false true false")
is("not (age > 18)", "bool true false - false")
is("yes and age > 0", "bool true false - false")
is("yes == false", "bool false true false true")
is("n // 2 * 2 + n % 2", "int64 1 2 3 9223372036854775807")
is("-7 // 2", "int64 -4 -4 -4 -4")
is("-7 % 2", "int64 1 1 1 1")
is("7.5 // -2", "float64 -4 -4 -4 -4")
is("-2 ^ 2", "float64 -4 -4 -4 -4")
is("2 ^ 3 ^ 2", "float64 512 512 512 512")
is("n / 2 < 2", "bool true true true false")
is("两列 + `odd name`", "float64 5 5 5 5")
is("age between 17 and 20", "bool true true - false")
is("age not between 17 and 20", "bool false false - true")
is("city in ('Oslo', 'Bergen')", "bool true false - true")
is("n in (1, 2.0, 2.5)", "bool true true false false")
is("day in ('2024-01-31')", "bool true false - false")
is("town == 'Oslo'", "bool true false - true")
is("upper(town)", "category OSLO ROME - OSLO")
is("if(town == 'Oslo', town, 'other')", "category Oslo other other Oslo")
is("cast(town, 'string')", "string Oslo Rome - Oslo")
is("town .. '/' .. n // 1000000000000000000", "string Oslo/0 Rome/0 - Oslo/9")
is("coalesce(age, n)", "float64 17 20 3 40")
is("if(n == 0, 1, n % 2 == 1, 5, 7)", "int64 5 7 5 5")
is("if(n < 5, 10 // (5 - n), 0)", "int64 2 3 5 0")
is("n < 5 and 10 // (n - 9223372036854775807) < 0", "bool true true true false")
is("try(n + 1)", "int64 2 3 4 -")
is("min(age, 18.5)", "float64 17 18.5 - 18.5")
is("max(day, '2024-02-01')", "date 2024-02-01 2024-02-29 - 2024-02-01")
is("clip(n, 2, 3)", "int64 2 2 3 3")
is("round(2.5) + round(-2.5)", "float64 0 0 0 0")
is("round(age / 7, 2)", "float64 2.43 2.86 - 5.71")
is("is_nan(0 / 0) and not is_finite(1 / 0)", "bool true true true true")

is("length('naïve 李') * 100 + bytes('naïve 李')", "int64 710 710 710 710")
is("substring(city, 2, 2) .. right(city, 1) .. left(city, 1)", "string sloO omeR - sloO")
is("substring('李小龙', -2, 1)", "string 小 小 小 小")
is("split('a::b::c', '::', -1) .. coalesce(split('a', ',', 2), '?')", "string c? c? c? c?")
is("title('the ÉCOLE of жуки')", "string The École Of Жуки The École Of Жуки The École Of Жуки The École Of Жуки")
is("trim('\t x　') .. '|'", "string x| x| x| x|")
is("replace(city, 'o', 'oo')", "string Osloo Roome - Osloo")
is("pad_left(to_text(n % 1000), 4, '0')", "string 0001 0002 0003 0807")
is("starts_with(city, 'Os') or ends_with(city, 'me') or contains(city, 'x')", "bool true true - true")
is("position('Fjällräven', 'l') ", "int64 4 4 4 4")
is("'it''s' .. \"a\"\"b\"", "string it'sa\"b it'sa\"b it'sa\"b it'sa\"b")
is("to_number(' 1e3 ') + to_number('0.5')", "float64 1000.5 1000.5 1000.5 1000.5")

is("day - date'2024-01-01'", "int64 30 59 - -1")
is("day + 1", "date 2024-02-01 2024-03-01 - 2024-01-01")
is("day >= '2024-01-31'", "bool true true - false")
is("year(day) * 10000 + month(day) * 100 + day(day)", "int64 20240131 20240229 - 20231231")
is("weekday(day) * 1000 + week(day)", "int64 3005 4009 - 7052")
is("add_months(day, 1)", "date 2024-02-29 2024-03-29 - 2024-01-31")
is("truncate(day, 'quarter')", "date 2024-01-01 2024-01-01 - 2023-10-01")
is("format(day, '%d.%m.%y %b')", "string 31.01.24 Jan 29.02.24 Feb - 31.12.23 Dec")
is("date('5 Mar 99', '%d %b %y')", "date 1999-03-05 1999-03-05 1999-03-05 1999-03-05")
fails("date('12:30', '%H:%M %Y')", "\"12:30\" is not a date by")
is("timestamp('01/02/2024 01:05 PM +0100', '%d/%m/%Y %I:%M %p %z')",
  "timestamp" .. (" 2024-02-01 12:05:00"):rep(4))
local ascii = {}
for c = 1, 127 do ascii[c] = string.char(c) .. "x" .. string.char(c) end
ascii[128] = "éÀ x"
local cased = lathe.table { { "s", ascii } }:derive { { "u", "upper(s)" }, { "l", "lower(s)" } }
local same = cased:column("u"):get(128) == "ÉÀ X" and cased:column("l"):get(128) == "éà x"
for c = 1, 127 do same = same and cased:column("u"):get(c) == ascii[c]:upper() and cased:column("l"):get(c) == ascii[c]:lower() end
tap.ok(same, "upper and lower of every ASCII character, and of others beside them")
is("months_between(timestamp'2024-01-31 10:00:00', timestamp'2024-02-29 09:00:00')", "int64 0 0 0 0")
is("years_between(date'2000-02-29', date'2023-02-28')", "int64 23 23 23 23")
is("seconds_between(timestamp'2024-01-01 00:00:00', timestamp'2024-01-01 00:01:00.5')", "float64 60.5 60.5 60.5 60.5")

is("age > $limit", "bool false true - true", { limit = 17 })
is("city in $cities", "bool true false - true", { cities = { "Oslo", "Paris" } })
is("city == $name", "bool false false - false", { name = "x' or 'a' == 'a" })
fails("age > $limt", "no value is given for $limt", { limit = 1 })

fails("n + 1", "row 4, at `n + 1`: 9223372036854775807 + 1 does not fit in int64")
fails("n // 0", "is divided by 0")
fails("agee > 3", 'character 1, at `agee > 3`: there is no column "agee"; the nearest name is "age"')
fails("lenght(city)", 'there is no function "lenght"; the nearest name is "length"')
fails("age > 'a'", "float64 and string do not go together in >")
fails("age == missing", "x is missing")
fails("1 < age < 3", "write a < b and b < c")
fails("age & 1", "write and")
fails("upper(n)", "upper takes text, and this is int64")
fails("to_number(city)", "\"Oslo\" is not a float64")
fails("cast(age / 7, 'int64')", "is not whole")
fails("sum(age)", "group_by computes it")
fails("date(city, '%d.%m')", "reads no year")
fails("date(city, '%d.%Q')", "there is no %Q")
fails("", "ends where a value is wanted")
fails(("("):rep(300) .. "1" .. (")"):rep(300), "within each other")
fails("1" .. (" + age"):rep(3000), "hang on each other")
fails("age @ 3", "means nothing here")

local kept, out = t:filter "age >= 17 and age < 40"
tap.ok(kept:rows() == 2 and out == 2, "filter says how many rows were left out; what is missing stays out")
tap.ok(t:filter("true"):rows() == 4 and t:filter("n < 0"):rows() == 0, "all rows may stay, or none")
tap.raises(function() t:filter "age + 1" end, "a filter takes a condition", "a filter of numbers is refused")
local both = t:derive { { "a", "n % 10" }, { "b", "a + 1" } }
tap.same({ both:column("b"):get(1), both:column("b"):get(4) }, { 2, 8 }, "a derived column may use one before it")
tap.raises(function() t:derive { a = "n", b = "a + 1" } end, 'column "b"', "unordered ones see the table alone")
local cast, lost = t:cast({ city = "float64", n = "string" }, { lenient = true })
tap.same({ cast:type "city", cast:type "n", lost.city, lost.n }, { "float64", "string", 3, 0 }, "a lenient cast counts what was lost")
tap.raises(function() t:cast { city = "float64" } end, 'column "city": row 1', "a strict cast names the row")
tap.raises(function() t:cast { citty = "float64" } end, "nearest name", "a cast of an unknown column names the nearest")
tap.same({ t:cast({ city = "category" }):type "city", t:cast({ town = "string" }):type "town" }, { "category", "string" },
  "texts become categories, and back")

if pcall(column_of, "matches('a', 'a')") then
  is("matches(city, '^[OR].*e$')", "bool false true - false")
  is("extract('2024-Q3', '(\\d+)-Q(\\d)', 2)", "string 3 3 3 3")
  is("replace_pattern(city, '([aeiou])', '<$1>')", "string Osl<o> R<o>m<e> - Osl<o>")
  is("matches('Ärger', '^.{5}$')", "bool true true true true")
  fails("matches(city, '(')", "missing closing parenthesis")
  fails("matches(city, city)", "the same for all rows")
  fails("matches('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' .. city, '^(a+)+$')", "steps for this text")
end

local long = {}
for row = 1, 70000 do long[row] = row % 7 == 0 and row or row % 3 end
local big = lathe.table { { "x", long } }
tap.ok(big:filter("x > 2"):rows() == 10000, "rows are chosen across chunks")
local texts = big:derive { s = "if(x % 2 == 0, 'é' .. cast(x, 'int64'), missing)" }:column "s"
tap.ok(texts:get(69998) == "é2" and texts:get(70000) == "é70000" and texts:get(1) == nil, "texts come together across chunks")

local page = io.open(os.getenv "LATHE_TOP" .. "/share/doc/expressions.md"):read "*a"
local left_out = {}
for _, name in ipairs(require("lathe.expression").functions()) do
  if not page:find("%f[%w_]" .. name .. "%f[^%w_]") then left_out[#left_out + 1] = name end
end
tap.same(left_out, {}, "share/doc/expressions.md has every function")

tap.done()
