-- Making tables from tables: rows chosen, columns made.
local function told(context, before, after, words)
  local count = require("lathe.style").count
  context.note(after:note())
  context.log(words or ("%s of %s rows stay"):format(count(after:rows()), count(before:rows())))
  return { table = after }
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
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return told(context, input.table, (input.table:filter(param.where, param.values)))
      end,
    },
    derive = {
      doc = "Make columns by expressions over the columns there are (lathe help expressions).",
      inputs = { table = "table" },
      params = {
        columns = { type = "map", doc = "name and expression of each: gain_log = log(1 + gain)" },
        values = { type = "map", optional = true, doc = "values for $names in them" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        return told(context, input.table, input.table:derive(param.columns, param.values), "made " .. names_of(param.columns))
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
  },
}
