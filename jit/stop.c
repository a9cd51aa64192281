/* Calls that end early: options of calls, stops and timeouts of contexts.
 * In: a context or options. Out: an lj_stop that compiled code sees; the clock is watched by the engine's workers (workers.c). */
#include "jit/engine.h"

void lj_context_stop(lj_context *context) { atomic_store_explicit(&context->rt.own_stop.reason, STOP_ASKED, memory_order_relaxed); }
void lj_context_resume(lj_context *context) { atomic_store_explicit(&context->rt.own_stop.reason, STOP_NONE, memory_order_relaxed); }

static lj_status check_timeout(const lj_engine *engine, double seconds, lj_report *report) {
  if (!(seconds >= 0)) return report_message(report, LJ_MISUSE, "a timeout cannot be %g seconds", seconds);
  if (seconds > 0 && !engine->options.interruptible)
    return report_message(report, LJ_MISUSE, "a timeout needs an engine whose config says interruptible: its code cannot be stopped");
  return LJ_OK;
}

lj_status options_check(const lj_engine *engine, const lj_call_options *options, lj_call_options *out, lj_report *report) {
  lj_call_options_init(out);
  if (!options) return LJ_OK;
  if (options->size < offsetof(lj_call_options, context))
    return report_message(report, LJ_MISUSE, "the options were not filled by lj_call_options_init()");
  memcpy(out, options, lj_min_size(options->size, sizeof *out));
  return check_timeout(engine, out->timeout, report);
}

void lj_call_options_init(lj_call_options *options) {
  memset(options, 0, sizeof *options);
  options->size = sizeof *options;
}

lj_status lj_context_timeout(lj_context *context, double seconds, lj_report *report) {
  lj_report_clear(report);
  if (!context) return report_message(report, LJ_MISUSE, "the context is NULL");
  lj_status status = check_timeout(context->engine, seconds, report);
  if (status != LJ_OK) return status;
  lj_stop *stop = &context->rt.own_stop;
  int32_t over = STOP_TIMEOUT;
  workers_disarm(context->engine->workers, &context->deadline);
  atomic_compare_exchange_strong(&stop->reason, &over, STOP_NONE);
  stop->seconds = seconds;
  context->deadline.stop = stop;
  context->deadline.at = engine_now() + seconds;
  if (seconds > 0) workers_arm(context->engine->workers, &context->deadline);
  return LJ_OK;
}

/* ---- calls with options -------------------------------------------------------------------------------------------------------------- */

typedef struct Timed { /* one call on the host's thread */
  lj_engine *engine;
  CallHow how;
  lj_stop own;
  Deadline deadline;
} Timed;

static lj_status start(Timed *t, lj_engine *engine, const lj_call_options *given, lj_report *report) {
  lj_call_options options;
  lj_report_clear(report);
  *t = (Timed){.engine = engine};
  lj_status status = options_check(engine, given, &options, report);
  if (status != LJ_OK) return status;
  if (options.context && options.context->engine != engine)
    return report_message(report, LJ_MISUSE, "the context belongs to another engine than what is called");
  t->how.context = options.context;
  t->how.stop = options.context ? &options.context->rt.own_stop : &t->own;
  if (options.timeout > 0) {
    t->how.stop->seconds = options.timeout;
    t->deadline = (Deadline){.at = engine_now() + options.timeout, .stop = t->how.stop};
    workers_arm(engine->workers, &t->deadline);
  }
  return LJ_OK;
}

/* A timeout that came too late to be seen is none of the context's next call. */
static lj_status finish(Timed *t, lj_status status) {
  int32_t over = STOP_TIMEOUT;
  workers_disarm(t->engine->workers, &t->deadline);
  atomic_compare_exchange_strong(&t->how.stop->reason, &over, STOP_NONE);
  return status;
}

lj_status lj_call_with(lj_function *function, const lj_value *args, size_t count, const lj_call_options *options, lj_value *result,
                       lj_report *report) {
  Timed t;
  if (!function) return lj_call(function, args, count, result, report); /* says so */
  if (result) *result = lj_none();
  lj_status status = start(&t, function->module->engine, options, report);
  return status == LJ_OK ? finish(&t, call_function(function, args, count, &t.how, result, report)) : status;
}

lj_status lj_kernel_call_with(lj_kernel *kernel, const lj_value *args, size_t count, const lj_call_options *options, lj_value *result,
                              lj_report *report) {
  Timed t;
  if (!kernel) return lj_kernel_call(kernel, args, count, result, report);
  if (result) *result = lj_none();
  lj_status status = start(&t, kernel->module->engine, options, report);
  return status == LJ_OK ? finish(&t, call_compiled(kernel, args, count, &t.how, result, report)) : status;
}

lj_status lj_module_run_with(lj_module *module, const lj_call_options *options, lj_report *report) {
  Timed t;
  if (!module) return lj_module_run(module, report);
  lj_status status = start(&t, module->engine, options, report);
  return status == LJ_OK ? finish(&t, call_main(module, &t.how, report)) : status;
}
