-- How good a repair is, where the truth is known.
local core = require "lathe.core"
local tables = require "lathe.table"

local function column_of(table_, name, what)
  if not table_:has(name) then core.fail("lathe.repairs: the %s table has no column %q", what, name) end
  return table_:select(name):derive { { name, ("coalesce(to_text(`%s`), '')"):format(name:gsub("`", "``")) } }:column(name)
end

-- Three tables of the same rows in one order, whose cells are compared as text: as it was, as it was repaired, and as it ought to be. For
-- each column of the first, and in the last row for all ("*"): how many cells were wrong (errors), changed, and changed to what is right;
-- precision = right / changed, recall = right / errors (missing where nothing was changed, or wrong).
return function(dirty, repaired, clean)
  for index, one in ipairs { dirty or false, repaired or false, clean or false } do
    if not tables.is(one) then core.fail("lathe.repairs takes three tables: dirty, repaired, clean; argument %d is none", index) end
    if one:rows() ~= dirty:rows() then
      core.fail("lathe.repairs compares row by row, but one table has %d rows and another %d; do not leave rows out",
        dirty:rows(), one:rows())
    end
  end
  local names, lists = dirty:columns(), { errors = {}, changed = {}, right = {} }
  local total = #names + 1
  for _, list in pairs(lists) do list[total] = 0 end
  for at, name in ipairs(names) do
    local cells = tables.new { { "was", column_of(dirty, name, "first") }, { "now", column_of(repaired, name, "repaired") },
      { "ought", column_of(clean, name, "clean") } }
    lists.errors[at] = cells:filter("was != ought"):rows()
    lists.changed[at] = cells:filter("was != now"):rows()
    lists.right[at] = cells:filter("was != now and now == ought"):rows()
    for _, list in pairs(lists) do list[total] = list[total] + list[at] end
  end
  names[total] = "*"
  local counts = tables.new { { "column", names }, { "errors", lists.errors }, { "changed", lists.changed }, { "right", lists.right } }
  return counts:cast({ errors = "int64", changed = "int64", right = "int64" }):derive {
    { "precision", "if(changed > 0, right / changed, missing)" }, { "recall", "if(errors > 0, right / errors, missing)" } }
end
