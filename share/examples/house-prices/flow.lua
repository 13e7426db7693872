-- The whole life of a model, from a file of districts to answers over HTTP:
--
--   lathe run share/examples/house-prices/flow.lua
--
-- What it writes lies in house-prices/ below the current folder; what it keeps for the next run, in .lathe/.
local flow = lathe.flow "house-prices"

-- Districts of California in 1990: where they lie, what stands there, and the median value of a house. Look before you cut.
flow.raw    = flow:step "ingest.read"           { path = "california-housing.csv" }
flow.look   = flow:step "look.profile"          { flow.raw }

-- A node takes what other nodes give; parameters have names. `lathe help clean.drop_missing` tells all of a step's.
flow.unique = flow:step "clean.drop_duplicates" { flow.raw }
flow.tidy   = flow:step "clean.drop_missing"    { flow.unique, columns = { "total_bedrooms" } }

-- A fifth of the rows is put aside; the model never sees it, so it can tell how good the model is. The seed makes it the same one
-- each time.
flow.parts  = flow:step "prepare.split"         { flow.tidy, test = 0.2, seed = 42 }

-- The recipe (what becomes of missing values, of texts, of scales) is learned on the training rows alone and goes with the model.
flow.model  = flow:step "train.linear"          { flow.parts.train, target = "median_house_value",
                                                  impute = "median", encode = "one-hot", drop_first = true, scale = "standard" }
flow.scores = flow:step "evaluate.regression"   { flow.model, flow.parts.test }

-- Weights of one byte instead of eight, and what that costs.
flow.small  = flow:step "compress.quantize"     { flow.model, flow.parts.test, kind = "int8" }

-- Two files to take along: ONNX for other programs, a bundle for `lathe predict` and `lathe serve`.
flow.onnx   = flow:step "export.onnx"           { flow.small, path = "house-prices/house.onnx" }
flow.bundle = flow:step "export.bundle"         { flow.small, path = "house-prices/house.lathe" }

-- Serve it on a free port of this machine, ask it for each test row, see how it fared, and let it finish.
flow.live   = flow:step "deploy.serve"          { flow.small }
flow.asked  = flow:step "deploy.score"          { flow.live, flow.small, flow.parts.test }
flow.watch  = flow:step "monitor.read"          { flow.live }
flow.stop   = flow:step "deploy.stop"           { flow.live }
return flow
