-- The harness of all benchmarks. A family (a file bench_*.lua) has tasks; lathe and each peer is a worker, a process of its own that
-- does a task when its name comes on standard input. They take turns run by run, so that whatever else the machine does falls on all of
-- them alike; their answers (rows, sums) are compared before their times are believed. One line for each task and worker:
--   task who seconds ratio=PEER/LATHE cpu=SECONDS cpu_ratio= runs= least= others=PROCESSORS peak_mb= rows= KEY=VALUE
-- seconds and cpu are medians; `others` is how many processors the rest of the machine kept busy meanwhile. What a worker answers:
--   done wall=SECONDS cpu=SECONDS peak_mb=NUMBER rows=COUNT KEY=VALUE...      or      fail REASON
--
-- BENCH_ONLY   a pattern: families or tasks                     BENCH_RUNS   runs of each (3)
-- BENCH_WHO    workers, with commas between (all)               BENCH_DATA   the folder of large files (/tmp/bench)
-- BENCH_ROWS   rows of made tables (each family says how many)  BENCH_TABLE_ROWS  rows of table.csv where it has to be made (400,000)
-- PEERS_NODE   the folder with node_modules of nodejs-polars and @duckdb/node-api (/tmp/peers/node)
local lathe = require "lathe"
local ffi = require "ffi"

ffi.cdef "typedef struct { long seconds, nanoseconds; } bench_time; int clock_gettime(int, bench_time *);"

local bench = {}

local here = arg[0]:match "^(.*)/[^/]*$" or "."
local folder = os.getenv "BENCH_DATA" or "/tmp/bench"
local node = os.getenv "PEERS_NODE" or "/tmp/peers/node"
local runs = tonumber(os.getenv "BENCH_RUNS") or 3

local function clock(which)
  local time = ffi.new "bench_time"
  ffi.C.clock_gettime(which, time)
  return tonumber(time.seconds) + tonumber(time.nanoseconds) / 1e9
end

-- Seconds of the clock, and of processors that this process took.
function bench.wall() return clock(1) end
function bench.cpu() return clock(2) end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end
local function succeeds(command)
  local status = os.execute(command .. " >/dev/null 2>&1")
  return status == 0 or status == true
end

-- The rows that a family asks for.
function bench.rows(default) return tonumber(os.getenv "BENCH_ROWS") or default end

-- The path of NAME in the folder of data; `write(file)` makes it where it is not there.
function bench.file(name, write)
  local path = folder .. "/" .. name
  local file = io.open(path)
  if file then
    file:close()
    return path
  end
  os.execute("mkdir -p " .. quoted(folder))
  file = assert(io.open(path .. ".part", "wb"))
  write(file)
  file:close()
  assert(os.rename(path .. ".part", path))
  return path
end

