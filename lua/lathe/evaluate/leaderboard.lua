-- lathe.compare { table =, models = }: recipes and estimators on the same folds, the best first, with a line under those that the folds do
-- not tell from the best, and what each costs: time of a prediction, bytes of the bundle.
local core = require "lathe.core"
local folds = require "lathe.evaluate.folds"
local metric = require "lathe.evaluate.metric"

local C = core.C
local leaderboard = {}

core.takes["lathe.compare models"] = {
  table = core.open, models = core.open, metric = core.open, level = 0.95, costs = true, title = core.open,
}
for name, default in pairs(folds.takes) do
  if name ~= "augment" and name ~= "metrics" then core.takes["lathe.compare models"][name] = default end
end

-- ---- the models ----

-- The learners by their names, sorted: { { name =, learner =, augment = }, ... }.
local function learners(models)
  if type(models) ~= "table" or getmetatable(models) ~= nil or next(models) == nil then
    core.fail "lathe.compare: models gives each a name: { linear = { recipe, lathe.linear {} }, boosting = { recipe, lathe.boosting {} } }"
  end
  local list = {}
  for name, given in pairs(models) do
    local where = ("lathe.compare: model %q"):format(tostring(name))
    if type(name) ~= "string" then core.fail("%s has no name: { linear = { recipe, lathe.linear {} } }", where) end
    if type(given) == "function" then given = { given } end
    if type(given) ~= "table" or getmetatable(given) ~= nil then
      core.fail("%s is a %s; give { recipe, estimator }, or a function from training rows to a model", where, type(given))
    end
    for key in pairs(given) do
      if key ~= 1 and key ~= 2 and key ~= "augment" then core.unknown_option(where, key, { augment = true }) end
    end
    list[#list + 1] = { name = name, learner = folds.learner(where, given[1], given[2]), augment = given.augment }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  for _, one in ipairs(list) do
    local first = list[1].learner.target
    if first and one.learner.target and one.learner.target ~= first then
      core.fail("lathe.compare: %q predicts %q and %q predicts %q; models of one target are compared", list[1].name, first, one.name,
        one.learner.target)
    end
  end
  return list
end

-- ---- what a model costs ----

local ROWS, TURNS = { 1, 1024 }, { 101, 15 }

-- The median time of predicting `count` rows of the table (again from the first when it has fewer), in seconds.
local function latency(model, table_, count, turns)
  local ffi = require "ffi"
  local places, all = ffi.new("int64_t[?]", count), table_:rows()
  for row = 0, count - 1 do places[row] = row % all end
  local rows, times = require("lathe.split").take(table_, places, count), {}
  for turn = 1, turns do
    local begun = C.lathe_clock()
    model:run(rows)
    times[turn] = C.lathe_clock() - begun
  end
  table.sort(times)
  return times[math.ceil(turns / 2)]
end

-- The bytes of the bundle that model:save writes.
local function bytes_of(model)
  local path = os.tmpname()
  local fine, problem = pcall(model.save, model, path)
  local file = fine and io.open(path, "rb")
  local size = file and file:seek "end"
  if file then file:close() end
  os.remove(path)
  return size or core.fail("the bundle could not be measured: %s", tostring(problem))
end

local function costs(entry, table_, options)
  local model = folds.learn(entry.learner, table_, { augment = entry.augment }, "all rows")
  folds.measure(model, table_:head(1), options) -- once unmeasured: what is made on first use is there
  return { one = latency(model, table_, ROWS[1], TURNS[1]), many = latency(model, table_, ROWS[2], TURNS[2]), bytes = bytes_of(model) }
end

-- ---- ties ----

-- How likely folds differ as much as these two lists do, when the learners are equally good: the corrected resampled t-test (Nadeau,
-- Bengio 2003), two-sided. nil when there are not two folds that define both.
function leaderboard.test(one, other, name)
  local differences, sum = {}, 0
  for index, fold in ipairs(one) do
    local a, b = fold.values[name], other[index].values[name]
    if a and b then
      differences[#differences + 1] = a - b
      sum = sum + a - b
    end
  end
  local count = #differences
  if count < 2 then return nil end
  local mean, squares = sum / count, 0
  for _, difference in ipairs(differences) do squares = squares + (difference - mean) ^ 2 end
  local deviation = math.sqrt(squares / (count - 1))
  if deviation == 0 then return mean == 0 and 1 or 0, mean end
  return C.lathe_student_tails(mean / folds.standard_error(one, deviation, count), count - 1), mean
end

-- The best first; those that are not told from it before those that are. `better` is 1 when more is better, -1 when less is.
local function rank(entries, one, level)
  local function before(a, b)
    if (a.tied or false) ~= (b.tied or false) then return a.tied or false end
    if a.mean ~= b.mean then return (a.mean - b.mean) * one.better > 0 end
    return a.name < b.name
  end
  table.sort(entries, before)
  for index, entry in ipairs(entries) do
    if index > 1 then entry.p, entry.difference = leaderboard.test(entry.list, entries[1].list, one.name) end
    entry.tied = index == 1 or entry.p == nil or entry.p >= 1 - level
  end
  table.sort(entries, before)
end

-- ---- the report ----

local function shown(value) return value and require("lathe.summary").metric(value) or nil end

local function board(report, entries, one, base, options)
  local style = require "lathe.style"
  local columns, lines, tied = { "model", { name = one.words, align = "right" } }, {}, 0
  local function column(name) columns[#columns + 1] = { name = name, align = "right" } end
  column(("%g %% interval"):format(options.level * 100))
  column "p against best"
  if options.costs then
    column "1 row"
    column "1024 rows"
    column "bundle"
  end
  for index, entry in ipairs(entries) do
    local interval = entry.interval
    local line = { entry.name, shown(entry.mean), interval and ("%s to %s"):format(shown(interval[1]), shown(interval[2])) }
    line[4] = entry.p and (entry.p < 0.0001 and "<0.0001" or style.fixed(entry.p, 4)) or nil
    if options.costs then
      line[5], line[6], line[7] = style.seconds(entry.costs.one), style.seconds(entry.costs.many), style.bytes(entry.costs.bytes)
    end
    if entry.tied then tied = index end
    lines[index] = line
  end
  lines[#lines + 1] = { "baseline", shown(base) }
  report:table { columns = columns, rows = lines, line_after = tied }
  return tied
end

local function others(report, entries, of, one)
  local columns, lines, names = { "model" }, {}, {}
  for _, other in ipairs(folds.shown(entries[1].list, of, {})) do
    if other.name ~= one.name then
      names[#names + 1] = other
      columns[#columns + 1] = { name = other.words, align = "right" }
    end
  end
  for index, entry in ipairs(entries) do
    lines[index] = { entry.name }
    for at, other in ipairs(names) do lines[index][at + 1] = shown((folds.mean(entry.list, other.name))) end
  end
  report:heading "Other figures, means over folds"
  report:table { columns = columns, rows = lines }
end

local function as_table(entries, one, options)
  local lists = {}
  for _, name in ipairs { "model", "mean", "low", "high", "p", "tied", "seconds_1", "seconds_1024", "bytes" } do
    lists[name] = { n = #entries }
  end
  for index, entry in ipairs(entries) do
    lists.model[index], lists.mean[index], lists.p[index], lists.tied[index] = entry.name, entry.mean, entry.p, entry.tied
    if entry.interval then lists.low[index], lists.high[index] = unpack(entry.interval) end
    if options.costs then
      lists.seconds_1[index], lists.seconds_1024[index], lists.bytes[index] = entry.costs.one, entry.costs.many, entry.costs.bytes
    end
  end
  local data = { { "model", lists.model }, { one.name, lists.mean }, { "low", lists.low }, { "high", lists.high }, { "p", lists.p },
    { "tied", lists.tied } }
  if options.costs then
    for _, name in ipairs { "seconds_1", "seconds_1024", "bytes" } do data[#data + 1] = { name, lists[name] } end
  end
  return require("lathe.table").new(data)
end

local function words_of(entries, tied, one, options)
  local style = require "lathe.style"
  local words = ("%s rows, the same %d folds%s for all. "):format(style.count(options.table:rows()), options.folds,
    options.repeats > 1 and (", drawn %d times,"):format(options.repeats) or "")
  local best = entries[1].name
  if tied == #entries and tied > 1 then
    words = words .. ("The folds do not tell any of them from the best, %s: take the cheapest."):format(best)
  elseif tied > 1 then
    words = words .. ("Models above the line are not told from the best, %s, by these folds; those below it are worse."):format(best)
  elseif #entries > 1 then
    words = words .. ("%s is better than all others."):format(best)
  end
  return words .. (" Intervals and p, of %s, are corrected for training rows that folds share; p not for the number of models."):format(
    one.words)
end

-- The leaderboard: lathe.compare { table = t, models = { linear = { recipe, lathe.linear {} }, boosting = { recipe, lathe.boosting {} }
-- } }. Each model is a recipe and an estimator, beside which `augment` may stand, or a function from training rows to a model. A report;
-- its .leaderboard is a table: model, the metric, low, high, p (of the corrected resampled t-test against the best), tied, seconds_1 and
-- seconds_1024 (the median time to predict so many rows), bytes (of the bundle, learned from all rows). .winner is the name of the best,
-- .folds the figures of each model's folds.
-- Options: those of lathe.cross_validate but metrics and augment; metric (by which they are ranked: of two classes "auc", of several
-- "log_loss", of numbers "rmse"), level (0.95), costs (true: learn from all rows, too, and take times and bytes), title.
function leaderboard.compare(given)
  local where = "lathe.compare"
  if given[1] ~= nil then core.fail "lathe.compare takes two tables, or { table = t, models = { NAME = { recipe, estimator } } }" end
  core.check_options(given, core.takes["lathe.compare models"], where)
  local options = core.options(given, "lathe.compare models")
  folds.check_table(options.table, where)
  local entries = learners(options.models)
  folds.options(options, where, entries[1].learner)
  if type(options.level) ~= "number" or not (options.level > 0 and options.level < 1) then
    core.fail("lathe.compare: level is a number such as 0.95, not %s", tostring(options.level))
  end
  local of
  for _, entry in ipairs(entries) do
    local own = setmetatable({ augment = entry.augment }, { __index = options })
    local fine, list, one = pcall(folds.run, options.table, entry.learner, own)
    if not fine then core.fail("%s: %s", entry.name, core.sentence(list)) end
    if of and one.task ~= of.task then core.fail("%s is a %s, and %s a %s", entries[1].name, of.task, entry.name, one.task) end
    entry.list, of = list, of or one
  end
  local one = options.metric and metric.find(of.task, options.metric) or metric.first(of.task, of.classes and #of.classes)
  if one.better == 0 then core.fail("lathe.compare: models are not ranked by %s, of which neither more nor less is better", one.words) end
  local report = require("lathe.report").new(options.title or ("Models of %s, by %s"):format(of.target, one.words))
  local base
  for _, entry in ipairs(entries) do
    local deviation, count, baseline
    entry.mean, deviation, count, baseline = folds.mean(entry.list, one.name)
    if not entry.mean then core.fail("lathe.compare: no fold defines the %s of %q", one.words, entry.name) end
    if deviation then
      entry.interval = metric.interval(one, entry.mean,
        folds.standard_error(entry.list, deviation, count) * C.lathe_student_bound(1 - options.level, count - 1))
    end
    if options.costs then entry.costs = costs(entry, options.table, options) end
    base = base or baseline
  end
  if one.name == "auc" then base = 0.5 end -- of any prediction that is the same for all rows
  rank(entries, one, options.level)
  local tied = board(report, entries, one, base, options)
  report:text(words_of(entries, tied, one, options))
  local best = entries[1].mean
  if base and (best - base) * one.better <= 0 then report:alert { text = "no model is better than the baseline" } end
  others(report, entries, of, one)
  report.metrics = { [one.name] = best, ["baseline_" .. one.name] = base, models = #entries, tied = tied }
  report.winner, report.leaderboard, report.folds = entries[1].name, as_table(entries, one, options), {}
  for _, entry in ipairs(entries) do report.folds[entry.name] = entry.list end
  return report
end

return leaderboard
