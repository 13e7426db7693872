-- Unknown globals raise: a misspelt name is answered with the nearest one instead of a nil that fails somewhere else.
local strict = {}

-- What programs for several Lua versions look for; reading these gives nil as everywhere.
local probed = { _ENV = true, utf8 = true, bit32 = true, warn = true, ngx = true }

local function unknown(globals, name)
  if probed[name] or type(name) ~= "string" then return nil end
  local words = {}
  for word in pairs(globals) do
    if type(word) == "string" then words[#words + 1] = word end
  end
  table.sort(words) -- of equally near ones always the same
  local nearest = require("lathe.schema").nearest(name, words)
  local mend = nearest and (("did you mean %s?"):format(nearest)) or "set it first, or is it text that lacks its quotes?"
  error(("%s is not defined; %s"):format(name, mend), 2)
end

-- From now on reading a global that was never set raises; setting one is allowed.
function strict.install(globals)
  globals = globals or _G
  local meta = getmetatable(globals) or {}
  meta.__index = unknown
  return setmetatable(globals, meta)
end

return strict
