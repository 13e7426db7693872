/* file.c - the write-sync-rename that makes a file appear whole. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"
#include "pack.h"
#include "progress.h"

/* Ctrl-C stops the writing of a large file; a small one, such as the record of what was stopped, is always finished. */
enum { STEP = 1 << 20, UNASKED = 16 << 20 };

struct lathe_writer {
  int file;
  bool waits; /* for who reads: a pipe, a socket, a terminal */
  char *path, *temporary;
  lathe_packer *packer; /* NULL: bytes go out as they are */
  lathe_buffer packed;
  int64_t taken, put; /* bytes that came in, bytes that went out */
};

/* A terminal, pipe or the like, which takes bytes as they come: renaming a file over it would take it away from everybody. */
static bool is_device(const char *path) {
  struct stat status;
  if (strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0) return stat(path, &status) == 0;
  return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static bool is_fifo(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* Where the bytes of `path` go: behind a link when there is a file. The caller frees it. */
static char *settle(const char *path, lathe_error *error) {
  struct stat status;
  char *real = lstat(path, &status) == 0 && S_ISLNK(status.st_mode) ? realpath(path, NULL) : NULL;
  return real ? real : lathe_memory_text(path, strlen(path), error);
}

/* A file that is written anew stays as closed to others as it was. */
static void keep_mode(int file, const char *path) {
  struct stat status;
  if (stat(path, &status) == 0 && fchmod(file, status.st_mode & 0777) != 0) {
    /* then it has the mode of a new file */
  }
}

/* Whether writing may wait for who reads. */
static bool may_wait(int file) {
  struct stat status;
  return fstat(file, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode);
}

/* Standard output has no place of its own: what was written before a failure stays written. */
static lathe_writer *open_standard_output(lathe_error *error) {
  lathe_writer *writer = lathe_memory_new(1, sizeof *writer, error);
  if (!writer) return NULL;
  writer->path = lathe_memory_text("standard output", strlen("standard output"), error);
  writer->file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  writer->waits = writer->file >= 0 && may_wait(writer->file);
  if (writer->path && writer->file >= 0) return writer;
  if (writer->path) lathe_error_system(error, "cannot write standard output");
  lathe_writer_abandon(writer);
  return NULL;
}

/* A pipe is opened when somebody reads it; Ctrl-C ends the waiting. */
static int open_device(const char *path, lathe_error *error) {
  int file;
  while ((file = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK)) < 0 && errno == ENXIO && is_fifo(path))
    if (!lathe_progress_wait(lathe_progress_main(), 0.02, error)) return -1;
  if (file < 0) lathe_error_system(error, "cannot write %s", path);
  return file;
}

static bool is_folder(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

lathe_writer *lathe_writer_open(const char *path, lathe_error *error) {
  static atomic_uint number;
  lathe_writer *writer = lathe_memory_new(1, sizeof *writer, error);
  if (!writer) return NULL;
  writer->file = -1;
  lathe_buffer name = {0};
  writer->path = settle(path, error);
  if (writer->path && is_device(path)) {
    writer->file = open_device(path, error);
    writer->waits = writer->file >= 0 && may_wait(writer->file);
    if (writer->file >= 0) return writer;
    goto fail;
  }
  if (!writer->path || !lathe_buffer_format(&name, error, "%s.%ld-%u.tmp", writer->path, (long)getpid(),
                                            atomic_fetch_add(&number, 1)))
    goto fail;
  writer->temporary = name.data;
  if (is_folder(path))
    lathe_error_set(error, LATHE_ERROR_FILE, "cannot write %s: it is a folder; name a file in it", path);
  else if ((writer->file = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) >= 0) {
    keep_mode(writer->file, writer->path);
    return writer;
  } else if (errno == ENOENT)
    lathe_error_set(error, LATHE_ERROR_FILE, "cannot write %s: its folder is not there; make it first", path);
  else
    lathe_error_system(error, "cannot write %s", path);
  free(writer->temporary);
  writer->temporary = NULL;
fail:
  lathe_writer_abandon(writer);
  return NULL;
}

/* Until the file takes bytes; Ctrl-C ends the waiting. */
static bool wait_for(int file, lathe_error *error) {
  struct pollfd waiting = {file, POLLOUT, 0};
  for (;;) {
    int ready = poll(&waiting, 1, 50);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return true;
    if (!lathe_progress_check(lathe_progress_main(), error)) return false;
  }
}

/* So many bytes as poll promises are taken at once by what waits. */
static bool write_all(int file, bool waits, const char *path, const char *data, size_t size,
                      lathe_error *error) {
  while (size > 0) {
    if (waits && !wait_for(file, error)) return false;
    ssize_t put = write(file, data, waits && size > PIPE_BUF ? PIPE_BUF : size);
    if (put < 0 && errno != EINTR && errno != EAGAIN)
      return lathe_error_system(error, "cannot write %s", path);
    if (put > 0) data += put, size -= (size_t)put;
  }
  return true;
}

lathe_writer *lathe_writer_open_packed(const char *path, lathe_error *error) {
  lathe_packing packing = lathe_packing_of(path);
  lathe_writer *writer =
      strcmp(path, "-") == 0 ? open_standard_output(error) : lathe_writer_open(path, error);
  if (!writer || packing == LATHE_PACKING_NONE) return writer;
  writer->packer = lathe_packer_new(packing, error);
  if (writer->packer) return writer;
  lathe_writer_abandon(writer);
  return NULL;
}

/* Bytes go out. What is behind goes to the disk meanwhile, so that the sync at the end, which nothing can stop, has little to do. */
static bool put_out(lathe_writer *writer, const char *data, size_t size, lathe_error *error) {
  enum { PIECE = 16 << 20, BEHIND = 4 };
  if (!write_all(writer->file, writer->waits, writer->path, data, size, error)) return false;
  int64_t before = writer->put / PIECE, now = (writer->put + (int64_t)size) / PIECE;
  writer->put += (int64_t)size;
  for (; writer->temporary && before < now; before++) {
    sync_file_range(writer->file, before * PIECE, PIECE, SYNC_FILE_RANGE_WRITE);
    if (before >= BEHIND)
      sync_file_range(writer->file, (before - BEHIND) * PIECE, PIECE,
                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  }
  return true;
}

static bool write_packed(lathe_writer *writer, lathe_error *error) {
  bool fine = put_out(writer, writer->packed.data, writer->packed.size, error);
  writer->packed.size = 0;
  return fine;
}

bool lathe_writer_add(lathe_writer *writer, const void *data, size_t size, lathe_error *error) {
  const char *at = data;
  for (size_t step; size > 0; at += step, size -= step) {
    step = size < STEP ? size : STEP;
    writer->taken += (int64_t)step;
    if ((writer->packer || writer->taken > UNASKED) && !lathe_progress_check(lathe_progress_main(), error))
      return false;
    bool fine = writer->packer ? lathe_packer_add(writer->packer, at, step, &writer->packed, error) &&
                                     write_packed(writer, error)
                               : put_out(writer, at, step, error);
    if (!fine) return false;
  }
  return true;
}

const char *lathe_writer_place(const lathe_writer *writer) {
  return writer->temporary ? writer->temporary : writer->path;
}

bool lathe_file_sync(const char *path, lathe_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return lathe_error_system(error, "cannot open %s", path);
  bool fine = fsync(file) == 0 || lathe_error_system(error, "cannot write %s", path);
  close(file);
  return fine;
}

void lathe_folder_sync(const char *path) {
  char *folder = strdup(path);
  if (!folder) return;
  char *slash = strrchr(folder, '/');
  if (slash) slash[slash == folder] = '\0';
  int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  if (file < 0) return;
  fsync(file);
  close(file);
}

bool lathe_writer_commit(lathe_writer *writer, lathe_error *error) {
  bool fine = !writer->packer ||
              (lathe_packer_finish(writer->packer, &writer->packed, error) && write_packed(writer, error));
  if (fine && writer->temporary && fsync(writer->file) != 0)
    fine = lathe_error_system(error, "cannot write %s", writer->path);
  int closed = close(writer->file);
  writer->file = -1;
  if (fine && closed != 0) fine = lathe_error_system(error, "cannot write %s", writer->path);
  if (fine && writer->temporary && rename(writer->temporary, writer->path) != 0)
    fine = lathe_error_system(error, "cannot write %s", writer->path);
  if (fine && writer->temporary) {
    lathe_folder_sync(writer->path);
    free(writer->temporary);
    writer->temporary = NULL;
  }
  lathe_writer_abandon(writer);
  return fine;
}

void lathe_writer_abandon(lathe_writer *writer) {
  if (!writer) return;
  if (writer->file >= 0) close(writer->file);
  if (writer->temporary) unlink(writer->temporary);
  lathe_packer_free(writer->packer);
  lathe_buffer_free(&writer->packed);
  free(writer->temporary);
  free(writer->path);
  free(writer);
}

bool lathe_file_write(const char *path, const void *data, size_t size, lathe_error *error) {
  lathe_writer *writer = lathe_writer_open(path, error);
  if (!writer) return false;
  if (lathe_writer_add(writer, data, size, error)) return lathe_writer_commit(writer, error);
  lathe_writer_abandon(writer);
  return false;
}

/* Whether an open file may hold a secret. */
static bool is_closed(int file, const char *path, lathe_error *error) {
  struct stat status;
  if (fstat(file, &status) != 0) return lathe_error_system(error, "cannot look at %s", path);
  if (!S_ISREG(status.st_mode))
    return lathe_error_set(error, LATHE_ERROR_FILE, "%s is no file; a token is read from a file", path);
  if (status.st_uid != geteuid() && status.st_uid != 0)
    return lathe_error_set(error, LATHE_ERROR_FILE, "%s belongs to another user; take a file of your own",
                           path);
  if (status.st_mode & 077)
    return lathe_error_set(error, LATHE_ERROR_FILE,
                           "%s is open to others (mode %04o); close it with chmod 600", path,
                           (unsigned)(status.st_mode & 0777));
  return true;
}

bool lathe_file_secret(const char *path, char *out, size_t room, lathe_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return lathe_error_system(error, "cannot open %s", path);
  ssize_t size = is_closed(file, path, error) ? read(file, out, room) : -2;
  close(file);
  if (size == -1) lathe_error_system(error, "cannot read %s", path);
  if (size < 0) return false;
  if ((size_t)size == room)
    return lathe_error_set(error, LATHE_ERROR_DATA, "%s is too long for a token; put only the token in it",
                           path);
  while (size > 0 && (uint8_t)out[size - 1] <= ' ') size--;
  out[size] = '\0';
  for (ssize_t i = 0; i < size; i++)
    if ((uint8_t)out[i] < ' ' || (uint8_t)out[i] == 0x7F) size = 0;
  if (size > 0) return true;
  return lathe_error_set(error, LATHE_ERROR_DATA,
                         "%s holds no secret of one line; put it there, and nothing else", path);
}

bool lathe_file_append(const char *path, const void *data, size_t size, lathe_error *error) {
  int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return lathe_error_system(error, "cannot write %s", path);
  bool fine = write_all(file, false, path, data, size, error);
  if (fine && fdatasync(file) != 0) fine = lathe_error_system(error, "cannot write %s", path);
  if (close(file) != 0 && fine) fine = lathe_error_system(error, "cannot write %s", path);
  return fine;
}

static bool make_folder(const char *path, mode_t mode, lathe_error *error) {
  char *folder = lathe_memory_text(path, strlen(path), error);
  if (!folder) return false;
  bool fine = true;
  for (char *at = folder + 1; fine && at[-1]; at++) {
    if (*at != '/' && *at != '\0') continue;
    char kept = *at;
    *at = '\0';
    struct stat status;
    if (mkdir(folder, mode) != 0) {
      int reason = errno;
      fine = stat(folder, &status) == 0 && S_ISDIR(status.st_mode);
      errno = reason;
      if (!fine && reason == EEXIST)
        lathe_error_set(error, LATHE_ERROR_FILE, "%s is a file, not a folder; name another place", folder);
      else if (!fine)
        lathe_error_system(error, "cannot make the folder %s", folder);
    }
    *at = kept;
  }
  free(folder);
  return fine;
}

bool lathe_folder_make(const char *path, lathe_error *error) {
  return make_folder(path, 0777, error);
}

bool lathe_folder_make_closed(const char *path, lathe_error *error) {
  return make_folder(path, 0700, error);
}
