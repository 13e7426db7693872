-- Reports as pages of HTML, and report:write.
local lathe = require "lathe"
local tap = require "tap"

local r = lathe.report "Title <script>alert(1)</script> & \"quotes\""
r:heading("First <b>"):text "a < b\nsecond line"
r:values { { "rows", 20640 }, { "share", 0.25, "of all & more" }, { "none" } }
r:table { title = "Cap<tion", columns = { "name <i>", "n", "shape" }, rows = { { "<x>", -1.5, "▁ █" }, { "y", nil, "text ▁" } } }
r:alert { level = "warn", text = "look & see", step = "clean.drop { \"a\" }" }
r:alert { level = "error", text = "bad" }
r:chart { kind = "bars", title = "b", labels = { "<a>", "b" }, values = { 3, -2 } }
r:chart { kind = "histogram", title = "h", values = { 1, 0, 5 }, edges = { 0, 1, 2, 3 } }
r:chart { kind = "line", title = "l", values = { 1, 2, 0 / 0, 4 }, labels = { "one", "four" } }
r:heading("Second"):heading "Third"
local page = r:html()

-- Each element that opens closes, in order.
local function balanced(text)
  local void = { meta = true, ["!doctype"] = true, br = true }
  local open = {}
  for slash, name, rest in text:gsub("<style>.-</style>", ""):gmatch "<(/?)([!%a][%w]*)([^>]*)>" do
    name = name:lower()
    if slash == "/" then
      if table.remove(open) ~= name then return false, name end
    elseif not void[name] and rest:sub(-1) ~= "/" then
      open[#open + 1] = name
    end
  end
  return #open == 0, open[#open]
end

tap.ok(balanced(page), "each element is closed", select(2, balanced(page)))
tap.ok(not page:find "<script" and not page:find "javascript:" and not page:find " on%w+=", "there are no scripts")
tap.ok(not page:find "https?:" and not page:find "src=" and not page:find "url%(", "nothing is loaded from elsewhere")
tap.ok(page:find("Title &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quotes&quot;", 1, true), "texts are escaped")
tap.ok(page:find("prefers-color-scheme: dark", 1, true) and page:find("@media print", 1, true), "it is light, dark and printed")
tap.ok(page:find('<th scope="col" class="number">n</th>', 1, true) and page:find('<th scope="row">&lt;x&gt;</th>', 1, true),
  "heads of a table say so")
tap.ok(page:find('<td class="number">−1.5</td>', 1, true) and page:find('<td class="none number">', 1, true),
  "numbers stand right, nothing is a point")
local _, images = page:gsub('<svg viewBox="[^"]*" role="img" aria%-labelledby="chart%-%d%-t chart%-%d%-d"><title', "")
tap.same(images, 3, "each chart has a title and a description")
tap.ok(page:find('<svg class="spark"', 1, true) and page:find(">text ▁<", 1, true), "a text of blocks becomes a small chart, another stays")
local _, lines = page:gsub("<polyline", "")
tap.ok(lines == 1 and page:find("<circle", 1, true), "a line stops where a value is not a number")
tap.ok(page:find('<nav aria-label="Parts of this report">', 1, true) and page:find('<h2 id="part-3">', 1, true), "headings are linked")
tap.same(r:html(), page, "the same report gives the same bytes")
local odd = lathe.report "a\0b\255c\27[31md"
tap.ok(odd:html():find("<h1>a\239\191\189b\239\191\189c\239\191\189[31md</h1>", 1, true), "bytes that are no text are replaced")

-- squares and pairs of bars
local both = lathe.report "both"
both:matrix { names = { "a<", "b", "c" }, rows = { { 1, -0.999, nil }, { -0.999, 1, 0.5 }, { nil, 0.5, 1 } } }
both:chart { labels = { "x<", "y" }, values = { 3, 0 }, others = { 1, 0 }, names = { "old", "new" }, title = "two" }
both:chart { kind = "histogram", values = { 1, 2 }, edges = { 0, 1, 2 }, labels = { "Mon", "Tue", "Wed" } }
local of_both = both:html()
tap.ok(balanced(of_both) and of_both:find("a&lt;, b: -0.999", 1, true), "a square of numbers is drawn")
tap.ok(of_both:find("x&lt;, new: 1", 1, true), "bars stand beside others")
local beside = lathe.report "n":chart { labels = { "x" }, values = { 0 / 0 }, others = { 1 / 0 }, names = { "old", "new" } }
tap.ok(balanced(beside:html()) and not beside:html():find '="-?nan' and #beside:render {} > 0, "and none where a value is not finite")
tap.ok(of_both:find("Tue to Wed: 2", 1, true), "edges of a histogram have words")
tap.ok(lathe.report.from(lathe.json.decode(lathe.json.encode(both:data()))):html() == of_both, "and they come back from JSON")
local narrow = both:render { width = 30 }
tap.ok(narrow:find("a<\n   -1  b\n    ·  .50  c\n", 1, true), "the square as text", narrow)
tap.ok(both:render { width = 40 }:find("█ old  ▒ new", 1, true), "whose the bars are is said")
tap.raises(function() both:matrix { names = { "a" }, rows = {} } end, "matrix { rows = }", "a square without a row is refused")
tap.raises(function() both:chart { labels = { "a" }, values = { 1 }, others = { 1, 2 }, names = { "x", "y" } } end,
  "bars beside others", "bars beside others are as many")

-- wide reports
local names, row = {}, {}
for at = 1, 500 do names[at], row[at] = "column " .. at, at end
local wide = lathe.report "wide"
for _ = 1, 5 do wide:table { columns = names, rows = { row, row } } end
for _ = 1, 500 do wide:chart { kind = "histogram", title = "h", values = { 1, 2, 3 }, edges = { 0, 1, 2, 3 } } end
tap.ok(balanced(wide:html()), "500 columns make a page")
for _, kind in ipairs { "bars", "histogram", "line" } do
  local few, two = kind ~= "histogram" and {} or nil, kind ~= "histogram" and { "a", "b" } or nil
  local empty = lathe.report "e":chart { kind = kind, values = {}, labels = few, edges = { 0 } }
  local strange = lathe.report "e":chart { kind = kind, values = { 1 / 0, 0 / 0 }, labels = two, edges = { 0, 1, 2 } }
  local page_of = strange:html()
  tap.ok(balanced(empty:html()) and balanced(page_of) and not page_of:find '="-?nan' and not page_of:find '="-?inf',
    kind .. ": nothing, and what is not finite, are drawn")
end

-- files
local base = os.tmpname()
local function content(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  os.remove(path)
  return text
end
tap.same(content(r:write(base .. ".html") and base .. ".html"), page, "write: a page")
tap.same(content(r:write(base .. ".txt") and base .. ".txt"), r:render {}, "write: text")
tap.same(lathe.json.decode(content(r:write(base .. ".json") and base .. ".json")).title, r.title, "write: JSON")
tap.ok(content(r:write(base, { format = "html" }) and base) == page, "write: a format for any name")
tap.raises(function() r:write "report.pdf" end, "report:write writes .html, .txt and .json", "another ending is refused")
tap.raises(function() r:write(7) end, "report:write takes the path of a file", "a path is wanted")
tap.done()
