-- The command line. Each subcommand is a file in command/ that returns a table:
--
--   name, doc, usage, detail (more help, may be left out)
--   arguments = { { name = "FLOW", doc =, optional =, many = } }
--   options   = { { name = "set", short = "s", value = "NODE.PARAM=VALUE", number =, many =, doc = } }
--   run(arguments, options) -> exit status (nothing: 0)
--
-- An option without `value` is a flag. `rest = true` ends the options at the first argument; `raw = true` hands all words to `run` as
-- they are. Every command has --help and --threads. Exit status: 0 success, 1 failed, 2 wrong call, 130 interrupted, 143 terminated.
local command = {}

local wrong_meta = { __tostring = function(self) return self.message end }

-- Raise: the call was wrong (exit status 2).
function command.wrong(format, ...)
  if select("#", ...) > 0 then format = format:format(...) end
  error(setmetatable({ message = format }, wrong_meta), 0)
end

-- Options that every command takes.
local common = {
  { name = "threads", value = "N", number = true, doc = "use N threads (default: one for each processor)" },
  { name = "help", short = "h", doc = "show this help" },
}

-- How far long work is, behind `text` on a terminal's last line; nil: no more.
local function show_progress(text) require("lathe.core").C.lathe_progress_line(text) end

local function nearest(word, words) return require("lathe.schema").nearest(word, words) end

local function name_fits(name) return name:find "^%a[%w_-]*$" ~= nil end

-- The command of that name, or nil when there is none.
function command.find(name)
  if not name_fits(name) then return nil end
  local module = "lathe.command." .. name
  if package.loaded[module] or package.searchpath(module, package.path) then return require(module) end
  return nil
end

