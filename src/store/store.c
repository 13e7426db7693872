/* store.c - objects by hash, run journals, and the folder where files are made before they appear. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/file.h"
#include "../base/hash.h"
#include "../base/memory.h"
#include "../base/system.h"

enum { HASH_DIGITS = 32 };

struct lathe_store {
  char *path;    /* .../.lathe */
  char *staging; /* .../.lathe/tmp/ID; NULL until needed */
  int lock;      /* the staging folder, locked; -1 */
  unsigned made; /* files made in it so far */
};

struct lathe_store_run {
  char id[40];
  int journal; /* locked while the run lives */
};

/* `store`'s folder, a slash and `name`. Free it. NULL with an error. */
static char *path_below(const char *folder, const char *name, lathe_error *error) {
  lathe_buffer path = {0};
  if (lathe_buffer_format(&path, error, "%s/%s", folder, name)) return path.data;
  lathe_buffer_free(&path);
  return NULL;
}

/* ---- opening ---- */

static const char *const format_text = "1\n";

/* The format file is written last, so a folder that has it is whole. */
static bool make_layout(const char *path, lathe_error *error) {
  static const char *const folders[] = {"objects", "steps", "runs", "tmp"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
    char *folder = path_below(path, folders[i], error);
    bool done = folder && lathe_folder_make_closed(folder, error);
    free(folder);
    if (!done) return false;
  }
  char *ignore = path_below(path, ".gitignore", error);
  char *format = path_below(path, "format", error);
  bool done = ignore && format && lathe_file_write(ignore, "*\n", 2, error) &&
              lathe_file_write(format, format_text, strlen(format_text), error);
  free(ignore);
  free(format);
  return done;
}

static bool check_format(const char *path, bool make, lathe_error *error) {
  char *format = path_below(path, "format", error);
  if (!format) return false;
  lathe_path_state state;
  bool done = false;
  if (lathe_path_look(format, &state) != LATHE_PATH_FILE || state.size == 0) {
    done = make
               ? make_layout(path, error)
               : lathe_error_set(error, LATHE_ERROR_FILE,
                                 "there is no project here (%s); run a flow first, or name its folder", path);
    goto out;
  }
  lathe_mapping *mapping = lathe_mapping_open(format, error);
  if (!mapping) goto out;
  done = lathe_mapping_size(mapping) == strlen(format_text) &&
         memcmp(lathe_mapping_data(mapping), format_text, strlen(format_text)) == 0;
  if (!done)
    lathe_error_set(error, LATHE_ERROR_DATA,
                    "%s is not of format 1; use the newer lathe that made it, or another folder", path);
  lathe_mapping_release(mapping);
out:
  free(format);
  return done;
}

lathe_store *lathe_store_open(const char *project, bool make, lathe_error *error) {
  lathe_store *store = lathe_memory_new(1, sizeof *store, error);
  if (!store) return NULL;
  store->lock = -1;
  store->path = path_below(project, ".lathe", error);
  if (store->path && check_format(store->path, make, error)) return store;
  lathe_store_close(store);
  return NULL;
}

void lathe_store_close(lathe_store *store) {
  if (!store) return;
  if (store->staging) lathe_path_remove(store->staging, NULL);
  if (store->lock >= 0) close(store->lock);
  free(store->staging);
  free(store->path);
  free(store);
}

const char *lathe_store_path(const lathe_store *store) {
  return store->path;
}

/* ---- staging ---- */

/* Six random hexadecimal digits behind the time in UTC: sorts by time, unique without asking anyone. `out`
 * holds 40. */
static void new_id(char *out) {
  struct timespec now;
  struct tm parts;
  uint32_t random = 0;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    random = (uint32_t)now.tv_nsec ^ ((uint32_t)getpid() << 16);
  size_t size = strftime(out, 20, "%Y%m%d-%H%M%S", &parts);
  snprintf(out + size, 40 - size, "-%03d-%06x", (int)(now.tv_nsec / 1000000), (unsigned)(random & 0xffffff));
}

/* Remove the staging folders that nobody holds. The caller holds the lock of `folder`, so none is just being
 * made. */
static void sweep(const char *folder) {
  lathe_folder *names = lathe_folder_list(folder, NULL);
  for (int64_t i = 0; names && i < lathe_folder_count(names); i++) {
    char *path = path_below(folder, lathe_folder_name(names, i), NULL);
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) lathe_path_remove(path, NULL);
    if (file >= 0) close(file);
    free(path);
  }
  lathe_folder_free(names);
}

