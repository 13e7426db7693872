-- Flows: what is checked before a run, what is kept, what is run again.
local tap = require "tap"
local core, ffi = require "lathe.core", require "ffi"
local lathe, plugin, project = require "lathe", require "lathe.plugin", require "lathe.project"
local C = core.C

local folder = os.tmpname()
os.remove(folder)
core.try(C.lathe_folder_make(folder .. "/plugins", core.problem))

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function read(name)
  local file = io.open(folder .. "/" .. name, "rb")
  if not file then return nil end
  local text = file:read "*a"
  file:close()
  return text
end

-- Steps that count how often they run.
local counts = setmetatable({}, { __index = function() return 0 end })
rawset(_G, "toy_counts", counts)
local function counted(name) return ("toy_counts[%q] = toy_counts[%q] + 1 "):format(name, name) end
write("plugins/toy.lua", [[
return { name = "toy", api = 1, doc = "For the test.", steps = {
  read = { doc = "Read numbers.", params = { path = { type = "path", doc = "the file" } }, outputs = { table = "table" },
    run = function(_, param) ]] .. counted "read" .. [[ return { table = lathe.read(param.path) } end },
  split = { doc = "Cut.", inputs = { table = "table" }, params = { at = { type = "integer", doc = "where", default = 2 } },
    outputs = { { "first", "table" }, { "second", "table" } },
    run = function(input, param) ]] .. counted "split" .. [[
      local rest = {}
      for row = param.at + 1, input.table:rows() do rest[#rest + 1] = row end
      return { first = input.table:head(param.at), second = input.table:take(rest) }
    end },
  count = { doc = "Count.", inputs = { table = "table" }, params = { column = { type = "column", doc = "of it", optional = true } },
    outputs = { report = "report" },
    run = function(input, _, context) ]] .. counted "count" .. [[
      local report = lathe.report "count"
      report.metrics = { r2 = input.table:rows() / 10, baseline_r2 = 0 }
      context.note(input.table:rows() .. " counted")
      return { report = report:values { { "rows", input.table:rows() } } }
    end },
  pair = { doc = "Two of them.", inputs = { { "left", "table" }, { "right", "table", optional = true } }, outputs = { table = "table" },
    run = function(input) ]] .. counted "pair" .. [[ return { table = input.right or input.left } end },
  write = { doc = "Write.", inputs = { report = "report" }, params = { path = { type = "output", doc = "where" } },
    run = function(input, param) ]] .. counted "write" .. [[
      local file = assert(io.open(param.path, "w"))
      file:write(tostring(input.report))
      file:close()
    end },
  live = { doc = "Live.", cache = false, inputs = { table = "table" }, outputs = { report = "report" },
    run = function(_, _, context) ]] .. counted "live" .. [[
      context.defer(function() toy_counts.deferred = toy_counts.deferred + 1 end)
      return { report = lathe.report "live" }
    end },
  fail = { doc = "Fail.", inputs = { table = "table" }, params = { path = { type = "output", doc = "where", default = "no.txt" } },
    run = function(_, param)
      local file = assert(io.open(param.path, "w"))
      file:write "half"
      file:close()
      error("cannot go on with " .. param.path, 0)
    end },
  wrong = { doc = "Return the wrong kind.", outputs = { report = "report" }, run = function() return { report = 1 } end },
  extra = { doc = "Return too much.", run = function() return { reprt = 1 } end },
  nothing = { doc = "Write nothing.", params = { path = { type = "output", doc = "where" } }, run = function() end },
} }
]])
write("data.csv", "a,b\n1,2\n3,4\n5,6\n")
plugin.use(folder .. "/plugins")

local function new_flow(out)
  local flow = lathe.flow "toys"
  flow.raw = flow:step "toy.read" { path = folder .. "/data.csv" }
  flow.parts = flow:step "toy.split" { flow.raw, at = 2 }
  flow.look = flow:step "toy.count" { flow.parts.first }
  flow.file = flow:step "toy.write" { flow.look, path = out or "out/report.txt" }
  return flow
end

local function run(flow, options)
  options = options or {}
  options.project = options.project or folder
  for name in pairs(counts) do counts[name] = nil end
  return flow:run(options)
end

-- The shape
local flow = new_flow()
local nodes = flow:nodes()
tap.same({ #nodes, nodes[1].name, nodes[2].step, nodes[2].inputs[1].node, nodes[3].inputs[1].output },
  { 4, "raw", "toy.split", "raw", "first" }, "a flow tells its nodes")
tap.same(flow:check(), {}, "a flow that is right has no problems")
local shape = new_flow()
tap.raises(function() return shape.rwa end, 'no node "rwa" yet; did you mean "raw"?', "an unknown node is answered with the nearest")
tap.raises(function() shape.raw = shape:step "toy.wrong" {} end, 'has a node "raw" already', "a node's name is given once")
tap.raises(function() shape.run = shape:step "toy.wrong" {} end, "choose another name", "a method's name is no node's name")
tap.raises(function() shape.x = 3 end, "is made by a step", "only nodes are assigned")
tap.raises(function() return lathe.flow {} end, "takes a name", "a flow has a name")

-- All that is wrong is told before anything runs
local bad = lathe.flow "bad"
bad.raw = bad:step "toy.raed" { path = "x" }
bad.parts = bad:step "toy.split" { bad.raw, att = 3 }
bad.good = bad:step "toy.read" { path = folder .. "/dta.csv" }
bad.half = bad:step "toy.split" { bad.good }
bad.count = bad:step "toy.count" { bad.half }
bad.other = bad:step "toy.count" { bad.half.frst }
bad.none = bad:step "toy.count" {}
bad.place = bad:step "toy.count" { "data.csv" }
bad.two = bad:step "toy.write" { bad.count, path = "same.txt" }
bad.three = bad:step "toy.write" { bad.count, path = "same.txt" }
bad.kind = bad:step "toy.write" { bad.half.first, path = "k.txt" }
bad.value = bad:step "toy.read" { path = bad.raw }
local problems = table.concat(bad:check(), "\n")
for _, words in ipairs {
  'raw: there is no step "toy.raed"; did you mean "toy.read"?', 'parts: toy.split: there is no parameter "att"; did you mean "at"?',
  "good: toy.read: path: there is no file " .. folder .. "/dta.csv",
  "count: toy.count takes a table, but half gives more than one; say flow.half.first or flow.half.second",
  'other: half (toy.split) gives no "frst"; did you mean "first"?', "none: toy.count wants a table as its table",
  'place: item 1 is "data.csv", not a node of the flow; parameters have names', "three: toy.write: same.txt is written by two too",
  "kind: toy.write has no place for half (first (table)); it takes report",
  "value: path is a parameter of toy.read and takes a value, not a node",
} do tap.ok(problems:find(words, 1, true), "says: " .. words, problems) end
tap.ok(problems:find("test_flow.lua:%d+: raw"), "with the file and line of the node")
tap.raises(function() bad:run { project = folder } end, "toy.raed", "a wrong flow is not run")
tap.ok(not project.exists(folder), "and leaves no project behind")

-- Keeping and going on
tap.same(tostring(flow.parts), "node parts: toy.split { flow.raw, at = 2 }\nnot run yet",
  "a node tells its call before it has run")
local result = run(flow)
tap.same({ counts.read, counts.split, counts.count, counts.write, result.reused, result.state }, { 1, 1, 1, 1, 0, "done" },
  "the first run runs all")
tap.same(result:get("parts", "second"):rows(), 1, "a result gives artifacts")
tap.same(tostring(flow.look), "node look: toy.count { flow.parts.first }\ndone in the last run: 2 counted",
  "a node tells what it is and gave")
tap.raises(function() result:get "parts" end, "parts gives first and second; say which", "and asks which when there are several")
tap.ok(read "out/report.txt":find "count", "files are written below the project folder")
local summary = tostring(result:summary())
tap.ok(summary:find("R2", 1, true) and summary:find("out/report.txt", 1, true), "the summary says how good and where", summary)
result = run(flow)
tap.same({ counts.read, counts.split, counts.count, counts.write, result.reused }, { 0, 0, 0, 0, 4 }, "the second runs none")
tap.same(result.nodes[3].note, "2 counted", "notes are kept")
os.remove(folder .. "/out/report.txt")
run(flow)
tap.ok(read "out/report.txt" and counts.write == 0, "a removed file comes back without a run")
write("out/report.txt", "scribbled")
run(flow)
tap.ok(read "out/report.txt":find "count" and counts.write == 0, "a changed file too")
run(new_flow("elsewhere/b.txt"))
tap.ok(read "elsewhere/b.txt" and counts.count == 0 and counts.write == 1, "another place is another step call")

-- What makes a step run again
result = run(flow, { set = { ["parts.at"] = 1 } })
tap.same({ counts.read, counts.split, counts.count }, { 0, 1, 1 }, "a changed parameter")
run(flow)
tap.same({ counts.split, counts.count }, { 0, 0 }, "set for one run is for that run only")
run(flow, { set = { ["parts.at"] = "1" } })
tap.same({ counts.split, counts.count }, { 0, 0 }, "text is read as on the command line")
tap.raises(function() run(flow, { set = { ["parts.att"] = 1 } }) end, 'has no parameter "att"; did you mean "at"?', "set checks names")
tap.raises(function() run(flow, { set = { ["parts.at"] = 1.5 } }) end, "is a whole number", "set checks values")
write("data.csv", "a,b\n1,2\n3,4\n5,7\n")
run(flow)
tap.same({ counts.read, counts.split, counts.count, counts.write }, { 1, 1, 0, 0 },
  "changed data, as far as it changes what comes after")
write("data.csv", "a,b\n1,2\n3,4\n5,6\n")
run(flow)
tap.same({ counts.read, counts.split, counts.count }, { 0, 0, 0 }, "data as it was before is known")
run(flow, { fresh = true })
tap.same({ counts.read, counts.split, counts.count }, { 1, 1, 1 }, "fresh uses nothing")
result = run(flow, { only = "parts", fresh = true })
tap.same({ counts.read, counts.split, counts.count, result.nodes[3].state }, { 1, 1, 0, "skipped" }, "only runs what a node needs")
tap.raises(function() run(flow, { only = "prts" }) end, 'did you mean "parts"?', "only checks names")

-- Damage
local store = project.open(folder)
local function object_of(node, output)
  for _, entry in ipairs(result.nodes) do
    if entry.name == node then
      for _, one in ipairs(entry.outputs) do
        if one.name == output then return store:object(one.hash) end
      end
    end
  end
end
result = run(flow)
local function damage(path)
  os.execute("chmod u+w " .. path)
  local file = assert(io.open(path, "r+b"))
  file:seek("end", -1)
  file:write "\255"
  file:close()
end
damage(object_of("raw", "table"))
run(flow)
tap.same(counts.read, 0, "a damaged object that nobody needs is not looked at")
local logged = {}
result = run(flow, { set = { ["parts.at"] = 3 }, observer = { log = function(text) logged[#logged + 1] = text end } })
tap.same({ counts.read, counts.split, result.state }, { 1, 1, "done" }, "one that is needed is made again")
tap.ok((logged[1] or ""):find("raw: table is made again", 1, true), "and that is said", logged[1])
result = run(flow)
os.remove(object_of("parts", "first"))
run(flow)
tap.same({ counts.read, counts.split, counts.count }, { 0, 1, 0 }, "a lost object is made again")
for _, name in ipairs(project.list(folder .. "/.lathe/steps")) do
  local text = read(".lathe/steps/" .. name)
  write(".lathe/steps/" .. name, text:sub(1, math.floor(#text / 2)))
end
result = run(flow)
tap.same({ counts.read, result.state }, { 1, "done" }, "torn step files are as if they were not there")
local journal = ".lathe/runs/" .. result.id .. "/journal.jsonl"
write(".lathe/runs/" .. result.id .. "/record.json", "{")
write(journal, read(journal):sub(1, -20))
tap.same({ store:run(result.id).state, #store:run(result.id).nodes }, { "interrupted", 4 }, "a torn record is told from the journal")

-- Live steps, failures, and what steps return
local live = lathe.flow "live"
live.raw = live:step "toy.read" { path = folder .. "/data.csv" }
live.up = live:step "toy.live" { live.raw }
run(live)
run(live)
tap.same({ counts.read, counts.live, counts.deferred }, { 0, 1, 1 }, "a live step runs each time, and what it deferred is done")
local failing = lathe.flow "failing"
failing.raw = failing:step "toy.read" { path = folder .. "/data.csv" }
failing.up = failing:step "toy.live" { failing.raw }
failing.bad = failing:step "toy.fail" { failing.raw }
tap.raises(function() run(failing) end, "bad (toy.fail): cannot go on with " .. folder .. "/no.txt",
  "a failure says node, step and sentence, with the path that the user knows")
tap.ok(read "no.txt" == nil, "a failed step leaves no half file")
tap.same(counts.deferred, 1, "what was deferred is done after a failure too")
tap.same(store:runs(1)[1].state, "failed", "the run's record says it failed")
for step, words in pairs {
  wrong = 'returned a number as its output "report", which is a report', extra = 'returned "reprt", which is not among its outputs',
} do
  local one = lathe.flow(step)
  one.node = one:step("toy." .. step) {}
  tap.raises(function() run(one) end, words, "a step that returns something else fails: " .. step)
end
local nothing = lathe.flow "nothing"
nothing.node = nothing:step "toy.nothing" { path = "n.txt" }
tap.raises(function() run(nothing) end, "wrote no file", "so does one that does not write its file")

-- Inputs by kind, in order, and by name
local pairs_flow = lathe.flow "pairs"
pairs_flow.raw = pairs_flow:step "toy.read" { path = folder .. "/data.csv" }
pairs_flow.parts = pairs_flow:step "toy.split" { pairs_flow.raw }
pairs_flow.a = pairs_flow:step "toy.pair" { pairs_flow.parts.first, pairs_flow.parts.second }
pairs_flow.b = pairs_flow:step "toy.pair" { left = pairs_flow.parts.second, right = pairs_flow.parts.first }
pairs_flow.c = pairs_flow:step "toy.pair" { pairs_flow.parts.first }
result = run(pairs_flow)
tap.same({ result:get("a"):rows(), result:get("b"):rows(), result:get("c"):rows() }, { 1, 2, 2 },
  "artifacts go to inputs in order or by name, and an optional one may be left out")

-- Columns are checked against the table
local column = lathe.flow "column"
column.raw = column:step "toy.read" { path = folder .. "/data.csv" }
column.count = column:step "toy.count" { column.raw, column = "aa" }
tap.raises(function() run(column) end, 'count (toy.count): there is no column "aa"; did you mean "a"?', "an unknown column is answered")

-- Two runs at once, in two stores of one folder: each event of the one between those of the other
local first, second = store:begin_run(), project.open(folder):begin_run()
tap.ok(first.id ~= second.id, "two runs have two ids")
tap.same(store:run(first.id).state, "running", "a run that goes on is running")
first:event { event = "begin", flow = "x", nodes = { { name = "n", step = "s" } } }
first:event { event = "start", node = "n" }
C.lathe_store_run_end(ffi.gc(first.handle, nil))
tap.same({ store:run(first.id).state, store:run(first.id).nodes[1].state }, { "interrupted", "interrupted" },
  "one that was killed is interrupted")
local a, b = store:staging "x", project.open(folder):staging "x"
tap.ok(a ~= b and project.look((a:gsub("/x$", ""))) == "folder", "two open stores do not share a place for files in the making")

-- The store's objects
local hash = store:put "some bytes"
tap.ok(store:has(hash, 10) and not store:has(hash, 9), "an object is found by hash and size")
damage(store:object(hash))
tap.ok(not store:check(hash) and not store:has(hash, 10), "a damaged object is found out and removed")
tap.same(store:put "some bytes", hash, "and can be put again")
store:restore(hash, folder .. "/deep/er/file")
tap.same(read "deep/er/file", "some bytes", "an object is restored with its folders")
tap.raises(function() store:restore("../../etc/passwd", folder .. "/x") end, "is not the name of an object", "only hashes name objects")
write(".lathe/format", "2\n")
tap.raises(function() project.open(folder) end, "is not of format 1", "a project of a later format is refused")
tap.raises(function() project.open(folder .. "/deep") end, "there is no project here", "a folder without one is said")

core.try(C.lathe_path_remove(folder, core.problem))
tap.done()
