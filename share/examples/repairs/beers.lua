-- Find and repair units in cells, markers for what is missing, and a state that slipped into the city.
--
--   lathe run share/examples/repairs/beers.lua --set dirty.path=dirty.csv --set clean.path=clean.csv
--
-- ORIGIN.md says where the two files come from.
local flow = lathe.flow "beers"

local types = { id = "string", abv = "string", ibu = "string", brewery_id = "string" }
flow.dirty    = flow:step "ingest.read"  { path = "dirty.csv", types = types, missing = { "" } }
flow.clean    = flow:step "ingest.read"  { path = "clean.csv", types = types, missing = { "" } }
flow.named    = flow:step "shape.rename" { flow.clean.table, names = { ["beer-name"] = "beer_name", ["brewery-name"] = "brewery_name" } }

-- "N/A" is nothing; 0.05% is 0.05 with a unit that it does not have, and 0.058999999999999997% is 0.059.
flow.absent   = flow:step "shape.derive" { flow.dirty.table, name = "ibu", expression = "if(ibu == 'N/A', missing, ibu)" }
flow.strength = flow:step "shape.derive" { flow.absent, name = "abv",
  expression = "to_text(round(to_number(replace_pattern(abv, '%$', '')), 6))" }

-- "San Francisco CA" without a state: its last word is the state.
flow.state    = flow:step "shape.derive" { flow.strength, name = "state",
  expression = "if(state is missing, extract(city, ' ([A-Z]{2})$', 1), state)" }
flow.city     = flow:step "shape.derive" { flow.state, name = "city",
  expression = "if(ends_with(city, concat(' ', state)), left(city, length(city) - length(state) - 1), city)" }

flow.score    = flow:step "look.repairs" { flow.dirty.table, flow.city, flow.named }
flow.printed  = flow:step "export.table" { flow.score, path = "beers/repairs.csv" }
flow.repaired = flow:step "export.table" { flow.city, path = "beers/repaired.csv" }
return flow
