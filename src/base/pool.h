/* pool.h - the one thread pool.
 *
 * Work is cut into chunks that do not depend on the number of threads; each chunk is computed alone, and who
 * adds up partial results adds them in the order of the chunks. So the same input gives the same bytes on any
 * machine size. */
#ifndef LATHE_BASE_POOL_H
#define LATHE_BASE_POOL_H

#include "error.h"
#include "progress.h"

/* Threads to use, the caller's own included: 1 to 256. 0 asks for as many as the process may run on. */
void lathe_threads_set(int32_t threads);
int32_t lathe_threads_get(void);

#ifndef LATHE_CDEF
/* One chunk of work; several run at once. */
typedef bool (*lathe_chunk_work)(void *context, int64_t chunk, lathe_error *error);

/* Run `work` for chunks 0 .. chunks-1 and wait. On failure the error is that of the lowest chunk among those
 * that failed, and chunks not yet begun are left out. Stops between chunks when `progress` is cancelled; what
 * is done the work adds itself. May be called from inside a chunk: it then runs serially. */
bool lathe_pool_run(int64_t chunks, lathe_chunk_work work, void *context, lathe_progress *progress,
                    lathe_error *error);
#endif

#endif
