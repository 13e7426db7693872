-- Flows: a graph of step calls, in plain Lua.
--
--   local flow = lathe.flow "house-prices"
--   flow.raw   = flow:step "ingest.read"   { path = "housing.csv" }
--   flow.parts = flow:step "prepare.split" { flow.raw, test = 0.2 }
--   flow.model = flow:step "train.linear"  { flow.parts.train, target = "price" }
--   return flow
--
-- A node can only take what nodes before it give, so a flow has no circles, and the order it is written in is an order it can run in.
-- Artifacts stand first, without names, and go to the step's inputs by their kind, in order; or they are named like the input
-- ({ table = flow.parts.test }). Everything else is a parameter. Nothing is checked while the flow is written: flow:check() tells all
-- that is wrong, and running begins with it.
--
-- Relative paths: a file that is read is looked for in the current folder, then beside the flow's file; a file that is written goes
-- below the project folder.
local core = require "lathe.core"
local schema = require "lathe.schema"

local flow = {} -- flow.observer, when set, is the observer of runs that are given none: the screen's

local methods = {}
local inside = setmetatable({}, { __mode = "k" })     -- flow -> { name =, nodes =, by_name =, file =, folder = }
local references = setmetatable({}, { __mode = "k" }) -- what flow.NODE and flow.NODE.OUTPUT are -> { node =, output = }

local meta, node_meta, output_meta = {}, {}, {}

local function is_reference(value) return type(value) == "table" and references[value] ~= nil end

function node_meta.__index(self, output)
  local made = setmetatable({}, output_meta)
  references[made] = { node = references[self].node, output = output }
  rawset(self, output, made)
  return made
end

