-- Texts made to break readers: the UTF-8 test suite with replacement, and the big list of naughty strings through every text format.
local tap = require "tap"
local lathe = require "lathe"

local data = os.getenv "LATHE_DATA" .. "/text-torture/"
local folder = io.popen("mktemp -d"):read "*l"

local function slurp(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

local function write(name, text)
  local path = folder .. "/" .. name
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  return path
end

-- A NUL is in no text table; the suite is read without its two.
local tests, wanted = slurp(data .. "utf8tests.bin"), slurp(data .. "utf8.replace.ref.txt")
if tests and wanted then
  local t = lathe.read(write("utf8.txt", (tests:gsub("%z", ""))), {
    encoding = "utf-8-replace", header = false, quote = "", delimiter = "\t", missing = {}, types = { column_1 = "string" },
  })
  local row, different = 0, {}
  for line in wanted:gsub("%z", ""):gmatch "([^\n]*)\n" do
    row = row + 1
    if t:column("column_1"):text(row) ~= line then different[#different + 1] = line end
  end
  tap.same({ row, different }, { t:rows(), {} }, "utf-8-replace gives what the UTF-8 tests want, line by line")
  local plain = { encoding = "utf-8-replace", header = false, quote = "", delimiter = "\t" }
  tap.raises(function() lathe.read(write("nul.txt", tests), plain) end, "NUL byte", "and a NUL is said to be one")
  tap.raises(function() lathe.read(write("bad.txt", (tests:gsub("%z", ""))), { encoding = "utf-8", quote = "", delimiter = "\t" }) end,
    "UTF-8", "as UTF-8 without replacement they are refused")
else
  tap.skip("the UTF-8 test suite", "its data is not here")
end

local naughty = slurp(data .. "blns.json")
if naughty then
  local list = lathe.json.decode(naughty, "blns.json")
  local t = lathe.table { { "text", list }, { "number", (function() local n = {} for i = 1, #list do n[i] = i end return n end)() } }
  for _, name in ipairs { "x.csv", "x.tsv", "x.csv.gz", "x.csv.zst", "x.jsonl", "x.json", "x.db", "x.npz", "x.safetensors" } do
    local path = folder .. "/" .. name
    t:write(path)
    local text = name:find "sv" and { types = { text = "string" }, missing = {} } or nil
    local back = lathe.read(path, text)
    local different = {}
    for row = 1, t:rows() do
      if back:column("text"):text(row) ~= list[row] then different[#different + 1] = list[row] end
    end
    tap.same({ back:rows(), different }, { #list, {} }, ("naughty strings pass through %s"):format(name))
  end
else
  tap.skip("the big list of naughty strings", "its data is not here")
end
os.execute(("rm -rf '%s'"):format(folder))
tap.done()
