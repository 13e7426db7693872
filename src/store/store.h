/* store.h - the project folder's memory: `.lathe/`, plain files that can be copied with rsync and merged by
 * union.
 *
 *   format                   "1"
 *   objects/ab/cdef...       any bytes, named by their hash (hash.h); never changed, read-only
 *   steps/KEY.json           which objects the step call with this key gave
 *   http/KEY.json            what a server answered last: its address, time, ETag and the object
 *   runs/ID/journal.jsonl    what happened, one line for each event, appended as it happens
 *   runs/ID/record.json      the whole run, written when it ends
 *   checkpoints/KEY          how far the step with this key came, until it is done
 *   tmp/ID/                  files in the making, of one opened store; locked while it lives, swept by the
 *                            next one when it is dead
 *
 * Whatever appears in the first six is written below tmp/, synced and renamed, so any number of processes
 * may use one project at once. A kill leaves nothing but a folder in tmp/ and a journal without an end. A
 * file that a power loss tore fails its hash and is treated as absent.
 *
 * Objects are raw tables, too, so all of it is the user's alone: folders 0700, objects 0400, other files 0600. */
#ifndef LATHE_STORE_STORE_H
#define LATHE_STORE_STORE_H

#include "../base/error.h"

typedef struct lathe_store lathe_store;         /* an opened .lathe folder */
typedef struct lathe_store_run lathe_store_run; /* a run that is going on */

/* Open `project`/.lathe; `make` it when it is not there. NULL with an error when it is absent or of a later
 * format. */
lathe_store *lathe_store_open(const char *project, bool make, lathe_error *error);
void lathe_store_close(lathe_store *store);

/* The path of the .lathe folder, and of this opened store's own folder in tmp/ (NULL with an error when it
 * cannot be made). */
const char *lathe_store_path(const lathe_store *store);
const char *lathe_store_staging(lathe_store *store, lathe_error *error);

/* Keep bytes, a copy of a file, or a file itself, which is moved in: its hash goes to `hash` (33 bytes). An
 * object that is there already, whole, is not written again. `size` (may be NULL) gets the bytes. */
bool lathe_store_put(lathe_store *store, const void *data, size_t size, char *hash, lathe_error *error);
bool lathe_store_put_file(lathe_store *store, const char *path, char *hash, int64_t *size,
                          lathe_error *error);
bool lathe_store_take_file(lathe_store *store, const char *path, char *hash, int64_t *size,
                           lathe_error *error);

/* Whether an object of that size is there (its bytes are not read), and whether its bytes are what they were:
 * a damaged one is removed, so that it can be made again. */
bool lathe_store_has(const lathe_store *store, const char *hash, int64_t size);
bool lathe_store_check(lathe_store *store, const char *hash, lathe_error *error);

/* Write a checked copy of an object to `path`, whole or not at all; its folder is made. */
bool lathe_store_restore(lathe_store *store, const char *hash, const char *path, lathe_error *error);

/* Write the small file `name` below .lathe ("steps/KEY.json"), whole or not at all. */
bool lathe_store_write(lathe_store *store, const char *name, const void *data, size_t size,
                       lathe_error *error);

/* Begin a run: a new id that sorts by time (UTC), its folder and its journal. End it when its last event is
 * written. */
lathe_store_run *lathe_store_run_begin(lathe_store *store, lathe_error *error);
const char *lathe_store_run_id(const lathe_store_run *run);
void lathe_store_run_end(lathe_store_run *run);

/* Append one line to the journal; `sync` waits until it is on the disk, and with it all that was written
 * before. */
bool lathe_store_run_event(lathe_store_run *run, const char *line, size_t size, bool sync,
                           lathe_error *error);

/* Whether the run `id` is going on now, in whatever process of this machine. */
bool lathe_store_run_alive(const lathe_store *store, const char *id);

#endif
