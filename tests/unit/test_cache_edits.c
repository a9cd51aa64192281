/* The cache under edits: a program of ten functions that call each other is changed at random, again and again, and every function is called
 * after each edit in a new engine over one folder. The result must be that of a model in C, and the cache must have exactly those kernels
 * whose content was seen before. LOOPJIT_EDITS=1000 is the whole test; fewer edits are the default. */
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "include/loopjit.h"
#include "tests/unit/cache_help.h"

enum { FUNCTIONS = 10, EDITS = 120, MODULUS = 1000003 };

typedef struct Function {
  int a, b, c;
  int callee[2]; /* of a higher number; -1: none */
  bool uses_k, fastmath, has_comment, is_long; /* is_long: as two statements, so that lines move */
} Function;

typedef struct Program {
  Function f[FUNCTIONS];
  int order[FUNCTIONS]; /* in the text */
  int k, unused; /* constants of the top level: one that functions read, one that none does */
  int blank_lines, file;
  bool has_extra; /* a function that nobody calls */
  lj_config config;
} Program;

static unsigned state;
static int pick(int n) { /* the same sequence everywhere */
  state = state * 1103515245u + 12345u;
  return (int)((state >> 16) % (unsigned)n);
}

/* ---- the program as text, as content, as a function of numbers ---- */

static void write_function(const Program *p, int i, bool with_trivia, StrBuf *out) {
  const Function *f = &p->f[i];
  if (f->fastmath) sb_puts(out, "@njit(fastmath=True)\n");
  sb_printf(out, "def f%d(x):%s\n", i, with_trivia && f->has_comment ? "  # the first line" : "");
  if (with_trivia && f->has_comment) sb_puts(out, "\n    # and more\n");
  if (f->is_long)
    sb_printf(out, "    t = x * %d\n    t = t + %d\n", f->a, f->b);
  else
    sb_printf(out, "    t = x * %d + %d\n", f->a, f->b);
  for (int k = 0; k < 2; k++)
    if (f->callee[k] >= 0) sb_printf(out, "    t += f%d(x + %d)\n", f->callee[k], f->c);
  if (f->uses_k) sb_puts(out, "    t += K\n");
  sb_printf(out, "    return t %% %d\n", MODULUS);
}

static void write_program(const Program *p, StrBuf *out) {
  sb_puts(out, "from numba import njit\n");
  sb_pad(out, '\n', (size_t)p->blank_lines);
  sb_printf(out, "K = %d\n", p->k);
  if (p->has_extra) sb_puts(out, "def extra(x):\n    return f0(x) + 1\n");
  for (int i = 0; i < FUNCTIONS; i++) write_function(p, p->order[i], true, out);
  sb_printf(out, "unused = %d\n", p->unused);
}

static bool reads_top(const Program *p, int i) {
  const Function *f = &p->f[i];
  bool reads = f->uses_k;
  for (int k = 0; k < 2; k++) reads |= f->callee[k] >= 0 && reads_top(p, f->callee[k]);
  return reads;
}

static void write_reached(const Program *p, int i, bool *seen, StrBuf *out) {
  if (seen[i]) return;
  seen[i] = true;
  write_function(p, i, false, out);
  for (int k = 0; k < 2; k++)
    if (p->f[i].callee[k] >= 0) write_reached(p, p->f[i].callee[k], seen, out);
}

/* What the kernel of a function depends on. */
static uint64_t content_of(const Program *p, int i) {
  StrBuf text = {0};
  bool seen[FUNCTIONS] = {0};
  sb_printf(&text, "%d: %d %d %d %d %d;", i, p->config.opt_level, p->config.fastmath, p->config.numpy_errors, p->config.no_boundscheck,
            p->config.parallel);
  write_reached(p, i, seen, &text);
  if (reads_top(p, i)) sb_printf(&text, "K = %d, unused = %d", p->k, p->unused);
  uint64_t hash = hash_bytes(text.data, text.len, 1);
  sb_drop(&text);
  return hash;
}

static int64_t value_of(const Program *p, int i, int64_t x) {
  const Function *f = &p->f[i];
  int64_t t = x * f->a + f->b;
  for (int k = 0; k < 2; k++)
    if (f->callee[k] >= 0) t += value_of(p, f->callee[k], x + f->c);
  return (t + (f->uses_k ? p->k : 0)) % MODULUS;
}

/* ---- edits ---- */

