/* Parallel loops: chunks of iterations on the threads of OpenMP.
 * Comes in: a body, its frame, a range and a number of chunks that was computed from the range alone. Goes out: a status; the error of the lowest
 * chunk that failed, which is the one that serial execution would have met, is in the caller's context.
 *
 * Schedules say who runs which chunks, never what a chunk is: where chunks have private copies that are combined, a size that the user gives becomes
 * a number of whole chunks that are taken together, so that no schedule, size or number of threads changes a result. Other loops are cut as the
 * user says. Without a schedule each thread starts with a block of neighbouring chunks, the same one in each call with the same number of threads,
 * and then takes chunks from the others. It runs them with a context of its own. A chunk is skipped when a lower one has failed or the host wants to stop.
 * The library is loaded at the first parallel loop, so that programs without one do not pay for it. LLVM's OpenMP is used through the entry that
 * GCC's code calls: it knows fork(), may be called by several host threads, and shares its pool with the host. Where it is missing, threads are
 * made for each loop. A chunk that meets another parallel loop runs it serially. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/rt_schedule.h"

enum { CACHE_LINE = 64 };

typedef struct Share { /* turns that belong to one thread, or to all */
  _Alignas(CACHE_LINE) _Atomic int64_t next;
  int64_t end;
} Share;

typedef struct Job {
  lj_rt *rt; /* the caller's */
  lj_chunk *body;
  const void *frame;
  int64_t lo, count, chunks;
  int64_t size; /* of a chunk; 0: the range is divided evenly */
  int64_t step; /* chunks of a turn */
  int32_t threads, share_count;
  ScheduleKind schedule;
  bool deals;             /* turns go round the threads one by one, not in blocks */
  _Atomic int32_t joined; /* threads that have got their number */
  _Atomic int64_t failed; /* lowest chunk with an error; chunks: none */
  pthread_mutex_t lock;   /* of the caller's error */
  Share shares[];
} Job;

/* ---- OpenMP -------------------------------------------------------------------------------------------------------------------------- */

/* One library serves the whole process, as its pool of threads does. Written once. */
static struct {
  pthread_once_t once;
  void (*parallel)(void (*body)(void *), void *data, unsigned threads, unsigned flags); /* NULL: there is none */
  int (*number)(void); /* of the thread in its team */
} openmp = {.once = PTHREAD_ONCE_INIT};

