-- lathe plugins: the stages and their steps.
local function plain_step(step)
  local json = require "lathe.json"
  local function ports(list)
    local kept = json.array {}
    for index, port in ipairs(list) do kept[index] = { name = port.name, kind = port.kind, optional = port.optional, doc = port.doc } end
    return kept
  end
  local params = json.array {}
  for index, param in ipairs(step.params) do
    params[index] = { name = param.name, type = param.type, doc = param.doc, default = param.default, optional = param.optional,
      min = param.min, max = param.max, choices = param.choices }
  end
  return { name = step.name, doc = step.doc, inputs = ports(step.inputs), outputs = ports(step.outputs), params = params, file = step.file,
    origin = step.origin, cache = step.cache }
end

local function print_json(stages, problems)
  local json = require "lathe.json"
  local list = json.array {}
  for index, stage in ipairs(stages) do
    local steps = json.array {}
    for at, step in ipairs(stage.steps) do steps[at] = plain_step(step) end
    list[index] = { name = stage.name, doc = stage.doc, files = json.array(stage.files), steps = steps }
  end
  print(json.encode({ stages = list, problems = json.array(problems) }, { indent = 2 }))
end

local function print_stages(stages)
  local style = require "lathe.style"
  local look, width = style.new(style.colour(io.stdout)), math.min(style.columns(io.stdout), 100)
  local longest = 0
  for _, stage in ipairs(stages) do
    for _, step in ipairs(stage.steps) do longest = math.max(longest, #step.name) end
  end
  for index, stage in ipairs(stages) do
    if index > 1 then print "" end
    print(look.bold(stage.name) .. "  " .. look.dim(stage.doc))
    for _, step in ipairs(stage.steps) do
      local from = step.origin ~= "lathe" and "  (" .. step.origin .. ")" or ""
      local text = style.wrap(step.doc .. from, math.max(20, width - longest - 4))
      for at, line in ipairs(text) do print("  " .. style.pad(at == 1 and step.name or "", longest) .. "  " .. line) end
    end
  end
end

local function run(arguments, options)
  local plugin = require "lathe.plugin"
  plugin.use_here()
  local stages, problems = plugin.stages(), plugin.problems()
  if arguments[1] then
    local names = {}
    for index, stage in ipairs(stages) do
      names[index] = stage.name
      if stage.name == arguments[1] then
        stages, names = { stage }, nil
        break
      end
    end
    if names then
      local mend = require("lathe.schema").suggest(arguments[1], names, "stages")
      require("lathe.command").wrong("there is no stage %q; %s%s", arguments[1], mend, plugin.unread())
    end
  end
  if options.json then print_json(stages, problems) else print_stages(stages) end
  for _, problem in ipairs(problems) do io.stderr:write("lathe: ", problem.sentence, "\n") end
  return 0
end

return {
  name = "plugins",
  doc = "List the steps, stage by stage.",
  usage = "lathe plugins [STAGE] [--json]",
  arguments = { { name = "STAGE", doc = "only this one: clean, train, ...", optional = true } },
  options = { { name = "json", doc = "print stages, steps and their parameters as JSON" } },
  detail = [[
`lathe help clean.drop_missing` shows what a step takes. Steps of yours are files in $XDG_DATA_HOME/lathe/plugins (or
~/.local/share/lathe/plugins), in the folders of $LATHE_PLUGINS, or in plugins/ beside a flow; `lathe help plugins` shows how to write
one. A file that cannot be used is named on standard error.]],
  run = run,
}
