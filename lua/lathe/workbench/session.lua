-- What the parts of the workbench share: the state of this session, and how they speak.
local core = require "lathe.core"
local style = require "lathe.style"
local C = core.C

local session = {
  own = {},      -- what console lines have set, and the functions they can call
  kept = {},     -- the lines that went well, for :write
  deferred = {}, -- what is to be called at the end
  shown = {},    -- values that the running line has put into a view: they are not printed as well
  nodes = {},    -- the flow's nodes with their states
  before = {},   -- the tables that were in the Data view before, with their names
  front = "flow",
  paint = style.new(false),
  coloured = false,
  -- flow, data (data_name), result, report: what is in view; unread: why the file in view is no table; screen: whether there is one;
  -- done: leave
}

-- A line in the console; without a screen, on standard output.
function session.say(text)
  if session.screen then C.lathe_screen_print(tostring(text)) else print(text) end
end

-- How values are drawn.
function session.look() return { width = C.lathe_screen_width(), colour = session.coloured } end

-- "table", "model", "report", "endpoint", or nil.
function session.kind_of(value) return require("lathe.artifact").kind(value) end

return session
