/* pool.c - threads that wait for a job and take its chunks one by one from a shared counter.
 *
 * One job runs at a time. The caller works too, so a pool of one thread is just a loop. A job begun inside a
 * chunk, or while another thread has the pool, runs serially in its caller: no waiting on each other, no
 * deadlock. */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

enum { THREADS_MAX = 256 };

struct job {
  lathe_chunk_work work;
  void *context;
  lathe_progress *progress;
  int64_t chunks;
  _Atomic int64_t next;
  atomic_bool stop;
  pthread_mutex_t lock; /* guards the two below */
  int64_t failed;       /* the lowest chunk that failed, or -1 */
  lathe_error error;
};

static struct {
  pthread_mutex_t lock; /* guards all below */
  pthread_cond_t work_there, work_done;
  struct job *current;
  int64_t generation;
  int32_t running, started, wanted;
  int32_t helpers; /* that the current job may have at once */
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work_there = PTHREAD_COND_INITIALIZER,
          .work_done = PTHREAD_COND_INITIALIZER};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER; /* held by the thread whose job is in the pool */
static _Thread_local bool inside;                        /* this thread runs a chunk */

static int32_t machine_threads(void) {
  cpu_set_t set;
  int32_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : count;
}

void lathe_threads_set(int32_t threads) {
  pthread_mutex_lock(&pool.lock);
  pool.wanted = threads < 0 ? 1 : threads > THREADS_MAX ? THREADS_MAX : threads;
  pthread_mutex_unlock(&pool.lock);
}

int32_t lathe_threads_get(void) {
  pthread_mutex_lock(&pool.lock);
  if (pool.wanted == 0) pool.wanted = machine_threads();
  int32_t threads = pool.wanted;
  pthread_mutex_unlock(&pool.lock);
  return threads;
}

static void note_failure(struct job *job, int64_t chunk, const lathe_error *error) {
  pthread_mutex_lock(&job->lock);
  if (job->failed < 0 || chunk < job->failed) {
    job->failed = chunk;
    job->error = *error;
  }
  pthread_mutex_unlock(&job->lock);
  atomic_store(&job->stop, true);
}

static void run_chunks(struct job *job) {
  bool before = inside;
  inside = true;
  while (!atomic_load_explicit(&job->stop, memory_order_relaxed)) {
    int64_t chunk = atomic_fetch_add(&job->next, 1);
    if (chunk >= job->chunks) break;
    lathe_error error = {0};
    if (!lathe_progress_check(job->progress, &error) || !job->work(job->context, chunk, &error))
      note_failure(job, chunk, &error);
  }
  inside = before;
}

static void *worker(void *unused) {
  (void)unused;
  int64_t seen = 0;
  pthread_mutex_lock(&pool.lock);
  for (;;) {
    while (!pool.current || pool.generation == seen || pool.running >= pool.helpers)
      pthread_cond_wait(&pool.work_there, &pool.lock);
    seen = pool.generation;
    struct job *job = pool.current;
    pool.running++;
    pthread_mutex_unlock(&pool.lock);
    run_chunks(job);
    pthread_mutex_lock(&pool.lock);
    if (--pool.running == 0) pthread_cond_broadcast(&pool.work_done);
  }
  return NULL;
}

/* Start what is missing of `count` helpers; called with the lock held. Signals stay with the threads that
 * want them, but for those that a thread brings on itself. */
static void start_workers(int32_t count) {
  static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT};
  sigset_t all, before;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool.started < count) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL) != 0) break;
    pthread_detach(thread);
    pool.started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void share_out(struct job *job, int32_t threads) {
  pthread_mutex_lock(&pool.lock);
  start_workers(threads - 1);
  pool.current = job;
  pool.helpers = threads - 1;
  pool.generation++;
  pthread_cond_broadcast(&pool.work_there);
  pthread_mutex_unlock(&pool.lock);
  run_chunks(job);
  pthread_mutex_lock(&pool.lock);
  pool.current = NULL;
  while (pool.running > 0) pthread_cond_wait(&pool.work_done, &pool.lock);
  pthread_mutex_unlock(&pool.lock);
}

bool lathe_pool_run(int64_t chunks, lathe_chunk_work work, void *context, lathe_progress *progress,
                    lathe_error *error) {
  struct job job = {.work = work,
                    .context = context,
                    .progress = progress,
                    .chunks = chunks,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .failed = -1};
  int32_t threads = lathe_threads_get();
  if (threads > 1 && chunks > 1 && !inside && pthread_mutex_trylock(&turn) == 0) {
    share_out(&job, threads);
    pthread_mutex_unlock(&turn);
  } else {
    run_chunks(&job);
  }
  if (job.failed < 0) return true;
  if (error) *error = job.error;
  return false;
}
