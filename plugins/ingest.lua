-- Rows from outside.
return {
  name = "ingest", api = 1, doc = "Bring rows in.",
  steps = {
    read = {
      doc = "Read a table: CSV, JSON, NPY, SQLite, Parquet and others, from files, globs, servers and databases.",
      inputs = {},
      params = {
        path = { type = "source", doc = "a file, \"data/*.csv\", https://..., sqlite:FILE, odbc:CONNECTION, or a list of these" },
        format = {
          type = "choice", choices = { "csv", "tsv", "json", "jsonl", "npy", "npz", "safetensors", "parquet", "sqlite" }, optional = true,
          doc = "what it is; found out by default",
        },
        encoding = { type = "string", optional = true, doc = "how the text is written, as gb18030; found out by default" },
        source = { type = "string", optional = true, doc = "a column of this name says which file a row is from" },
        types = { type = "map", optional = true, doc = "types of columns, as { zip = \"string\" }; the rest is found out" },
        lenient = { type = "boolean", default = false, doc = "leave out rows that cannot be read and list them in rejects" },
        delimiter = { type = "string", optional = true, doc = "the character between cells, or tab; found out by default" },
        quote = { type = "string", optional = true, doc = "the quote character; empty when quotes are plain characters" },
        escape = { type = "string", optional = true, doc = "the character that makes the next one text; empty for none" },
        comment = { type = "string", optional = true, doc = "the character that begins a comment line; empty for none" },
        header = { type = "choice", choices = { "auto", true, false }, default = "auto", doc = "the first row holds the column names" },
        skip = { type = "integer", optional = true, min = 0, doc = "lines to leave out at the top; found out by default" },
        ragged = { type = "boolean", default = false, doc = "fill short rows and cut long ones instead of refusing them" },
        missing = { type = "list", optional = true, doc = "texts that mean missing, instead of NA, NaN, null and the like" },
        decimal = { type = "string", optional = true, doc = "the decimal mark of numbers, when it is no point" },
        thousands = { type = "string", optional = true, doc = "the character between groups of three digits" },
        rows = { type = "string", optional = true, doc = "JSON: where the rows are, as data.items" },
        names = { type = "list", optional = true, doc = "NPY: the names of the columns" },
        array = { type = "string", optional = true, doc = "NPZ: this array only" },
        columns = { type = "list", optional = true, doc = "Parquet: only these columns" },
        where = { type = "string", optional = true, doc = "Parquet: only rows for which this SQL condition holds" },
        memory = { type = "string", optional = true, doc = "Parquet: what DuckDB may hold, as 2GB; the rest goes to disk" },
        decimals = { type = "choice", choices = { "exact", "float64", "text" }, optional = true,
          doc = "Parquet, ODBC: what decimals become that int64 does not hold" },
        table = { type = "string", optional = true, doc = "databases: the table" },
        query = { type = "string", optional = true, doc = "databases: a query instead of a table" },
        timeout = { type = "number", optional = true, min = 0, doc = "servers: seconds for an answer (300)" },
        retries = { type = "integer", optional = true, min = 0, doc = "servers: how often to ask again (4)" },
        limit = { type = "number", optional = true, min = 0, doc = "servers: the largest answer in bytes (1 GB)" },
        token_env = { type = "string", optional = true, doc = "servers: the environment variable with the bearer token" },
        token_file = { type = "string", optional = true, doc = "servers: a file with the bearer token, closed to others (0600)" },
        offline = { type = "boolean", default = false, doc = "servers: take the kept answer" },
        refresh = { type = "boolean", default = false, doc = "servers: ask for all of it again" },
        contract = { type = "path", optional = true,
          doc = "what the rows have to be like (look.contract); a breach fails the step, or is listed in breaches when lenient" },
      },
      outputs = { { "table", "table" }, { "rejects", "table", optional = true, doc = "rows that were left out" },
        { "breaches", "table", optional = true, doc = "what breaks the contract" } },
      run = function(_, param, context)
        local lathe, options = require "lathe", {}
        for name, value in pairs(param) do
          if name ~= "path" and name ~= "contract" and value ~= false then options[name] = value end
        end
        if param.header == false then options.header = false end
        if context.project and context.project ~= "." then options.project = context.project end
        local table_, details = lathe.read(param.path, options)
        context.note(table_:note() .. (details.note ~= "" and "; " .. details.note or ""))
        local rejects = details.rejects or lathe.table {
          { "offset", {} }, { "line", {} }, { "column", {} }, { "text", {} }, { "reason", {} },
        }
        if not param.contract then return { table = table_, rejects = rejects } end
        local _, breaches = table_:expect(param.contract, { lenient = param.lenient })
        if breaches:rows() > 0 then context.log(("%d breaches of the contract"):format(breaches:rows())) end
        return { table = table_, rejects = rejects, breaches = breaches }
      end,
    },
    sql = {
      doc = "Ask in SQL: tables of the flow and files by DuckDB, or a database by ODBC with parameters.",
      detail = "With dsn, connection_env or connection_file the query goes to that database; without parameters, so does ingest.read. "
        .. "Otherwise DuckDB runs it: the tables given are t and u in the query; files are read_csv('x.csv'), "
        .. "read_parquet('x.parquet'), read_json('x.json'). "
        .. "What a query reads by itself is not known to the run, so the step is never taken from the store.",
      inputs = { { "t", "table", optional = true }, { "u", "table", optional = true } },
      cache = false,
      params = {
        query = { type = "string", doc = "the statement whose answer is the table" },
        parameters = { type = "list", optional = true, doc = "values for the ? in the query" },
        dsn = { type = "string", optional = true, doc = "a data source of odbc.ini" },
        connection_env = { type = "string", optional = true, doc = "the variable of the environment that holds a connection string" },
        connection_file = { type = "string", optional = true, doc = "a file of mode 0600 that holds a connection string" },
        timeout = { type = "number", optional = true, min = 0, doc = "seconds that the database may take" },
        database = { type = "string", optional = true, doc = "a DuckDB file, instead of memory" },
        memory = { type = "string", optional = true, doc = "what DuckDB may hold, such as 2GB; the rest goes to disk" },
        decimals = { type = "choice", choices = { "exact", "float64", "text" }, default = "exact", doc = "what decimals become" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        if param.dsn or param.connection_env or param.connection_file then
          if input.t then error("a database does not see the table t; leave it out, or leave the connection out", 0) end
          local answer = require("lathe").odbc.ask(param.query, { dsn = param.dsn, connection_env = param.connection_env,
            connection_file = param.connection_file, parameters = param.parameters, timeout = param.timeout, decimals = param.decimals })
          context.note(answer:note())
          return { table = answer }
        end
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
