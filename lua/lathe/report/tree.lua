-- A tree of a report, drawn: as lines of text, and as SVG. A node has its `parent` (its place in the list; nil: the root), `text`, a
-- `value`, a `note`, its `part` of the whole and the `strength` of its value, both from 0 to 1; `more` nodes below it are not shown.
local style = require "lathe.style"

local tree = {}

-- The children of each node, in their order.
local function children_of(nodes)
  local below = {}
  for index, node in ipairs(nodes) do
    below[index] = {}
    if node.parent then table.insert(below[node.parent], index) end
  end
  return below
end

local function more_text(count) return ("… %s more"):format(style.count(count)) end

local function pad(text, width) return text .. (" "):rep(width - style.width(text)) end
local function pad_left(text, width) return (" "):rep(width - style.width(text)) .. text end

-- The nodes from the root down, each with what stands before it: { index, "│  ├─ " }.
local function in_order(nodes)
  local below, list = children_of(nodes), {}
  local function visit(index, before, own)
    list[#list + 1] = { index, before .. own }
    local deeper = own == "" and before or before .. (own == "└─ " and "   " or "│  ")
    for at, child in ipairs(below[index]) do visit(child, deeper, at == #below[index] and "└─ " or "├─ ") end
    if nodes[index].more then list[#list + 1] = { nil, deeper .. "└─ " .. more_text(nodes[index].more) } end
  end
  if nodes[1] then visit(1, "", "") end
  return list
end

-- The lines of a tree block in `width` display columns.
function tree.lines(block, width, look)
  local nodes, values, notes, names = block.nodes, 0, 0, 0
  local list, below = in_order(nodes), children_of(nodes)
  for _, node in ipairs(nodes) do
    values, notes = math.max(values, style.width(node.value or "")), math.max(notes, style.width(node.note or ""))
  end
  for _, item in ipairs(list) do
    names = math.max(names, style.width(item[2]) + style.width(item[1] and nodes[item[1]].text or ""))
  end
  local room = math.max(12, math.min(names, width - values - notes - 4))
  local lines = {}
  for at, item in ipairs(list) do
    local node = item[1] and nodes[item[1]]
    local left = pad(style.cut(item[2] .. (node and node.text or ""), room), room)
    if node then
      local value = pad_left(node.value or "", values)
      if #below[item[1]] == 0 and not node.more then value = look.bold(value) end
      left = left .. (notes > 0 and "  " .. pad_left(node.note or "", notes) or "") .. "  " .. value
    end
    lines[at] = (left:gsub(" +$", ""))
  end
  return lines
end

-- ---- as SVG ----

local ROW, STEP, LABEL = 30, 205, 26

-- Where each node stands: leaves below each other, the others in the middle of their children.
local function layout(nodes)
  local below, depth, y, rows, deepest = children_of(nodes), {}, {}, 0, 0
  local function visit(index, level)
    depth[index], deepest = level, math.max(deepest, level)
    if #below[index] == 0 then
      y[index] = rows * ROW + ROW * 0.8
      rows = rows + 1
      return
    end
    local sum = 0
    for _, child in ipairs(below[index]) do
      visit(child, level + 1)
      sum = sum + y[child]
    end
    y[index] = sum / #below[index]
  end
  if nodes[1] then visit(1, 0) end
  return below, depth, y, rows, deepest
end

local function at(x) return (("%.1f"):format(x):gsub("%.0$", "")) end

-- A tree block as SVG; `index` numbers the charts of a page.
function tree.svg(block, index)
  local svg = require "lathe.report.svg"
  local escape, nodes = svg.escape, block.nodes
  local below, depth, y, rows, deepest = layout(nodes)
  local width, height = deepest * STEP + 240, rows * ROW + 8
  local title = escape(block.title or ("A tree of %d nodes"):format(#nodes))
  local parts = {
    ('<svg viewBox="0 0 %d %d" style="min-width:%dpx" role="img" aria-labelledby="chart-%d-t"><title id="chart-%d-t">%s</title>\n'):format(
      width, height, width, index, index, title),
  }
  for place, node in ipairs(nodes) do
    local x = depth[place] * STEP + 12
    if node.parent then
      local from = x - STEP
      parts[#parts + 1] = ('<path class="axis" fill="none" d="M%s %sH%sV%sH%s"/><text x="%s" y="%s">%s</text>\n'):format(at(from + 8),
        at(y[node.parent]), at(from + 20), at(y[place]), at(x), at(from + 24), at(y[place] - 4),
        escape(style.cut(node.text, LABEL)))
    end
  end
  for place, node in ipairs(nodes) do
    local x, leaf = depth[place] * STEP + 12, #below[place] == 0
    parts[#parts + 1] = ('<circle class="bar" cx="%s" cy="%s" r="%s" fill-opacity="%.2f"><title>%s: %s, %s</title></circle>'):format(at(x),
      at(y[place]), at(3 + 6 * math.sqrt(node.part or 0)), 0.25 + 0.75 * (node.strength or 1), escape(node.text), escape(node.value or ""),
      escape(node.note or ""))
    if leaf then
      parts[#parts + 1] = ('<text class="label" x="%s" y="%s">%s</text>'):format(at(x + 14), at(y[place] + 4.5),
        escape((node.value or "") .. "  ·  " .. (node.note or "") .. (node.more and "  " .. more_text(node.more) or "")))
    end
    parts[#parts + 1] = "\n"
  end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

return tree
