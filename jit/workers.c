/* The threads of an engine: workers that make the calls of lj_submit(), and one that watches the clock for deadlines, and one that tells
 * hosts of calls whose time was over before they began. Each is started when it is
 * needed first and joined when the engine is freed. In: futures and deadlines. Out: calls made; stops set when a deadline is over.
 * Nobody is woken without a reason: workers wait for work, the watch for the next deadline. Signals are left to the host's threads. After fork()
 * the child has none of these threads: its first use sets everything up anew and ends what the parent's threads were at. */
#include "jit/workers.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void *grow(void *memory, size_t size) {
  memory = realloc(memory, size);
  if (!memory) lj_panic(__FILE__, __LINE__, "out of memory");
  return memory;
}

static void make_locks(Workers *w) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->work, &monotonic);
  pthread_cond_init(&w->clock, &monotonic);
  pthread_cond_init(&w->telling, &monotonic);
  pthread_cond_init(&w->ended, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

Workers *workers_new(int32_t most) {
  Workers *w = calloc(1, sizeof *w);
  if (!w) lj_panic(__FILE__, __LINE__, "out of memory");
  make_locks(w);
  w->most = (uint32_t)(most ? most : lj_rt_max_threads());
  w->holders = 1;
  w->process = getpid();
  return w;
}

static void tell_first(Workers *w) {
  lj_future *future = w->untold.first;
  future_unlink(&w->untold, future);
  future_tell(future);
}

/* ---- the lock, and forks ------------------------------------------------------------------------------------------------------------- */

/* The lock may have been held by a thread that the child does not have. */
static void start_anew(Workers *w) {
  make_locks(w);
  w->thread_count = w->idle = 0;
  w->has_watch = w->has_teller = false;
  for (uint32_t i = 0; i < w->heap_len; i++) w->heap[i]->place = 0;
  w->heap_len = 0;
}

void workers_lock(Workers *w) {
  int32_t self = getpid(), known = atomic_load(&w->process);
  bool forked = known != self && known && atomic_compare_exchange_strong(&w->process, &known, 0);
  if (forked) {
    start_anew(w);
    atomic_store(&w->process, self);
  }
  while (atomic_load(&w->process) != self) sched_yield();
  pthread_mutex_lock(&w->lock);
  while (forked && (w->running.first || w->queue.first)) future_lose(w->running.first ? w->running.first : w->queue.first);
  while (forked && w->untold.first) tell_first(w);
}

void workers_unlock(Workers *w) { pthread_mutex_unlock(&w->lock); }

bool workers_wait(Workers *w, pthread_cond_t *cond, double until) {
  if (isinf(until)) return pthread_cond_wait(cond, &w->lock) == 0;
  if (!(until >= 0)) return false;
  double most = 1e9; /* far beyond any uptime */
  if (until > most) until = most;
  struct timespec at = {.tv_sec = (time_t)until};
  at.tv_nsec = (long)((until - (double)at.tv_sec) * 1e9);
  return pthread_cond_timedwait(cond, &w->lock, &at) != ETIMEDOUT;
}

void future_link(FutureList *list, lj_future *future) {
  future->next = NULL;
  future->prev = list->last;
  if (list->last)
    list->last->next = future;
  else
    list->first = future;
  list->last = future;
}

void future_unlink(FutureList *list, lj_future *future) {
  if (future->prev)
    future->prev->next = future->next;
  else
    list->first = future->next;
  if (future->next)
    future->next->prev = future->prev;
  else
    list->last = future->prev;
}

static bool start_thread(Workers *w, void *(*run)(void *), pthread_t *thread) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool ok = pthread_create(thread, NULL, run, w) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ok;
}

/* ---- deadlines: a binary heap -------------------------------------------------------------------------------------------------------- */

static void put(Workers *w, uint32_t place, Deadline *deadline) {
  w->heap[place - 1] = deadline;
  deadline->place = place;
}

static Deadline *at(const Workers *w, uint32_t place) { return w->heap[place - 1]; }

/* From a free place: to where the deadline belongs. */
static void settle(Workers *w, uint32_t place, Deadline *deadline) {
  for (; place > 1 && at(w, place / 2)->at > deadline->at; place /= 2) put(w, place, at(w, place / 2));
  for (uint32_t child; (child = 2 * place) <= w->heap_len; place = child) {
    if (child < w->heap_len && at(w, child + 1)->at < at(w, child)->at) child++;
    if (at(w, child)->at >= deadline->at) break;
    put(w, place, at(w, child));
  }
  put(w, place, deadline);
}

void workers_remove_deadline(Workers *w, Deadline *deadline) {
  uint32_t place = deadline->place;
  if (!place) return;
  Deadline *last = at(w, w->heap_len--);
  if (last != deadline) settle(w, place, last);
  deadline->place = 0;
}

