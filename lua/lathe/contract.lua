-- Contracts: what a table has to be like, inferred from good rows, kept as JSON that people edit, and checked wherever rows come in. Adds
-- `expect` to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C
local contract = core.class("contract", C.lathe_contract_release)

core.takes["lathe.contract"] = { words = 100 }
core.takes.expect = { lenient = false, rows = 1000 }

local function read(path)
  local file, reason = io.open(path, "rb")
  if not file then core.fail("%s", reason) end
  local text = file:read "*a"
  file:close()
  if not text then core.fail("%s is not a file that can be read", path) end
  return contract.wrap(C.lathe_contract_parse(text, #text, path, core.problem))
end

-- A contract: what holds for every row of a table (types, what is missing, bounds of numbers and dates, the texts of categories of which
-- there are at most `words`; sealed rows are refused), or the one that the JSON file of a path says. contract:save(path) writes it; edit it
-- to your mind.
function contract.new(from, options)
  options = core.options(not core.is_beside(options) and options or nil, "lathe.contract")
  if contract.is(from) then return from end
  if type(from) == "string" then return read(core.path(from, "lathe.contract")) end
  if not tables.is(from) then core.fail("lathe.contract takes a table of good rows or the path of a contract, not a %s", type(from)) end
  if type(options.words) ~= "number" or options.words < 0 then core.fail("words is a number from 0 up, not %s", tostring(options.words)) end
  require("lathe.seal").refuse(from, "lathe.contract")
  return contract.wrap(C.lathe_contract_infer(from:handle(), options.words, core.problem))
end

-- The contract as JSON text; and into a file, whole or not at all.
function contract:text() return ffi.string(core.try(C.lathe_contract_text(self:handle(), core.problem))) end

function contract:save(path)
  local text = self:text() .. "\n"
  core.try(C.lathe_file_write(core.path(path, "contract:save"), text, #text, core.problem))
  return self
end

function contract.describe(object) return rawget(object, "pointer") and object:text() or "released contract" end

-- What of `table_` breaks it: a table of row (from 1; 0 for a whole column), column, rule, value and limit, of at most `rows` rows (1000),
-- and how many breaches there are in all.
function contract:check(table_, rows)
  if not tables.is(table_) then core.fail("contract:check takes a table, not a %s", type(table_)) end
  local total = ffi.new "int64_t[1]"
  local found = tables.wrap(C.lathe_contract_check(self:handle(), table_:handle(), false,
    type(rows) == "number" and rows or 1000, total, core.progress(), core.problem))
  return found, tonumber(total[0])
end

-- A breach as words: 'row 3: "age" is "5", least 17'.
local function words_of(found, at)
  local one = found:row(at)
  local where = one.row > 0 and ("row %d: "):format(one.row) or ""
  return ("%s%q breaks %q (%s): %s"):format(where, one.column, one.rule, one.limit, one.value == "" and "missing"
    or require("lathe.personal").shown(one.value, one.column))
end

-- The table, when it is as a contract (or the path of one) wants it: t:expect "adult.contract.json". Otherwise raises the first breaches
-- and how many there are; with lenient = true it gives the table all the same, and the breaches as a second table (at most `rows`, 1000).
function tables:expect(given, options)
  options = core.options(options, "expect")
  local found, total = contract.new(given):check(self, options.rows)
  if total > 0 and not options.lenient then
    local list = {}
    for at = 1, math.min(3, found:rows()) do list[at] = words_of(found, at) end
    core.fail("the table breaks its contract %d time%s: %s%s; t:expect(contract, { lenient = true }) lists them", total,
      total == 1 and "" or "s", table.concat(list, "; "), total > #list and "; ..." or "")
  end
  return self, found
end

return contract
