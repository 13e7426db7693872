-- Values of real text tables, as lathe reads them and as DuckDB does: DuckDB reads every cell as text, and casts those of lathe's
-- columns of numbers. A cell is missing in both, or DuckDB has one of lathe's markers there.
package.path = os.getenv "LATHE_TOP" .. "/tests/lua/?.lua;" .. package.path
local tap = require "tap"

local data = os.getenv "LATHE_DATA" or ""
local sets = { -- path, DuckDB's options beside header = true, lathe's
  { "titanic/titanic.csv" }, { "penguins/penguins.csv" }, { "penguins/penguins_raw.csv" }, { "bike-sharing/hour.csv" },
  { "adult/adult.csv" },
  { "breast-cancer/breast_cancer.csv" }, { "california-housing/housing.csv" }, { "digits/digits.csv" },
  { "british-library-books/BL-Flickr-Images-Book.csv" }, { "chnsenticorp-hotel/ChnSentiCorp_htl_all.csv" },
  { "dirty-clean-beers/dirty.csv" }, { "dirty-clean-beers/clean.csv" }, { "dirty-clean-hospital/dirty.csv" },
  { "dirty-clean-hospital/clean.csv" }, { "cps-wages-1985/cps_wages_1985.csv" }, { "us-public-domain/birdstrikes.csv" },
  { "us-public-domain/seattle-weather.csv" },
  { "sms-spam/SMSSpamCollection.tsv", "header = false, delim = '\t', quote = ''", { header = false, delimiter = "\t", quote = "" } },
}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

if not lathe.duckdb.found() or not exists(data .. "/titanic/titanic.csv") then
  tap.skip("real text tables are read as DuckDB reads them", "DuckDB's library or the data is not here")
  return tap.done()
end

local markers = {}
for marker in ("#N/A,#N/A N/A,#NA,-1.#IND,-1.#QNAN,-NaN,-nan,1.#IND,1.#QNAN,<NA>,N/A,NA,NULL,NaN,n/a,nan,null"):gmatch "[^,]+" do
  markers[marker] = true
end
local numeric = { int64 = true, float64 = true }
local database = lathe.duckdb.open {}

-- The columns of `path` in the order of the file, all as text.
local function texts_of(path, options)
  return database:query(("select * from read_csv('%s', all_varchar = true, null_padding = false, max_line_size = 10000000, %s)")
    :format(path, options or "header = true, delim = ',', quote = '\"', escape = '\"'"))
end

-- What is wrong with one cell, or nil.
local function differs(kind, mine, theirs)
  if theirs == nil or theirs == "" then return mine ~= nil and mine ~= "" end
  if mine == nil then return not markers[theirs:match "^%s*(.-)%s*$"] end
  if numeric[kind] then return tonumber(mine) ~= tonumber(theirs) end
  if kind == "bool" then return tostring(mine) ~= theirs:lower() end
  return tostring(mine) ~= theirs
end

for _, set in ipairs(sets) do
  local name, path = set[1], data .. "/" .. set[1]
  local mine, theirs = (lathe.read(path, set[3])), texts_of(path, set[2])
  local wrong, names, columns = {}, mine:columns(), theirs:columns()
  if mine:rows() ~= theirs:rows() then wrong[1] = ("%d rows, not %d"):format(mine:rows(), theirs:rows()) end
  for at = 1, #names do
    local own, other = mine:column(names[at]), theirs:column(columns[at])
    for row = 1, #wrong == 0 and mine:rows() or 0 do
      if differs(own.type, own:get(row), other:get(row)) then
        wrong[#wrong + 1] = ("%s row %d: %s, not %s"):format(names[at], row, tostring(own:get(row)), tostring(other:get(row)))
        break
      end
    end
  end
  tap.same(wrong, {}, name .. " is read as DuckDB reads it")
end
tap.done()
