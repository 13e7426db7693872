-- The floors of the house: no include points up. Lowest first.
local tap = require "tap"

local floors = {}
for level, name in ipairs { "base", "table", "format", "shape", "look", "graph", "prepare", "evaluate", "model", "export", "store",
  "monitor", "serve", "script", "tui" } do floors[name] = level end

local top = assert(os.getenv "LATHE_TOP", "LATHE_TOP is the source tree")

local function lines_of(command)
  local pipe, lines = io.popen(command), {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  pipe:close()
  return lines
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

-- "table/../base/x.h" -> "base/x.h"
local function normal(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." then parts[#parts] = nil elseif part ~= "." then parts[#parts + 1] = part end
  end
  return table.concat(parts, "/")
end

local upward, lost, strangers, lua_users, curses_users, unguarded = {}, {}, {}, {}, {}, {}
local files = lines_of(("cd '%s/src' && find . -name '*.[ch]' | sed 's,^./,,' | sort"):format(top))
tap.ok(#files > 20, "sources are found", #files)

for _, path in ipairs(files) do
  local folder = path:match "^([^/]+)/"
  if folder and not floors[folder] then strangers[#strangers + 1] = path end
  for quote, name in ("\n" .. read(top .. "/src/" .. path)):gmatch '\n%s*#%s*include%s*([<"])([^">]+)' do
    if quote == '"' then
      local beside = normal((path:match "^.*/" or "") .. name)
      local target = read(top .. "/src/" .. beside) and beside or normal(name)
      if not read(top .. "/src/" .. target) and target ~= "config.h" then lost[#lost + 1] = path .. " -> " .. name end
      local to = target:match "^([^/]+)/"
      if folder and (to and floors[to] and floors[to] > floors[folder] or target == "lathe.h") then
        upward[#upward + 1] = path .. " -> " .. target
      end
    else
      if name:find "^lua" or name == "lauxlib.h" then
        if folder ~= "script" then lua_users[#lua_users + 1] = path end
      elseif name:find "curses" or name == "term.h" then
        if folder ~= "tui" then curses_users[#curses_users + 1] = path end
      end
    end
  end
end
tap.same(strangers, {}, "every folder of src is a floor")
tap.same(lost, {}, "every quoted include is a file of this tree")
tap.same(upward, {}, "no include points up, and none of the core includes the whole interface")
tap.same(lua_users, {}, "only script/ includes Lua's headers")
tap.same(curses_users, {}, "only tui/ includes curses")

-- What lathe.h gathers, with what those headers include, is what the build installs and reads for Lua.
local gathered, queue = {}, { "lathe.h" }
while #queue > 0 do
  local path = table.remove(queue)
  if not gathered[path] then
    gathered[path] = true
    local text = read(top .. "/src/" .. path)
    local folder = path:match "^(.*)/[^/]*$"
    for name in text:gmatch '#%s*include%s*"([^"]+)"' do queue[#queue + 1] = normal((folder and folder .. "/" or "") .. name) end
    local outside = text:gsub("\n#ifndef LATHE_CDEF.-\n#e[nl][ds][ie]f?", "")
    if outside:find "\n#%s*include%s*<" then unguarded[#unguarded + 1] = path end
  end
end
tap.same(unguarded, {}, "public headers include the system's only where Lua does not look")

local listed = {}
for block in (read(top .. "/Makefile.am"):gsub("\\\n", " ")):gmatch "\nPUBLIC_[%u]+ *%+?= *([^\n]*)" do
  for name in block:gmatch "src/([%w_/]+%.h)" do listed[name] = true end
end
local names = { gathered = {}, listed = {} }
for name in pairs(gathered) do table.insert(names.gathered, name) end
for name in pairs(listed) do table.insert(names.listed, name) end
table.sort(names.gathered)
table.sort(names.listed)
tap.same(names.listed, names.gathered, "the build's public headers are what lathe.h gathers")

-- The Lua library stands on itself: nothing in it or in the plugins asks for more than LuaJIT gives.
local foreign = {}
for _, path in ipairs(lines_of(("cd '%s' && find lua plugins -name '*.lua' 2>/dev/null | sort"):format(top))) do
  for name in read(top .. "/" .. path):gmatch 'require%s*%(?%s*"([^"]+)"' do
    if not name:find "^lathe" and name ~= "ffi" and name ~= "bit" and name ~= "jit" and not name:find "^jit%."
      and not name:find "^table%." and name ~= "string.buffer" then
      foreign[#foreign + 1] = path .. " -> " .. name
    end
  end
end
tap.same(foreign, {}, "the Lua library needs nothing but LuaJIT")

-- What is not named in the build is not installed.
local uninstalled, build = {}, read(top .. "/Makefile.am")
for _, path in ipairs(lines_of(("cd '%s' && find lua plugins -name '*.lua' ! -name cdef.lua | sort"):format(top))) do
  if not build:find("%s" .. path:gsub("%p", "%%%0") .. "%s") then uninstalled[#uninstalled + 1] = path end
end
tap.same(uninstalled, {}, "every Lua file is installed")

tap.done()