-- What it is and what came of it, for the console:
--
--   node tidy: clean.drop_missing { flow.raw, columns = { "price" } }
--   done in the last run: 20,433 rows
function node_meta.__tostring(self)
  local node = references[self].node
  local state, entry, parts = inside[node.flow], node.flow:nodes()[node.index], {}
  for _, input in ipairs(entry.inputs) do
    local from = "flow." .. input.node .. (input.output and "." .. tostring(input.output) or "")
    parts[#parts + 1] = input.input and input.input .. " = " .. from or from
  end
  local names = {}
  for name in pairs(entry.params) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do parts[#parts + 1] = name .. " = " .. schema.lua(entry.params[name]) end
  local call = #parts > 0 and "{ " .. table.concat(parts, ", ") .. " }" or "{}"
  local last, came = state.result and state.result.nodes[node.index], "not run yet"
  if last then
    came = (last.state == "cached" and "reused" or last.state) .. " in the last run"
    if last.problem or last.note then came = came .. ": " .. (last.problem or last.note) end
  end
  return ("node %s: %s %s\n%s"):format(entry.name, entry.step, call, came)
end

function output_meta.__tostring(self)
  local reference = references[self]
  return ("output %s of node %s"):format(tostring(reference.output), reference.node.name or reference.node.step)
end

function output_meta.__index(self, key)
  error(("%s has no %s; an output is a whole artifact"):format(tostring(self), tostring(key)), 2)
end

-- A new flow. Raises when the name is not text.
function flow.new(name)
  if type(name) ~= "string" or name == "" then core.fail("lathe.flow takes a name, like lathe.flow \"house-prices\"") end
  local made = setmetatable({}, meta)
  local source = debug.getinfo(2, "S")
  local file = source and source.source:match "^@(.+)$"
  local folder = file and (file:match "^(.*)/[^/]*$" or ".") or nil
  inside[made] = { name = name, nodes = {}, by_name = {}, file = file, folder = folder, set = {}, allowed = {} }
  return made
end

-- Whether `value` is a flow.
function flow.is(value) return type(value) == "table" and getmetatable(value) == meta end

function meta.__index(self, key)
  if methods[key] then return methods[key] end
  local state = inside[self]
  if state.by_name[key] then return state.by_name[key].reference end
  local names = {}
  for name in pairs(state.by_name) do names[#names + 1] = name end
  table.sort(names)
  error(("the flow has no node %q yet; %s"):format(tostring(key), schema.suggest(tostring(key), names, "nodes")), 2)
end

-- A name that no node has, made from a step's.
local function free_name(state, word)
  local name, count = word, 1
  while state.by_name[name] or methods[name] do
    count = count + 1
    name = word .. count
  end
  return name
end

function meta.__newindex(self, key, value)
  local state = inside[self]
  if type(key) ~= "string" or not key:find "^[%a_][%w_]*$" then
    error(("a node's name is letters, digits and _, not %s"):format(tostring(key)), 2)
  end
  if methods[key] then error(("a node cannot be called %q, flow:%s is a method; choose another name"):format(key, key), 2) end
  local reference = is_reference(value) and references[value]
  if not reference or reference.output then
    error(('flow.%s is made by a step: flow.%s = flow:step "stage.name" { ... }'):format(key, key), 2)
  end
  local node = reference.node
  if node.flow ~= self then error(("flow.%s: this node belongs to another flow"):format(key), 2) end
  local other = state.by_name[key]
  if other and other.named then error(("the flow has a node %q already; choose another name"):format(key), 2) end
  if node.named then error(("this node is called %q already"):format(node.name), 2) end
  state.by_name[node.name] = nil
  if other and other ~= node then
    other.name = free_name(state, key)
    state.by_name[other.name] = other
  end
  node.name, node.named = key, true
  state.by_name[key] = node
end

function meta.__tostring(self)
  local state = inside[self]
  local lines = { ("flow %s: %d node%s"):format(state.name, #state.nodes, #state.nodes == 1 and "" or "s") }
  for _, node in ipairs(state.nodes) do lines[#lines + 1] = ("  %-12s %s"):format(node.name, node.step) end
  return table.concat(lines, "\n")
end

-- Add a call of the step `name`; its arguments follow: flow:step "clean.clip" { flow.raw, column = "age" }. What it gives is assigned to
-- a name of the flow; a node that is not gets its step's.
function methods:step(name, given)
  if not flow.is(self) then core.fail 'call it with a colon: flow:step "stage.name" { ... }' end
  if type(name) ~= "string" then core.fail("flow:step takes a step's name, like \"clean.clip\", not a %s", type(name)) end
  local state = inside[self]
  local function add(arguments)
    if type(arguments) ~= "table" or is_reference(arguments) then
      core.fail('flow:step "%s" is followed by a table: { inputs, parameter = value }', name)
    end
    local unique = free_name(state, name:match "([%w_]+)$" or "node")
    local node = { flow = self, step = name, arguments = arguments, index = #state.nodes + 1, name = unique }
    for level = 2, 4 do
      local place = debug.getinfo(level, "Sl")
      if place and place.currentline > 0 then
        node.file, node.line = place.source:match "^@(.+)$", place.currentline
        break
      end
    end
    node.reference = setmetatable({}, node_meta)
    references[node.reference] = { node = node }
    state.nodes[node.index] = node
    state.by_name[unique] = node
    return node.reference
  end
  if given ~= nil then return add(given) end
  return add
end

-- Change a parameter of a node for all runs from now on; nil takes the change back. Text is read as on the command line when the
-- parameter is not text. Raises a sentence when there is no such node or parameter, or the value does not fit.
function methods:set(name, parameter, value)
  local state = inside[self]
  local node = state.by_name[name]
  if not node then
    local names = {}
    for index, other in ipairs(state.nodes) do names[index] = other.name end
    core.fail("there is no node %q in the flow; %s", tostring(name), schema.suggest(tostring(name), names, "nodes"))
  end
  local step = require("lathe.plugin").step(node.step)
  local param = step.param[parameter]
  if not param then
    core.fail("%s (%s) has no parameter %q; %s", name, step.name, tostring(parameter),
      schema.suggest(tostring(parameter), schema.names(step), "parameters"))
  end
  if type(value) == "string" then
    local fine, parsed = pcall(schema.parse, param, value)
    if not fine then core.fail("%s: %s", name, parsed) end
    value = parsed
  elseif value ~= nil then
    local _, problem = schema.value(step, param, value)
    if problem then core.fail("%s: %s", name, problem) end
  end
  state.set[node.index] = state.set[node.index] or {}
  state.set[node.index][parameter] = value
end

-- The name of the flow, and the file it was written in (nil: none).
function methods:name() return inside[self].name, inside[self].file end

-- Let findings of the leakage guard of this name pass, and say why: flow:allow("predicts-alone", "the code is known beforehand").
function methods:allow(name, why)
  if type(name) ~= "string" or type(why) ~= "string" or why == "" then
    core.fail 'flow:allow takes the name of a finding and the reason: flow:allow("predicts-alone", "why")'
  end
  inside[self].allowed[name] = why
end

-- Its nodes in order: a list of { name =, step =, inputs = { { node =, output =, input = }, ... }, params = { name = value },
-- file =, line = }.
function methods:nodes()
  local list = {}
  for index, node in ipairs(inside[self].nodes) do
    local entry = { name = node.name, step = node.step, inputs = {}, params = {}, file = node.file, line = node.line }
    for position, item in ipairs(node.arguments) do
      local reference = is_reference(item) and references[item]
      if reference then
        entry.inputs[#entry.inputs + 1] = { node = reference.node.name, output = reference.output, position = position }
      end
    end
    for key, item in pairs(node.arguments) do
      local reference = type(key) == "string" and is_reference(item) and references[item]
      if reference then entry.inputs[#entry.inputs + 1] = { node = reference.node.name, output = reference.output, input = key }
      elseif type(key) == "string" then entry.params[key] = item end
    end
    for key, value in pairs(inside[self].set[index] or {}) do entry.params[key] = value end
    list[index] = entry
  end
  return list
end

local function describe_ports(ports)
  local parts = {}
  for index, port in ipairs(ports) do parts[index] = port.name == port.kind and port.name or ("%s (%s)"):format(port.name, port.kind) end
  return #parts > 0 and schema.enumerate(parts) or "nothing"
end

-- The outputs that a reference can stand for: a list of output definitions of its node's step; nil with a sentence when there is no such.
local function candidates(plan, reference)
  local source = plan.by_node[reference.node]
  if not source.step then return nil end -- already a problem of that node
  if not reference.output then return source.step.outputs end
  local names = {}
  for index, output in ipairs(source.step.outputs) do
    if output.name == reference.output then return { output } end
    names[index] = output.name
  end
  local word = tostring(reference.output)
  return nil, ("%s (%s) gives no %q; %s"):format(source.name, source.step.name, word, schema.suggest(word, names, "outputs"))
end

local function bind(entry, port, reference, plan, output)
  entry.inputs[#entry.inputs + 1] = { input = port.name, kind = port.kind, node = plan.by_node[reference.node].index, output = output.name }
  entry.taken[port.name] = true
end

-- The one output among `outputs` of the kind that `port` takes, or the one of them that is not optional; nil and how many there are.
local function only_of_kind(outputs, kind)
  local found, count, main, mains = nil, 0, nil, 0
  for _, output in ipairs(outputs) do
    if output.kind == kind then
      found, count = output, count + 1
      if not output.optional then main, mains = output, mains + 1 end
    end
  end
  if mains == 1 then return main, count end
  return count == 1 and found or nil, count
end

-- Give the reference to the named input, or to the first free one of its kind.
local function place_reference(plan, entry, reference, input, problem)
  if reference.node.flow ~= plan.flow then return problem "takes a node of another flow; one flow's nodes take each other's artifacts" end
  local outputs, sentence = candidates(plan, reference)
  if not outputs then
    if sentence then problem(sentence) end
    entry.doubtful = true -- a missing input may be this one
    return
  end
  local names, several = {}, nil
  for index, output in ipairs(outputs) do names[index] = ("flow.%s.%s"):format(reference.node.name, output.name) end
  for _, port in ipairs(entry.step.inputs) do
    if not entry.taken[port.name] and (input == nil or input == port.name) then
      local output, count = only_of_kind(outputs, port.kind)
      if output then return bind(entry, port, reference, plan, output) end
      if count > 1 then several = several or port end
    end
  end
  entry.doubtful = true
  if several then
    return problem(("%s takes a %s, but %s gives more than one; say %s"):format(entry.step.name, several.kind, reference.node.name,
      schema.enumerate(names, "or")))
  end
  problem(("%s has no place for %s (%s); it takes %s"):format(entry.step.name, tostring(reference.node.name),
    describe_ports(outputs), describe_ports(entry.step.inputs)))
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then return a < b end
    return type(a) == "number"
  end)
  return keys
end

local function split_arguments(plan, entry, node, problem)
  local params = {}
  for _, key in ipairs(sorted_keys(node.arguments)) do
    local item = node.arguments[key]
    local reference = is_reference(item) and references[item]
    if type(key) == "number" then
      if reference then place_reference(plan, entry, reference, nil, problem)
      else
        problem(("item %d is %s, not a node of the flow; parameters have names: name = value"):format(key,
          type(item) == "string" and '"' .. item .. '"' or "a " .. type(item)))
      end
    elseif reference and entry.step.param[key] then
      problem(("%s is a parameter of %s and takes a value, not a node"):format(key, entry.step.name))
    elseif reference then
      local known = false
      for _, port in ipairs(entry.step.inputs) do known = known or port.name == key end
      if known then place_reference(plan, entry, reference, key, problem)
      else problem(("%s has no input %q; it takes %s"):format(entry.step.name, tostring(key), describe_ports(entry.step.inputs))) end
    else
      params[key] = item
    end
  end
  for key, value in pairs(inside[plan.flow].set[node.index] or {}) do params[key] = value end
  return params
end

local function find_file(path, folder)
  local project = require "lathe.project"
  if project.look(path) or path:sub(1, 1) == "/" or not folder then return path, project.look(path) end
  local beside = folder .. "/" .. path
  if project.look(beside) then return beside, project.look(beside) end
  return path, nil
end

-- One name for a file, however it is written; it need not be there yet.
local function settled(path)
  local project = require "lathe.project"
  local folder, name = path:match "^(.*)/([^/]*)$"
  folder = project.real(folder == "" and "/" or folder or ".")
  return project.real(path) or folder and folder .. "/" .. (name or path) or path
end

-- The files that a source stands for, where they lie; addresses stay as they are.
local function find_source(plan, entry, param, value, problem)
  local read, glob, found = require "lathe.read", require "lathe.read.glob", {}
  local function say(sentence, ...) problem(("%s: %s: " .. sentence):format(entry.step.name, param.name, ...)) end
  for _, item in ipairs(type(value) == "table" and value or { value }) do
    if read.is_remote(item) then
      found[#found + 1] = item
    else
      local place, kind = find_file(item, plan.folder)
      local list = not kind and glob.is_pattern(item) and glob.expand(item, plan.folder) or { place }
      local where = plan.folder and item:sub(1, 1) ~= "/" and plan.folder ~= "." and (", here or in " .. plan.folder) or ""
      if #list == 0 then say("no file matches %s%s", item, where)
      elseif #list == 1 and list[1] == place and not kind then say("there is no file %s%s", item, where)
      elseif kind == "folder" then say("%s is a folder; name a file in it", place) end
      for _, file in ipairs(list) do
        found[#found + 1] = file
        plan.read[settled(file)] = entry.name
      end
    end
  end
  local single = type(value) == "string" and #found == 1 and (read.is_remote(value) or not glob.is_pattern(value))
  entry.paths[param.name] = single and found[1] or found
end

local function check_paths(plan, entry, problem)
  for _, param in ipairs(entry.step.params) do
    local value = entry.params[param.name]
    if value ~= nil and param.type == "source" then find_source(plan, entry, param, value, problem) end
    if type(value) == "string" and param.type == "path" then
      local found, kind = find_file(value, plan.folder)
      entry.paths[param.name] = found
      plan.read[settled(found)] = entry.name
      if not kind then problem(("%s: %s: there is no file %s%s"):format(entry.step.name, param.name, value,
        plan.folder and value:sub(1, 1) ~= "/" and plan.folder ~= "." and (", here or in " .. plan.folder) or ""))
      elseif kind == "folder" then problem(("%s: %s: %s is a folder; name a file in it"):format(entry.step.name, param.name, found)) end
    elseif type(value) == "string" and param.type == "output" then
      local path = value:sub(1, 1) == "/" and value or (plan.project ~= "." and plan.project .. "/" .. value or value)
      local key = settled(path)
      local writer, reader = plan.written[key], plan.read[key]
      if writer then problem(("%s: %s is written by %s too; name another file"):format(entry.step.name, value, writer)) end
      if reader then
        problem(("%s: %s is what %s reads, and would be gone; name another file"):format(entry.step.name, value, reader))
      end
      plan.written[key] = entry.name
      entry.paths[param.name] = path
    end
  end
end

local function plan_node(plan, node)
  local entry = { index = node.index, name = node.name, step_name = node.step, inputs = {}, params = {}, paths = {}, taken = {} }
  plan.nodes[node.index], plan.by_node[node] = entry, entry
  local where = node.file and node.line and ("%s:%d: "):format(node.file, node.line) or ""
  local function problem(sentence) plan.problems[#plan.problems + 1] = ("%s%s: %s"):format(where, node.name, sentence) end
  local unknown
  entry.step, unknown = require("lathe.plugin").find(node.step)
  if not entry.step then return problem(unknown) end
  local params = split_arguments(plan, entry, node, problem)
  for _, port in ipairs(entry.step.inputs) do
    if not entry.taken[port.name] and not port.optional and not entry.doubtful then
      problem(("%s wants a %s as its %s; put the node that gives it first: { flow.NODE, ... }"):format(entry.step.name, port.kind,
        port.name))
    end
  end
  local problems
  entry.params, problems = schema.problems(entry.step, params)
  for _, sentence in ipairs(problems) do problem(sentence) end
  check_paths(plan, entry, problem)
end

local function mark_needed(plan, index)
  local entry = plan.nodes[index]
  if entry.needed then return end
  entry.needed = true
  for _, input in ipairs(entry.inputs) do mark_needed(plan, input.node) end
end

-- What a run would do, without doing it: { nodes = { { name =, step =, params =, inputs = { { input =, node =, output = } } } },
-- problems = { sentence, ... } }. Options: project = the project folder, only = a node's name or a list of them.
function methods:plan(options)
  options = options or {}
  local state = inside[self]
  local plan = {
    flow = self, name = state.name, file = state.file, folder = state.folder, project = options.project or ".", nodes = {}, problems = {},
    by_node = {}, written = {}, read = {}, allowed = state.allowed,
  }
  for _, node in ipairs(state.nodes) do plan_node(plan, node) end
  if #state.nodes == 0 then plan.problems[1] = ("the flow %s has no nodes"):format(state.name) end
  local only = options.only
  if type(only) == "string" then only = { only } end
  for _, name in ipairs(only or {}) do
    local node = state.by_name[name]
    if node then mark_needed(plan, node.index)
    else
      local names = {}
      for index, other in ipairs(state.nodes) do names[index] = other.name end
      plan.problems[#plan.problems + 1] = ("there is no node %q in the flow; %s"):format(name, schema.suggest(name, names, "nodes"))
    end
  end
  if not only or #only == 0 then
    for _, entry in ipairs(plan.nodes) do entry.needed = true end
  end
  if not plan.problems[1] then
    local guard = require "lathe.guard"
    for _, found in ipairs(guard.graph(plan)) do
      if not plan.allowed[found.name] then plan.problems[#plan.problems + 1] = guard.sentence(found) end
    end
  end
  return plan
end

-- All that is wrong with the flow, before anything runs: a list of sentences, empty when all is well.
function methods:check(options) return self:plan(options).problems end

-- Run it. Options:
--
--   project   the project folder, where results are kept (default: the current one)
--   only      a node's name or a list: run these and what they need
--   fresh     true: use nothing that earlier runs kept
--   set       { ["node.parameter"] = value }: change parameters for this run only
--   observer  functions that are told what goes on: begin(flow, nodes), node(index, state, note, seconds), log(text), finish(result);
--             states are "waiting", "running", "done", "cached", "failed", "skipped"
--   progress  the progress handle that steps get (default: the foreground's)
--
-- Gives the result: id, seconds, nodes, result:get(node, output), result:summary(). Raises a sentence when a step fails; what was done
-- before it is kept, and the next run goes on from there. With `keep_problem` it returns the result with `problem` instead.
function methods:run(options)
  options = options or {}
  local state = inside[self]
  local kept = state.set
  state.set = {}
  for index, values in pairs(kept) do
    state.set[index] = {}
    for name, value in pairs(values) do state.set[index][name] = value end
  end
  local fine, plan = pcall(function()
    for key, value in pairs(options.set or {}) do
      local node, parameter = tostring(key):match "^([^.]+)%.([^.]+)$"
      if not node then core.fail("%q does not name a parameter; write NODE.PARAMETER", tostring(key)) end
      self:set(node, parameter, value)
    end
    return self:plan(options)
  end)
  state.set = kept
  if not fine then error(plan, 0) end
  if plan.problems[1] then error(table.concat(plan.problems, "\n"), 0) end
  local result = require("lathe.run").execute(plan, options)
  state.result = result
  if result.problem and not options.keep_problem then error(result.problem, 0) end
  return result
end

-- Read the flow in the file `path`; its code runs. plugins/ beside it is looked through for steps. Raises a sentence.
function flow.load(path)
  local plugin = require "lathe.plugin"
  local chunk = plugin.load_text(path)
  plugin.use((path:match "^(.*)/[^/]*$" or ".") .. "/plugins")
  local made = chunk()
  if not flow.is(made) then
    core.fail("%s: a flow file returns its flow; end it with `return flow`", path)
  end
  return made
end

-- A tail call, so that flow.new sees the file that called.
return setmetatable(flow, { __call = function(_, name) return flow.new(name) end })
