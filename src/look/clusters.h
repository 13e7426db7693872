/* clusters.h - texts that probably mean the same: one writing with many spellings.
 *
 * FINGERPRINT and NGRAM are key collisions as in OpenRefine: texts that have the same key are one cluster. The key is the set of words
 * (of pieces of `size` characters), sorted, without case, accents, punctuation and white space. DISTANCE is for slips of the pen: a text
 * that is rare becomes the one that is near. Two texts are near when the characters to insert, delete or replace in one of them
 * (Levenshtein) are at most `share` of the longer one's; the other has to have `ratio` times as many rows.
 * A digit may be misread as a letter, but never becomes another digit, nor is one lost: 1018 and 1019 are different things. When two texts are as near, and neither has
 * `ratio` times the rows of the other, nothing is said. */
#ifndef LATHE_LOOK_CLUSTERS_H
#define LATHE_LOOK_CLUSTERS_H

#include "../table/column.h"

typedef enum lathe_cluster_method {
  LATHE_CLUSTER_FINGERPRINT,
  LATHE_CLUSTER_NGRAM,
  LATHE_CLUSTER_DISTANCE,
} lathe_cluster_method;

typedef struct lathe_cluster_options {
  lathe_cluster_method method;
  int32_t size;
  double share, ratio;
} lathe_cluster_options;

/* `texts`: STRING or CATEGORY, all different; `rows` (texts): how often each is there. `into` (texts): the text that stands for its
 * cluster, by index: the one with the most rows, the first by its bytes among equals; its own index for a text that is alone, or missing. */
bool lathe_column_cluster(const lathe_column *texts, const int64_t *rows,
                          const lathe_cluster_options *options, int64_t *into, lathe_progress *progress,
                          lathe_error *error);

#endif
