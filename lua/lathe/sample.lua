-- Adds to tables: sample, head, tail, slice.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C

core.takes.sample = { rows = core.open, share = core.open, seed = 42, by = core.open }

-- Some of the rows, chosen by hash: t:sample { share = 0.1 } or t:sample { rows = 1000 }, with a seed (42). A row is in or out by its
-- number and the seed alone, so the sample of a table to which rows were appended holds the same of the old rows. With `by` it is in or
-- out by what it holds in these columns: all rows of a customer together, wherever they stand, in this table or in another one.
-- `rows` takes exactly so many, those of lowest hash; the order of the rows stays.
function tables:sample(options)
  options = core.options(options, "sample")
  local rows, share, seed = options.rows, options.share, options.seed
  if (rows == nil) == (share == nil) then core.fail "sample takes one of rows and share: { share = 0.1 } or { rows = 1000 }" end
  if share and (type(share) ~= "number" or not (share >= 0 and share <= 1)) then
    core.fail("share is a number from 0 to 1, not %s", tostring(share))
  end
  if rows and (type(rows) ~= "number" or rows % 1 ~= 0 or rows < 0 or rows > 2 ^ 53) then
    core.fail("rows is a number of rows, not %s", tostring(rows))
  end
  if type(seed) ~= "number" or seed % 1 ~= 0 or seed < 0 or seed > 2 ^ 53 then
    core.fail("seed is a whole number, not %s", tostring(seed))
  end
  local list, count = self:indices_of(options.by, "sample")
  return tables.wrap(C.lathe_table_sample(self:handle(), list, count, seed, share or 0, rows or -1, core.progress(), core.problem))
end

-- Rows `from` to `to` (the last), both included: t:slice(101, 200); negative numbers count from the end, as in string.sub: t:slice(-5).
function tables:slice(from, to)
  local rows = self:rows()
  to = to or -1
  for _, place in ipairs { from or false, to } do
    if type(place) ~= "number" or place % 1 ~= 0 and math.abs(place) ~= math.huge then
      core.fail("slice takes the numbers of the first and the last row, not %s", tostring(place or nil))
    end
  end
  if from < 0 then from = rows + from + 1 end
  if to < 0 then to = rows + to + 1 end
  from, to = math.max(from, 1), math.min(to, rows)
  local count = math.max(0, to - from + 1)
  local list = ffi.new("int64_t[?]", count)
  for index = 0, count - 1 do list[index] = from - 1 + index end
  return tables.wrap(C.lathe_table_take(self:handle(), list, count, core.progress(), core.problem))
end

local function rows_of(count, verb)
  if count == nil then return 10 end
  if type(count) ~= "number" or not (count >= 0) or count % 1 ~= 0 and count ~= math.huge then
    core.fail("%s takes a number of rows, not %s", verb, tostring(count))
  end
  return count
end

-- The first `count` rows (10).
function tables:head(count)
  count = rows_of(count, "head")
  return self:slice(1, count > 0 and count or -self:rows() - 1)
end

-- The last `count` rows (10).
function tables:tail(count) return self:slice(math.max(1, self:rows() - rows_of(count, "tail") + 1)) end

return tables.sample
