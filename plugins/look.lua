-- Looking at tables without changing them.
return {
  name = "look", api = 1, doc = "See what a table holds.",
  steps = {
    profile = {
      doc = "What each column holds, what looks wrong with it, and the step that mends it.",
      inputs = { table = "table" },
      params = {
        charts = { type = "columns", optional = true, doc = "draw these columns as well" },
      },
      outputs = { report = "report" },
      run = function(input, param)
        return { report = input.table:profile { charts = param.charts } }
      end,
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
