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
    parquet = {
      doc = "Read a Parquet file, by DuckDB.",
      inputs = {},
      params = {
        path = { type = "path", doc = "the file" },
        columns = { type = "list", optional = true, doc = "only these columns" },
        where = { type = "string", optional = true, doc = "only these rows: a condition in SQL" },
        memory = { type = "string", optional = true, doc = "what DuckDB may hold, such as 2GB; the rest goes to disk" },
        decimals = { type = "choice", choices = { "exact", "float64", "text" }, default = "exact", doc = "what decimals become" },
      },
      outputs = { table = "table" },
      run = function(_, param, context)
        local table_ = require("lathe").duckdb.read_parquet(param.path, { columns = param.columns, where = param.where,
          memory = param.memory, decimals = param.decimals })
        context.note(table_:note())
        return { table = table_ }
      end,
    },
    sql = {
      doc = "Ask in SQL: tables and files by DuckDB.",
      detail = "The tables given are t and u in the query; files are read_csv('x.csv'), read_parquet('x.parquet'), read_json('x.json'). "
        .. "What a query reads by itself is not known to the run, so the step is never taken from the store.",
      inputs = { { "t", "table", optional = true }, { "u", "table", optional = true } },
      cache = false,
      params = {
        query = { type = "string", doc = "the statement whose answer is the table" },
        parameters = { type = "list", optional = true, doc = "values for the ? in the query" },
        database = { type = "string", optional = true, doc = "a DuckDB file, instead of memory" },
        memory = { type = "string", optional = true, doc = "what DuckDB may hold, such as 2GB; the rest goes to disk" },
        decimals = { type = "choice", choices = { "exact", "float64", "text" }, default = "exact", doc = "what decimals become" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local opened = require("lathe").duckdb.open { path = param.database, memory = param.memory }
        local fine, answer = pcall(opened.query, opened, param.query, { tables = { t = input.t, u = input.u },
          parameters = param.parameters, decimals = param.decimals })
        opened:close()
        if not fine then error(answer, 0) end
        if not answer then error("the query has no answer; a table is made by SELECT or FROM", 0) end
        local before = input.t and require("lathe.style").count(input.t:rows()) .. " → " or ""
        context.note(before .. answer:note())
        return { table = answer }
      end,
    },
  },
}
