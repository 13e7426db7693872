/* mapping.c - files mapped to read, and what becomes of readers when such a file changes under them.
 *
 * A page of a file that was cut short raises SIGBUS when it is touched. The handler puts zeros in the place of what is gone and
 * marks the mapping, so that the reader comes to its end and is told by lathe_mapping_check. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"

/* LARGE: the file stays open, for lathe_mapping_copy */
enum { GUARDED = 4096, PAGE = 4096, LARGE = 16 << 20 };

struct lathe_mapping {
  atomic_int count;
  const char *data;
  size_t size;
  bool mapped;        /* else malloc */
  int32_t slot;       /* where `guarded` has it */
  struct stat status; /* of the file when it was mapped */
  char *path;
};

/* The mapped files, for the handler, which may take no lock: a slot is free while `begin` is 0. */
static struct {
  _Atomic uintptr_t begin;
  _Atomic size_t size;
  _Atomic int file; /* or -1 */
  atomic_bool torn;
} guarded[GUARDED];

static _Atomic int32_t used;                             /* slots from here on were never used */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* held by who takes a slot or gives one back */
static struct sigaction before;

/* The slot of the mapping that has this address, or -1. */
static int32_t slot_of(uintptr_t address, size_t size) {
  for (int32_t i = 0, end = atomic_load(&used); i < end; i++) {
    uintptr_t begin = atomic_load(&guarded[i].begin);
    if (begin && begin <= address && address + size <= begin + atomic_load(&guarded[i].size)) return i;
  }
  return -1;
}

bool lathe_mapping_mend(const void *address) {
  uintptr_t place = (uintptr_t)address & ~(uintptr_t)(PAGE - 1);
  int32_t slot = slot_of(place, 0);
  if (slot < 0) return false;
  int kept = errno;
  uintptr_t end = atomic_load(&guarded[slot].begin) + atomic_load(&guarded[slot].size);
  void *zeros = mmap((void *)place, end - place, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  atomic_store(&guarded[slot].torn, true);
  errno = kept;
  return zeros != MAP_FAILED;
}

static void on_bus(int number, siginfo_t *info, void *context) {
  if (lathe_mapping_mend(info->si_addr)) return;
  if (before.sa_flags & SA_SIGINFO)
    before.sa_sigaction(number, info, context);
  else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
    before.sa_handler(number);
  else
    sigaction(number, &before, NULL); /* and the instruction raises it again */
}

static void catch_bus(void) {
  struct sigaction action = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &before);
}

/* False when all slots are taken. `file` stays the caller's. */
static bool guard(lathe_mapping *mapping, int file) {
  static bool caught;
  pthread_mutex_lock(&lock);
  if (!caught) catch_bus();
  caught = true;
  int32_t slot = 0;
  while (slot < GUARDED && atomic_load(&guarded[slot].begin)) slot++;
  if (slot < GUARDED) {
    atomic_store(&guarded[slot].torn, false);
    atomic_store(&guarded[slot].file, mapping->size >= LARGE ? fcntl(file, F_DUPFD_CLOEXEC, 0) : -1);
    atomic_store(&guarded[slot].size, (mapping->size + PAGE - 1) & ~(size_t)(PAGE - 1));
    atomic_store(&guarded[slot].begin, (uintptr_t)mapping->data);
    if (slot >= atomic_load(&used)) atomic_store(&used, slot + 1);
    mapping->slot = slot;
  }
  pthread_mutex_unlock(&lock);
  return slot < GUARDED;
}

static void unguard(const lathe_mapping *mapping) {
  int file = atomic_exchange(&guarded[mapping->slot].file, -1);
  if (file >= 0) close(file);
  pthread_mutex_lock(&lock);
  atomic_store(&guarded[mapping->slot].begin, 0);
  pthread_mutex_unlock(&lock);
}

