-- Profiles: NIST's certified means and standard deviations, the alerts of a spoiled table, the example's report.
local tap = require "tap"
local lathe = require "lathe"
local profile = require "lathe.profile"

local function summary(t, name)
  for _, s in ipairs(profile.summaries(t)) do
    if s.name == name then return s end
  end
end

-- The number of digits that agree.
local function digits(value, certified)
  if value == certified then return 16 end
  return -math.log10(math.abs(value - certified) / math.abs(certified))
end

-- NIST StRD, univariate. Data from line 61; certified mean and sd in the head. How many digits doubles allow depends on the
-- digits that reading the data leaves: in NumAcc3 the sd is 1e-7 of the values.
local data = os.getenv "LATHE_DATA" .. "/nist-strd/"
local cases = { { "Lew", 15, 14 }, { "Lottery", 15, 14 }, { "Mavro", 14, 12 },
  { "NumAcc1", 15, 15 }, { "NumAcc2", 15, 14 }, { "NumAcc3", 15, 9 } }
for _, case in ipairs(cases) do
  local file = io.open(data .. case[1] .. ".dat")
  if not file then
    tap.skip(case[1] .. " against NIST", "the shared data is not there")
  else
    local values, mean, sd, line = {}, nil, nil, 0
    for text in file:lines() do
      line = line + 1
      mean = mean or tonumber(text:match "^Sample Mean%s+ybar:%s+(%S+)")
      sd = sd or tonumber(text:match "^Sample Standard Deviation .-s:%s+(%S+)")
      if line > 60 and tonumber(text) then values[#values + 1] = tonumber(text) end
    end
    file:close()
    local s = summary(lathe.table { y = values }, "y")
    tap.ok(digits(s.mean, mean) >= case[2] - 0.5 and digits(s.sd, sd) >= case[3] - 0.5,
      ("%s: mean to %.1f digits, sd to %.1f"):format(case[1], digits(s.mean, mean), digits(s.sd, sd)))
  end
end

local ids, constant, nothing, capped, skewed, half = {}, {}, {}, {}, {}, {}
for row = 1, 200 do
  ids[row] = ("id%03d"):format(row)
  constant[row] = 7
  capped[row] = math.min(row % 100, 60)
  skewed[row] = 1.2 ^ row
  if row % 2 == 0 then half[row] = row end
end
nothing.n = 200
local spoiled = lathe.table {
  { "id", ids }, { "constant", constant }, { "capped", capped }, { "skewed", skewed }, { "half", half }, { "nothing", nothing },
}
local report = spoiled:profile()
local said = {}
for _, block in ipairs(report.blocks) do
  if block.kind == "alert" then said[#said + 1] = block.level .. " " .. block.text .. " -> " .. block.step end
end
local all = table.concat(said, "\n")
local function says(text) tap.ok(all:find(text, 1, true), "says: " .. text, not all:find(text, 1, true) and all or nil) end
says 'error nothing: everything is missing -> clean.drop_columns { columns = { "nothing" } }'
says 'warn constant: constant: 7 in every row'
says 'warn half: 100 missing (50.0 %): impute it in training, or leave these rows out -> clean.drop_missing { columns = { "half" } }'
says 'capped: 80 rows (40.0 %) share the largest value, 60 -> clean.keep_range { column = "capped", below = 60 }'
says 'note id: a different value in every row'
says 'note skewed: strongly skewed'
tap.ok(not all:find("repeat", 1, true), "no duplicates where there are none")
local twice = lathe.table { a = { 1, 1, 2, 3 } }:profile():render { width = 80 }
tap.ok(twice:find("1 row (25.0 %) repeats an earlier one", 1, true), "a repeated row is counted")
tap.ok(twice:find("clean.drop_duplicates {}", 1, true), "and the step that mends it is named")

local empty = lathe.table { { "a", {} }, { "b", {} } }
tap.ok(empty:profile():render { width = 60 }:find "rows", "a table without rows has a profile")
tap.same(report:note(), "6 notes", "the note counts alerts")

local wide = {}
for index = 1, 1500 do wide[index] = { "c" .. index, { index, index + 1, index * index } } end
tap.ok(lathe.table(wide):profile():render():find("The pairs of 1,500 columns are not compared", 1, true),
  "of very wide tables not all pairs are compared, which is said")

local houses = lathe.read(os.getenv "LATHE_TOP" .. "/share/examples/house-prices/california-housing.csv")
local s = summary(houses, "median_house_value")
tap.same({ s.at_max, s.max, s.median, s.distinct }, { 965, 500001, 179700, 3842 },
  "the example's target is capped at 500,001 in 965 rows")
tap.ok(math.abs(s.mean - 206855.81690891474) < 1e-8 and math.abs(s.sd - 115395.61587441387) < 1e-8, "mean and sd are those of pandas")
local text = houses:profile({ charts = { "median_house_value" } }):render { width = 80 }
tap.ok(text:find("965 rows (4.7 %) share the largest value, 500,001", 1, true), "the report says so")
tap.ok(text:find("total_bedrooms: 207 missing (1.0 %)", 1, true), "the report names what is missing")
local days = { "2024-01-01", "2024-03-01", nil, nil, nil, "2024-01-05", n = 6 }
local few = lathe.table { { "n", { 10, 2, 2, nil, 10, 10, n = 6 } }, { "day", days } }
local charts = {}
for _, block in ipairs(few:cast({ day = "date" }):profile({ charts = true }).blocks) do
  if block.kind == "chart" then charts[block.title] = block end
end
tap.same({ charts.n.chart, charts.n.labels[1], charts.n.values[1], charts.n.values[2] }, { "bars", "2", 2, 3 },
  "numbers with few values are bars in their order")
tap.same({ charts.day.chart, charts.day.labels[1], charts.day.labels[21], charts.day.values[1] },
  { "histogram", "2024-01-01", "2024-03-01", 1 }, "days are a histogram between days")
tap.raises(function() houses:profile { charts = { "prize" } } end, "there is no column \"prize\"",
  "a chart of an unknown column is refused")
tap.done()
