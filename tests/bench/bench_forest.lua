-- A random forest and extra trees, 200,000 rows of 28 features, 100 trees, beside scikit-learn's: time, and the AUC on 100,000 rows that
-- they have not seen. The data is the generator's `higgs`.
local lathe = require "lathe"
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local bench = require "bench"

local families = {}
for _, family in ipairs { "forest", "extra_trees" } do
  if bench.wanted("forest", family) then families[#families + 1] = family end
end
if #families == 0 then return end

local function measure(family, threads, train, test)
  lathe.threads.set(threads)
  local began, spent = bench.wall(), bench.cpu()
  local model = lathe.fit(train, lathe.recipe { target = "y" }, lathe[family] { trees = 100, task = "classification" })
  local seconds, busy, s = bench.wall() - began, bench.cpu() - spent, model:summary()
  began = bench.wall()
  model:run(test)
  local score = bench.wall() - began
  print(("%s lathe-%d %.2f cpu=%.2f auc=%.5f nodes=%d predict=%.2f%s"):format(family, threads, seconds, busy,
    model:evaluate(test).metrics.auc, s.nodes, score, s.oob_accuracy and (" oob=%.5f"):format(1 - s.oob_accuracy) or ""))
  model:release()
  collectgarbage()
end

if bench.asked "lathe" then
  local train, test = bench.higgs("forest", { 0, bench.rows(200000) }, { 1000000, 100000 })
  if not train then return end
  for _, family in ipairs(families) do
    for _, threads in ipairs(bench.threads()) do measure(family, threads, train, test) end
  end
end
if bench.asked "sklearn" then bench.peer("forest_sklearn.py", table.concat(families, ",")) end
