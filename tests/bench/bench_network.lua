-- A dense network 28-256-256-1, ReLU, Adam, batches of 1024, 3 epochs of 1,000,000 rows, beside torch. The data is the generator's `higgs`:
-- the rows behind the first million are for testing.
local lathe = require "lathe"
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local bench = require "bench"

if not bench.wanted("network", "network") then return end
if bench.asked "lathe" then
  local train, test = bench.higgs("network", { 0, 1000000 }, { 1000000 })
  if not train then return end
  for _, threads in ipairs(bench.threads()) do
    lathe.threads.set(threads)
    local recipe = lathe.recipe { target = "y" }:scale {}
    local began, spent = bench.wall(), bench.cpu()
    local options = { task = "classification", layers = { 256, 256 }, batch = 1024, epochs = 3, seed = 1 }
    local model = lathe.fit(train, recipe, lathe.network(options))
    began, spent = bench.wall() - began, bench.cpu() - spent
    local metrics = model:evaluate(test, { resamples = 0, curves = false }).metrics
    print(("network lathe-%d %.3f cpu=%.2f loss=%.6f auc=%.6f test_loss=%.6f"):format(threads, began, spent, model:summary().log_loss,
      metrics.auc, metrics.log_loss))
  end
end
if bench.asked "torch" then bench.peer "network_torch.py" end
