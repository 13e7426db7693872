/* system.h - what the operating system tells: clocks, paths, folders.
 *
 * Paths are bytes, as the system has them. Nothing here changes the current folder. */
#ifndef LATHE_BASE_SYSTEM_H
#define LATHE_BASE_SYSTEM_H

#include "error.h"

/* Seconds: for measuring (never goes back), and since 1970-01-01 UTC. */
double lathe_clock(void);
double lathe_clock_wall(void);

/* Seconds of processor time this process has used, and the most memory it ever held, in bytes. */
double lathe_process_seconds(void);
int64_t lathe_process_peak(void);

/* Bytes of memory that this process could still take: of the machine, of its control group, of its own limit. */
int64_t lathe_memory_available(void);

typedef enum lathe_path_kind {
  LATHE_PATH_NONE,
  LATHE_PATH_FILE,
  LATHE_PATH_FOLDER,
  LATHE_PATH_OTHER, /* a pipe, a socket, a device */
} lathe_path_kind;

typedef struct lathe_path_state {
  int64_t size;     /* bytes */
  int64_t modified; /* nanoseconds since 1970 */
} lathe_path_state;

/* What lies at `path` (links followed); `state` may be NULL. */
lathe_path_kind lathe_path_look(const char *path, lathe_path_state *state);

/* The absolute path without links and dots (free with lathe_path_free); NULL when it does not exist. */
char *lathe_path_real(const char *path, lathe_error *error);
void lathe_path_free(char *path);

/* Remove a file, or a folder with all that it holds (links are removed, not followed). True when it was not
 * there. */
bool lathe_path_remove(const char *path, lathe_error *error);

/* Put the file `from` in the place of `to`, whatever lies there: by a rename, or across file systems by a
 * copy. */
bool lathe_path_move(const char *from, const char *to, lathe_error *error);

/* The names in a folder, sorted by their bytes, without those that begin with a dot. */
typedef struct lathe_folder lathe_folder;
lathe_folder *lathe_folder_list(const char *path, lathe_error *error);
int64_t lathe_folder_count(const lathe_folder *folder);
const char *lathe_folder_name(const lathe_folder *folder, int64_t index);
void lathe_folder_free(lathe_folder *folder);

#endif
