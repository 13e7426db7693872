-- The names of a console line: lathe, flow (the flow of this folder), data (the table in the Data view), run (the last run of the
-- flow), _ (the last value), and the functions below. A script that :write has made gets them too, without a screen.
local core = require "lathe.core"
local console = require "lathe.console"
local views = require "lathe.workbench.views"
local session = require "lathe.workbench.session"
local C = core.C
local say, look, kind_of = session.say, session.look, session.kind_of

local commands = {}

-- The value of "node" or "node.output" in the last run, and its name; of a node with several outputs the first. nil when it made only
-- files, which are then named.
local function of_run(name)
  if not session.result then core.fail("%s was not made yet; flow:run() makes it", name) end
  local wanted, output = name:match "^([^.]+)%.(.+)$"
  if output then return session.result:get(wanted, output), name end
  for _, node in ipairs(session.result.nodes) do
    local outputs = node.name == name and node.outputs or {}
    if #outputs > 0 then
      local others = {}
      for index = 2, #outputs do others[index - 1] = ("show %q"):format(name .. "." .. outputs[index].name) end
      if #others > 0 then say(session.paint.dim("  also  " .. table.concat(others, "  "))) end
      return session.result:get(name, outputs[1].name), #outputs > 1 and name .. "." .. outputs[1].name or name
    end
    if node.name == name then
      if node.state == "failed" or node.state == "waiting" or node.state == "skipped" then
        core.fail("%s was not made: it is %s", name, node.state)
      end
      for _, file in ipairs(node.files or {}) do say(("  %s  %s"):format(file.path, session.paint.dim(node.note or ""))) end
      if #(node.files or {}) == 0 then say("  " .. (node.note or "nothing to show")) end
      return nil
    end
  end
  return session.result:get(name), name -- says what nodes there are
end

-- Show a value where it belongs: a table in the Data view, a report or a model in the Report view. `value` may be the name of a node
-- ("raw", "parts.train"). Raises a sentence when there is nothing to show.
function commands.show(value, name)
  if type(name) ~= "string" then name = nil end -- verbs give more than a table: show(data:filter "x > 1")
  if type(value) == "string" then
    value, name = of_run(value)
    if value == nil then return end
  end
  local kind = kind_of(value)
  if not session.screen then
    if kind == "table" then session.data = value end
    say(console.show(value, look()))
  elseif kind == "table" then
    views.table(value, name)
    C.lathe_screen_front "data"
  elseif kind == "report" then
    views.report(value)
    C.lathe_screen_front "report"
  elseif kind == "model" then
    views.report(views.model(value, name))
    C.lathe_screen_front "report"
  else
    say(console.show(value, look()))
  end
end

-- Bring a view in front: "flow", "data", "report", "models", "monitor".
function commands.view(name)
  local known = { "flow", "data", "report", "models", "monitor" }
  for _, view in ipairs(known) do
    if view == name then return C.lathe_screen_front(name) end
  end
  core.fail("there is no view %q; %s", tostring(name), require("lathe.schema").suggest(tostring(name), known, "views"))
end

-- Read a flow file and show it; its code runs. Gives the flow.
function commands.load(path)
  local shown = require "lathe.workbench.flow"
  local flows = require "lathe.flow"
  flows.observer = shown.observer
  local flow = flows.load(path)
  session.flow, session.result = flow, nil
  shown.flow(flow)
  if session.screen then require("lathe.workbench.form").palette() end -- the flow's own plugins are there now
  C.lathe_screen_title((flow:name()))
  for _, sentence in ipairs(flow:check()) do say(session.paint.error(sentence)) end
  C.lathe_screen_front "flow"
  session.shown[flow] = true
  return flow
end

-- Back to the table that was in the Data view before this one.
function commands.back()
  local last = table.remove(session.before) or core.fail "there is no table before this one"
  session.data = nil
  commands.show(last[1], last[2])
end

-- A large text table is on the screen before it is read, and stays there unread when the memory is too small for it: then false.
local PREVIEWED = 16 * 2 ^ 20
local function preview(path, name, options)
  if not session.screen then return true end
  local read = require "lathe.read"
  local c_options, keep, size = read.preview(path, options)
  if not c_options or size < PREVIEWED then return true end
  core.try(C.lathe_screen_file(name, path, c_options, core.problem))
  C.lathe_screen_front "data"
  require("lathe.workbench.form").palette() -- while the rest is read
  keep[1], session.data, session.data_name = nil, nil, name
  session.unread = ("%s was not read to its end; open %q reads it"):format(name, path)
  local limit, bytes = tonumber(C.lathe_source_limit()), require("lathe.style").bytes
  if size * 1.5 < limit then return true end
  session.unread = ("%s is shown without being read, because it may need %s and there is memory for %s"):format(name,
    bytes(size * 1.5), bytes(limit))
  say(session.unread)
  return false
end

-- Open a file where it belongs: a flow, a model bundle, a table. Options for a table are those of lathe.read. A large text table is on
-- the screen at once and read behind it. Raises a sentence.
function commands.open(path, options)
  if type(path) ~= "string" then core.fail 'open takes a path, like open "houses.csv"' end
  local name = path:match "[^/]+$" or path
  if path:find "%.lua$" then return commands.load(path) end
  if path:find "%.lathe$" then return commands.show(require("lathe").open(path), name) end
  if preview(path, name, options) then commands.show((require("lathe").read(path, options)), name) end
end

