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
    recipe = {
      doc = "Learn a recipe alone, on training rows.",
      detail = [[The model that comes out gives the features that the recipe makes of any rows (prepare.apply). A step of train.* takes the
same list in its parameter recipe, and then the model that is trained holds the recipe.]],
      inputs = { table = "table" },
      params = {
        steps = { type = "list",
          doc = "in their order: names, or tables with options, { \"impute\", { \"scale\", ddof = 1 } } (share/doc/recipe.md)" },
        target = { type = "column", optional = true, doc = "the column that is to be predicted later: no feature" },
        features = { type = "columns", optional = true, doc = "these only (all but the target)" },
        drop = { type = "columns", optional = true, doc = "not these" },
        impersonal = { type = "columns", optional = true, doc = "these although they look personal" },
      },
      outputs = { model = "model" },
      effect = "learn",
      run = function(input, param, context)
        local lathe = require "lathe"
        local model = lathe.fit(input.table, lathe.recipe(param))
        for _, note in ipairs(model:notes()) do context.log(note) end
        context.note(model:note())
        return { model = model }
      end,
    },
    apply = {
      doc = "Make features of rows, with a recipe that was learned.",
      inputs = { { "model", "model" }, { "table", "table" } },
      params = {
        keep = { type = "columns", optional = true, doc = "columns of the table that stand in front of the features: a target" },
        flags = { type = "choice", choices = { "number", "bool" }, default = "number",
          doc = "what one-hot columns are: 0 and 1, or truth values, which take a 64th of the memory" },
      },
      outputs = { table = "table" },
      run = function(input, param, context)
        local features, odd = input.model:apply(input.table, { keep = param.keep, flags = param.flags })
        context.note(input.model:note())
        if odd then context.log(tostring(odd)) end
        return { table = features }
      end,
    },
  },
}