static void edit(Program *p) {
  Function *f = &p->f[pick(FUNCTIONS)];
  int i = (int)(f - p->f), a = pick(FUNCTIONS), b = pick(FUNCTIONS), swap;
  switch (pick(20)) {
  case 0:
  case 1: f->a = pick(5); break; /* few values: the program returns to what it was */
  case 2:
  case 3: f->b = pick(50); break;
  case 4: f->c = pick(4); break;
  case 5:
  case 6:
  case 7: f->callee[pick(2)] = i + 1 < FUNCTIONS ? i + 1 + pick(FUNCTIONS - i - 1) : -1; break;
  case 8: f->callee[pick(2)] = -1; break;
  case 9: f->uses_k = !f->uses_k; break;
  case 10: f->fastmath = !f->fastmath; break;
  case 11: f->has_comment = !f->has_comment; break;
  case 12: f->is_long = !f->is_long; break;
  case 13: p->k = pick(4); break;
  case 14: p->unused = pick(4); break;
  case 15: p->blank_lines = pick(5); break;
  case 16: p->file = pick(3); break;
  case 17: p->has_extra = !p->has_extra; break;
  case 18: swap = p->order[a], p->order[a] = p->order[b], p->order[b] = swap; break;
  default: /* of the engine */
    if (pick(2)) p->config.opt_level = pick(2);
    if (pick(3) == 0) p->config.fastmath = !p->config.fastmath;
    if (pick(3) == 0) p->config.numpy_errors = !p->config.numpy_errors;
    if (pick(3) == 0) p->config.no_boundscheck = !p->config.no_boundscheck;
    if (pick(3) == 0) p->config.parallel = !p->config.parallel;
  }
}

/* ---- the test ---- */

typedef struct Seen {
  uint64_t *data;
  size_t len;
} Seen;

static bool add_seen(Seen *seen, uint64_t content) {
  for (size_t i = 0; i < seen->len; i++)
    if (seen->data[i] == content) return true;
  uint64_t *more = realloc(seen->data, (seen->len + 1) * sizeof *seen->data);
  ck_assert_ptr_nonnull(more);
  seen->data = more;
  seen->data[seen->len++] = content;
  return false;
}

static void check_all(const Program *p, int number, Seen *seen) {
  static const char *const files[] = {"a.lp", "b.lp", "folder/c.lp"};
  StrBuf text = {0};
  lj_report *report = lj_report_new();
  lj_engine *engine;
  lj_module *module;
  write_program(p, &text);
  ck_assert_int_eq(lj_engine_new(&p->config, report, &engine), LJ_OK);
  lj_status status = lj_module_load(engine, files[p->file], text.data, text.len, 0, report, &module);
  ck_assert_msg(status == LJ_OK, "edit %d: %s%s", number, lj_report_text(report), text.data);
  for (int i = 0; i < FUNCTIONS; i++) {
    char name[8];
    lj_cache_counts before = {.size = sizeof before}, after = {.size = sizeof after};
    int64_t x = pick(100);
    lj_value arg = lj_int64(x), result;
    sprintf(name, "f%d", i);
    lj_engine_cache_counts(engine, &before);
    status = lj_call(lj_module_find(module, name), &arg, 1, &result, report);
    ck_assert_msg(status == LJ_OK, "edit %d: %s", number, lj_report_text(report));
    lj_engine_cache_counts(engine, &after);
    ck_assert_msg(result.as.i == value_of(p, i, x), "edit %d: f%d(%d) is %d, not %d, in\n%s", number, i, (int)x, (int)result.as.i,
                  (int)value_of(p, i, x), text.data);
    bool known = add_seen(seen, content_of(p, i));
    ck_assert_msg(after.hits - before.hits == known && after.misses - before.misses == !known, "edit %d: f%d should be %s, in\n%s", number,
                  i, known ? "there" : "new", text.data);
  }
  lj_module_free(module);
  lj_engine_free(engine);
  lj_report_free(report);
  sb_drop(&text);
}

START_TEST(edits_are_never_missed) {
  const char *wish = getenv("LOOPJIT_EDITS");
  int edits = wish ? atoi(wish) : EDITS;
  Program p = {.k = 1};
  Seen seen = {0};
  lj_config_init(&p.config);
  p.config.cache_dir = folder;
  p.config.opt_level = 0;
  state = 42;
  for (int i = 0; i < FUNCTIONS; i++) {
    p.order[i] = i;
    p.f[i] = (Function){.a = pick(5), .b = pick(50), .c = pick(4), .callee = {i + 1 < FUNCTIONS ? i + 1 : -1, -1}};
  }
  check_all(&p, 0, &seen);
  for (int n = 1; n <= edits; n++) {
    edit(&p);
    check_all(&p, n, &seen);
  }
  free(seen.data);
}
END_TEST

Suite *suite_cache_edits(void) {
  Suite *s = suite_create("cache_edits");
  TCase *t = tcase_create("cache_edits");
  tcase_add_checked_fixture(t, make_folder, drop_folder);
  tcase_set_timeout(t, 900);
  tcase_add_test(t, edits_are_never_missed);
  suite_add_tcase(s, t);
  return s;
}
