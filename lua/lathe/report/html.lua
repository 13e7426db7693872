-- A report as one page of HTML: no scripts, nothing from elsewhere, charts drawn as SVG, light or dark as the reader's system is, and
-- fit to print. The same report gives the same bytes.
local style = require "lathe.style"
local svg = require "lathe.report.svg"

local html = {}

local escape = svg.escape

-- ---- the look ----

local CSS = [[
:root { color-scheme: light dark; --page: #f6f6f3; --paper: #ffffff; --ink: #1d2126; --dim: #626a73; --line: #e2e3df; --accent: #0f6e84;
  --fill: #2b8ea6; --fill-soft: #d7eaee; --below: #c4703a; --warn: #9a5b00; --warn-soft: #fdf3df; --error: #b3261e; --error-soft: #fdeceb;
  --note: #4d5a68; --note-soft: #eef1f4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #14171a; --paper: #1c2024; --ink: #e4e7ea; --dim: #98a2ac; --line: #30363c; --accent: #6cc4d8; --fill: #4aa9c0;
    --fill-soft: #24414a; --below: #d98a56; --warn: #f0b75c; --warn-soft: #342a18; --error: #ff8d85; --error-soft: #3a2120;
    --note: #b4bfca; --note-soft: #262c32; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
  "DejaVu Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1.5rem; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 0.75rem; scroll-margin-top: 1rem; overflow-wrap: anywhere; }
h2 a { color: inherit; text-decoration: none; }
nav { margin: 0 0 1.5rem; font-size: 0.9rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; margin: 0; padding: 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }
p { margin: 0.75rem 0; max-width: 46rem; white-space: pre-line; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 0.75rem; margin: 1rem 0; }
dl div { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 0.7rem 0.9rem; }
dt { color: var(--dim); font-size: 0.85rem; overflow-wrap: anywhere; }
dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
dd.long { font-size: 0.95rem; font-weight: 500; }
dd.note { color: var(--dim); font-size: 0.82rem; font-weight: 400; }
.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0.6rem 0.9rem 0.2rem; }
th, td { padding: 0.34rem 0.9rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--dim); font-weight: 500; font-size: 0.82rem; white-space: nowrap; border-bottom: 1px solid var(--dim); }
tbody tr.line > * { border-bottom: 2px solid var(--dim); }
tbody th { font-weight: 600; white-space: nowrap; }
tbody tr:hover { background: var(--note-soft); }
td.number, th.number { text-align: right; white-space: nowrap; }
td.none { color: var(--dim); }
td.cut { max-width: 26rem; overflow-wrap: anywhere; }
ul.alerts { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: 0.4rem; }
.alerts li { border-left: 4px solid var(--note); background: var(--note-soft); border-radius: 0 6px 6px 0; padding: 0.45rem 0.8rem;
  display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; justify-content: space-between; align-items: baseline;
  overflow-wrap: anywhere; }
.alerts .warn { border-color: var(--warn); background: var(--warn-soft); }
.alerts .error { border-color: var(--error); background: var(--error-soft); }
.alerts b { color: var(--note); font-weight: 600; font-size: 0.82rem; margin-right: 0.4rem; }
.alerts .warn b { color: var(--warn); } .alerts .error b { color: var(--error); }
code { font: 0.85em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; margin: 1rem 0;
  align-items: start; }
figure { margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 0.9rem 0.6rem;
  min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 0.3rem; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, "DejaVu Sans", sans-serif; }
svg .bar { fill: var(--fill); } svg .bar:hover { fill: var(--accent); } svg .bar-two { fill: var(--below); } svg .small { font-size: 10px; }
svg .trace { fill: none; stroke: var(--fill); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .second { stroke: var(--warn); stroke-dasharray: 7 4; } svg .third { stroke: var(--error); stroke-dasharray: 2 4; }
svg .fourth { stroke: var(--dim); stroke-dasharray: 9 3 2 3; }
svg .dot { fill: var(--fill); } svg .area { fill: var(--fill-soft); }
svg .axis { stroke: var(--line); stroke-width: 1; shape-rendering: crispEdges; }
svg text { fill: var(--dim); } svg .label { fill: var(--ink); }
svg .above { fill: var(--fill); } svg .below { fill: var(--below); } svg .on { fill: var(--paper); }
svg .name { fill: var(--ink); font-weight: 600; } .matrix text { font-size: 11px; } .matrix .name { font-size: 12px; }
svg.spark { display: inline-block; width: 5.5rem; height: 1.1rem; vertical-align: text-bottom; }
footer { margin-top: 3rem; color: var(--dim); font-size: 0.82rem; }
@media print {
  :root { color-scheme: light; --page: #fff; --paper: #fff; --ink: #000; --dim: #444; --line: #bbb; --accent: #0f6e84; --fill: #2b8ea6;
    --fill-soft: #d7eaee; --warn: #7a4800; --error: #9b1c15; --note: #333; --warn-soft: #fff; --error-soft: #fff; --note-soft: #fff; }
  main { max-width: none; padding: 0; } nav { display: none; } h2 { break-after: avoid; }
  .scroll { overflow: visible; } figure, dl div, .alerts li, tr { break-inside: avoid; } thead { display: table-header-group; }
  body { font-size: 10pt; }
}
]]

-- ---- blocks ----

local function number(value) return style.number(value):gsub("^%-", "−") end

local BLOCKS = "^[ ▁▂▃▄▅▆▇█]+$"

-- Heights (0 to 8) of a text of block characters; nil when it is another text.
local function spark_of(text)
  if not text:find(BLOCKS) or not text:find "\226" then return nil end
  local heights = {}
  for character in text:gmatch "[%z\1-\127\194-\244][\128-\191]*" do
    if character == " " then
      heights[#heights + 1] = 0
    elseif #character == 3 and character:byte(3) >= 0x81 and character:byte(3) <= 0x88 then
      heights[#heights + 1] = character:byte(3) - 0x80
    else
      return nil
    end
  end
  return heights
end

local function shown(value)
  if value == nil then return "·" end
  if type(value) == "number" then return (number(value)) end
  if type(value) == "boolean" then return value and "yes" or "no" end
  return tostring(value)
end

local draw = {}

function draw.heading(block, page)
  page.headings = page.headings + 1
  local id = "part-" .. page.headings
  page.links[#page.links + 1] = ('<li><a href="#%s">%s</a></li>'):format(id, escape(block.text))
  return ('<h2 id="%s">%s</h2>\n'):format(id, escape(block.text))
end

function draw.text(block) return "<p>" .. escape(block.text) .. "</p>\n" end

function draw.values(block)
  local parts = { "<dl>\n" }
  for _, row in ipairs(block.rows) do
    local text = shown(row[2])
    parts[#parts + 1] = ("<div><dt>%s</dt><dd%s>%s</dd>%s</div>\n"):format(escape(row[1]), #text > 24 and ' class="long"' or "",
      escape(text), row[3] and ('<dd class="note">' .. escape(row[3]) .. "</dd>") or "")
  end
  parts[#parts + 1] = "</dl>\n"
  return table.concat(parts)
end

-- Which columns hold numbers, so that they stand on the right.
local function sides_of(block)
  local sides = {}
  for at, column in ipairs(block.columns) do
    local numbers, others = 0, 0
    for _, row in ipairs(block.rows) do
      if type(row[at]) == "number" then numbers = numbers + 1 elseif row[at] ~= nil then others = others + 1 end
    end
    sides[at] = (column.align or (numbers > 0 and others == 0 and "right" or "left")) == "right"
  end
  return sides
end

local function cell(value, right, first)
  local tag = first and 'th scope="row"' or "td"
  local close = first and "</th>" or "</td>"
  if value == nil then
    return ('<%s class="none%s"><span aria-label="none">·</span>%s'):format(tag, right and " number" or "", close)
  end
  local text = shown(value)
  local heights = type(value) == "string" and spark_of(text)
  if heights then return ("<%s>%s%s"):format(tag, svg.spark(heights), close) end
  local class = right and ' class="number"' or #text > 40 and ' class="cut"' or ""
  return ("<%s%s>%s%s"):format(tag, class, escape(text), close)
end

function draw.table(block)
  if #block.columns == 0 then return block.title and ("<p>" .. escape(block.title) .. "</p>\n") or "" end
  local sides = sides_of(block)
  local parts = { ('<div class="scroll" role="region" tabindex="0" aria-label="%s"><table>\n'):format(escape(block.title or "Table")) }
  if block.title then parts[#parts + 1] = "<caption>" .. escape(block.title) .. "</caption>\n" end
  parts[#parts + 1] = "<thead><tr>"
  for at, column in ipairs(block.columns) do
    parts[#parts + 1] = ('<th scope="col"%s>%s</th>'):format(sides[at] and ' class="number"' or "", escape(column.name))
  end
  parts[#parts + 1] = "</tr></thead>\n<tbody>\n"
  for index, row in ipairs(block.rows) do
    parts[#parts + 1] = index == block.line_after and index < #block.rows and '<tr class="line">' or "<tr>"
    for at = 1, #block.columns do parts[#parts + 1] = cell(row[at], sides[at], at == 1) end
    parts[#parts + 1] = "</tr>\n"
  end
  parts[#parts + 1] = "</tbody></table></div>\n"
  return table.concat(parts)
end

local words = { warn = "Look", error = "Wrong", note = "Note" }

function draw.alert(block)
  local level = words[block.level] and block.level or "warn"
  return ('<li class="%s"><span><b>%s</b>%s</span>%s</li>\n'):format(level, words[level], escape(block.text),
    block.step and ("<code>" .. escape(block.step) .. "</code>") or "")
end

function draw.chart(block, page)
  page.charts = page.charts + 1
  local title = block.title and ("<figcaption>" .. escape(block.title) .. "</figcaption>\n") or ""
  return "<figure>" .. title .. svg.chart(block, page.charts) .. "</figure>\n"
end

function draw.tree(block, page)
  page.charts = page.charts + 1
  local title = block.title and ("<figcaption>" .. escape(block.title) .. "</figcaption>\n") or ""
  return ('<figure>%s<div class="scroll" role="region" tabindex="0" aria-label="%s">%s</div></figure>\n'):format(title,
    escape(block.title or "Tree"), require("lathe.report.tree").svg(block, page.charts))
end

function draw.matrix(block, page)
  page.charts = page.charts + 1
  local title = block.title and ("<figcaption>" .. escape(block.title) .. "</figcaption>\n") or ""
  return "<figure>" .. title .. require("lathe.report.matrix").svg(block, page.charts) .. "</figure>\n"
end

-- Neighbours of these kinds stand in one element.
local groups = { alert = { '<ul class="alerts">\n', "</ul>\n" }, chart = { '<div class="charts">\n', "</div>\n" } }

-- A report as a page of HTML. `options`: language of the text ("en").
function html.render(report, options)
  local page, body, open = { headings = 0, charts = 0, links = {} }, {}, nil
  for _, block in ipairs(report.blocks) do
    if open and open ~= block.kind then
      body[#body + 1] = groups[open][2]
      open = nil
    end
    if groups[block.kind] and not open then
      open = block.kind
      body[#body + 1] = groups[open][1]
    end
    body[#body + 1] = draw[block.kind](block, page)
  end
  if open then body[#body + 1] = groups[open][2] end
  local title = escape(report.title)
  local nav = #page.links > 2 and ('<nav aria-label="Parts of this report"><ul>%s</ul></nav>\n'):format(table.concat(page.links)) or ""
  return table.concat {
    '<!DOCTYPE html>\n<html lang="', escape(options.language or "en"), '">\n<head>\n<meta charset="utf-8">\n',
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    "<title>", title, "</title>\n<style>\n", CSS, "</style>\n</head>\n<body>\n<main>\n<h1>", title, "</h1>\n", nav, table.concat(body),
    "<footer>Made by lathe ", require("lathe").version, "</footer>\n</main>\n</body>\n</html>\n",
  }
end

return html
