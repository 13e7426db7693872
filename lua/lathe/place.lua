-- Where lathe's own files lie: in the tree it was built in, or below the prefix it was installed to. Everything follows from where this
-- file is, so a moved installation still works.
local source = debug.getinfo(1, "S").source:match "^@(.*)/[^/]*$" or "."

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local place = {}

local cdef = package.searchpath("lathe.cdef", package.path)
if not cdef then error("lathe.cdef is not on package.path; run make, or set LUA_PATH as `lathe doctor` shows", 0) end
local build = cdef:match "^(.*)/lua/lathe/cdef%.lua$"

place.tree = build ~= nil and exists(build .. "/src/tree.conf")
if place.tree then
  local top = source:gsub("/lua/lathe$", "")
  place.share, place.plugins = top .. "/share", top .. "/plugins"
else
  local prefix = source:gsub("/share/lua/5%.1/lathe$", "")
  place.share, place.plugins = prefix .. "/share/lathe", prefix .. "/share/lathe/plugins"
end
place.lua = source

-- The library to load, when the running program does not hold it already.
if not rawget(_G, "LATHE_PROGRAM") then
  local near = place.tree and (build .. "/src/liblathe.so") or (source:gsub("/share/lua/5%.1/lathe$", "") .. "/lib/liblathe.so")
  place.library = exists(near) and near or "lathe"
end

return place
