-- lathe models: the models that this project keeps.
local function run(_, options)
  local project, json, style = require "lathe.project", require "lathe.json", require "lathe.style"
  local models = project.open(options.project or "."):models()
  if options.json then
    for _, model in ipairs(models) do
      json.array(model.metrics)
      json.array(model.files)
    end
    print(json.encode(json.array(models), { indent = 2 }))
    return 0
  end
  if #models == 0 then
    print "no run in this project made a model yet"
    return 0
  end
  local rows = {}
  for index, model in ipairs(models) do
    rows[index] = { model.hash:sub(1, 8), (model.flow or "?") .. "." .. model.node, model.note or "", style.bytes(model.size),
      os.date("%Y-%m-%d %H:%M", math.floor(model.started or 0)), require("lathe.summary").figures(model), table.concat(model.files, " ") }
  end
  local report = require("lathe.report").new "Models"
  report:table {
    columns = { "model", "made as", "note", { name = "size", align = "right" }, "on", "result", "written to" }, rows = rows,
  }
  io.stdout:write(report:render { width = math.min(style.columns(io.stdout, 140), 160), colour = style.colour(io.stdout) })
  return 0
end

return {
  name = "models",
  doc = "List the models that this project keeps, with their figures.",
  usage = "lathe models [options]",
  options = {
    { name = "project", short = "p", value = "DIR", doc = "the project in DIR (default: here)" },
    { name = "json", doc = "print them as JSON, with the path of each in the store" },
  },
  run = run,
}
