/* Engines: the settings under which modules are compiled, and the backend that holds the code. Also what the library says about itself.
 * In: a config. Out: an engine. The backend is opened when something is compiled: opening it costs more than checking a program does. */
#include "jit/engine.h"

#include <stdlib.h>
#include <time.h>

#include "base/dtype.h"
#include "runtime/rt_pool.h"
#include "runtime/rt_schedule.h"
#include <llvm/Config/llvm-config.h>

const char *lj_version(void) { return LOOPJIT_VERSION; }
int lj_abi_version(void) { return LJ_ABI_VERSION; }
const char *lj_llvm_version(void) { return LLVM_VERSION_STRING; }

const char *lj_status_text(lj_status status) {
  switch (status) {
#define X(id, value, text)                                                                                                                 \
  case LJ_##id: return text;
    LJ_STATUSES(X)
#undef X
  }
  return "?";
}

_Static_assert((int)LJ_SCHEDULE_STATIC == SCHEDULE_STATIC && (int)LJ_SCHEDULE_DYNAMIC == SCHEDULE_DYNAMIC &&
                   (int)LJ_SCHEDULE_GUIDED == SCHEDULE_GUIDED,
               "the public schedules are the internal ones");

/* The public dtypes are the internal ones: one order, checked here. */
#define X(id, name, kind, size, npy, ctype) _Static_assert((int)LJ_##id == (int)DT_##id, "lj_dtype and DType differ");
DTYPES(X)
#undef X

static bool is_dtype(lj_dtype dtype) { return (unsigned)dtype < DT_COUNT; }
const char *lj_dtype_name(lj_dtype dtype) { return is_dtype(dtype) ? dtype_name((DType)dtype) : "?"; }
size_t lj_dtype_size(lj_dtype dtype) { return is_dtype(dtype) ? dtype_size((DType)dtype) : 0; }
bool lj_dtype_find(const char *name, lj_dtype *dtype) {
  DType found = DT_BOOL;
  bool ok = dtype_find(name, strlen(name), &found);
  *dtype = (lj_dtype)found;
  return ok;
}

double engine_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void lj_config_init(lj_config *config) {
  memset(config, 0, sizeof *config);
  config->size = sizeof *config;
  config->opt_level = 3;
}

lj_status lj_engine_new(const lj_config *config, lj_report *report, lj_engine **out) {
  *out = NULL;
  lj_report_clear(report);
  lj_config settings;
  lj_config_init(&settings);
  if (config) {
    if (config->size < offsetof(lj_config, opt_level))
      return report_message(report, LJ_MISUSE, "the config was not filled by lj_config_init()");
    memcpy(&settings, config, lj_min_size(config->size, sizeof settings));
  }
  if (settings.opt_level < 0 || settings.opt_level > 3)
    return report_message(report, LJ_MISUSE, "there is no optimisation level %d", settings.opt_level);
  if (settings.threads < 0) return report_message(report, LJ_MISUSE, "there cannot be %d threads", settings.threads);
  if (settings.workers < 0) return report_message(report, LJ_MISUSE, "there cannot be %d workers", settings.workers);
  if ((unsigned)settings.schedule > LJ_SCHEDULE_GUIDED)
    return report_message(report, LJ_MISUSE, "there is no schedule %d", (int)settings.schedule);
  if (settings.chunk < 0) return report_message(report, LJ_MISUSE, "there cannot be chunks of %lld iterations", (long long)settings.chunk);
  if (!settings.allocate != !settings.release)
    return report_message(report, LJ_MISUSE, "allocate and release are given together: memory goes back to where it came from");
  if (settings.cpu && !cpu_is_known(settings.cpu))
    return report_message(report, LJ_MISUSE, "there is no CPU '%s' for this machine", settings.cpu);
  lj_engine *engine = calloc(1, sizeof *engine);
  char *cpu = settings.cpu ? strdup(settings.cpu) : NULL;
  if (!engine || (settings.cpu && !cpu)) lj_panic(__FILE__, __LINE__, "out of memory");
  settings.cpu = cpu;
  engine->config = settings;
  engine->options = (ProgramOptions){.fastmath = settings.fastmath ? FM_FAST : 0,
                                     .numpy_errors = settings.numpy_errors,
                                     .no_boundscheck = settings.no_boundscheck,
                                     .parallel = settings.parallel || settings.auto_parallel,
                                     .auto_parallel = settings.auto_parallel,
                                     .race_check = settings.race_check,
                                     .interruptible = settings.interruptible};
  CacheOptions cache = {.path = settings.cache_dir,
                        .bound = settings.cache_bytes ? settings.cache_bytes : cache_default_bound(),
                        .explain = settings.cache_explain,
                        .target = {.cpu = cpu, .opt_level = settings.opt_level, .options = engine->options}};
  engine->cache = cache_open(&cache);
  engine->config.cache_dir = NULL; /* the cache has it */
  pthread_mutex_init(&engine->lock, NULL);
  arena_init(&engine->host_arena);
  const lj_hooks hooks = {settings.allocate, settings.release, settings.allocator_data};
  engine->pool = hooks.allocate ? lj_pool_of(&hooks) : lj_pool_new();
  if (hooks.allocate && !engine->pool) lj_panic(__FILE__, __LINE__, "out of memory");
  engine->workers = workers_new(settings.workers);
  *out = engine;
  return LJ_OK;
}

