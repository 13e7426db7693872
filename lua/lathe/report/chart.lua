-- Charts in text: bars of eighth blocks, histograms that stand, lines in braille. Each gives a list of lines.
local style = require "lathe.style"

local chart = {}

local across = { [0] = "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" } -- eighths of a cell from the left
local up = { [0] = " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" } -- eighths of a cell from below

-- A bar of `length` cells (a fraction is drawn in eighths). What is not nothing shows an eighth at least.
function chart.bar(length)
  if not (length > 0) then return "" end
  local eighths = math.max(1, math.floor(length * 8 + 0.5))
  return ("█"):rep(math.floor(eighths / 8)) .. across[eighths % 8]
end

-- The same to the left of an axis, filled with blanks to `room` cells: half cells only, because there are no eighths from the right.
local function bar_left(length, room)
  local halves = length > 0 and math.max(1, math.floor(length * 2 + 0.5)) or 0
  local cells = math.ceil(halves / 2)
  return (" "):rep(room - cells) .. (halves % 2 == 1 and "▐" or "") .. ("█"):rep(math.floor(halves / 2))
end

-- The second of two bars side by side: told from the first without colours.
local function shaded(length)
  if not (length > 0) then return "" end
  return ("▒"):rep(math.max(1, math.floor(length + 0.5)))
end

local function finite(x) return x == x and x ~= math.huge and x ~= -math.huge end