-- A CSV file NAME of `count` rows, made of `line(row)`.
function bench.csv(name, header, count, line)
  return bench.file(name, function(file)
    file:write(header, "\n")
    local lines = {}
    for row = 1, count do
      lines[#lines + 1] = line(row)
      if #lines == 10000 or row == count then
        file:write(table.concat(lines, "\n"), "\n")
        lines = {}
      end
    end
  end)
end

-- The table of numbers, words and days that whole-table tasks use: $BENCH_DATA/table.csv, or a small one of the same columns.
function bench.table()
  local random = lathe.random(7)
  local function number(format, most) return random:below(20) == 0 and "" or format:format(random:uniform() * most) end
  local file = io.open(folder .. "/table.csv")
  if file then
    file:close()
    return folder .. "/table.csv"
  end
  local count = tonumber(os.getenv "BENCH_TABLE_ROWS") or 400000
  return bench.csv(("table-%d.csv"):format(count), "id,qty,x1,x2,x3,x4,x5,x6,x7,x8,cat,city,name,day", count, function(row)
    return ("%d,%d,%s,%s,%s,%s,%s,%s,%s,%s,level_%02d,city%03d,nm%06d,20%02d-%02d-%02d"):format(row, random:below(100), number("%.4f", 100),
      number("%.4f", 100), number("%.3f", 10), number("%.5f", 1), number("%.2f", 100), number("%.6f", 1), number("%.3f", 100),
      number("%.4f", 3), random:below(12), random:below(500), random:below(1000000), random:below(25), random:below(12) + 1,
      random:below(28) + 1)
  end)
end

-- A table of every type, and as many rows as a family of 10 million asks for.
function bench.mixed()
  local random, count = lathe.random(7), bench.rows(10000000)
  return bench.csv(("shape-%d.csv"):format(count), "id,x,y,name,city,k,day,flag", count, function()
    return ("%d,%.9f,%.4f,id%010d,city%03d,%d,20%02d-%02d-%02d,%s"):format(random:below(1e9), random:uniform(),
      random:uniform() * 1e4 - 5e3, random:below(count), random:below(500), random:below(100), random:below(25), random:below(12) + 1,
      random:below(28) + 1, random:below(2) == 1 and "true" or "false")
  end)
end

-- The tables of the db-benchmark: a left one, and right ones that are as large, a tenth and a hundred rows. Environment of workers.
function bench.joined()
  local state, count = 42, bench.rows(10000000)
  local keys = count / 100
  local function below(limit) -- the same everywhere
    state = (state * 16807) % 2147483647
    return state % limit
  end
  local function jump(row, rows) return (row * 7368787 + 12345) % rows end -- 0 .. rows - 1 in an order that jumps about
  local function name(which) return ("shape-%s-%d.csv"):format(which, count) end
  return {
    BENCH_LEFT = bench.csv(name "left", "id1,id2,id3,id4,id5,id6,id7,id8,v1,v2,v3", count, function()
      local key = below(math.floor(count * 1.1)) + 1
      return ("id%03d,id%03d,id%010d,%d,%d,%d,%d,key%d,%d,%d,%.6f"):format(below(100) + 1, below(100) + 1, below(keys) + 1,
        below(100) + 1, below(100) + 1, below(keys) + 1, key, key, below(5) + 1, below(15) + 1, below(100000000) / 1000000)
    end),
    BENCH_RIGHT = bench.csv(name "right", "id7,id8,w", count, function(row)
      local key = jump(row, count) + 1
      return ("%d,key%d,%.6f"):format(key, key, below(100000000) / 1000000)
    end),
    BENCH_MEDIUM = bench.csv(name "medium", "id7,id8,w", count / 10, function(row)
      local key = jump(row, count / 10) * 10 + 1
      return ("%d,key%d,%.6f"):format(key, key, below(100000000) / 1000000)
    end),
    BENCH_SMALL = bench.csv(name "small", "id1,id4,w", 100, function(row)
      return ("id%03d,%d,%.6f"):format(row, row, below(100000000) / 1000000)
    end),
  }
end

-- The table of NAME_X.f64 and NAME_y.f64 in $BENCH_DATA, which the peers' generator writes: rows of `width` numbers, and the target; nil
-- where they are not. `centred`: each feature with mean 0 and deviation 1.
function bench.matrix(name, width, centred)
  local core, column = require "lathe.core", require "lathe.column"
  local x, y = io.open(("%s/%s_X.f64"):format(folder, name), "rb"), io.open(("%s/%s_y.f64"):format(folder, name), "rb")
  if not (x and y) then return nil end
  local target = y:read "*a"
  local rows, strip, columns, list = #target / 8, 20000, {}, {}
  for place = 1, width do columns[place] = ffi.new("double[?]", rows) end
  for begin = 0, rows - 1, strip do
    local text = x:read(strip * width * 8)
    local from, count = ffi.cast("const double *", text), #text / 8 / width
    for place = 1, width do
      local to = columns[place] + begin
      for row = 0, count - 1 do to[row] = from[row * width + place - 1] end
    end
  end
  x:close()
  y:close()
  local function own(values, word)
    return { word, column.own(core.C.lathe_column_from_float64(values, rows, core.problem), word) }
  end
  for place = 1, width do
    local to, mean, squares = columns[place], 0, 0
    for row = 0, rows - 1 do mean = mean + to[row] / rows end
    for row = 0, rows - 1 do squares = squares + (to[row] - mean) ^ 2 / rows end
    if centred then
      for row = 0, rows - 1 do to[row] = (to[row] - mean) / math.sqrt(squares) end
    end
    list[place], columns[place] = own(to, ("x%03d"):format(place)), false
  end
  list[width + 1] = own(ffi.cast("const double *", target), "y")
  return lathe.table(list)
end

-- Tables of the generator's `higgs` in $BENCH_DATA (higgs_X.f32: 28 features, higgs_y.f32: 0 or 1): one of `count` rows from `first`
-- (from 0) for each { first, count }, whose count may be left out: to the end. nil, and a line that says so, where the data is not there.
function bench.higgs(name, ...)
  local core, column, width = require "lathe.core", require "lathe.column", 28
  local x, y = io.open(folder .. "/higgs_X.f32", "rb"), io.open(folder .. "/higgs_y.f32", "rb")
  if not (x and y) then return print(("# %s: no higgs_X.f32 in %s"):format(name, folder)) end
  local texts, tables = { x:read "*a", y:read "*a" }, {}
  x:close()
  y:close()
  local features, target = ffi.cast("const float *", texts[1]), ffi.cast("const float *", texts[2])
  for index, part in ipairs { ... } do
    local first, count, list = part[1], part[2] or #texts[2] / 4 - part[1], {}
    local one = ffi.new("double[?]", count)
    local function add(word, of, step, place)
      for row = 0, count - 1 do one[row] = of[(first + row) * step + place] end
      list[#list + 1] = { word, column.own(core.C.lathe_column_from_float64(one, count, core.problem), word) }
    end
    for place = 0, width - 1 do add(("x%02d"):format(place + 1), features, width, place) end
    add("y", target, 1, 0)
    tables[index] = lathe.table(list)
  end
  texts = nil -- luacheck: ignore
  collectgarbage()
  return unpack(tables)
end

-- The numbers of threads that such a bench is run with.
function bench.threads()
  local asked = tonumber(os.getenv "BENCH_THREADS")
  return asked and { asked } or { 1, 2 }
end

-- Is this worker among those that BENCH_WHO asks for?
function bench.asked(who)
  local list = os.getenv "BENCH_WHO"
  return not list or ("," .. list .. ","):find("," .. who .. ",", 1, true) ~= nil
end

-- A peer's script beside these files, which prints lines of its own; its arguments are the folder of data and `words`.
function bench.peer(script, words)
  os.execute(("env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE /usr/bin/python3 %s %s %s 2>/dev/null || true"):format(
    quoted(here .. "/peers/" .. script), quoted(folder), words or ""))
end

-- Whether that is there.
function bench.has_matrix(name)
  local file = io.open(("%s/%s_X.f64"):format(folder, name))
  if file then file:close() else print(("# %s: no %s_X.f64 in %s"):format(name, name, folder)) end
  return file ~= nil
end

-- The folder of all that.
function bench.folder() return folder end

-- The library of DuckDB that npm brings, or nil.
function bench.duckdb()
  local pipe = io.popen("ls " .. quoted(node) .. "/node_modules/@duckdb/node-bindings-*/libduckdb.so 2>/dev/null")
  local path = pipe:read "*l"
  pipe:close()
  return path
end

-- What a worker is, how it starts, how it is known to be here.
local python, r = "/usr/bin/python3 " .. quoted(here .. "/peers/python.py"), "Rscript " .. quoted(here .. "/peers/datatable.R")
local function package(name) return "test -d " .. quoted(node .. "/node_modules/" .. name) end
local workers = {
  polars = { "node --expose-gc " .. quoted(here .. "/peers/polars.mjs"), package "nodejs-polars", "npm: nodejs-polars" },
  duckdb = { "node " .. quoted(here .. "/peers/duckdb.mjs"), package "@duckdb/node-api", "npm: @duckdb/node-api" },
  datatable = { r, "Rscript -e 'library(data.table)'", "Debian: r-cran-data.table" },
  pandas = { python .. " pandas", "/usr/bin/python3 -c 'import pandas'", "Debian: python3-pandas" },
  numpy = { python .. " numpy", "/usr/bin/python3 -c 'import numpy, pandas'", "Debian: python3-pandas" },
  sklearn = { python .. " sklearn", "/usr/bin/python3 -c 'import sklearn, pandas'", "Debian: python3-sklearn, python3-pandas" },
  numexpr = { python .. " numexpr", "/usr/bin/python3 -c 'import numexpr, pandas'", "Debian: python3-numexpr" },
}

-- Starts `who`; `ask(task)` gives its answer as a table of texts, or nil and why; `stop()` ends it.
local function start(who, command, environment)
  local fifo = os.tmpname()
  os.remove(fifo)
  assert(succeeds("mkfifo " .. quoted(fifo)))
  local out = assert(io.popen(("%s %s < %s 2>&1"):format(environment, command, quoted(fifo))))
  local orders = assert(io.open(fifo, "w"))
  os.remove(fifo)
  local worker = {}
  function worker.ask(task)
    orders:write(task, "\n")
    orders:flush()
    local last
    for line in out:lines() do
      local answer = {}
      for key, value in line:gmatch "([%w_]+)=(%S+)" do answer[key] = value end
      if line:find "^done " then return answer end
      if line:find "^fail " then return nil, line:sub(6) end
      last = line
    end
    return nil, who .. " ended: " .. tostring(last)
  end
  function worker.stop()
    orders:write "quit\n" -- the end of its input it would not see: workers that started later hold the pipe open, too
    orders:close()
    out:close()
  end
  return worker
end

-- The seconds that all processors together have been busy.
local function busy()
  local file = io.open "/proc/stat"
  if not file then return 0 end
  local user, nice, system, irq, soft, steal = file:read "*l":match "^cpu +(%d+) (%d+) (%d+) %d+ %d+ (%d+) (%d+) (%d+)"
  file:close()
  return (user + nice + system + irq + soft + steal) / 100
end

local function median(values)
  table.sort(values)
  return values[math.floor((#values + 1) / 2)]
end

local told = { wall = true, cpu = true, peak_mb = true, column_mb = true, rows = true }

-- nil when the answers agree, else what does not: counts exactly, sums to nine digits or so.
local function difference(own, other)
  for key, value in pairs(own) do
    local theirs = other[key]
    if theirs and key ~= "wall" and key ~= "cpu" and key ~= "peak_mb" and key ~= "column_mb" then
      local a, b = tonumber(value), tonumber(theirs)
      if value ~= theirs and not (a and b and math.abs(a - b) <= 1e-8 * math.max(math.abs(a), math.abs(b))) then
        return ("%s=%s, lathe has %s"):format(key, theirs, value)
      end
    end
  end
end

local wrong = false

-- Writes what was measured for one task and worker. `own`: lathe's, for the ratios.
local function show(task, who, result, own)
  local answer, seconds, cpu = result.answer, median(result.wall), median(result.cpu)
  local words = {}
  if result ~= own then
    words[1] = ("ratio=%.2f cpu_ratio=%.2f"):format(seconds / median(own.wall), cpu / math.max(median(own.cpu), 1e-6))
  end
  words[#words + 1] = ("cpu=%.3f runs=%d least=%.3f others=%.1f"):format(cpu, #result.wall, result.wall[1], median(result.others))
  for _, key in ipairs { "peak_mb", "column_mb", "rows" } do
    if answer[key] then words[#words + 1] = key .. "=" .. answer[key] end
  end
  local rest = {}
  for key, value in pairs(answer) do
    if not told[key] then rest[#rest + 1] = key .. "=" .. value end
  end
  table.sort(rest)
  local problem = result ~= own and difference(own.answer, answer)
  if problem then
    wrong = true
    words = { "DIFFERS: " .. problem }
  end
  print(("%-26s %-10s %8.3f %s %s"):format(task, who, seconds, table.concat(words, " "), table.concat(rest, " ")))
end

-- Is the task of the family among those that BENCH_ONLY asks for?
function bench.wanted(family, task)
  local only = os.getenv "BENCH_ONLY"
  return not only or only == "" or (family:find(only) or task:find(only)) ~= nil
end

-- The workers that are here, started; those that are not are said.
local function present(family)
  local list = {}
  local names = { "lathe", unpack(family.peers) }
  for _, who in ipairs(names) do
    local what = workers[who]
    if bench.asked(who) then
      if who == "lathe" then
        list[#list + 1] = { who, ("%s script %s --worker"):format(quoted(LATHE_PROGRAM), quoted(arg[0])) }
      elseif succeeds(what[2]) then
        list[#list + 1] = { who, what[1] }
      else
        print(("# %s: %s is not here: left out (%s)"):format(family.name, who, what[3]))
      end
    end
  end
  return list
end

-- One run of one task by one worker, added to its results.
local function run(family, task, peer, environment, results)
  local who, command, worker = peer[1], peer[2], peer.worker
  worker = worker or start(who, command, environment)
  if not family.fresh then peer.worker = worker end
  local before, begin = busy(), clock(1)
  local answer, problem = worker.ask(task)
  local seconds, used = clock(1) - begin, busy() - before
  if answer and family.after then family.after(task, answer) end
  if family.fresh then worker.stop() end
  if not answer then
    if problem ~= "no such task" then print(("# %s %s: %s"):format(task, who, problem)) end
    return false
  end
  local result = results[who] or { wall = {}, cpu = {}, others = {} }
  results[who] = result
  result.answer = answer
  table.insert(result.wall, tonumber(answer.wall))
  table.insert(result.cpu, tonumber(answer.cpu))
  table.insert(result.others, seconds > 0.05 and math.max(0, (used - tonumber(answer.cpu)) / seconds) or 0)
  return true
end

-- Runs the family: { name, peers = names of workers, tasks = names in order, data() gives the environment of workers, lathe = task ->
-- function that prepares and gives `run` and `check(what run gave)` -> rows and sums, fresh: a process for each run (for peak memory),
-- after(task, answer): looks at what a run left behind }.
function bench.family(family)
  if arg[1] == "--worker" then return bench.serve(family.lathe) end
  local tasks = {}
  for _, task in ipairs(family.tasks) do
    if bench.wanted(family.name, task) then tasks[#tasks + 1] = task end
  end
  if #tasks == 0 then return end
  local environment = { "BENCH_THREADS=" .. lathe.threads.get(), "PEERS_NODE=" .. quoted(node) }
  for key, value in pairs(family.data and family.data() or {}) do environment[#environment + 1] = key .. "=" .. quoted(tostring(value)) end
  environment = table.concat(environment, " ")
  local peers = present(family)
  for _, task in ipairs(tasks) do
    local results, out = {}, {}
    for _ = 1, runs do
      for _, peer in ipairs(peers) do
        if not out[peer] then out[peer] = not run(family, task, peer, environment, results) end
      end
    end
    for _, peer in ipairs(peers) do
      local result = results[peer[1]]
      if result then show(task, peer[1], result, results.lathe or result) end
    end
    io.stdout:flush()
  end
  for _, peer in ipairs(peers) do
    if peer.worker then peer.worker.stop() end
  end
  os.exit(wrong and 1 or 0)
end

-- The most memory that this process has had, in MB.
local function peak()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s*(%d+)"
    if kilobytes then return kilobytes / 1024 end
  end
  return 0
end

-- Seconds of processor time of this process and of the commands that it ran.
local function spent()
  local file = io.open "/proc/self/stat"
  if not file then return clock(2) end
  local user, system = file:read "*a":match "%) %S+ %d+ %d+ %d+ %d+ %S+ %d+ %d+ %d+ %d+ %d+ %d+ %d+ (%d+) (%d+)"
  file:close()
  return clock(2) + (user + system) / 100
end

local function do_task(make, ready)
  if not make then error("no such task", 0) end
  local work = ready[make] or { make() }
  ready[make] = work
  collectgarbage()
  collectgarbage()
  local wall, cpu = clock(1), spent()
  local made = work[1]()
  wall, cpu = clock(1) - wall, spent() - cpu
  local words = { ("done wall=%.6f cpu=%.6f peak_mb=%.0f"):format(wall, cpu, peak()) }
  for key, value in pairs(work[2](made)) do
    words[#words + 1] = ("%s=%s"):format(key, type(value) == "number" and ("%.12g"):format(value) or tostring(value))
  end
  if type(made) == "table" and made.release then made:release() end
  return table.concat(words, " ")
end

-- lathe's worker: tasks as bench.family has them in `lathe`.
function bench.serve(tasks)
  local ready = {}
  for task in io.lines() do
    if task == "quit" then break end
    local fine, words = pcall(do_task, tasks[task], ready)
    io.write(fine and words or "fail " .. tostring(words):gsub("\n.*", ""), "\n")
    io.flush()
  end
  io.flush()
  os.exit(0)
end

-- The rows of a table and the sums of those of `names` that it has.
function bench.sums(result, names)
  local answer = { rows = result:rows() }
  for _, name in ipairs(names) do
    if result:has(name) then
      answer["sum_" .. name] = tonumber(result:aggregate("x = sum(" .. name .. ")"):column("x"):get(1))
    end
  end
  return answer
end

-- A table read once, whoever asks for it.
local tables = {}
function bench.read(variable, options)
  tables[variable] = tables[variable] or lathe.read(os.getenv(variable), options)
  return tables[variable]
end

return bench
