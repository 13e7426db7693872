-- Adds table:split to tables.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"
local recipe = require "lathe.recipe"

local C = core.C

-- Cut the rows in two: train, test = t:split { test = 0.2, seed = 42, shuffle = true }. `test` below 1 is a part of the rows (rounded
-- up), otherwise a number of rows. With the same seed these are the rows, in the order, of scikit-learn's train_test_split. Not
-- shuffled, the test rows are the last ones.
function tables:split(options)
  options = recipe.checked(options, { test = 0.2, seed = 42, shuffle = true }, "table:split")
  if type(options.test) ~= "number" then core.fail("test is a number such as 0.2, not %s", tostring(options.test)) end
  if type(options.seed) ~= "number" or options.seed % 1 ~= 0 then core.fail("seed is a whole number, not %s", tostring(options.seed)) end
  if type(options.shuffle) ~= "boolean" then core.fail("shuffle is true or false, not %s", tostring(options.shuffle)) end
  local rows = self:rows()
  local count = C.lathe_split_count(rows, options.test, core.problem)
  if count < 0 then core.try(false) end
  local order = ffi.new("int64_t[?]", rows)
  core.try(C.lathe_split_order(rows, count, options.shuffle, options.seed, order, core.problem))
  local progress = core.progress()
  local test = tables.wrap(C.lathe_table_take(self:handle(), order, count, progress, core.problem))
  local train = tables.wrap(C.lathe_table_take(self:handle(), order + count, rows - count, progress, core.problem))
  return train, test
end

return tables.split
