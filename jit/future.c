/* Futures: calls that the engine's workers make. In: what lj_call() gets. Out: what it gives, kept until somebody takes it.
 * A future is queued, runs, has ended; its workers' lock guards that. It outlives its module and its engine. */
#include "jit/workers.h"

#include <math.h>
#include <stdlib.h>

static void drop_args(lj_future *future) {
  for (size_t i = 0; i < future->count; i++) lj_value_free(&future->args[i]);
  free(future->args);
  future->args = NULL;
  future->count = 0;
}

static void destroy(lj_future *future) {
  drop_args(future);
  lj_value_free(&future->result);
  lj_report_free(future->report);
  workers_release(future->workers);
  free(future);
}

/* ---- locked -------------------------------------------------------------------------------------------------------------------------- */

/* The host is told; nobody but it frees the future meanwhile, and when it does, in the callback, that is done behind it. */
static void tell(lj_future *future) {
  Workers *w = future->workers;
  future->calls = true;
  future->caller = pthread_self();
  workers_unlock(w);
  future->options.done(future->options.done_data, future);
  workers_lock(w);
  future->calls = false;
}

/* Where there is no place to name. */
static void report_stop(lj_future *future) {
  lj_rt rt = {.stop = &future->stop};
  lj_rt_stop(&rt, NULL);
  report_error(future->report, &rt);
  sb_drop(&rt.message);
}

/* The callback, and what was put off until it has returned. */
void future_tell(lj_future *future) {
  Workers *w = future->workers;
  if (future->options.done) tell(future);
  bool unwatched = future->unwatched;
  pthread_cond_broadcast(&w->ended);
  if (!unwatched) return;
  w->holders++; /* the lock is still needed */
  workers_unlock(w);
  destroy(future);
  workers_lock(w);
  w->holders--;
}

static void end(lj_future *future, lj_status status) {
  Workers *w = future->workers;
  future_unlink(future->state == FUTURE_QUEUED ? &w->queue : &w->running, future);
  workers_remove_deadline(w, &future->deadline);
  future->state = FUTURE_ENDED;
  future->status = status;
  future->module = NULL;
  pthread_cond_broadcast(&w->ended);
  if (!future->options.done || !workers_tell_later(w, future)) future_tell(future);
}

/* What a running call had in its hands is left as it is. */
void future_lose(lj_future *future) {
  if (future->state == FUTURE_RUNS) {
    future->args = NULL, future->count = 0;
    future->result = lj_none();
    future->report = lj_report_new();
  }
  atomic_store(&future->stop.reason, STOP_ASKED);
  report_stop(future);
  end(future, LJ_STOPPED);
}

void future_run(lj_future *future) {
  Workers *w = future->workers;
  const CallHow how = {.stop = &future->stop};
  workers_unlock(w);
  lj_status status = future->kernel ? call_compiled(future->kernel, future->args, future->count, &how, &future->result, future->report)
                                    : call_function(future->function, future->args, future->count, &how, &future->result, future->report);
  drop_args(future);
  workers_lock(w);
  end(future, status);
}

/* The first reason counts. */
void future_stop(lj_future *future, StopReason reason) {
  int32_t none = STOP_NONE;
  if (future->state == FUTURE_ENDED) return;
  atomic_compare_exchange_strong(&future->stop.reason, &none, (int32_t)reason);
  if (future->state != FUTURE_QUEUED) return;
  report_stop(future);
  end(future, LJ_STOPPED);
}

/* ---- for hosts ----------------------------------------------------------------------------------------------------------------------- */

static lj_future *make(lj_module *module, const lj_value *args, size_t count, const lj_call_options *options) {
  lj_future *future = calloc(1, sizeof *future);
  lj_value *copies = calloc(count + 1, sizeof *copies);
  if (!future || !copies) lj_panic(__FILE__, __LINE__, "out of memory");
  for (size_t i = 0; i < count; i++) copies[i] = lj_value_copy(&args[i]);
  future->workers = module->engine->workers;
  future->module = module;
  future->args = copies, future->count = count;
  future->options = *options;
  future->report = lj_report_new();
  future->stop.seconds = options->timeout;
  future->deadline = (Deadline){.at = engine_now() + options->timeout, .stop = &future->stop, .future = future};
  return future;
}