/* Advise on the whole pages of bytes that lie in a mapped file. */
static void advise(const char *data, size_t size, int advice) {
  uintptr_t first = (uintptr_t)data, begin = (first + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
  uintptr_t end = (first + size) & ~(uintptr_t)(PAGE - 1);
  if (begin < end && slot_of(begin, end - begin) >= 0) madvise((void *)begin, end - begin, advice);
}

void lathe_mapping_drop(const char *data, size_t size) {
  advise(data, size, MADV_DONTNEED);
}

bool lathe_mapping_copy(const char *data, size_t size, char *out) {
  int32_t slot = slot_of((uintptr_t)data, size);
  int file = slot >= 0 ? atomic_load(&guarded[slot].file) : -1;
  if (file < 0) return false;
  off_t from = (off_t)((uintptr_t)data - atomic_load(&guarded[slot].begin));
  for (size_t done = 0; done < size;) {
    ssize_t got = pread(file, out + done, size - done, from + (off_t)done);
    if (got > 0) done += (size_t)got;
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
  }
  return true;
}

void lathe_mapping_need(const char *data, size_t size) {
#ifdef MADV_POPULATE_READ
  advise(data, size, MADV_POPULATE_READ);
#else
  (void)data, (void)size;
#endif
}

static bool read_all(int file, lathe_mapping *mapping, lathe_error *error) {
  lathe_buffer buffer = {0};
  for (ssize_t got = 1; got != 0;) {
    if (!lathe_buffer_reserve(&buffer, 1 << 16, error)) goto fail;
    got = read(file, buffer.data + buffer.size, 1 << 16);
    if (got < 0 && errno != EINTR) {
      lathe_error_system(error, "cannot read %s", mapping->path);
      goto fail;
    }
    if (got > 0) buffer.size += (size_t)got;
  }
  mapping->data = buffer.data;
  mapping->size = buffer.size;
  return true;
fail:
  lathe_buffer_free(&buffer);
  return false;
}

/* /dev/null ends at once; other devices that are no terminals (/dev/zero) may never end. */
static bool is_null(const struct stat *status) {
  struct stat null;
  return stat("/dev/null", &null) == 0 && null.st_rdev == status->st_rdev;
}

static bool take_bytes(lathe_mapping *mapping, int file, lathe_error *error) {
  const struct stat *status = &mapping->status;
  if (fstat(file, &mapping->status) != 0)
    return lathe_error_system(error, "cannot look at %s", mapping->path);
  if (S_ISDIR(status->st_mode))
    return lathe_error_set(error, LATHE_ERROR_FILE, "%s is a folder; name a file in it", mapping->path);
  if (S_ISCHR(status->st_mode) && !isatty(file) && !is_null(status))
    return lathe_error_set(error, LATHE_ERROR_FILE, "%s is a device; name a file", mapping->path);
  if (!S_ISREG(status->st_mode)) return read_all(file, mapping, error);
  mapping->size = (size_t)status->st_size;
  if (mapping->size == 0) return true;
  void *data = mmap(NULL, mapping->size, PROT_READ, MAP_PRIVATE, file, 0);
  if (data == MAP_FAILED) return lathe_error_system(error, "cannot map %s", mapping->path);
  mapping->data = data;
  if (guard(mapping, file)) return mapping->mapped = true;
  munmap(data, mapping->size);
  return read_all(file, mapping, error);
}

lathe_mapping *lathe_mapping_open(const char *path, lathe_error *error) {
  lathe_mapping *mapping = lathe_memory_new(1, sizeof *mapping, error);
  if (!mapping) return NULL;
  atomic_init(&mapping->count, 1);
  mapping->path = lathe_memory_text(path, strlen(path), error);
  int file = mapping->path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  bool fine = file >= 0;
  if (!fine && mapping->path) {
    if (errno == ENOENT)
      lathe_error_set(error, LATHE_ERROR_FILE, "there is no file %s; check the name and the folder", path);
    else
      lathe_error_system(error, "cannot open %s", path);
  }
  if (fine) {
    fine = take_bytes(mapping, file, error);
    close(file);
  }
  if (fine) return mapping;
  free(mapping->path);
  free(mapping);
  return NULL;
}

lathe_mapping *lathe_mapping_retain(lathe_mapping *mapping) {
  atomic_fetch_add(&mapping->count, 1);
  return mapping;
}

void lathe_mapping_release(lathe_mapping *mapping) {
  if (!mapping || atomic_fetch_sub(&mapping->count, 1) != 1) return;
  if (mapping->mapped) {
    unguard(mapping);
    munmap((void *)mapping->data, mapping->size);
  } else {
    free((void *)mapping->data);
  }
  free(mapping->path);
  free(mapping);
}

const char *lathe_mapping_data(const lathe_mapping *mapping) {
  return mapping->data ? mapping->data : "";
}

size_t lathe_mapping_size(const lathe_mapping *mapping) {
  return mapping->size;
}

bool lathe_mapping_check(const lathe_mapping *mapping, lathe_error *error) {
  if (!mapping || !mapping->mapped) return true;
  const struct stat *was = &mapping->status;
  struct stat is;
  bool torn = atomic_load(&guarded[mapping->slot].torn);
  bool same = stat(mapping->path, &is) == 0 && is.st_dev == was->st_dev && is.st_ino == was->st_ino;
  bool shorter = same && is.st_size < was->st_size; /* what was put behind its end does no harm */
  bool other = same && is.st_size == was->st_size &&
               (is.st_mtim.tv_sec != was->st_mtim.tv_sec || is.st_mtim.tv_nsec != was->st_mtim.tv_nsec);
  if (!torn && !shorter && !other) return true;
  return lathe_error_set(error, LATHE_ERROR_FILE,
                         "%s %s while it was read; read it again when nobody writes it", mapping->path,
                         torn || shorter ? "became shorter" : "was changed");
}
