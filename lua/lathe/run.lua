-- The engine: runs a plan of a flow, node after node, and keeps what each gives.
--
-- A node's key is the hash of all that its result depends on: the step, its plugin file, lathe itself, the parameters, the content of
-- the files it reads and the hashes of the artifacts it takes. When the store knows what a key gave, the node is not run, and its
-- artifacts are read only when a later node needs them. Files that a step writes are made aside, kept as objects and then put
-- in their place, so a user never sees half of one, and a lost one comes back.
local ffi = require "ffi"
local core = require "lathe.core"
local place = require "lathe.place"
local schema = require "lathe.schema"
local C, problem = core.C, core.problem

local run = {}

-- What of lathe itself a result depends on: the version, and in a source tree, where that stands still, what was built.
local stamp
local function lathe_stamp()
  if stamp then return stamp end
  local project = require "lathe.project"
  local parts = { require("lathe").version }
  if place.build then
    for _, path in ipairs { place.build .. "/src/liblathe.so", place.lua } do
      local _, size, modified = project.look(path)
      parts[#parts + 1] = ("%s %s"):format(size or 0, modified or 0)
    end
    for _, name in ipairs(project.list(place.lua)) do
      local _, size, modified = project.look(place.lua .. "/" .. name)
      parts[#parts + 1] = ("%s %s %s"):format(name, size or 0, modified or 0)
    end
  end
  stamp = table.concat(parts, "\n")
  return stamp
end

local function hash_text(text)
  local digest = ffi.new "char[33]"
  C.lathe_hash_bytes(text, #text, digest)
  return ffi.string(digest)
end

local function hash_file(path)
  local digest = ffi.new "char[33]"
  core.try(C.lathe_hash_file(path, digest, problem))
  return ffi.string(digest)
end

-- What the program knows of Ctrl-C; nothing in plain luajit.
local has_host, host = pcall(require, "lathe.host")
host = has_host and host or { call = pcall, hold = function() end, interrupted = function() end, terminated = function() end }

-- Whether somebody asked to stop.
local function interrupted() return host.interrupted() or host.terminated() or C.lathe_progress_cancelled(core.progress()) end

local engine = {}
engine.__index = engine

function engine:tell(what, ...)
  local observer = self.observer
  if observer and observer[what] then observer[what](...) end
end

function engine:state(node, state)
  node.state = state
  self:tell("node", node.index, state, node.note, node.seconds)
end

function engine:hash_of(path)
  self.file_hashes[path] = self.file_hashes[path] or hash_file(path)
  return self.file_hashes[path]
end

-- What a source holds: a line with the hash of each file or answer; nil when that cannot be known (a pipe, a database server, a server
-- that does not answer: then the step says so).
function engine:source_key(entry, name)
  local read, lines, places = require "lathe.read", {}, entry.paths[name]
  for _, at in ipairs(type(places) == "table" and places or { places }) do
    local scheme, rest = read.scheme_of(at)
    local hash
    if scheme == "http" then
      local options = { project = self.plan.project }
      for option in pairs(require("lathe.fetch").options) do options[option] = entry.params[option] end
      local fine, answer = pcall(require("lathe.fetch").get, at, options)
      hash = fine and answer.hash or nil
    elseif scheme == "sqlite" then
      hash = self:hash_of(require("lathe.project").look(rest) and rest or (rest:gsub("%?.*$", "")))
    elseif not read.is_remote(at) then
      hash = self:hash_of(at)
    end
    if not hash then return nil end
    lines[#lines + 1] = ("%s %s"):format(at, hash)
  end
  return table.concat(lines, "\n")
end

-- What the leakage guard's verdict on a node depends on beside its inputs: a result that was let pass is not taken where it would not be.
function engine:guard_key(entry)
  if not entry.step.effect and entry.step.origin == "lathe" then return nil end
  local names = { "guard", require("lathe.guard").is_cut(self.plan, entry) and "cut" or "whole" }
  for name in pairs(self.plan.allowed) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

-- The key of a node, or nil when its result cannot be known beforehand: the step is live, or an input is.
function engine:key_of(node, entry)
  if not entry.step.cache then return nil end
  local parts = { "step 1", lathe_stamp(), entry.step.name, entry.step.hash, schema.lua(entry.params) }
  for _, param in ipairs(entry.step.params) do
    local path = param.type == "path" and entry.paths[param.name]
    if path then parts[#parts + 1] = ("%s %s"):format(param.name, self:hash_of(path)) end
    if param.type == "source" and entry.paths[param.name] then
      local content = self:source_key(entry, param.name)
      if not content then return nil end
      parts[#parts + 1] = ("%s %s"):format(param.name, content)
    end
  end
  for _, port in ipairs(entry.step.inputs) do
    for _, input in ipairs(node.inputs) do
      if input.input == port.name then
        if not input.hash then return nil end
        parts[#parts + 1] = ("%s %s"):format(port.name, input.hash)
      end
    end
  end
  parts[#parts + 1] = self:guard_key(entry)
  return hash_text(table.concat(parts, "\n"))
end

local function find_output(node, name)
  for _, output in ipairs(node.outputs) do
    if output.name == name then return output end
  end
end

-- The value of an output: in memory, or read from the store; when its object is damaged, the node that made it runs again.
function engine:value(index, name)
  local values = self.values[index]
  if values and values[name] then return values[name] end
  local node = self.result.nodes[index]
  local value, sentence = require("lathe.artifact").load(self.project, find_output(node, name))
  if not value then
    if self.again[index] then core.fail("%s", sentence) end
    self.again[index] = true
    self:tell("log", ("%s: %s is made again: %s"):format(node.name, name, sentence))
    self:make(node, self.plan.nodes[index])
    return self.values[index][name]
  end
  self.values[index] = self.values[index] or {}
  self.values[index][name] = value
  return value
end

local function context_of(self, node)
  return {
    node = node.name, run = self.result.id, project = self.plan.project, progress = self.progress,
    note = function(text) node.note = tostring(text) end,
    log = function(text) self:tell("log", ("%s: %s"):format(node.name, tostring(text))) end,
    defer = function(action)
      if type(action) ~= "function" then core.fail("context.defer takes a function, not a %s", type(action)) end
      self.deferred[#self.deferred + 1] = action
    end,
  }
end

-- The parameters as the step gets them: paths as found, outputs in a folder of the store, under their own name.
function engine:param_of(node, entry, inputs)
  local param = schema.check(entry.step, entry.params, inputs)
  local aside = {}
  for _, definition in ipairs(entry.step.params) do
    local path = entry.paths[definition.name]
    if path and definition.type == "output" then
      local folder = self.project:staging(("%d.%s"):format(node.index, definition.name))
      core.try(C.lathe_path_remove(folder, problem))
      core.try(C.lathe_folder_make_closed(folder, problem))
      local staged = folder .. "/" .. path:match "[^/]+$"
      aside[#aside + 1] = { param = definition.name, path = path, staged = staged }
      param[definition.name] = staged
    elseif path then
      param[definition.name] = path
    end
  end
  return param, aside
end

-- What the step returned, checked against what it declared.
local function check_outputs(step, given)
  local artifact = require "lathe.artifact"
  if given == nil then given = {} end
  if type(given) ~= "table" then core.fail("%s returned a %s; a step returns a table: { name = artifact }", step.name, type(given)) end
  local known = {}
  for _, output in ipairs(step.outputs) do
    known[output.name] = true
    local kind = artifact.kind(given[output.name])
    if kind ~= output.kind and not (output.optional and given[output.name] == nil) then
      core.fail("%s (%s:%d) returned %s as its output %q, which is a %s", step.name, step.file, step.line,
        kind and "a " .. kind or given[output.name] == nil and "nothing" or "a " .. type(given[output.name]), output.name, output.kind)
    end
  end
  for name in pairs(given) do
    if not known[name] then
      local names = {}
      for index, output in ipairs(step.outputs) do names[index] = output.name end
      core.fail("%s (%s:%d) returned %q, which is not among its outputs; %s", step.name, step.file, step.line, tostring(name),
        schema.suggest(tostring(name), names, "outputs"))
    end
  end
  return given
end

-- Put a kept file in its place, unless it is there as it should be.
function engine:publish(file)
  local kind = require("lathe.project").look(file.path)
  if kind == "file" and hash_file(file.path) == file.hash then return false end
  self.project:restore(file.hash, file.path)
  return true
end

-- Look at the rows that a step is about to take, or has given: a finding that the flow does not allow stops it.
function engine:guard(node, entry, inputs, param, given)
  local guard = require "lathe.guard"
  local function again(table_)
    local others = {}
    for name in pairs(inputs) do others[name] = table_ end
    local function silence() end
    local silent = setmetatable({ note = silence, log = silence, defer = silence }, { __index = context_of(self, node) })
    local fine, made = pcall(entry.step.run, others, param, silent)
    return fine and type(made) == "table" and made[entry.step.outputs[1].name] or nil
  end
  for _, found in ipairs(require("lathe.guard.rows").look(entry, inputs, param, given, self.plan, again)) do
    if found.told or self.plan.allowed[found.name] then
      self:tell("log", ("%s: %s: %s"):format(node.name, found.name, found.text))
    else
      core.fail("%s", guard.sentence(found))
    end
  end
end

-- Test rows are measured on, and not learned from. How many models these rows have measured is counted.
function engine:seals(node, entry, inputs)
  local seal, first = require "lathe.seal", nil
  for _, port in ipairs(entry.step.inputs) do
    if port.kind == "table" then first = first or inputs[port.name] end
  end
  if not first or not seal.of(first) then return end
  local effect = entry.step.effect
  if effect and effect ~= "measure" and effect ~= "split" and not self.plan.allowed["test-rows-used"] then
    seal.refuse(first, entry.step.name)
  end
  for _, input in ipairs(node.inputs) do
    local model = effect == "measure" and inputs[input.input]
    if model and model.noun == "model" and input.hash then
      local rows
      for _, other in ipairs(node.inputs) do rows = inputs[other.input] == first and other.hash or rows end
      local count = rows and self.project:looked(rows, input.hash) + seal.of(first).before
      if count and count > 1 then
        self:tell("log", ("%s: model %d that these test rows measure; the best of many looks better than it is"):format(node.name, count))
      end
    end
  end
end

-- Run a node's step and keep what it gives.
function engine:make(node, entry)
  local step, inputs = entry.step, {}
  for _, input in ipairs(node.inputs) do inputs[input.input] = self:value(input.node, input.output) end
  local param, aside = self:param_of(node, entry, inputs)
  self:seals(node, entry, inputs)
  self:guard(node, entry, inputs, param)
  local before = C.lathe_clock()
  node.note = nil
  local context = context_of(self, node)
  context.checkpoint = node.key and self.project:checkpoint(node.key)
  if self.fresh and node.key then core.try(C.lathe_path_remove(context.checkpoint, problem)) end
  local fine, given = host.call(step.run, inputs, param, context)
  if not fine then
    local sentence = core.sentence(given)
    for _, file in ipairs(aside) do sentence = sentence:gsub(file.staged:gsub("%p", "%%%0"), (file.path:gsub("%%", "%%%%"))) end
    error(sentence, 0)
  end
  given = check_outputs(step, given)
  self:guard(node, entry, inputs, param, given)
  node.outputs, node.files, self.values[node.index] = {}, {}, {}
  for index, output in ipairs(step.outputs) do
    local value = given[output.name]
    if value ~= nil then
      local kept = require("lathe.artifact").save(self.project, value, node.index .. "." .. index)
      kept.name, kept.optional = output.name, output.optional
      node.outputs[#node.outputs + 1] = kept
      self.values[node.index][output.name] = value
    end
  end
  for _, file in ipairs(aside) do
    if require("lathe.project").look(file.staged) ~= "file" then core.fail("%s wrote no file %s", step.name, file.path) end
    local hash, size = self.project:take_file(file.staged)
    node.files[#node.files + 1] = { param = file.param, path = file.path, hash = hash, size = size }
  end
  if not node.note and node.outputs[1] then node.note = node.outputs[1].note end
  node.seconds = C.lathe_clock() - before
  if node.key then
    local json = require "lathe.json"
    local files = json.array {}
    for index, file in ipairs(node.files) do files[index] = { param = file.param, hash = file.hash, size = file.size } end
    self.project:keep_step(node.key, {
      key = node.key, step = step.name, lathe = require("lathe").version, note = node.note, seconds = node.seconds,
      outputs = json.array(node.outputs), files = files,
    })
  end
  for _, file in ipairs(node.files) do self:publish(file) end
end

-- Take what the store knows of the node's key: true when all of it is there and its files are in their places.
function engine:reuse(node, entry)
  local kept = node.key and not self.fresh and self.project:step(node.key)
  if not kept then return false end
  for _, output in ipairs(kept.outputs) do
    if not self.project:has(output.hash, output.size) then return false end
  end
  local files = {}
  for index, file in ipairs(kept.files) do
    local path = entry.paths[file.param]
    if not path or not self.project:has(file.hash, file.size) then return false end
    files[index] = { param = file.param, path = path, hash = file.hash, size = file.size }
  end
  for _, file in ipairs(files) do
    -- A damaged object is gone after this, so the node runs and makes it again.
    if not self.project:check(file.hash) then return false end
    file.restored = self:publish(file) or nil
  end
  node.outputs, node.files, node.note, node.seconds = kept.outputs, files, kept.note, kept.seconds
  return true
end

-- Values that no later node takes are let go, and the memory of big ones is asked back.
function engine:let_go(index)
  for other, values in pairs(self.values) do
    if (self.last_use[other] or 0) <= index then
      for name in pairs(values) do
        local output = find_output(self.result.nodes[other], name)
        if output and output.hash then
          values[name] = nil
          self.dropped = self.dropped + (output.size or 0)
        end
      end
    end
  end
  if self.dropped > 16e6 then
    self.dropped = 0
    collectgarbage()
    collectgarbage()
  end
end

function engine:node(node, entry)
  for _, input in ipairs(node.inputs) do
    local output = find_output(self.result.nodes[input.node], input.output)
    input.hash = output and output.hash or nil
  end
  node.key = self:key_of(node, entry)
  if self:reuse(node, entry) then
    self.result.reused = self.result.reused + 1
    self:state(node, "cached")
    self.journal:event { event = "cached", node = node.name, key = node.key, note = node.note, seconds = 0,
      outputs = require("lathe.json").array(node.outputs), files = require("lathe.json").array(node.files) }
    return
  end
  self:state(node, "running")
  self.journal:event { event = "start", node = node.name }
  self:make(node, entry)
  self.journal:event({ event = "done", node = node.name, key = node.key, note = node.note, seconds = node.seconds,
    outputs = require("lathe.json").array(node.outputs), files = require("lathe.json").array(node.files) }, true)
  self:state(node, "done")
end

-- Run the nodes until one fails or somebody stops it: the sentence of the failure, or nil.
function engine:walk()
  for index, node in ipairs(self.result.nodes) do
    local entry = self.plan.nodes[index]
    if not entry.needed then
      self:state(node, "skipped")
    elseif interrupted() then
      return ("interrupted before %s"):format(node.name)
    else
      local fine, sentence = pcall(self.node, self, node, entry)
      if not fine then
        sentence = core.sentence(sentence)
        local head = entry.step.name .. ": "
        if sentence:sub(1, #head) == head then sentence = sentence:sub(#head + 1) end
        node.problem = sentence
        self:state(node, "failed")
        pcall(self.journal.event, self.journal, { event = "failed", node = node.name, problem = sentence })
        return ("%s (%s): %s"):format(node.name, node.step, sentence)
      end
      self:let_go(index)
    end
  end
end

-- Call a step by itself, without a project: nothing is kept, and files are written where `params` say. `inputs` is a map of artifacts.
-- What it gives (a map of artifacts), and its note. Options: log = function(text). What the step deferred is done before this returns,
-- or when the function that it gives third is called, with { keep = true }.
function run.step(name, inputs, params, options)
  options = options or {}
  local step = type(name) == "table" and name or require("lathe.plugin").step(name)
  for _, port in ipairs(step.inputs) do
    local kind = require("lathe.artifact").kind(inputs[port.name])
    if kind ~= port.kind and not (port.optional and inputs[port.name] == nil) then
      core.fail("%s wants a %s as its %s, not %s", step.name, port.kind, port.name, kind and "a " .. kind or "nothing")
    end
  end
  local checked = schema.check(step, params or {}, inputs)
  local node, deferred = {}, {}
  local context = {
    node = step.short, project = ".", progress = core.progress(),
    note = function(text) node.note = tostring(text) end,
    log = function(text) if options.log then options.log(tostring(text)) end end,
    defer = function(action) deferred[#deferred + 1] = action end,
  }
  local function finish()
    for index = #deferred, 1, -1 do
      local fine, sentence = pcall(deferred[index])
      if not fine then context.log("at the end: " .. core.sentence(sentence)) end
    end
    deferred = {}
  end
  local fine, given = pcall(function() return check_outputs(step, step.run(inputs, checked, context)) end)
  if not fine or not options.keep then finish() end
  if not fine then
    local sentence = core.sentence(given)
    error(sentence:sub(1, #step.name + 1) == step.name .. ":" and sentence or step.name .. ": " .. sentence, 0)
  end
  return given, node.note, finish
end

local result_methods = {}
local result_meta = { __index = result_methods }

-- The artifact that a node gave, read from the store: `output` may be left out when there is one only. Raises when there is none.
function result_methods:get(name, output)
  local names = {}
  for _, node in ipairs(self.nodes) do
    names[#names + 1] = node.name
    if node.name == name then
      local outputs, mains = {}, 0
      for _, one in ipairs(node.outputs) do mains = mains + (one.optional and 0 or 1) end
      for index, one in ipairs(node.outputs) do
        outputs[index] = one.name
        if one.name == output or (output == nil and (#node.outputs == 1 or mains == 1 and not one.optional)) then
          local value, sentence = require("lathe.artifact").load(self.project, one)
          return value or core.fail("%s: %s", name, sentence)
        end
      end
      if output == nil and #outputs > 1 then core.fail("%s gives %s; say which", name, schema.enumerate(outputs)) end
      if #outputs == 0 then core.fail("%s gave nothing in this run (%s)", name, node.state) end
      core.fail("%s gives no %q; %s", name, tostring(output), schema.suggest(tostring(output), outputs, "outputs"))
    end
  end
  core.fail("there is no node %q in the run; %s", tostring(name), schema.suggest(tostring(name), names, "nodes"))
end

-- What was made, how good it is, where it lies, how long it took: a report.
function result_methods:summary() return require("lathe.summary").report(self) end

function result_meta.__tostring(self)
  local wanted = 0
  for _, node in ipairs(self.nodes) do wanted = wanted + (node.state == "skipped" and 0 or 1) end
  return ("run %s of %s: %s, %d of %d steps reused, %s"):format(self.id, self.flow, self.state, self.reused, wanted,
    require("lathe.style").seconds(self.seconds))
end

-- The run as plain data, as its record keeps it.
function result_methods:data()
  local json = require "lathe.json"
  local nodes = json.array {}
  for index, node in ipairs(self.nodes) do
    nodes[index] = {
      name = node.name, step = node.step, state = node.state, note = node.note, seconds = node.seconds, key = node.key,
      problem = node.problem, params = node.params, inputs = json.array(node.inputs), outputs = json.array(node.outputs),
      files = json.array(node.files),
    }
  end
  return {
    id = self.id, flow = self.flow, file = self.file, flow_hash = self.flow_hash, lathe = self.lathe, state = self.state,
    problem = self.problem, started = self.started, seconds = self.seconds, reused = self.reused, threads = self.threads, nodes = nodes,
  }
end

-- A source as it may be recorded: without secrets in its addresses.
local function shown_source(value)
  if type(value) == "string" then return require("lathe.fetch").masked(value) end
  local list = {}
  for index, item in ipairs(value) do list[index] = shown_source(item) end
  return list
end

-- The parameters as they are recorded.
local function recorded(entry)
  local params = {}
  for name, value in pairs(entry.params) do params[name] = value end
  for _, param in ipairs(entry.step.params) do
    if param.type == "source" and params[param.name] ~= nil then params[param.name] = shown_source(params[param.name]) end
  end
  return params
end

-- Parameters that JSON cannot say (a table with positions and names) are recorded as their Lua text.
local function plain_params(params)
  if pcall(require("lathe.json").encode, params) then return params end
  return { lua = schema.lua(params) }
end

local function prepare(plan, options, project)
  local result = setmetatable({
    flow = plan.name, file = plan.file, project = project, lathe = require("lathe").version, state = "running", nodes = {}, reused = 0,
    seconds = 0, started = C.lathe_clock_wall(), threads = C.lathe_threads_get(),
  }, result_meta)
  local self = setmetatable({
    plan = plan, project = project, result = result, fresh = options.fresh, values = {}, again = {}, deferred = {}, file_hashes = {},
    observer = options.observer or require("lathe.flow").observer, progress = options.progress or core.progress(), last_use = {},
    dropped = 0,
  }, engine)
  for index, entry in ipairs(plan.nodes) do
    local inputs = {}
    for at, input in ipairs(entry.inputs) do
      inputs[at] = { input = input.input, node = input.node, name = plan.nodes[input.node].name, output = input.output }
      if entry.needed then self.last_use[input.node] = index end
    end
    result.nodes[index] = {
      index = index, name = entry.name, step = entry.step.name, state = "waiting", params = plain_params(recorded(entry)), inputs = inputs,
      outputs = {}, files = {}, live = not entry.step.cache,
    }
  end
  return self, result
end

-- Run a checked plan (flow:plan()). Gives the result; a failure is in result.problem.
function run.execute(plan, options)
  local before = C.lathe_clock()
  local project = require("lathe.project").open(plan.project, { make = true })
  local self, result = prepare(plan, options, project)
  self.journal = project:begin_run()
  result.id = self.journal.id
  if plan.file and require("lathe.project").look(plan.file) == "file" then result.flow_hash = project:put_file(plan.file) end
  local names = require("lathe.json").array {}
  for index, node in ipairs(result.nodes) do names[index] = { name = node.name, step = node.step } end
  self.journal:event {
    event = "begin", flow = plan.name, file = plan.file, flow_hash = result.flow_hash, lathe = result.lathe, nodes = names,
  }
  -- Ctrl-C stops the step that runs, and nothing between steps: what is kept, what was deferred and the record are finished.
  local held = host.hold(true)
  local fine, sentence = pcall(function()
    self:tell("begin", plan.name, result.nodes)
    return require("lathe.fetch").once(self.walk, self)
  end)
  for index = #self.deferred, 1, -1 do
    local done, reason = pcall(self.deferred[index])
    if not done then self:tell("log", "at the end: " .. core.sentence(reason)) end
  end
  host.hold(held or false)
  if not fine then error(sentence, 0) end
  result.problem = sentence
  result.seconds = C.lathe_clock() - before
  result.state = not result.problem and "done" or interrupted() and "interrupted" or "failed"
  self.journal:event { event = "end", state = result.state, problem = result.problem, seconds = result.seconds }
  self.journal:finish(result:data())
  self:tell("finish", result)
  return result
end

return run
