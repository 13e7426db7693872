-- Looking at tables without changing them.
return {
  name = "look", api = 1, doc = "See what a table holds.",
  steps = {
    contract = {
      doc = "Write down what a table of good rows is like: types, what is missing, bounds, texts. clean.expect and lathe serve check it.",
      inputs = { table = "table" },
      params = {
        path = { type = "output", doc = "the JSON file to write" },
        words = { type = "integer", default = 100, min = 0, doc = "texts of a category are listed when there are no more" },
      },
      outputs = { report = "report" },
      run = function(input, param, context)
        local contract = require("lathe").contract(input.table, { words = param.words }):save(param.path)
        local report = require("lathe").report "Contract"
        report:text(contract:text())
        context.note(("%d columns"):format(#input.table:columns()))
        return { report = report }
      end,
    },
    profile = {
      doc = "What each column holds, what looks wrong with it, and the step that mends it.",
      inputs = { table = "table" },
      params = {
        charts = { type = "columns", optional = true, doc = "draw these columns as well" },
        target = { type = "column", optional = true, doc = "show how much each column tells of this one" },
      },
      outputs = { report = "report" },
      run = function(input, param)
        return { report = input.table:profile { charts = param.charts, target = param.target } }
      end,
    },
    compare = {
      doc = "What differs between two tables: columns, distributions, rows and cells.",
      inputs = { { "left", "table" }, { "right", "table" } },
      params = {
        key = { type = "columns", optional = true, doc = "rows that are equal here belong together; without it, those of one number" },
        examples = { type = "integer", default = 3, min = 0, max = 8, doc = "changed cells that are shown of each column" },
      },
      outputs = { report = "report" },
      run = function(input, param)
        return { report = require("lathe").compare(input.left, input.right, param) }
      end,
    },
    correlate = {
      doc = "How much columns tell of each other: correlations of numbers, Cramer's V of categories, the correlation ratio of one of each.",
      inputs = { table = "table" },
      params = {
        method = { type = "choice", choices = { "pearson", "spearman", "mixed" }, default = "mixed",
          doc = "values, ranks (both between numbers only), or what fits each pair" },
        columns = { type = "columns", optional = true, doc = "these only" },
        against = { type = "column", optional = true, doc = "the associations of this column only" },
      },
      outputs = { table = "table" },
      run = function(input, param)
        return { table = input.table:correlate { method = param.method, columns = param.columns, against = param.against, pairs = true } }
      end,
    },
    missing_patterns = {
      doc = "Which columns are missing together, and in how many rows.",
      inputs = { table = "table" },
      params = { columns = { type = "columns", optional = true, doc = "look at these only" } },
      outputs = { table = "table" },
      run = function(input, param) return { table = input.table:missing_patterns(param.columns) } end,
    },
    head = {
      doc = "The first rows.",
      inputs = { table = "table" },
      params = {
        rows = { type = "integer", default = 10, min = 0, doc = "how many" },
      },
      outputs = { table = "table" },
      run = function(input, param) return { table = input.table:head(param.rows) } end,
    },
  },
}
