-- What looks wrong in a table, from its summaries: a list of { level, text, step }. Each step can be pasted into a flow as it stands.
local ffi = require "ffi"
local core = require "lathe.core"
local style = require "lathe.style"

local alert = {}

local is_number = { int64 = true, float64 = true }
local is_text = { string = true, category = true }
local is_time = { date = true, timestamp = true }

-- ---- words ----

function alert.plural(count, noun) return style.count(count) .. " " .. noun .. (count == 1 and "" or "s") end

local share, plural = style.share, alert.plural

local function quoted(text) return (("%q"):format(text):gsub("\\\n", "\\n")) end

local function columns_step(step, name) return ("%s { columns = { %s } }"):format(step, quoted(name)) end

-- A column in an expression, and as the key of a Lua table.
local function in_expression(name)
  if name:find "^[%a_][%w_]*$" then return name end
  return "`" .. name:gsub("`", "``") .. "`"
end

local function as_key(name)
  local reserved = "and break do else elseif end false for function goto if in local nil not or repeat return then true until while "
  if name:find "^[%a_][%w_]*$" and not reserved:find(name .. " ", 1, true) then return name end
  return "[" .. quoted(name) .. "]"
end

-- `made` is the column that the step makes: `name` itself unless given.
local function derive_step(name, expression, made)
  local column = in_expression(name)
  return ("shape.derive { name = %s, expression = %s }"):format(quoted(made or name),
    quoted((expression:gsub("COLUMN", function() return column end))))
end

local function precise(x)
  local short = ("%.15g"):format(x)
  return tonumber(short) == x and short or ("%.17g"):format(x)
end

-- ---- one column ----

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

local checks = {}
local silent -- of them tell no value of the column: the first ones

