-- Writing models, tables and reports for elsewhere.
local function size_of(path)
  local file = io.open(path, "rb")
  if not file then return "written" end
  local size = file:seek "end"
  file:close()
  return require("lathe.style").bytes(size)
end

return {
  name = "export", api = 1, doc = "Write models, tables and reports for elsewhere.",
  steps = {
    onnx = {
      doc = "Write an ONNX file that takes the raw columns.",
      inputs = { model = "model" },
      params = {
        path = { type = "output", doc = "the .onnx file" },
        quantize = { type = "choice", choices = { "none", "int8" }, default = "none", doc = "round the weights to 8 bits first" },
      },
      outputs = {},
      run = function(input, param, context)
        local model = input.model
        if param.quantize == "int8" and not model:summary().int8 then model = model:quantize "int8" end
        model:export(param.path)
        context.note(size_of(param.path))
        return {}
      end,
    },
    table = {
      doc = "Write a table as a file: CSV, TSV, JSON, JSON Lines, NPY, NPZ, safetensors, SQLite or Parquet, told by its extension.",
      inputs = { table = "table" },
      params = {
        path = { type = "output", doc = "the file, such as rows.csv.gz, rows.jsonl or rows.db" },
        format = { type = "choice", choices = { "auto", "csv", "tsv", "json", "jsonl", "npy", "npz", "safetensors", "sqlite", "parquet" },
          default = "auto", doc = "the format, where the extension does not tell it" },
        delimiter = { type = "string", optional = true, doc = "CSV: the character between cells, or tab" },
        name = { type = "string", optional = true, doc = "SQLite: the name of the table; that of the file by default" },
        mode = { type = "choice", choices = { "create", "replace", "append" }, optional = true,
          doc = "SQLite: a new table, one instead of another, or rows behind those there" },
        fields = { type = "boolean", optional = true, doc = "NPY: keep the names of columns where all are of one type" },
        compressed = { type = "boolean", optional = true, doc = "NPZ: deflate the arrays" },
        compression = { type = "choice", choices = { "zstd", "snappy", "gzip", "lz4", "uncompressed" }, optional = true,
          doc = "Parquet: how pages are packed (zstd)" },
        row_group = { type = "integer", optional = true, min = 1, doc = "Parquet: rows in a row group (122880)" },
      },
      outputs = {},
      run = function(input, param, context)
        local options = {}
        for name, value in pairs(param) do
          if name == "name" then options.table = value
          elseif name ~= "path" and not (name == "format" and value == "auto") then options[name] = value end
        end
        input.table:write(param.path, options)
        context.note(("%s, %s"):format(input.table:note(), size_of(param.path)))
        return {}
      end,
    },
    report = {
      doc = "Write a report as a page of HTML, as text or as JSON, told by its extension.",
      inputs = { report = "report" },
      params = { path = { type = "output", doc = "the file, such as profile.html, profile.txt or profile.json" } },
      outputs = {},
      run = function(input, param, context)
        input.report:write(param.path)
        context.note(size_of(param.path))
        return {}
      end,
    },
    bundle = {
      doc = "Write a bundle: the model with its recipe, schema and card in one file that lathe opens again.",
      inputs = { model = "model" },
      params = { path = { type = "output", doc = "the file, such as house.lathe" } },
      outputs = {},
      run = function(input, param, context)
        input.model:save(param.path)
        context.note(size_of(param.path))
        return {}
      end,
    },
  },
}