static lj_status submit(lj_module *module, lj_function *function, lj_kernel *kernel, const lj_value *args, size_t count,
                        const lj_call_options *given, lj_report *report, lj_future **out) {
  lj_call_options options;
  lj_status status = options_check(module->engine, given, &options, report);
  if (status != LJ_OK) return status;
  if (options.context) return report_message(report, LJ_MISUSE, "a call that is submitted has a context of its own");
  lj_future *future = make(module, args, count, &options);
  Workers *w = future->workers;
  future->function = function, future->kernel = kernel;
  future->unwatched = !out;
  workers_lock(w);
  w->holders++;
  bool ok = workers_add(w, future);
  if (ok && options.timeout > 0) workers_add_deadline(w, &future->deadline);
  workers_unlock(w);
  if (!ok) {
    destroy(future);
    return report_message(report, LJ_MISUSE, "no thread can be started for the call");
  }
  if (out) *out = future;
  return LJ_OK;
}

lj_status lj_submit(lj_function *function, const lj_value *args, size_t count, const lj_call_options *options, lj_report *report,
                    lj_future **future) {
  if (future) *future = NULL;
  lj_report_clear(report);
  lj_status status = call_check_function(function, args, count, report);
  if (status != LJ_OK) return status;
  return submit(function->module, function, NULL, args, count, options, report, future);
}

lj_status lj_kernel_submit(lj_kernel *kernel, const lj_value *args, size_t count, const lj_call_options *options, lj_report *report,
                           lj_future **future) {
  if (future) *future = NULL;
  lj_report_clear(report);
  lj_status status = call_check_kernel(kernel, args, count, report);
  if (status != LJ_OK) return status;
  return submit(kernel->module, NULL, kernel, args, count, options, report, future);
}

bool lj_future_wait(lj_future *future, double seconds) {
  Workers *w = future->workers;
  double until = seconds < 0 ? INFINITY : engine_now() + seconds;
  workers_lock(w);
  while (future->state != FUTURE_ENDED && workers_wait(w, &w->ended, until)) continue;
  bool ended = future->state == FUTURE_ENDED;
  workers_unlock(w);
  return ended;
}

bool lj_future_poll(lj_future *future) {
  workers_lock(future->workers);
  bool ended = future->state == FUTURE_ENDED;
  workers_unlock(future->workers);
  return ended;
}

void lj_future_cancel(lj_future *future) {
  Workers *w = future->workers;
  workers_lock(w);
  future_stop(future, STOP_ASKED);
  workers_unlock(w);
}

lj_status lj_future_take(lj_future *future, lj_value *result, lj_report *report) {
  lj_value taken = lj_none();
  lj_future_wait(future, -1);
  workers_lock(future->workers);
  if (result) {
    *result = future->result;
    future->result = taken;
  } else {
    taken = future->result;
    future->result = lj_none();
  }
  if (report) report_move(report, future->report);
  lj_report_clear(future->report);
  lj_status status = future->status;
  workers_unlock(future->workers);
  lj_value_free(&taken);
  return status;
}

void lj_future_free(lj_future *future) {
  if (!future) return;
  Workers *w = future->workers;
  workers_lock(w);
  future_stop(future, STOP_ASKED);
  bool own = future->calls && pthread_equal(future->caller, pthread_self());
  if (own) future->unwatched = true; /* freed when the callback returns */
  while (!own && (future->state != FUTURE_ENDED || future->calls)) workers_wait(w, &w->ended, INFINITY);
  workers_unlock(w);
  if (!own) destroy(future);
}
