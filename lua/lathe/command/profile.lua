-- lathe profile: a data-quality report of a file.
local function run(arguments, options)
  local lathe = require "lathe"
  local wrong = require("lathe.command").wrong
  local read = {}
  if options.delimiter then read.delimiter = options.delimiter end
  if options.missing then read.missing = options.missing end
  if options["no-header"] then read.header = false end
  if options.encoding then read.encoding = options.encoding end
  for _, pair in ipairs(options.type or {}) do
    local name, kind = pair:match "^(.+)=(%w+)$"
    if not name then wrong(("--type takes COLUMN=TYPE, not %q"):format(pair)) end
    read.types = read.types or {}
    read.types[name] = kind
  end
  read.title, read.target = arguments[1]:match "[^/]+$", options.target
  read.charts = options.charts or options.html ~= nil or nil -- a page has room for them
  read.memory, read.lenient = options.memory, options.lenient
  local report = lathe.profile.file(arguments[1], read)
  if options.html then
    report:write(options.html, { format = "html" })
  elseif options.json then
    local json, data = require "lathe.json", report:data()
    for _, summary in ipairs(report.summaries) do
      json.array(summary.bins)
      json.array(summary.top)
    end
    data.summaries = report.summaries
    print(json.encode(data))
  else
    local style = require "lathe.style"
    print(report:render { width = style.columns(io.stdout), colour = style.colour(io.stdout) })
  end
  return 0
end

return {
  name = "profile",
  doc = "A data-quality report of a file: what its columns hold, what is wrong, what mends it.",
  usage = "lathe profile FILE [options]",
  arguments = { { name = "FILE", doc = "a file or address that lathe.read reads" } },
  options = {
    { name = "target", value = "COLUMN", doc = "show how much each column tells of this one" },
    { name = "memory", value = "SIZE", doc = "take no more, such as 500MB: a larger CSV file is read in pieces" },
    { name = "lenient", doc = "leave out rows that cannot be read" },
    { name = "charts", doc = "a chart of every column as well; a page has them anyway" },
    { name = "delimiter", value = "CHARACTER", doc = "between cells (found out by default)" },
    { name = "missing", value = "TEXT", many = true, doc = "a cell that means missing, instead of the usual ones" },
    { name = "type", value = "COLUMN=TYPE", many = true, doc = "read a column as this type, whatever it holds" },
    { name = "no-header", doc = "the first row is data" },
    { name = "encoding", value = "NAME", doc = "how the text is written (found out by default)" },
    { name = "html", value = "FILE", doc = "write the report as a page" },
    { name = "json", doc = "the report and all its numbers as JSON" },
  },
  run = run,
}
