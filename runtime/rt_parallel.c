/* Parallel loops: chunks of iterations on the threads of OpenMP.
 * Comes in: a body, its frame, a range and a number of chunks that was computed from the range alone. Goes out: a status; the error of the lowest
 * chunk that failed, which is the one that serial execution would have met, is in the caller's context.
 *
 * Each thread starts with a block of neighbouring chunks, the same one in each call with the same number of threads, and then takes chunks from
 * the others. It runs them with a context of its own. A chunk is skipped when a lower one has failed or the host wants to stop.
 * The library is loaded at the first parallel loop, so that programs without one do not pay for it. LLVM's OpenMP is used through the entry that
 * GCC's code calls: it knows fork(), may be called by several host threads, and shares its pool with the host. Where it is missing, threads are
 * made for each loop. A chunk that meets another parallel loop runs it serially. */
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "runtime/rt.h"

enum { MOST_THREADS = 256, CACHE_LINE = 64 };

typedef struct Share { /* chunks that belong to one thread */
  _Alignas(CACHE_LINE) _Atomic int64_t next;
  int64_t end;
} Share;

typedef struct Job {
  lj_rt *rt; /* the caller's */
  pthread_t caller;
  lj_chunk *body;
  const void *frame;
  int64_t lo, count, chunks;
  int32_t threads;
  _Atomic int32_t joined;  /* threads that have got their number */
  _Atomic int64_t failed;  /* lowest chunk with an error; chunks: none */
  pthread_mutex_t lock;    /* of the caller's error */
  Share shares[];
} Job;

/* ---- how many threads ---------------------------------------------------------------------------------------------------------------- */

static int32_t env_threads(const char *name) {
  const char *text = getenv(name);
  char *end;
  if (!text || !*text) return 0;
  long n = strtol(text, &end, 10);
  return (*end && *end != ',') || n < 1 ? 0 : n > MOST_THREADS ? MOST_THREADS : (int32_t)n;
}

static int32_t processors(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
}

int32_t lj_rt_max_threads(void) {
  static _Atomic int32_t known; /* the environment at the first question counts */
  int32_t n = atomic_load_explicit(&known, memory_order_relaxed);
  if (n) return n;
  static const char *const names[] = {"LOOPJIT_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"};
  for (size_t i = 0; i < LJ_COUNT(names) && !n; i++) n = env_threads(names[i]);
  if (!n) n = processors();
  atomic_store_explicit(&known, n, memory_order_relaxed);
  return n;
}

int64_t lj_rt_get_threads(lj_rt *rt, const lj_site *site) {
  (void)site;
  return rt->threads ? rt->threads : lj_rt_max_threads();
}

int64_t lj_rt_thread_id(lj_rt *rt, const lj_site *site) {
  (void)site;
  return rt->thread_id;
}

int32_t lj_rt_set_threads(lj_rt *rt, const lj_site *site, int64_t count) {
  int32_t most = lj_rt_max_threads();
  if (rt->threads > most) most = rt->threads; /* the host asked for more */
  if (count < 1 || count > most) {
    lj_rt_raise(rt, site, VALUE_ERROR, "The number of threads must be between 1 and %d", most, 0, 0, 0);
    return VALUE_ERROR;
  }
  rt->threads = (int32_t)count;
  return 0;
}

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
    rt->error = own->error, rt->site = own->site, rt->message = own->message;
    rt->trace_len = own->trace_len, rt->trace_dropped = own->trace_dropped;
    memcpy(rt->trace, own->trace, sizeof rt->trace);
    own->message = message;
  }
  pthread_mutex_unlock(&job->lock);
  lj_rt_clear_error(own);
}

static void run_chunk(Job *job, lj_rt *rt, int64_t chunk) {
  int64_t size = job->count / job->chunks, more = job->count % job->chunks;
  int64_t lo = job->lo + chunk * size + (chunk < more ? chunk : more), hi = lo + size + (chunk < more);
  if (job->body(rt, job->frame, chunk, lo, hi)) keep_error(job, rt, chunk);
}

static bool is_stopped(const Job *job) { return __atomic_load_n(&job->rt->interrupt, __ATOMIC_RELAXED) != 0; }

static void run_share(Job *job, lj_rt *rt, Share *share) {
  while (!is_stopped(job)) {
    int64_t chunk = atomic_fetch_add_explicit(&share->next, 1, memory_order_relaxed);
    if (chunk >= share->end || chunk > atomic_load_explicit(&job->failed, memory_order_relaxed)) return;
    run_chunk(job, rt, chunk);
  }
}

/* Finding the end of a stack takes microseconds: each thread does it once. */
static void init_context(const Job *job, lj_rt *own) {
  static _Thread_local char *known;
  if (pthread_equal(pthread_self(), job->caller)) {
    *own = (lj_rt){.stack_limit = job->rt->stack_limit};
  } else if (known) {
    *own = (lj_rt){.stack_limit = known};
  } else {
    lj_rt_init(own);
    known = own->stack_limit;
  }
  own->memos = job->rt->memos;
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
  for (int32_t i = 0; i < job->threads; i++) run_share(job, &own, &job->shares[(id + i) % job->threads]);
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

static int32_t interrupted(lj_rt *rt, const lj_site *site) {
  lj_rt_raise(rt, site, KEYBOARD_INTERRUPT, "", 0, 0, 0, 0);
  return KEYBOARD_INTERRUPT;
}

/* One after the other on this thread: small loops, and loops inside of chunks. */
static int32_t run_serially(lj_rt *rt, const lj_site *site, lj_chunk *body, const void *frame, int64_t lo, int64_t count, int64_t chunks) {
  int64_t size = count / chunks, more = count % chunks;
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    int64_t hi = lo + size + (chunk < more);
    if (__atomic_load_n(&rt->interrupt, __ATOMIC_RELAXED)) return interrupted(rt, site);
    int32_t status = body(rt, frame, chunk, lo, hi);
    if (status) return status;
    lo = hi;
  }
  return 0;
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
  return is_stopped(job) ? interrupted(job->rt, site) : 0;
}

int32_t lj_rt_parallel_for(lj_rt *rt, const lj_site *site, lj_chunk *body, const void *frame, int64_t lo, int64_t hi, int64_t chunks) {
  int64_t count = hi > lo ? hi - lo : 0, threads = rt->threads ? rt->threads : lj_rt_max_threads();
  if (threads > chunks) threads = chunks;
  if (threads <= 1 || rt->in_parallel) return run_serially(rt, site, body, frame, lo, count, chunks);
  if (threads > MOST_THREADS) threads = MOST_THREADS;
  _Alignas(CACHE_LINE) char room[sizeof(Job) + 8 * sizeof(Share)];
  size_t size = sizeof(Job) + (size_t)threads * sizeof(Share);
  Job *job = size <= sizeof room ? (Job *)(void *)room : aligned_alloc(CACHE_LINE, size);
  if (!job) return run_serially(rt, site, body, frame, lo, count, chunks);
  job->rt = rt, job->caller = pthread_self(), job->body = body, job->frame = frame;
  job->lo = lo, job->count = count, job->chunks = chunks, job->threads = (int32_t)threads;
  atomic_init(&job->joined, 0);
  atomic_init(&job->failed, chunks);
  for (int64_t i = 0; i < threads; i++) {
    atomic_init(&job->shares[i].next, chunks * i / threads);
    job->shares[i].end = chunks * (i + 1) / threads;
  }
  int32_t status = run_job(job, site);
  if ((void *)job != (void *)room) free(job);
  return status;
}
