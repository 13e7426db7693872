-- lathe predict: score the rows of a file.
-- CSV on standard output, wherever that leads.
local function to_stdout(rows)
  local path = os.tmpname()
  local fine, problem = pcall(rows.write, rows, path)
  local file = fine and io.open(path, "rb")
  os.remove(path)
  if not file then error(problem, 0) end
  for block in function() return file:read(65536) end do io.stdout:write(block) end
  file:close()
end

local function run(arguments, options)
  local lathe = require "lathe"
  local wrong = require("lathe.command").wrong
  if options.output and options.json then wrong "--json goes to standard output; leave --output out" end
  local real = require("lathe.project").real
  for _, path in ipairs(arguments) do
    if options.output and real(path) and real(path) == real(options.output) then
      wrong("--output would be written over %s; name another file", path)
    end
  end
  local model = lathe.open(arguments[1])
  local types, name, targets = {}, model:target(), model:targets()
  for _, input in ipairs(model:inputs()) do
    if input.type == "string" or input.type == "category" then types[input.name] = "string" end
  end
  local rows = lathe.read(arguments[2])
  -- A text column whose cells look like numbers is text to the model; read the file again, told so.
  local again = {}
  for column in pairs(types) do
    local found = rows:has(column) and rows:type(column)
    if found and found ~= "string" and found ~= "category" then again[column] = "string" end
  end
  if next(again) then rows = lathe.read(arguments[2], { types = again }) end
  local predictions, odd = model:predict(rows)
  for _, words in ipairs(odd and odd.words or {}) do io.stderr:write(words, "\n") end
  local out = predictions
  if options.all then
    out = rows
    for index, column in ipairs(predictions:columns()) do
      out = out:with(targets[index] and "predicted_" .. targets[index] or column, predictions:column(column))
    end
  end
  if options.json then
    local json, values = require "lathe.json", {}
    local column, classes = #targets == 1 and predictions:column(name), model:classes()
    local probabilities, numbers = {}, {}
    for index, target in ipairs(#targets > 1 and targets or {}) do numbers[index] = predictions:column(target) end
    for index, class in ipairs(classes or {}) do probabilities[index] = predictions:column(("P(%s)"):format(class)) end
    for row = 1, rows:rows() do
      local value = column and column:get(row)
      for index, number in ipairs(numbers) do
        value = value or {}
        local predicted = number:get(row)
        value[targets[index]] = predicted == nil and json.null or predicted
      end
      if value ~= nil and classes then
        local shares = {}
        for index, class in ipairs(classes) do shares[class] = probabilities[index]:get(row) end
        value = { label = value, probabilities = shares }
      end
      values[row] = value == nil and json.null or value
    end
    print(json.encode { target = targets[2] and targets or name, rows = rows:rows(), predictions = json.array(values) })
  elseif options.output then
    out:write(options.output)
    io.stderr:write(("%s: %s\n"):format(options.output, out:note()))
  else
    to_stdout(out)
  end
  return 0
end

return {
  name = "predict",
  doc = "Score the rows of a file with a model.",
  usage = "lathe predict MODEL FILE [--output FILE.csv] [--all] [--json]",
  arguments = {
    { name = "MODEL", doc = "a bundle" },
    { name = "FILE", doc = "a table with the columns that the model was trained on" },
  },
  options = {
    { name = "output", value = "FILE.csv", doc = "write a file instead of standard output" },
    { name = "all", doc = "the columns of FILE too, before the prediction" },
    { name = "json", doc = "the predictions as JSON" },
  },
  run = run,
}