-- Run a step on the spot: step "clean.drop_missing" { data, columns = { "price" } }. Artifacts stand first. Shows what it gives and
-- gives it back.
function commands.step(name)
  local definition = require("lathe.plugin").step(name)
  return function(arguments)
    local inputs, params = {}, {}
    local artifacts = {}
    for key, value in pairs(arguments) do
      if type(key) == "number" then artifacts[#artifacts + 1] = { key, value } else params[key] = value end
    end
    table.sort(artifacts, function(a, b) return a[1] < b[1] end)
    for _, item in ipairs(artifacts) do
      local kind = kind_of(item[2]) or core.fail("%s takes tables, models and reports, not a %s", name, type(item[2]))
      local port
      for _, input in ipairs(definition.inputs) do
        if not port and input.kind == kind and inputs[input.name] == nil then port = input end
      end
      if not port then core.fail("%s takes no %s here; `lathe help %s` says what it takes", name, kind, name) end
      inputs[port.name] = item[2]
    end
    for _, input in ipairs(definition.inputs) do
      if params[input.name] ~= nil then inputs[input.name], params[input.name] = params[input.name], nil end
      if inputs[input.name] == nil and not input.optional then
        core.fail("%s wants a %s first: step %q { %s }", name, input.kind, name, input.kind == "table" and "data" or input.kind)
      end
    end
    local function log(text) say(session.paint.dim("  " .. text)) end
    local given, said, finish = require("lathe.run").step(definition, inputs, params, { log = log, keep = true })
    session.deferred[#session.deferred + 1] = finish
    if said then log(said) end
    local first
    for _, output in ipairs(definition.outputs) do
      local value = given[output.name]
      if value ~= nil then
        local note = require("lathe.artifact").note(value)
        say(session.paint.dim("  " .. output.name) .. "  " .. (note or output.kind))
        if first == nil then first = value end
      end
    end
    if first ~= nil then commands.show(first, definition.short or name) end
    return first
  end
end

-- A kept line as a statement: what only has a value is printed.
local function statement(line)
  if loadstring(line) then return line end
  return "print(" .. line .. ")"
end

-- Keep the lines of this session that went well as a script that `lathe script` runs. Raises when the file is there already.
function commands.write(path)
  if type(path) ~= "string" then core.fail ":write wants a name, like :write houses.lua" end
  if require("lathe.project").look(path) then core.fail("%s is there already; choose another name", path) end
  local lines = {
    "-- Written by the workbench; run it with: lathe script " .. path,
    '-- These names are those of the console, without its screen.',
    'setfenv(1, require("lathe.workbench.names").environment())', "",
  }
  for _, line in ipairs(session.kept) do lines[#lines + 1] = statement(line) end
  local text = table.concat(lines, "\n") .. "\n"
  core.try(C.lathe_file_write(path, text, #text, core.problem))
  say(("%d line%s in %s"):format(#session.kept, #session.kept == 1 and " is" or "s are", path))
end

-- Leave the workbench.
function commands.quit() session.done = true end

-- The keys, the names, and where to read on.
function commands.help(name)
  if name == nil then
    return say(table.concat({
      "open \"FILE\"           look at a data file          show(VALUE)        put a table or report in its view",
      "step \"NAME\" { data }   run a step on the spot       flow:run()         run the flow of this folder",
      "help \"clean.clip\"      what a step does             :write FILE.lua    keep these lines as a script",
      "Names: lathe, flow, data (the table in view), run (the last run), _ (the last value). Tab completes.",
    }, "\n"))
  end
  C.lathe_screen_text(name, require("lathe.plugin").help(name, math.min(C.lathe_screen_width() - 6, 90)))
end

local names = {
  flow = function() return session.flow, "there is no flow yet; load \"FILE.lua\" reads one" end,
  data = function() return session.data, session.unread or "there is no table in view yet; open \"FILE.csv\" shows one" end,
  run = function() return session.result, "the flow was not run yet; flow:run() does it" end,
  lathe = function() return require "lathe" end,
}

function commands.print(...)
  local parts = { ... }
  for index = 1, select("#", ...) do parts[index] = tostring((select(index, ...))) end
  say(table.concat(parts, "\t"))
end

-- Raise: nothing has this name.
local function undefined(name)
  local words = {}
  for _, known in ipairs { session.own, names, _G } do
    for word in pairs(known) do
      if type(word) == "string" and #word > 1 then words[#words + 1] = word end
    end
  end
  local nearest = require("lathe.schema").nearest(name, words)
  core.fail("%s is not defined; %s", name, nearest and ("did you mean %s?"):format(nearest) or "set it first, or put text in quotes")
end

local environment = setmetatable({}, {
  __index = function(_, name)
    local own = session.own[name]
    if own ~= nil then return own end
    local value, hint
    if names[name] then
      value, hint = names[name]()
      if value == nil then error(hint, 0) end
      return value
    end
    value = rawget(_G, name)
    if value == nil and type(name) == "string" then undefined(name) end
    return value
  end,
  __newindex = function(_, name, value) session.own[name] = value end,
})

for name, call in pairs(commands) do session.own[name] = call end

return {
  commands = commands,

  -- The globals of console lines.
  environment = function() return environment end,

  -- The same as a plain table, for completion.
  known = function()
    local known = { lathe = require "lathe", flow = session.flow, data = session.data, run = session.result }
    for name, value in pairs(session.own) do known[name] = value end
    return known
  end,
}
