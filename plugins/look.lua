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
    value_clusters = {
      doc = "Spellings that probably mean the same, as a map for clean.replace: look through it, and delete what is wrong.",
      inputs = { table = "table" },
      params = {
        column = { type = "column", doc = "the texts to look at" },
        method = { type = "choice", choices = { "fingerprint", "ngram", "distance" }, default = "fingerprint",
          doc = "the same words, the same pieces of words, or a rare text near a frequent one" },
        size = { type = "integer", default = 2, min = 1, max = 100, doc = "characters of a piece (ngram)" },
        share = { type = "number", default = 0.25, min = 0, max = 1, doc = "of the characters that may differ (distance)" },
        ratio = { type = "number", default = 4, min = 1, doc = "times the rows of the rare text that the other has (distance)" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local found = input.table:value_clusters(param.column,
          { method = param.method, size = param.size, share = param.share, ratio = param.ratio })
        local clusters = found:rows() == 0 and 0 or found:column("cluster"):get(found:rows())
        context.note(("%d cluster%s"):format(clusters, clusters == 1 and "" or "s"))
        return { table = found }
      end,
    },
    disagreements = {
      doc = "Rows with one key that do not agree on what belongs to it: a zip code with two cities. clean.agree mends them.",
      inputs = { table = "table" },
      params = {
        by = { type = "columns", doc = "the key: a zip code" },
        columns = { type = "columns", doc = "what belongs to it: city, state" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local found = input.table:disagreements(param)
        context.note(found:note())
        return { table = found }
      end,
    },
    personal = {
      doc = "Columns that look as if their values belonged to people, and what takes them out.",
      inputs = { table = "table" },
      outputs = { table = "table" },
      run = function(input, _, context)
        local found = input.table:personal()
        context.note(("%d column%s"):format(found:rows(), found:rows() == 1 and "" or "s"))
        if found:rows() > 0 then context.log "clean.drop_columns, clean.pseudonymise, clean.mask and clean.generalise take them out" end
        return { table = found }
      end,
    },
    anonymity = {
      doc = "Whether k rows at least share each combination of what others may know; the combinations that fewer share.",
      inputs = { table = "table" },
      params = {
        columns = { type = "columns", doc = "what others may know: zip, born, sex" },
        k = { type = "integer", default = 5, min = 1, doc = "rows that have to share it" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local rare, told = input.table:anonymity(param.columns, { k = param.k })
        context.note(("k = %d, %d rows at risk"):format(told.k, told.rows))
        return { table = rare }
      end,
    },
    repairs = {
      doc = "How good a repair is where the truth is known: precision and recall of the cells that were changed.",
      inputs = { { "dirty", "table" }, { "repaired", "table" }, { "clean", "table" } },
      outputs = { table = "table" },
      run = function(input, _, context)
        local found = require("lathe").repairs(input.dirty, input.repaired, input.clean)
        local all = found:row(found:rows())
        context.note(("precision %.3f, recall %.3f"):format(all.precision or 0 / 0, all.recall or 0 / 0))
        context.log(("%d cells were wrong, %d were changed, %d of them rightly"):format(all.errors, all.changed, all.right))
        return { table = found }
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
