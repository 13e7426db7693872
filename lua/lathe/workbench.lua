-- The workbench behind the screen: shows flows and tables, runs what the user asks for, line by line. Whatever a key does is a line of
-- Lua that is run here, so the console shows it and :write keeps it.
--
-- The names of a console line: lathe, flow (the flow of this folder), data (the table in the Data view), run (the last run of the
-- flow), _ (the last value), and the functions of `commands` below.
local ffi = require "ffi"
local core = require "lathe.core"
local style = require "lathe.style"
local console = require "lathe.console"
local C, problem = core.C, core.problem

local workbench = {}

local host            -- lathe.host, nil in plain luajit
local bench           -- the state of this session, made by run()
local environment     -- the names of console lines
local commands = {}   -- functions that console lines can call
local paint           -- style.new(...)

local function state_file(name)
  local folder = os.getenv "XDG_STATE_HOME"
  if not folder or folder == "" then folder = (os.getenv "HOME" or ".") .. "/.local/state" end
  return folder .. "/lathe/" .. name
end

local function say(text) C.lathe_screen_print(tostring(text)) end

local function look() return { width = C.lathe_screen_width(), colour = bench.coloured } end

local function kind_of(value) return require("lathe.artifact").kind(value) end

--- Showing -------------------------------------------------------------------------------------------------------------------

local function show_table(value, name)
  bench.data = value
  C.lathe_screen_busy("look at " .. (name or "table"))
  C.lathe_screen_table(name or "table", value:handle())
  C.lathe_screen_busy ""
end

local function draw_report()
  if bench.report then C.lathe_screen_report("report", bench.report.title or "report", bench.report:render(look())) end
end

local function show_report(value)
  bench.report = value
  draw_report()
end

