-- The workbench behind the screen: shows flows and tables, runs what the user asks for, line by line. Whatever a key does is a line of
-- Lua that is run here, so the console shows it and :write keeps it. The parts are in workbench/.
local ffi = require "ffi"
local core = require "lathe.core"
local style = require "lathe.style"
local console = require "lathe.console"
local session = require "lathe.workbench.session"
local names = require "lathe.workbench.names"
local views = require "lathe.workbench.views"
local form = require "lathe.workbench.form"
local C, problem = core.C, core.problem
local say, look, kind_of = session.say, session.look, session.kind_of

local workbench = {}

local host -- lathe.host, nil in plain luajit

-- Run one function so that Esc stops it: true and its values, or false and a sentence.
local function guarded(call, ...)
  if host then
    host.clear()
    return host.call(call, ...)
  end
  C.lathe_progress_reset(core.progress())
  return pcall(call, ...)
end

-- Print the values of a line; one that the line has put into a view is there already.
local function show_values(count, ...)
  for index = 1, count do
    local value = (select(index, ...))
    if index == 1 then session.own._ = value end
    local kind = kind_of(value)
    if value == nil or not session.shown[value] then
      if kind == "report" then views.report(value) end
      say(kind == "table" and value:show(look()) or console.show(value, look()))
    end
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
  say(session.paint.accent ">" .. " " .. line)
  line = as_command(line)
  local call, sentence = console.compile(line, "console")
  if not call then
    say(session.paint.error((tostring(sentence):gsub("^console:%d+: ", ""))))
    return false
  end
  setfenv(call, names.environment())
  session.shown = {}
  local function take(fine, ...)
    if fine then
      local shown, why = pcall(show_values, select("#", ...), ...)
      if not shown then say(session.paint.error(tostring(why))) end
      return true
    end
    sentence = tostring((...)):gsub("^console:%d+: ", "")
    if sentence == "interrupted" or sentence:find "^cancelled" or (host and host.interrupted()) then
      sentence = require("lathe.core").stopped() or "stopped"
    end
    say(session.paint.error(sentence))
    return false
  end
  local went_well = take(guarded(call))
  clean_up()
  if went_well and not line:find "^%s*write%(" and not line:find "^%s*quit%(" and not line:find "^%s*help%(" then
    session.kept[#session.kept + 1] = line
  end
  return went_well
end

local function read_history()
  local folder = require("lathe.place").own "state"
  local file = folder and io.open(folder .. "/history", "rb")
  if not file then return end
  local lines = {}
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  for index = math.max(1, #lines - 999), #lines do C.lathe_screen_remember(lines[index]) end
end

-- Remember a line; a history that cannot be written is no reason to stop anybody.
local function remember(line)
  local folder = require("lathe.place").own "state"
  if session.history == line or not folder then return end
  session.history = line
  if C.lathe_folder_make_closed(folder, nil) then C.lathe_file_append(folder .. "/history", line .. "\n", #line + 1, nil) end
end

local answers = {}

answers[C.LATHE_SCREEN_EVAL] = evaluate

answers[C.LATHE_SCREEN_ENTER] = function(line)
  remember(line)
  evaluate(line)
end

answers[C.LATHE_SCREEN_COMPLETE] = function(line)
  local longer, choices = require("lathe.complete").line(line, names.known(), session.data and session.data:columns())
  C.lathe_screen_complete(longer, #choices > 1 and table.concat(choices, "\n") or "")
end

answers[C.LATHE_SCREEN_VIEW] = function(name)
  session.front = name
  if views.draw[name] then views.draw[name]() end
end

answers[C.LATHE_SCREEN_NODE] = function(name) evaluate(("show %q"):format(name)) end

answers[C.LATHE_SCREEN_FORM] = form.open

answers[C.LATHE_SCREEN_ACCEPT] = function(text)
  if not session.form then return end
  local fine, line = pcall(form.line, text)
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

answers[C.LATHE_SCREEN_QUIT] = function() session.done = true end

local CAPACITY = 65536

local function serve_wishes()
  local text = ffi.new("char[?]", CAPACITY)
  while not session.done do
    local request = C.lathe_screen_wait(session.front == "monitor" and 1000 or 60000, text, CAPACITY)
    local answer = answers[tonumber(request)]
    if answer then
      local fine, sentence = pcall(answer, ffi.string(text))
      if not fine then say(session.paint.error(tostring(sentence))) end
      clean_up()
    elseif session.front == "monitor" then
      pcall(views.draw.monitor)
    end
    if host and host.terminated() then session.done = true end
  end
end

local function kind_at(path) return require("lathe.project").look(path) end

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
  local key, bold, dim = session.paint.accent, session.paint.bold, session.paint.dim
  local unread = kind_at "flow.lua"
  C.lathe_screen_welcome(table.concat({
    bold(unread and "The flow.lua of this folder was not read." or "There is no flow.lua in this folder yet."),
    "",
    "Look at data     " .. key ":" .. "       then  " .. bold 'open "FILE.csv"' .. dim "  Tab completes the name",
    "See an example   " .. key "Ctrl-P" .. "  then  " .. bold "example" .. dim "          from a CSV file to a served model",
    "Apply a step     " .. key "Ctrl-P" .. "  then  a few letters of its name",
    unread and "Read the flow    " .. key ":" .. "       then  " .. bold 'load "flow.lua"' .. dim "  which runs its code"
      or "Write a flow     " .. bold "flow.lua" .. dim "      as the example does it; then start lathe here",
    "",
    dim "What a key does is a line of Lua in the console; :write FILE.lua keeps them.",
    "",
    key "1" .. " to " .. key "5" .. "  views     " .. key ":" .. "  console     " .. key "?" .. "  keys     " .. key "q" .. "  leave",
  }, "\n"))
end

local function begin(path)
  if path then
    C.lathe_screen_front(path:find "%.lua$" and "flow" or "data")
    evaluate((path:find "%.lua$" and "load %q" or "open %q"):format(path))
  elseif kind_at "flow.lua" then
    if require("lathe.project").trusted "." then
      evaluate 'load "flow.lua"'
    else
      C.lathe_screen_trust("flow.lua and plugins/ in this folder are programs. lathe reads them only when you trust who wrote them. "
        .. "A yes is kept for this folder.\n\nTrust " .. folder_name() .. "?")
    end
  end
end

-- Open the screen in this folder, or on `path`: a data file, a flow, a folder. Gives the exit status. Raises a sentence when there
-- is no terminal to draw on.
function workbench.run(path)
  local fine
  fine, host = pcall(require, "lathe.host")
  if not fine then host = nil end
  if path and kind_at(path) == "folder" then
    if ffi.C.chdir(path) ~= 0 then core.fail("%s: this folder cannot be entered", path) end
    path = nil
  elseif path and not kind_at(path) then
    core.fail("%s: there is no such file", path)
  end
  local example = require("lathe.place").share .. "/examples/house-prices/flow.lua"
  session.example_line = ("load %q"):format(require("lathe.project").real(example) or example)
  C.lathe_progress_line(nil) -- the screen shows it in its own place
  core.try(C.lathe_screen_open(folder_name(), problem))
  if host then host.hold(true) end
  session.coloured = C.lathe_screen_coloured()
  session.paint, session.screen = style.new(session.coloured), true
  local sentence
  fine, sentence = pcall(function()
    welcome()
    read_history()
    begin(path)
    form.palette() -- behind what is looked at: reading the plugins takes longer than showing a file
    serve_wishes()
  end)
  for index = #session.deferred, 1, -1 do pcall(session.deferred[index]) end
  if host then host.hold(false) end
  session.screen = false
  C.lathe_screen_close()
  if not fine then error(sentence, 0) end
  if host and host.terminated() then return 143 end
  return 0
end

return workbench
