-- Repairing and filtering rows and columns.
local guard = require "lathe.guard"

local function changed(context, before, after, may_drop)
  if may_drop then guard.left_out(before, after, may_drop) end
  local rows, columns = before:rows() - after:rows(), #before:columns() - #after:columns()
  context.note(after:note())
  if columns ~= 0 then context.log(("left out %d of %d columns"):format(columns, #before:columns())) end
  if columns == 0 or rows ~= 0 then
    local count = require("lathe.style").count
    context.log(("left out %s of %s rows, %s stay"):format(count(rows), count(before:rows()), count(after:rows())))
  end
  return { table = after }
end

-- What steps say that change cells and no rows.
local function mended(context, after, cells)
  local count = require("lathe.style").count
  context.note(after:note())
  context.log(("changed %s cell%s of %s rows"):format(count(cells), cells == 1 and "" or "s", count(after:rows())))
  return { table = after }
end

local function hidden(context, after, columns, word)
  context.note(after:note())
  context.log(("%s %d column%s of %s rows"):format(word, #columns, #columns == 1 and "" or "s", require("lathe.style").count(after:rows())))
  return { table = after }
end

-- The one map that was given: as an input, as a file, or written down.
local function one_map(input, param, step)
  local given = (input.map and 1 or 0) + (param.values and 1 or 0) + (param.path and 1 or 0)
  if given ~= 1 then
    require("lathe.core").fail("%s takes one map, not %d: the values, the path of a file, or a second table", step, given)
  end
  return input.map or param.path or param.values
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
        may_drop = guard.may_drop,
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return changed(context, input.table, (input.table:drop_duplicates { columns = param.columns, keep = param.keep }),
          param.may_drop)
      end,
    },
    drop_missing = {
      doc = "Leave out the rows in which something is missing.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", optional = true, doc = "look at these only" }, may_drop = guard.may_drop },
      outputs = { table = "table" },
      run = function(input, param, context)
        return changed(context, input.table, (input.table:drop_missing(param.columns)), param.may_drop)
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
        may_drop = guard.may_drop,
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local range = { min = param.min, max = param.max, below = param.below }
        return changed(context, input.table, (input.table:keep_range(param.column, range)), param.may_drop)
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
    replace = {
      doc = "Exchange some values for others; the rest stay as they are.",
      detail = "The map is written here, or a table with the columns `from` and `to` (look.value_clusters gives one), or a file of one.",
      inputs = { { "table", "table" }, { "map", "table", optional = true } },
      params = {
        columns = { type = "columns", doc = "where values are exchanged" },
        values = { type = "map", optional = true, doc = "what becomes what: Roma = Rome" },
        path = { type = "path", optional = true, doc = "a file with the columns from and to" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local result, cells = input.table:replace(param.columns, one_map(input, param, "clean.replace"))
        return mended(context, result, cells)
      end,
    },
    map = {
      doc = "Exchange every value for what a map says of it; a value that the map lacks fails the step, with how often it is there.",
      detail = "The map is written here, or a table with the columns `from` and `to`, or a file of such a table.",
      inputs = { { "table", "table" }, { "map", "table", optional = true } },
      params = {
        column = { type = "column", doc = "whose values are exchanged" },
        values = { type = "map", optional = true, doc = "what becomes what: yes = 1" },
        path = { type = "path", optional = true, doc = "a file with the columns from and to" },
        default = { type = "string", optional = true, doc = "what values become that the map lacks" },
        missing = { type = "string", optional = true, doc = "what becomes of missing ones" },
        into = { type = "string", optional = true, doc = "a new column for the result" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local count = require("lathe.style").count
        local result, told = input.table:map(param.column, one_map(input, param, "clean.map"),
          { default = param.default, missing = param.missing, into = param.into })
        context.note(result:note())
        context.log(("%s values of %s mapped, %s by default"):format(count(told.mapped), param.column, count(told.defaulted)))
        return { table = result }
      end,
    },
    mask = {
      doc = "Exchange the characters of texts for stars, but the last ones.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "of texts" },
        keep = { type = "integer", default = 0, min = 0, doc = "characters at the end that stay" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return hidden(context, input.table:mask(param.columns, { keep = param.keep }), param.columns, "masked")
      end,
    },
    pseudonymise = {
      doc = "Exchange values for names that tell nothing of them, the same for the same value: a hash under a key.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "whose values are exchanged" },
        key = { type = "string", doc = "the file of the key, closed to others (mode 0600)" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return hidden(context, input.table:pseudonymise(param.columns, { key = param.key }), param.columns, "pseudonymised")
      end,
    },
    generalise = {
      doc = "Make values coarser, so that more rows share them.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "of one type" },
        width = { type = "number", optional = true, doc = "numbers: of the ranges that they become" },
        to = { type = "choice", choices = { "year", "quarter", "month", "week", "day", "hour" }, optional = true,
          doc = "times: cut to it" },
        keep = { type = "integer", optional = true, min = 0, doc = "texts: characters that stay" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local options = { width = param.width, to = param.to, keep = param.keep }
        return hidden(context, input.table:generalise(param.columns, options), param.columns, "generalised")
      end,
    },
    agree = {
      doc = "Where rows with one key do not agree on what belongs to it, take what most of them say.",
      detail = "look.disagreements shows what would change.",
      inputs = { table = "table" },
      params = {
        by = { type = "columns", doc = "the key: a zip code" },
        columns = { type = "columns", doc = "what belongs to it: city, state" },
        share = { type = "number", default = 0.5, min = 0.5, max = 1, doc = "of the rows of a key that have to say the same, at least" },
        fill = { type = "boolean", default = false, doc = "fill in missing ones, too" },
      },
      outputs = { table = "table" },
      run = function(input, param, context) return mended(context, input.table:agree(param)) end,
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
