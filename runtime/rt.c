/* The context of one call: where the thread's stack ends, and its buffers.
 * Comes in: the calling thread. Goes out: an lj_rt without error whose stack_limit leaves room for the runtime's own frames. */
#include "runtime/rt_race.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
  STACK_MARGIN = 256 << 10,  /* for what runs below the check: printing, libm, signal handlers */
  STACK_UNKNOWN = 48 << 10,  /* on a stack that the C library does not know (a coroutine) */
  STACK_MOST = 256 << 20,    /* recursion ends with an error, not with the memory, where the stack is unlimited */
  MAIN_STACK_QUICK = 64 << 20 /* the kernel keeps 128 MB below the main stack free of mappings */
};

extern void *__libc_stack_end; /* highest address of the main thread's stack; set by the dynamic loader and by static start-up */

/* The main thread without pthread_getattr_np, which would read /proc/self/maps on each call from the host. */
static bool main_stack(char *here, char **low, size_t *size) {
  struct rlimit limit;
  if (gettid() != getpid() || getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur > MAIN_STACK_QUICK) return false;
  char *high = __libc_stack_end;
  if (here > high || (size_t)(high - here) >= limit.rlim_cur) return false; /* a forked thread, a coroutine */
  *low = high - limit.rlim_cur;
  *size = limit.rlim_cur;
  return true;
}

static bool thread_stack(char *here, char **low, size_t *size) {
  pthread_attr_t attr;
  void *base = NULL;
  if (pthread_getattr_np(pthread_self(), &attr)) return false;
  bool ok = pthread_attr_getstack(&attr, &base, size) == 0;
  pthread_attr_destroy(&attr);
  *low = base;
  return ok && here >= *low && (size_t)(here - *low) < *size;
}

/* Asking the system where a thread's stack is takes most of a microsecond, more than a call from the host does: each thread asks once. */
static char *find_stack_limit(char *here) {
  static _Thread_local struct {
    char *low;
    size_t size;
  } known;
  char *low = known.low;
  size_t size = known.size;
  if ((uintptr_t)here - (uintptr_t)low >= size) { /* the first call, or on another stack: a coroutine */
    if (!main_stack(here, &low, &size) && !thread_stack(here, &low, &size)) return here - STACK_UNKNOWN;
    known.low = low, known.size = size;
  }
  char *limit = low + lj_min_size(STACK_MARGIN, size / 4);
  return (uintptr_t)here > STACK_MOST && limit < here - STACK_MOST ? here - STACK_MOST : limit;
}

void lj_rt_init(lj_rt *rt) {
  *rt = (lj_rt){0};
  rt->stack_limit = find_stack_limit(__builtin_frame_address(0));
  rt->memos = &rt->own_memos;
  rt->stop = &rt->own_stop;
}

void lj_rt_drop(lj_rt *rt) {
  sb_drop(&rt->message);
  sb_drop(&rt->text);
  lj_memos_drop(&rt->own_memos);
  lj_rt_give_back(rt, NULL, INT64_MAX);
  free(rt->lent);
  lj_race_free(rt->race);
}

void lj_rt_clear_error(lj_rt *rt) {
  rt->error = ERROR_NONE;
  rt->stopped = false;
  rt->site = rt->note_site = NULL;
  rt->trace_len = rt->trace_dropped = 0;
  sb_clear(&rt->message);
  lj_race_stop(rt->race);
}
