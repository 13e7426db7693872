-- A table's head as text: names, types, what is missing, the first rows; columns line up, numbers on their decimal point.
local style = require "lathe.style"

local head = {}

local WIDEST = 24 -- display columns of one cell

local printable = style.printable

local function grouped(digits) return #digits > 3 and style.count(tonumber(digits)) or digits end

-- A number's text as its part before the point and the rest; long fractions are cut to 7 significant digits.
local function number_parts(text, group)
  local number = tonumber(text)
  if #text > 12 and number and text:find("[.e]") then text = ("%.7g"):format(number) end
  local sign, whole, rest = text:match "^(%-?)(%d+)(%.?%d*)$"
  if not whole then return text, "" end
  return sign .. (group and #whole < 16 and grouped(whole) or whole), rest
end

-- Cells of a column of numbers, lined up on the point; thousands are grouped when there are tens of thousands (years are not).
local function number_cells(column, rows)
  local group, parts, before, behind = false, {}, 0, 0
  for row = 1, rows do
    local value = column:get(row)
    if value ~= nil and math.abs(tonumber(value)) >= 10000 then group = true end
  end
  for row = 1, rows do
    if column:get(row) ~= nil then
      local whole, rest = number_parts(column:text(row), group)
      parts[row] = { whole, rest }
      before, behind = math.max(before, #whole), math.max(behind, #rest)
    end
  end
  local cells = {}
  for row = 1, rows do
    local part = parts[row]
    cells[row] = part and (style.pad(part[1], before, "right") .. style.pad(part[2], behind)) or false
  end
  return cells
end

local LONGEST = 4096 -- bytes of a cell that are looked at

local function text_cells(column, rows)
  local cells = {}
  for row = 1, rows do
    cells[row] = column:present(row) and style.cut(printable(column:text(row, LONGEST)), WIDEST) or false
  end
  return cells
end

local numeric = { int64 = true, float64 = true }

local function layout(table, name, rows)
  local column = table:column(name)
  local right = numeric[column.type]
  local missing = column:missing()
  local part = {
    name = style.cut(printable(name), WIDEST),
    type = column.type,
    missing = missing > 0 and style.count(missing) .. " ·" or "",
    align = right and "right" or "left",
    cells = right and number_cells(column, rows) or text_cells(column, rows),
  }
  part.width = math.max(style.width(part.name), #part.type, style.width(part.missing))
  for row = 1, rows do
    if part.cells[row] then part.width = math.max(part.width, style.width(part.cells[row])) end
  end
  return part
end

local function plural(count, noun) return style.count(count) .. " " .. noun .. (count == 1 and "" or "s") end

local function line_of(parts, text_of)
  local cells = {}
  for index, part in ipairs(parts) do cells[index] = text_of(part) end
  return ((" " .. table.concat(cells, "  ")):gsub("%s+$", ""))
end

-- The text of a table's head. `options`: rows (10), width, colour.
function head.render(self, options)
  local look = style.new(options.colour or false)
  local width = options.width or style.columns(io.stdout)
  local total, names = self:rows(), self:columns()
  local rows = math.min(options.rows or 10, total)
  local parts, used, any_missing = {}, 0, false
  for index, name in ipairs(names) do
    local part = layout(self, name, rows)
    if index > 1 and used + part.width + 3 > width then break end
    part.width = math.min(part.width, math.max(width - 2, 8))
    used = used + part.width + 2
    parts[index], any_missing = part, any_missing or part.missing ~= ""
  end
  local rule = look.dim(("─"):rep(math.max(math.min(used, width), 1)))
  local function row_line(field, paint)
    return line_of(parts, function(part) return paint(style.pad(style.cut(part[field], part.width), part.width, part.align)) end)
  end
  local lines = { rule, row_line("name", look.bold), row_line("type", look.dim) }
  if any_missing then lines[#lines + 1] = row_line("missing", look.dim) end
  lines[#lines + 1] = rule
  for row = 1, rows do
    lines[#lines + 1] = line_of(parts, function(part)
      local cell = part.cells[row]
      if not cell then
        local gap = (" "):rep(part.width - 1)
        return part.align == "right" and gap .. look.dim "·" or look.dim "·" .. gap
      end
      return style.pad(style.cut(cell, part.width), part.width, part.align)
    end)
  end
  if rows < total then lines[#lines + 1] = look.dim " …" end
  lines[#lines + 1] = rule
  local size = " " .. plural(total, "row") .. " × " .. plural(#names, "column")
  if #parts < #names then
    local rest = table.concat(names, ", ", #parts + 1, math.min(#names, #parts + 20))
    size = size .. "; not shown: " .. printable(rest)
  end
  lines[#lines + 1] = style.cut(size, width)
  return table.concat(lines, "\n")
end

return head
