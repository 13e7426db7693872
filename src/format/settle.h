/* settle.h - columns of text become what their texts are: shared by the readers of formats that are typed value by value. */
#ifndef LATHE_FORMAT_SETTLE_H
#define LATHE_FORMAT_SETTLE_H

#include "../table/table.h"

/* A STRING column, which is given away also on failure (NULL is passed on): DATE or TIMESTAMP when each text there is one, as in CSV;
 * CATEGORY when there are few distinct ones (LATHE_CSV_CATEGORIES, each twice on average); otherwise itself. */
lathe_column *lathe_settle_text(lathe_column *texts, lathe_progress *progress, lathe_error *error);

/* A STRING column, given away, as a type that was asked for. The error names the row, the text and the column, behind `name`, the file. */
lathe_column *lathe_settle_given(lathe_column *texts, lathe_type type, const char *name, const char *column,
                                 lathe_error *error);

/* A text as a timestamp; a date is its first moment. */
bool lathe_settle_time(const char *text, size_t size, int64_t *value);

/* A column of `rows` missing elements: float64. */
lathe_column *lathe_settle_nothing(int64_t rows, lathe_error *error);

#endif