local function check(run) checks[#checks + 1] = run end

check(function(s) -- missing
  if s.missing == 0 then return end
  local text = ("%s missing (%s)"):format(style.count(s.missing), share(s.missing, s.rows))
  if s.missing > 0.6 * s.rows then return "warn", text .. ": little is left of it", columns_step("clean.drop_columns", s.name) end
  return s.missing > 0.2 * s.rows and "warn" or "note", text .. ": impute it in training, or leave these rows out",
    columns_step("clean.drop_missing", s.name)
end)

check(function(s) -- personal
  if not s.personal then return end
  return "warn", ("looks like %s, which are not to reach a model or a report"):format(s.personal), columns_step("clean.drop_columns",
    s.name)
end)

check(function(s) -- an identifier
  if s.type == "float64" or s.rows < 20 or s.missing > 0 or s.distinct < s.rows or s.distinct_error > 0 then return end
  if s.type == "int64" and s.max - s.min ~= s.rows - 1 then return end
  if is_time[s.type] then return end
  if s.type == "string" and s.longest > 64 then return end -- prose
  return "note", "a different value in every row, so it names rows and cannot predict", columns_step("clean.drop_columns", s.name)
end)
silent = #checks

check(function(s) -- capped
  if not is_number[s.type] or s.distinct < 20 or s.at_max < 10 then return end
  local there = s.rows - s.missing
  if s.at_max < 0.01 * there or s.at_max < 3 * there / s.distinct or s.max == s.median then return end
  return "warn", ("capped: %s (%s) share the largest value, %s"):format(plural(s.at_max, "row"), share(s.at_max, there),
    style.number(s.max)), ("clean.keep_range { column = %s, below = %s }"):format(quoted(s.name), precise(s.max))
end)

check(function(s) -- a code for "not known" among numbers: 999, 9999, ... far above all others
  if not is_number[s.type] or s.distinct < 20 or s.at_max < 2 or not ("%.0f"):format(s.max):find "^999+$" then return end
  if s.max % 1 ~= 0 or s.max < 5 * math.abs(s.q95) or s.max < s.mean + 5 * (s.sd or 0) then return end
  return "warn", ("%s hold %s, far above the others: a code for missing?"):format(plural(s.at_max, "row"), style.number(s.max)),
    derive_step(s.name, ("if(COLUMN == %s, missing, COLUMN)"):format(precise(s.max)))
end)

check(function(s) -- zeros
  local there = s.rows - s.missing
  if not is_number[s.type] or s.distinct < 10 or s.zeros < 0.6 * there then return end
  return "note", ("%s are zero (%s): whether it is zero may tell more than how much it is"):format(style.count(s.zeros),
    share(s.zeros, there)), derive_step(s.name, "COLUMN == 0", s.name .. "_is_zero")
end)

check(function(s) -- skewed
  if not is_number[s.type] or s.distinct < 20 or not s.skewness or math.abs(s.skewness) < 3 then return end
  if s.q01 == s.q99 or (s.skewness > 0 and s.q99 == s.max) or (s.skewness < 0 and s.q01 == s.min) then return end
  if s.zeros >= 0.6 * (s.rows - s.missing) then return end
  local side = s.skewness > 0 and ("high = %.6g"):format(s.q99) or ("low = %.6g"):format(s.q01)
  return "note", ("strongly skewed (%.1f): a few values far %s"):format(s.skewness, s.skewness > 0 and "above" or "below"),
    ("clean.clip { column = %s, %s }"):format(quoted(s.name), side)
end)

check(function(s) -- infinite, NaN
  local odd = s.nans + s.infinite
  if s.type ~= "float64" or odd == 0 then return end
  local what = s.nans == 0 and " infinite" or s.infinite == 0 and " not a number (NaN)" or " infinite or not a number (NaN)"
  return "warn", plural(odd, "value") .. what, ("clean.keep_range { column = %s }"):format(quoted(s.name))
end)

check(function(s) -- many categories
  if s.type ~= "category" or s.distinct <= 100 then return end
  return "note", style.count(s.distinct) .. " categories: encoding makes a feature of each", columns_step("clean.drop_columns", s.name)
end)

check(function(s) -- one value for nearly all
  local there = s.rows - s.missing
  if there < 50 or s.distinct < 2 or s.distinct > 20 or not s.top[1] or is_time[s.type] then return end
  if not (s.type == "category" or s.type == "bool" or s.distinct == 2) then return end
  local most = s.top[1].count
  if most < 0.9 * there then return end
  local text = ("imbalanced: %s in %s of the rows"):format(style.cut(s.top[1].value, 30), share(most, there))
  if most >= 0.99 * there then return "note", text .. ", so it tells little", columns_step("clean.drop_columns", s.name) end
  return "note", text .. ": keep the shares when the rows are split", ("prepare.split { stratify = %s }"):format(quoted(s.name))
end)

check(function(s) -- numbers among text
  local there = s.rows - s.missing
  if not is_text[s.type] or there == 0 then return end
  if s.with_units >= 2 and s.with_units + s.numbers >= 0.7 * there and s.with_units >= 0.5 * (there - s.numbers) then
    return "warn", ("numbers with units: %s of %s"):format(style.count(s.with_units), plural(there, "value")),
      derive_step(s.name, "try(to_number(replace_pattern(COLUMN, '[^0-9.+-]', '')))")
  end
  if s.numbers >= 0.5 * there and s.numbers < there then
    return "warn", ("mixed: %s of %s are numbers, the others text; as numbers these become missing"):format(share(s.numbers, there),
      plural(there, "value")), ("shape.cast { types = { %s = \"float64\" }, lenient = true }"):format(as_key(s.name))
  end
end)

check(function(s) -- blanks at the ends
  if not is_text[s.type] or s.padded == 0 then return end
  return "warn", ("blanks at an end of %s (%s)"):format(plural(s.padded, "value"), share(s.padded, s.rows - s.missing)),
    derive_step(s.name, "trim(COLUMN)")
end)

check(function(s) -- case variants
  if s.variants == 0 then return end
  local example = s.variant_pair and (", such as %s and %s"):format(quoted(s.variant_pair[1]), quoted(s.variant_pair[2])) or ""
  return "warn", ("%s differ only in case or blanks%s"):format(plural(s.variants, "category"):gsub("categorys$", "categories"), example),
    derive_step(s.name, "lower(trim(COLUMN))")
end)

local codes = {
  ["?"] = true, ["-"] = true, ["--"] = true, ["."] = true, ["unknown"] = true, ["missing"] = true, ["not available"] = true,
  ["empty"] = true, ["(blank)"] = true, ["nil"] = true, ["undefined"] = true, ["#ref!"] = true, ["#value!"] = true, ["#div/0!"] = true,
}

check(function(s) -- texts that mean missing
  if not is_text[s.type] then return end
  for _, top in ipairs(s.top) do
    local text = top.value:lower():match "^%s*(.-)%s*$"
    if codes[text] and (top.count > 1 or s.rows < 100) then
      return "note", ("%s in %s: does it mean missing?"):format(quoted(top.value), plural(top.count, "row")),
        derive_step(s.name, ("if(COLUMN == '%s', missing, COLUMN)"):format(top.value:gsub("'", "''")))
    end
  end
end)

local DAY = { date = 1, timestamp = 86400 }
local placeholders = { ["1970-01-01"] = true, ["1900-01-01"] = true, ["1899-12-30"] = true, ["9999-12-31"] = true, ["0001-01-01"] = true }

local function day_text(days)
  local scratch = ffi.new "char[32]"
  return ffi.string(scratch, core.C.lathe_text_from_date(math.floor(days), scratch))
end

check(function(s) -- dates that are no dates, or far from all others
  if not is_time[s.type] or s.finite == 0 then return end
  local unit = DAY[s.type]
  local first, last, spread = s.min / unit, s.max / unit, (s.q95 - s.q05) / unit
  local name = in_expression(s.name)
  local function odd(edge, count, words)
    local sign = edge == first and ">" or "<"
    local bound = edge == first and math.floor(edge) + 1 or math.floor(edge)
    if bound > 2932896 or bound < -719162 then return end
    return "warn", ("%s, %s: %s"):format(day_text(edge), plural(count, "row"), words), ("shape.filter { where = %s }"):format(
      quoted(("%s %s '%s'"):format(name, sign == ">" and ">=" or "<", day_text(bound))))
  end
  local far = math.max(365, spread)
  local low, high = s.q05 / unit, s.q95 / unit
  local calm_low, calm_high = low - first > far, last - high > far
  if placeholders[day_text(first)] and low - first > 365 then return odd(first, s.at_min, "a date that stands for \"not known\"") end
  if placeholders[day_text(last)] and last - high > 365 then return odd(last, s.at_max, "a date that stands for \"not known\"") end
  if calm_high and last > high + 3 * far then return odd(last, s.at_max, "far behind all others") end
  if calm_low and first < low - 10 * far then return odd(first, s.at_min, "far before all others") end
end)

-- The alerts of one summary.
function alert.column(s)
  local alerts = {}
  local function try(run)
    local level, text, step = run(s)
    if level then alerts[#alerts + 1] = { level = level, text = s.name .. ": " .. text, step = step } end
    return level
  end
  for _, run in ipairs(ending) do
    if try(run) then return alerts end
  end
  for at, run in ipairs(checks) do
    if at <= silent or not s.personal then try(run) end
  end
  return alerts
end

-- ---- several columns ----

-- Columns that hold the same: candidates have equal figures, content hashes decide.
function alert.twins(table_, summaries)
  local alerts, seen, same = {}, {}, {}
  for _, s in ipairs(summaries) do
    local top = s.top[1]
    local signature = table.concat({ s.type, s.missing, s.distinct, tostring(s.min), tostring(s.max), tostring(s.mean),
      top and top.value or "", top and top.count or 0 }, "\0")
    local first = seen[signature]
    if first and s.distinct > 1 then
      local function content(name) return table_:select({ name }):rename({ [name] = "x" }):hash() end
      if content(first) == content(s.name) then
        same[s.name] = first
        alerts[#alerts + 1] = { level = "warn", text = ("%s: holds the same as %s"):format(s.name, first),
          step = columns_step("clean.drop_columns", s.name) }
      end
    end
    seen[signature] = first or s.name
  end
  return alerts, same
end

-- Columns of which one tells the other. `list`: pairs as of association.list; `same`: twins, which are told already.
function alert.pairs(list, summaries, same)
  local alerts, of, told = {}, {}, {}
  for _, s in ipairs(summaries) do of[s.name] = s end
  for _, pair in ipairs(list) do
    local a, b, value = of[pair[1]], of[pair[2]], pair[3]
    if not value or math.abs(value) < 0.95 then break end
    local function is_category(s) return s.type == "category" or s.type == "bool" end
    -- a tells b: of two categories the one with more values, of a category and a number the category
    if is_category(b) and (not is_category(a) or b.distinct > a.distinct) then a, b = b, a end
    local text_a, text_b = is_category(a), is_category(b)
    local enough = (pair[4] or 0) >= 20
    local words
    if text_a or text_b then
      local few = (not text_a or a.distinct <= 50) and (not text_b or b.distinct <= 50) and a.distinct > 1 and b.distinct > 1
      local groups = math.max(text_a and a.distinct or 1, text_b and b.distinct or 1)
      if few and not is_time[b.type] and math.abs(value) >= 0.99 and (pair[4] or 0) >= 20 * groups then
        words = ("%s tells it (association %.3g)"):format(a.name, value)
      end
    else
      words = ("moves with %s (correlation %.3g)"):format(a.name, value)
    end
    if words and enough and not told[b.name] and not same[b.name] and not same[a.name] then
      told[b.name] = true
      alerts[#alerts + 1] = { level = "note", text = b.name .. ": " .. words, step = columns_step("clean.drop_columns", b.name) }
    end
  end
  return alerts
end

return alert
