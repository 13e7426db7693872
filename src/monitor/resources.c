/* resources.c - /proc/self/status, /proc/stat and /proc/meminfo, read again from kept descriptors. */
#include "resources.h"
#include "../base/memory.h"
#include "../base/system.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const double INTERVAL_LEAST = 0.2;

/* Readings of clocks that only grow. */
struct reading {
  double time;      /* seconds */
  double process;   /* processor seconds of this process */
  double busy, all; /* ticks of the machine */
};

struct lathe_resources {
  pthread_mutex_t lock;
  int status, stat, meminfo;
  struct reading before;
  double interval, cpu, machine_cpu;
};

/* The file's text from its beginning, in `text` (empty when it cannot be read). */
static void read_text(int file, char *text, size_t size) {
  ssize_t got = pread(file, text, size - 1, 0);
  text[got > 0 ? got : 0] = '\0';
}

/* The kilobytes behind `name`, as bytes. */
static int64_t bytes_of(const char *text, const char *name) {
  const char *line = strstr(text, name);
  return line ? strtoll(line + strlen(name), NULL, 10) * 1024 : 0;
}

static struct reading read_clocks(const lathe_resources *resources) {
  char text[512];
  struct reading now = {.time = lathe_clock(), .process = lathe_process_seconds()};
  read_text(resources->stat, text, sizeof text);
  char *next = !strncmp(text, "cpu ", 4) ? text + 4 : text + strlen(text);
  for (int i = 0; i < 8 && *next; i++) { /* user nice system idle iowait irq softirq steal */
    double ticks = (double)strtoull(next, &next, 10);
    now.all += ticks;
    if (i != 3 && i != 4) now.busy += ticks;
  }
  return now;
}

lathe_resources *lathe_resources_new(lathe_error *error) {
  lathe_resources *resources = lathe_memory_new(1, sizeof *resources, error);
  if (!resources) return NULL;
  pthread_mutex_init(&resources->lock, NULL);
  resources->status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  resources->stat = open("/proc/stat", O_RDONLY | O_CLOEXEC);
  resources->meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (resources->status < 0 || resources->stat < 0 || resources->meminfo < 0) {
    lathe_error_system(error, "/proc cannot be read, so memory and processor time are not known");
    lathe_resources_free(resources);
    return NULL;
  }
  resources->before = read_clocks(resources);
  return resources;
}

void lathe_resources_free(lathe_resources *resources) {
  if (!resources) return;
  if (resources->status >= 0) close(resources->status);
  if (resources->stat >= 0) close(resources->stat);
  if (resources->meminfo >= 0) close(resources->meminfo);
  pthread_mutex_destroy(&resources->lock);
  free(resources);
}

/* Begin a new interval when the running one is long enough, or there was none before. */
static void update(lathe_resources *resources, const struct reading *now) {
  const struct reading *before = &resources->before;
  double interval = now->time - before->time, ticks = now->all - before->all;
  bool whole = interval >= INTERVAL_LEAST;
  if (!whole && (resources->interval >= INTERVAL_LEAST || interval <= 0)) return;
  resources->interval = interval;
  resources->cpu = (now->process - before->process) / interval;
  resources->machine_cpu = ticks > 0 ? (now->busy - before->busy) / ticks : 0;
  if (whole) resources->before = *now;
}

void lathe_resources_read(lathe_resources *resources, lathe_resources_state *state) {
  char text[4096];
  struct reading now;
  pthread_mutex_lock(&resources->lock);
  now = read_clocks(resources);
  update(resources, &now);
  *state = (lathe_resources_state){.interval = resources->interval,
                                   .cpu = resources->cpu,
                                   .machine_cpu = resources->machine_cpu,
                                   .seconds = now.process,
                                   .processors = (int32_t)sysconf(_SC_NPROCESSORS_ONLN)};
  pthread_mutex_unlock(&resources->lock);
  read_text(resources->status, text, sizeof text);
  state->memory = bytes_of(text, "VmRSS:");
  state->memory_peak = bytes_of(text, "VmHWM:");
  read_text(resources->meminfo, text, sizeof text);
  state->machine_memory = bytes_of(text, "MemTotal:");
  state->machine_memory_free = bytes_of(text, "MemAvailable:");
}
