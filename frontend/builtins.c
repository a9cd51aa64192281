/* The table of everything that the language offers besides its syntax, and how it is found by name: rows of builtins.def, values of
 * constants, the modules that a file may import. Data and pure functions; no tree, no types. */
#include "frontend/builtins.h"

const Builtin builtins[BI_COUNT] = {
#define BUILTIN(id, name, params, typing, t_arg, lowering, l_arg) [BI_##id] = {BI_##id, name, params, typing, t_arg},
#include "frontend/builtins.def"
#undef BUILTIN
};

/* Lengths of the names, so that a search compares bytes only where the length fits. */
static const uint8_t name_lengths[BI_COUNT] = {
#define BUILTIN(id, name, params, typing, t_arg, lowering, l_arg) [BI_##id] = sizeof(name) - 1,
#include "frontend/builtins.def"
#undef BUILTIN
};

/* Modules that may be imported, and where their names are looked up. */
static const struct {
  const char *name, *canonical;
} modules[] = {
    {"numpy", "numpy"},
    {"numpy.random", "numpy.random"},
    {"numpy.linalg", "numpy.linalg"},
    {"numpy.fft", "numpy.fft"},
    {"math", "math"},
    {"cmath", "cmath"},
    {"time", "time"},
    {"functools", "functools"},
    {"host", "host"},
    {"numba", "numba"},
    {"numba.types", "numba"},
    {"numba.core", "numba"},
    {"numba.core.types", "numba"},
    {"loopjit", "numba"},
    {"loopjit.types", "numba"},
};

static bool same(const char *name, const char *text, size_t length) { return strlen(name) == length && memcmp(name, text, length) == 0; }

const char *builtin_module_canonical(const char *module, size_t length) {
  for (size_t i = 0; i < LJ_COUNT(modules); i++)
    if (same(modules[i].name, module, length)) return modules[i].canonical;
  return NULL;
}

bool builtin_module_exists(const char *module, size_t length) { return builtin_module_canonical(module, length) != NULL; }

bool builtin_is_flag(const Builtin *b, uint32_t index) {
  const char *p = b->params;
  for (; index && *p; index--) p += strcspn(p, ",") + (p[strcspn(p, ",")] == ',');
  size_t n = strcspn(p, ",");
  return n && p[n - 1] == '!';
}

bool builtin_is_own(const Builtin *b) {
  const char *dot = strrchr(b->name, '.');
  return dot && dot[1] == '_';
}

const char *builtin_module_names(void) { return "numpy, math, cmath, time, functools, numba and loopjit"; }

/* Is the row's name `module`.`name`, or plain `name` when the module is empty? */
static bool row_is(int id, const char *module, size_t module_length, const char *name, size_t name_length) {
  const char *full = builtins[id].name;
  size_t prefix = module_length ? module_length + 1 : 0;
  if (name_lengths[id] != prefix + name_length || memcmp(full + prefix, name, name_length) != 0) return false;
  return prefix == 0 || (full[module_length] == '.' && memcmp(full, module, module_length) == 0);
}

static const Builtin *find_row(const char *module, size_t module_length, const char *name, size_t name_length) {
  for (int id = 0; id < BI_COUNT; id++)
    if (row_is(id, module, module_length, name, name_length)) return &builtins[id];
  return NULL;
}

const Builtin *builtin_find(const char *module, size_t module_length, const char *name, size_t name_length) {
  const char *canonical = builtin_module_canonical(module, module_length);
  if (canonical) module = canonical, module_length = strlen(canonical);
  if (memchr(name, '.', name_length)) return NULL;
  const Builtin *found = find_row(module, module_length, name, name_length);
  DType dtype;
  if (!found && same("numba", module, module_length) && dtype_find_npy(name, name_length, &dtype)) /* numba.f8, numba.i4, … */
    found = find_row(module, module_length, dtype_name(dtype), strlen(dtype_name(dtype)));
  return found;
}

static const struct {
  BuiltinId id;
  double value;
} consts[] = {
    {BI_NP_PI, 3.141592653589793},    {BI_NP_E, 2.718281828459045},      {BI_NP_INF, __builtin_inf()},
    {BI_NP_NAN, __builtin_nan("")},   {BI_MATH_PI, 3.141592653589793},   {BI_MATH_E, 2.718281828459045},
    {BI_MATH_TAU, 6.283185307179586}, {BI_MATH_INF, __builtin_inf()},    {BI_MATH_NAN, __builtin_nan("")},
    {BI_CMATH_PI, 3.141592653589793}, {BI_CMATH_E, 2.718281828459045},   {BI_CMATH_TAU, 6.283185307179586},
    {BI_CMATH_INF, __builtin_inf()},  {BI_CMATH_NAN, __builtin_nan("")}, {BI_NP_EULER_GAMMA, 0.5772156649015329},
};

double builtin_const(BuiltinId id) {
  for (size_t i = 0; i < LJ_COUNT(consts); i++)
    if (consts[i].id == id) return consts[i].value;
  LJ_UNREACHABLE(); /* numpy.newaxis means None: it has no value */
}

enum { WORD_MAX = 32 }; /* longer names are not worth a guess */

uint32_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
  if (a_length > WORD_MAX || b_length > WORD_MAX) return UINT32_MAX;
  uint32_t before[WORD_MAX + 1] = {0}, row[WORD_MAX + 1], last[WORD_MAX + 1]; /* two rows up, this row, one row up */
  for (size_t j = 0; j <= b_length; j++) last[j] = (uint32_t)j;
  for (size_t i = 1; i <= a_length; i++) {
    row[0] = (uint32_t)i;
    for (size_t j = 1; j <= b_length; j++) {
      uint32_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
      if (last[j] + 1 < best) best = last[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best) best = before[j - 2] + 1;
      row[j] = best;
    }
    memcpy(before, last, sizeof before);
    memcpy(last, row, sizeof last);
  }
  return last[b_length];
}

/* How many edits a name of this length may be away to be worth naming. */
uint32_t edit_limit(size_t length) { return length <= 2 ? 0 : length <= 4 ? 1 : 2; }

const char *builtin_suggest(const char *module, const char *name, size_t length) {
  size_t module_length = strlen(module);
  const char *canonical = builtin_module_canonical(module, module_length);
  if (canonical) module = canonical, module_length = strlen(canonical);
  uint32_t best = edit_limit(length) + 1;
  const char *found = NULL;
  for (int id = 0; id < BI_COUNT; id++) {
    const char *full = builtins[id].name, *dot = strrchr(full, '.');
    size_t prefix = dot ? (size_t)(dot - full) : 0;
    if (prefix != module_length || memcmp(full, module, prefix) != 0) continue;
    const char *candidate = dot ? dot + 1 : full;
    if (builtin_is_own(&builtins[id])) continue;
    uint32_t distance = edit_distance(name, length, candidate, strlen(candidate));
    if (distance < best) best = distance, found = candidate;
  }
  return found;
}
