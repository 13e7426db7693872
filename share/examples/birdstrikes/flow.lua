-- From a file as it came to tables that others can use: read, look, clean, filter, derive, group, join, pivot, write.
--
--   lathe run share/examples/birdstrikes/flow.lua
--
-- What it writes lies in birdstrikes/ below the current folder; what it keeps for the next run, in .lathe/.
local flow = lathe.flow "birdstrikes"

-- Birds struck by aircraft, reported to the FAA. gzip, the delimiter and the types are found out, from every row. Rows that cannot be
-- read would go to flow.raw.rejects with their line and the reason; `types` makes a cost that is no number such a reason.
flow.raw      = flow:step "ingest.read"           { path = "birdstrikes.csv.gz", lenient = true, types = { ["Cost Total $"] = "int64" } }
flow.rejects  = flow:step "export.table"          { flow.raw.rejects, path = "birdstrikes/rejects.csv" }

-- Look before you cut: what is missing, repeated, skewed, and what goes together, as a page for the browser.
flow.look     = flow:step "look.profile"          { flow.raw.table, target = "Cost Total $" }
flow.page     = flow:step "export.report"         { flow.look, path = "birdstrikes/profile.html" }

-- Names that can be typed; no row twice; two damage codes that nobody explains.
flow.named    = flow:step "shape.rename"          { flow.raw.table, names = {
  ["Airport Name"] = "airport", ["Origin State"] = "state", ["Flight Date"] = "day", ["Phase of flight"] = "phase",
  ["Effect Amount of damage"] = "damage", ["Wildlife Species"] = "species", ["Wildlife Size"] = "size", ["Cost Total $"] = "cost",
} }
flow.unique   = flow:step "clean.drop_duplicates" { flow.named }
flow.known    = flow:step "shape.filter"          { flow.unique, where = "damage not in ('B', 'C')" }

-- Columns by expression: `lathe help expressions`. A species that is not known is missing, not a species.
flow.species  = flow:step "shape.derive"          { flow.known, name = "species",
                                                    expression = "if(starts_with(species, 'Unknown'), missing, species)" }
flow.harmful  = flow:step "shape.derive"          { flow.species, name = "harmful", expression = "if(damage == 'None', 0, 1)" }
flow.strikes  = flow:step "shape.derive"          { flow.harmful, name = "year", expression = "year(day)" }

-- Which animals cost most? Groups without a species are left out.
flow.animals  = flow:step "shape.group_by"        { flow.strikes, columns = { "species", "size" }, missing = "drop",
                                                    aggregates = { strikes = "count", harmful = "mean(harmful)", cost = "sum(cost)" } }
flow.dearest  = flow:step "shape.sort"            { flow.animals, by = { "cost" }, descending = { "cost" } }

-- Each airport beside its state: two groups of the same rows, joined. A state that came twice would be an error, not more rows.
flow.airports = flow:step "shape.group_by"        { flow.strikes, columns = { "airport", "state" }, aggregates = { strikes = "count" } }
flow.states   = flow:step "shape.group_by"        { flow.strikes, columns = { "state" }, aggregates = { in_state = "count" } }
flow.joined   = flow:step "shape.join"            { flow.airports, flow.states, on = { "state" }, validate = "many-to-one" }
flow.share    = flow:step "shape.derive"          { flow.joined, name = "share", expression = "round(strikes / in_state, 3)" }

-- When does it happen? A row for each phase of a flight, a column for each size of animal.
flow.phases   = flow:step "shape.pivot"           { flow.strikes, rows = { "phase" }, columns = { "size" }, fill = 0 }

-- For a database, for programs, for a spreadsheet. A name that ends in .parquet writes Parquet where DuckDB is (`lathe doctor`).
flow.database = flow:step "export.table"          { flow.strikes, path = "birdstrikes/strikes.db", name = "strikes" }
flow.lines    = flow:step "export.table"          { flow.dearest, path = "birdstrikes/animals.jsonl" }
flow.sheet    = flow:step "export.table"          { flow.share, path = "birdstrikes/airports.csv" }
flow.phase    = flow:step "export.table"          { flow.phases, path = "birdstrikes/phases.csv" }
return flow
