-- Plugins: files that declare steps. A file is named after its stage ("clean.lua" gives "clean.clip") and is looked for, in this order, in
--
--   1. lathe's own plugins
--   2. $XDG_DATA_HOME/lathe/plugins (or ~/.local/share/lathe/plugins)
--   3. the folders of $LATHE_PLUGINS, parted by colons
--   4. plugins/ beside a flow that is run, and plugins/ of a project that is trusted
--
-- Files of one name add up. A later file cannot replace a step of an earlier one: that is a problem which is named, as is everything
-- else that is wrong with a file, and the other files go on. A file is read when one of its steps is asked for.
local ffi = require "ffi"
local core = require "lathe.core"
local place = require "lathe.place"
local schema = require "lathe.schema"
local C = core.C

local plugin = {}

local kinds = { table = true, model = true, report = true, endpoint = true }
local folders      -- where to look, in order; a list of { path =, origin = }
local stages = {}  -- name -> { name =, doc =, steps = { name -> step }, files = { path, ... } }, of what was loaded
local loaded = {}  -- path -> true, of what was loaded or tried
local problems = {} -- { file =, line =, sentence = }

-- Look in `path` too, by its real name, so that a folder reached in two ways is looked through once. One that is not there is
-- left out.
local function add_folder(path, origin)
  local name = require("lathe.project").real(path)
  if not name then return end
  for _, folder in ipairs(folders) do
    if folder.path == name then return end
  end
  folders[#folders + 1] = { path = name, origin = origin }
end

-- The folders that are looked through: { path =, origin = "lathe" | "user" | "LATHE_PLUGINS" | "project" }.
function plugin.folders()
  if folders then return folders end
  folders = {}
  add_folder(place.plugins, "lathe")
  local own = place.own "data"
  if own then add_folder(own .. "/plugins", "user") end
  for path in (os.getenv "LATHE_PLUGINS" or ""):gmatch "[^:]+" do add_folder(path, "LATHE_PLUGINS") end
  return folders
end

-- Look in `path`, a project's plugins folder, too. Only for a folder whose code the user asked to run.
function plugin.use(path)
  plugin.folders()
  add_folder(path, "project")
end

local unread = "" -- what to say of plugins/ of the current folder when it was left out

-- Look in plugins/ of the current folder too, if the user trusts the folder; otherwise a step that is not found tells that it was
-- left out.
function plugin.use_here()
  local project = require "lathe.project"
  if project.trusted "." then plugin.use "plugins"
  elseif project.look "plugins" == "folder" then
    local real = project.real "plugins"
    unread = "; plugins/ in this folder was not read, LATHE_PLUGINS=plugins reads it"
    for _, folder in ipairs(plugin.folders()) do
      if folder.path == real then unread = "" end
    end
  end
end

-- The end of a sentence about a step or stage that is not there: that a plugins folder was left out, or nothing.
function plugin.unread() return unread end

-- Forget what was loaded and where to look: after a plugin file was changed.
function plugin.forget()
  folders, stages, loaded, problems, unread = nil, {}, {}, {}, ""
end

-- What is wrong with plugin files: a list of { file =, line =, sentence = "FILE:LINE: ..." }.
function plugin.problems() return problems end

local function report_problem(file, line, format, ...)
  local text = select("#", ...) > 0 and format:format(...) or format
  problems[#problems + 1] = { file = file, line = line, sentence = ("%s:%d: %s"):format(file, line, text) }
end

-- Where in `source`, from `at` on, the table field `name` is set: name = or ["name"] =.
local function field_at(source, name, at)
  while true do
    local first, last = source:find(name, at, true)
    if not first then return nil end
    local before = source:sub(first - 1, first - 1)
    local quoted = before == '"' or before == "'"
    if quoted and source:find("^[\"']%s*%]%s*=", last + 1) or not before:find "[%w_]" and source:find("^%s*=[^=]", last + 1) then
      return first
    end
    at = math.max(first, last) + 1
  end
end

-- The line of `source` where the table field named by the last of the names is set, each looked for behind the one before. A hint
-- for sentences: the last line found. `found` keeps what was found, as each name is asked for with all that stand below it:
-- { place, line, NAME = the same behind it }.
local function line_of(source, found, ...)
  local at, line = 1, 1
  for _, name in ipairs { ... } do
    name = tostring(name)
    if not found[name] then
      local from = field_at(source, name, at)
      local _, count = source:sub(at, (from or 1) - 1):gsub("\n", "")
      found[name] = { from, line + count }
    end
    found = found[name]
    if not found[1] then break end
    at, line = found[1], found[2]
  end
  return line
end

-- What a plugin file or a flow file sees as its globals: Lua's own and `lathe`. A name that is none of them raises a sentence.
function plugin.environment()
  return setmetatable({}, {
    __index = function(self, name)
      local value = rawget(_G, name)
      if value ~= nil then return value end
      if name == "lathe" then
        value = require "lathe"
        rawset(self, name, value)
        return value
      end
      error(("there is no global %q; a name is made with local"):format(tostring(name)), 2)
    end,
    __newindex = function(_, name) error(("sets a global, %q; put local before it"):format(tostring(name)), 2) end,
  })
end

-- The function that the Lua text of the file `path` is, and its text. Text only: compiled Lua is refused. Raises a sentence with
-- file and line.
function plugin.load_text(path)
  local file, reason = io.open(path, "rb")
  if not file then core.fail("%s", reason) end
  local source = file:read "*a"
  file:close()
  if not source then core.fail("%s: is not a file that can be read", path) end
  if source:sub(1, 1) == "\27" then core.fail("%s:1: is compiled Lua; only Lua text is loaded", path) end
  local chunk, problem = load((source:gsub("^#[^\n]*", "")), "@" .. path, "t", plugin.environment())
  if not chunk then error(problem, 0) end
  return chunk, source
end

-- What validates a loaded file: `fail` reports a sentence at the line of the named fields and gives false.
local function validator(path, source)
  local v, found = { fine = true }, {}
  function v.line(at) return line_of(source, found, unpack(at)) end
  function v.fail(at, format, ...)
    v.fine = false
    report_problem(path, v.line(at), format, ...)
    return false
  end
  return v
end

local function known_fields(v, at, what, value, fields)
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for name in pairs(value) do
    if not fields[name] then
      local where = { unpack(at) }
      where[#where + 1] = tostring(name)
      v.fail(where, "%s has a field %q that is not known; %s", what, tostring(name), schema.suggest(tostring(name), names, "fields"))
    end
  end
end

-- Inputs or outputs in either form -> a list of { name =, kind =, optional =, doc = }, or nil.
local function read_ports(v, at, what, ports)
  if ports == nil then return {} end
  if type(ports) ~= "table" then return v.fail(at, "%s is a table of names and kinds, not a %s", what, type(ports)) end
  local list, seen = {}, {}
  for index, port in ipairs(ports) do
    if type(port) ~= "table" then return v.fail(at, "%s: item %d is not { name, kind }", what, index) end
    list[index] = { name = port[1], kind = port[2], optional = port.optional or nil, doc = port.doc }
  end
  if #list == 0 then
    for name, kind in pairs(ports) do list[#list + 1] = { name = name, kind = kind } end
    table.sort(list, function(a, b) return tostring(a.name) < tostring(b.name) end)
  end
  for _, port in ipairs(list) do
    if type(port.name) ~= "string" or not port.name:find "^[%a_][%w_]*$" then
      return v.fail(at, "%s: %s is not a name; use letters, digits and _", what, tostring(port.name))
    end
    if not kinds[port.kind] then
      return v.fail(at, '%s: %s is of the kind "table", "model", "report" or "endpoint", not %s', what, port.name, tostring(port.kind))
    end
    if seen[port.name] then return v.fail(at, "%s: %s is there twice", what, port.name) end
    seen[port.name] = true
  end
  return list
end

local param_fields = { type = true, doc = true, default = true, optional = true, choices = true, min = true, max = true }

local function read_param(v, at, step, name, given)
  local what = ("step %s, parameter %s"):format(step.name, tostring(name))
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then return v.fail(at, "%s: its name is not letters, digits and _", what) end
  if type(given) ~= "table" then return v.fail(at, "%s is a table { type =, doc = }, not a %s", what, type(given)) end
  known_fields(v, at, what, given, param_fields)
  if not schema.types[given.type] then
    local types = {}
    for type_name in pairs(schema.types) do types[#types + 1] = type_name end
    table.sort(types)
    if given.type == nil then return v.fail(at, "%s has no type; give one of %s", what, table.concat(types, ", ")) end
    local mend = schema.nearest(given.type, types)
    return v.fail(at, "%s: there is no type %q; %s", what, tostring(given.type),
      mend and ("did you mean %q?"):format(mend) or "the types are " .. table.concat(types, ", "))
  end
  if type(given.doc) ~= "string" or given.doc == "" then return v.fail(at, "%s has no doc; say in a few words what it does", what) end
  if given.type == "choice" and (type(given.choices) ~= "table" or #given.choices == 0) then
    return v.fail(at, "%s is a choice without choices; give choices = { ... }", what)
  end
  for _, bound in ipairs { "min", "max" } do
    if given[bound] ~= nil and type(given[bound]) ~= "number" then return v.fail(at, "%s: %s is not a number", what, bound) end
  end
  local param = { name = name }
  for field in pairs(param_fields) do param[field] = given[field] end
  if param.default ~= nil then
    local value, problem = schema.value(step, param, param.default)
    if problem then return v.fail(at, "%s: the default %s", what, problem:sub(#step.name + #name + 4)) end
    param.default, param.optional = value, nil
  end
  return param
end

local step_fields = {
  doc = true, detail = true, inputs = true, outputs = true, params = true, cache = true, run = true, effect = true,
}

-- What a step does to rows, for the leakage guard (lathe.guard).
local effects = { split = true, learn = true, augment = true, train = true, choose = true, measure = true }

-- A step that makes a model of rows alone trains, whatever it says.
local function effect_of(step)
  local taken, given = {}, {}
  for _, port in ipairs(step.inputs) do taken[port.kind] = true end
  for _, port in ipairs(step.outputs) do given[port.kind] = true end
  return given.model and taken.table and not taken.model and "train" or nil
end

local function read_step(v, stage, name, given, file)
  local at = { "steps", name }
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then
    return v.fail(at, "a step's name is letters, digits and _, not %s", tostring(name))
  end
  local full = stage .. "." .. name
  if type(given) ~= "table" then return v.fail(at, "step %s is a table, not a %s", full, type(given)) end
  known_fields(v, at, "step " .. full, given, step_fields)
  if type(given.doc) ~= "string" or given.doc == "" then
    return v.fail(at, "step %s has no doc; say in a sentence what it does", full)
  end
  if type(given.run) ~= "function" then
    return v.fail(at, "step %s has no run; give run = function(input, param, context) ... end", full)
  end
  local step = {
    name = full, stage = stage, short = name, doc = given.doc, detail = given.detail, run = given.run, cache = given.cache ~= false,
    file = file.path, hash = file.hash, origin = file.origin, line = debug.getinfo(given.run, "S").linedefined, params = {}, param = {},
  }
  step.inputs = read_ports(v, { "steps", name, "inputs" }, ("step %s, inputs"):format(full), given.inputs)
  step.outputs = read_ports(v, { "steps", name, "outputs" }, ("step %s, outputs"):format(full), given.outputs)
  if not step.inputs or not step.outputs then return false end
  if given.effect ~= nil and not effects[given.effect] then
    return v.fail({ "steps", name, "effect" },
      'step %s: effect is "split", "learn", "augment", "train", "choose" or "measure", not %s', full, tostring(given.effect))
  end
  step.effect = given.effect or effect_of(step)
  if given.params ~= nil and type(given.params) ~= "table" then return v.fail(at, "step %s: params is a table of names", full) end
  for param_name, param in pairs(given.params or {}) do
    local made = read_param(v, { "steps", name, "params", param_name }, step, param_name, param)
    if not made then return false end
    step.params[#step.params + 1], step.param[param_name] = made, made
  end
  -- Those that must be given come first, then as they are written.
  local places = {}
  for _, param in ipairs(step.params) do places[param] = v.line { "steps", name, "params", param.name } or 0 end
  table.sort(step.params, function(a, b)
    local first, second = a.default ~= nil or a.optional, b.default ~= nil or b.optional
    if (first and true or false) ~= (second and true or false) then return not first end
    if places[a] ~= places[b] then return places[a] < places[b] end
    return a.name < b.name
  end)
  for _, port in ipairs(step.inputs) do
    if step.param[port.name] then return v.fail(at, "step %s: %s is an input and a parameter; rename one", full, port.name) end
  end
  return step
end

local file_fields = { name = true, api = true, doc = true, steps = true }

local function read_file(path, stage_name, origin, made, source)
  local v = validator(path, source)
  if type(made) ~= "table" then
    return v.fail({}, "a plugin returns a table; this file returns %s", made == nil and "nothing" or "a " .. type(made))
  end
  if made.name ~= stage_name then
    return v.fail({ "name" }, "its name is %s, but the file is called %s.lua; make them equal",
      type(made.name) == "string" and '"' .. made.name .. '"' or "missing", stage_name)
  end
  if made.api ~= 1 then return v.fail({ "api" }, "it is written for api %s; this lathe has api 1", tostring(made.api)) end
  if type(made.doc) ~= "string" or made.doc == "" then
    return v.fail({ "name" }, "it has no doc; say in a sentence what its steps are for")
  end
  if type(made.steps) ~= "table" then return v.fail({ "name" }, "it has no steps; give steps = { name = { ... } }") end
  known_fields(v, {}, "the plugin", made, file_fields)
  local digest = ffi.new "char[33]"
  C.lathe_hash_bytes(source, #source, digest)
  local file = { path = path, hash = ffi.string(digest), origin = origin }
  local stage = stages[stage_name] or { name = stage_name, doc = made.doc, steps = {}, files = {} }
  stages[stage_name] = stage
  stage.files[#stage.files + 1] = path
  for name, given in pairs(made.steps) do
    local step = read_step(v, stage_name, name, given, file)
    local earlier = step and stage.steps[name]
    if earlier then
      v.fail({ "steps", name }, "the step %s is there already, from %s, and stays; give this one another name", step.name, earlier.file)
    elseif step then
      stage.steps[name] = step
    end
  end
end

local function load_file(path, stage_name, origin)
  if loaded[path] then return end
  loaded[path] = true
  local fine, chunk, source = pcall(plugin.load_text, path)
  local made
  if fine then fine, made = pcall(chunk) else made = chunk end
  if fine then
    local before, found = #problems, {}
    read_file(path, stage_name, origin, made, source)
    for index = before + 1, #problems do found[index - before], problems[index] = problems[index], nil end
    table.sort(found, function(a, b)
      if a.line ~= b.line then return a.line < b.line end
      return a.sentence < b.sentence
    end)
    for _, problem in ipairs(found) do problems[#problems + 1] = problem end
    return
  end
  local sentence = core.sentence(made)
  local plain = path:gsub("%p", "%%%0")
  local line, text = sentence:match("^" .. plain .. ":(%d+): (.*)$")
  report_problem(path, tonumber(line or 1), "%s", text or sentence)
end

-- Load the files of one stage, wherever they are.
local function load_stage(name)
  for _, folder in ipairs(plugin.folders()) do
    local path = folder.path .. "/" .. name .. ".lua"
    if not loaded[path] and require("lathe.project").look(path) == "file" then load_file(path, name, folder.origin) end
  end
  return stages[name]
end

-- The names of stages for which there is a file, without loading any.
local function stage_names()
  local seen, names = {}, {}
  for _, folder in ipairs(plugin.folders()) do
    for _, file in ipairs(require("lathe.project").list(folder.path)) do
      local name = file:match "^([%a_][%w_]*)%.lua$"
      if name and not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  table.sort(names)
  return names
end

-- Load all plugin files.
function plugin.load_all()
  for _, name in ipairs(stage_names()) do load_stage(name) end
end

-- The order of a model's life; stages that are not in it come behind, by name.
local order = {}
for index, name in ipairs { "ingest", "look", "clean", "shape", "prepare", "augment", "train", "tune", "explain", "audit", "evaluate",
  "compress", "export", "deploy", "monitor" } do order[name] = index end

-- All stages in the order of a model's life: a list of { name =, doc =, steps = { step, ... } by name, files = }.
function plugin.stages()
  plugin.load_all()
  local list = {}
  for _, stage in pairs(stages) do
    local steps = {}
    for _, step in pairs(stage.steps) do steps[#steps + 1] = step end
    table.sort(steps, function(a, b) return a.name < b.name end)
    list[#list + 1] = { name = stage.name, doc = stage.doc, steps = steps, files = stage.files }
  end
  table.sort(list, function(a, b)
    local first, second = order[a.name] or 100, order[b.name] or 100
    if first ~= second then return first < second end
    return a.name < b.name
  end)
  return list
end

-- The definition of a step ("clean.clip"), or nil and a sentence with the nearest name.
function plugin.find(name)
  if type(name) ~= "string" then return nil, ("a step is named by text like \"clean.drop_missing\", not a %s"):format(type(name)) end
  local stage_name, short = name:match "^([%a_][%w_]*)%.([%a_][%w_]*)$"
  local stage = stage_name and load_stage(stage_name)
  if stage and stage.steps[short] then return stage.steps[short] end
  local names = {}
  for _, other in ipairs(plugin.stages()) do
    for _, step in ipairs(other.steps) do names[#names + 1] = step.name end
  end
  for _, problem in ipairs(problems) do
    local same_file = stage_name and problem.file:match "([^/]+)%.lua$" == stage_name
    if same_file and (not stage or problem.sentence:find(name, 1, true)) then
      return nil, ("there is no step %q; its plugin is broken: %s"):format(name, problem.sentence)
    end
  end
  local near = schema.nearest(name, names)
  if near then return nil, ("there is no step %q; did you mean %q?%s"):format(name, near, unread) end
  return nil, ("there is no step %q; `lathe plugins` lists them%s"):format(name, unread)
end

-- The same, but raise the sentence.
function plugin.step(name)
  local step, problem = plugin.find(name)
  if not step then error(problem, 0) end
  return step
end

local function ports_text(ports)
  local parts = {}
  for index, port in ipairs(ports) do
    parts[index] = (port.name == port.kind and port.kind or port.name .. " (" .. port.kind .. ")") .. (port.optional and ", optional" or "")
  end
  return #parts > 0 and table.concat(parts, ", ") or "nothing"
end

local function param_note(param)
  local parts = { param.doc }
  if param.choices then
    local words = {}
    for index, choice in ipairs(param.choices) do words[index] = tostring(choice) end
    parts[#parts + 1] = "one of " .. table.concat(words, ", ")
  end
  if param.min and param.max then parts[#parts + 1] = ("%s to %s"):format(param.min, param.max)
  elseif param.min then parts[#parts + 1] = ("at least %s"):format(param.min)
  elseif param.max then parts[#parts + 1] = ("at most %s"):format(param.max) end
  if param.default ~= nil then parts[#parts + 1] = "default " .. schema.text(param, param.default)
  elseif not param.optional then parts[#parts + 1] = "required" end
  return table.concat(parts, "; ")
end

-- The line of a flow that calls the step, with the parameters that must be given: `flow:step "clean.clip" { table, column = ... }`.
function plugin.example(step)
  local parts = {}
  for _, port in ipairs(step.inputs) do
    if not port.optional then parts[#parts + 1] = "flow." .. port.name end
  end
  for _, param in ipairs(step.params) do
    if param.default == nil and not param.optional then parts[#parts + 1] = param.name .. " = ..." end
  end
  return ('flow:step "%s" { %s }'):format(step.name, table.concat(parts, ", "))
end

-- The help page of a step, as plain text of at most `width` columns. `name` is its name or its definition.
function plugin.help(name, width)
  local style = require "lathe.style"
  local step = type(name) == "table" and name or plugin.step(name)
  width = math.max(width or 80, 40)
  local lines = { step.name }
  local function add(indent, text)
    for _, line in ipairs(style.wrap(text, width - indent)) do lines[#lines + 1] = (" "):rep(indent) .. line end
  end
  add(2, step.doc)
  if step.detail then
    lines[#lines + 1] = ""
    add(2, style.joined(step.detail))
  end
  lines[#lines + 1] = ""
  add(2, "in      " .. ports_text(step.inputs))
  add(2, "out     " .. ports_text(step.outputs))
  if not step.cache then add(2, "runs    each time: what it does is not kept for later runs") end
  if #step.params > 0 then
    lines[#lines + 1] = ""
    local longest, types = 0, 0
    for _, param in ipairs(step.params) do longest, types = math.max(longest, #param.name), math.max(types, #param.type) end
    for _, param in ipairs(step.params) do
      local indent = 2 + longest + 2 + types + 2
      local note = style.wrap(param_note(param), math.max(width - indent, 20))
      for index, line in ipairs(note) do
        local head = index == 1 and ("  %s  %s  "):format(style.pad(param.name, longest), style.pad(param.type, types)) or (" "):rep(indent)
        lines[#lines + 1] = head .. line
      end
    end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "  " .. plugin.example(step)
  if step.origin ~= "lathe" then add(2, "from " .. step.file) end
  return table.concat(lines, "\n") .. "\n"
end

return plugin
