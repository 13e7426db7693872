-- Making tables from tables: rows chosen, columns made.
local guard = require "lathe.guard"

local function told(context, before, after, words)
  local count = require("lathe.style").count
  context.note(after:note())
  context.log(words or ("%s of %s rows stay"):format(count(after:rows()), count(before:rows())))
  return { table = after }
end

-- What a join says: rows before and after, and those that found no partner.
local function joined(context, input, after, unmatched)
  local count = require("lathe.style").count
  return told(context, input.left, after, ("%s and %s rows gave %s; without a partner: %s on the left, %s on the right"):format(
    count(input.left:rows()), count(input.right:rows()), count(after:rows()), count(unmatched.left), count(unmatched.right)))
end

local function gathered(context, before, after)
  local count = require("lathe.style").count
  return told(context, before, after, ("%s rows gave %s"):format(count(before:rows()), count(after:rows())))
end

local function names_of(map)
  local names = {}
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, ", ")
end

return {
  name = "shape", api = 1, doc = "Make tables from tables: choose rows, make columns.",
  steps = {
    filter = {
      doc = "Keep the rows for which an expression is true (lathe help expressions); where it is missing the row is left out.",
      inputs = { table = "table" },
      params = {
        where = { type = "string", doc = "the condition: age >= 17 and hours <= 99" },
        values = { type = "map", optional = true, doc = "values for $names in it" },
        may_drop = guard.may_drop,
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local result = input.table:filter(param.where, param.values)
        guard.left_out(input.table, result, param.may_drop)
        return told(context, input.table, result)
      end,
    },
    derive = {
      doc = "Make a column by an expression over the columns there are (lathe help expressions); it may replace one.",
      inputs = { table = "table" },
      params = {
        name = { type = "string", doc = "the column that is made" },
        expression = { type = "string", doc = "what it is: log(1 + gain)" },
        values = { type = "map", optional = true, doc = "values for $names in it" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local result = input.table:derive({ { param.name, param.expression } }, param.values)
        return told(context, input.table, result, ("made %s (%s)"):format(param.name, result:type(param.name)))
      end,
    },
    cast = {
      doc = "Give columns other types; a value that does not become one fails, or is missing.",
      inputs = { table = "table" },
      params = {
        types = { type = "map", doc = "column and type: age = int64, zip = string" },
        lenient = { type = "boolean", default = false, doc = "what cannot be cast becomes missing" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local result, lost = input.table:cast(param.types, { lenient = param.lenient })
        local words = {}
        for name, count in pairs(lost) do
          if count > 0 then words[#words + 1] = ("%s: %d"):format(name, count) end
        end
        table.sort(words)
        return told(context, input.table, result,
          #words > 0 and ("values that became missing: " .. table.concat(words, ", ")) or "every value was cast")
      end,
    },
    rename = {
      doc = "Give columns other names.",
      inputs = { table = "table" },
      params = { names = { type = "map", doc = "old and new name: old = new" } },
      outputs = { table = "table" },
      run = function(input, param, context)
        return told(context, input.table, input.table:rename(param.names), "renamed " .. names_of(param.names))
      end,
    },
    group_by = {
      doc = "One row for each combination of values in some columns, with aggregates of the rows that have it.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "the columns whose values make the groups" },
        aggregates = { type = "map", optional = true,
          doc = "new columns: total = sum(x), p90 = quantile(x, 0.9); also count, mean, sd, variance, min, max, median, distinct, first, "
            .. "last, any, all" },
        sort = { type = "boolean", default = false, doc = "in the order of the groups' values; otherwise by first appearance" },
        missing = { type = "choice", choices = { "keep", "drop" }, default = "keep", doc = "a missing key makes a group, or is left out" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local options = { sort = param.sort, missing = param.missing }
        return gathered(context, input.table, input.table:group_by(param.columns, param.aggregates, options))
      end,
    },
    value_counts = {
      doc = "How often each value occurs, the most frequent first.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "a column, or several whose combinations are counted" },
        share = { type = "boolean", default = false, doc = "also as a part of all rows" },
        missing = { type = "choice", choices = { "keep", "drop" }, default = "keep", doc = "it is counted, or left out" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local options = { share = param.share, missing = param.missing }
        return gathered(context, input.table, input.table:value_counts(param.columns, options))
      end,
    },
    distinct = {
      doc = "The different rows, or the different combinations of some columns.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", optional = true, doc = "only these columns" } },
      outputs = { table = "table" },
      run = function(input, param, context) return gathered(context, input.table, input.table:distinct(param.columns)) end,
    },
    pivot = {
      doc = "Make a long table wide: one row for each value of some columns, one column for each value of others.",
      inputs = { table = "table" },
      params = {
        rows = { type = "columns", doc = "columns whose values stay rows" },
        columns = { type = "columns", doc = "columns whose values become columns" },
        values = { type = "columns", optional = true, doc = "columns that fill the cells; without them rows are counted" },
        aggregate = { type = "string", optional = true, doc = "what becomes of several rows in a cell: mean, sum, max, ..." },
        fill = { type = "number", optional = true, doc = "for cells without rows" },
        limit = { type = "integer", default = 1000, min = 1, doc = "the most new columns" },
      },
      outputs = { table = "table" },
      run = function(input, param, context) return gathered(context, input.table, input.table:pivot(param)) end,
    },
    join = {
      doc = "Rows of two tables side by side where their keys are equal.",
      inputs = { { "left", "table" }, { "right", "table" } },
      params = {
        on = { type = "list", doc = "columns to compare: key, or left=right where the names differ" },
        how = { type = "choice", choices = { "inner", "left", "right", "full", "semi", "anti" }, default = "inner",
          doc = "which rows without a partner stay; semi and anti choose left rows by whether they have one" },
        suffix = { type = "string", default = "_right", doc = "for columns of the right table whose names the left one has" },
        validate = { type = "choice", choices = { "one-to-one", "one-to-many", "many-to-one", "many-to-many" }, default = "many-to-many",
          doc = "refuse keys that are there twice on a side of one" },
        missing = { type = "choice", choices = { "differ", "equal" }, default = "differ", doc = "whether missing keys equal each other" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local after, unmatched = input.left:join(input.right, param)
        return joined(context, input, after, unmatched)
      end,
    },
    join_asof = {
      doc = "Beside each row the nearest row of another table, by a number or a time.",
      inputs = { { "left", "table" }, { "right", "table" } },
      params = {
        on = { type = "string", doc = "the column to be near in; left=right where the names differ" },
        by = { type = "list", optional = true, doc = "columns that must be equal" },
        direction = { type = "choice", choices = { "backward", "forward", "nearest" }, default = "backward",
          doc = "the last row that is not later, the first that is not earlier, or the nearer one" },
        tolerance = { type = "number", optional = true, min = 0, doc = "the most they may be apart: numbers, days, seconds" },
        exact = { type = "boolean", default = true, doc = "equal ones are partners" },
        suffix = { type = "string", default = "_right", doc = "for columns of the right table whose names the left one has" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local after, unmatched = input.left:join_asof(input.right, param)
        return joined(context, input, after, unmatched)
      end,
    },
    sort = {
      doc = "Put the rows in the order of some columns; equal rows keep theirs, what is missing comes last.",
      inputs = { table = "table" },
      params = {
        by = { type = "columns", doc = "the columns, the one that matters most first" },
        descending = { type = "columns", optional = true, doc = "those of them that fall" },
        missing = { type = "choice", choices = { "last", "first" }, default = "last", doc = "where rows that miss a key come" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local falls, keys = {}, { missing = param.missing }
        for _, name in ipairs(param.descending or {}) do falls[name] = true end
        for at, name in ipairs(param.by) do keys[at] = { name, descending = falls[name] or false } end
        return told(context, input.table, input.table:sort(keys), "sorted by " .. table.concat(param.by, ", "))
      end,
    },
    concat = {
      doc = "Put tables one below the other, columns by name; what a table lacks is missing there.",
      inputs = { { "first", "table" }, { "second", "table" }, { "third", "table", optional = true },
        { "fourth", "table", optional = true } },
      params = {
        source = { type = "string", optional = true, doc = "a column that says which table a row is from" },
        names = { type = "list", optional = true, doc = "what it calls the tables: 1, 2, ... by default" },
      },
      outputs = { table = "table", report = "report" },
      run = function(input, param, context)
        local list = { source = param.source, names = param.names }
        for _, name in ipairs { "first", "second", "third", "fourth" } do list[#list + 1] = input[name] end
        local made, report = require("lathe").concat(list)
        local count, rows = require("lathe.style").count, {}
        for index, t in ipairs(list) do rows[index] = count(t:rows()) end
        context.note(made:note())
        context.log(("%s rows gave %s"):format(require("lathe.schema").enumerate(rows), count(made:rows())))
        for _, found in ipairs(report.differences) do context.log(("%s: %s, %s"):format(found[1], found[2], found[3])) end
        return { table = made, report = report }
      end,
    },
    melt = {
      doc = "Wide to long: a row for each row and each of some columns.",
      inputs = { table = "table" },
      params = {
        id = { type = "columns", optional = true, doc = "columns that stand beside each value" },
        values = { type = "columns", optional = true, doc = "columns whose values go below each other; all others by default" },
        name = { type = "string", default = "variable", doc = "the new column of their names" },
        value = { type = "string", default = "value", doc = "the new column of their values" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return gathered(context, input.table, input.table:melt(param))
      end,
    },
    sample = {
      doc = "Some of the rows, by hash: the same ones when rows are appended.",
      inputs = { table = "table" },
      params = {
        share = { type = "number", optional = true, min = 0, max = 1, doc = "how many of them: 0.1 is every tenth or so" },
        rows = { type = "integer", optional = true, min = 0, doc = "or exactly so many" },
        by = { type = "columns", optional = true, doc = "rows that are equal in these are in or out together" },
        seed = { type = "integer", default = 42, min = 0, doc = "another seed chooses other rows" },
      },
      outputs = { table = "table" },
      run = function(input, param, context) return told(context, input.table, input.table:sample(param)) end,
    },
    slice = {
      doc = "The rows from one number to another.",
      inputs = { table = "table" },
      params = {
        from = { type = "integer", default = 1, doc = "the first; below 0 counted from the end" },
        to = { type = "integer", default = -1, doc = "the last; below 0 counted from the end" },
      },
      outputs = { table = "table" },
      run = function(input, param, context) return told(context, input.table, input.table:slice(param.from, param.to)) end,
    },
  },
}
