-- group_by and join on tables in memory, in the manner of the db-benchmark (10 million rows, keys of low and high cardinality), beside
-- DuckDB, Polars, data.table and pandas where they are installed: "task who seconds cpu=... check=...". The peers' scripts are in
-- peers/; a check that differs is a wrong result. lathe script tests/bench/bench_shape.lua [ROWS [WHO,...]]
local lathe = require "lathe"
local ffi = require "ffi"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_instant; int clock_gettime(int, bench_instant *);"

local function clock(which)
  local time = ffi.new "bench_instant"
  ffi.C.clock_gettime(which, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

local rows = tonumber(arg[1]) or 10000000
local runs = tonumber(os.getenv "BENCH_RUNS") or 3
local folder = os.getenv "BENCH_DATA" or "/tmp/bench"
local here = arg[0]:match "^(.*)/[^/]*$" or "."

local function path(name) return ("%s/shape-%s-%d.csv"):format(folder, name, rows) end

local function exists(name)
  local file = io.open(name)
  if file then file:close() end
  return file ~= nil
end

-- A stream of numbers that is the same everywhere.
local state = 42
local function below(limit)
  state = (state * 16807) % 2147483647
  return state % limit
end

local function write(name, header, count, line)
  if exists(path(name)) then return end
  local file, lines = assert(io.open(path(name), "wb")), {}
  file:write(header, "\n")
  for row = 1, count do
    lines[#lines + 1] = line(row)
    if #lines == 10000 or row == count then
      file:write(table.concat(lines, "\n"), "\n")
      lines = {}
    end
  end
  file:close()
end

-- 1 .. count in an order that jumps about: multiplication by a number without a common factor.
local function jump(row, count) return (row * 7368787 + 12345) % count end

os.execute("mkdir -p " .. folder)
local keys = rows / 100
write("left", "id1,id2,id3,id4,id5,id6,id7,id8,v1,v2,v3", rows, function()
  local key = below(math.floor(rows * 1.1)) + 1
  return ("id%03d,id%03d,id%010d,%d,%d,%d,%d,key%d,%d,%d,%.6f"):format(below(100) + 1, below(100) + 1, below(keys) + 1, below(100) + 1,
    below(100) + 1, below(keys) + 1, key, key, below(5) + 1, below(15) + 1, below(100000000) / 1000000)
end)
write("right", "id7,id8,w", rows, function(row)
  local key = jump(row, rows) + 1
  return ("%d,key%d,%.6f"):format(key, key, below(100000000) / 1000000)
end)
write("medium", "id7,id8,w", rows / 10, function(row)
  local key = jump(row, rows / 10) * 10 + 1
  return ("%d,key%d,%.6f"):format(key, key, below(100000000) / 1000000)
end)
write("small", "id1,id4,w", 100, function(row) return ("id%03d,%d,%.6f"):format(row, row, below(100000000) / 1000000) end)

local function own()
  local types = { id1 = "category", id2 = "category", id3 = "category", id8 = "string" }
  local t = lathe.read(path "left", { types = types })
  local right = lathe.read(path "right", { types = { id8 = "string" } })
  local medium = lathe.read(path "medium", { types = { id8 = "string" } })
  local small = lathe.read(path "small", { types = { id1 = "category" } })
  local function group(by, what) return function() return t:group_by(by, what) end end
  local function join(other, on, how) return function() return (t:join(other, { on = on, how = how or "inner" })) end end
  return {
    { "group_text_100_sum", group("id1", { "s = sum(v1)" }) },
    { "group_2_texts_sum", group({ "id1", "id2" }, { "s = sum(v1)" }) },
    { "group_text_1e5_sum_mean", group("id3", { "s = sum(v1)", "m = mean(v3)" }) },
    { "group_int_100_means", group("id4", { "s = mean(v1)", "m = mean(v2)", "c = mean(v3)" }) },
    { "group_int_1e5_sums", group("id6", { "s = sum(v1)", "m = sum(v2)", "c = sum(v3)" }) },
    { "group_2_ints_median_sd", group({ "id4", "id5" }, { "s = median(v3)", "m = sd(v3)" }) },
    { "group_text_1e5_max_min", group("id3", { "s = max(v1)", "m = min(v2)" }) },
    { "group_int_1e7_sum", group("id7", { "s = sum(v3)" }) },
    { "group_string_1e7_sum", group("id8", { "s = sum(v3)" }) },
    { "group_6_keys_sum_count", group({ "id1", "id2", "id3", "id4", "id5", "id6" }, { "s = sum(v3)", "m = count" }) },
    { "join_int_100", join(small, "id4") },
    { "join_text_100", join(small, "id1") },
    { "join_int_1e6", join(medium, "id7") },
    { "join_int_1e7", join(right, "id7") },
    { "join_int_1e7_left", join(right, "id7", "left") },
    { "join_string_1e6", join(medium, "id8") },
    { "join_string_1e7", join(right, "id8") },
  }
end

-- The sums of the new columns: enough to see a wrong row.
local function check(result)
  local parts = { ("rows=%d"):format(result:rows()) }
  for _, name in ipairs { "s", "m", "c", "w" } do
    if result:has(name) then
      parts[#parts + 1] = ("%s=%.9g"):format(name, tonumber(result:aggregate("x = sum(" .. name .. ")"):column("x"):get(1)))
    end
  end
  return table.concat(parts, " ")
end

local function bench_own()
  for _, task in ipairs(own()) do
    local only = os.getenv "BENCH_ONLY"
    if not only or task[1]:find(only) then
      local times, cpus, result = {}, {}, nil
      for run = 1, runs do
        if result then result:release() end
        collectgarbage()
        local wall, cpu = clock(1), clock(2)
        result = task[2]()
        times[run], cpus[run] = clock(1) - wall, clock(2) - cpu
      end
      table.sort(times)
      table.sort(cpus)
      print(("%-24s lathe      %8.3f cpu=%.3f %s"):format(task[1], times[math.ceil(runs / 2)], cpus[math.ceil(runs / 2)], check(result)))
      result:release()
    end
  end
end

local peers = {
  { "duckdb", "node %s/peers/shape_duckdb.mjs" }, { "polars", "node %s/peers/shape_polars.mjs" },
  { "datatable", "Rscript %s/peers/shape_datatable.R" }, { "pandas", "/usr/bin/python3 %s/peers/shape_pandas.py" },
}

local function wanted(who) return not arg[2] or ("," .. arg[2] .. ","):find("," .. who .. ",", 1, true) end

if wanted "lathe" then bench_own() end
for _, peer in ipairs(peers) do
  if wanted(peer[1]) then
    io.stdout:flush()
    local environment = ("BENCH_LEFT=%s BENCH_RIGHT=%s BENCH_MEDIUM=%s BENCH_SMALL=%s BENCH_RUNS=%d BENCH_THREADS=%d "):format(path "left",
      path "right", path "medium", path "small", runs, lathe.threads.get())
    local status = os.execute(environment .. peer[2]:format(here) .. " 2>/dev/null")
    if status ~= 0 and status ~= true then print("# " .. peer[1] .. " is not installed here, or failed") end
  end
end
