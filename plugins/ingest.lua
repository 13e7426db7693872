-- Rows from outside.
return {
  name = "ingest", api = 1, doc = "Bring rows in.",
  steps = {
    read = {
      doc = "Read a text table (CSV and its neighbours), or a saved table.",
      inputs = {},
      params = {
        path = { type = "path", doc = "the file" },
        delimiter = { type = "string", optional = true, doc = "the character between cells, or tab; found out by default" },
        quote = { type = "string", optional = true, doc = "the quote character; empty when quotes are plain characters" },
        header = { type = "boolean", default = true, doc = "the first row holds the column names" },
        types = { type = "map", optional = true, doc = "types of columns, as { zip = \"string\" }; the rest is found out" },
        missing = { type = "list", optional = true, doc = "texts that mean missing, instead of NA, NaN, null and the like" },
        skip = { type = "integer", default = 0, min = 0, doc = "lines to leave out at the top" },
        ragged = { type = "boolean", default = false, doc = "fill short rows and cut long ones instead of refusing them" },
        encoding = { type = "choice", choices = { "utf-8", "latin-1" }, default = "utf-8", doc = "how the text is written" },
      },
      outputs = { table = "table" },
      run = function(_, param, context)
        local options = {}
        for name, value in pairs(param) do
          if name ~= "path" then options[name] = value end
        end
        local table_ = require("lathe").read(param.path, options)
        context.note(table_:note())
        return { table = table_ }
      end,
    },
  },
}