static void *watch_main(void *data) {
  Workers *w = data;
  pthread_mutex_lock(&w->lock);
  while (!w->closing) {
    Deadline *next = w->heap_len ? w->heap[0] : NULL;
    if (!next || next->at > engine_now()) {
      workers_wait(w, &w->clock, next ? next->at : INFINITY);
      continue;
    }
    workers_remove_deadline(w, next);
    if (next->future)
      future_stop(next->future, STOP_TIMEOUT);
    else
      atomic_store_explicit(&next->stop->reason, STOP_TIMEOUT, memory_order_relaxed);
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

void workers_add_deadline(Workers *w, Deadline *deadline) {
  if (!w->has_watch) w->has_watch = start_thread(w, watch_main, &w->watch);
  if (w->heap_len == w->heap_cap) {
    w->heap_cap = w->heap_cap ? 2 * w->heap_cap : 8;
    w->heap = grow(w->heap, w->heap_cap * sizeof *w->heap);
  }
  settle(w, ++w->heap_len, deadline);
  if (deadline->place == 1) pthread_cond_signal(&w->clock);
}

void workers_arm(Workers *w, Deadline *deadline) {
  workers_lock(w);
  workers_add_deadline(w, deadline);
  workers_unlock(w);
}

void workers_disarm(Workers *w, Deadline *deadline) {
  if (!deadline->stop) return;
  workers_lock(w);
  workers_remove_deadline(w, deadline);
  workers_unlock(w);
}

/* ---- the teller ---------------------------------------------------------------------------------------------------------------------- */

static void *teller_main(void *data) {
  Workers *w = data;
  pthread_mutex_lock(&w->lock);
  while (!w->closing || w->untold.first) {
    if (w->untold.first)
      tell_first(w);
    else
      workers_wait(w, &w->telling, INFINITY);
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

bool workers_tell_later(Workers *w, lj_future *future) {
  if (!w->has_watch || !pthread_equal(w->watch, pthread_self())) return false;
  if (!w->has_teller) w->has_teller = start_thread(w, teller_main, &w->teller);
  if (!w->has_teller) return false;
  future->calls = true;
  future->caller = w->teller;
  future_link(&w->untold, future);
  pthread_cond_signal(&w->telling);
  return true;
}

/* ---- workers ------------------------------------------------------------------------------------------------------------------------- */

static void *worker_main(void *data) {
  Workers *w = data;
  pthread_mutex_lock(&w->lock);
  while (!w->closing) {
    lj_future *future = w->queue.first;
    if (!future) {
      w->idle++;
      workers_wait(w, &w->work, INFINITY);
      w->idle--;
      continue;
    }
    future_unlink(&w->queue, future);
    future->state = FUTURE_RUNS;
    future_link(&w->running, future);
    future_run(future);
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

bool workers_add(Workers *w, lj_future *future) {
  uint32_t waiting = 1;
  for (const lj_future *f = w->queue.first; f && waiting <= w->idle; f = f->next) waiting++;
  if (waiting > w->idle && w->thread_count < w->most) {
    w->threads = grow(w->threads, (w->thread_count + 1) * sizeof *w->threads);
    w->thread_count += start_thread(w, worker_main, &w->threads[w->thread_count]);
  }
  if (!w->thread_count) return false;
  future_link(&w->queue, future);
  pthread_cond_signal(&w->work);
  return true;
}

/* Locked. NULL: of any module. */
static lj_future *find(const FutureList *list, const lj_module *module) {
  lj_future *future = list->first;
  while (future && module && future->module != module) future = future->next;
  return future;
}

void workers_end_module(Workers *w, const lj_module *module) {
  lj_future *future;
  workers_lock(w);
  while ((future = find(&w->queue, module))) future_stop(future, STOP_ASKED);
  for (future = w->running.first; future; future = future->next)
    if (!module || future->module == module) future_stop(future, STOP_ASKED);
  while (find(&w->running, module)) workers_wait(w, &w->ended, INFINITY);
  workers_unlock(w);
}

void workers_close(Workers *w) {
  workers_end_module(w, NULL);
  workers_lock(w);
  w->closing = true;
  pthread_cond_broadcast(&w->work);
  pthread_cond_broadcast(&w->clock);
  pthread_cond_broadcast(&w->telling);
  uint32_t count = w->thread_count;
  bool has_watch = w->has_watch, has_teller = w->has_teller;
  workers_unlock(w);
  for (uint32_t i = 0; i < count; i++) pthread_join(w->threads[i], NULL);
  if (has_watch) pthread_join(w->watch, NULL);
  if (has_teller) pthread_join(w->teller, NULL);
  workers_release(w);
}

void workers_release(Workers *w) {
  workers_lock(w);
  bool last = --w->holders == 0;
  workers_unlock(w);
  if (!last) return;
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->work);
  pthread_cond_destroy(&w->clock);
  pthread_cond_destroy(&w->telling);
  pthread_cond_destroy(&w->ended);
  free(w->heap);
  free(w->threads);
  free(w);
}
