-- The manual tells the truth: what it names exists, what exists it names, and what it shows runs.
--
-- In README.md and share/doc/*.md a block that begins with ```sh run or ```lua run is run, all of a page in one folder
-- that has share/ of the tree in
-- it and lathe on its PATH. A block ```output right behind it is what it prints, exactly.
local tap = require "tap"
local lathe = require "lathe"
local command = require "lathe.command"

local top = assert(os.getenv "LATHE_TOP", "LATHE_TOP is the source tree")
local program = assert(os.getenv "LATHE", "LATHE is the program")

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local function output_of(line)
  local pipe = io.popen(line)
  local text = pipe:read "*a"
  pipe:close()
  return text
end

local started -- an endpoint, to be asked for its methods
local function endpoint()
  local flats = lathe.table { { "x", { 1, 2, 3 } }, { "y", { 2, 4, 7 } } }
  started = started or lathe.serve { lathe.fit(flats, lathe.recipe { target = "y" }, lathe.linear {}) }
  return started
end

-- The Lua page: headings name functions, "lathe.read(path, options)" or "table:head(n)".
local objects = {
  table = function() return lathe.table { x = { 1 } } end,
  column = function() return lathe.table({ x = { 1 } }):column "x" end,
  report = function() return lathe.report "x" end,
  recipe = function() return lathe.recipe { target = "x" } end,
  flow = function() return lathe.flow "x" end,
  random = function() return lathe.random(1) end,
  model = function() return require "lathe.model" end,
  contract = function() return require "lathe.contract" end,
  endpoint = endpoint,
}

local page = read(top .. "/share/doc/lua.md") or ""
local absent, documented = {}, {}
for heading in page:gmatch "\n###? ([^\n]+)" do
  local name = heading:match "^`?([%w_.:]+)"
  if name:find "^lathe%." then
    local value = lathe
    for part in name:sub(7):gmatch "[%w_]+" do
      local fine, found = pcall(function() return value[part] end)
      value = fine and found or nil
      if value == nil then break end
    end
    if value == nil then absent[#absent + 1] = name end
    documented[name:match "^lathe%.([%w_]+)"] = true
  elseif name:find ":" then
    local noun, method = name:match "^([%w_]+):([%w_]+)$"
    local fine, found = pcall(function() return objects[noun]()[method] end)
    if not fine or found == nil then absent[#absent + 1] = name .. (fine and "" or " (" .. tostring(found):match "[^\n]*" .. ")") end
  end
end
if started then started:stop() end
tap.same(absent, {}, "every function that lua.md names exists")

local silent = {}
for name in read(top .. "/lua/lathe/init.lua"):match("local parts = (%b{})"):gmatch "\n%s+([%a_][%w_]*) = " do
  if not documented[name] then silent[#silent + 1] = name end
end
tap.same(silent, {}, "every part of lathe has its place in lua.md")

-- The commands page and the man page know every command and option.
local commands, man = read(top .. "/share/doc/commands.md") or "", read(top .. "/share/man/lathe.1") or ""
local unnamed, unlisted, unmanned = {}, {}, {}
for _, name in ipairs(command.names()) do
  local part = commands:match("\n## lathe " .. name .. "\n(.-)\n## ") or commands:match("\n## lathe " .. name .. "\n(.*)$")
  if not part then
    unnamed[#unnamed + 1] = name
  else
    for _, option in ipairs(command.find(name).options or {}) do
      if not part:find("--" .. option.name, 1, true) then unlisted[#unlisted + 1] = name .. " --" .. option.name end
    end
  end
  if not man:find("\n%.B[I]? \"?" .. name .. "[ \n]") then unmanned[#unmanned + 1] = name end
end
tap.same(unnamed, {}, "commands.md has a part for each command")
tap.same(unlisted, {}, "commands.md names each option")
tap.same(unmanned, {}, "the man page has each command")

local pages = {}
for name in output_of(("cd '%s/share/doc' && ls *.md"):format(top)):gmatch "([%w_]+)%.md" do pages[#pages + 1] = name end

-- What the tour and the other pages point at is there.
local lost = {}
for _, name in ipairs(pages) do
  for path in (read(top .. "/share/doc/" .. name .. ".md") or ""):gmatch "`([%w_]+/[%w_./-]+)`" do
    local root = path:match "^[^/]+"
    if (root == "src" or root == "lua" or root == "tests" or root == "plugins" or root == "share") and path ~= "lua/lathe/cdef.lua"
      and not path:find "%.%.%." and not io.open(top .. "/" .. path) then lost[#lost + 1] = name .. ".md: " .. path end
  end
end
tap.same(lost, {}, "every path that the pages name is in the tree")

-- README.md leads to every page, and no link leads nowhere.
local start, dead, unlinked = read(top .. "/README.md") or "", {}, {}
for _, name in ipairs(pages) do
  if not start:find("](share/doc/" .. name .. ".md)", 1, true) or not man:find("lathe help " .. name, 1, true)
    or not commands:match("\n## lathe help\n(.-)\n## "):find("`" .. name .. "`", 1, true) then unlinked[#unlinked + 1] = name end
  for link in read(top .. "/share/doc/" .. name .. ".md"):gmatch "%]%(([%w_./-]+)%)" do
    if not io.open(top .. "/share/doc/" .. link) then dead[#dead + 1] = name .. ".md: " .. link end
  end
end
for link in start:gmatch "%]%(([%w_./-]+)%)" do
  if not io.open(top .. "/" .. link) then dead[#dead + 1] = "README.md: " .. link end
end
tap.same(unlinked, {}, "README.md, lathe help and the man page name each page of the manual")
tap.same(dead, {}, "every link of the pages leads somewhere")

-- The keys of the Data view.
local keys, untold_keys = (read(top .. "/src/tui/view_data.c") or ""):match "data_keys%[%] = {(.-)\n};", {}
for key in keys:gmatch '{"(%l)",' do
  if not commands:find("\n| `" .. key .. "` |") then untold_keys[#untold_keys + 1] = key end
end
tap.same(untold_keys, {}, "commands.md has the keys of the Data view")

local floors, told = {}, {}
for name in output_of(("cd '%s/src' && ls -d */"):format(top)):gmatch "([%w_]+)/" do floors[#floors + 1] = name end
for name in (read(top .. "/share/doc/tour.md") or ""):match("| floor |.-\n\n"):gmatch "\n| `([%w_]+)` |" do told[#told + 1] = name end
table.sort(floors)
table.sort(told)
tap.same(told, floors, "the tour has each floor of src, and no other")

-- What the pages show runs.
local function blocks_of(text)
  local blocks, at = {}, 1
  while true do
    local from, to, kind, body = text:find("\n```(%w+) run[^\n]*\n(.-)\n```", at)
    if not from then return blocks end
    local _, next_to, want = text:find("^\n\n?```output\n(.-)\n?```", to + 1)
    local _, line = text:sub(1, from):gsub("\n", "")
    blocks[#blocks + 1] = { kind = kind, body = body, want = want and want .. "\n", line = line + 1 }
    at = (next_to or to) + 1
  end
end

local folder = output_of("mktemp -d \"${TMPDIR:-/tmp}/lathe-docs-XXXXXX\""):match "[^\n]+"
os.execute(("mkdir '%s/bin' && ln -s '%s' '%s/bin/lathe'"):format(folder, program, folder))
for path in output_of(("cd '%s' && ls README.md share/doc/*.md"):format(top)):gmatch "[^\n]+" do
  local name = path:match "([^/]+)%.md$"
  local place = folder .. "/" .. name
  os.execute(("mkdir '%s' && ln -s '%s/share' '%s/share' && ln -s '%s' '%s/lathe'"):format(place, top, place, program, place))
  for _, block in ipairs(blocks_of(read(top .. "/" .. path))) do
    local file = place .. "/.block." .. block.kind
    write(file, block.body .. "\n")
    local runner = block.kind == "lua" and ("'%s' script '%s'"):format(program, file) or ("sh -e '%s'"):format(file)
    local said = output_of(("cd '%s' && { PATH='%s/bin':\"$PATH\" %s; echo \"status $?\"; } 2>'%s/.problem' </dev/null")
      :format(place, folder, runner, place))
    local text, status = said:match "^(.*)status (%d+)\n$"
    local sentence = ("%s.md:%d: the %s shown runs"):format(name, block.line, block.kind == "lua" and "Lua" or "commands")
    if status ~= "0" then
      tap.ok(false, sentence, "exit status " .. tostring(status), read(place .. "/.problem"))
    elseif block.want then
      tap.same(text, block.want, sentence .. " and prints what is shown")
    else
      tap.ok(true, sentence)
    end
  end
end
os.execute(("rm -rf '%s'"):format(folder))

tap.done()