static void load_openmp(void) {
  static const char *const names[] = {"libomp.so.5", "libomp.so", "/usr/lib/llvm-22/lib/libomp.so.5", "/usr/lib/llvm-19/lib/libomp.so.5",
                                      "libiomp5.so"};
  const char *off = getenv("LOOPJIT_NO_OPENMP");
  if (off && *off && *off != '0') return;
  void *library = NULL;
  for (size_t i = 0; i < LJ_COUNT(names) && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  void *symbol = library ? dlsym(library, "GOMP_parallel") : NULL;
  void *number = library ? dlsym(library, "omp_get_thread_num") : NULL;
  if (!number) return;
  memcpy(&openmp.number, &number, sizeof number);
  memcpy(&openmp.parallel, &symbol, sizeof symbol);
}

/* ---- running chunks ------------------------------------------------------------------------------------------------------------------ */

static void keep_error(Job *job, lj_rt *own, int64_t chunk) {
  pthread_mutex_lock(&job->lock);
  if (chunk < atomic_load(&job->failed)) {
    atomic_store(&job->failed, chunk);
    lj_rt *rt = job->rt;
    StrBuf message = rt->message;
    rt->error = own->error, rt->stopped = own->stopped, rt->site = own->site, rt->message = own->message;
    rt->trace_len = own->trace_len, rt->trace_dropped = own->trace_dropped;
    memcpy(rt->trace, own->trace, sizeof rt->trace);
    own->message = message;
  }
  pthread_mutex_unlock(&job->lock);
  lj_rt_clear_error(own);
}

/* Where a chunk begins when the range is divided evenly. Long ones begin at multiples of STRIDE: they are about elements of arrays then, and a vector that
 * lies across two cache lines costs twice. */
static int64_t chunk_start(int64_t lo, int64_t count, int64_t chunks, int64_t chunk) {
  enum { STRIDE = 64, LONG = 16 * STRIDE };
  int64_t size = count / chunks, more = count % chunks, at = chunk * size + (chunk < more ? chunk : more);
  return lo + at - (size >= LONG && chunk > 0 && chunk < chunks ? (int64_t)((uint64_t)(lo + at) % STRIDE) : 0);
}

static void run_chunk(Job *job, lj_rt *rt, int64_t chunk) {
  int64_t at = job->size ? job->lo + chunk * job->size : chunk_start(job->lo, job->count, job->chunks, chunk);
  int64_t end = chunk + 1 == job->chunks ? job->lo + job->count
                : job->size              ? at + job->size
                                         : chunk_start(job->lo, job->count, job->chunks, chunk + 1);
  if (job->body(rt, job->frame, chunk, at, end)) keep_error(job, rt, chunk);
}

/* The next turns of a share: [*from, *to). */
static bool take_turns(const Job *job, Share *share, int64_t *from, int64_t *to) {
  switch (job->schedule) {
  case SCHEDULE_STATIC: /* all of them; also those of a thread that did not come */
    *from = atomic_exchange_explicit(&share->next, share->end, memory_order_relaxed);
    *to = share->end;
    break;
  case SCHEDULE_GUIDED:
    *from = atomic_load_explicit(&share->next, memory_order_relaxed);
    do {
      int64_t part = (share->end - *from) / (2 * job->threads);
      *to = *from + (part > 1 ? part : 1);
    } while (*from < share->end &&
             !atomic_compare_exchange_weak_explicit(&share->next, from, *to, memory_order_relaxed, memory_order_relaxed));
    break;
  case SCHEDULE_DEFAULT:
  case SCHEDULE_DYNAMIC:
    *from = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
    *to = *from + 1;
    break;
  }
  return *from < share->end;
}

static void run_share(Job *job, lj_rt *rt, int32_t number) {
  Share *share = &job->shares[number];
  int64_t from = 0, to = 0;
  while (!lj_rt_is_stopped(job->rt) && take_turns(job, share, &from, &to))
    for (int64_t turn = from; turn < to; turn++) {
      int64_t first = (job->deals ? turn * job->share_count + number : turn) * job->step, end = first + job->step;
      for (int64_t chunk = first; chunk < end && chunk < job->chunks; chunk++) {
        if (lj_rt_is_stopped(job->rt) || chunk > atomic_load_explicit(&job->failed, memory_order_relaxed)) return;
        run_chunk(job, rt, chunk);
      }
    }
}

static void init_context(const Job *job, lj_rt *own) {
  lj_rt_init(own);
  own->memos = job->rt->memos;
  own->stop = job->rt->stop;
  own->pool = job->rt->pool;
}

/* What each thread of the team does. */
static void join_job(void *data) {
  Job *job = data;
  int32_t id = openmp.parallel ? openmp.number() : atomic_fetch_add_explicit(&job->joined, 1, memory_order_relaxed);
  if (id >= job->threads) return;
  lj_rt own;
  init_context(job, &own);
  own.print = job->rt->print, own.print_data = job->rt->print_data;
  own.threads = job->rt->threads;
  own.thread_id = id;
  own.in_parallel = true;
  for (int32_t i = 0; i < job->share_count; i++) run_share(job, &own, (id + i) % job->share_count);
  lj_rt_drop(&own);
}

static void *thread_main(void *data) {
  join_job(data);
  return NULL;
}

/* Without OpenMP. Fewer threads do the same work when some cannot be made. */
static void run_on_threads(Job *job) {
  pthread_t threads[MOST_THREADS];
  int32_t made = 0;
  while (made + 1 < job->threads && pthread_create(&threads[made], NULL, thread_main, job) == 0) made++;
  join_job(job);
  while (made > 0) pthread_join(threads[--made], NULL);
}

/* One after the other on this thread: small loops, and loops inside of chunks. */
static int32_t run_serially(lj_rt *rt, const lj_site *site, lj_chunk *body, const void *frame, int64_t lo, int64_t count, int64_t chunks) {
  int64_t chunk_size = rt->chunk, at = lo;
  int32_t status = 0;
  rt->chunk = 0; /* in a loop there is none, as in numba */
  for (int64_t chunk = 0; chunk < chunks && !status; chunk++) {
    int64_t hi = chunk_start(lo, count, chunks, chunk + 1);
    status = lj_rt_is_stopped(rt) ? lj_rt_stop(rt, site) : body(rt, frame, chunk, at, hi);
    at = hi;
  }
  rt->chunk = chunk_size;
  return status;
}

static int32_t run_job(Job *job, const lj_site *site) {
  pthread_mutex_init(&job->lock, NULL);
  pthread_once(&openmp.once, load_openmp);
  if (openmp.parallel)
    openmp.parallel(join_job, job, (unsigned)job->threads, 0);
  else
    run_on_threads(job);
  pthread_mutex_destroy(&job->lock);
  if (atomic_load(&job->failed) < job->chunks) return job->rt->error;
  return lj_rt_is_stopped(job->rt) ? lj_rt_stop(job->rt, site) : 0;
}

/* What the user said about sizes and order. */
static void plan(Job *job, const Schedule *how, bool fixed) {
  LJ_ASSERT(job->chunks > 1 && job->count >= job->chunks);
  job->schedule = how->kind;
  job->step = 1;
  if (how->chunk && !fixed) {
    job->size = how->chunk < job->count ? how->chunk : job->count;
    job->chunks = (job->count + job->size - 1) / job->size;
  } else if (how->chunk) {
    int64_t most = job->count / job->chunks;
    job->step = how->chunk > most ? how->chunk / most : 1;
  }
  job->deals = how->kind == SCHEDULE_STATIC && how->chunk;
  job->share_count = how->kind == SCHEDULE_DYNAMIC || how->kind == SCHEDULE_GUIDED ? 1 : job->threads;
  atomic_init(&job->joined, 0);
  atomic_init(&job->failed, job->chunks);
  int64_t turns = (job->chunks + job->step - 1) / job->step, shares = job->share_count;
  LJ_ASSERT(shares > 0);
  for (int64_t i = 0; i < shares; i++) {
    atomic_init(&job->shares[i].next, job->deals ? 0 : turns * i / shares);
    job->shares[i].end = job->deals ? (turns - i + shares - 1) / shares : turns * (i + 1) / shares;
  }
}

int32_t lj_rt_parallel_for(lj_rt *rt, const lj_site *site, lj_chunk *body, const void *frame, int64_t lo, int64_t hi, int64_t chunks,
                           int64_t fixed) {
  int64_t count = hi > lo ? hi - lo : 0, threads = rt->threads ? rt->threads : lj_rt_max_threads();
  if (threads <= 1 || chunks <= 1 || chunks > count || rt->in_parallel) return run_serially(rt, site, body, frame, lo, count, chunks);
  Schedule how = lj_rt_schedule(rt);
  if (threads > chunks && (fixed || !how.chunk)) threads = chunks;
  if (threads > MOST_THREADS) threads = MOST_THREADS;
  _Alignas(CACHE_LINE) char room[sizeof(Job) + 8 * sizeof(Share)];
  size_t size = sizeof(Job) + (size_t)threads * sizeof(Share);
  Job *job = size <= sizeof room ? (Job *)(void *)room : aligned_alloc(CACHE_LINE, size);
  if (!job) return run_serially(rt, site, body, frame, lo, count, chunks);
  *job = (Job){.rt = rt, .body = body, .frame = frame, .lo = lo, .count = count, .chunks = chunks, .threads = (int32_t)threads};
  plan(job, &how, fixed != 0);
  int32_t status = run_job(job, site);
  if ((void *)job != (void *)room) free(job);
  return status;
}
