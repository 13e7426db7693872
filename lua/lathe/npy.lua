-- NPY and NPZ files as tables, for lathe.read.
local ffi = require "ffi"
local core = require "lathe.core"
local C = core.C

local npy = {}

-- The table in an opened source. `options`: names = of the columns, in their order; array = the array of an NPZ file to read (all, when
-- they are equally long).
function npy.read(source, options)
  local c_options = ffi.new "lathe_npy_options"
  local keep = { options.names, options.array } -- luacheck: ignore 241 (held while the options point at them)
  if options.names then
    local list = ffi.new("const char *[?]", #options.names + 1)
    for index, name in ipairs(options.names) do list[index - 1] = name end
    c_options.names, c_options.name_count, keep[3] = list, #options.names, list
  end
  c_options.array = options.array
  local data, size = C.lathe_source_data(source), C.lathe_source_size(source)
  local zip = size >= 2 and ffi.string(data, 2) == "PK"
  local parse = zip and C.lathe_table_parse_npz or C.lathe_table_parse_npy
  local table_ = require("lathe.table").wrap(parse(data, size, C.lathe_source_name(source), c_options, core.progress(), core.problem))
  keep[1] = table_
  return table_
end

return npy
