-- Reports: what profile, metrics, audit and monitoring return. A report is a title and a list of blocks, each of plain data
-- (text, numbers, booleans, lists), so that the terminal, a JSON file and a page can show the same one.
--
--   kind     fields
--   heading  text
--   text     text
--   values   rows = { { name, value, note }, ... }
--   table    columns = { { name =, align = "left" | "right" }, ... }, rows = { { cell, ... }, ... }, line_after = the number of a row
--   alert    level = "warn" | "error" | "note", text, step (the line of Lua, or the step, that mends it)
--   chart    chart = "bars" | "histogram" | "line", title, labels, values, edges, others and names (bars side by side); or "curve", title,
--            series = { { name, x, y }, ... },
--            across, up (the words at its axes), unit, diagonal, dots; its values are the y of the first series
--   tree     title, nodes = { { parent, text, value, note, part, strength, more }, ... } (report/tree.lua)
--   matrix   title, names = { NAME, ... }, rows = { { number, ... }, ... }: from -1 to 1, nil where there is none (report/matrix.lua)
--
-- A missing value or cell is nil in Lua and null in JSON.
local report = {}

local methods = {}
local meta = { __index = methods }

local function fail(format, ...) error(format:format(...), 0) end

-- A new, empty report.
function report.new(title)
  if title ~= nil and type(title) ~= "string" then fail("lathe.report takes a title (text), not a %s", type(title)) end
  return setmetatable({ title = title or "Report", blocks = {} }, meta)
end

-- Whether `value` is a report.
function report.is(value) return type(value) == "table" and getmetatable(value) == meta end

