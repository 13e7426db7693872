-- Gradient boosting, 1,000,000 rows of 28 features, 100 trees at a rate of 0.1, of 255 leaves and of depth 8, beside xgboost (and LightGBM
-- by $LGB_LIB). The data is the generator's `higgs`: the rows behind the first million are for testing.
local lathe = require "lathe"
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local bench = require "bench"

local shapes = {
  { "leaf", { max_leaves = 255, min_samples_leaf = 20, l2 = 1 } },
  { "depth", { max_depth = 8, min_samples_leaf = 1, min_weight = 1, l2 = 1 } },
}
local wanted = {}
for _, shape in ipairs(shapes) do
  if bench.wanted("boosting", "boosting_" .. shape[1]) then wanted[#wanted + 1] = shape end
end
if #wanted == 0 then return end

local function measure(shape, threads, train, test)
  lathe.threads.set(threads)
  local options = { task = "classification", rounds = 100, rate = 0.1 }
  for name, value in pairs(shape[2]) do options[name] = value end
  local began, spent = bench.wall(), bench.cpu()
  local model = lathe.fit(train, lathe.recipe { target = "y" }, lathe.boosting(options))
  local seconds, busy = bench.wall() - began, bench.cpu() - spent
  began = bench.wall()
  local metrics = model:evaluate(test).metrics
  print(("boosting_%s lathe-%d %.3f cpu=%.2f auc=%.6f log_loss=%.6f evaluate_s=%.3f leaves=%d"):format(shape[1], threads, seconds, busy,
    metrics.auc, metrics.log_loss, bench.wall() - began, model:summary().leaves))
end

if bench.asked "lathe" then
  local train, test = bench.higgs("boosting", { 0, 1000000 }, { 1000000 })
  if not train then return end
  for _, shape in ipairs(wanted) do
    for _, threads in ipairs(bench.threads()) do measure(shape, threads, train, test) end
  end
end
if bench.asked "xgboost" or bench.asked "lightgbm" then
  local names = {}
  for index, shape in ipairs(wanted) do names[index] = shape[1] end
  bench.peer("boosting_trees.py", table.concat(names, ","))
end
