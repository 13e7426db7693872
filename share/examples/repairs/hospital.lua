-- Find and repair slips of the pen, and say how good that was: 17 columns of texts, 509 cells wrong, no rule given but which columns
-- belong to which.
--
--   lathe run share/examples/repairs/hospital.lua --set dirty.path=dirty.csv --set clean.path=clean.csv
--
-- ORIGIN.md says where the two files come from.
local flow = lathe.flow "hospital"

local names = { "provider number", "hospital name", "address1", "city", "state", "zip code", "county name", "phone number",
  "hospital type", "hospital owner", "emergency service", "condition", "measure code", "measure name", "score", "sample", "stateavg" }
local types = {}
for _, name in ipairs(names) do types[name] = "string" end -- a number with a letter in it is no other type than one without

flow.dirty = flow:step "ingest.read" { path = "dirty.csv", types = types }
flow.clean = flow:step "ingest.read" { path = "clean.csv", types = types }

-- A rare spelling that is near a frequent one, column by column. Each map is a table; look at it, or export it, edit it and replay it.
local now = flow.dirty.table
for _, name in ipairs { "hospital name", "address1", "city", "county name", "hospital type", "hospital owner", "condition",
  "measure code", "measure name", "score", "sample" } do
  local key = name:gsub(" ", "_")
  flow["spellings_" .. key] = flow:step "look.value_clusters" { now, column = name, method = "distance" }
  flow["mended_" .. key] = flow:step "clean.replace" { now, flow["spellings_" .. key], columns = { name } }
  now = flow["mended_" .. key]
end

-- What belongs together: a hospital has one address, a measure one name. Codes that are too short for spellings are mended here.
flow.numbers   = flow:step "clean.agree" { now, by = { "hospital name", "address1" }, columns = { "provider number" } }
flow.hospitals = flow:step "clean.agree" { flow.numbers, by = { "provider number" }, columns = { "hospital name", "address1", "city",
  "state", "zip code", "county name", "phone number", "hospital type", "hospital owner", "emergency service" } }
flow.codes     = flow:step "clean.agree" { flow.hospitals, by = { "measure name" }, columns = { "measure code" } }
flow.measures  = flow:step "clean.agree" { flow.codes, by = { "measure code" }, columns = { "measure name", "condition" } }
flow.averages  = flow:step "clean.agree" { flow.measures, by = { "state", "measure code" }, columns = { "stateavg" } }

flow.score     = flow:step "look.repairs" { flow.dirty.table, flow.averages, flow.clean.table }
flow.printed   = flow:step "export.table" { flow.score, path = "hospital/repairs.csv" }
flow.repaired  = flow:step "export.table" { flow.averages, path = "hospital/repaired.csv" }
return flow
