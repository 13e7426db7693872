-- A table's data-quality report: what each column holds, what looks wrong, and the step that mends it.
local ffi = require "ffi"
local core = require "lathe.core"
local style = require "lathe.style"

local C = core.C
local profile = {}

local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local QUANTILES = { "q01", "q05", "q25", "median", "q75", "q95", "q99" }
local is_number = { int64 = true, float64 = true }
local is_text = { string = true, category = true }

local scratch = ffi.new "char[32]"

local function text_at(pointer, row)
  local text = C.lathe_column_format(pointer, row, scratch)
  return ffi.string(text.data, text.size)
end

-- NaN is nothing.
local function known(x)
  if x == x then return x end
end

local function summary_of(table_, name, index, c)
  local pointer = C.lathe_table_column(table_:handle(), index)
  local s = {
    name = name, type = table_:type(name), rows = tonumber(c.rows), missing = tonumber(c.missing),
    distinct = tonumber(c.distinct), finite = tonumber(c.finite), min = known(c.min), max = known(c.max), mean = known(c.mean),
    sd = known(c.sd), skewness = known(c.skewness), at_min = tonumber(c.at_min), at_max = tonumber(c.at_max), top = {}, bins = {},
  }
  for at, quantile in ipairs(QUANTILES) do s[quantile] = known(c.quantiles[at - 1]) end
  if s.finite > 0 then
    for at = 1, C.LATHE_SUMMARY_BINS do s.bins[at] = tonumber(c.bins[at - 1]) end
  end
  for at = 1, c.top_count do
    s.top[at] = { value = text_at(pointer, c.top_rows[at - 1]), count = tonumber(c.top_counts[at - 1]) }
  end
  return s
end

