/* source_own.h - what the files of the source share. */
#ifndef LATHE_FORMAT_SOURCE_OWN_H
#define LATHE_FORMAT_SOURCE_OWN_H

#include "../base/memory.h"
#include "source.h"

/* Unpack `data` when it is packed: `*what` is "gzip" or "zstd" then, else NULL and nothing is done. */
bool lathe_source_unpack(const char *name, const char *data, size_t size, lathe_buffer *out,
                         const char **what, lathe_progress *progress, lathe_error *error);

/* What a text is written in: a name for iconv, "UTF-8" when there is nothing to do. `*skip` is the size of a
 * mark in front. `whole`: look at all bytes. NULL with an error when it is nothing known. */
const char *lathe_source_guess(const char *name, const char *data, size_t size, bool whole, size_t *skip,
                               lathe_error *error);

/* Whether an encoding's name means UTF-8. */
bool lathe_source_is_utf8(const char *encoding);

#endif
