/* An extension of SQLite: functions of a kernel file as SQL functions, compiled to native code.
 *     .load ./sqlite_kernel
 *     select load_kernel('geo.lp', 'haversine');              -- a path from the current folder; answers with the name
 *     select city, haversine(lat, lon, 52.5, 13.4) from cities;
 * Parameters with defaults may be left out. What SQL has becomes what kernels have, and back:
 *     INTEGER int64 (also for bool) | REAL float64 | TEXT str | BLOB float64[::1], read-only: doubles in the machine's byte order
 *     NULL among the arguments: the result is NULL and nothing runs, as SQL's own functions do; None is NULL
 * Errors are SQL errors with the report's text. A function is compiled once for each combination of types that it meets.
 * Build: cc -fPIC -shared sqlite_kernel.c $(pkg-config --cflags --libs loopjit) -o sqlite_kernel.so
 *
 * The statements above, with three cities and a blob of 1, 5, -1 for greatest(x) and smooth(x, 3):
 * expect: haversine
 * expect: Paris|877.46
 * expect: Rome|1182.84
 * expect: Nowhere|
 * expect: greatest
 * expect: smooth
 * expect: 5.0
 * expect: ABAAAAAAAAAAFA3F
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <loopjit.h>
#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT1

enum { MAX_ARGS = 16 };

/* One for each connection, whose lock SQLite holds whenever it calls one of our functions: so there is one report, and counts need no atomics. */
typedef struct Host {
  lj_engine *engine;
  lj_report *report;
  int refs;
} Host;

/* A function of a file. SQLite has it once for each number of arguments. */
typedef struct Kernel {
  Host *host;
  lj_module *module;
  lj_function *function;
  int refs;
} Kernel;

static void drop_host(void *data) {
  Host *host = data;
  if (--host->refs > 0) return;
  lj_engine_free(host->engine);
  lj_report_free(host->report);
  free(host);
}

static void drop_kernel(void *data) {
  Kernel *kernel = data;
  if (--kernel->refs > 0) return;
  lj_module_free(kernel->module);
  drop_host(kernel->host);
  free(kernel);
}

/* ---- values ---- */

/* Doubles of a blob, without a copy where SQLite's memory is aligned for them. NULL, or what is wrong. */
static const char *from_blob(sqlite3_value *in, lj_value *out) {
  const void *data = sqlite3_value_blob(in); /* NULL when it is empty */
  size_t bytes = (size_t)sqlite3_value_bytes(in);
  int64_t n = (int64_t)(bytes / sizeof(double));
  if (bytes % sizeof(double)) return "a blob must hold doubles: its length must be a multiple of 8";
  if (data && (uintptr_t)data % sizeof(double) == 0) {
    *out = lj_array_wrap_const(LJ_FLOAT64, data, 1, &n); /* a kernel that stores into it is refused while it is compiled */
  } else {
    *out = lj_array_new(LJ_FLOAT64, 1, &n);
    if (out->kind != LJ_KIND_ARRAY) return "not enough memory";
    if (data) memcpy(out->as.array.data, data, bytes);
    out->as.array.readonly = true;
  }
  return NULL;
}

static const char *from_text(sqlite3_value *in, lj_value *out) {
  const char *text = (const char *)sqlite3_value_text(in); /* before its length is asked for */
  if (!text) return "not enough memory";
  *out = lj_string_n(text, (size_t)sqlite3_value_bytes(in)); /* it may hold NULs */
  return NULL;
}

static const char *from_sql(sqlite3_value *in, lj_value *out) {
  switch (sqlite3_value_type(in)) {
  case SQLITE_INTEGER: *out = lj_int64(sqlite3_value_int64(in)); return NULL;
  case SQLITE_FLOAT: *out = lj_float64(sqlite3_value_double(in)); return NULL;
  case SQLITE_BLOB: return from_blob(in, out);
  default: return from_text(in, out);
  }
}

static void result_scalar(sqlite3_context *context, const lj_value *v) {
  int64_t integer;
  double number;
  if (lj_value_integer(v, &integer))
    sqlite3_result_int64(context, integer);
  else if (!lj_value_number(v, &number))
    sqlite3_result_error(context, "SQL has no complex numbers", -1);
  else if (v->dtype == LJ_UINT64)
    sqlite3_result_error(context, "an unsigned result is larger than SQL's integers", -1);
  else
    sqlite3_result_double(context, number); /* SQLite makes NULL of nan */
}

/* A copy in C order, whatever the strides are. */
static void result_array(sqlite3_context *context, const lj_value *v) {
  if (v->as.array.dtype != LJ_FLOAT64) {
    sqlite3_result_error(context, "only arrays of float64 become blobs", -1);
    return;
  }
  size_t bytes = lj_array_bytes(v);
  double *out = sqlite3_malloc64(bytes ? bytes : 1);
  if (!out || lj_array_copy_out(v, NULL, out, bytes) != LJ_OK) {
    sqlite3_free(out);
    sqlite3_result_error_nomem(context);
    return;
  }
  sqlite3_result_blob64(context, out, bytes, sqlite3_free);
}

