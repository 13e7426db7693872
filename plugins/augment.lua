-- Making training rows of training rows.
local function told(context, before, after)
  local count = require("lathe.style").count
  context.note(after:note())
  context.log(("%s rows gave %s"):format(count(before:rows()), count(after:rows())))
  return { table = after }
end

local seed = { type = "integer", default = 42, min = 0, doc = "another seed, other rows" }
local target = { type = "column", doc = "the column of classes" }
local ratio = { type = "number", default = 1, min = 0, doc = "rows of each class, as a part of the largest (or the smallest, of each)" }

return {
  name = "augment", api = 1, doc = "Make training rows of training rows.",
  steps = {
    oversample = {
      doc = "Append rows drawn again until each class has as many as the largest.",
      inputs = { table = "table" }, outputs = { table = "table" }, effect = "augment",
      params = { target = target, ratio = ratio, seed = seed },
      run = function(input, param, context) return told(context, input.table, (input.table:oversample(param))) end,
    },
    undersample = {
      doc = "Keep of each class as many rows, drawn by chance, as the smallest has.",
      inputs = { table = "table" }, outputs = { table = "table" }, effect = "learn",
      params = { target = target, ratio = ratio, seed = seed },
      run = function(input, param, context) return told(context, input.table, (input.table:undersample(param))) end,
    },
    smote = {
      doc = "Append rows between neighbours of one class until each class has as many as the largest (SMOTE, SMOTE-NC).",
      detail = "Rows are near by their numbers, and by their categories where they differ; scale numbers of different units first.",
      inputs = { table = "table" }, outputs = { table = "table" }, effect = "augment",
      params = {
        target = target, ratio = ratio, seed = seed,
        neighbours = { type = "integer", default = 5, min = 1, max = 64, doc = "among how many nearest rows of the class" },
        columns = { type = "columns", optional = true, doc = "the numbers that are mixed (all)" },
        categories = { type = "columns", optional = true, doc = "the categories that count (all)" },
      },
      run = function(input, param, context) return told(context, input.table, (input.table:smote(param))) end,
    },
    reword = {
      doc = "Append copies of the rows with some words of their texts left out or exchanged with the next.",
      inputs = { table = "table" }, outputs = { table = "table" }, effect = "augment",
      params = {
        columns = { type = "columns", doc = "the texts" },
        copies = { type = "integer", default = 1, min = 1, doc = "of each row" },
        drop = { type = "number", default = 0.1, min = 0, max = 0.99, doc = "the probability that a word is left out" },
        swap = { type = "number", default = 0.1, min = 0, max = 1, doc = "the probability that it is exchanged with the next" },
        seed = seed,
      },
      run = function(input, param, context) return told(context, input.table, (input.table:reword(param))) end,
    },
    noise = {
      doc = "Append copies of the rows with a little noise in their numbers.",
      inputs = { table = "table" }, outputs = { table = "table" }, effect = "augment",
      params = {
        columns = { type = "columns", optional = true, doc = "the numbers that get noise (all); leave the target out" },
        copies = { type = "integer", default = 1, min = 1, doc = "of each row" },
        scale = { type = "number", default = 0.1, min = 0, doc = "of the noise, in deviations of the column" },
        seed = seed,
      },
      run = function(input, param, context) return told(context, input.table, (input.table:noise(param))) end,
    },
  },
}
