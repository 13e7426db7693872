-- Charts of a report as SVG for a page of HTML: bars that lie, histograms that stand, lines. Colours come from the page's classes.
local core = require "lathe.core"
local style = require "lathe.style"

local svg = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Text for HTML and its attributes: what is not UTF-8 and what controls nothing visible becomes U+FFFD.
function svg.escape(text)
  text = tostring(text)
  if text:find "[\128-\255]" then
    local valid, parts = tonumber(core.C.lathe_text_valid(text, #text)), {}
    while valid < #text do
      parts[#parts + 1] = text:sub(1, valid) .. "\239\191\189"
      text = text:sub(valid + 2)
      valid = tonumber(core.C.lathe_text_valid(text, #text))
    end
    text = table.concat(parts) .. text
  end
  return (text:gsub("[%z\1-\8\11\12\14-\31\127]", "\239\191\189"):gsub("[&<>\"']", entities))
end

local escape = svg.escape

local function finite(x) return x == x and x ~= math.huge and x ~= -math.huge end

-- A coordinate in as few digits as show.
local function at(x) return (("%.1f"):format(x):gsub("%.0$", "")) end

local function number(x) return (style.number(x):gsub("^%-", "−")) end

-- The next of 1, 2, 2.5, 5 times a power of ten.
local function round_up(x)
  if not (x > 0) then return 1 end
  local power = 10 ^ math.floor(math.log10(x))
  for _, step in ipairs { 1, 2, 2.5, 5, 10 } do
    if step * power >= x * (1 - 1e-12) then return step * power end
  end
  return 10 * power
end

local function open(width, height, index, title, description)
  return ('<svg viewBox="0 0 %d %d" role="img" aria-labelledby="chart-%d-t chart-%d-d"><title id="chart-%d-t">%s</title>'
    .. '<desc id="chart-%d-d">%s</desc>\n'):format(width, height, index, index, index, escape(title), index, escape(description))
end

local WIDTH = 480

local MOST_BARS = 60

-- For each label two bars, one below the other, and at the end whose they are.
local function bars_of_two(block, index)
  local count, longest, widest, high = math.min(#block.values, MOST_BARS), 0, 0, 0
  for bar = 1, count do
    longest = math.max(longest, style.width(block.labels[bar]))
    for _, value in ipairs { block.values[bar], block.others[bar] } do
      if finite(value) then high = math.max(high, value) end
      widest = math.max(widest, #style.number(value))
    end
  end
  local left, right = math.min(210, longest * 8.2 + 12), widest * 7 + 12
  local scale = high > 0 and (WIDTH - left - right) / high or 0
  local step, height = 34, count * 34 + 26
  local parts = { open(WIDTH, height, index, block.title or "Bars", ("%d pairs of bars: %s and %s"):format(count, block.names[1],
    block.names[2])) }
  for bar = 1, count do
    local top = (bar - 1) * step + 2
    parts[#parts + 1] = ('<text class="label" x="%s" y="%s" text-anchor="end">%s</text>\n'):format(at(left - 8), at(top + 18),
      escape(style.cut(block.labels[bar]:gsub("%c", " "), 24)))
    for which, value in ipairs { block.values[bar], block.others[bar] } do
      local length, y = finite(value) and math.max(0, value) * scale or 0, top + (which - 1) * 14
      parts[#parts + 1] = ('<rect class="%s" x="%s" y="%s" width="%s" height="12" rx="2"><title>%s, %s: %s</title></rect>'):format(
        which == 1 and "bar" or "bar-two", at(left), at(y), at(length), escape(block.labels[bar]), escape(block.names[which]),
        number(value))
      parts[#parts + 1] = ('<text class="small" x="%s" y="%s">%s</text>\n'):format(at(left + length + 6), at(y + 10), number(value))
    end
  end
  local x = left
  for which, name in ipairs(block.names) do
    name = style.cut(name, 20)
    parts[#parts + 1] = ('<rect class="%s" x="%s" y="%d" width="12" height="12" rx="2"/><text x="%s" y="%d">%s</text>\n'):format(
      which == 1 and "bar" or "bar-two", at(x), height - 16, at(x + 18), height - 6, escape(name))
    x = x + style.width(name) * 7.5 + 40
  end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

local function bars(block, index)
  if block.others then return bars_of_two(block, index) end
  local values, labels, count = block.values, block.labels, math.min(#block.values, MOST_BARS)
  local low, high, longest, widest = 0, 0, 0, 0
  for bar = 1, count do
    if finite(values[bar]) then low, high = math.min(low, values[bar]), math.max(high, values[bar]) end
    longest = math.max(longest, style.width(labels[bar]))
    widest = math.max(widest, #style.number(values[bar]))
  end
  local left, right = math.min(210, longest * 8.2 + 12), widest * 7 + 12
  local room = WIDTH - left - right
  local scale = high > low and room / (high - low) or 0
  local zero = left - low * scale
  local step, parts = 24, {}
  local height = count * step + 4 + (count < #values and step or 0)
  parts[1] = open(WIDTH, height, index, block.title or "Bars", ("%d bars, from %s to %s"):format(#values, number(low), number(high)))
  for bar = 1, count do
    local value, top = values[bar], (bar - 1) * step + 2
    local length = finite(value) and math.abs(value) * scale or 0
    if value ~= 0 then length = math.max(length, 1) end
    local from = value < 0 and zero - length or zero
    parts[#parts + 1] = ('<text class="label" x="%s" y="%s" text-anchor="end">%s</text>'):format(at(left - 8), at(top + 14.5),
      escape(style.cut(labels[bar]:gsub("%c", " "), 24)))
    if finite(value) then
      parts[#parts + 1] = ('<rect class="bar" x="%s" y="%s" width="%s" height="%d" rx="2"><title>%s: %s</title></rect>'):format(at(from),
        at(top + 2), at(length), step - 6, escape(labels[bar]), number(value))
    end
    parts[#parts + 1] = ('<text x="%s" y="%s">%s</text>\n'):format(at(math.max(zero, from + length) + 6), at(top + 14.5), number(value))
  end
  if low < 0 then
    parts[#parts + 1] = ('<line class="axis" x1="%s" y1="0" x2="%s" y2="%s"/>'):format(at(zero), at(zero), at(count * step + 4))
  end
  if count < #values then
    parts[#parts + 1] = ('<text x="%s" y="%s">and %s more</text>'):format(at(left), at(count * step + 18), style.count(#values - count))
  end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

local HEIGHT, TOP, BOTTOM = 200, 12, 24

-- The lines and numbers of a vertical axis from `low` to `high`; the width that the numbers take.
local function vertical(parts, low, high)
  local ticks = { low, (low + high) / 2, high }
  local width = 0
  for _, tick in ipairs(ticks) do width = math.max(width, #style.number(tick) * 7 + 10) end
  for step, tick in ipairs(ticks) do
    local y = HEIGHT - BOTTOM - (step - 1) / 2 * (HEIGHT - TOP - BOTTOM)
    parts[#parts + 1] = ('<line class="axis" x1="%s" y1="%s" x2="%d" y2="%s"/><text x="%s" y="%s" text-anchor="end">%s</text>\n'):format(
      at(width), at(y), WIDTH, at(y), at(width - 6), at(y + 4), number(tick))
  end
  return width
end

local function horizontal(parts, left, labels)
  local room = WIDTH - left
  for place, label in ipairs(labels) do
    local share = #labels == 1 and 0 or (place - 1) / (#labels - 1)
    local anchor = share == 0 and "start" or share == 1 and "end" or "middle"
    parts[#parts + 1] = ('<text x="%s" y="%d" text-anchor="%s">%s</text>'):format(at(left + share * room), HEIGHT - 6, anchor,
      escape(label))
  end
end

local function histogram(block, index)
  local counts, edges, most, total = block.values, block.edges, 0, 0
  for _, count in ipairs(counts) do
    if finite(count) then most, total = math.max(most, count), total + count end
  end
  local top = round_up(most)
  local function edge(at_edge) return block.labels and block.labels[at_edge] or number(edges[at_edge]) end
  local parts = { open(WIDTH, HEIGHT, index, block.title or "Histogram", ("%s values from %s to %s in %d bins, at most %s in one"):format(
    number(total), edge(1), edge(#edges), #counts, number(most))) }
  local left = vertical(parts, 0, top)
  local each = (WIDTH - left) / #counts
  local gap = each > 4 and 1 or 0
  for bin, count in ipairs(counts) do
    if finite(count) and count > 0 then
      local height = math.max(1, count / top * (HEIGHT - TOP - BOTTOM))
      parts[#parts + 1] = ('<rect class="bar" x="%s" y="%s" width="%s" height="%s"><title>%s to %s: %s</title></rect>\n'):format(
        at(left + (bin - 1) * each + gap / 2), at(HEIGHT - BOTTOM - height), at(each - gap), at(height), escape(edge(bin)),
        escape(edge(bin + 1)), number(count))
    end
  end
  local middle = block.labels and block.labels[math.ceil(#edges / 2)] or number((edges[1] + edges[#edges]) / 2)
  horizontal(parts, left, { edge(1), middle, edge(#edges) })
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

local function line(block, index)
  local values, low, high = block.values, math.huge, -math.huge
  for _, value in ipairs(values) do
    if finite(value) then low, high = math.min(low, value), math.max(high, value) end
  end
  if low > high then return "<p>no values</p>\n" end
  local parts = { open(WIDTH, HEIGHT, index, block.title or "Line", ("%d values from %s to %s; first %s, last %s"):format(#values,
    number(low), number(high), number(values[1]), number(values[#values]))) }
  if low == high then low, high = low - math.max(0.5, math.abs(low) / 2), high + math.max(0.5, math.abs(high) / 2) end
  local left = vertical(parts, low, high)
  local room, rise = WIDTH - left - 4, HEIGHT - TOP - BOTTOM
  local run = {}
  local function draw_run()
    if #run == 1 then
      parts[#parts + 1] = ('<circle class="dot" cx="%s" cy="%s" r="3"/>\n'):format(run[1]:match "^([^,]*),(.*)$")
    elseif #run > 1 then
      parts[#parts + 1] = '<polyline class="trace" points="' .. table.concat(run, " ") .. '"/>\n'
    end
    run = {}
  end
  for place, value in ipairs(values) do
    if finite(value) then
      local x = left + 2 + (#values == 1 and 0.5 or (place - 1) / (#values - 1)) * room
      run[#run + 1] = at(x) .. "," .. at(HEIGHT - BOTTOM - (value - low) / (high - low) * rise)
    else
      draw_run()
    end
  end
  draw_run()
  local labels = block.labels
  if labels and #labels > 0 then horizontal(parts, left, #labels > 1 and { labels[1], labels[#labels] } or { labels[1] }) end
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

local CURVE_HEIGHT, MARGIN = 320, 40
local classes = { "trace", "trace second", "trace third", "trace fourth" }

local function curve(block, index)
  local low_x, high_x, low_y, high_y = require("lathe.report.chart").ranges(block)
  if low_x > high_x then return "<p>no values</p>\n" end
  local names = {}
  for place, one in ipairs(block.series) do names[place] = one.name end
  local parts = { open(WIDTH, CURVE_HEIGHT, index, block.title or "Curve", ("%s by %s: %s"):format(block.up or "y", block.across or "x",
    table.concat(names, ", "))) }
  local left, right, top, bottom = 58, WIDTH - 8, 10, CURVE_HEIGHT - MARGIN
  local function place_x(x) return left + (x - low_x) / (high_x - low_x) * (right - left) end
  local function place_y(y) return bottom - (y - low_y) / (high_y - low_y) * (bottom - top) end
  for step = 0, 2 do
    local y, x = low_y + (high_y - low_y) * step / 2, low_x + (high_x - low_x) * step / 2
    local anchor = step == 0 and "start" or step == 1 and "middle" or "end"
    parts[#parts + 1] = ('<line class="axis" x1="%d" y1="%s" x2="%d" y2="%s"/><text x="%d" y="%s" text-anchor="end">%s</text>\n'):format(
      left, at(place_y(y)), right, at(place_y(y)), left - 6, at(place_y(y) + 4), number(y))
    parts[#parts + 1] = ('<text x="%s" y="%d" text-anchor="%s">%s</text>\n'):format(at(place_x(x)), bottom + 15, anchor, number(x))
  end
  if block.diagonal then
    parts[#parts + 1] = ('<line class="axis" stroke-dasharray="4 4" x1="%d" y1="%d" x2="%d" y2="%d"/>\n'):format(left, bottom, right, top)
  end
  for place, one in ipairs(block.series) do
    local points = {}
    for step, x in ipairs(one.x) do
      local y = one.y[step]
      if finite(x) and finite(y) then
        points[#points + 1] = at(place_x(x)) .. "," .. at(place_y(y))
        if block.dots then
          parts[#parts + 1] = ('<circle class="dot" cx="%s" cy="%s" r="3"><title>%s, %s</title></circle>\n'):format(at(place_x(x)),
            at(place_y(y)), number(x), number(y))
        end
      end
    end
    parts[#parts + 1] = ('<polyline class="%s" points="%s"><title>%s</title></polyline>\n'):format(classes[(place - 1) % #classes + 1],
      table.concat(points, " "), escape(one.name))
  end
  local words = (block.up and block.up .. " by " or "") .. (block.across or "")
  if #names > 1 then words = words .. " (" .. table.concat(names, "; ") .. ")" end
  parts[#parts + 1] = ('<text x="%d" y="%d">%s</text>\n'):format(left, CURVE_HEIGHT - 6, escape(words))
  parts[#parts + 1] = "</svg>\n"
  return table.concat(parts)
end

local kinds = { bars = bars, histogram = histogram, line = line, curve = curve }

-- A chart block as SVG; `index` numbers the charts of a page.
function svg.chart(block, index)
  if #block.values == 0 then return "<p>no values</p>\n" end
  return kinds[block.chart](block, index)
end

-- A small chart within a line: heights from 0 to 8.
function svg.spark(heights)
  local parts = { ('<svg class="spark" viewBox="0 0 %d 8" preserveAspectRatio="none" role="img" aria-label="shape">'):format(#heights * 4) }
  for place, height in ipairs(heights) do
    if height > 0 then
      parts[#parts + 1] = ('<rect class="bar" x="%s" y="%d" width="3.4" height="%d"/>'):format(at((place - 1) * 4), 8 - height, height)
    end
  end
  parts[#parts + 1] = "</svg>"
  return table.concat(parts)
end

return svg
