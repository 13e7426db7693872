-- Runs every bench_*.lua beside this file, each in a process of its own; BENCH_ONLY picks families or tasks. Arguments: this folder.
local here = arg[1]
local list, failed = io.popen(("ls '%s'/bench_*.lua"):format(here)), false
for path in list:lines() do
  local status = os.execute(("'%s' script '%s'"):format(LATHE_PROGRAM, path))
  if status ~= 0 and status ~= true then failed = true end
end
list:close()
os.exit(failed and 1 or 0)
