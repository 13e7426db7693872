-- Patterns of file names: "*" any letters, "?" one, "[a-z]" one of these, "**" folders within folders.
local project = require "lathe.project"

local glob = {}

-- Whether a path holds a wildcard.
function glob.is_pattern(path) return path:find "[%*%?%[]" ~= nil end

-- A component as a Lua pattern.
local function lua_pattern(word)
  local parts, at = { "^" }, 1
  while at <= #word do
    local letter = word:sub(at, at)
    if letter == "*" then parts[#parts + 1] = ".*"
    elseif letter == "?" then parts[#parts + 1] = "[^\128-\191][\128-\191]*"
    elseif letter == "[" then
      local inverted, inside, stop = word:match("^%[([!^]?)([^%]]+)%]()", at)
      if inside then
        parts[#parts + 1] = "[" .. (inverted ~= "" and "^" or "") .. inside:gsub("[%%%^%]]", "%%%0") .. "]"
        at = stop - 1
      else
        parts[#parts + 1] = "%["
      end
    else
      parts[#parts + 1] = letter:gsub("%p", "%%%0")
    end
    at = at + 1
  end
  parts[#parts + 1] = "$"
  return table.concat(parts)
end

local function join(folder, name)
  if folder == "" then return name end
  return folder:sub(-1) == "/" and folder .. name or folder .. "/" .. name
end

local function walk(folder, components, at, found, depth)
  local word = components[at]
  if not word then
    if project.look(folder) == "file" or project.look(folder) == "other" then found[#found + 1] = folder end
    return
  end
  if word == "**" then
    walk(folder, components, at + 1, found, depth)
    if depth > 64 then return end -- links that lead back
    for _, name in ipairs(project.list(folder == "" and "." or folder)) do
      local below = join(folder, name)
      if project.look(below) == "folder" then walk(below, components, at, found, depth + 1) end
    end
  elseif glob.is_pattern(word) then
    local pattern = lua_pattern(word)
    for _, name in ipairs(project.list(folder == "" and "." or folder)) do
      if name:find(pattern) then walk(join(folder, name), components, at + 1, found, depth) end
    end
  else
    local below = join(folder, word)
    if project.look(below) then walk(below, components, at + 1, found, depth) end
  end
end

local function expand(path)
  local components, found = {}, {}
  for word in path:gmatch "[^/]+" do components[#components + 1] = word end
  walk(path:sub(1, 1) == "/" and "/" or "", components, 1, found, 0)
  local seen, list = {}, {}
  for _, place in ipairs(found) do
    if not seen[place] then seen[place], list[#list + 1] = true, place end
  end
  table.sort(list)
  return list
end

-- The files that `path` stands for, sorted: itself when it is there or holds no wildcard. `folder`: where to look when nothing is
-- found here.
function glob.expand(path, folder)
  if not glob.is_pattern(path) or project.look(path) then return { path } end
  local list = expand(path)
  if #list == 0 and folder and path:sub(1, 1) ~= "/" then list = expand(join(folder, path)) end
  return list
end

return glob
