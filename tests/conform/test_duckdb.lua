-- DuckDB as a judge of the Arrow interface and of Parquet: real tables go out, come back and are equal; hyparquet, another reader of
-- Parquet, sees the same values.
local ffi = require "ffi"
package.path = os.getenv "LATHE_TOP" .. "/tests/lua/?.lua;" .. package.path
local tap = require "tap"
local core = require "lathe.core"

local data, here = os.getenv "LATHE_DATA" or "", os.getenv "LATHE_TOP" .. "/tests/conform"
local found = lathe.duckdb.found()
local sets = { "titanic/titanic.csv", "penguins/penguins.csv", "penguins/penguins_raw.csv", "bike-sharing/hour.csv", "adult/adult.csv",
  "breast-cancer/breast_cancer.csv", "california-housing/housing.csv", "british-library-books/BL-Flickr-Images-Book.csv",
  "chnsenticorp-hotel/ChnSentiCorp_htl_all.csv", "dirty-clean-beers/dirty.csv", "dirty-clean-hospital/dirty.csv",
  "cps-wages-1985/cps_wages_1985.csv" }

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

if not found or not exists(data .. "/titanic/titanic.csv") then
  tap.skip("real tables pass through DuckDB", found and "the data sets are not here" or "DuckDB's library is not here")
  return tap.done()
end

ffi.cdef [[
void *duckdb_schema_from_arrow(void *connection, struct ArrowSchema *schema, void **converted);
void *duckdb_data_chunk_from_arrow(void *connection, struct ArrowArray *array, void *converted, void **chunk);
void duckdb_destroy_arrow_converted_schema(void **converted);
void *duckdb_to_arrow_schema(void *options, void **types, const char **names, uint64_t count, struct ArrowSchema *schema);
void *duckdb_data_chunk_to_arrow(void *options, void *chunk, struct ArrowArray *array);
void duckdb_connection_get_arrow_options(void *connection, void **options);
void duckdb_destroy_arrow_options(void **options);
void *duckdb_data_chunk_get_vector(void *chunk, uint64_t index);
void *duckdb_vector_get_column_type(void *vector);
void duckdb_destroy_logical_type(void **type);
void duckdb_destroy_data_chunk(void **chunk);
bool duckdb_error_data_has_error(void *data);
const char *duckdb_error_data_message(void *data);
]]
local D = ffi.load(found.path)
local function fine(problem)
  if problem ~= nil and D.duckdb_error_data_has_error(problem) then error(ffi.string(D.duckdb_error_data_message(problem)), 0) end
end

-- A table through DuckDB's own reader and writer of Arrow arrays, by its C interface alone.
local function through_arrow(d, t)
  local connection, names = rawget(d, "connected")[0], t:columns()
  local array, schema = t:arrow()
  local converted, chunk, options = ffi.new "void *[1]", ffi.new "void *[1]", ffi.new "void *[1]"
  fine(D.duckdb_schema_from_arrow(connection, schema, converted))
  fine(D.duckdb_data_chunk_from_arrow(connection, array, converted[0], chunk))
  D.duckdb_connection_get_arrow_options(connection, options)
  local types, c_names = ffi.new("void *[?]", #names), ffi.new("const char *[?]", #names, names)
  for index = 0, #names - 1 do
    types[index] = D.duckdb_vector_get_column_type(D.duckdb_data_chunk_get_vector(chunk[0], index))
  end
  local out_array, out_schema = ffi.new "struct ArrowArray", ffi.new "struct ArrowSchema"
  fine(D.duckdb_to_arrow_schema(options[0], types, c_names, #names, out_schema))
  fine(D.duckdb_data_chunk_to_arrow(options[0], chunk[0], out_array))
  for index = 0, #names - 1 do D.duckdb_destroy_logical_type(types + index) end
  D.duckdb_destroy_data_chunk(chunk)
  D.duckdb_destroy_arrow_converted_schema(converted)
  D.duckdb_destroy_arrow_options(options)
  return lathe.arrow.import(out_array, out_schema)
end

-- DuckDB reads a dictionary of Arrow as its values, and Parquet has texts only.
local function with_texts(t)
  for _, name in ipairs(t:columns()) do
    if t:type(name) == "category" then t = t:with(name, t:column(name):to_string()) end
  end
  return t
end

local d = lathe.duckdb.open()
for _, set in ipairs(sets) do
  if exists(data .. "/" .. set) then
    local t = lathe.read(data .. "/" .. set)
    tap.ok(d:query("from t", { tables = { t = t } }):hash() == t:hash(), set .. " is scanned and answered equal")
    local head = t:head(2000)
    tap.ok(with_texts(through_arrow(d, head)):hash() == with_texts(head):hash(), set .. " comes back equal through DuckDB's Arrow")
  end
end

local folder = os.tmpname()
os.remove(folder)
os.execute("mkdir " .. folder)
local script = [[
const fs = require("fs");
const path = require("path");
(async () => {
  const { parquetReadObjects } = await import(path.join(process.argv[2], "hyparquet/src/index.js"));
  const bytes = fs.readFileSync(process.argv[3]);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const rows = await parquetReadObjects({ file });
  console.log(JSON.stringify(rows, (_, v) => typeof v === "bigint" ? Number(v) : v === null ? undefined : v));
})();
]]
local modules = here .. "/node_modules"
if not exists(modules .. "/hyparquet/package.json") then modules = os.getenv "LATHE_NODE_MODULES" or modules end
for _, set in ipairs { "titanic/titanic.csv", "penguins/penguins.csv" } do
  local t, at = lathe.read(data .. "/" .. set), folder .. "/t.parquet"
  t:write(at)
  tap.ok(with_texts(t):hash() == lathe.read(at):hash(), set .. " is equal when DuckDB has written and read it as Parquet")
  if exists(modules .. "/hyparquet/package.json") and os.execute "command -v node >/dev/null" == 0 then
    lathe.duckdb.write_parquet(t, at, { compression = "snappy" })
    local file = assert(io.open(folder .. "/read.cjs", "wb"))
    file:write(script)
    file:close()
    local pipe = io.popen(("node %s/read.cjs %s %s"):format(folder, modules, at))
    local rows = lathe.json.decode(pipe:read "*a")
    pipe:close()
    local same = #rows == t:rows()
    for row = 1, #rows do
      local want = t:row(row)
      for name, value in pairs(want) do same = same and rows[row][name] == (type(value) == "cdata" and tonumber(value) or value) end
      for name in pairs(rows[row]) do same = same and want[name] ~= nil end
    end
    tap.ok(same, set .. " has the same values when hyparquet reads it")
  else
    tap.skip(set .. " has the same values when hyparquet reads it", "hyparquet is not in tests/conform/node_modules")
  end
end
d:close()
core.C.lathe_path_remove(folder, core.problem)
tap.done()
