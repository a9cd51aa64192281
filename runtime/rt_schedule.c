/* Settings of parallel loops: threads, schedule, size of the pieces. See rt_schedule.h.
 * The environment is read at the first question and counts for the whole process; what the host and the program say stands in the context. */
#include "runtime/rt_schedule.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

/* ---- threads ------------------------------------------------------------------------------------------------------------------------- */

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
  static _Atomic int32_t known;
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

/* ---- schedules ----------------------------------------------------------------------------------------------------------------------- */

bool lj_schedule_parse(const char *text, Schedule *out) {
  static const char *const names[] = {
      [SCHEDULE_DEFAULT] = "auto", [SCHEDULE_STATIC] = "static", [SCHEDULE_DYNAMIC] = "dynamic", [SCHEDULE_GUIDED] = "guided"};
  const char *colon = strchr(text, ':');
  if (colon) text = colon + 1; /* OpenMP's modifiers change nothing here */
  const char *comma = strchr(text, ',');
  size_t length = comma ? (size_t)(comma - text) : strlen(text);
  char *end = NULL;
  int64_t chunk = comma ? strtoll(comma + 1, &end, 10) : 0;
  if (end && (end == comma + 1 || *end || chunk < 1)) return false;
  for (size_t i = 0; i < LJ_COUNT(names); i++)
    if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0) {
      *out = (Schedule){(ScheduleKind)i, chunk};
      return true;
    }
  return false;
}

static struct {
  pthread_once_t once;
  Schedule schedule;
} environment = {.once = PTHREAD_ONCE_INIT};

static void read_environment(void) {
  static const char *const names[] = {"LOOPJIT_SCHEDULE", "OMP_SCHEDULE"};
  for (size_t i = 0; i < LJ_COUNT(names); i++) {
    const char *text = getenv(names[i]);
    if (text && lj_schedule_parse(text, &environment.schedule)) return;
  }
}

Schedule lj_rt_schedule(const lj_rt *rt) {
  pthread_once(&environment.once, read_environment);
  Schedule how = environment.schedule;
  if (rt->schedule) how = (Schedule){(ScheduleKind)rt->schedule, 0};
  if (rt->chunk) how.chunk = rt->chunk;
  return how;
}

int64_t lj_rt_get_chunk(lj_rt *rt, const lj_site *site) {
  (void)site;
  return rt->chunk;
}

int32_t lj_rt_set_chunk(lj_rt *rt, const lj_site *site, int64_t size, int64_t *old) {
  *old = rt->chunk;
  if (size < 0) {
    lj_rt_raise(rt, site, VALUE_ERROR, "chunksize must be greater than or equal to zero", 0, 0, 0, 0);
    return VALUE_ERROR;
  }
  rt->chunk = size;
  return 0;
}
