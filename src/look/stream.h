/* stream.h - the profile of a text table that need not fit in memory.
 *
 * The file is read in pieces of whole rows; each goes through the CSV reader, and what is kept of it is a sketch
 * of each column. Sketches are added in the order of the pieces, whose size depends on the cap and not on the
 * machine, so the same file and cap give the same figures. Exact: counts of rows and missing values, extremes,
 * moments, and all that a column of few different values has. Approximate, with the error told in the summary:
 * distinct values of the others (HyperLogLog; Flajolet et al. 2007), quantiles and histograms (rank summaries,
 * merged two by two), the most frequent values (Misra and Gries 1982). Types hold for every row: when a piece
 * contradicts those before it, the file is read once more at the type that holds. */
#ifndef LATHE_LOOK_STREAM_H
#define LATHE_LOOK_STREAM_H

#include "../format/csv.h"
#include "profile.h"

typedef struct lathe_stream lathe_stream;

/* Profile a CSV file (not packed) within about `memory` bytes, 32 MB at least. `encoding` NULL: UTF-8; else one whose line
 * ends and quotes are those of ASCII. */
lathe_stream *lathe_stream_csv(const char *path, const char *encoding, const lathe_csv_options *options,
                               int64_t memory, lathe_progress *progress, lathe_error *error);
void lathe_stream_free(lathe_stream *stream);

int32_t lathe_stream_columns(const lathe_stream *stream);
int64_t lathe_stream_rejected(const lathe_stream *stream); /* rows left out by a lenient reader */
int64_t lathe_stream_pieces(const lathe_stream *stream);
int64_t lathe_stream_beyond(
    const lathe_stream *stream); /* bytes of a row that took more than the memory given; else 0 */
const char *lathe_stream_name(const lathe_stream *stream, int32_t column);
lathe_type lathe_stream_type(const lathe_stream *stream, int32_t column);

/* Its `top_rows` and `variant_rows` are -1; `_top` gives the text of the most frequent value number `index` (from
 * 0), in `scratch` (32 bytes) or in the stream. */
const lathe_summary *lathe_stream_summary(const lathe_stream *stream, int32_t column);
lathe_text lathe_stream_top(const lathe_stream *stream, int32_t column, int32_t index, char *scratch);

#endif
