/* resources.h - what this process and this machine use, from /proc.
 *
 * A meter keeps its files open, so a look costs a few microseconds. Processor time is told over the interval
 * since the look before; looks that follow within a fifth of a second tell the same interval again. Any
 * thread may look. */
#ifndef LATHE_MONITOR_RESOURCES_H
#define LATHE_MONITOR_RESOURCES_H

#include "../base/error.h"

typedef struct lathe_resources lathe_resources;

typedef struct lathe_resources_state {
  double interval;             /* seconds that `cpu` and `machine_cpu` are about */
  double cpu;                  /* of this process: 1 is one processor busy all the time */
  double machine_cpu;          /* of all processors: 1 is all busy all the time */
  double seconds;              /* processor time since the process began */
  int32_t processors;          /* that are online */
  int64_t memory;              /* bytes of this process in memory (resident) */
  int64_t memory_peak;         /* the most it ever was */
  int64_t machine_memory;      /* bytes of the machine */
  int64_t machine_memory_free; /* bytes that programs can still get */
} lathe_resources_state;

/* NULL with an error when /proc is not there. */
lathe_resources *lathe_resources_new(lathe_error *error);
void lathe_resources_free(lathe_resources *resources);
void lathe_resources_read(lathe_resources *resources, lathe_resources_state *state);

#endif
