/* model.h - a fitted recipe and estimator: a graph from raw columns to the prediction, and what was learned about them.
 *
 * Every family of models leaves the same things: a graph, figures (named numbers), tables (coefficients, classes, a learning curve), and
 * notes. A model is never changed: quantizing gives another one. In a bundle (graph/bundle.h) it adds the texts
 *   "recipe": the recipe as JSON
 *   "model":  JSON { "kind", "title", "detail", "target", "weights" ("float64", "int8"),
 *             "figures": { NAME: NUMBER, .. },
 *             "tables": { NAME: [ { "name", "type" ("float64", "int64", "string"), "values": [ .. ] }, .. ], .. },
 *             "notes": [ TEXT, .. ] }
 *             where null is a missing number, and "inf" and "-inf" are numbers that JSON has not
 *   "card":   the model card, markdown, for people */
#ifndef LATHE_MODEL_MODEL_H
#define LATHE_MODEL_MODEL_H

#include "../base/progress.h"
#include "../graph/graph.h"
#include "../graph/quantize.h"
#include "../prepare/recipe.h"
#include "../table/table.h"

typedef struct lathe_model lathe_model;

lathe_model *lathe_model_retain(lathe_model *model);
void lathe_model_release(lathe_model *model);

/* What is in it. Borrowed, as long as the model lives. `_kind` is the family in a word ("linear"), `_title` for people ("Linear
 * regression"), `_detail` how it was fitted and what it assumes, in sentences. */
lathe_graph *lathe_model_graph(const lathe_model *model);
const char *lathe_model_kind(const lathe_model *model);
const char *lathe_model_title(const lathe_model *model);
const char *lathe_model_detail(const lathe_model *model);
const char *lathe_model_target(const lathe_model *model); /* of several targets all their names: "a, b" */
const char *lathe_model_recipe(const lathe_model *model);
const char *lathe_model_card(const lathe_model *model);
bool lathe_model_int8(const lathe_model *model); /* its weights are quantized */
int32_t lathe_model_notes(const lathe_model *model);
const char *lathe_model_note(const lathe_model *model, int32_t index);

/* The figures in their order, and one by its name: NaN when there is none. */
int32_t lathe_model_figures(const lathe_model *model);
const char *lathe_model_figure_name(const lathe_model *model, int32_t index);
double lathe_model_figure(const lathe_model *model, const char *name);

/* The tables in their order, and one by its name: borrowed, NULL when there is none. */
int32_t lathe_model_tables(const lathe_model *model);
const char *lathe_model_table_name(const lathe_model *model, int32_t index);
lathe_table *lathe_model_table(const lathe_model *model, const char *name);

/* The same model with int8 weights; `report` may be NULL. */
lathe_model *lathe_model_quantize(const lathe_model *model, lathe_quantize_report *report,
                                  lathe_error *error);

/* A bundle: equal models, equal bytes. Opening checks everything and runs nothing. */
bool lathe_model_save(const lathe_model *model, const char *path, lathe_error *error);
lathe_model *lathe_model_open(const char *path, lathe_error *error);

#endif