-- The names of all commands, sorted.
function command.names()
  local names = {}
  for _, file in ipairs(require("lathe.project").list(require("lathe.place").lua .. "/command")) do
    names[#names + 1] = file:match "^(%a[%w_-]*)%.lua$"
  end
  table.sort(names)
  return names
end

local function find_option(definition, key, word)
  for _, list in ipairs { definition.options or {}, common } do
    for _, option in ipairs(list) do
      if option[key] == word then return option end
    end
  end
end

local function called(definition) return definition.name and ("lathe " .. definition.name) or "lathe" end

local function unknown_option(definition, word)
  local words = {}
  for _, list in ipairs { definition.options or {}, common } do
    for _, option in ipairs(list) do words[#words + 1] = option.name end
  end
  local close = nearest(word:gsub("^%-+", ""), words)
  command.wrong("%s has no option %s; %s", called(definition), word,
    close and ("did you mean --%s?"):format(close) or ("`%s --help` lists them"):format(called(definition)))
end

local function keep_option(options, option, text)
  local value = text
  if option.number then
    value = tonumber(text)
    if not value or value ~= value or math.abs(value) == math.huge then command.wrong("--%s takes a number, not %q", option.name, text) end
  end
  if option.many then
    options[option.name] = options[option.name] or {}
    table.insert(options[option.name], value)
  else
    options[option.name] = value
  end
end

-- One word that begins with a dash; gives how many words after it were taken.
local function take_option(definition, options, word, following)
  local name, value = word:match "^%-%-([^=]+)=(.*)$"
  name = name or word:match "^%-%-(.+)$"
  local option
  if name then
    option = find_option(definition, "name", name)
    if not option then unknown_option(definition, "--" .. name) end
    if not option.value then
      if value then command.wrong("--%s takes no value", name) end
      options[name] = true
      return 0
    end
  else
    local letters = word:sub(2)
    while true do
      local letter = letters:sub(1, 1)
      option = find_option(definition, "short", letter)
      if not option then unknown_option(definition, "-" .. letter) end
      letters = letters:sub(2)
      if option.value then break end
      options[option.name] = true
      if letters == "" then return 0 end
    end
    value = letters ~= "" and letters or nil
  end
  if value then
    keep_option(options, option, value)
    return 0
  end
  if following == nil then command.wrong("--%s wants a value: --%s %s", option.name, option.name, option.value) end
  keep_option(options, option, following)
  return 1
end

-- Read `words` as a definition says: gives the arguments (a list) and the options (a map). Raises a wrong call. Arguments are counted
-- unless --help is among the options.
function command.parse(definition, words)
  local arguments, options, at = {}, {}, 1
  while at <= #words do
    local word = words[at]
    if word == "--" then
      for rest = at + 1, #words do arguments[#arguments + 1] = words[rest] end
      break
    elseif word:sub(1, 1) == "-" and word ~= "-" and not tonumber(word) then
      at = at + take_option(definition, options, word, words[at + 1])
    elseif definition.rest then
      for rest = at, #words do arguments[#arguments + 1] = words[rest] end
      break
    else
      arguments[#arguments + 1] = word
    end
    at = at + 1
  end
  if options.help then return arguments, options end
  local least, most = 0, 0
  for _, argument in ipairs(definition.arguments or {}) do
    if not argument.optional then least = least + 1 end
    most = argument.many and math.huge or most + 1
  end
  if #arguments < least then
    command.wrong("%s wants %s; `%s --help` shows how", called(definition), definition.arguments[#arguments + 1].name, called(definition))
  elseif #arguments > most then
    command.wrong("%s does not know what to do with %q; `%s --help` shows what it takes", called(definition), arguments[most + 1],
      called(definition))
  end
  return arguments, options
end

local function option_words(option, letters)
  local short = option.short and ("-" .. option.short .. ", ") or (letters and "    " or "")
  return short .. "--" .. option.name .. (option.value and (" " .. option.value) or "")
end

-- Lines of two columns: words, and what they mean.
function command.columns(rows, width)
  local style = require "lathe.style"
  local first = 0
  for _, row in ipairs(rows) do
    if style.width(row[1]) <= 30 then first = math.max(first, style.width(row[1])) end
  end
  local lines, blank = {}, (" "):rep(first + 4)
  for _, row in ipairs(rows) do
    local text = style.wrap(row[2] or "", math.max(20, (width or 80) - first - 4))
    if style.width(row[1]) > first then
      lines[#lines + 1] = "  " .. row[1]
      lines[#lines + 1] = blank .. text[1]
    else
      lines[#lines + 1] = ("  " .. style.pad(row[1], first) .. "  " .. text[1]):gsub(" +$", "")
    end
    for at = 2, #text do lines[#lines + 1] = blank .. text[at] end
  end
  return lines
end

-- The help text of a definition.
function command.help(definition, width)
  local style = require "lathe.style"
  local lines = { "Usage: " .. (definition.usage or called(definition)) }
  for _, line in ipairs(style.wrap(definition.doc or "", width or 80)) do lines[#lines + 1] = line end
  local rows = {}
  for _, argument in ipairs(definition.arguments or {}) do
    rows[#rows + 1] = { argument.name .. (argument.many and "..." or ""), argument.doc }
  end
  if #rows > 0 then
    lines[#lines + 1] = ""
    for _, line in ipairs(command.columns(rows, width)) do lines[#lines + 1] = line end
  end
  rows = {}
  for _, list in ipairs { definition.options or {}, common } do
    for _, option in ipairs(list) do
      rows[#rows + 1] = { option_words(option, true), option.doc .. (option.many and " (may be repeated)" or "") }
    end
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = "Options:"
  for _, line in ipairs(command.columns(rows, width)) do lines[#lines + 1] = line end
  if definition.detail then
    lines[#lines + 1] = ""
    for _, line in ipairs(style.wrap(style.joined(definition.detail), width or 80)) do lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n") .. "\n"
end

-- The words before the subcommand, which are for lathe itself.
local top = {
  usage = "lathe [--threads N] [COMMAND] [ARGUMENT...]",
  doc = "The workbench, a command of it, or a file to look at.",
  arguments = { { name = "COMMAND", optional = true, many = true } },
  options = { { name = "version", short = "V", doc = "show the version" } },
  rest = true,
}

-- Which command is meant, and the words for it.
local function choose(arguments)
  local word = arguments[1]
  if word == nil then return command.find "workbench", arguments, true end
  local rest = {}
  for at = 2, #arguments do rest[at - 1] = arguments[at] end
  local found = command.find(word)
  if found then return found, rest, found.name == "workbench" end
  local there = require("lathe.project").look(word)
  if there and word:find "%.lua$" then return command.find "script", arguments end
  if there then return command.find "workbench", arguments, true end
  if word:find "[./]" then error(("%s: there is no such file or folder"):format(word), 0) end
  local close = nearest(word, command.names())
  command.wrong("there is no command or file %q; %s", word,
    close and ("did you mean `lathe %s`?"):format(close) or "`lathe help` lists the commands")
end

local function set_threads(options)
  if not options.threads then return end
  local fine, sentence = pcall(require("lathe.threads").set, options.threads)
  if not fine then command.wrong("%s", sentence) end
end

local function run(words)
  local arguments, options = command.parse(top, words)
  if options.version then
    print("lathe " .. require("lathe").version)
    return 0
  end
  if options.help then return command.find("help").run({}, {}) end
  set_threads(options)
  local definition, rest, screen = choose(arguments)
  if definition.raw and rest[1] ~= "--help" and rest[1] ~= "-h" then
    show_progress ""
    return definition.run(rest, {})
  end
  arguments, options = command.parse(definition, rest)
  if options.help then
    io.stdout:write(command.help(definition, math.min(100, require("lathe.style").columns(io.stdout))))
    return 0
  end
  set_threads(options)
  if screen then
    local style = require "lathe.style"
    if not (style.terminal(io.stdin) and style.terminal(io.stdout)) then
      command.wrong "the workbench needs a terminal; `lathe help` lists what runs without one"
    end
  end
  if not screen and not options.quiet then show_progress "" end
  return definition.run(arguments, options)
end

local output_meta = { __tostring = function(self) return "the output could not be written: " .. self.message end }
local EPIPE = 32

local function written(fine, message, code)
  if not fine then error(setmetatable({ message = message, code = code }, output_meta), 0) end
end

-- print, but an output that cannot be written is an error: a full disk must not look like success.
local function checked_print(...)
  local texts = { ... }
  for index = 1, select("#", ...) do texts[index] = tostring((select(index, ...))) end
  written(io.stdout:write(table.concat(texts, "\t"), "\n"))
end

-- Say on standard error what went wrong, and give the exit status. With LATHE_TRACEBACK set, also where in the Lua code.
local function failed(problem, host, trace)
  show_progress(nil)
  local meta = type(problem) == "table" and getmetatable(problem)
  if meta == output_meta and problem.code == EPIPE then return 1 end -- who read our output has gone: nothing to say
  if host and host.interrupted() then
    local left = require("lathe.core").stopped()
    io.stderr:write("lathe: interrupted", left and "; " .. require("lathe.style").printable(left, true) or "", "\n")
    return 130
  end
  if host and host.terminated() then
    io.stderr:write "lathe: terminated\n"
    return 143
  end
  io.stderr:write("lathe: ", require("lathe.style").printable(require("lathe.core").sentence(problem), true), "\n")
  if trace and os.getenv "LATHE_TRACEBACK" then io.stderr:write(trace, "\n") end
  return meta == wrong_meta and 2 or 1
end

-- Run the command line `words` and give the exit status.
function command.main(words)
  local program = rawget(_G, "LATHE_PROGRAM") ~= nil
  local host = program and require "lathe.host" or nil
  if program then require("lathe.strict").install() end
  rawset(_G, "lathe", require "lathe")
  rawset(_G, "print", checked_print)
  local fine, result, trace = (host and host.call or pcall)(run, words)
  local status
  if fine then
    status = type(result) == "number" and result or result == false and 1 or 0
  else
    status = failed(result, host, trace)
  end
  fine, result = pcall(function() written(io.stdout:flush()) end)
  if not fine then status = math.max(status, failed(result)) end
  return status
end

return command
