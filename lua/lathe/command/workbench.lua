-- The workbench: what `lathe` alone, `lathe FOLDER` and `lathe FILE` start.
return {
  name = "workbench",
  doc = "The screen: flows, data, reports, models and a Lua console, in this folder.",
  usage = "lathe [FILE | FOLDER]",
  arguments = { { name = "FILE", doc = "a data file to look at, a flow (.lua), or a folder to work in", optional = true } },
  detail = [[
In the folder, flow.lua is shown and can be run, after a question when the folder is new to lathe.

  ?        the keys of this view        Ctrl-P   find a command or a step
  :        the Lua console              q        leave]],
  run = function(arguments) return require("lathe.workbench").run(arguments[1]) end,
}
