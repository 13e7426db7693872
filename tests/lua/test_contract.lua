-- Contracts: what is inferred, what breaks one, and that an endpoint keeps to it.
local tap = require "tap"
local lathe = require "lathe"
local json = require "lathe.json"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir -p " .. folder))

local good = lathe.table {
  { "age", { 20, 35, 61, 44 } }, { "share", { 0.5, 0.25, 1, 0 } }, { "city", { "Oslo", "Bonn", "Oslo", "Bonn" } },
  { "day", { "2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01" } }, { "note", { "a", nil, "c", "d", n = 4 } },
}
good = good:cast { age = "int64", day = "date", city = "category" }

local contract = lathe.contract(good)
local data = json.decode(contract:text())
tap.same(data.columns[1], { name = "age", type = "int64", missing = false, least = 20, most = 61 }, "whole numbers: type and bounds")
tap.same(data.columns[3], { name = "city", type = "category", missing = false, values = { "Bonn", "Oslo" } }, "categories: their texts")
tap.same({ data.columns[4].least, data.columns[4].most, data.columns[5].missing }, { "2024-01-01", "2024-04-01", true },
  "dates: bounds as dates; what was missing may be")
tap.same(select(2, contract:check(good)), 0, "the rows that it was inferred from keep to it")
contract:save(folder .. "/good.json")
tap.same(lathe.contract(folder .. "/good.json"):text(), contract:text(), "saved and read again it is the same")

local bad = lathe.table {
  { "age", { 20, 17, 35.5, 99 } }, { "share", { 0.5, nil, 2, 0, n = 4 } }, { "city", { "Oslo", "Rome", "Bonn", "" } },
  { "day", { "2023-12-31", "2024-02-01", "2024-03-01", "2024-04-02" } }, { "more", { 1, 2, 3, 4 } },
}
bad = bad:cast { day = "date" }
local found, total = contract:check(bad)
local list = {}
for at = 1, found:rows() do
  local one = found:row(at)
  list[at] = ("%d %s %s"):format(one.row, one.column, one.rule)
end
tap.same(list, { "2 age least", "3 age type", "4 age most", "2 share missing", "3 share most", "2 city values", "4 city values",
  "1 day least", "4 day most", "0 note column" }, "each breach is a row: where, what, by which rule")
tap.same({ total, (contract:check(bad, 2)):rows() }, { 10, 2 }, "all are counted, as many as asked are listed")
tap.raises(function() bad:expect(contract) end, 'breaks its contract 10 times: row 2: "age" breaks "least" (20): 17',
  "t:expect raises the first")
local same, breaches = bad:expect(folder .. "/good.json", { lenient = true })
tap.same({ same == bad, breaches:rows() }, { true, 10 }, "or lists them")
tap.ok(good:expect(contract) == good, "good rows pass")

-- ---- contracts that people edit ----
local function written(text)
  local file = assert(io.open(folder .. "/own.json", "w"))
  file:write(text)
  file:close()
  return lathe.contract(folder .. "/own.json")
end
local own = written [[{ "contract": 1, "others": false, "columns": [
  { "least": "2024-01-15", "name": "day", "type": "date" }, { "name": "age", "type": "float64", "unique": true },
  { "name": "gone", "type": "bool", "optional": true } ] }]]
local names = {}
local broken = own:check((lathe.concat { good, good }))
for at = 1, broken:rows() do names[at] = broken:row(at).column .. " " .. broken:row(at).rule end
tap.same(names, { "day least", "day least", "age unique", "share others", "city others", "note others" },
  "bounds of dates, values that stand once, columns that may be absent, no other columns")
for text, words in pairs {
  ["[]"] = "a contract is an object", ['{"columns":[]}'] = 'begins with "contract": 1', ['{"contract":2}'] = "version 1",
  ['{"contract":1,"columns":[{"name":"a"}]}'] = "a name and a type",
  ['{"contract":1,"columns":[{"name":"a","type":"text"}]}'] = '"type" is',
  ['{"contract":1,"columns":[{"name":"a","type":"bool","leest":1}]}'] = 'not "leest"', ['{"contract":1,"columns":{}}'] = "is a list",
  ['{"contract":1,"columns":[{"name":"a","type":"date","least":"soon"}]}'] = "a bound is a number", ['{"contract":1'] = "own.json:1:",
} do
  tap.raises(function() written(text) end, words, "refused: " .. text)
end
tap.raises(function() lathe.contract(3) end, "table of good rows or the path", "no contract of a number")

-- ---- at an endpoint ----
local rows = lathe.table { { "age", { 20, 30, 40, 50, 60 } }, { "y", { 1, 2, 3, 4, 5.5 } } }
local model = lathe.fit(rows, lathe.recipe { target = "y" }, lathe.linear {})
local endpoint = lathe.serve { model, contract = lathe.contract(rows) }
local function ask(body)
  return lathe.http.request { url = endpoint:url() .. "/predict", body = body, headers = { ["Content-Type"] = "application/json" } }
end
tap.same(ask('[{"age": 33}]').status, 200, "an endpoint answers rows that keep to the contract")
local answer = ask '[{"age": 33}, {"age": 7}]'
tap.ok(answer.status == 400 and answer.body:find('row 2: the contract of \\"age\\" (least) wants 20', 1, true),
  "and refuses others by row and column",
  answer.status, answer.body)
endpoint:stop()
tap.raises(function() lathe.serve { model, contract = 3 } end, "path of a contract", "an endpoint takes no other contract")

-- At ingest and at the endpoint it is the same file.
do
  local place = os.tmpname()
  os.remove(place)
  os.execute(("mkdir -p '%s'"):format(place))
  local these, those = lathe.table { { "age", { 20, 35, 61 } }, { "city", { "Oslo", "Bonn", "Oslo" } } },
    lathe.table { { "age", { 7, 30 } }, { "city", { "Oslo", "Rome" } } }
  these:write(place .. "/good.csv")
  those:write(place .. "/bad.csv")
  lathe.contract(lathe.read(place .. "/good.csv")):save(place .. "/good.json")
  local function read(name, lenient)
    local flow = lathe.flow "ingest"
    flow.raw = flow:step "ingest.read" { path = place .. "/" .. name, contract = place .. "/good.json", lenient = lenient }
    return flow:run { project = place .. "/project" }
  end
  tap.same(read("good.csv"):get("raw", "table"):rows(), 3, "ingest.read takes rows as the contract wants them")
  tap.raises(function() read "bad.csv" end, "breaks its contract 1 time", "and refuses others")
  local lenient = read("bad.csv", true)
  tap.same({ lenient:get("raw", "table"):rows(), lenient:get("raw", "breaches"):rows() }, { 2, 1 }, "or lists what is wrong, when lenient")
  os.execute(("rm -rf '%s'"):format(place))
end
tap.done()
