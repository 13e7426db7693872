-- Curves of a classification: ROC, precision and recall, calibration; as tables and as charts.
local ffi = require "ffi"
local core = require "lathe.core"

local C = core.C
local curve = {}

local SHOWN, KEPT = 200, 2000

-- ---- points ----

-- Cumulated weights of class `index` (from 0) and of the others, by descending probability; nil when one side has none.
local function cumulate(result, index)
  local rows = math.max(result.rows, 1)
  local threshold, hits, misses = ffi.new("double[?]", rows), ffi.new("double[?]", rows), ffi.new("double[?]", rows)
  local points = ffi.new "int64_t[1]"
  core.try(C.lathe_metrics_curve(result.codes, result.probabilities, result.weights, result.rows, #result.names, index, threshold, hits,
    misses, points, core.problem))
  local count = tonumber(points[0])
  return threshold, hits, misses, count
end

-- Whether point `at` lies on the line between its neighbours.
local function between(hits, misses, at)
  return hits[at + 1] - hits[at] == hits[at] - hits[at - 1] and misses[at + 1] - misses[at] == misses[at] - misses[at - 1]
end

local function table_of(columns)
  local data = {}
  for index, column in ipairs(columns) do data[index] = { column[1], column[2] } end
  return require("lathe.table").new(data)
end

-- The places of at most `most` of `count` points: the ends, and others evenly (all when `most` is nil).
local function places(count, most)
  local list = {}
  if not most or count <= most then
    for at = 1, count do list[at] = at end
    return list
  end
  for step = 0, most - 1 do list[step + 1] = 1 + math.floor(step * (count - 1) / (most - 1) + 0.5) end
  return list
end

local function pick(columns, most)
  local at, picked = places(#columns[1][2], most), {}
  for index, column in ipairs(columns) do
    local values = {}
    for step, place in ipairs(at) do values[step] = column[2][place] end
    picked[index] = { column[1], values }
  end
  return picked
end

-- The ROC curve: threshold (infinite at first), false_positive_rate, true_positive_rate; points on a line are left out, as scikit-learn
-- leaves them out.
local function roc_points(threshold, hits, misses, count)
  local positives, negatives = hits[count - 1], misses[count - 1]
  local cuts, false_rate, true_rate = { math.huge }, { 0 }, { 0 }
  for at = 0, count - 1 do
    if at == 0 or at == count - 1 or not between(hits, misses, at) then
      cuts[#cuts + 1], false_rate[#cuts + 1], true_rate[#cuts + 1] = threshold[at], misses[at] / negatives, hits[at] / positives
    end
  end
  return { { "threshold", cuts }, { "false_positive_rate", false_rate }, { "true_positive_rate", true_rate } }
end

-- Precision and recall: threshold (infinite at first, where precision is 1 by convention), precision, recall.
local function precision_points(threshold, hits, misses, count)
  local positives = hits[count - 1]
  local cuts, precision, recall = { math.huge }, { 1 }, { 0 }
  for at = 0, count - 1 do
    cuts[at + 2], precision[at + 2], recall[at + 2] = threshold[at], hits[at] / (hits[at] + misses[at]), hits[at] / positives
  end
  return { { "threshold", cuts }, { "precision", precision }, { "recall", recall } }
end

-- Rows in bins of their probability: expected, observed, weight.
local function calibration_points(result, index, bins, quantile)
  local expected, observed, weight = ffi.new("double[?]", bins), ffi.new("double[?]", bins), ffi.new("double[?]", bins)
  local filled = ffi.new "int32_t[1]"
  core.try(C.lathe_metrics_calibration(result.codes, result.probabilities, result.weights, result.rows, #result.names, index, bins,
    quantile, expected, observed, weight, filled, core.problem))
  local lists = { {}, {}, {} }
  for bin = 0, filled[0] - 1 do
    lists[1][bin + 1], lists[2][bin + 1], lists[3][bin + 1] = expected[bin], observed[bin], weight[bin]
  end
  return { { "expected", lists[1] }, { "observed", lists[2] }, { "weight", lists[3] } }
end

-- ---- for reports ----

local function series(name, columns, across, up)
  local thin = pick(columns, SHOWN)
  return { name = name, x = thin[across][2], y = thin[up][2] }
end

-- How far expected and observed lie apart, in the mean over rows.
local function calibration_error(points)
  local sum, total = 0, 0
  for bin, weight in ipairs(points[3][2]) do
    sum, total = sum + weight * math.abs(points[1][2][bin] - points[2][2][bin]), total + weight
  end
  return total > 0 and sum / total or nil
end

-- Add to a report the curves of class `index` (from 0) that its rows define: its tables roc, precision_recall and calibration, and charts.
-- options: full (all points), bins (10), strategy ("quantile" or "uniform").
function curve.add(report, result, index, options)
  local threshold, hits, misses, count = cumulate(result, index)
  local name, most = result.names[index + 1], not options.full and KEPT or nil
  local one = count > 0 and hits[count - 1] > 0
  if one and misses[count - 1] > 0 then
    local points = roc_points(threshold, hits, misses, count)
    report.roc = table_of(pick(points, most))
    report:chart { kind = "curve", title = ("ROC of %q"):format(name), diagonal = true, across = "false positive rate",
      up = "true positive rate", series = { series(name, points, 2, 3) } }
  end
  if one then
    local points = precision_points(threshold, hits, misses, count)
    report.precision_recall = table_of(pick(points, most))
    report:chart { kind = "curve", title = ("precision and recall of %q"):format(name), unit = true, across = "recall", up = "precision",
      series = { series(name, points, 3, 2) } }
  end
  local points = calibration_points(result, index, options.bins or 10, options.strategy ~= "uniform")
  report.calibration = table_of(points)
  report.metrics.calibration_error = calibration_error(points)
  if #points[1][2] > 1 then
    report:chart { kind = "curve", title = ("calibration of %q: what came true by what was said"):format(name), diagonal = true,
      across = "mean probability", up = "share that came true", series = { series(name, points, 1, 2) }, dots = true }
  end
end

return curve
