-- A table's data-quality report: what each column holds, what looks wrong, and the step that mends it.
local ffi = require "ffi"
local core = require "lathe.core"
local personal = require "lathe.personal"
local style = require "lathe.style"

local C = core.C
local profile = {}

local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }
local QUANTILES = { "q01", "q05", "q25", "median", "q75", "q95", "q99" }
local is_number = { int64 = true, float64 = true }
local is_text = { string = true, category = true }
local is_time = { date = true, timestamp = true }

local scratch = ffi.new "char[32]"

-- No more of a text than a report shows.
local function shown(text) return ffi.string(text.data, math.min(tonumber(text.size), 4096)) end

local function text_at(pointer, row) return shown(C.lathe_column_format(pointer, row, scratch)) end

-- NaN is nothing.
local function known(x)
  if x == x then return x end
end

-- `text_of(index)` is the text of the most frequent value number `index`, from 0; `row_text(row)` that of a row. `whose` says what the
-- column looks like when it is personal: then its values are shown by their form. A function of the summary, or words.
local function summary_of(name, kind, c, text_of, row_text, whose)
  local s = {
    name = name, type = kind, rows = tonumber(c.rows), missing = tonumber(c.missing),
    distinct = tonumber(c.distinct), finite = tonumber(c.finite), min = known(c.min), max = known(c.max), mean = known(c.mean),
    sd = known(c.sd), skewness = known(c.skewness), at_min = tonumber(c.at_min), at_max = tonumber(c.at_max), top = {}, bins = {},
    nans = tonumber(c.nans), infinite = tonumber(c.infinite), zeros = tonumber(c.zeros), negative = tonumber(c.negative),
    distinct_error = c.distinct_error, rank_error = c.rank_error, top_error = tonumber(c.top_error),
    padded = tonumber(c.padded), numbers = tonumber(c.numbers), with_units = tonumber(c.with_units), variants = tonumber(c.variants),
  }
  if is_text[kind] and s.rows > s.missing then s.shortest, s.longest = tonumber(c.shortest), tonumber(c.longest) end
  for at, quantile in ipairs(QUANTILES) do s[quantile] = known(c.quantiles[at - 1]) end
  if s.finite > 0 then
    for at = 1, C.LATHE_SUMMARY_BINS do s.bins[at] = tonumber(c.bins[at - 1]) end
  end
  if type(whose) == "function" then s.personal = whose(s) else s.personal = whose end
  for at = 1, c.top_count do
    local count = tonumber(c.top_counts[at - 1])
    if count > s.top_error then s.top[#s.top + 1] = { value = personal.shown(text_of(at - 1), name, s.personal), count = count } end
  end
  if s.variants > 0 and row_text then
    s.variant_pair = {}
    for at = 1, 2 do s.variant_pair[at] = personal.shown(row_text(c.variant_rows[at - 1]), name, s.personal) end
  end
  return s
end

-- What each column holds, in numbers: a list of { name, type, rows, missing, distinct, min, max, mean, sd, skewness, q01 ... median ...
-- q99, at_min, at_max, bins, nans, infinite, zeros, negative, padded, numbers, with_units, variants, shortest, longest, top = { {
-- value, count }, ... }, personal }, in the order of the columns. Dates count in days, times in seconds. distinct_error, rank_error and
-- top_error are 0 here.
function profile.summaries(table_)
  local names = table_:columns()
  local list = ffi.new("lathe_summary[?]", #names)
  core.try(C.lathe_table_summarize(table_:handle(), list, core.progress(), core.problem))
  local summaries = {}
  for index, name in ipairs(names) do
    local pointer, c = C.lathe_table_column(table_:handle(), index - 1), list[index - 1]
    local function row_text(row) return text_at(pointer, row) end
    summaries[index] = summary_of(name, table_:type(name), c, function(at) return row_text(c.top_rows[at]) end, row_text,
      personal.kind(pointer, name))
  end
  return summaries
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
  local places, moments, spread = {}, {}, {}
  for _, s in ipairs(summaries) do
    if is_number[s.type] and (s.distinct > 0 or s.rows == 0) then -- an alert tells of those without a value
      local missing = s.missing > 0 and s.missing or nil
      if s.personal then -- the least card number is one, and so is the median
        places[#places + 1] = { s.name, s.type, s.personal }
        moments[#moments + 1] = { s.name, missing, s.distinct }
      else
        places[#places + 1] = { s.name, s.type, sparkline(s.bins), s.min, s.median, s.max }
        moments[#moments + 1] = { s.name, missing, s.distinct, s.mean, s.sd, s.skewness }
        spread[#spread + 1] = { s.name, s.q01, s.q05, s.q25, s.q75, s.q95, s.q99 }
      end
    end
  end
  if #places == 0 then return end
  report:heading "Numbers"
  report:table { columns = { "column", "type", { name = "shape", align = "left" }, "min", "median", "max" }, rows = places }
  report:table { columns = { "column", "missing", "distinct", "mean", "sd", "skewness" }, rows = moments }
  if #spread > 0 then report:table { columns = { "column", "1 %", "5 %", "25 %", "75 %", "95 %", "99 %" }, rows = spread } end
end

local function top_text(s)
  if s.top[1] and s.top[1].count == 1 and s.top_error == 0 then return "each once" end
  local parts = {}
  for at = 1, math.min(3, #s.top) do -- the count first: a narrow screen cuts the end
    parts[at] = ("%s × %s"):format(style.count(s.top[at].count), style.cut(s.top[at].value:gsub("%c", " "), 20))
  end
  if #s.top > 3 or s.distinct > #s.top then parts[#parts + 1] = "…" end
  return table.concat(parts, ", ")
end

local function other_tables(report, summaries)
  local texts, times, places = {}, {}, {}
  for _, s in ipairs(summaries) do
    local missing = s.missing > 0 and s.missing or nil
    if is_text[s.type] or s.type == "bool" then
      texts[#texts + 1] = { s.name, s.type, missing, s.distinct, top_text(s) }
    elseif not is_number[s.type] then
      times[#times + 1] = { s.name, s.type, sparkline(s.bins), missing, s.distinct }
      places[#places + 1] = { s.name, day(s, s.min), day(s, s.median), day(s, s.max) }
    end
  end
  if #texts > 0 then
    report:heading "Text and truth"
    report:table { columns = { "column", "type", { name = "missing", align = "right" }, "distinct",
      { name = "most frequent", align = "left" } }, rows = texts }
  end
  if #times > 0 then
    report:heading "Times"
    report:table { columns = { "column", "type", { name = "shape", align = "left" }, { name = "missing", align = "right" }, "distinct" },
      rows = times }
    report:table { columns = { "column", "first", "median", "last" }, rows = places }
  end
end

-- The most frequent values; numbers in their order.
local function bars_of(s, number)
  local list, labels, values = {}, {}, {}
  for at, top in ipairs(s.top) do list[at] = top end
  if number then table.sort(list, function(a, b) return tonumber(a.value) < tonumber(b.value) end) end
  for at, top in ipairs(list) do labels[at], values[at] = style.cut(top.value, 24), top.count end
  return { kind = "bars", title = s.name, labels = labels, values = values }
end

-- A chart of one column: a histogram of numbers and times, bars of numbers with few values and of the most frequent texts.
local function chart(report, s)
  local number = is_number[s.type]
  if number and s.personal then return end
  if number and s.distinct > 0 and s.distinct == #s.top and s.finite == s.rows - s.missing then
    report:chart(bars_of(s, true))
  elseif (number or is_time[s.type]) and s.finite > 0 and s.max > s.min then
    local edges, labels, width = {}, not number and {} or nil, (s.max - s.min) / #s.bins
    for at = 0, #s.bins do
      edges[at + 1] = at == #s.bins and s.max or s.min + at * width
      if labels then labels[at + 1] = day(s, edges[at + 1]):sub(1, 16) end
    end
    report:chart { kind = "histogram", title = s.name, values = s.bins, edges = edges, labels = labels }
  elseif #s.top > 0 and s.distinct <= 50 then
    report:chart(bars_of(s))
  end
end

-- ---- how columns go together ----

local WIDE = 1000 -- columns of which all pairs are compared; of more there are millions of pairs, which nobody reads
local WORK = 1e8 -- rows times pairs that a report looks at; beyond that a part of the rows

local function sampled(matrix, rows)
  return matrix.rows < rows and ("; from %s of %s rows"):format(style.count(matrix.rows), style.count(rows)) or ""
end

local function pair_table(report, title, list, count)
  local rows = {}
  for at = 1, math.min(count, #list) do rows[at] = { list[at][1], list[at][2], tonumber(("%.3f"):format(list[at][3])) } end
  report:table { title = title, columns = { "column", { name = "and", align = "left" }, "association" }, rows = rows }
end

local SQUARE = 12 -- names in a square that a screen holds

-- A square of the columns that go together with others the most, in their order; nothing when it would not show more than the list of
-- pairs below it.
local function square(report, matrix, list)
  local strength, place, names = {}, {}, {}
  for at, name in ipairs(matrix.names) do place[name] = at end
  for _, pair in ipairs(list) do
    for side = 1, 2 do strength[pair[side]] = strength[pair[side]] or math.abs(pair[3] or 0) end -- the strongest stand first
  end
  for at, name in ipairs(matrix.names) do
    if (strength[name] or 0) >= 0.3 then names[#names + 1] = { name, strength[name], at } end
  end
  if #names < 3 then return end
  table.sort(names, function(a, b) return a[2] > b[2] or (a[2] == b[2] and a[3] < b[3]) end)
  local chosen = {}
  for at = 1, math.min(SQUARE, #names) do chosen[at] = names[at][1] end
  table.sort(chosen, function(a, b) return place[a] < place[b] end)
  local rows = {}
  for i, one in ipairs(chosen) do
    rows[i] = {}
    for j, other in ipairs(chosen) do rows[i][j] = matrix.values[place[one]][place[other]] end
  end
  report:matrix { names = chosen, rows = rows }
end

local function associations(report, table_, summaries, same)
  local association, alert = require "lathe.association", require "lathe.alert"
  local names = {}
  for _, s in ipairs(summaries) do
    local useful = s.distinct > 1 and s.type ~= "string" and not (s.type == "category" and s.distinct > 1000)
    if useful and not same[s.name] then names[#names + 1] = s.name end
  end
  if #names < 2 then return {} end
  if #names > WIDE then
    return {}, function()
      report:heading "Together"
      report:text(("The pairs of %s columns are not compared. t:correlate { columns = { ... } } compares those that you name, and a "
        .. "target all with one."):format(style.count(#names)))
    end
  end
  local matrix = association.matrix(table_, names, { method = "mixed", work = WORK })
  local list = association.list(matrix)
  local strong = {}
  for _, pair in ipairs(list) do
    if pair[3] and math.abs(pair[3]) >= 0.5 then strong[#strong + 1] = pair end
  end
  local function show()
    if #strong == 0 then return end
    report:heading "Together"
    square(report, matrix, list)
    pair_table(report, nil, strong, 10)
    local more = #strong > 10 and ("; %d more pairs at 0.5 or above"):format(#strong - 10) or ""
    report:text("Numbers: Pearson's correlation. Categories: Cramer's V, corrected for bias. One of each: the correlation ratio"
      .. sampled(matrix, table_:rows()) .. more .. ".")
  end
  return alert.pairs(list, summaries, same), show
end

local function target_section(report, table_, summaries, target)
  local association = require "lathe.association"
  local about
  for _, s in ipairs(summaries) do
    if s.name == target then about = s end
  end
  report:heading("Target: " .. target)
  if about.type == "string" then
    report:text "The target is free text; associations with it are not measured. Cast it to a category or a number first."
    return
  end
  local names = {}
  for _, s in ipairs(summaries) do
    if s.type ~= "string" and s.distinct > 1 or s.name == target then names[#names + 1] = s.name end
  end
  local matrix = association.matrix(table_, names, { method = "mixed", against = target, work = WORK })
  local rows = {}
  for _, pair in ipairs(association.list(matrix, target)) do
    if pair[3] then rows[#rows + 1] = { pair[2], tonumber(("%.3f"):format(pair[3])), pair[4] } end
  end
  if about.type == "category" or about.type == "bool" then
    local labels, values = {}, {}
    for at, top in ipairs(about.top) do labels[at], values[at] = style.cut(top.value, 24), top.count end
    report:chart { kind = "bars", title = "classes", labels = labels, values = values }
  end
  report:table { columns = { "column", "association", "rows" }, rows = rows }
  report:text("Numbers with a number: Pearson's correlation. Categories with a category: Cramer's V, corrected for bias. One of each: the "
    .. "correlation ratio" .. sampled(matrix, table_:rows()) .. ".")
end

local function missing_section(report, table_, summaries)
  local names = {}
  for _, s in ipairs(summaries) do
    if s.missing > 0 and s.missing < s.rows then names[#names + 1] = s.name end
  end
  if #names < 2 then return end
  local list, total = require("lathe.association").patterns(table_, names, 6)
  local rows, complete = {}, 0
  for _, pattern in ipairs(list) do
    if #pattern.columns == 0 then complete = pattern.rows end
    local words = #pattern.columns == 0 and "nothing" or table.concat(pattern.columns, ", ")
    rows[#rows + 1] = { style.cut(words, 60), pattern.rows, style.share(pattern.rows, table_:rows()) }
  end
  report:heading "Missing together"
  report:table { columns = { "missing", "rows", { name = "share", align = "right" } }, rows = rows }
  if total > #list then report:text(("%s patterns in all."):format(style.count(total))) end
  report.complete_rows = complete
end

-- ---- reports ----

-- The summaries that go with a report: of personal numbers without those that are somebody's.
local function discreet(summaries)
  local list = {}
  for at, s in ipairs(summaries) do
    list[at] = s
    if s.personal and is_number[s.type] then
      list[at] = {}
      for name, value in pairs(s) do list[at][name] = value end
      for _, name in ipairs { "min", "max", "mean", "sd", "skewness", unpack(QUANTILES) } do list[at][name] = nil end
    end
  end
  return list
end

local levels = { error = 1, warn = 2, note = 3 }

local function show_alerts(report, alerts)
  if #alerts == 0 then return end
  report:heading "To look at"
  for level = 1, 3 do
    for _, item in ipairs(alerts) do
      if levels[item.level] == level then report:alert(item) end
    end
  end
end

local function column_alerts(summaries)
  local alert, alerts = require "lathe.alert", {}
  for _, s in ipairs(summaries) do
    for _, item in ipairs(alert.column(s)) do alerts[#alerts + 1] = item end
  end
  return alerts
end

local function charts(report, summaries, wanted)
  report:heading "Shapes"
  for _, s in ipairs(summaries) do
    if wanted == true or wanted[s.name] then chart(report, s) end
  end
end

-- A column whose values all differ makes all rows differ.
local function count_duplicates(table_, summaries)
  for _, s in ipairs(summaries) do
    if s.distinct + (s.missing > 0 and 1 or 0) == s.rows and s.missing <= 1 then return 0 end
  end
  return table_:duplicates()
end

local takes = { title = core.open, charts = core.open, target = core.open }
core.takes.profile = takes

-- The report of a table. `options`: title; charts = true for a chart of every column, or a list of columns; target = a column, whose
-- association with each of the others is shown. `report.summaries` has the numbers behind it.
function profile.report(table_, options)
  if core.is_beside(options) then options = nil end -- of lathe.profile.report(lathe.read(path))
  options = core.options(options, "profile")
  local wanted = options.charts == true
  if options.charts and not wanted then
    wanted = {}
    for _, name in ipairs(table_:names(options.charts, "profile: charts")) do wanted[name] = true end
  end
  if options.target then table_:index_of(options.target) end
  local alert = require "lathe.alert"
  local summaries = profile.summaries(table_)
  local rows, missing = table_:rows(), 0
  local duplicates = count_duplicates(table_, summaries)
  for _, s in ipairs(summaries) do missing = missing + s.missing end
  local alerts = column_alerts(summaries)
  local twins, same = alert.twins(table_, summaries)
  for _, item in ipairs(twins) do alerts[#alerts + 1] = item end
  if duplicates > 0 then
    local verb = duplicates == 1 and "repeats" or "repeat"
    local text = ("%s (%s) %s an earlier one"):format(alert.plural(duplicates, "row"), style.share(duplicates, rows), verb)
    alerts[#alerts + 1] = { level = "warn", text = text, step = "clean.drop_duplicates {}" }
  end
  local report = require("lathe.report").new(options.title or "Profile")
  local together, show_together = associations(report, table_, summaries, same)
  for _, item in ipairs(together) do alerts[#alerts + 1] = item end
  report:values {
    { "rows", rows }, { "columns", #summaries },
    { "missing cells", missing, rows > 0 and missing > 0 and style.share(missing, rows * #summaries) or nil },
    { "duplicate rows", duplicates }, { "memory", style.bytes(table_:bytes()) },
  }
  show_alerts(report, alerts)
  if options.target then target_section(report, table_, summaries, options.target) end
  number_tables(report, summaries)
  other_tables(report, summaries)
  missing_section(report, table_, summaries)
  if show_together then show_together() end
  if wanted then charts(report, summaries, wanted) end
  report.summaries = discreet(summaries)
  return report
end

-- ---- a file within a cap ----

-- Bytes from a number or from a text such as "500MB", "1.5 GB" or "256MiB".
function profile.bytes(size)
  if type(size) == "number" and size > 0 then return size end
  local bytes = ffi.new "int64_t[1]"
  if not C.lathe_text_to_size(tostring(size), #tostring(size), bytes) then
    core.fail("memory is a size such as \"500MB\" or \"2GB\", not %q", tostring(size))
  end
  return tonumber(bytes[0])
end

local function stream_summaries(stream)
  local summaries = {}
  for at = 0, C.lathe_stream_columns(stream) - 1 do
    local function text_of(index) return shown(C.lathe_stream_top(stream, at, index, scratch)) end
    local kind = ffi.string(C.lathe_type_name(C.lathe_stream_type(stream, at)))
    local c = C.lathe_stream_summary(stream, at)[0]
    summaries[at + 1] = summary_of(ffi.string(C.lathe_stream_name(stream, at)), kind, c, text_of, nil, function(s)
      local texts = {}
      for index = 1, is_text[kind] and c.top_count or 0 do texts[index] = text_of(index - 1) end
      return personal.of_summary(s, texts)
    end)
  end
  return summaries
end

local function approximate_text(summaries)
  local rank, distinct, top = 0, 0, 0
  for _, s in ipairs(summaries) do
    rank, distinct, top = math.max(rank, s.rank_error), math.max(distinct, s.distinct_error), math.max(top, s.top_error)
  end
  if distinct == 0 and rank == 0 then return "All figures are exact. Duplicate rows and associations are not looked for." end
  return ("Exact: rows, missing, min, max, mean, sd, skewness, and all figures of columns with few different values. Approximate, for the "
    .. "others: distinct (standard error %.1f %%), quantiles and shapes (off by %.2g %% of the rows at most), the most frequent values "
    .. "(counts may be up to %s too small). Duplicate rows and associations are not looked for."):format(100 * distinct, 100 * rank,
    style.count(top))
end

-- Whether all of a file is surely read within so many bytes, and its size; what is packed may become ten times as large.
local function fits(path, memory)
  local state = ffi.new "lathe_path_state"
  if type(path) ~= "string" then core.fail "within a memory cap one file is read; name it" end
  local there = C.lathe_path_look(path, state)
  if there == C.LATHE_PATH_OTHER or path == "-" or (there == C.LATHE_PATH_NONE and path:find "[:*?%[]") then
    core.fail("%s: within a memory cap a file on the disk is read; save it to one, or leave out memory", path)
  end
  local size = tonumber(state.size)
  if there ~= C.LATHE_PATH_FILE then return true end -- then reading says what is wrong
  return size * 4 * (require("lathe.read").packing(path) and 10 or 1) <= memory, size
end

-- The report of a file. `options`: those of lathe.read, title, charts, target, and memory = a size such as "500MB": a CSV file that
-- would take more is read in pieces within that cap, and the report says which of its figures are approximate and by how much.
function profile.file(path, options)
  options = options or {}
  local read, own = {}, { title = type(path) == "string" and path:match "[^/]+$" or nil }
  for name, value in pairs(options) do
    if takes[name] then own[name] = value elseif name ~= "memory" then read[name] = value end
  end
  local reader = require "lathe.read"
  local memory = options.memory and profile.bytes(options.memory)
  local whole, size = true, nil
  if memory then whole, size = fits(path, memory) end
  if whole then return profile.report(reader.read(path, read), own) end
  if own.target then core.fail "the associations with a target need the whole table in memory; leave out target, or memory" end
  local c_options, detail, keep = reader.plain_csv(path, read)
  local stream = C.lathe_stream_csv(path, detail.encoding, c_options, memory, core.progress(), core.problem)
  keep[1] = stream -- until here what the options point at is held
  ffi.gc(core.try(stream), C.lathe_stream_free)
  local summaries = stream_summaries(stream)
  local rejected, pieces = tonumber(C.lathe_stream_rejected(stream)), tonumber(C.lathe_stream_pieces(stream))
  local beyond = tonumber(C.lathe_stream_beyond(stream))
  C.lathe_stream_free(ffi.gc(stream, nil))
  local rows, missing = summaries[1] and summaries[1].rows or 0, 0
  for _, s in ipairs(summaries) do missing = missing + s.missing end
  local report = require("lathe.report").new(own.title or "Profile")
  local values = {
    { "rows", rows, rejected > 0 and style.count(rejected) .. " more could not be read" or nil }, { "columns", #summaries },
    { "missing cells", missing, rows > 0 and missing > 0 and style.share(missing, rows * #summaries) or nil },
    { "file", style.bytes(size), pieces > 1 and ("read in %d pieces"):format(pieces) or nil },
  }
  if beyond > 0 then values[#values + 1] = { "longest row", style.bytes(beyond), "more than the memory given holds" } end
  if detail.encoding then values[#values + 1] = { "encoding", detail.encoding } end
  if detail.word then values[#values + 1] = { "written", detail.word } end
  report:values(values)
  show_alerts(report, column_alerts(summaries))
  number_tables(report, summaries)
  other_tables(report, summaries)
  report:heading "How exact"
  report:text(approximate_text(summaries))
  if own.charts then
    local wanted = own.charts == true
    if not wanted then
      wanted = {}
      for _, name in ipairs(own.charts) do wanted[name] = true end
    end
    charts(report, summaries, wanted)
  end
  report.summaries = discreet(summaries)
  return report
end

return profile
