-- Two classes told apart: benign and malignant, by thirty measures of cell nuclei.
--
--   lathe run share/examples/breast-cancer/flow.lua
--
-- What it writes lies in breast-cancer/ below the current folder; what it keeps for the next run, in .lathe/.
local flow = lathe.flow "breast-cancer"

flow.raw    = flow:step "ingest.read"             { path = "breast_cancer.csv" }

-- A fifth is put aside, with as large a share of malignant ones as the rest.
flow.parts  = flow:step "prepare.split"           { flow.raw, test = 0.2, seed = 42, stratify = "diagnosis" }

-- The measures tell some rows apart without error: without a penalty no coefficients would be the best.
flow.model  = flow:step "train.logistic"          { flow.parts.train, target = "diagnosis", l2 = 1 }
flow.scores = flow:step "evaluate.classification" { flow.model, flow.parts.test }

-- Weights of one byte instead of eight; ONNX for other programs, a bundle for `lathe predict` and `lathe serve`.
flow.small  = flow:step "compress.quantize"       { flow.model, flow.parts.test }
flow.onnx   = flow:step "export.onnx"             { flow.small, path = "breast-cancer/cancer.onnx" }
flow.bundle = flow:step "export.bundle"           { flow.small, path = "breast-cancer/cancer.lathe" }

-- Serve it, ask it for each test row, and let it finish.
flow.live   = flow:step "deploy.serve"            { flow.small }
flow.asked  = flow:step "deploy.score"            { flow.live, flow.small, flow.parts.test }
flow.stop   = flow:step "deploy.stop"             { flow.live }
return flow
