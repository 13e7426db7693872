/* recipe_model.c - a recipe without an estimator as a model, which gives the features. */
#include "training.h"

/* The matrix is the last operator, whatever steps have appended behind it; the output of a graph is. */
static bool end_graph(lathe_training *training, lathe_error *error) {
  const lathe_prepared *prepared = &training->prepared;
  lathe_operator node = {.kind = LATHE_OPERATOR_CONCAT, .inputs = 1, .input = &prepared->matrix};
  return lathe_graph_add(prepared->graph, &node, error) >= 0 &&
         lathe_graph_set_output_name(prepared->graph, "features", error);
}

lathe_model *lathe_model_fit_recipe(lathe_recipe *recipe, const lathe_table *table, lathe_progress *progress,
                                    lathe_error *error) {
  lathe_training training = {0};
  bool fine = lathe_training_begin(&training, "recipe", recipe, table, NULL, progress, error) &&
              end_graph(&training, error) && lathe_training_features(&training, error) &&
              lathe_model_set_figure(training.model, "rows", (double)lathe_table_rows(table), error) &&
              lathe_model_set_figure(training.model, "features", training.prepared.features.count, error) &&
              lathe_model_set_words(training.model, "Recipe",
                                    "Transforms that were learned on the training rows; the output are the "
                                    "features that they make of any rows.",
                                    error);
  return lathe_training_end(&training, fine, error);
}