-- What a model is, as a report: what it takes, what it gives, what it learned.
local function model_report(value, name)
  local made = require("lathe.report").new(name or "model")
  local rows = {}
  local function row(label, get)
    local fine, text = pcall(get)
    if fine and text ~= nil then rows[#rows + 1] = { label, tostring(text) } end
  end
  row("target", function() return value:target() end)
  row("holds", function() return value:note() end)
  made:values(rows)
  local fine, inputs = pcall(function() return value:inputs() end)
  if fine and type(inputs) == "table" then
    made:heading "What it takes"
    local lines = {}
    for index, input in ipairs(inputs) do lines[index] = { input.name, input.type } end
    made:table { columns = { "column", "type" }, rows = lines }
  end
  local learned
  fine, learned = pcall(function() return value:coefficients() end)
  if fine then
    made:heading "What it learned"
    local columns, lines = learned:columns(), {}
    for index = 1, math.min(tonumber(learned:rows()), 200) do
      local values = learned:row(index)
      lines[index] = {}
      for at, column in ipairs(columns) do
        local item = values[column]
        lines[index][at] = type(item) == "number" and style.number(item) or tostring(item == nil and "" or item)
      end
    end
    local heads = {}
    for at, column in ipairs(columns) do heads[at] = { name = column, align = at == 1 and "left" or "right" } end
    made:table { columns = heads, rows = lines }
  end
  return made
end

-- The value of "node" or "node.output" in the last run, and its name.
local function of_run(name)
  if not bench.result then core.fail("%s was not made yet; flow:run() makes it", name) end
  local node, output = name:match "^([^.]+)%.(.+)$"
  return bench.result:get(node or name, output), name
end

-- Show a value where it belongs: a table in the Data view, a report or a model in the Report view. `value` may be the name of a node
-- ("raw", "parts.train"). Raises a sentence when there is nothing to show.
function commands.show(value, name)
  if type(value) == "string" then value, name = of_run(value) end
  local kind = kind_of(value)
  if kind == "table" then
    show_table(value, name)
    C.lathe_screen_front "data"
  elseif kind == "report" then
    show_report(value)
    C.lathe_screen_front "report"
  elseif kind == "model" then
    show_report(model_report(value, name))
    C.lathe_screen_front "report"
  else
    say(console.show(value, look()))
  end
end

-- Bring a view in front: "flow", "data", "report", "models", "monitor".
function commands.view(name)
  local views = { "flow", "data", "report", "models", "monitor" }
  for _, view in ipairs(views) do
    if view == name then return C.lathe_screen_front(name) end
  end
  core.fail("there is no view %q; %s", tostring(name), require("lathe.schema").suggest(tostring(name), views, "views"))
end

--- Models and monitor --------------------------------------------------------------------------------------------------------

local function metrics_text(model)
  local parts = {}
  for _, entry in ipairs(model.metrics or {}) do
    local names = {}
    for name in pairs(entry.metrics) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do parts[#parts + 1] = name .. " " .. style.number(entry.metrics[name]) end
  end
  return table.concat(parts, "  ")
end

local function draw_models()
  local project = require "lathe.project"
  if not project.exists "." then return end
  local models = project.open("."):models()
  if #models == 0 then return end
  local made = require("lathe.report").new "models"
  local rows = {}
  for index, model in ipairs(models) do
    rows[index] = {
      model.node or "", model.flow or "", model.note or "", metrics_text(model), style.bytes(model.size or 0),
      os.date("%Y-%m-%d %H:%M", model.started or 0), (model.hash or ""):sub(1, 8),
    }
  end
  made:table { columns = { "node", "flow", "holds", "measured", { name = "size", align = "right" }, "made", "hash" }, rows = rows }
  C.lathe_screen_report("models", ("%d kept"):format(#models), made:render(look()))
end

-- The endpoints that the last values hold: a live one is found in the run's values and in the environment.
local function endpoints()
  local found, seen = {}, {}
  local function take(value)
    if kind_of(value) == "endpoint" and not seen[value] then
      found[#found + 1], seen[value] = value, true
    end
  end
  for _, value in pairs(bench.own) do take(value) end
  local fine, serve = pcall(require, "lathe.serve")
  if fine and type(serve.running) == "function" then
    for _, value in ipairs(serve.running()) do take(value) end
  end
  return found
end

local function draw_monitor()
  local list = endpoints()
  if #list == 0 then
    if bench.monitored then C.lathe_screen_report("monitor", "", "Nothing is served now.") end
    return
  end
  local parts = {}
  for _, endpoint in ipairs(list) do
    local fine, text = pcall(function()
      local got = endpoint:monitor()
      if kind_of(got) == "report" then return got:render(look()) end
      return console.show(got, look())
    end)
    parts[#parts + 1] = paint.accent(endpoint:url()) .. "\n\n" .. (fine and text or tostring(text))
  end
  bench.monitored = true
  C.lathe_screen_report("monitor", ("%d live"):format(#list), table.concat(parts, "\n\n"))
end

local draw_view = { report = draw_report, models = draw_models, monitor = draw_monitor }

--- The flow ------------------------------------------------------------------------------------------------------------------

local node_states = {
  waiting = C.LATHE_NODE_WAITING, running = C.LATHE_NODE_RUNNING, done = C.LATHE_NODE_DONE, cached = C.LATHE_NODE_CACHED,
  failed = C.LATHE_NODE_FAILED, skipped = C.LATHE_NODE_SKIPPED,
}

local function wide(label, text) return paint.dim(style.pad(label, 8)) .. text end

-- The lines on the right of the Flow view: what the node's step does, what it takes and with which parameters, what came of it.
local function detail_of(node, state, note, seconds, sentence)
  local step = require("lathe.plugin").find(node.step)
  local lines = { paint.bold(node.step) }
  if step then lines[#lines + 1] = step.doc end
  lines[#lines + 1] = ""
  for _, input in ipairs(node.inputs or {}) do
    local from = input.node
    if type(from) == "number" then from = bench.nodes[from] and bench.nodes[from].name or from end
    lines[#lines + 1] = wide("in", tostring(from) .. (input.output and paint.dim("." .. input.output) or ""))
  end
  local names = {}
  for name in pairs(node.params or {}) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local text = require("lathe.schema").lua(node.params[name])
    lines[#lines + 1] = paint.dim(style.pad(name, 7) .. " ") .. text
  end
  if step and step.outputs then
    for _, output in ipairs(step.outputs) do
      lines[#lines + 1] = wide("out", output.name .. (output.kind ~= output.name and paint.dim("  " .. output.kind) or ""))
    end
  end
  if note then lines[#lines + 1] = wide("gave", note) end
  if seconds then
    lines[#lines + 1] = wide("took", style.seconds(seconds) .. (state == "cached" and paint.dim "  kept from an earlier run" or ""))
  end
  if sentence then
    lines[#lines + 1] = ""
    lines[#lines + 1] = paint.error(sentence)
  end
  return table.concat(lines, "\n")
end

local function draw_node(index)
  local node = bench.nodes[index]
  local note = node.state == "failed" and "failed" or node.note or ""
  C.lathe_screen_node(index - 1, node.name, node.step, node_states[node.state or "waiting"], note, node.seconds or -1,
    detail_of(node, node.state, node.note, node.seconds, node.problem))
end

local function draw_flow(flow)
  bench.nodes = flow:nodes()
  C.lathe_screen_flow(flow:name(), #bench.nodes)
  for index in ipairs(bench.nodes) do draw_node(index) end
end

-- Told by the flow while it runs: the Flow view follows.
local observer = {}

function observer.begin(_, nodes)
  bench.result = nil
  for index, node in ipairs(nodes) do
    local mine = bench.nodes[index]
    if mine and mine.name == node.name then
      mine.state, mine.note, mine.seconds, mine.problem = "waiting", nil, nil, nil
      draw_node(index)
    end
  end
end

function observer.node(index, state, note, seconds)
  local node = bench.nodes[index]
  if not node then return end
  node.state, node.note, node.seconds = state, note, state ~= "running" and seconds or nil
  if state == "running" then C.lathe_screen_busy(node.name) end
  draw_node(index)
end

function observer.log(text) say(paint.dim("  " .. text)) end

function observer.finish(result)
  C.lathe_screen_busy ""
  bench.result = result
  for index, node in ipairs(result.nodes or {}) do
    local mine = bench.nodes[index]
    if mine then
      mine.state, mine.note, mine.seconds, mine.problem = node.state, node.note, node.seconds, node.problem
      draw_node(index)
    end
  end
  local fine, summary = pcall(function() return result:summary() end)
  if fine and kind_of(summary) == "report" then show_report(summary) end
end

-- Read a flow file and show it; its code runs. Gives the flow.
function commands.load(path)
  local flows = require "lathe.flow"
  flows.observer = observer
  local flow = flows.load(path)
  bench.flow, bench.result = flow, nil
  draw_flow(flow)
  C.lathe_screen_title((flow:name()))
  for _, sentence in ipairs(flow:check()) do say(paint.error(sentence)) end
  C.lathe_screen_front "flow"
  return flow
end

--- Files ---------------------------------------------------------------------------------------------------------------------

-- Open a file where it belongs: a flow, a model bundle, a table. Options for a table are those of lathe.read. Raises a sentence.
function commands.open(path, options)
  if type(path) ~= "string" then core.fail 'open takes a path, like open "houses.csv"' end
  local name = path:match "[^/]+$" or path
  if path:find "%.lua$" then return commands.load(path) end
  if path:find "%.lathe$" then return commands.show(require("lathe").open(path), name) end
  local value
  if path:find "%.safetensors$" then value = require("lathe.table").load(path) else value = require("lathe").read(path, options) end
  commands.show(value, name)
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
    local checked = require("lathe.schema").check(definition, params, inputs)
    local context = {
      note = function(text) say(paint.dim("  " .. text)) end,
      log = function(text) say(paint.dim("  " .. text)) end,
      progress = core.progress(),
      defer = function(run) bench.deferred[#bench.deferred + 1] = run end,
    }
    local given = definition.run(inputs, checked, context) or {}
    local first
    for _, output in ipairs(definition.outputs) do
      local value = given[output.name]
      if value ~= nil then
        local note = require("lathe.artifact").note(value)
        say(paint.dim("  " .. output.name) .. "  " .. (note or output.kind))
        if first == nil then first = value end
      end
    end
    if first ~= nil then commands.show(first, definition.short or name) end
    return first
  end
end

-- Keep the lines of this session that went well as a script; in it, lathe is there as in the console.
function commands.write(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
    core.fail("%s is there already; choose another name", path)
  end
  local lines = { "-- Written by the workbench. Run it with: lathe script " .. path, 'local lathe = require "lathe"' }
  for _, line in ipairs(bench.script_head) do lines[#lines + 1] = line end
  for _, line in ipairs(bench.kept) do lines[#lines + 1] = line end
  local text = table.concat(lines, "\n") .. "\n"
  core.try(C.lathe_file_write(path, text, #text, problem))
  say(("%d lines are in %s"):format(#bench.kept, path))
end

function commands.quit() bench.done = true end

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

--- Lines ---------------------------------------------------------------------------------------------------------------------

local function make_environment()
  local names = {
    flow = function() return bench.flow end,
    data = function() return bench.data end,
    run = function() return bench.result end,
    lathe = function() return require "lathe" end,
  }
  local hints = {
    flow = "there is no flow yet; load \"FILE.lua\" reads one",
    data = "there is no table in view yet; open \"FILE.csv\" shows one",
    run = "the flow was not run yet; flow:run() does it",
  }
  bench.own = {}
  local own = bench.own
  for name, call in pairs(commands) do own[name] = call end
  own.print = function(...)
    local parts = { ... }
    for index = 1, select("#", ...) do parts[index] = tostring((select(index, ...))) end
    say(table.concat(parts, "\t"))
  end
  environment = setmetatable({}, {
    __index = function(_, name)
      if own[name] ~= nil then return own[name] end
      if names[name] then
        local value = names[name]()
        if value == nil then error(hints[name], 0) end
        return value
      end
      return _G[name]
    end,
    __newindex = function(_, name, value) own[name] = value end,
  })
  return own
end

-- Run one function so that Esc stops it: true and its values, or false and a sentence.
local function guarded(call, ...)
  if host then
    host.clear()
    return host.call(call, ...)
  end
  C.lathe_progress_reset(core.progress())
  return pcall(call, ...)
end

local function show_values(count, ...)
  for index = 1, count do
    local value = (select(index, ...))
    if index == 1 then rawset(bench.own, "_", value) end
    local kind = kind_of(value)
    if kind == "report" then show_report(value) end
    say(kind == "table" and value:show(look()) or console.show(value, look()))
  end
end

local function clean_up()
  C.lathe_progress_end(core.progress())
  C.lathe_screen_busy ""
  io.stdout:flush()
  if host then host.clear() else C.lathe_progress_reset(core.progress()) end
end

-- Commands with a colon, as in an editor.
local function as_command(line)
  local word, rest = line:match "^%s*:%s*(%a+)%s*(.-)%s*$"
  if not word then
    word, rest = line:match "^%s*(write)%s+([^%s(\"']+)%s*$"
    if not word then return line end
  end
  local short = { w = "write", q = "quit", e = "open", o = "open", h = "help" }
  word = short[word] or word
  if rest == "" then return word .. "()" end
  return ("%s(%q)"):format(word, rest)
end

local function evaluate(line)
  say(paint.accent ">" .. " " .. line)
  line = as_command(line)
  local call, sentence = console.compile(line, "console")
  if not call then
    say(paint.error((tostring(sentence):gsub("^console:%d+: ", ""))))
    return false
  end
  setfenv(call, environment)
  local function take(fine, ...)
    if fine then
      local shown, why = pcall(show_values, select("#", ...), ...)
      if not shown then say(paint.error(tostring(why))) end
      return true
    end
    sentence = tostring((...)):gsub("^console:%d+: ", "")
    if sentence == "interrupted" or sentence:find "^cancelled" then sentence = "stopped" end
    say(paint.error(sentence))
    return false
  end
  local went_well = take(guarded(call))
  clean_up()
  if went_well and not line:find "^%s*write%(" and not line:find "^%s*quit%(" and not line:find "^%s*help%(" then
    bench.kept[#bench.kept + 1] = line
  end
  return went_well
end

--- History -------------------------------------------------------------------------------------------------------------------

local function read_history()
  local file = io.open(state_file "history", "rb")
  if not file then return end
  local lines = {}
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  for index = math.max(1, #lines - 999), #lines do C.lathe_screen_remember(lines[index]) end
end

-- Remember a line; a history that cannot be written is no reason to stop anybody.
local function remember(line)
  local path = state_file "history"
  if bench.history == line then return end
  bench.history = line
  if C.lathe_folder_make(path:match "^(.*)/", nil) then C.lathe_file_append(path, line .. "\n", #line + 1, nil) end
end

--- Palette and forms ---------------------------------------------------------------------------------------------------------

local function fill_palette()
  local lines = {
    "run\trun the flow; what did not change is kept\tflow:run()",
    "run afresh\trun all of the flow again\tflow:run { fresh = true }",
    "profile\tprofile the table in the Data view\tshow(data:profile())",
    "flow\tthe Flow view\tview \"flow\"",
    "data\tthe Data view\tview \"data\"",
    "report\tthe Report view\tview \"report\"",
    "models\tthe Models view\tview \"models\"",
    "monitor\tthe Monitor view\tview \"monitor\"",
    "example\tread the house-prices example\t" .. bench.example_line,
    "help\tthe console's names and functions\thelp()",
    "quit\tleave lathe\tquit()",
  }
  local fine, stages = pcall(function() return require("lathe.plugin").stages() end)
  for _, stage in ipairs(fine and stages or {}) do
    for _, step in ipairs(stage.steps) do lines[#lines + 1] = step.name .. "\t" .. step.doc end
  end
  C.lathe_screen_palette(table.concat(lines, "\n"))
  for _, broken in ipairs(fine and require("lathe.plugin").problems() or {}) do say(paint.warn(broken.sentence)) end
end

local function open_form(name)
  local schema = require "lathe.schema"
  local step = require("lathe.plugin").step(name)
  bench.form = step
  local wants = {}
  for _, input in ipairs(step.inputs) do wants[#wants + 1] = input.kind end
  local doc = step.doc
  if #wants > 0 then doc = doc .. "  Takes: " .. table.concat(wants, ", ") .. "." end
  C.lathe_screen_form_begin(step.name, doc)
  local columns = bench.data and table.concat(bench.data:columns(), "\n") or ""
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
  if kind == "table" and bench.data then return "data", bench.data end
  for name, value in pairs(bench.own) do
    if kind_of(value) == kind then return name, value end
  end
  if bench.result then
    for _, node in ipairs(bench.result.nodes) do
      for _, output in ipairs(node.outputs or {}) do
        if output.kind == kind then
          local fine, value = pcall(function() return bench.result:get(node.name, output.name) end)
          if fine then return ("run:get(%q, %q)"):format(node.name, output.name), value end
        end
      end
    end
  end
  core.fail("there is no %s yet that the step could take", kind)
end

-- The line that a form stands for, checked; raises the first sentence that is wrong with it.
local function form_line(text)
  local schema, step = require "lathe.schema", bench.form
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

--- Wishes --------------------------------------------------------------------------------------------------------------------

local answers = {}

answers[C.LATHE_SCREEN_EVAL] = evaluate

answers[C.LATHE_SCREEN_ENTER] = function(line)
  remember(line)
  evaluate(line)
end

answers[C.LATHE_SCREEN_COMPLETE] = function(line)
  local columns = bench.data and bench.data:columns() or nil
  local names = setmetatable({ flow = bench.flow, data = bench.data, run = bench.result, lathe = require "lathe" },
    { __index = bench.own })
  local longer, choices = require("lathe.complete").line(line, names, columns)
  C.lathe_screen_complete(longer, #choices > 1 and table.concat(choices, "\n") or "")
end

answers[C.LATHE_SCREEN_VIEW] = function(name)
  bench.front = name
  if draw_view[name] then draw_view[name]() end
end

answers[C.LATHE_SCREEN_NODE] = function(name) evaluate(("show %q"):format(name)) end

answers[C.LATHE_SCREEN_FORM] = open_form

answers[C.LATHE_SCREEN_ACCEPT] = function(text)
  if not bench.form then return end
  local fine, line = pcall(form_line, text)
  if not fine then return C.lathe_screen_form_problem(tostring(line)) end
  C.lathe_screen_form_end()
  evaluate(line)
end

answers[C.LATHE_SCREEN_TRUST] = function(answer)
  if answer == "yes" then
    require("lathe.project").trust "."
    evaluate('load "flow.lua"')
  else
    say "The flow of this folder was not read; load \"flow.lua\" reads it."
  end
end

answers[C.LATHE_SCREEN_QUIT] = function() bench.done = true end

local CAPACITY = 65536

local function serve_wishes()
  local text = ffi.new("char[?]", CAPACITY)
  while not bench.done do
    local request = C.lathe_screen_wait(bench.front == "monitor" and 1000 or 60000, text, CAPACITY)
    local answer = answers[tonumber(request)]
    if answer then
      local fine, sentence = pcall(answer, ffi.string(text))
      if not fine then say(paint.error(tostring(sentence))) end
      clean_up()
    elseif bench.front == "monitor" then
      pcall(draw_monitor)
    end
    if host and host.terminated() then bench.done = true end
  end
end

--- Beginning -----------------------------------------------------------------------------------------------------------------

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function is_folder(path)
  local file = io.open(path, "rb")
  if not file then return false end
  local _, _, code = file:read(0)
  file:close()
  local EISDIR = 21
  return code == EISDIR
end

ffi.cdef [[
int chdir(const char *);
char *getcwd(char *, size_t);
]]

local function folder_name()
  local buffer = ffi.new "char[4096]"
  if ffi.C.getcwd(buffer, 4096) == nil then return "." end
  return ffi.string(buffer):match "[^/]+$" or "/"
end

local function welcome()
  local key = paint.accent
  C.lathe_screen_welcome(table.concat({
    paint.bold "There is no flow.lua in this folder yet.",
    "",
    "Look at data     " .. key ":" .. "  then  " .. paint.bold 'open "FILE.csv"' .. paint.dim "   (Tab completes the name)",
    "See an example   " .. key "Ctrl-P" .. "  then  " .. paint.bold "example"
      .. paint.dim "   house prices: a CSV file becomes a served model",
    "Apply a step     " .. key "Ctrl-P" .. "  then a few letters of its name",
    "Write a flow     " .. paint.bold "flow.lua" .. paint.dim "   `lathe help flow` shows how; then start lathe here again",
    "",
    paint.dim "Whatever you do by key is a line of Lua in the console; " .. paint.bold ":write FILE.lua" .. paint.dim " keeps the lines.",
    "",
    key "1" .. " to " .. key "5" .. "  views     " .. key ":" .. "  console     " .. key "?" .. "  keys     " .. key "q" .. "  leave",
  }, "\n"))
end

local function begin(path)
  if path then
    C.lathe_screen_front(path:find "%.lua$" and "flow" or "data")
    evaluate((path:find "%.lua$" and "load %q" or "open %q"):format(path))
  elseif exists "flow.lua" then
    if require("lathe.project").trusted "." then
      evaluate 'load "flow.lua"'
    else
      C.lathe_screen_trust("flow.lua and plugins/ in this folder are programs. lathe reads them only when you trust who wrote them. "
        .. "It asks once for each folder.\n\nTrust " .. folder_name() .. "?")
    end
  end
end

-- Open the screen in this folder, or on `path`: a data file, a flow, a folder. Gives the exit status. Raises a sentence when there
-- is no terminal to draw on.
function workbench.run(path)
  local fine
  fine, host = pcall(require, "lathe.host")
  if not fine then host = nil end
  if path and is_folder(path) then
    if ffi.C.chdir(path) ~= 0 then core.fail("%s: this folder cannot be entered", path) end
    path = nil
  elseif path and not exists(path) then
    core.fail("%s: there is no such file", path)
  end
  bench = { own = {}, kept = {}, deferred = {}, script_head = {}, front = "flow", nodes = {} }
  bench.example_line = ("load %q"):format(require("lathe.place").share .. "/examples/house-prices/flow.lua")
  core.try(C.lathe_screen_open(folder_name(), problem))
  if host then host.hold(true) end
  bench.coloured = C.lathe_screen_coloured()
  paint = style.new(bench.coloured)
  make_environment()
  local sentence
  fine, sentence = pcall(function()
    welcome()
    read_history()
    fill_palette()
    begin(path)
    serve_wishes()
  end)
  for index = #bench.deferred, 1, -1 do pcall(bench.deferred[index]) end
  if host then host.hold(false) end
  C.lathe_screen_close()
  if not fine then error(sentence, 0) end
  if host and host.terminated() then return 143 end
  return 0
end

return workbench
