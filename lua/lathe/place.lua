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

-- The folder that a tree was built in; nil when installed.
place.build = build ~= nil and exists(build .. "/src/tree.conf") and build or nil
if place.build then
  local top = source:gsub("/lua/lathe$", "")
  place.share, place.plugins = top .. "/share", top .. "/plugins"
else
  local prefix = source:gsub("/share/lua/5%.1/lathe$", "")
  place.share, place.plugins = prefix .. "/share/lathe", prefix .. "/share/lathe/plugins"
end
place.lua = source

local user_folders = {
  data = { "XDG_DATA_HOME", "/.local/share" }, state = { "XDG_STATE_HOME", "/.local/state" }, cache = { "XDG_CACHE_HOME", "/.cache" },
}

-- The user's folder for lathe's "data" (plugins, which folders are trusted), "state" (the console's history) or "cache" (answers of
-- servers); nil when the user has no home. Never a path below the current folder: what lies there is not the user's word.
function place.own(what)
  local name, below_home = unpack(user_folders[what])
  local folder, home = os.getenv(name), os.getenv "HOME"
  if not folder or folder:sub(1, 1) ~= "/" then folder = home and home:sub(1, 1) == "/" and home .. below_home or nil end
  return folder and folder .. "/lathe"
end

-- The library to load, when the running program does not hold it already.
if not rawget(_G, "LATHE_PROGRAM") then
  local near = place.build and (build .. "/src/liblathe.so") or (source:gsub("/share/lua/5%.1/lathe$", "") .. "/lib/liblathe.so")
  place.liblathe = exists(near) and near or "lathe"
end

return place