local function add(self, block)
  self.blocks[#self.blocks + 1] = block
  return self
end

local function want_text(text, where)
  if type(text) ~= "string" then fail("report:%s takes text, not a %s", where, type(text)) end
  return text
end

local function want_list(list, where)
  if type(list) ~= "table" then fail("report:%s takes a list, not a %s", where, type(list)) end
  return list
end

-- Numbers, text, booleans and nothing are plain; an integer of C becomes a number; everything else its text.
local function plain(value)
  local kind = type(value)
  if kind == "cdata" then return tonumber(value) or tostring(value) end
  if kind == "nil" or kind == "number" or kind == "string" or kind == "boolean" then return value end
  return tostring(value)
end

-- A heading.
function methods:heading(text) return add(self, { kind = "heading", text = want_text(text, "heading") }) end

-- A paragraph; its own line ends are kept.
function methods:text(text) return add(self, { kind = "text", text = want_text(text, "text") }) end

-- Names and their values, each with a note that may be left out: r:values { { "rows", 20640 }, { "mean", 3.87, "10,000 USD" } }.
function methods:values(rows)
  local kept = {}
  for index, row in ipairs(want_list(rows, "values")) do
    if type(row) ~= "table" or type(row[1]) ~= "string" then
      fail("report:values takes a list of { name, value, note }; item %d is not one", index)
    end
    kept[index] = { row[1], plain(row[2]), row[3] and tostring(row[3]) or nil }
  end
  return add(self, { kind = "values", rows = kept })
end

-- A table: r:table { columns = { "name", { name = "rows", align = "right" } }, rows = { { "train", 16512 } } }. Columns that hold only
-- numbers line up on the decimal point unless `align` says otherwise. `line_after` is the number of a row below which a line is drawn.
function methods:table(definition)
  want_list(definition, "table")
  local columns, rows = {}, {}
  for index, column in ipairs(want_list(definition.columns, "table { columns = }")) do
    if type(column) == "string" then column = { name = column } end
    if type(column) ~= "table" or type(column.name) ~= "string" then fail("report:table: column %d has no name", index) end
    if column.align and column.align ~= "left" and column.align ~= "right" then
      fail("report:table: column %q is aligned \"left\" or \"right\", not %q", column.name, tostring(column.align))
    end
    columns[index] = { name = column.name, align = column.align }
  end
  for index, row in ipairs(want_list(definition.rows, "table { rows = }")) do
    local kept = {}
    for at = 1, #columns do kept[at] = plain(want_list(row, "table { rows = }")[at]) end
    rows[index] = kept
  end
  local line_after = tonumber(definition.line_after)
  return add(self, { kind = "table", columns = columns, rows = rows, title = definition.title, line_after = line_after })
end

-- Something the reader should know: r:alert { text = "total_bedrooms: 207 missing (1.0 %)", step = "clean.drop_missing" }.
function methods:alert(definition)
  want_list(definition, "alert")
  local level = definition.level or "warn"
  if level ~= "warn" and level ~= "error" and level ~= "note" then
    fail("an alert's level is \"warn\", \"error\" or \"note\", not %q", tostring(level))
  end
  local step = definition.step and want_text(definition.step, "alert { step = }") or nil
  return add(self, { kind = "alert", level = level, text = want_text(definition.text, "alert { text = }"), step = step })
end

local chart_kinds = { bars = true, histogram = true, line = true, curve = true }

local function numbers(list, what)
  local kept = {}
  for index, value in ipairs(want_list(list, what)) do
    kept[index] = tonumber(value) or fail("a chart's values are numbers; value %d is a %s", index, type(value))
  end
  return kept
end

local function add_curve(self, definition)
  local block = { kind = "chart", chart = "curve", title = definition.title, series = {}, across = definition.across, up = definition.up,
    unit = definition.unit or definition.diagonal or nil, diagonal = definition.diagonal, dots = definition.dots }
  for index, one in ipairs(want_list(definition.series, "chart { series = }")) do
    local x, y = numbers(one.x, "chart { series = }"), numbers(one.y, "chart { series = }")
    if #x ~= #y then fail("a curve has a y for each x: %d and %d", #y, #x) end
    block.series[index] = { name = tostring(one.name or ""), x = x, y = y }
  end
  if not block.series[1] then fail "a curve chart has a series at least" end
  block.values = block.series[1].y
  return add(self, block)
end

-- A chart: "bars" (labels, values; others and two names for a second bar beside each), "histogram" (edges, one more than values; labels
-- for them if given), "line" (values, labels for both ends if given) or "curve" (series = { { name =, x =, y = },
-- ... }; unit: both axes go from 0 to 1; diagonal: and a line joins their ends; dots at the points).
function methods:chart(definition)
  want_list(definition, "chart")
  local kind = definition.kind or "bars"
  if not chart_kinds[kind] then fail("a chart is \"bars\", \"histogram\", \"line\" or \"curve\", not %q", tostring(kind)) end
  if kind == "curve" then return add_curve(self, definition) end
  local block = { kind = "chart", chart = kind, title = definition.title, values = {} }
  for index, value in ipairs(want_list(definition.values, "chart { values = }")) do
    block.values[index] = tonumber(value) or fail("a chart's values are numbers; value %d is a %s", index, type(value))
  end
  if definition.labels then
    block.labels = {}
    for index, label in ipairs(want_list(definition.labels, "chart { labels = }")) do block.labels[index] = tostring(label) end
  end
  if kind == "bars" and #(block.labels or {}) ~= #block.values then
    fail("a bar chart has a label for each value: %d values, %d labels", #block.values, #(block.labels or {}))
  end
  if kind == "bars" and definition.others then
    block.others, block.names = numbers(definition.others, "chart { others = }"), {}
    for index, name in ipairs(want_list(definition.names, "chart { names = }")) do block.names[index] = tostring(name) end
    if #block.others ~= #block.values or #block.names ~= 2 then
      fail("bars beside others want as many of both, and two names: %d and %d, %d names", #block.values, #block.others, #block.names)
    end
  end
  if kind == "histogram" then
    block.edges = {}
    for index, edge in ipairs(want_list(definition.edges, "chart { edges = }")) do block.edges[index] = tonumber(edge) end
    if #block.edges ~= #block.values + 1 then
      fail("a histogram has one edge more than values: %d values, %d edges", #block.values, #block.edges)
    end
    if block.labels and #block.labels ~= #block.edges then
      fail("a histogram has a label for each edge: %d edges, %d labels", #block.edges, #block.labels)
    end
  end
  return add(self, block)
end

-- A tree: r:tree { nodes = { { text = "all rows", value = "7.5" }, { parent = 1, text = "age <= 30", value = "9.1" }, ... } }. A node
-- stands behind its parent, whose place in the list it names; beside its text it may have a value and a note (texts), its part of the whole
-- and the strength of its value (0 to 1, drawn as size and colour), and how many more nodes below it are not shown.
function methods:tree(definition)
  want_list(definition, "tree")
  local nodes = {}
  for index, node in ipairs(want_list(definition.nodes, "tree { nodes = }")) do
    if type(node) ~= "table" or type(node.text) ~= "string" then fail("report:tree: node %d has no text", index) end
    local parent = node.parent
    if (index == 1) ~= (parent == nil) or (parent and not nodes[parent]) then
      fail("report:tree: node %d has no parent before it; the first node, and no other, is the root", index)
    end
    nodes[index] = {
      parent = parent, text = node.text, value = node.value and tostring(node.value), note = node.note and tostring(node.note),
      part = tonumber(node.part), strength = tonumber(node.strength), more = tonumber(node.more),
    }
  end
  return add(self, { kind = "tree", title = definition.title, nodes = nodes })
end

-- A square of numbers from -1 to 1 between names, such as correlations: r:matrix { names = { "x", "y" }, rows = { { 1, 0.9 }, { 0.9, 1 } }
-- }.
-- The half below the diagonal is drawn.
function methods:matrix(definition)
  want_list(definition, "matrix")
  local names, rows = {}, {}
  for index, name in ipairs(want_list(definition.names, "matrix { names = }")) do names[index] = want_text(name, "matrix { names = }") end
  for index = 1, #names do
    local row = want_list(want_list(definition.rows, "matrix { rows = }")[index], "matrix { rows = }")
    rows[index] = {}
    for at = 1, #names do rows[index][at] = tonumber(row[at]) end
  end
  return add(self, { kind = "matrix", title = definition.title, names = names, rows = rows })
end

-- All blocks of another report, under its title.
function methods:append(other)
  if not report.is(other) then fail("report:append takes a report, not a %s", type(other)) end
  add(self, { kind = "heading", text = other.title })
  for _, block in ipairs(other.blocks) do add(self, block) end
  return self
end

-- A few words for a flow's node: its metrics, or how many alerts it has.
function methods:note()
  if self.metrics and next(self.metrics) then
    local names = {}
    for name in pairs(self.metrics) do names[#names + 1] = name end
    table.sort(names)
    for _, first in ipairs { "accuracy", "r2" } do
      if self.metrics[first] then names = { first } end
    end
    return names[1] .. " " .. require("lathe.style").number(self.metrics[names[1]])
  end
  local alerts = 0
  for _, block in ipairs(self.blocks) do
    if block.kind == "alert" then alerts = alerts + 1 end
  end
  local count, word = #self.blocks, "block"
  if alerts > 0 then count, word = alerts, "note" end
  return count .. " " .. word .. (count == 1 and "" or "s")
end

-- The report as text: { width = 80, colour = false }.
function methods:render(options)
  return require("lathe.report.text").render(self, options or {})
end

-- The report as one page of HTML that needs nothing else: { language = "en" }.
function methods:html(options)
  return require("lathe.report.html").render(self, options or {})
end

local formats = {
  html = function(self, options) return self:html(options) end,
  txt = function(self, options) return self:render { width = options.width } end,
  json = function(self) return require("lathe.json").encode(self:data()) .. "\n" end,
}
local endings = { html = "html", htm = "html", txt = "txt", text = "txt", json = "json" }

-- Write the report to a file, whole or not at all: a page (.html), text (.txt) or JSON (.json). `options`: format = "html", "txt" or
-- "json" for a name that ends otherwise; language of a page; width of a text (80).
function methods:write(path, options)
  local core = require "lathe.core"
  core.path(path, "report:write")
  options = options or {}
  local format = options.format or endings[(path:match "%.(%w+)$" or ""):lower()]
  if not formats[format] then
    fail("report:write writes .html, .txt and .json; name %q otherwise, or give format = \"html\"", tostring(options.format or path))
  end
  local text = formats[format](self, options)
  core.try(core.C.lathe_file_write(path, text, #text, core.problem))
  return self
end

-- Plain data for JSON: holes are filled with its null.
function methods:data()
  local null = require("lathe.json").null
  local function filled(row, count)
    local kept = {}
    for at = 1, count do
      if row[at] == nil then kept[at] = null else kept[at] = row[at] end
    end
    return kept
  end
  local blocks = {}
  for index, block in ipairs(self.blocks) do
    local kept = {}
    for key, value in pairs(block) do kept[key] = value end
    if block.rows then
      kept.rows = {}
      for at, row in ipairs(block.rows) do kept.rows[at] = filled(row, #(block.columns or block.names or row[3] and row or { 1, 2 })) end
    end
    blocks[index] = kept
  end
  return { title = self.title, blocks = blocks, metrics = self.metrics, intervals = self.intervals }
end

-- A method that was called with a point gets its argument as the report.
for name, method in pairs(methods) do
  methods[name] = function(self, ...)
    if not report.is(self) then fail("call a report's methods with a colon: report:%s(...)", name) end
    return method(self, ...)
  end
end

local checks = {
  heading = { text = "string" }, text = { text = "string" }, values = { rows = "table" },
  table = { columns = "table", rows = "table" }, alert = { level = "string", text = "string" },
  chart = { chart = "string", values = "table" }, tree = { nodes = "table" },
  matrix = { names = "table", rows = "table" },
}

-- JSON's null, whatever stands for it, is nothing here.
local function without_null(value)
  if type(value) ~= "table" then return value end
  local json = package.loaded["lathe.json"]
  local null = json and json.null
  local kept = {}
  for key, item in pairs(value) do
    if item ~= null or null == nil then kept[key] = without_null(item) end
  end
  return kept
end

-- A report from what `data` gave, perhaps by way of a JSON file.
function report.from(data)
  if type(data) ~= "table" or type(data.blocks) ~= "table" then fail "this is not a report: it has no blocks" end
  data = without_null(data)
  local made = report.new(type(data.title) == "string" and data.title or nil)
  for index, block in ipairs(data.blocks) do
    local check = type(block) == "table" and checks[block.kind]
    if not check then fail("block %d of this report is of no known kind", index) end
    for field, kind in pairs(check) do
      if type(block[field]) ~= kind then fail("block %d of this report (%s) has no %s", index, block.kind, field) end
    end
    if block.chart == "curve" and type(block.series) ~= "table" then fail("block %d of this report (chart) has no series", index) end
    made.blocks[index] = block
  end
  made.metrics, made.intervals = data.metrics, data.intervals
  return made
end

function meta.__tostring(self) return self:render {} end

return setmetatable(report, { __call = function(_, title) return report.new(title) end })
