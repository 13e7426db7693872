-- Figures of a profile, groups and duplicate rows of real tables, as lathe has them and as DuckDB counts them over the same columns.
package.path = os.getenv "LATHE_TOP" .. "/tests/lua/?.lua;" .. package.path
local tap = require "tap"

local data = os.getenv "LATHE_DATA" or ""
local paths = {
  "adult/adult.csv", "titanic/titanic.csv", "us-public-domain/birdstrikes.csv", "us-public-domain/seattle-weather.csv",
  "california-housing/housing.csv", "bike-sharing/hour.csv", "penguins/penguins.csv", "penguins/penguins_raw.csv",
  "star-wars-survey/StarWars.csv", "british-library-books/BL-Flickr-Images-Book.csv", "dirty-clean-hospital/dirty.csv",
  "dirty-clean-beers/dirty.csv", "breast-cancer/breast_cancer.csv", "digits/digits.csv", "cps-wages-1985/cps_wages_1985.csv",
  "chnsenticorp-hotel/ChnSentiCorp_htl_all.csv", "sms-spam/SMSSpamCollection.tsv",
}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

if not lathe.duckdb.found() or not exists(data .. "/" .. paths[1]) then
  tap.skip("real tables have the figures that DuckDB counts", "DuckDB's library or the data is not here")
  return tap.done()
end

local database = lathe.duckdb.open {}

local function ask(name, sql)
  local quoted = name and '"' .. name:gsub('"', '""') .. '"'
  if quoted then sql = sql:gsub("COLUMN", function() return quoted end) end
  return database:query(sql)
end

local function close(a, b, tolerance)
  if a == nil or b == nil then return a == b end
  a, b = tonumber(a), tonumber(b)
  return a == b or math.abs(a - b) <= tolerance * math.max(1, math.abs(b))
end

local numbers = { -- figure, DuckDB's, tolerance
  { "min", "min(COLUMN)", 0 }, { "max", "max(COLUMN)", 0 }, { "mean", "avg(COLUMN)", 1e-12 }, { "sd", "stddev_samp(COLUMN)", 1e-9 },
  { "q25", "quantile_cont(COLUMN::double, 0.25)", 1e-12 }, { "median", "median(COLUMN::double)", 1e-12 },
  { "q95", "quantile_cont(COLUMN::double, 0.95)", 1e-12 }, { "zeros", "count(*) filter (COLUMN = 0)", 0 },
}

-- What differs in the summary of a column, or nil.
local function of_column(s)
  local wrong = {}
  local function check(figure, theirs, tolerance)
    if not close(s[figure], theirs, tolerance or 0) then
      wrong[#wrong + 1] = ("%s: %s %s, DuckDB %s"):format(s.name, figure, tostring(s[figure]), tostring(theirs))
    end
  end
  local row = ask(s.name, "select count(*) - count(COLUMN) as missing, count(distinct COLUMN) as distinct_ from t"):row(1)
  check("missing", row.missing)
  check("distinct", row.distinct_)
  if s.type == "int64" or s.type == "float64" then
    for _, figure in ipairs(numbers) do check(figure[1], ask(s.name, ("select %s as x from t"):format(figure[2])):row(1).x, figure[3]) end
  end
  return wrong[1]
end

-- What differs in the groups of a column of categories, or nil.
local function of_groups(t, name)
  local own = t:group_by(name, { "n = count" }, { sort = true })
  local theirs = ask(name, "select COLUMN as k, count(*) as n from t group by 1 order by 1 nulls last")
  if own:rows() ~= theirs:rows() then return ("%d groups of %s, DuckDB has %d"):format(own:rows(), name, theirs:rows()) end
  for row = 1, own:rows() do
    if own:column(name):get(row) ~= theirs:column("k"):get(row) or own:column("n"):get(row) ~= theirs:column("n"):get(row) then
      return ("group %d of %s"):format(row, name)
    end
  end
end

for _, path in ipairs(paths) do
  local t = lathe.read(data .. "/" .. path, { lenient = true })
  database:register("t", t)
  local wrong
  for _, s in ipairs(require("lathe.profile").summaries(t)) do wrong = wrong or of_column(s) end
  for _, name in ipairs(t:columns()) do
    if t:type(name) == "category" then wrong = wrong or of_groups(t, name) end
  end
  local repeated = ask(nil, "select (select count(*) from t) - (select count(*) from (select distinct * from t)) as x"):row(1).x
  if tonumber(repeated) ~= t:duplicates() then wrong = wrong or "duplicate rows" end
  tap.ok(not wrong, path .. ": summaries, groups and duplicate rows are those of DuckDB", wrong)
  database:unregister "t"
end
tap.done()
