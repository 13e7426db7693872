-- Repairing and filtering rows and columns.
local function changed(context, before, after)
  local rows, columns = before:rows() - after:rows(), #before:columns() - #after:columns()
  context.note(after:note())
  if columns ~= 0 then context.log(("left out %d of %d columns"):format(columns, #before:columns())) end
  if columns == 0 or rows ~= 0 then
    local count = require("lathe.style").count
    context.log(("left out %s of %s rows, %s stay"):format(count(rows), count(before:rows()), count(after:rows())))
  end
  return { table = after }
end

return {
  name = "clean", api = 1, doc = "Repair and filter rows.",
  steps = {
    drop_duplicates = {
      doc = "Keep one of each set of equal rows.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", optional = true, doc = "compare these only" },
        keep = { type = "choice", choices = { "first", "last" }, default = "first", doc = "which one stays" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return changed(context, input.table, (input.table:drop_duplicates(param)))
      end,
    },
    drop_missing = {
      doc = "Leave out the rows in which something is missing.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", optional = true, doc = "look at these only" } },
      outputs = { table = "table" },
      run = function(input, param, context)
        return changed(context, input.table, (input.table:drop_missing(param.columns)))
      end,
    },
    keep_range = {
      doc = "Keep the rows whose number lies in a range; missing, infinite and NaN values are outside of every range.",
      inputs = { table = "table" },
      params = {
        column = { type = "column", doc = "the column to look at" },
        min = { type = "number", optional = true, doc = "smallest value that stays" },
        max = { type = "number", optional = true, doc = "largest value that stays" },
        below = { type = "number", optional = true, doc = "values from here on are left out" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local range = { min = param.min, max = param.max, below = param.below }
        return changed(context, input.table, (input.table:keep_range(param.column, range)))
      end,
    },
    clip = {
      doc = "Limit numbers to a range; what lies outside becomes the limit.",
      inputs = { table = "table" },
      params = {
        column = { type = "column", doc = "the column to limit" },
        low = { type = "number", optional = true, doc = "smallest value kept as it is" },
        high = { type = "number", optional = true, doc = "largest value kept as it is" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local count, result = require("lathe.style").count, input.table:clip(param.column, param.low, param.high)
        local name, limits = "`" .. param.column:gsub("`", "``") .. "`", {}
        if param.low then limits[#limits + 1] = name .. " < $low" end
        if param.high then limits[#limits + 1] = name .. " > $high" end
        local limited = input.table:filter(table.concat(limits, " or "), { low = param.low, high = param.high }):rows()
        context.note(result:note())
        context.log(("limited %s of %s values of %s"):format(count(limited), count(result:rows()), param.column))
        return { table = result }
      end,
    },
    expect = {
      doc = "Check the table against a contract: types, bounds, texts. A breach fails the step.",
      detail = "look.contract infers a contract from good rows; it is JSON, to be edited.",
      inputs = { table = "table" },
      params = {
        contract = { type = "path", doc = "the contract's file" },
        lenient = { type = "boolean", default = false, doc = "go on all the same, with the breaches as a table" },
      },
      outputs = { { "table", "table" }, { "breaches", "table", optional = true } },
      run = function(input, param, context)
        local result, found = input.table:expect(param.contract, { lenient = param.lenient })
        context.note(result:note())
        context.log(found:rows() == 0 and ("all %s rows are as they should be"):format(require("lathe.style").count(result:rows()))
          or ("%d breaches"):format(found:rows()))
        return { table = result, breaches = found }
      end,
    },
    select_columns = {
      doc = "Keep only these columns, in this order.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", doc = "the ones that stay" } },
      outputs = { table = "table" },
      run = function(input, param, context) return changed(context, input.table, input.table:select(param.columns)) end,
    },
    drop_columns = {
      doc = "Leave columns out.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", doc = "the ones to leave out" } },
      outputs = { table = "table" },
      run = function(input, param, context) return changed(context, input.table, input.table:drop(param.columns)) end,
    },
  },
}