-- What each column holds, in numbers: a list of { name, type, rows, missing, distinct, min, max, mean, sd, skewness, q01 ... median
-- ... q99, at_min, at_max, bins, top = { { value, count }, ... } }, in the order of the columns. Dates count in days, times in seconds.
function profile.summaries(table_)
  local names = table_:columns()
  local list = ffi.new("lathe_summary[?]", #names)
  core.try(C.lathe_table_summarize(table_:handle(), list, core.progress(), core.problem))
  local summaries = {}
  for index, name in ipairs(names) do summaries[index] = summary_of(table_, name, index - 1, list[index - 1]) end
  return summaries
end

-- ---- alerts ----

local function share(part, whole) return ("%.1f %%"):format(100 * part / whole) end

local function quoted(name) return ("%q"):format(name):gsub("\\\n", "\\n") end

local function columns_step(step, name) return ("%s { columns = { %s } }"):format(step, (quoted(name))) end

local function plural(count, noun) return style.count(count) .. " " .. noun .. (count == 1 and "" or "s") end

-- Each check takes a summary and gives level, text and step, or nothing. The first of `ending` that speaks is the last word on a column.
local ending = {
  function(s)
    if s.rows > 0 and s.missing == s.rows then
      return "error", "everything is missing", columns_step("clean.drop_columns", s.name)
    end
  end,
  function(s)
    if s.distinct == 1 and s.rows > 1 then
      local text = "constant: " .. style.cut(s.top[1].value, 30) .. (s.missing > 0 and " wherever it is not missing" or " in every row")
      return "warn", text, columns_step("clean.drop_columns", s.name)
    end
  end,
}

local checks = {
  function(s)
    if s.missing == 0 then return end
    local level = s.missing > 0.2 * s.rows and "warn" or "note"
    return level, ("%s missing (%s): impute it in training, or leave these rows out"):format(style.count(s.missing),
      share(s.missing, s.rows)), columns_step("clean.drop_missing", s.name)
  end,
  function(s)
    if s.type == "float64" or s.rows < 20 or s.missing > 0 or s.distinct < s.rows then return end
    if s.type == "int64" and s.max - s.min ~= s.rows - 1 then return end
    return "note", "a different value in every row, so it names rows and cannot predict", columns_step("clean.drop_columns", s.name)
  end,
  function(s)
    if not is_number[s.type] or s.distinct < 20 or s.at_max < 10 then return end
    local there = s.rows - s.missing
    if s.at_max < 0.01 * there or s.at_max < 3 * there / s.distinct or s.max == s.median then return end
    local cap = ("%.17g"):format(s.max)
    return "warn", ("capped: %s (%s) share the largest value, %s"):format(plural(s.at_max, "row"), share(s.at_max, there),
      style.number(s.max)), ("clean.keep_range { column = %s, below = %s }"):format((quoted(s.name)), cap)
  end,
  function(s)
    if not is_number[s.type] or s.distinct < 20 or not s.skewness or math.abs(s.skewness) < 3 then return end
    local side = s.skewness > 0 and ("high = %.6g"):format(s.q99) or ("low = %.6g"):format(s.q01)
    return "note", ("strongly skewed (%.1f): a few values far %s"):format(s.skewness, s.skewness > 0 and "above" or "below"),
      ("clean.clip { column = %s, %s }"):format((quoted(s.name)), side)
  end,
  function(s)
    local odd = s.rows - s.missing - s.finite
    if s.type ~= "float64" or odd == 0 then return end
    return "warn", plural(odd, "value") .. " infinite or not a number", ("clean.keep_range { column = %s }"):format((quoted(s.name)))
  end,
  function(s)
    if s.type ~= "category" or s.distinct <= 100 then return end
    return "note", style.count(s.distinct) .. " categories: encoding makes a feature of each", columns_step("clean.drop_columns", s.name)
  end,
}

local function column_alerts(s)
  local alerts = {}
  local function try(check)
    local level, text, step = check(s)
    if level then alerts[#alerts + 1] = { level = level, text = s.name .. ": " .. text, step = step } end
    return level
  end
  for _, check in ipairs(ending) do
    if try(check) then return alerts end
  end
  for _, check in ipairs(checks) do try(check) end
  return alerts
end

-- ---- the report ----

local function sparkline(bins)
  local most = 0
  for _, count in ipairs(bins) do most = math.max(most, count) end
  local cells = {}
  for at = 1, #bins, 2 do
    local count = math.max(bins[at], bins[at + 1] or 0)
    cells[#cells + 1] = count == 0 and " " or BLOCKS[math.max(1, math.ceil(8 * count / most))]
  end
  return table.concat(cells)
end

local function day(s, x)
  if not x then return nil end
  local size
  if s.type == "date" then
    size = C.lathe_text_from_date(math.floor(x), scratch)
  else
    size = C.lathe_text_from_timestamp(math.floor(x * 1e6 + 0.5), scratch)
  end
  return ffi.string(scratch, size)
end

local function number_tables(report, summaries)
  local places, moments = {}, {}
  for _, s in ipairs(summaries) do
    if is_number[s.type] then
      places[#places + 1] = { s.name, sparkline(s.bins), s.min, s.median, s.max }
      moments[#moments + 1] = { s.name, s.distinct, s.mean, s.sd, s.skewness }
    end
  end
  if #places == 0 then return end
  report:heading "Numbers"
  report:table { columns = { "column", { name = "shape", align = "left" }, "min", "median", "max" }, rows = places }
  report:table { columns = { "column", "distinct", "mean", "sd", "skewness" }, rows = moments }
end

local function top_text(s)
  local parts = {}
  for at = 1, math.min(3, #s.top) do
    parts[at] = ("%s (%s)"):format(style.cut(s.top[at].value:gsub("%c", " "), 20), style.count(s.top[at].count))
  end
  if #s.top > 3 or s.distinct > #s.top then parts[#parts + 1] = "…" end
  return table.concat(parts, ", ")
end

local function other_tables(report, summaries)
  local texts, times = {}, {}
  for _, s in ipairs(summaries) do
    local missing = s.missing > 0 and s.missing or nil
    if is_text[s.type] or s.type == "bool" then
      texts[#texts + 1] = { s.name, s.type, missing, s.distinct, top_text(s) }
    elseif not is_number[s.type] then
      times[#times + 1] = { s.name, s.type, missing, s.distinct, day(s, s.min), day(s, s.max) }
    end
  end
  if #texts > 0 then
    report:heading "Text and truth"
    report:table { columns = { "column", "type", "missing", "distinct", { name = "most frequent", align = "left" } }, rows = texts }
  end
  if #times > 0 then
    report:heading "Times"
    report:table { columns = { "column", "type", "missing", "distinct", "first", "last" }, rows = times }
  end
end

-- A chart of one column: a histogram of numbers, bars of the most frequent texts.
local function chart(report, s)
  if is_number[s.type] and s.finite > 0 and s.max > s.min then
    local edges, width = {}, (s.max - s.min) / #s.bins
    for at = 0, #s.bins do edges[at + 1] = s.min + at * width end
    edges[#edges] = s.max
    report:chart { kind = "histogram", title = s.name, values = s.bins, edges = edges }
  elseif #s.top > 0 and s.distinct <= 50 then
    local labels, values = {}, {}
    for at, top in ipairs(s.top) do labels[at], values[at] = style.cut(top.value, 24), top.count end
    report:chart { kind = "bars", title = s.name, labels = labels, values = values }
  end
end

-- The report of a table. `options`: title; charts = true for a chart of every column, or a list of columns.
-- `report.summaries` has the numbers behind it.
function profile.report(table_, options)
  options = options or {}
  local summaries = profile.summaries(table_)
  local rows, duplicates, missing, alerts = table_:rows(), table_:duplicates(), 0, {}
  for _, s in ipairs(summaries) do
    missing = missing + s.missing
    for _, alert in ipairs(column_alerts(s)) do alerts[#alerts + 1] = alert end
  end
  if duplicates > 0 then
    local verb = duplicates == 1 and "repeats" or "repeat"
    local text = ("%s (%s) %s an earlier one"):format(plural(duplicates, "row"), share(duplicates, rows), verb)
    alerts[#alerts + 1] = { level = "warn", text = text, step = "clean.drop_duplicates {}" }
  end
  local report = require("lathe.report").new(options.title or "Profile")
  report:values {
    { "rows", rows }, { "columns", #summaries },
    { "missing cells", missing, rows > 0 and missing > 0 and share(missing, rows * #summaries) or nil },
    { "duplicate rows", duplicates }, { "memory", style.bytes(table_:bytes()) },
  }
  if #alerts > 0 then
    local order = { error = 1, warn = 2, note = 3 }
    report:heading "To look at"
    for level = 1, 3 do
      for _, alert in ipairs(alerts) do
        if order[alert.level] == level then report:alert(alert) end
      end
    end
  end
  number_tables(report, summaries)
  other_tables(report, summaries)
  if options.charts then
    local wanted = {}
    for _, name in ipairs(type(options.charts) == "table" and options.charts or {}) do
      table_:type(name)
      wanted[name] = true
    end
    for _, s in ipairs(summaries) do
      if options.charts == true or wanted[s.name] then chart(report, s) end
    end
  end
  report.summaries = summaries
  return report
end

return profile
