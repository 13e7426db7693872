-- Data about people: adds personal, mask, pseudonymise, generalise and anonymity to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local column = require "lathe.column"
local tables = require "lathe.table"

local C = core.C
local personal = {}

core.takes.mask = { keep = 0, character = "*" }
core.takes.pseudonymise = { key = core.open }
core.takes.generalise = { width = core.open, to = core.open, keep = core.open }
core.takes.anonymity = { k = 5 }

local finding = ffi.new "lathe_personal_finding"

-- The form of a text and nothing else: letters are x, digits 9.
function personal.form(text)
  local form = ffi.new("char[?]", #text + 1)
  return ffi.string(form, C.lathe_text_form(text, #text, form))
end

-- A value of a column as a message or a report may show it: by its form when it is personal, or the column is (`kind`, see below), and
-- otherwise the personal words in it by theirs.
function personal.shown(text, name, kind)
  if kind or C.lathe_value_personal(text, #text, name) ~= C.LATHE_PERSONAL_NONE then return personal.form(text) end
  local out = ffi.new("char[?]", #text + 1)
  return ffi.string(out, C.lathe_text_discreet(text, #text, out))
end

-- What a column (lathe_column *) looks like, in words; nil when it is nobody's. At most 10,000 of its rows are looked at.
function personal.kind(pointer, name)
  core.try(C.lathe_column_personal(pointer, name, C.LATHE_PERSONAL_ROWS, finding, nil, core.problem))
  return finding.kind ~= C.LATHE_PERSONAL_NONE and ffi.string(C.lathe_personal_words(finding.kind)) or nil
end

-- The same of a summary (lathe.profile) of a column that was read in pieces: by its least, middle and largest number, or by `texts`, of
-- which half are of one kind.
function personal.of_summary(s, texts)
  if (s.type == "int64" or s.type == "float64") and s.min then
    texts = {}
    for index, value in ipairs { s.min, s.median, s.max } do
      texts[index] = value % 1 == 0 and ("%.0f"):format(value) or ""
    end
  end
  local counts = {}
  for _, text in ipairs(texts) do
    local kind = tonumber(C.lathe_value_personal(text, #text, s.name))
    counts[kind] = (counts[kind] or 0) + 1
    if kind ~= C.LATHE_PERSONAL_NONE and 2 * counts[kind] >= #texts then return ffi.string(C.lathe_personal_words(kind)) end
  end
end

local function example(values)
  for row = 1, values:rows() do
    if values:present(row) then return personal.form(values:text(row, 60)) end
  end
  return ""
end

-- Columns that look as if their values belonged to people: a table of column, kind, told_by ("values" or "name"), share (of the values
-- that are of that kind) and form (of the first value: letters x, digits 9). The last column, inside, counts longer texts with an e-mail
-- address or card number in them. Suspicions for a person to decide; what is not found is no promise.
function tables:personal()
  local names, kinds, by, shares, forms, inside = {}, {}, {}, {}, {}, {}
  for _, name in ipairs(self:columns()) do
    local values = self:column(name)
    core.try(C.lathe_column_personal(values:handle(), name, 0, finding, core.progress(), core.problem))
    local found = finding.kind ~= C.LATHE_PERSONAL_NONE
    if found or finding.inside > 0 then
      local at = #names + 1
      names[at], inside[at] = name, tonumber(finding.inside)
      kinds[at] = ffi.string(C.lathe_personal_words(found and finding.kind or C.LATHE_PERSONAL_EMAIL))
      by[at] = not found and "parts of values" or finding.by_name and "name" or "values"
      shares[at] = found and tonumber(finding.found) / tonumber(finding.values) or 0
      forms[at] = example(values)
    end
  end
  return tables.new { { "column", column.new(names, #names, "column") }, { "kind", column.new(kinds, #kinds, "kind") },
    { "told_by", column.new(by, #by, "told_by") }, { "share", column.new(shares, #shares, "share") },
    { "form", column.new(forms, #forms, "form") }, { "inside", column.new(inside, #inside, "inside") } }
end

local function whole(value, what, low)
  if type(value) ~= "number" or value % 1 ~= 0 or value < low then core.fail("%s is a whole number from %d, not %s", what, low,
    tostring(value)) end
  return value
end

local function in_ticks(name) return "`" .. name:gsub("`", "``") .. "`" end

-- Each character of a text exchanged for `character` ("*"), but the last `keep` (0): t:mask("card", { keep = 4 }). Texts only, of one
-- column or several.
function tables:mask(what, options)
  options = core.options(options, "mask")
  local keep, result = whole(options.keep, "mask: keep", 0), self
  if type(options.character) ~= "string" or options.character == "" then
    core.fail("mask: character is a text such as \"*\", not %s", tostring(options.character))
  end
  for _, name in ipairs(self:names(what, "mask")) do
    local x = in_ticks(name)
    if self:type(name) ~= "string" and self:type(name) ~= "category" then
      core.fail("mask is for texts, and %q is %s; t:generalise and t:pseudonymise take other types, t:drop takes it out", name,
        self:type(name))
    end
    result = result:derive({ { name, ("concat(pad_left('', max(length(%s) - $keep, 0), $with), right(%s, $keep))"):format(x, x) } },
      { keep = keep, with = options.character })
  end
  return result
end

-- Each value exchanged for a name that tells nothing of it, the same for the same value in every table: a hash (BLAKE2b, by libsodium)
-- under the key in a file: t:pseudonymise("mail", { key = "names.key" }). The file is yours alone (chmod 600) and holds at least 16
-- bytes. Who has the key can tell whether a value is among the names, so keep it elsewhere.
function tables:pseudonymise(what, options)
  options = core.options(options, "pseudonymise")
  if options.key == nil then
    core.fail 'pseudonymise takes the file of a key: { key = "names.key" }; make one with (umask 077; openssl rand -hex 32 > names.key)'
  end
  local path, result = core.path(options.key, "pseudonymise: key"), self
  for _, name in ipairs(self:names(what, "pseudonymise")) do
    local named = C.lathe_column_pseudonymise(self:column(name):handle(), path, core.progress(), core.problem)
    result = result:with(name, column.own(named, name))
  end
  return result
end

local parts = { year = true, quarter = true, month = true, week = true, day = true, hour = true }

local function generalised(self, name, options)
  local x, type_ = in_ticks(name), self:type(name)
  if type_ == "int64" or type_ == "float64" then
    if type(options.width) ~= "number" or options.width <= 0 then
      core.fail("generalise: %q is of numbers and takes the width of their ranges: { width = 10 }", name)
    end
    local low = ("floor(%s / $width) * $width"):format(x)
    return ("concat('[', to_text(%s), ', ', to_text(%s + $width), ')')"):format(low, low), { width = options.width }
  elseif type_ == "date" or type_ == "timestamp" then
    if not parts[options.to] then
      core.fail("generalise: %q is of times and takes what they are cut to: { to = \"year\" } (quarter, month, week, day, hour)", name)
    end
    return ("truncate(%s, '%s')"):format(x, options.to), nil
  elseif type_ == "bool" then
    core.fail("generalise: %q is of truth values, of which there is nothing coarser", name)
  end
  if options.keep == nil then core.fail("generalise: %q is of texts and takes how many characters stay: { keep = 3 }", name) end
  return ("concat(left(%s, $keep), if(length(%s) > $keep, '*', ''))"):format(x, x), { keep = whole(options.keep, "generalise: keep", 0) }
end

-- Values made coarser, so that more people share them: numbers become ranges of `width`, times are cut `to` "year", "month", ..., of
-- texts the first `keep` characters stay: t:generalise("age", { width = 10 }), t:generalise("zip", { keep = 3 }).
function tables:generalise(what, options)
  options = core.options(options, "generalise")
  local result = self
  for _, name in ipairs(self:names(what, "generalise")) do
    local expression, parameters = generalised(self, name, options)
    result = result:derive({ { name, expression } }, parameters)
    local text = result:type(name) == "string"
    if text then result = result:with(name, result:column(name):to_category()) end
  end
  return result
end

-- Whether at least `k` (5) rows share each combination of what others may know (k-anonymity, Sweeney 2002): the combinations that fewer
-- have, with their rows, the rarest first; also { k = what holds, rows = those at risk }. Missing is a value like others.
function tables:anonymity(what, options)
  options = core.options(options, "anonymity")
  local k, names = whole(options.k, "anonymity: k", 1), self:names(what, "anonymity")
  if #names == 0 then core.fail "anonymity takes the columns that others may know: t:anonymity { \"zip\", \"born\", \"sex\" }" end
  for _, name in ipairs(names) do
    if name == "rows" then core.fail 'anonymity: the result has a column "rows" of its own; rename yours' end
  end
  local groups = self:group_by(names, { rows = "count" })
  local rare = groups:filter("rows < $k", { k = k }):sort { "rows" }
  local least, risk = 0, 0
  if groups:rows() > 0 then least = groups:aggregate({ least = "min(rows)" }):column("least"):get(1) end
  if rare:rows() > 0 then risk = rare:aggregate({ risk = "sum(rows)" }):column("risk"):get(1) end
  return rare, core.beside { k = least, rows = risk }
end

return personal
