-- Reading a large CSV file: "task peer wall_s mb_s=... rows=...". A file of its own is made unless one is given:
-- lathe script tests/bench/bench_csv.lua [FILE]
local lathe = require "lathe"
local ffi = require "ffi"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"

local function now()
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(1, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

-- 400,000 rows of integers, fractions, words and dates, some missing, some quoted: about 30 MB.
local function make(path)
  local random = require("lathe.random").new and require("lathe.random").new(7)
  local function below(limit) return random and random:below(limit) or math.random(0, limit - 1) end
  local file = assert(io.open(path, "wb"))
  file:write "id,quantity,price,weight,city,name,day\n"
  for row = 1, 400000 do
    local price = below(20) == 0 and "" or ("%.4f"):format(below(10000000) / 10000)
    local name = below(50) == 0 and ('"Smith, %d"'):format(below(1000000)) or "name" .. below(1000000)
    file:write(("%d,%d,%s,%.6f,city%03d,%s,20%02d-%02d-%02d\n"):format(row, below(100), price, below(1000000) / 999, below(500), name,
      below(25), below(12) + 1, below(28) + 1))
  end
  file:close()
end

local path, made = arg[1], nil
if not path then
  path = os.tmpname()
  made = path
  make(path)
end
local file = assert(io.open(path, "rb"))
local size = file:seek "end"
file:close()
for _ = 1, 3 do
  local begin = now()
  local t = lathe.read(path)
  local seconds = now() - begin
  print(("csv_read lathe %.3f mb_s=%.0f rows=%d columns=%d"):format(seconds, size / 1e6 / seconds, t:rows(), #t:columns()))
  begin = now()
  t:profile()
  print(("profile lathe %.3f rows=%d columns=%d"):format(now() - begin, t:rows(), #t:columns()))
  t:release()
end
if made then os.remove(made) end
