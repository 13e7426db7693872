/* own.h - what the files of model/ share. */
#ifndef LATHE_MODEL_OWN_H
#define LATHE_MODEL_OWN_H

#include <stdatomic.h>

#include "../prepare/names.h"
#include "model.h"

struct lathe_model {
  atomic_int references;
  lathe_graph *graph;
  char *kind, *title, *detail, *target, *recipe, *card;
  bool int8;
  lathe_names figure_names, table_names, notes;
  double *figures;      /* beside their names */
  lathe_table **tables; /* beside their names */
};

lathe_model *lathe_model_new(lathe_error *error);

/* A figure or table of this name, added or put in place of the one there was. The table is retained; it has columns of float64, int64 and
 * string. */
bool lathe_model_set_figure(lathe_model *model, const char *name, double value, lathe_error *error);
bool lathe_model_set_table(lathe_model *model, const char *name, lathe_table *table, lathe_error *error);

/* Figures of a list, in its order; NaN: there is none. */
typedef struct lathe_figure {
  const char *name;
  double value;
} lathe_figure;
bool lathe_model_set_figures(lathe_model *model, int32_t count, const lathe_figure *list, lathe_error *error);

/* Column `name` of a table of the model to `out` (count): false, without an error, when it is not that long, or holds anything but finite
 * numbers. */
bool lathe_model_values(const lathe_model *model, const char *table_name, const char *name, int64_t count,
                        double *out);

/* The same with a table of these columns, which are released in any case; one that is NULL has set the error. A table whose name
 * begins with "_" is what the family needs later (to go on learning): neither card nor report shows it. */
bool lathe_model_set_columns(lathe_model *model, const char *table_name, int32_t count,
                             const char *const *names, lathe_column *const *columns, lathe_error *error);

/* The title, for people, and sentences on how it was fitted and what it assumes. */
bool lathe_model_set_words(lathe_model *model, const char *title, const char *detail, lathe_error *error);

/* A copy that may be changed before others see it: all but the graph, which is NULL, and the card. */
lathe_model *lathe_model_copy(const lathe_model *model, lathe_error *error);

/* Write the model card, from all else. */
bool lathe_model_write_card(lathe_model *model, lathe_error *error);

#endif