void lj_engine_free(lj_engine *engine) {
  if (!engine) return;
  workers_close(engine->workers);
  if (engine->backend) backend_close(engine->backend);
  cache_close(engine->cache);
  pthread_mutex_destroy(&engine->lock);
  lj_pool_release(engine->pool);
  arena_drop(&engine->host_arena);
  free((void *)(uintptr_t)engine->config.cpu);
  free(engine);
}

lj_status engine_backend(lj_engine *engine, lj_times *times, lj_report *report, Backend **out) {
  pthread_mutex_lock(&engine->lock);
  if (!engine->backend) {
    double start = engine_now();
    StrBuf error = {0};
    BackendOptions options = {.cpu = engine->config.cpu, .opt_level = engine->config.opt_level};
    if (!backend_open(&options, &engine->backend, &error)) {
      engine->backend = NULL;
      report_message(report, LJ_INTERNAL, "%s", sb_text(&error));
    }
    sb_drop(&error);
    if (times) times->start_llvm += engine_now() - start;
  }
  *out = engine->backend;
  pthread_mutex_unlock(&engine->lock);
  return *out ? LJ_OK : LJ_INTERNAL;
}

void engine_tell(lj_engine *engine, lj_report *report) {
  StrBuf note = {0};
  if (report && cache_take_note(engine->cache, &note)) report_note(report, sb_text(&note));
  sb_drop(&note);
}

void engine_init_rt(const lj_engine *engine, lj_rt *rt) {
  lj_rt_init(rt);
  rt->print = engine->config.print;
  rt->print_data = engine->config.print_data;
  rt->threads = engine->config.threads;
  rt->schedule = (int32_t)engine->config.schedule;
  rt->chunk = engine->config.chunk;
  rt->pool = engine->pool;
}

lj_context *lj_context_new(lj_engine *engine) {
  lj_context *context = calloc(1, sizeof *context);
  if (!context) lj_panic(__FILE__, __LINE__, "out of memory");
  engine_init_rt(engine, &context->rt);
  context->engine = engine;
  return context;
}

void lj_context_free(lj_context *context) {
  if (!context) return;
  if (context->deadline.stop) workers_disarm(context->engine->workers, &context->deadline);
  lj_rt_drop(&context->rt);
  free(context);
}

void lj_context_report(lj_context *context, lj_report *report) {
  lj_report_clear(report);
  if (context->rt.error) report_error(report, &context->rt);
  if (context->rt.stopped) lj_context_resume(context);
  lj_rt_clear_error(&context->rt);
  lj_rt_give_back(&context->rt, NULL, INT64_MAX); /* of statements that an error ended */
}
