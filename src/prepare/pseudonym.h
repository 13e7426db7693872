/* pseudonym.h - names that tell nothing of a value. */
#ifndef LATHE_PREPARE_PSEUDONYM_H
#define LATHE_PREPARE_PSEUDONYM_H

#include "../base/progress.h"
#include "../table/column.h"

/* Each text exchanged for a name that tells nothing of it: 32 hexadecimal digits of BLAKE2b (RFC 7693) under a key, by libsodium. One key
 * gives one text one name, in every table. The key is the first line of a file that is closed to all others (mode 0600), of at least 16
 * bytes. Numbers and dates go as they are written. STRING, or CATEGORY for a category. */
lathe_column *lathe_column_pseudonymise(const lathe_column *column, const char *key_path,
                                        lathe_progress *progress, lathe_error *error);

#endif
