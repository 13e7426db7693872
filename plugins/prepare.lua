-- Making tables ready for training.
return {
  name = "prepare", api = 1, doc = "Make tables ready for training.",
  steps = {
    split = {
      doc = "Cut the rows into training and test rows.",
      detail = "With the same seed these are the rows that scikit-learn's train_test_split takes.",
      inputs = { table = "table" },
      params = {
        test = { type = "number", default = 0.2, min = 0, doc = "the part of the rows that is for testing; from 1 on a number of rows" },
        seed = { type = "integer", default = 42, min = 0, max = 4294967295, doc = "another seed, other rows" },
        shuffle = { type = "boolean", default = true, doc = "draw the test rows at random; otherwise they are the last ones" },
        stratify = { type = "column", optional = true, doc = "both parts hold the values of this column in equal shares" },
        seal = { type = "boolean", default = true, doc = "the test rows are for measuring on alone; false: for validation, to choose by" },
        group = { type = "column", optional = true, doc = "rows that are equal in this column stay in one part; test counts groups" },
        time = { type = "column", optional = true, doc = "the latest rows by this column are for testing" },
      },
      outputs = { { "train", "table" }, { "test", "table" } },
      effect = "split",
      run = function(input, param, context)
        local style = require "lathe.style"
        local train, test = input.table:split(param)
        context.note(("%s + %s rows"):format(style.count(train:rows()), style.count(test:rows())))
        return { train = train, test = test }
      end,
    },
  },
}
