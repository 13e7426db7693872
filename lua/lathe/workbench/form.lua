-- The palette's lines, and a form for each step, made from its schema.
local core = require "lathe.core"
local session = require "lathe.workbench.session"
local C = core.C
local say, kind_of = session.say, session.kind_of

local form = {}

-- Fill the palette: commands, then all steps.
function form.palette()
  local lines = {
    "run\trun the flow; what did not change is kept\tflow:run()",
    "run afresh\trun all of the flow again\tflow:run { fresh = true }",
    "profile\tprofile the table in the Data view\tshow(data:profile())",
    "flow\tthe Flow view\tview \"flow\"",
    "data\tthe Data view\tview \"data\"",
    "report\tthe Report view\tview \"report\"",
    "models\tthe Models view\tview \"models\"",
    "monitor\tthe Monitor view\tview \"monitor\"",
    "example\tread the house-prices example\t" .. session.example_line,
    "help\tthe console's names and functions\thelp()",
    "quit\tleave lathe\tquit()",
  }
  local fine, stages = pcall(function() return require("lathe.plugin").stages() end)
  for _, stage in ipairs(fine and stages or {}) do
    for _, step in ipairs(stage.steps) do lines[#lines + 1] = step.name .. "\t" .. step.doc end
  end
  C.lathe_screen_palette(table.concat(lines, "\n"))
  for _, broken in ipairs(fine and require("lathe.plugin").problems() or {}) do say(session.paint.warn(broken.sentence)) end
end

-- Open the form of the step `name`. Raises a sentence when there is no such step.
function form.open(name)
  local schema = require "lathe.schema"
  local step = require("lathe.plugin").step(name)
  session.form = step
  local wants = {}
  for _, input in ipairs(step.inputs) do wants[#wants + 1] = input.kind end
  local doc = step.doc
  if #wants > 0 then doc = doc .. "  Takes: " .. table.concat(wants, ", ") .. "." end
  C.lathe_screen_form_begin(step.name, doc)
  local columns = session.data and table.concat(session.data:columns(), "\n") or ""
  for _, param in ipairs(step.params) do
    local choices = ""
    if param.choices then
      local texts = {}
      for index, choice in ipairs(param.choices) do texts[index] = tostring(choice) end
      choices = table.concat(texts, "\n")
    elseif param.type == "boolean" then choices = "true\nfalse"
    elseif param.type == "column" then choices = columns end
    C.lathe_screen_form_field(param.name, param.type, schema.text(param, param.default), choices, param.doc,
      param.default == nil and not param.optional)
  end
  C.lathe_screen_form_show()
end

-- The artifact in view that a step's input can take, as console text.
local function artifact_text(kind)
  if kind == "table" and session.data then return "data", session.data end
  for name, value in pairs(session.own) do
    if kind_of(value) == kind then return name, value end
  end
  if session.result then
    for _, node in ipairs(session.result.nodes) do
      for _, output in ipairs(node.outputs or {}) do
        if output.kind == kind then
          local fine, value = pcall(function() return session.result:get(node.name, output.name) end)
          if fine then return ("run:get(%q, %q)"):format(node.name, output.name), value end
        end
      end
    end
  end
  core.fail("there is no %s yet that the step could take", kind)
end

-- The line that a form stands for, checked; raises the first sentence that is wrong with it.
function form.line(text)
  local schema, step = require "lathe.schema", session.form
  local parts, params, inputs = {}, {}, {}
  for _, input in ipairs(step.inputs) do
    if not input.optional then
      local word, value = artifact_text(input.kind)
      parts[#parts + 1], inputs[input.name] = word, value
    end
  end
  for name, typed in text:gmatch "([^\t\n]+)\t([^\n]*)" do
    local param = step.param[name]
    local value = schema.parse(param, typed)
    if typed ~= schema.text(param, param.default) then
      params[name] = value
      parts[#parts + 1] = name .. " = " .. schema.lua(value)
    end
  end
  local _, problems = schema.problems(step, params, inputs)
  if problems[1] then error(problems[1], 0) end
  return ("step %q { %s }"):format(step.name, table.concat(parts, ", "))
end

return form
