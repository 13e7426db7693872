/* glm_model.h - what models of generalised linear regressions share: their tables, what they keep to go on learning, where they begin. */
#ifndef LATHE_MODEL_GLM_MODEL_H
#define LATHE_MODEL_GLM_MODEL_H

#include "glm.h"
#include "../training.h"

/* A model of more parameters keeps none of what rows to come need: it would be larger than all else. */
enum { LATHE_GLM_MEMORY_PARAMETERS = 300 };

/* The figures of the fit that both families have, `likelihood` the log likelihoods of it and of a constant. */
bool lathe_glm_keep_figures(lathe_model *model, const lathe_glm_fit *fit, const lathe_glm_settings *settings,
                            double level, int32_t count, const lathe_figure *own, lathe_error *error);

/* The table "coefficients": errors are those of the fit times `spread`, tested by Student's t with `freedom`, or (0) by the normal
 * distribution. Notes on what was aliased, did not settle, or has no weight. */
bool lathe_glm_keep_coefficients(lathe_training *training, const lathe_glm_fit *fit, bool intercept,
                                 double level, double spread, double freedom, lathe_error *error);
bool lathe_glm_keep_notes(lathe_training *training, const lathe_glm_fit *fit, int64_t rows,
                          lathe_error *error);

/* What the fit knows of its rows, to the model's tables that begin with "_glm", and from there. False with an error when the model keeps
 * none. */
bool lathe_glm_keep_memory(lathe_model *model, const lathe_glm_fit *fit, lathe_error *error);
bool lathe_glm_read_memory(const lathe_model *model, lathe_glm_memory *memory, lathe_error *error);

/* Coefficients of another model (`start`, NULL: none) by the names of their features: (features, outputs) and (outputs), to be freed; 0
 * where it has none. Its kind and classes must be those of this one. */
bool lathe_glm_read_start(const lathe_training *training, const lathe_model *start,
                          const lathe_column *target, const lathe_classes *classes, double **weights,
                          double **bias, lathe_error *error);

/* Options that do not do are errors. */
bool lathe_glm_check(double l1, double l2, double level, int32_t iterations, lathe_error *error);

/* ---- for partial.c: a copy of a model learns more rows ---- */

bool lathe_logistic_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                             const lathe_table *table, const lathe_fit_options *options,
                             lathe_progress *progress, lathe_error *error);
bool lathe_poisson_continue(lathe_training *training, const lathe_model *model, int32_t matrix,
                            const lathe_table *table, const lathe_fit_options *options,
                            lathe_progress *progress, lathe_error *error);

#endif
