-- Every shipped step runs in a flow, says what it gave and how many rows there were before and after; its help and its form make sense.
local tap = require "tap"
local lathe = require "lathe"
local core, plugin, schema = require "lathe.core", require "lathe.plugin", require "lathe.schema"

local folder = os.tmpname()
os.remove(folder)
core.try(core.C.lathe_folder_make(folder .. "/data", core.problem))
local lines = { "id,day,city,rent,rooms" }
for row = 1, 60 do
  local city = ({ "Oslo", "Bonn", "Rome" })[row % 3 + 1]
  local rent = row % 10 == 0 and "" or 500 + row * 10 + row % 7
  lines[row + 1] = ("%d,2024-01-%02d,%s,%s,%d"):format(row, row % 28 + 1, city, rent, row % 4 + 1)
end
lines[#lines + 1] = lines[2]
lines[#lines + 1] = "61,2024-01-01,Oslo,7,1,stray"
local file = assert(io.open(folder .. "/data/homes.csv", "w"))
file:write(table.concat(lines, "\n"), "\n")
file:close()
os.execute(("umask 077; echo 0123456789abcdef0123456789abcdef > '%s/data/names.key'"):format(folder))
lathe.contract(lathe.read(folder .. "/data/homes.csv", { lenient = true })):save(folder .. "/data/homes.contract.json")
lathe.table({ { "city", { "Oslo", "Bonn" } }, { "country", { "Norway", "Germany" } } }):write(folder .. "/data/cities.db")

-- The flow: what a node takes from others, its parameters, and what its log says of rows (a pattern; nil: it changes none).
local nodes = {
  { "raw", "ingest.read", {}, { path = folder .. "/data/homes.csv", lenient = true }, note = "^61 rows; .*1 rejected$" },
  { "cities", "ingest.read", {}, { path = "sqlite:" .. folder .. "/data/cities.db" }, note = "^2 rows" },
  { "profile", "look.profile", { "raw.table" }, { target = "rent" } },
  { "top", "look.head", { "raw.table" }, { rows = 3 }, note = "^3 rows$" },
  { "together", "look.correlate", { "raw.table" }, { against = "rent" } },
  { "gaps", "look.missing_patterns", { "raw.table" }, {}, note = "^2 rows$" },
  { "unique", "clean.drop_duplicates", { "raw.table" }, {}, log = "left out 1 of 61 rows, 60 stay" },
  { "whole", "clean.drop_missing", { "unique" }, { columns = { "r*" } }, log = "left out 6 of 60 rows, 54 stay" },
  { "range", "clean.keep_range", { "whole" }, { column = "rent", min = 600 }, log = "left out 9 of 54 rows, 45 stay" },
  { "clip", "clean.clip", { "whole" }, { column = "rent", low = 600, high = 1000 }, log = "limited 18 of 54 values of rent" },
  { "wanted", "look.contract", { "raw.table" }, { path = "out/homes.contract.json" } },
  { "held", "clean.expect", { "raw.table" }, { contract = folder .. "/data/homes.contract.json" }, log = "all 61 rows are" },
  { "spellings", "look.value_clusters", { "raw.table" }, { column = "city" }, note = "^0 clusters$" },
  { "names", "clean.replace", { "raw.table" }, { columns = { "city" }, values = { Bonn = "Berlin" } },
    log = "changed 21 cells of 61 rows" },
  { "lands", "clean.map", { "raw.table" }, { column = "city", values = { Bonn = "Germany" }, default = "abroad", into = "land" },
    log = "21 values of city mapped, 40 by default" },
  { "worded", "augment.reword", { "raw.table" }, { columns = { "city" } } },
  { "people", "look.personal", { "raw.table" }, {}, note = "^0 columns$" },
  { "alone", "look.anonymity", { "raw.table" }, { columns = { "city" } }, note = "^k = 20, 0 rows at risk$" },
  { "masked", "clean.mask", { "raw.table" }, { columns = { "city" }, keep = 1 }, log = "masked 1 column of 61 rows" },
  { "coarse", "clean.generalise", { "raw.table" }, { columns = { "rent" }, width = 100 }, log = "generalised 1 column of 61 rows" },
  { "named", "clean.pseudonymise", { "raw.table" }, { columns = { "city" }, key = folder .. "/data/names.key" },
    log = "pseudonymised 1 column of 61 rows" },
  { "odd", "look.disagreements", { "raw.table" }, { by = { "city" }, columns = { "rooms" } } },
  { "agreed", "clean.agree", { "raw.table" }, { by = { "city" }, columns = { "rooms" } }, log = "changed 0 cells of 61 rows" },
  { "score", "look.repairs", { "raw.table", "names", "raw.table" }, {}, note = "^precision 0.000, recall nan" },
  { "fewer", "clean.drop_columns", { "whole" }, { columns = { "day" } }, log = "left out 1 of 5 columns" },
  { "picked", "clean.select_columns", { "whole" }, { columns = { "id", "r*" } }, log = "left out 2 of 5 columns" },
  { "differ", "look.compare", { "unique", "whole" }, { key = { "id" } } },
  { "filtered", "shape.filter", { "whole" }, { where = "rent < $most", values = { most = 700 }, may_drop = 0.7 },
    log = "18 of 54 rows stay" },
  { "derived", "shape.derive", { "whole" }, { name = "per_room", expression = "rent / rooms" }, log = "made per_room %(float64%)" },
  { "typed", "shape.cast", { "whole" }, { types = { rooms = "float64" } }, log = "every value was cast" },
  { "renamed", "shape.rename", { "whole" }, { names = { rent = "price" } }, log = "renamed rent" },
  { "grouped", "shape.group_by", { "whole" }, { columns = { "city" }, aggregates = { mean = "mean(rent)" } }, log = "54 rows gave 3" },
  { "counted", "shape.value_counts", { "whole" }, { columns = { "city" } }, log = "54 rows gave 3" },
  { "distinct", "shape.distinct", { "whole" }, { columns = { "city", "rooms" } }, log = "54 rows gave 12" },
  { "wide", "shape.pivot", { "whole" }, { rows = { "city" }, columns = { "rooms" }, values = { "rent" }, aggregate = "mean" },
    log = "54 rows gave 3" },
  { "long", "shape.melt", { "wide" }, { id = { "city" }, name = "rooms", value = "rent" }, log = "3 rows gave 12" },
  { "joined", "shape.join", { "whole", "cities.table" }, { on = { "city" } }, log = "54 and 2 rows gave 36; without a partner: 18" },
  { "near", "shape.join_asof", { "whole", "filtered" }, { on = "id" }, log = "54 and 18 rows gave 54" },
  { "sorted", "shape.sort", { "whole" }, { by = { "rent" }, descending = { "rent" } }, log = "sorted by rent" },
  { "both", "shape.concat", { "range", "fewer" }, { source = "part" }, log = "45 and 54 rows gave 99" },
  { "some", "shape.sample", { "whole" }, { rows = 10 }, log = "10 of 54 rows stay" },
  { "last", "shape.slice", { "whole" }, { from = -5 }, log = "5 of 54 rows stay" },
  { "parts", "prepare.split", { "whole" }, { test = 0.25 }, note = "^40 %+ 14 rows$" },
  { "over", "augment.oversample", { "parts.train" }, { target = "city" }, log = "40 rows gave" },
  { "under", "augment.undersample", { "parts.train" }, { target = "city" }, log = "40 rows gave" },
  { "mixed", "augment.smote", { "parts.train" }, { target = "city", columns = { "rooms" } }, log = "40 rows gave" },
  { "noisy", "augment.noise", { "parts.train" }, { columns = { "rooms" } }, log = "40 rows gave 80" },
  { "recipe", "prepare.recipe", { "parts.train" },
    { steps = { "impute", { "scale", ddof = 1 } }, target = "rent", features = { "rooms" } }, note = "^1 feature$" },
  { "features", "prepare.apply", { "recipe", "parts.test" }, { keep = { "rent" } }, note = "^1 feature$" },
  { "model", "train.linear", { "parts.train" }, { target = "rent", drop = { "day" } }, note = "coefficients" },
  { "scores", "evaluate.regression", { "model", "parts.test" }, {}, note = "^R2" },
  { "shrunk", "train.ridge", { "parts.train" }, { target = "rent", drop = { "day" } }, note = "^alpha " },
  { "sparse", "train.lasso", { "parts.train" }, { target = "rent", drop = { "day" } }, note = "features, alpha " },
  { "netted", "train.elastic_net", { "parts.train" }, { target = "rent", drop = { "day" }, choose = "1se" }, note = "features, alpha " },
  { "classes", "train.logistic", { "parts.train" }, { target = "city", drop = { "day" } }, note = "^3 classes, " },
  { "counting", "train.poisson", { "parts.train" }, { target = "rooms", drop = { "day" } }, note = "coefficients" },
  { "wiser", "train.more", { "model", "parts.train" }, {}, note = "coefficients", log = "it has learned 40 more rows" },
  { "boosted", "train.boosting", { "parts.train" }, { target = "city", drop = { "day" }, rounds = 5, min_samples_leaf = 1 },
    note = "^3 classes, 15 trees, " },
  { "layered", "train.network", { "parts.train" }, { target = "rent", drop = { "day" }, layers = { 8, 4 }, epochs = 3, batch = 16 },
    note = "^3 layers, %d+ parameters$" },
  { "grown", "train.tree", { "parts.train" }, { target = "city", drop = { "day" } }, note = "^3 classes, %d+ lea" },
  { "planted", "train.forest", { "parts.train" }, { target = "rent", drop = { "day" }, trees = 5 }, note = "^5 trees$" },
  { "kinds", "shape.derive", { "whole" }, { name = "dear", expression = "rooms % 2 == 0" }, log = "made dear" },
  { "odds", "train.logistic", { "kinds" }, { target = "dear", features = { "rent" } } },
  { "right", "train.calibrate", { "odds", "kinds" }, {}, note = "^platt$" },
  { "choice", "train.decide", { "right", "kinds" }, { false_negative = 3 }, note = "^from 0%.%d+, cost " },
  { "crossed", "evaluate.cross_validate", { "whole" }, { target = "rent", drop = { "day" }, step = "train.ridge", folds = 3 },
    note = "^RMSE " },
  { "board", "evaluate.compare", { "whole" }, { target = "rent", drop = { "day" }, models = { a = "train.ridge" }, folds = 3 },
    note = "^best: a$" },
  { "learning", "evaluate.learning_curve", { "whole" }, { target = "rent", drop = { "day" }, step = "train.ridge", sizes = { 0.5, 1 } },
    note = "^2 sizes$" },
  { "unseen", "shape.derive", { "parts.test" }, { name = "dear", expression = "rooms % 2 == 0" }, log = "made dear" },
  { "costly", "evaluate.classification", { "choice.model", "unseen" }, { false_negative = 3, level = 0.9 }, note = "^accuracy" },
  { "told", "evaluate.classification", { "classes", "parts.test" }, {}, note = "^accuracy" },
  { "small", "compress.quantize", { "model", "parts.test" }, {}, note = "→" },
  { "onnx", "export.onnx", { "small.model" }, { path = "out/rent.onnx" } },
  { "bundle", "export.bundle", { "small.model" }, { path = "out/rent.lathe" } },
  { "written", "export.table", { "joined" }, { path = "out/joined.jsonl.gz" }, note = "^36 rows, " },
  { "page", "export.report", { "profile" }, { path = "out/profile.html" } },
  { "live", "deploy.serve", { "small.model" }, {} },
  { "asked", "deploy.score", { "live", "small.model", "parts.test" }, {}, note = "^14 rows" },
  { "watch", "monitor.read", { "live" }, {}, note = "requests" },
  { "stop", "deploy.stop", { "live" }, {}, note = "^drained$" },
}
if lathe.duckdb.found() then
  nodes[#nodes + 1] = { "asked_sql", "ingest.sql", { "whole" }, { query = "select city, max(rent) as most from t group by city" },
    note = "^54 → 3 rows$" }
end

local flow, ran = lathe.flow "all", {}
for _, node in ipairs(nodes) do
  local call = {}
  for name, value in pairs(node[4]) do call[name] = value end
  for index, from in ipairs(node[3]) do
    local name, output = from:match "^(%w+)%.?(%w*)$"
    call[index] = output ~= "" and flow[name][output] or flow[name]
  end
  flow[node[1]] = flow:step(node[2])(call)
  ran[node[2]] = true
end
tap.same(flow:check(), {}, "nothing is wrong with the flow before it runs")
local logs = {}
local result = flow:run { project = folder, observer = { log = function(text)
  local name, said = text:match "^(%w+): (.*)$"
  if name then logs[name] = (logs[name] or "") .. said .. "\n" end
end } }
tap.same(result.problem or "none", "none", "it runs to its end")
local notes = {}
for _, node in ipairs(result.nodes) do notes[node.name] = node.note end
for _, node in ipairs(nodes) do
  local name, step = node[1], node[2]
  local note, log = notes[name] or "", logs[name] or ""
  tap.ok(note ~= "" and #note <= 60 and note:find(node.note or "."), step .. " has a note", note)
  if node.log then tap.ok(log:find(node.log), step .. " logs what changed", log) end
end
tap.same(result:get "joined":rows(), 36, "what a step gives is there")

-- Each step: none is left out, and what it declares makes a page and a form.
local words = { table = true, model = true, report = true, endpoint = true }
local left_out, wrong = {}, {}
for _, stage in ipairs(plugin.stages()) do
  for _, step in ipairs(stage.steps) do
    if not ran[step.name] then left_out[#left_out + 1] = step.name end
    local help = plugin.help(step.name, 80)
    for line in help:gmatch "[^\n]+" do
      if require("lathe.style").width(line) > 80 then wrong[#wrong + 1] = step.name .. ": a line of its help is too long: " .. line end
    end
    for _, param in ipairs(step.params) do
      local where = step.name .. "." .. param.name
      if not help:find(param.name, 1, true) then wrong[#wrong + 1] = where .. " is not in the help" end
      if param.default ~= nil and schema.value(step, param, param.default) == nil and param.default ~= false then
        wrong[#wrong + 1] = where .. ": its default is none of its values"
      end
      if param.doc:find "[^.]%.$" then wrong[#wrong + 1] = where .. ": its words end in a point" end
      if param.doc:find "^%u%l" and not param.doc:find "^%u[%w]+:" and not param.doc:find "^Parquet, ODBC:" then
        wrong[#wrong + 1] = where .. ": its words begin with a capital"
      end
    end
    for _, port in ipairs(step.inputs) do
      if not words[port.kind] then wrong[#wrong + 1] = step.name .. ": its input " .. port.name end
    end
    if not step.doc:find "%.$" then wrong[#wrong + 1] = step.name .. ": its words do not end in a point" end
  end
end
if not lathe.duckdb.found() then
  for index, name in ipairs(left_out) do
    if name == "ingest.sql" then table.remove(left_out, index) end
  end
end
tap.same(left_out, {}, "every step was run")
tap.same(wrong, {}, "every step's page and form make sense")
os.execute(("rm -rf '%s'"):format(folder))
tap.done()