static void result(sqlite3_context *context, const lj_value *v) {
  switch (v->kind) {
  case LJ_KIND_NONE: sqlite3_result_null(context); break;
  case LJ_KIND_SCALAR: result_scalar(context, v); break;
  case LJ_KIND_STR: sqlite3_result_text64(context, v->as.str.data, v->as.str.length, SQLITE_TRANSIENT, SQLITE_UTF8); break;
  case LJ_KIND_ARRAY: result_array(context, v); break;
  case LJ_KIND_TUPLE:
  case LJ_KIND_DTYPE: sqlite3_result_error(context, "SQL has no such value: a kernel must give a number, a text or an array", -1);
  }
}

/* ---- functions ---- */

static void call_kernel(sqlite3_context *context, int count, sqlite3_value **in) {
  Kernel *kernel = sqlite3_user_data(context);
  lj_value args[MAX_ARGS] = {{0}}, out;
  const char *problem = NULL;
  int i = 0;
  for (; i < count; i++)
    if (sqlite3_value_type(in[i]) == SQLITE_NULL) return; /* NULL is the result that stands before one is set */
  for (i = 0; i < count && !problem; i++) problem = from_sql(in[i], &args[i]);
  if (problem) {
    sqlite3_result_error(context, problem, -1);
  } else if (lj_call(kernel->function, args, (size_t)count, &out, kernel->host->report) != LJ_OK) {
    sqlite3_result_error(context, lj_report_text(kernel->host->report), -1);
  } else {
    result(context, &out);
    lj_value_free(&out);
  }
  for (i = 0; i < count; i++) lj_value_free(&args[i]);
}

/* Once for each number of arguments that the defaults leave. Takes its own references: SQLite drops one for each, also when it fails. */
static int register_kernel(sqlite3 *db, const char *name, Kernel *kernel) {
  int most = (int)lj_function_param_count(kernel->function), least = most;
  while (least > 0 && lj_function_param_has_default(kernel->function, (size_t)least - 1)) least--;
  if (most > MAX_ARGS) return SQLITE_RANGE;
  int status = SQLITE_OK;
  for (int count = least; count <= most && status == SQLITE_OK; count++) {
    kernel->refs++;
    status = sqlite3_create_function_v2(db, name, count, SQLITE_UTF8, kernel, call_kernel, NULL, NULL, drop_kernel);
  }
  return status;
}

/* load_kernel(path, name). SQLite refuses to replace a function while a statement runs, as this one does: a name is loaded once. */
static void load_kernel(sqlite3_context *context, int count, sqlite3_value **in) {
  (void)count;
  Host *host = sqlite3_user_data(context);
  const char *path = (const char *)sqlite3_value_text(in[0]), *name = (const char *)sqlite3_value_text(in[1]);
  Kernel *kernel = path && name ? calloc(1, sizeof *kernel) : NULL;
  if (!kernel) {
    sqlite3_result_error(context, "load_kernel(path, name) takes two texts", -1);
    return;
  }
  kernel->host = host, kernel->refs = 1;
  host->refs++;
  int status;
  char *problem = NULL;
  if (lj_module_load_file(host->engine, path, 0, host->report, &kernel->module) != LJ_OK)
    problem = sqlite3_mprintf("%s", lj_report_text(host->report));
  else if (!(kernel->function = lj_module_find(kernel->module, name)))
    problem = sqlite3_mprintf("%s: there is no function '%s'", path, name);
  else if ((status = register_kernel(sqlite3_context_db_handle(context), name, kernel)) != SQLITE_OK)
    problem = sqlite3_mprintf("'%s' cannot be registered: %s", name,
                              status == SQLITE_BUSY    ? "a function of this name is loaded already"
                              : status == SQLITE_RANGE ? "it has too many parameters"
                                                       : sqlite3_errstr(status));
  if (problem)
    sqlite3_result_error(context, problem, -1);
  else
    sqlite3_result_text(context, name, -1, SQLITE_TRANSIENT);
  sqlite3_free(problem);
  drop_kernel(kernel);
}

/* SQLite calls it by this name. The library stays loaded when the connection ends: threads of parallel kernels may still wait in it. */
int sqlite3_extension_init(sqlite3 *db, char **error, const sqlite3_api_routines *api) {
  SQLITE_EXTENSION_INIT2(api)
  Host *host = calloc(1, sizeof *host);
  if (!host) return SQLITE_NOMEM;
  host->refs = 1;
  host->report = lj_report_new();
  if (lj_engine_new(NULL, host->report, &host->engine) != LJ_OK) {
    *error = sqlite3_mprintf("%s", lj_report_text(host->report));
    drop_host(host);
    return SQLITE_ERROR;
  }
  /* Only for statements that a user types: a view or trigger of a foreign database must not read files. */
  int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
  int status = sqlite3_create_function_v2(db, "load_kernel", 2, flags, host, load_kernel, NULL, NULL, drop_host);
  return status == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : status;
}