const char *lathe_store_staging(lathe_store *store, lathe_error *error) {
  if (store->staging) return store->staging;
  char id[40];
  new_id(id);
  char *folder = path_below(store->path, "tmp", error);
  char *staging = folder ? path_below(folder, id, error) : NULL;
  int gate = -1;
  if (!staging || !lathe_folder_make_closed(folder, error)) goto out;
  gate = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  /* A file system without locks: nothing is swept, and all else goes on. */
  if (gate >= 0 && flock(gate, LOCK_EX) == 0) sweep(folder);
  if (mkdir(staging, 0700) != 0 || (store->lock = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
    lathe_error_system(error, "cannot make the folder %s", staging);
    goto out;
  }
  flock(store->lock, LOCK_EX | LOCK_NB);
  store->staging = staging;
  staging = NULL;
out:
  if (gate >= 0) close(gate);
  free(folder);
  free(staging);
  return store->staging;
}

/* A path for a new file in the staging folder. Free it. */
static char *staged_path(lathe_store *store, lathe_error *error) {
  const char *folder = lathe_store_staging(store, error);
  if (!folder) return NULL;
  lathe_buffer path = {0};
  if (lathe_buffer_format(&path, error, "%s/%u.put", folder, store->made++)) return path.data;
  lathe_buffer_free(&path);
  return NULL;
}

/* Write bytes to a new staged file of `mode`, synced. Its path, to be freed; NULL with an error that names `what`. */
static char *stage_bytes(lathe_store *store, const void *data, size_t size, mode_t mode, lathe_error *error) {
  char *path = staged_path(store, error);
  if (!path) return NULL;
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  bool done = file >= 0;
  const char *at = data;
  while (done && size > 0) {
    ssize_t put = write(file, at, size);
    if (put < 0 && errno != EINTR) done = false;
    if (put > 0) at += put, size -= (size_t)put;
  }
  if (done) done = fsync(file) == 0;
  if (!done) lathe_error_system(error, "cannot write below %s", store->path);
  if (file >= 0) close(file);
  if (done) return path;
  if (file >= 0) unlink(path);
  free(path);
  return NULL;
}

/* ---- objects ---- */

static bool hash_is_plain(const char *hash) {
  return strlen(hash) == HASH_DIGITS && strspn(hash, "0123456789abcdef") == HASH_DIGITS;
}

/* Free it. NULL with an error when `hash` is not one. */
static char *object_path(const lathe_store *store, const char *hash, lathe_error *error) {
  if (!hash_is_plain(hash)) {
    lathe_error_set(error, LATHE_ERROR_ARGUMENT,
                    "\"%.40s\" is not the name of an object; it has 32 hexadecimal digits", hash);
    return NULL;
  }
  lathe_buffer path = {0};
  if (lathe_buffer_format(&path, error, "%s/objects/%.2s/%s", store->path, hash, hash + 2)) return path.data;
  lathe_buffer_free(&path);
  return NULL;
}

static bool is_whole(const char *path, const char *hash) {
  char found[HASH_DIGITS + 1];
  return lathe_path_look(path, NULL) == LATHE_PATH_FILE && lathe_hash_file(path, found, NULL) &&
         strcmp(found, hash) == 0;
}

/* Move the synced file `staged` to its place among the objects, or remove it when the object is there. */
static bool place_object(lathe_store *store, const char *staged, const char *hash, lathe_error *error) {
  char *path = object_path(store, hash, error);
  if (!path) return false;
  bool done = true;
  if (is_whole(path, hash)) {
    unlink(staged);
    goto out;
  }
  chmod(staged, 0400);
  char *slash = strrchr(path, '/');
  *slash = '\0';
  done = lathe_folder_make_closed(path, error);
  *slash = '/';
  if (done) done = lathe_path_move(staged, path, error);
  if (done) lathe_folder_sync(path);
out:
  free(path);
  return done;
}

bool lathe_store_put(lathe_store *store, const void *data, size_t size, char *hash, lathe_error *error) {
  lathe_hash_bytes(data, size, hash);
  char *path = object_path(store, hash, error);
  if (!path) return false;
  bool there = is_whole(path, hash);
  free(path);
  if (there) return true;
  char *staged = stage_bytes(store, data, size, 0600, error);
  bool done = staged && place_object(store, staged, hash, error);
  if (staged && !done) unlink(staged);
  free(staged);
  return done;
}

bool lathe_store_put_file(lathe_store *store, const char *path, char *hash, int64_t *size,
                          lathe_error *error) {
  lathe_mapping *mapping = lathe_mapping_open(path, error);
  if (!mapping) return false;
  bool done = lathe_store_put(store, lathe_mapping_data(mapping), lathe_mapping_size(mapping), hash, error) &&
              lathe_mapping_check(mapping, error);
  if (size) *size = (int64_t)lathe_mapping_size(mapping);
  lathe_mapping_release(mapping);
  return done;
}

bool lathe_store_take_file(lathe_store *store, const char *path, char *hash, int64_t *size,
                           lathe_error *error) {
  lathe_path_state state = {0};
  lathe_path_look(path, &state);
  if (size) *size = state.size;
  return lathe_hash_file(path, hash, error) && lathe_file_sync(path, error) &&
         place_object(store, path, hash, error);
}

bool lathe_store_has(const lathe_store *store, const char *hash, int64_t size) {
  char *path = object_path(store, hash, NULL);
  lathe_path_state state;
  bool has = path && lathe_path_look(path, &state) == LATHE_PATH_FILE && state.size == size;
  free(path);
  return has;
}

/* The object's bytes, known to be whole. A damaged object is removed. */
static lathe_mapping *open_object(lathe_store *store, const char *hash, lathe_error *error) {
  char *path = object_path(store, hash, error);
  lathe_mapping *mapping = path ? lathe_mapping_open(path, error) : NULL;
  if (mapping) {
    char found[HASH_DIGITS + 1];
    lathe_hash_bytes(lathe_mapping_data(mapping), lathe_mapping_size(mapping), found);
    if (strcmp(found, hash) != 0) {
      lathe_mapping_release(mapping);
      mapping = NULL;
      unlink(path);
      lathe_error_set(error, LATHE_ERROR_DATA,
                      "the stored file %s is damaged and was removed; run the flow again", path);
    }
  }
  free(path);
  return mapping;
}

bool lathe_store_check(lathe_store *store, const char *hash, lathe_error *error) {
  lathe_mapping *mapping = open_object(store, hash, error);
  lathe_mapping_release(mapping);
  return mapping != NULL;
}

/* ---- files that appear whole ---- */

static bool appear(const char *staged, const char *path, bool (*make)(const char *, lathe_error *),
                   lathe_error *error) {
  char *folder = lathe_memory_text(path, strlen(path), error);
  if (!folder) return false;
  char *slash = strrchr(folder, '/');
  bool done = true;
  if (slash && slash != folder) {
    *slash = '\0';
    done = make(folder, error);
  }
  free(folder);
  if (done) done = lathe_path_move(staged, path, error);
  if (done) lathe_folder_sync(path);
  return done;
}

bool lathe_store_restore(lathe_store *store, const char *hash, const char *path, lathe_error *error) {
  lathe_mapping *mapping = open_object(store, hash, error);
  if (!mapping) return false;
  char *staged = stage_bytes(store, lathe_mapping_data(mapping), lathe_mapping_size(mapping), 0666, error);
  bool done = staged && appear(staged, path, lathe_folder_make, error);
  if (staged && !done) unlink(staged);
  free(staged);
  lathe_mapping_release(mapping);
  return done;
}

bool lathe_store_write(lathe_store *store, const char *name, const void *data, size_t size,
                       lathe_error *error) {
  char *path = path_below(store->path, name, error);
  char *staged = path ? stage_bytes(store, data, size, 0600, error) : NULL;
  bool done = staged && appear(staged, path, lathe_folder_make_closed, error);
  if (staged && !done) unlink(staged);
  free(staged);
  free(path);
  return done;
}

/* ---- runs ---- */

lathe_store_run *lathe_store_run_begin(lathe_store *store, lathe_error *error) {
  lathe_store_run *run = lathe_memory_new(1, sizeof *run, error);
  lathe_buffer path = {0};
  if (!run) return NULL;
  run->journal = -1;
  if (!lathe_buffer_format(&path, error, "%s/runs", store->path) ||
      !lathe_folder_make_closed(path.data, error))
    goto fail;
  for (;;) {
    new_id(run->id);
    path.size = 0;
    if (!lathe_buffer_format(&path, error, "%s/runs/%s", store->path, run->id)) goto fail;
    if (mkdir(path.data, 0700) == 0) break;
    if (errno == EEXIST) continue;
    lathe_error_system(error, "cannot make the folder %s", path.data);
    goto fail;
  }
  if (!lathe_buffer_text(&path, "/journal.jsonl", error)) goto fail;
  run->journal = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (run->journal < 0) {
    lathe_error_system(error, "cannot write %s", path.data);
    goto fail;
  }
  flock(run->journal, LOCK_EX | LOCK_NB);
  lathe_buffer_free(&path);
  return run;
fail:
  lathe_buffer_free(&path);
  free(run);
  return NULL;
}

const char *lathe_store_run_id(const lathe_store_run *run) {
  return run->id;
}

void lathe_store_run_end(lathe_store_run *run) {
  if (!run) return;
  if (run->journal >= 0) close(run->journal);
  free(run);
}

bool lathe_store_run_event(lathe_store_run *run, const char *line, size_t size, bool sync,
                           lathe_error *error) {
  lathe_buffer text = {0};
  bool done = lathe_buffer_append(&text, line, size, error) && lathe_buffer_text(&text, "\n", error);
  for (size_t at = 0; done && at < text.size;) {
    ssize_t put = write(run->journal, text.data + at, text.size - at);
    if (put < 0 && errno != EINTR)
      done = lathe_error_system(error, "cannot write the journal of run %s", run->id);
    if (put > 0) at += (size_t)put;
  }
  if (done && sync && fdatasync(run->journal) != 0)
    done = lathe_error_system(error, "cannot write the journal of run %s", run->id);
  lathe_buffer_free(&text);
  return done;
}

bool lathe_store_run_alive(const lathe_store *store, const char *id) {
  lathe_buffer path = {0};
  bool alive = false;
  if (lathe_buffer_format(&path, NULL, "%s/runs/%s/journal.jsonl", store->path, id)) {
    int file = open(path.data, O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      alive = flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
      close(file);
    }
  }
  lathe_buffer_free(&path);
  return alive;
}
