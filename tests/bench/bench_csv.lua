-- Reading and writing a large CSV file, a process for each run: peak memory is part of the answer. The file is $BENCH_DATA/table.csv, else
-- one of BENCH_TABLE_ROWS rows is made. lathe script tests/bench/bench_csv.lua
local here = arg[0]:match "^(.*)/[^/]*$" or "."
package.path = here .. "/?.lua;" .. package.path
local bench = require "bench"
local lathe = require "lathe"

local function bytes(t) return math.floor(t:bytes() / 2 ^ 20) end

bench.family {
  name = "csv",
  peers = { "polars", "duckdb", "datatable", "pandas" },
  tasks = { "csv_read", "csv_write" },
  fresh = true,
  data = function()
    local path = bench.table()
    os.execute("cat '" .. path .. "' > /dev/null") -- from memory for everybody
    local copy = os.tmpname()
    os.remove(copy)
    return { BENCH_TABLE = path, BENCH_COPY = copy .. ".csv" }
  end,
  after = function(task, answer)
    if task ~= "csv_write" or not answer.copy then return end
    local pipe = io.popen("wc -l < '" .. answer.copy .. "'")
    answer.lines = pipe:read "*l"
    pipe:close()
    os.remove(answer.copy)
    answer.copy = nil
  end,
  lathe = {
    csv_read = function()
      return function() return lathe.read(os.getenv "BENCH_TABLE") end, function(t)
        local answer = bench.sums(t, { "id", "x1", "x8" })
        answer.column_mb = bytes(t)
        return answer
      end
    end,
    csv_write = function()
      local t, copy = bench.read "BENCH_TABLE", os.getenv "BENCH_COPY"
      return function() t:write(copy) end, function() return { rows = t:rows(), copy = copy } end
    end,
  },
}
