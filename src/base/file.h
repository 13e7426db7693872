/* file.h - whole files: mapped to read, and written so that nobody ever sees half of one.
 *
 * What is written goes to a temporary file beside its place, is synced, and renamed. A reader sees the old bytes or the new. */
#ifndef LATHE_BASE_FILE_H
#define LATHE_BASE_FILE_H

#include "error.h"

typedef struct lathe_mapping lathe_mapping; /* a file's bytes, read-only, counted */
typedef struct lathe_writer lathe_writer;   /* a file on its way */

/* Map a regular file (pipes and the like are read into memory). NULL with an error that names the path. */
lathe_mapping *lathe_mapping_open(const char *path, lathe_error *error);
lathe_mapping *lathe_mapping_retain(lathe_mapping *mapping);
void lathe_mapping_release(lathe_mapping *mapping);
const char *lathe_mapping_data(const lathe_mapping *mapping);
size_t lathe_mapping_size(const lathe_mapping *mapping);

/* False, with an error, when the file was cut or written over since it was mapped: bytes that were read are not to be trusted. What
 * is gone reads as zeros. Rows that somebody appends are not seen and do no harm. */
bool lathe_mapping_check(const lathe_mapping *mapping, lathe_error *error);

/* For who handles SIGBUS himself: true when the address is of a mapped file, which can be read on. */
bool lathe_mapping_mend(const void *address);

/* Who reads a mapped file from front to back says which bytes he is done with: their pages leave the memory of the
 * process (and come back when they are read again). Bytes that are in no mapped file stay as they are. */
void lathe_mapping_drop(const char *data, size_t size);

/* The same for bytes that are read next: their pages come in at once instead of one by one. */
void lathe_mapping_need(const char *data, size_t size);

/* A copy of bytes of a large mapped file, which its pages need not be mapped for: a page costs more to map than to copy. False when they lie
 * in no such file, or the file has them no longer. */
bool lathe_mapping_copy(const char *data, size_t size, char *out);

/* Begin to write `path`; add bytes; then commit (sync and rename) or abandon. Both end the writer, in success and failure.
 * `_packed`: "-" is standard output, and what goes to a path that ends in .gz or .zst is packed so. */
lathe_writer *lathe_writer_open(const char *path, lathe_error *error);
lathe_writer *lathe_writer_open_packed(const char *path, lathe_error *error);
bool lathe_writer_add(lathe_writer *writer, const void *data, size_t size, lathe_error *error);
/* Where the bytes are until then, for a library that opens and writes the file itself. */
const char *lathe_writer_place(const lathe_writer *writer);
bool lathe_writer_commit(lathe_writer *writer, lathe_error *error);
void lathe_writer_abandon(lathe_writer *writer);

/* The three in one. */
bool lathe_file_write(const char *path, const void *data, size_t size, lathe_error *error);

/* Read a secret (a token, a connection string) of one line into `out` (`room` bytes, NUL-terminated): the file is the user's own and closed to all
 * others (mode 0600 or less), else it is refused. The error never shows what is in it. */
bool lathe_file_secret(const char *path, char *out, size_t room, lathe_error *error);

/* Append `size` bytes in one write and sync (a journal line). The file is made when it is not there. */
bool lathe_file_append(const char *path, const void *data, size_t size, lathe_error *error);

/* Put on the disk what was written into a file by anyone, and what was renamed into the folder of `path`. */
bool lathe_file_sync(const char *path, lathe_error *error);
void lathe_folder_sync(const char *path);

/* Make a folder and those above it; true when it is there already. */
bool lathe_folder_make(const char *path, lathe_error *error);

/* The same for what is nobody else's: the folders that are made are closed to others (0700). */
bool lathe_folder_make_closed(const char *path, lathe_error *error);

#endif