-- Texts of numbers, all as wide as the widest, in line on the decimal point.
function chart.aligned(values)
  local before, after, cut = 0, 0, {}
  for index, value in ipairs(values) do
    local text = style.number(value)
    local whole, rest = text:match "^([^.e]*)(.*)$"
    cut[index] = { whole, rest }
    before, after = math.max(before, #whole), math.max(after, #rest)
  end
  local texts = {}
  for index, pair in ipairs(cut) do
    texts[index] = (" "):rep(before - #pair[1]) .. pair[1] .. pair[2] .. (" "):rep(after - #pair[2])
  end
  return texts, before + after
end

-- For each label two bars below each other, and at the end whose they are.
local function bars_of_two(block, width, look)
  local all, count, labels_width, high = {}, #block.values, 0, 0
  for index = 1, count do
    all[index], all[count + index] = block.values[index], block.others[index]
    labels_width = math.max(labels_width, style.width(block.labels[index]))
    for _, value in ipairs { all[index], all[count + index] } do
      if finite(value) then high = math.max(high, value) end
    end
  end
  local texts, numbers_width = chart.aligned(all)
  labels_width = math.min(labels_width, math.max(8, math.floor(width * 0.4)))
  local room = math.max(4, width - labels_width - numbers_width - 4)
  local lines = {}
  local function draw(label, value, text, bar, paint)
    local drawn = finite(value) and high > 0 and bar(value / high * room) or ""
    lines[#lines + 1] = style.pad(style.cut(label, labels_width), labels_width) .. "  " .. paint(style.pad(drawn, room)) .. "  "
      .. text:gsub(" +$", "")
  end
  for index, label in ipairs(block.labels) do
    draw(label, all[index], texts[index], chart.bar, look.accent)
    draw("", all[count + index], texts[count + index], shaded, look.warn)
  end
  lines[#lines + 1] = ("%s  %s %s  %s %s"):format((" "):rep(labels_width), look.accent "█", block.names[1], look.warn "▒", block.names[2])
  return lines
end

-- Label, bar and value on a line each. Negative values have their bars on the left of an axis.
local function bars(block, width, look)
  if block.others then return bars_of_two(block, width, look) end
  local texts, numbers_width = chart.aligned(block.values)
  local labels_width, low, high = 0, 0, 0
  for index, label in ipairs(block.labels) do
    labels_width = math.max(labels_width, style.width(label))
    local value = block.values[index]
    if finite(value) then low, high = math.min(low, value), math.max(high, value) end
  end
  labels_width = math.min(labels_width, math.max(8, math.floor(width * 0.4)))
  local room = math.max(4, width - labels_width - numbers_width - 4)
  local scale = high > low and room / (high - low) or 0
  local room_left = math.ceil(-low * scale)
  if room_left > 0 then scale = math.min(scale, high > 0 and (room - room_left) / high or scale) end
  local lines = {}
  for index, label in ipairs(block.labels) do
    local value = block.values[index]
    local drawn = (" "):rep(room_left)
    if finite(value) then
      if value < 0 then drawn = bar_left(-value * scale, room_left) else drawn = drawn .. chart.bar(value * scale) end
    end
    lines[index] = style.pad(style.cut(label, labels_width), labels_width) .. "  " .. look.accent(style.pad(drawn, room))
      .. "  " .. texts[index]:gsub(" +$", "")
  end
  return lines
end

-- The least of 1, 2, 2.5, 5 times a power of ten that is not below `x`.
local function round_up(x)
  if not (x > 0) then return 1 end
  local power = 10 ^ math.floor(math.log10(x))
  for _, factor in ipairs { 1, 2, 2.5, 5, 10 } do
    if factor * power >= x * (1 - 1e-12) then return factor * power end
  end
end

-- Texts at the left end, the middle and the right end of `width` cells; the middle one only where there is room.
local function spread(left, middle, right, width)
  local total = style.width(left) + style.width(right)
  if width - total < 1 then return style.cut(left, width) end
  local start = math.floor((width - style.width(middle)) / 2)
  local free = start - style.width(left)
  if middle ~= "" and free >= 2 and width - style.width(right) - start - style.width(middle) >= 2 then
    local line = left .. (" "):rep(free) .. middle
    return line .. (" "):rep(width - style.width(line) - style.width(right)) .. right
  end
  return left .. (" "):rep(width - total) .. right
end

local HEIGHT = 5

local function histogram(block, width, look)
  local counts, edges, labels = block.values, block.edges, block.labels
  local high = 0
  for _, count in ipairs(counts) do high = math.max(high, count) end
  local top = round_up(high)
  local ticks, ticks_width = chart.aligned { top, top / 2, 0 }
  local room = math.max(8, width - ticks_width - 2)
  local merge = math.max(1, math.ceil(#counts / room)) -- bins that share a cell, when there are more bins than cells
  if merge > 1 then
    local merged, kept, named = {}, { edges[1] }, labels and { labels[1] }
    for first = 1, #counts, merge do
      local sum = 0
      for at = first, math.min(first + merge - 1, #counts) do sum = sum + counts[at] end
      local last = math.min(first + merge, #edges)
      merged[#merged + 1], kept[#kept + 1] = sum, edges[last]
      if named then named[#named + 1] = labels[last] end
    end
    return histogram({ values = merged, edges = kept, labels = named }, width, look)
  end
  local cells = math.max(1, math.min(4, math.floor(room / math.max(1, #counts))))
  local lines = {}
  for row = 1, HEIGHT do
    local drawn, floor = {}, (HEIGHT - row) * 8
    for index, count in ipairs(counts) do
      local eighths = math.floor(count / top * HEIGHT * 8 + 0.5)
      if count > 0 then eighths = math.max(1, eighths) end
      drawn[index] = up[math.max(0, math.min(8, eighths - floor))]:rep(cells)
    end
    local label = row == 1 and ticks[1] or row == (HEIGHT + 1) / 2 and ticks[2] or (" "):rep(ticks_width)
    lines[row] = look.dim(label .. (label:find "%d" and " ┤" or " │")) .. look.accent((table.concat(drawn):gsub(" +$", "")))
  end
  local drawn_width = #counts * cells
  lines[#lines + 1] = look.dim(ticks[3] .. " └" .. ("─"):rep(drawn_width))
  local ends = labels and { labels[1], labels[math.ceil(#labels / 2)], labels[#labels] }
    or { style.number(edges[1]), style.number((edges[1] + edges[#edges]) / 2), style.number(edges[#edges]) }
  lines[#lines + 1] = look.dim((" "):rep(ticks_width + 2) .. spread(ends[1], ends[2], ends[3], math.max(drawn_width, 1)))
  return lines
end

local dots = { { 0x01, 0x02, 0x04, 0x40 }, { 0x08, 0x10, 0x20, 0x80 } } -- braille: bits of the left and the right column

local function braille(bits)
  if bits == 0 then return " " end
  return string.char(0xE2, 0xA0 + math.floor(bits / 64), 0x80 + bits % 64)
end

local function line(block, width, look)
  local bit = require "bit"
  local values, low, high = block.values, math.huge, -math.huge
  for _, value in ipairs(values) do
    if finite(value) then low, high = math.min(low, value), math.max(high, value) end
  end
  if low > high then return { look.dim "no values" } end
  if low == high then low, high = low - math.max(0.5, math.abs(low) / 2), high + math.max(0.5, math.abs(high) / 2) end
  local decimals = math.max(0, 2 - math.floor(math.log10(high - low)))
  local ticks, ticks_width = { high, (low + high) / 2, low }, 0
  for index, value in ipairs(ticks) do
    ticks[index] = decimals <= 8 and style.fixed(value, decimals) or style.number(value)
    ticks_width = math.max(ticks_width, #ticks[index])
  end
  for index, tick in ipairs(ticks) do ticks[index] = style.pad(tick, ticks_width, "right") end
  local columns = math.max(4, math.min(width - ticks_width - 2, math.ceil(#values / 2) < 8 and 40 or #values))
  local canvas = {}
  for row = 1, HEIGHT do
    canvas[row] = {}
    for column = 1, columns do canvas[row][column] = 0 end
  end
  local last
  for x = 0, columns * 2 - 1 do
    local at = #values == 1 and 1 or 1 + x * (#values - 1) / (columns * 2 - 1)
    local before = values[math.floor(at)]
    local after = values[math.min(#values, math.floor(at) + 1)]
    local value = at == math.floor(at) and before or before + (after - before) * (at - math.floor(at))
    if finite(value) then
      local y = math.floor((high - value) / (high - low) * (HEIGHT * 4 - 1) + 0.5)
      local from, to = math.min(y, last or y), math.max(y, last or y)
      if last and to > from then -- join to the dot on the left, without doubling it
        if last < y then from = from + 1 else to = to - 1 end
      end
      for dot = from, to do
        local row, column = math.floor(dot / 4) + 1, math.floor(x / 2) + 1
        canvas[row][column] = bit.bor(canvas[row][column], dots[x % 2 + 1][dot % 4 + 1])
      end
      last = y
    else
      last = nil
    end
  end
  local lines = {}
  for row = 1, HEIGHT do
    local cells = {}
    for column = 1, columns do cells[column] = braille(canvas[row][column]) end
    local label = row == 1 and ticks[1] or row == (HEIGHT + 1) / 2 and ticks[2] or row == HEIGHT and ticks[3]
    lines[row] = look.dim((label or (" "):rep(ticks_width)) .. (label and " ┤" or " │"))
      .. look.accent((table.concat(cells):gsub(" +$", "")))
  end
  local labels = block.labels
  if labels and #labels > 0 then
    lines[#lines + 1] = look.dim((" "):rep(ticks_width + 2) .. spread(labels[1], "", labels[#labels], columns))
  end
  return lines
end

-- ---- curves: series of points, joined ----

local CURVE_ROWS, CURVE_COLUMNS = 10, 44

-- The ranges of x and y over all series: low x, high x, low y, high y.
function chart.ranges(block)
  if block.unit then return 0, 1, 0, 1 end
  local range = { math.huge, -math.huge, math.huge, -math.huge }
  for _, one in ipairs(block.series) do
    for at, x in ipairs(one.x) do
      local y = one.y[at]
      if finite(x) and finite(y) then
        range[1], range[2] = math.min(range[1], x), math.max(range[2], x)
        range[3], range[4] = math.min(range[3], y), math.max(range[4], y)
      end
    end
  end
  for low = 1, 3, 2 do
    if range[low] == range[low + 1] then
      local room = math.max(0.5, math.abs(range[low]) / 2)
      range[low], range[low + 1] = range[low] - room, range[low] + room
    end
  end
  return unpack(range)
end

local function set(canvas, x, y)
  local bit = require "bit"
  local row, column = math.floor(y / 4) + 1, math.floor(x / 2) + 1
  canvas[row][column] = bit.bor(canvas[row][column], dots[x % 2 + 1][y % 4 + 1])
end

-- From dot to dot, as Bresenham draws.
local function join(canvas, x, y, to_x, to_y)
  local wide, down = math.abs(to_x - x), -math.abs(to_y - y)
  local step_x, step_y, slip = x < to_x and 1 or -1, y < to_y and 1 or -1, wide + down
  while true do
    set(canvas, x, y)
    if x == to_x and y == to_y then return end
    local twice = 2 * slip
    if twice >= down then slip, x = slip + down, x + step_x end
    if twice <= wide then slip, y = slip + wide, y + step_y end
  end
end

local function curve(block, width, look)
  local low_x, high_x, low_y, high_y = chart.ranges(block)
  if low_x > high_x then return { look.dim "no values" } end
  local ticks, ticks_width = chart.aligned { high_y, (low_y + high_y) / 2, low_y }
  local columns = math.max(4, math.min(width - ticks_width - 2, CURVE_COLUMNS))
  local canvas = {}
  for row = 1, CURVE_ROWS do
    canvas[row] = {}
    for column = 1, columns do canvas[row][column] = 0 end
  end
  local most_x, most_y = columns * 2 - 1, CURVE_ROWS * 4 - 1
  local function place(x, y)
    x, y = math.min(1, math.max(0, (x - low_x) / (high_x - low_x))), math.min(1, math.max(0, (y - low_y) / (high_y - low_y)))
    return math.floor(x * most_x + 0.5), math.floor((1 - y) * most_y + 0.5)
  end
  if block.diagonal then
    for x = 0, most_x, 4 do set(canvas, x, math.floor((1 - x / most_x) * most_y + 0.5)) end
  end
  local names = {}
  for index, one in ipairs(block.series) do
    local last_x, last_y
    names[index] = one.name
    for at, x in ipairs(one.x) do
      local to_x, to_y
      if finite(x) and finite(one.y[at]) then
        to_x, to_y = place(x, one.y[at])
        join(canvas, last_x or to_x, last_y or to_y, to_x, to_y)
      end
      last_x, last_y = to_x, to_y
    end
  end
  local lines = {}
  for row = 1, CURVE_ROWS do
    local cells = {}
    for column = 1, columns do cells[column] = braille(canvas[row][column]) end
    local label = row == 1 and ticks[1] or row == CURVE_ROWS / 2 and ticks[2] or row == CURVE_ROWS and ticks[3]
    lines[row] = look.dim((label or (" "):rep(ticks_width)) .. (label and " ┤" or " │"))
      .. look.accent((table.concat(cells):gsub(" +$", "")))
  end
  lines[#lines + 1] = look.dim((" "):rep(ticks_width + 2) .. spread(style.number(low_x), block.across or "", style.number(high_x), columns))
  local words = {}
  if block.up then words[1] = "up: " .. block.up end
  if #names > 1 then words[#words + 1] = "lines: " .. table.concat(names, ", ") end
  if words[1] then lines[#lines + 1] = look.dim((" "):rep(ticks_width + 2) .. table.concat(words, "; ")) end
  return lines
end

local kinds = { bars = bars, histogram = histogram, line = line, curve = curve }

-- The lines of a chart block in `width` display columns.
function chart.lines(block, width, look)
  if #block.values == 0 then return { look.dim "no values" } end
  return kinds[block.chart](block, width, look)
end

return chart
