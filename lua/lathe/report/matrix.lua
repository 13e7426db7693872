-- A square of numbers between -1 and 1 of a report, such as correlations, drawn: the half below the diagonal, on which the names stand, so
-- that a name is both the end of its row and the top of its column. As lines of text, and as SVG.
local style = require "lathe.style"

local matrix = {}

-- "0.98" as ".98", "-0.04" as "-.04"; 1 and -1 stay.
local function short(x)
  local text = ("%.2f"):format(x)
  if not text:find "[1-9]" then return "0" end
  if text:find "^%-?1" then return (text:gsub("%.00$", "")) end
  return (text:gsub("^(%-?)0", "%1"))
end

local CELL = 5 -- display columns of a cell

local function painted(x, look)
  local text, size = short(x), math.abs(x)
  text = (" "):rep(CELL - #text) .. text
  if size < 0.1 then return look.dim(text) end
  local colour = x < 0 and look.warn or look.accent
  return size >= 0.7 and look.bold(colour(text)) or size >= 0.3 and colour(text) or text
end

-- The lines of a matrix block in `width` display columns; what does not fit on the right is left out.
function matrix.lines(block, width, look)
  local lines = {}
  for i, name in ipairs(block.names) do
    local cells, used = {}, 0
    for j = 1, i - 1 do
      if used + CELL + 10 > width then break end
      local value = block.rows[i][j]
      cells[j] = value and painted(value, look) or (" "):rep(CELL - 1) .. look.dim "·"
      used = used + CELL
    end
    lines[i] = table.concat(cells) .. (used > 0 and "  " or "") .. style.cut(name, math.max(4, width - used - 2))
  end
  return lines
end

-- ---- as SVG ----

local SIDE = 38

-- A matrix block as SVG; `index` numbers the charts of a page.
function matrix.svg(block, index)
  local escape = require("lathe.report.svg").escape
  local names, widest = block.names, 0
  for i, name in ipairs(names) do widest = math.max(widest, i * SIDE + 10 + math.min(style.width(name), 36) * 7.4) end
  local width, height = math.ceil(math.max(widest, #names * SIDE + 40)), #names * SIDE + 4
  local title = escape(block.title or ("Associations of %d columns"):format(#names))
  local parts = { ('<svg class="matrix" viewBox="0 0 %d %d" style="max-width:%dpx" role="img" aria-labelledby="chart-%d-t">'
    .. '<title id="chart-%d-t">%s</title>\n'):format(width, height, width, index, index, title) }
  for i, name in ipairs(names) do
    local y = (i - 1) * SIDE + 2
    for j = 1, i - 1 do
      local value = block.rows[i][j]
      local x = (j - 1) * SIDE + 2
      if value then
        local size = math.min(1, math.abs(value))
        parts[#parts + 1] = ('<rect class="%s" fill-opacity="%.2f" x="%d" y="%d" width="%d" height="%d" rx="3"><title>%s, %s: %.3f</title>'
          .. "</rect>"):format(value < 0 and "below" or "above", 0.06 + 0.94 * size, x, y, SIDE - 2, SIDE - 2, escape(names[j]),
          escape(name), value)
        parts[#parts + 1] = ('<text class="%s" x="%d" y="%d" text-anchor="middle">%s</text>\n'):format(size > 0.65 and "on" or "label",
          x + SIDE / 2 - 1, y + SIDE / 2 + 3, (short(value):gsub("^%-", "−")))
      end
    end
    parts[#parts + 1] = ('<text class="name" x="%d" y="%d">%s</text>\n'):format((i - 1) * SIDE + 8, y + SIDE / 2 + 3,
      escape(style.cut(name, 36)))
  end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

return matrix
