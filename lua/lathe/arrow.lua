-- Tables to and from other libraries in this process, by the Arrow C data interface.
local ffi = require "ffi"
local core = require "lathe.core"
local tables = require "lathe.table"

local C = core.C
local arrow = {}

local decimals = { exact = 0, float64 = 1, text = 2 }

-- What becomes of decimal columns that int64 does not hold: "exact" (float64 when that loses nothing, otherwise text), "float64", "text".
function arrow.decimals(word, where)
  local code = decimals[word or "exact"]
  if not code then core.fail("%s: decimals are \"exact\", \"float64\" or \"text\", not %q", where, tostring(word)) end
  return code
end

local function check_options(options, where)
  return arrow.decimals(core.check_options(options, { decimals = true }, where).decimals, where)
end

-- The table as two C structs, `struct ArrowArray` and `struct ArrowSchema`, which share its buffers. Hand them to a consumer, which takes
-- them over (it sets their `release` to NULL); what nobody took is released when Lua collects them.
function tables:arrow()
  local array = ffi.new "struct ArrowArray"
  local schema = ffi.new "struct ArrowSchema"
  core.try(C.lathe_table_to_arrow(self:handle(), array, schema, core.problem))
  return ffi.gc(array, C.lathe_arrow_array_release), ffi.gc(schema, C.lathe_arrow_schema_release)
end

-- A table of a struct array and its schema (cdata, or addresses as numbers, as pyarrow's _export_to_c takes them). Buffers of our layout
-- are borrowed, not copied; both structs are taken over. `options`: decimals = "exact", "float64" or "text".
function arrow.import(array, schema, options)
  local code = check_options(options, "lathe.arrow.import")
  if array == nil or schema == nil then core.fail "lathe.arrow.import takes an Arrow array and its schema" end
  array, schema = ffi.cast("struct ArrowArray *", array), ffi.cast("struct ArrowSchema *", schema)
  return tables.wrap(C.lathe_table_from_arrow(array, schema, code, core.progress(), core.problem))
end

-- A table of all arrays of a `struct ArrowArrayStream`, which is released. Options as for `import`.
function arrow.import_stream(stream, options)
  local code = check_options(options, "lathe.arrow.import_stream")
  if stream == nil then core.fail "lathe.arrow.import_stream takes an Arrow array stream" end
  stream = ffi.cast("struct ArrowArrayStream *", stream)
  return tables.wrap(C.lathe_table_from_arrow_stream(stream, code, core.progress(), core.problem))
end

return arrow
