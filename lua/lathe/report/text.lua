-- A report as text: names and values in columns, numbers in line on the decimal point, charts in blocks and braille.
local style = require "lathe.style"

local text = {}

local MISSING = "·"
local GAP = "  "

local function cell_text(value)
  if value == nil then return MISSING end
  if type(value) == "number" then return style.number(value) end
  if type(value) == "boolean" then return value and "yes" or "no" end
  return (tostring(value):gsub("[\r\n\t]", " "))
end

-- Where the decimal point of each number goes: the widest whole part and the widest rest of the numbers in `values`.
local function point(values, count)
  local before, after = 0, 0
  for index = 1, count do
    if type(values[index]) == "number" then
      local whole, rest = style.number(values[index]):match "^([^.e]*)(.*)$"
      before, after = math.max(before, #whole), math.max(after, #rest)
    end
  end
  return before, after
end

local function number_text(value, before, after)
  local whole, rest = style.number(value):match "^([^.e]*)(.*)$"
  return (" "):rep(before - #whole) .. whole .. rest .. (" "):rep(after - #rest)
end

local function add_wrapped(lines, words, width, indent, look)
  for _, line in ipairs(style.wrap(words, math.max(10, width - #indent))) do
    lines[#lines + 1] = line == "" and "" or indent .. (look and look(line) or line)
  end
end

local draw = {}

function draw.heading(block, _, look) return { look.bold(block.text) } end

function draw.text(block, width)
  local lines = {}
  add_wrapped(lines, block.text, width, "")
  return lines
end

function draw.values(block, width, look)
  local values, count, names_width, values_width = {}, #block.rows, 0, 0
  for index, row in ipairs(block.rows) do
    names_width = math.max(names_width, style.width(row[1]))
    values[index] = row[2]
  end
  local before, after = point(values, count)
  local texts = {}
  for index = 1, count do
    local value = values[index]
    texts[index] = type(value) == "number" and number_text(value, before, after):gsub(" +$", "") or cell_text(value)
    if block.rows[index][3] then values_width = math.max(values_width, style.width(texts[index])) end
  end
  values_width = math.min(values_width, math.floor(width / 2))
  local lines = {}
  for index, row in ipairs(block.rows) do
    local shown = values[index] == nil and look.dim(texts[index]) or look.bold(texts[index])
    local line = style.pad(row[1], names_width) .. GAP .. shown
    if row[3] then
      local filled = line .. (" "):rep(values_width - style.width(texts[index])) .. GAP
      if style.width(filled) + style.width(row[3]) <= width then
        lines[#lines + 1] = filled .. look.dim(row[3])
      else
        lines[#lines + 1] = line
        add_wrapped(lines, row[3], width, (" "):rep(math.min(names_width + 2, math.floor(width / 3))), look.dim)
      end
    else
      lines[#lines + 1] = line
    end
  end
  return lines
end

-- The texts of a table's cells by column, with each column's width and side.
local function columns_of(block)
  local columns = {}
  for at, column in ipairs(block.columns) do
    local values, numbers, others = {}, 0, 0
    for index, row in ipairs(block.rows) do
      values[index] = row[at]
      if type(row[at]) == "number" then numbers = numbers + 1 elseif row[at] ~= nil then others = others + 1 end
    end
    local before, after = point(values, #block.rows)
    local side = column.align or (numbers > 0 and others == 0 and "right" or "left")
    local made = { name = column.name, side = side, text = others > 0 or numbers == 0, width = style.width(column.name), cells = {} }
    for index = 1, #block.rows do
      local value = values[index]
      local shown
      if type(value) == "number" and others == 0 then
        shown = number_text(value, before, after)
      else
        shown = cell_text(value)
        if value == nil and side == "right" and after > 0 then shown = shown .. (" "):rep(after) end
      end
      made.cells[index] = shown
      made.width = math.max(made.width, style.width(shown))
    end
    columns[at] = made
  end
  return columns
end

-- Make the widest text columns narrower until the table fits, none below 8 cells. A table that has to be cut all the same keeps its first
-- column, the names of its rows, as far as it leaves half of the width.
local function squeeze(columns, width)
  local total, first = -#GAP, math.min(columns[1].width, math.floor(width / 2))
  for _, column in ipairs(columns) do total = total + column.width + #GAP end
  while total > width do
    local widest
    for _, column in ipairs(columns) do
      if column.text and column.width > 8 and (not widest or column.width > widest.width) then widest = column end
    end
    if not widest then
      columns[1].width = math.max(columns[1].width, first)
      return
    end
    local less = math.min(total - width, math.max(1, math.floor((widest.width - 8) / 2)))
    widest.width, total = widest.width - less, total - less
  end
end

local function draw_columns(columns, rows, look, line_after)
  local head, rule, lines = {}, {}, {}
  for at, column in ipairs(columns) do
    head[at] = style.pad(style.cut(column.name, column.width), column.width, column.side)
    rule[at] = ("─"):rep(column.width)
  end
  lines[1] = look.dim((table.concat(head, GAP):gsub(" +$", "")))
  lines[2] = look.dim(table.concat(rule, "──"))
  for index = 1, rows do
    local cells = {}
    for at, column in ipairs(columns) do
      local shown = style.pad(style.cut(column.cells[index], column.width), column.width, column.side)
      local cell = column.cells[index]
      cells[at] = cell == MISSING and look.dim(shown) or cell:find "^[ ▁▂▃▄▅▆▇█]+$" and look.accent(shown) or shown
    end
    lines[#lines + 1] = (table.concat(cells, GAP):gsub(" +$", ""))
    if index == line_after and index < rows then lines[#lines + 1] = lines[2] end
  end
  return lines
end

-- A table that is too wide is cut into parts below each other, each with the first column.
function draw.table(block, width, look)
  local columns = columns_of(block)
  local lines = {}
  if block.title then lines[1] = look.bold(block.title) end
  if #columns == 0 then return lines end
  squeeze(columns, width)
  local at = 2
  repeat
    local part, used = { columns[1] }, columns[1].width
    while at <= #columns and (#part == 1 or used + #GAP + columns[at].width <= width) do
      part[#part + 1], used = columns[at], used + #GAP + columns[at].width
      at = at + 1
    end
    if #lines > 1 then lines[#lines + 1] = "" end
    for _, line in ipairs(draw_columns(part, #block.rows, look, block.line_after)) do lines[#lines + 1] = line end
  until at > #columns
  return lines
end

local marks = { warn = "!", error = "!", note = "·" }

function draw.alert(block, width, look)
  local paint = block.level == "note" and look.dim or look[block.level] or look.warn
  local lines = {}
  add_wrapped(lines, block.text, width, GAP)
  lines[1] = paint(marks[block.level] or "!") .. " " .. (lines[1] or ""):sub(3)
  if block.step then
    local free = width - style.width(lines[#lines]) - style.width(block.step)
    if #lines == 1 and free >= 3 then
      lines[1] = lines[1] .. (" "):rep(free) .. look.accent(block.step)
    else
      lines[#lines + 1] = "  → " .. look.accent(block.step)
    end
  end
  return lines
end

function draw.chart(block, width, look)
  local lines = require("lathe.report.chart").lines(block, width, look)
  if block.title then table.insert(lines, 1, look.bold(block.title)) end
  return lines
end

function draw.tree(block, width, look)
  local lines = require("lathe.report.tree").lines(block, width, look)
  if block.title then table.insert(lines, 1, look.bold(block.title)) end
  return lines
end

function draw.matrix(block, width, look)
  local lines = require("lathe.report.matrix").lines(block, width, look)
  if block.title then table.insert(lines, 1, look.bold(block.title)) end
  return lines
end

-- A block whose texts do nothing to a terminal; the same block when it has none that would.
local function printable(value)
  if type(value) == "string" then return style.printable(value, true) end
  if type(value) ~= "table" then return value end
  local copy
  for key, item in pairs(value) do
    local clean = printable(item)
    if clean ~= item then
      if not copy then
        copy = {}
        for name, old in pairs(value) do copy[name] = old end
      end
      copy[key] = clean
    end
  end
  return copy or value
end

-- A report as text with a line end after each line: { width = 80, colour = false }.
function text.render(report, options)
  local width, look = math.max(20, options.width or 80), style.new(options.colour)
  local lines = { look.bold(style.printable(report.title)) }
  local before
  for _, block in ipairs(report.blocks) do
    block = printable(block)
    if not (before == "alert" and block.kind == "alert") and before ~= "heading" then lines[#lines + 1] = "" end
    for _, line in ipairs(draw[block.kind](block, width, look)) do lines[#lines + 1] = line end
    before = block.kind
  end
  return table.concat(lines, "\n") .. "\n"
end

return text
