/* system.c - what the operating system tells. */
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"

static double clock_read(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) != 0) return 0;
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double lathe_clock(void) {
  return clock_read(CLOCK_MONOTONIC);
}

double lathe_clock_wall(void) {
  return clock_read(CLOCK_REALTIME);
}

double lathe_process_seconds(void) {
  return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t lathe_process_peak(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

/* The number behind `word` in a small file of the kernel's; -1 when there is none. */
static int64_t number_in(const char *path, const char *word) {
  char text[8192];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  text[size > 0 ? size : 0] = '\0';
  const char *at = strstr(text, word);
  char *end;
  if (!at) return -1;
  at += strlen(word);
  long long value = strtoll(at, &end, 10);
  return end == at ? -1 : (int64_t)value;
}

/* What a control group (of a container, say) leaves; files that are only cached count as free. */
static int64_t group_rest(const char *most, const char *now, const char *parts, const char *cached) {
  int64_t limit = number_in(most, ""), used = number_in(now, ""), file = number_in(parts, cached);
  if (limit < 0 || used < 0) return INT64_MAX;
  return limit - used + (file > 0 ? file : 0);
}

static int64_t least(int64_t first, int64_t second) {
  return first < second ? first : second;
}

int64_t lathe_memory_available(void) {
  int64_t kilobytes = number_in("/proc/meminfo", "MemAvailable:"), free = INT64_C(1) << 30;
  if (kilobytes >= 0) free = kilobytes * 1024;
  free = least(free, group_rest("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current",
                                "/sys/fs/cgroup/memory.stat", "\ninactive_file "));
  free = least(free, group_rest("/sys/fs/cgroup/memory/memory.limit_in_bytes",
                                "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                                "/sys/fs/cgroup/memory/memory.stat", "\ntotal_inactive_file "));
  struct rlimit space;
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    int64_t pages = number_in("/proc/self/statm", ""), used = pages > 0 ? pages * sysconf(_SC_PAGESIZE) : 0;
    if (space.rlim_cur < INT64_MAX) free = least(free, (int64_t)space.rlim_cur - used);
  }
  return free > 0 ? free : 0;
}

lathe_path_kind lathe_path_look(const char *path, lathe_path_state *state) {
  struct stat status;
  if (stat(path, &status) != 0) return LATHE_PATH_NONE;
  if (state) {
    state->size = status.st_size;
    state->modified = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
  }
  if (S_ISREG(status.st_mode)) return LATHE_PATH_FILE;
  return S_ISDIR(status.st_mode) ? LATHE_PATH_FOLDER : LATHE_PATH_OTHER;
}

char *lathe_path_real(const char *path, lathe_error *error) {
  char *real = realpath(path, NULL);
  if (!real) lathe_error_system(error, "%s", path);
  return real;
}

void lathe_path_free(char *path) {
  free(path);
}

/* Remove the entry `name` of the open folder `parent`; `path` is for the sentence only. */
static bool remove_at(int parent, const char *name, const char *path, lathe_error *error) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR && errno != EPERM) return lathe_error_system(error, "%s cannot be removed", path);
  int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *directory = descriptor >= 0 ? fdopendir(descriptor) : NULL;
  if (!directory) {
    lathe_error_system(error, "%s cannot be removed", path);
    if (descriptor >= 0) close(descriptor);
    return false;
  }
  bool done = true;
  for (struct dirent *entry; done && (entry = readdir(directory));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    done = remove_at(descriptor, entry->d_name, path, error);
  }
  closedir(directory);
  if (done && unlinkat(parent, name, AT_REMOVEDIR) != 0 && errno != ENOENT)
    done = lathe_error_system(error, "%s cannot be removed", path);
  return done;
}

bool lathe_path_remove(const char *path, lathe_error *error) {
  return remove_at(AT_FDCWD, path, path, error);
}

bool lathe_path_move(const char *from, const char *to, lathe_error *error) {
  if (rename(from, to) == 0) return true;
  if (errno != EXDEV) return lathe_error_system(error, "%s cannot be written", to);
  lathe_mapping *mapping = lathe_mapping_open(from, error);
  if (!mapping) return false;
  bool done = lathe_file_write(to, lathe_mapping_data(mapping), lathe_mapping_size(mapping), error);
  lathe_mapping_release(mapping);
  return done && lathe_path_remove(from, error);
}

struct lathe_folder {
  char **names;
  size_t count, capacity;
};

static int compare_names(const void *first, const void *second) {
  return strcmp(*(char *const *)first, *(char *const *)second);
}

static bool folder_add(lathe_folder *folder, const char *name, lathe_error *error) {
  if (folder->count == folder->capacity) {
    size_t capacity = folder->capacity ? folder->capacity * 2 : 16;
    void *names = folder->names;
    if (!lathe_memory_resize(&names, capacity, sizeof *folder->names, error)) return false;
    folder->names = names;
    folder->capacity = capacity;
  }
  char *copy = lathe_memory_text(name, strlen(name), error);
  if (copy) folder->names[folder->count++] = copy;
  return copy != NULL;
}

lathe_folder *lathe_folder_list(const char *path, lathe_error *error) {
  DIR *directory = opendir(path);
  if (!directory) {
    lathe_error_system(error, "the folder %s cannot be listed", path);
    return NULL;
  }
  lathe_folder *folder = lathe_memory_new(1, sizeof *folder, error);
  bool done = folder != NULL;
  for (struct dirent *entry; done && (entry = readdir(directory));)
    if (entry->d_name[0] != '.') done = folder_add(folder, entry->d_name, error);
  closedir(directory);
  if (!done) {
    lathe_folder_free(folder);
    return NULL;
  }
  if (folder->count) qsort(folder->names, folder->count, sizeof *folder->names, compare_names);
  return folder;
}

int64_t lathe_folder_count(const lathe_folder *folder) {
  return (int64_t)folder->count;
}

const char *lathe_folder_name(const lathe_folder *folder, int64_t index) {
  return index >= 0 && (size_t)index < folder->count ? folder->names[index] : NULL;
}

void lathe_folder_free(lathe_folder *folder) {
  if (!folder) return;
  for (size_t i = 0; i < folder->count; i++) free(folder->names[i]);
  free(folder->names);
  free(folder);
}
