-- lathe compare: what differs between two tables.
local function run(arguments, options)
  local lathe = require "lathe"
  local keys = options.key
  local one, two = arguments[1], arguments[2]
  local names = { one:match "[^/]+$" or one, two:match "[^/]+$" or two }
  if names[1] == names[2] then names = { one, two } end
  local a, b = lathe.read(one), lathe.read(two)
  local report = lathe.compare(a, b, { key = keys, names = names })
  if options.html then
    report:write(options.html, { format = "html" })
  elseif options.json then
    local data = report:data()
    data.schema, data.rows, data.changes, data.drift = report.schema, report.rows, report.changes, report.drift
    print(require("lathe.json").encode(data))
  else
    local style = require "lathe.style"
    io.stdout:write(report:render { width = style.columns(io.stdout), colour = style.colour(io.stdout) })
  end
  return 0
end

return {
  name = "compare",
  doc = "What differs between two files: columns, distributions, rows and cells.",
  usage = "lathe compare LEFT RIGHT [options]",
  arguments = {
    { name = "LEFT", doc = "a file that lathe reads" },
    { name = "RIGHT", doc = "the one that it is held against" },
  },
  options = {
    { name = "key", value = "COLUMN", many = true, doc = "rows that are equal here belong together (else those of one number)" },
    { name = "html", value = "FILE", doc = "write the report as a page" },
    { name = "json", doc = "the report and all its numbers as JSON" },
  },
  run = run,
}
