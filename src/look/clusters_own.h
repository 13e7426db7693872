/* clusters_own.h - what the files of value clustering share. */
#ifndef LATHE_LOOK_CLUSTERS_OWN_H
#define LATHE_LOOK_CLUSTERS_OWN_H

#include "../base/memory.h"
#include "../base/progress.h"
#include "clusters.h"

/* Whether text `a` (its index) stands for a cluster rather than text `b`. */
bool cluster_is_first(const lathe_column *texts, const int64_t *rows, int64_t a, int64_t b);

bool clusters_by_distance(const lathe_column *texts, const int64_t *rows,
                          const lathe_cluster_options *options, int64_t *into, lathe_progress *progress,
                          lathe_error *error);

#endif
