-- lathe step: one step on files, with its parameters as options.
local function wrong(...) return require("lathe.command").wrong(...) end

local function read_artifact(kind, path)
  if kind == "model" then return require("lathe").open(path) end
  if kind == "table" then return require("lathe").read(path) end
  if kind == "report" then
    local file = io.open(path, "rb") or error(("there is no file %s; check the name and the folder"):format(path), 0)
    local text = file:read "*a"
    file:close()
    return require("lathe.report").from(require("lathe.json").decode(text, path))
  end
  error(("a %s lives in a flow and cannot be read from a file"):format(kind), 0)
end

local function write_artifact(kind, value, path)
  if path == "-" then path = "/dev/stdout" end
  if kind == "report" then
    local text = path:find "%.json$" and require("lathe.json").encode(value:data(), { indent = 2 }) .. "\n" or tostring(value)
    local core = require "lathe.core"
    core.try(core.C.lathe_file_write(path, text, #text, core.problem))
  elseif kind == "model" and path:find "%.onnx$" then
    value:export(path)
  elseif kind == "table" and not path:find "%.safetensors$" then
    value:write(path)
  elseif kind == "endpoint" then
    error("an endpoint cannot be written to a file", 0)
  else
    value:save(path)
  end
end

local several = { columns = true, list = true, map = true }

-- What an option says that was given before: lists and maps go on, others have one value.
local function both(step, param, before, value)
  if not before then return value end
  if several[param.type] and not (before .. value):find "^%s*{" then return before .. "," .. value end
  wrong("%s: --%s is given twice", step.name, param.name)
end

-- The words behind the step's name: files, parameters as { name, text }, outputs as { name or false, path }, and the plain options.
local function read_words(step, words)
  local call = { files = {}, params = {}, outputs = {}, options = {} }
  local known = { "output", "json", "help", "threads" }
  for _, param in ipairs(step.params) do known[#known + 1] = param.name end
  local at = 1
  while at <= #words do
    local word = words[at]
    local name, value = word:match "^%-%-([^=]+)=(.*)$"
    name = name or word:match "^%-%-(.+)$"
    if word == "--" then
      for rest = at + 1, #words do call.files[#call.files + 1] = words[rest] end
      break
    elseif not name then
      if word:find "^%-." and not tonumber(word) then wrong("lathe step %s has no option %s; options begin with --", step.name, word) end
      call.files[#call.files + 1] = word
    else
      local param = step.param[name] or step.param[(name:gsub("%-", "_"))]
      local flag = param and param.type == "boolean" or not param and (name == "json" or name == "help")
      if not param and name ~= "output" and name ~= "threads" and not flag then
        wrong("%s: there is no parameter %q; %s", step.name, name, require("lathe.schema").suggest(name, known, "options"))
      end
      if value == nil and not flag then
        at = at + 1
        value = words[at] or wrong("--%s wants a value", name)
      end
      if param then call.params[param.name] = both(step, param, call.params[param.name], value or "true")
      elseif name == "output" then
        local output, path = value:match "^([%a_][%w_]*)=(.+)$"
        call.outputs[#call.outputs + 1] = { output or false, path or value }
      else
        call.options[name] = value or true
      end
    end
    at = at + 1
  end
  return call
end

local function read_params(step, given)
  local schema, params = require "lathe.schema", {}
  for name, text in pairs(given) do
    local fine, value = pcall(schema.parse, step.param[name], text)
    if not fine then wrong("%s: %s", step.name, value) end
    params[name] = value
  end
  local _, problems = schema.problems(step, params)
  if problems[1] then wrong("%s; `lathe help %s` shows what it takes", problems[1], step.name) end
  return params
end

local function read_inputs(step, files)
  local inputs, least = {}, 0
  for _, port in ipairs(step.inputs) do least = least + (port.optional and 0 or 1) end
  if #files < least or #files > #step.inputs then
    local names = {}
    for index, port in ipairs(step.inputs) do
      names[index] = port.name == port.kind and "a " .. port.kind or ("%s (a %s)"):format(port.name, port.kind)
    end
    wrong("%s takes %s, each from a file; %d given", step.name, #names > 0 and table.concat(names, " and ") or "no input", #files)
  end
  for index, path in ipairs(files) do inputs[step.inputs[index].name] = read_artifact(step.inputs[index].kind, path) end
  return inputs
end

-- Where each output goes: name -> path.
local function output_paths(step, outputs)
  local names, paths, mains = {}, {}, {}
  for index, output in ipairs(step.outputs) do
    names[index] = output.name
    if not output.optional then mains[#mains + 1] = output.name end
  end
  for _, pair in ipairs(outputs) do
    local name = pair[1]
    if not name then
      if #names ~= 1 and #mains ~= 1 then
        wrong("%s gives %s; say --output NAME=FILE", step.name, #names == 0 and "no artifact" or require("lathe.schema").enumerate(names))
      end
      name = #mains == 1 and mains[1] or names[1]
    end
    local known = false
    for _, other in ipairs(names) do known = known or other == name end
    if not known then wrong("%s gives no %q; %s", step.name, name, require("lathe.schema").suggest(name, names, "outputs")) end
    paths[name] = pair[2]
  end
  return paths
end

local function show(step, given, paths, options)
  local style, json = require "lathe.style", require "lathe.json"
  local data = {}
  for _, output in ipairs(step.outputs) do
    local value = given[output.name]
    if value ~= nil and paths[output.name] then
      write_artifact(output.kind, value, paths[output.name])
    elseif value ~= nil and options.json then
      data[output.name] = output.kind == "report" and value:data() or { kind = output.kind, note = require("lathe.artifact").note(value) }
    elseif value ~= nil and output.kind == "report" then
      io.stdout:write(value:render { width = math.min(style.columns(io.stdout), 120), colour = style.colour(io.stdout) })
    elseif value ~= nil and not (output.optional and output.kind == "table" and value:rows() == 0) then
      if #step.outputs > 1 then print(output.name) end
      print(tostring(value))
    end
  end
  if options.json then print(json.encode(data, { indent = 2 })) end
end

local function run(words)
  local plugin = require "lathe.plugin"
  local name = words[1] or wrong "lathe step wants a STEP; `lathe plugins` lists them"
  plugin.use_here()
  local step, sentence = plugin.find(name)
  if not step then wrong("%s", sentence) end
  local rest = {}
  for index = 2, #words do rest[index - 1] = words[index] end
  local call = read_words(step, rest)
  if call.options.help then
    io.stdout:write(plugin.help(step, math.min(require("lathe.style").columns(io.stdout), 100)))
    return 0
  end
  if call.options.threads then
    require("lathe.threads").set(tonumber(call.options.threads) or wrong("--threads takes a number, not %q", call.options.threads))
  end
  local params, paths = read_params(step, call.params), output_paths(step, call.outputs)
  local inputs = read_inputs(step, call.files)
  local given, note, finish = require("lathe.run").step(step, inputs, params, {
    log = function(text) io.stderr:write("lathe: ", text, "\n") end, keep = true,
  })
  local fine, problem = pcall(show, step, given, paths, call.options)
  finish()
  if not fine then error(problem, 0) end
  if note and require("lathe.style").terminal(io.stderr) then io.stderr:write(step.name, ": ", note, "\n") end
  return 0
end

return {
  name = "step",
  doc = "Run one step on files.",
  usage = "lathe step STEP [FILE...] [--PARAMETER VALUE...] [--output FILE]",
  arguments = {
    { name = "STEP", doc = "clean.drop_missing, for one; `lathe plugins` lists them" },
    { name = "FILE", doc = "what the step takes, in its order: data files, model bundles", optional = true, many = true },
  },
  options = {
    { name = "output", value = "[NAME=]FILE", many = true, doc = "write what it gives: .csv, .safetensors, a bundle, .onnx, .json" },
    { name = "json", doc = "print reports as JSON" },
  },
  raw = true,
  detail = [[
Each parameter of the step is an option: `lathe step clean.drop_missing data.csv --columns age,income --output out.csv`. What is not
written to a file is printed. `lathe step STEP --help` shows what a step takes. Nothing is kept for later runs; that is what flows do.]],
  run = run,
}
