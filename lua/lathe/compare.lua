-- Two tables held against each other: their schemas, their distributions, their rows. The answer is a report.
local ffi = require "ffi"
local core = require "lathe.core"
local style = require "lathe.style"
local tables = require "lathe.table"
local personal = require "lathe.personal"
local column = require "lathe.column"

local C = core.C
local compare = {}

core.takes["lathe.compare"] = { key = core.open, columns = core.open, names = core.open, examples = 3, title = core.open }

local LARGE, MODERATE = 0.25, 0.1 -- usual limits of the population stability index

local function checked(a, b, options)
  for index, t in ipairs { a or false, b or false } do
    if not tables.is(t) then
      core.fail("lathe.compare takes two tables (or { table =, models = }); argument %d is a %s", index, type(t or nil))
    end
  end
  local names = options.names or { "left", "right" }
  if type(names) ~= "table" or type(names[1]) ~= "string" or type(names[2]) ~= "string" then
    core.fail "lathe.compare: names are two texts, such as { \"last year\", \"this year\" }"
  end
  return names
end

-- ---- schema ----

local function schema_of(a, b, wanted)
  local found = { both = {}, left = {}, right = {}, types = {} }
  for _, name in ipairs(wanted or a:columns()) do
    if wanted then a:index_of(name) b:index_of(name) end
    if not b:has(name) then
      found.left[#found.left + 1] = name
    else
      found.both[#found.both + 1] = name
      if a:type(name) ~= b:type(name) then found.types[#found.types + 1] = { name, a:type(name), b:type(name) } end
    end
  end
  for _, name in ipairs(wanted and {} or b:columns()) do
    if not a:has(name) then found.right[#found.right + 1] = name end
  end
  return found
end

-- ---- rows ----

local function pairs_of(a, b, key)
  local left, count = a:indices_of(key, "lathe.compare")
  local right = b:indices_of(key, "lathe.compare")
  local made = core.try(C.lathe_pairs_new(a:handle(), b:handle(), left, right, count, core.progress(), core.problem))
  return ffi.gc(made, C.lathe_pairs_free)
end

local size = ffi.new "int64_t[1]"

local function list_of(made, which)
  local rows = C.lathe_pairs_rows(made, which, size)
  return rows, tonumber(size[0])
end

local function pointer_of(t, name) return C.lathe_table_column(t:handle(), t:index_of(name)) end

-- What columns of tables look like, in words, false for nobody's: looked at once.
local kinds = setmetatable({}, { __mode = "k" })

local function kind_of(t, name)
  kinds[t] = kinds[t] or {}
  if kinds[t][name] == nil then kinds[t][name] = personal.kind(pointer_of(t, name), name) or false end
  return kinds[t][name] or nil
end

local function text_of(t, name, row)
  local value = column.of(pointer_of(t, name), name)
  if value:present(row) then return personal.shown((value:text(row, 4096):gsub("%c", " ")), name, kind_of(t, name)) end
end

local function shown(t, name, row)
  local text = text_of(t, name, row)
  return text and style.cut(text, 40)
end

-- Two texts cut to where they begin to differ.
local function where_they_differ(left, right)
  local same = 0
  while left and right and same < #left and left:byte(same + 1) == right:byte(same + 1) do same = same + 1 end
  if same > 24 then
    local from = same - 12
    while from < same and left:find("^[\128-\191]", from) do from = from + 1 end
    left, right = "…" .. left:sub(from), "…" .. right:sub(from)
  end
  return left and style.cut(left, 40), right and style.cut(right, 40)
end

-- What changed in each common column: { column, changed, appeared, vanished, examples = { { row, left, right }, ... } }.
local function changes_of(a, b, made, names, is_key, key, most)
  local left = list_of(made, C.LATHE_PAIRS_LEFT)
  local right = list_of(made, C.LATHE_PAIRS_RIGHT)
  local c, found = ffi.new "lathe_changes", {}
  for _, name in ipairs(names) do
    if not is_key[name] then
      core.try(C.lathe_pairs_compare(made, pointer_of(a, name), pointer_of(b, name), c, core.progress(), core.problem))
      local change = { column = name, changed = tonumber(c.changed), appeared = tonumber(c.appeared), vanished = tonumber(c.vanished),
        examples = {} }
      for at = 1, math.min(most, c.first_count) do
        local one, two = tonumber(left[c.first[at - 1]]) + 1, tonumber(right[c.first[at - 1]]) + 1
        local label = {}
        for index, part in ipairs(key) do label[index] = shown(a, part, one) or "·" end
        local was, is = where_they_differ(text_of(a, name, one), text_of(b, name, two))
        change.examples[at] = { row = one, other = two, left = was, right = is,
          key = #key > 0 and table.concat(label, ", ") or style.count(one) }
      end
      found[#found + 1] = change
    end
  end
  return found
end

-- ---- distributions ----

local function known(x)
  if x == x then return x end
end

local function texts_at(t, name, rows, count)
  local list = {}
  for at = 1, count do list[at] = shown(t, name, tonumber(rows[at - 1]) + 1) end
  return list
end

local scratch = ffi.new "char[32]"

local function day_text(x) return ffi.string(scratch, C.lathe_text_from_date(x, scratch)) end
local function time_text(x) return ffi.string(scratch, C.lathe_text_from_timestamp(math.floor(x * 1e6), scratch)):sub(1, 19) end

-- What says the values of a bin in words: whole ones and days from the first to the last, others from end to end.
local function range_words(one, two)
  local whole = one == two and (one == "int64" or one == "date")
  local words = one == two and (one == "date" and day_text or one == "timestamp" and time_text) or style.number
  return function(low, high, last)
    if whole and not last and high - low < 2 ^ 53 then high = high - 1 end
    return low >= high and words(low) or words(low) .. " to " .. words(high)
  end
end

local function drift_of(a, b, name)
  local c = ffi.new "lathe_drift"
  core.try(C.lathe_column_drift(pointer_of(a, name), pointer_of(b, name), c, core.progress(), core.problem))
  local drift = {
    column = name, numbers = c.numbers, psi = known(c.psi), ks = known(c.ks), bins = c.bins, left = {}, right = {}, labels = {},
    missing = { tonumber(c.missing[0]), tonumber(c.missing[1]) }, rows = { tonumber(c.rows[0]), tonumber(c.rows[1]) },
    new = tonumber(c.fresh), vanished = tonumber(c.gone), new_rows = tonumber(c.fresh_rows), vanished_rows = tonumber(c.gone_rows),
    new_values = texts_at(b, name, c.fresh_first, c.fresh_count), vanished_values = texts_at(a, name, c.gone_first, c.gone_count),
  }
  if c.numbers then drift.edges = {} end
  local top = texts_at(a, name, c.top, c.numbers and 0 or math.min(c.bins, C.LATHE_DRIFT_BINS - 1))
  for bin = 1, c.bins do
    drift.left[bin], drift.right[bin] = tonumber(c.counts[0][bin - 1]), tonumber(c.counts[1][bin - 1])
    if c.numbers then drift.edges[bin] = c.edges[bin - 1] end
  end
  if c.numbers and c.bins > 0 then drift.edges[c.bins + 1] = c.edges[c.bins] end
  local range = c.numbers and range_words(a:type(name), b:type(name))
  if range and kind_of(a, name) then range = function() return "·" end end
  for bin = 1, c.bins do
    if range then
      drift.labels[bin] = range(drift.edges[bin], drift.edges[bin + 1], bin == c.bins)
    else
      drift.labels[bin] = bin <= #top and drift.left[bin] > 0 and top[bin] or "others"
    end
  end
  return drift
end

local plain = { string = true, category = true, bool = true }

local function drifts_of(a, b, names, is_key)
  local found = {}
  for _, name in ipairs(names) do
    if not is_key[name] and (plain[a:type(name)] or false) == (plain[b:type(name)] or false) then
      found[#found + 1] = drift_of(a, b, name)
    end
  end
  return found
end

-- ---- the report ----

local function share(part, whole) return whole > 0 and style.share(part, whole) or nil end

local function schema_blocks(report, schema, names)
  if #schema.left + #schema.right + #schema.types == 0 then return end
  report:heading "Columns"
  local rows = {}
  for _, name in ipairs(schema.left) do rows[#rows + 1] = { name, "only in " .. names[1] } end
  for _, name in ipairs(schema.right) do rows[#rows + 1] = { name, "only in " .. names[2] } end
  for _, item in ipairs(schema.types) do
    rows[#rows + 1] = { item[1], ("%s in %s, %s in %s"):format(item[2], names[1], item[3], names[2]) }
  end
  report:table { columns = { "column", "difference" }, rows = rows }
end

local function change_blocks(report, changes, rows, key, names)
  local counted, examples = {}, {}
  for _, change in ipairs(changes) do
    if change.changed > 0 then
      counted[#counted + 1] = { change.column, change.changed, share(change.changed, rows),
        change.appeared > 0 and change.appeared or nil, change.vanished > 0 and change.vanished or nil }
      for _, example in ipairs(change.examples) do
        examples[#examples + 1] = { change.column, example.key, example.left, example.right }
      end
    end
  end
  if #counted == 0 then return end
  report:heading "Changed cells"
  report:table { columns = { "column", "changed", { name = "share", align = "right" },
    { name = "appeared", align = "right" }, { name = "vanished", align = "right" } }, rows = counted }
  report:table { title = "First examples", columns = { "column", { name = #key > 0 and table.concat(key, ", ") or "row", align = "left" },
    { name = names[1], align = "left" }, { name = names[2], align = "left" } }, rows = examples }
end

local function drift_alerts(report, drifts, names)
  for _, drift in ipairs(drifts) do
    local one, two = drift.missing[1] / math.max(1, drift.rows[1]), drift.missing[2] / math.max(1, drift.rows[2])
    if drift.psi and drift.psi > MODERATE then
      report:alert { level = drift.psi > LARGE and "warn" or "note",
        text = ("%s: distributed %s in %s (PSI %.2f%s)"):format(drift.column, drift.psi > LARGE and "very differently" or "differently",
          names[2], drift.psi, drift.ks and (", KS %.2f"):format(drift.ks) or "") }
    end
    if math.abs(one - two) > 0.05 then
      local text = ("%s: %.1f %% missing in %s, %.1f %% in %s"):format(drift.column, 100 * one, names[1], 100 * two, names[2])
      report:alert { level = "warn", text = text }
    end
  end
end

local function rounded(x) return x and tonumber(("%.3f"):format(x)) end

-- Counts as percentages of their sum, to a tenth.
local function shares(counts)
  local sum, list = 0, {}
  for _, count in ipairs(counts) do sum = sum + count end
  for at, count in ipairs(counts) do list[at] = sum > 0 and math.floor(1000 * count / sum + 0.5) / 10 or 0 end
  return list
end

local function drift_blocks(report, drifts, names)
  if #drifts == 0 then return end
  report:heading "Distributions"
  local numbers, texts = {}, {}
  for _, drift in ipairs(drifts) do
    local one, two = share(drift.missing[1], drift.rows[1]), share(drift.missing[2], drift.rows[2])
    if drift.numbers then
      numbers[#numbers + 1] = { drift.column, rounded(drift.psi), rounded(drift.ks), one, two }
    else
      local new = table.concat(drift.new_values, ", ", 1, math.min(3, #drift.new_values)) .. (drift.new > 3 and ", …" or "")
      texts[#texts + 1] = { drift.column, rounded(drift.psi), one, two, drift.new, drift.vanished, style.cut(new, 60) }
    end
  end
  local missing = { { name = "missing " .. names[1], align = "right" }, { name = "missing " .. names[2], align = "right" } }
  if #numbers > 0 then
    report:table { title = "Numbers and times", columns = { "column", "PSI", "KS", missing[1], missing[2] }, rows = numbers }
  end
  if #texts > 0 then
    report:table { title = "Texts", columns = { "column", "PSI", missing[1], missing[2], "new", "vanished",
      { name = "new values", align = "left" } }, rows = texts }
  end
  for _, drift in ipairs(drifts) do
    if drift.psi and drift.psi > LARGE then
      local one, two = shares(drift.left), shares(drift.right)
      report:chart { title = drift.column .. ", % of the rows that have it", labels = drift.labels, values = one, others = two,
        names = names }
    end
  end
end

local function key_text(key)
  local parts = {}
  for at, name in ipairs(key) do parts[at] = ("%q"):format(name) end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function key_list(a, b, key)
  if key == nil then return {} end
  return b:names(a:names(key, "lathe.compare: key"), "lathe.compare: key")
end

-- Two tables compared: lathe.compare(a, b, { key = "id" }). Rows belong together when they are equal in the `key` columns (a name or a
-- list), without a key when they have the same number. Options: columns = look at these only; names = what to call the two
-- ("left", "right"); examples = changed cells shown for each column (3, at most 8); title. The report has columns that only one has or
-- that differ in type, rows added and removed, changed cells by column with first examples, and how the distributions of each column
-- differ: the population stability index over tenths (numbers) or the most frequent values (texts), the Kolmogorov-Smirnov distance,
-- what is missing, new and vanished values. The numbers are in report.schema, report.rows, report.changes and report.drift.
--
-- With one argument, which names a table and models, it is another comparison: lathe.compare { table = t, models = { a = { recipe,
-- estimator }, b = { ... } } } cross-validates them on the same folds, and gives a leaderboard (lua/lathe/evaluate/leaderboard.lua).
function compare.compare(a, b, options)
  if b == nil and type(a) == "table" and not tables.is(a) and getmetatable(a) == nil then
    return require("lathe.evaluate.leaderboard").compare(a)
  end
  if core.is_beside(options) then options = nil end -- of lathe.compare(lathe.read(a), lathe.read(b))
  options = core.options(options, "lathe.compare")
  local names = checked(a, b, options)
  local most = options.examples
  if type(most) ~= "number" or most % 1 ~= 0 or most < 0 then core.fail("examples is a number of cells, not %s", tostring(most)) end
  local key, is_key = key_list(a, b, options.key), {}
  for _, name in ipairs(key) do is_key[name] = true end
  local schema = schema_of(a, b, options.columns and a:names(options.columns, "lathe.compare: columns"))
  local made = pairs_of(a, b, key)
  local counts = { left = a:rows(), right = b:rows() }
  for name, which in pairs { both = C.LATHE_PAIRS_LEFT, removed = C.LATHE_PAIRS_REMOVED, added = C.LATHE_PAIRS_ADDED,
    repeated_left = C.LATHE_PAIRS_REPEATED_LEFT, repeated_right = C.LATHE_PAIRS_REPEATED_RIGHT } do
    local _, count = list_of(made, which)
    counts[name] = count
  end
  local changes = changes_of(a, b, made, schema.both, is_key, key, most)
  local drifts = drifts_of(a, b, schema.both, is_key)
  local cells, columns = 0, 0
  for _, change in ipairs(changes) do
    cells = cells + change.changed
    if change.changed > 0 then columns = columns + 1 end
  end
  local report = require("lathe.report").new(options.title or ("%s and %s"):format(names[1], names[2]))
  report:values {
    { "rows in " .. names[1], counts.left }, { "rows in " .. names[2], counts.right },
    { "rows in both", counts.both, #key > 0 and "by " .. table.concat(key, ", ") or "by their number" },
    { "removed", counts.removed, "only in " .. names[1] }, { "added", counts.added, "only in " .. names[2] },
    { "changed cells", cells, cells > 0 and ("in %d of %d columns"):format(columns, #changes) or nil },
  }
  for _, side in ipairs { { "repeated_left", 1 }, { "repeated_right", 2 } } do
    if counts[side[1]] > 0 then
      report:alert { level = "warn", text = ("%s rows of %s repeat the key of an earlier one and were left out"):format(
        style.count(counts[side[1]]), names[side[2]]), step = "clean.drop_duplicates { columns = " .. key_text(key) .. " }" }
    end
  end
  if cells == 0 and counts.removed + counts.added == 0 and #schema.left + #schema.right + #schema.types == 0 then
    report:text "The tables are equal."
  end
  drift_alerts(report, drifts, names)
  schema_blocks(report, schema, names)
  change_blocks(report, changes, counts.both, key, names)
  drift_blocks(report, drifts, names)
  report.schema, report.rows, report.changes, report.drift = schema, counts, changes, drifts
  report.metrics = { added = counts.added, removed = counts.removed, changed = cells }
  return report
end

return compare
