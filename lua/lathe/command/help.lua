-- lathe help: commands, steps with their parameters, and the pages of the manual.
local command = require "lathe.command"

local function read_page(name)
  local file = io.open(require("lathe.place").share .. "/doc/" .. name .. ".md", "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function page_names()
  local names = {}
  for _, file in ipairs(require("lathe.project").list(require("lathe.place").share .. "/doc")) do
    names[#names + 1] = file:match "^(.*)%.md$"
  end
  return names
end

local function add_columns(lines, title, rows, width)
  if #rows == 0 then return end
  lines[#lines + 1] = ""
  if title then lines[#lines + 1] = title end
  for _, line in ipairs(command.columns(rows, width)) do lines[#lines + 1] = line end
end

local function overview(width)
  local rows = {}
  for _, name in ipairs(command.names()) do rows[#rows + 1] = { name, command.find(name).doc } end
  local lines = { "lathe " .. require("lathe").version .. ": from raw rows to a served, monitored model." }
  add_columns(lines, nil, {
    { "lathe", "the workbench, in this folder" },
    { "lathe FILE", "look at a data file in it" },
    { "lathe FOLDER", "the workbench, in that folder" },
    { "lathe FILE.lua", "run a script" },
    { "lathe COMMAND", "run a command; --help shows what it takes" },
  }, width)
  add_columns(lines, "Commands:", rows, width)
  add_columns(lines, "Before the command:", { { "--threads N", "use N threads" }, { "--version", "show the version" } }, width)
  add_columns(lines, "More help:", {
    { "lathe help COMMAND", "what a command takes" },
    { "lathe help STAGE.STEP", "what a step takes and gives; `lathe plugins` lists them" },
    { "lathe help PAGE", table.concat(page_names(), ", ") },
  }, width)
  return table.concat(lines, "\n") .. "\n"
end

local function stage_help(stage, width)
  local lines, rows = { stage.name }, {}
  for _, line in ipairs(require("lathe.style").wrap(stage.doc, width)) do lines[#lines + 1] = line end
  for index, step in ipairs(stage.steps) do rows[index] = { step.name, step.doc } end
  add_columns(lines, "Steps:", rows, width)
  return table.concat(lines, "\n") .. "\n"
end

-- The part of the Lua page whose heading begins with `name`.
local function lua_entry(name)
  local kept
  for line in ((read_page "lua" or "") .. "\n"):gmatch "(.-)\n" do
    if line:find "^#" then
      if kept then break end
      local title = line:gsub("^#+%s*", ""):gsub("`", "")
      if title == name or title:sub(1, #name) == name and title:sub(#name + 1, #name + 1):find "[^%w_]" then kept = { title } end
    elseif kept then
      kept[#kept + 1] = line
    end
  end
  return kept and (table.concat(kept, "\n"):gsub("%s+$", "") .. "\n")
end

local function find(topic, width)
  -- A command and a page may have one name, as `plugins` has: the command comes first.
  local definition = command.find(topic)
  local page = topic:find "^[%w_-]+$" and read_page(topic)
  if definition then return command.help(definition, width) .. (page and "\n" .. page or "") end
  if page then return page end
  local plugin = require "lathe.plugin"
  plugin.use_here()
  if topic:find "^[%a_][%w_]*%.[%a_][%w_]*$" and plugin.find(topic) then return plugin.help(topic, width) end
  local entry = lua_entry(topic)
  if entry then return entry end
  local words = {}
  for _, stage in ipairs(plugin.stages()) do
    if stage.name == topic then return stage_help(stage, width) end
    words[#words + 1] = stage.name
    for _, step in ipairs(stage.steps) do words[#words + 1] = step.name end
  end
  for _, name in ipairs(command.names()) do words[#words + 1] = name end
  for _, name in ipairs(page_names()) do words[#words + 1] = name end
  local close = require("lathe.schema").nearest(topic, words)
  command.wrong("there is no help on %q; %s%s", topic,
    close and ("did you mean `lathe help %s`?"):format(close) or "`lathe help` lists the commands, `lathe plugins` the steps",
    plugin.unread())
end

local function run(arguments)
  local width = math.min(100, require("lathe.style").columns(io.stdout))
  io.stdout:write(arguments[1] and find(arguments[1], width) or overview(width))
  return 0
end

return {
  name = "help",
  doc = "Help on a command, a step, a page of the manual, or a function of Lua.",
  usage = "lathe help [TOPIC]",
  arguments = { { name = "TOPIC", doc = "run, clean, clean.drop_duplicates, lua, lathe.read, ...", optional = true } },
  options = {},
  run = run,
}
