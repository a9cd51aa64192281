/* Code generation: small Loop IR functions made by hand, compiled and linked by the backend, called through their entry. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ir/build.h"
#include "jit/backend.h"
#include "runtime/rt.h"
#include "tests/unit/codegen_rows.h"

static Backend *backend;
static Arena arena;
static TypeTable tt;
static IrUnit *unit;
static IrBuilder b; /* stands in the body of the newest function */
static lj_rt rt;
static BackendCode *code;
static int32_t (*entry)(lj_rt *, const void *, void *);

static void open_backend(void) {
  StrBuf error = {0};
  BackendOptions options = {.opt_level = 3};
  ck_assert_msg(backend_open(&options, &backend, &error), "%s", sb_text(&error));
}
static void close_backend(void) { backend_close(backend); }

static void new_unit(void) {
  unit = arena_new(&arena, IrUnit);
  unit->arena = &arena;
  b = (IrBuilder){.arena = &arena, .unit = unit, .types = &tt};
}
static void set_up(void) {
  arena_init(&arena);
  types_init(&tt, &arena);
  lj_rt_init(&rt);
  code = NULL;
  new_unit();
}
static void tear_down(void) {
  backend_unload(backend, code);
  lj_rt_drop(&rt);
  arena_drop(&arena);
}

/* Starts a function, which becomes the entry if it is the first. */
static IrFunc *func(const char *name, const Type *result) {
  IrFunc *f = arena_new(&arena, IrFunc);
  f->unit = unit;
  f->index = unit->funcs.len;
  f->name = name;
  f->result = result;
  vec_push(&arena, &unit->funcs, f);
  if (!unit->entry) unit->entry = f;
  b.func = f;
  b.block = &f->body;
  return f;
}

static IrVar *param(const char *name, const Type *type) {
  IrVar *var = ir_new_var(&b, name, type);
  var->is_param = var->once = true;
  vec_push(&arena, &b.func->params, var);
  return var;
}

static void ret(IrExpr *value) { ir_stmt(&b, IRS_RETURN)->as.ret.value = value; }

/* Verifies, compiles, links, calls. */
static int32_t call(const void *args, void *result) {
  const char *why = NULL;
  ck_assert_msg(ir_verify(unit, &why), "%s", why);
  StrBuf object = {0}, error = {0}, llvm = {0};
  BackendDumps dumps = {.llvm = &llvm}; /* dumping verifies the module */
  if (!code) {
    bool ok = backend_compile(backend, unit, "entry", &dumps, &object, NULL, &error);
    if (getenv("DUMP_LLVM")) fputs(sb_text(&llvm), stderr);
    ck_assert_msg(ok, "%s", sb_text(&error));
    void *address = NULL;
    ck_assert_msg(backend_link(backend, object.data, object.len, "entry", NULL, &code, &address, NULL, &error), "%s", sb_text(&error));
    memcpy(&entry, &address, sizeof entry);
  }
  sb_drop(&object);
  sb_drop(&error);
  sb_drop(&llvm);
  return entry(&rt, args, result);
}

static const Type *scalar(DType t) { return type_scalar(&tt, t); }
static const Type *i64(void) { return scalar(DT_INT64); }
static const Type *f64(void) { return scalar(DT_FLOAT64); }

/* r = a OP b of one type, called for each row. */
static void binary_entry(IrOp op, DType dtype, DType result) {
  func("f", scalar(result));
  IrVar *x = param("x", scalar(dtype)), *y = param("y", scalar(dtype));
  ret(ir_binary(&b, op, scalar(result), ir_var(&b, x), ir_var(&b, y)));
}

START_TEST(test_int) {
  binary_entry(int_rows[_i].op, DT_INT64, DT_INT64);
  int64_t args[2] = {int_rows[_i].a, int_rows[_i].b}, got = 0;
  ck_assert_int_eq(call(args, &got), 0);
  ck_assert_int_eq(got, int_rows[_i].want);
}
END_TEST

START_TEST(test_int_const) {
  func("f", i64());
  IrVar *x = param("x", i64());
  ret(ir_binary(&b, const_rows[_i].op, i64(), ir_var(&b, x), ir_int(&b, const_rows[_i].divisor)));
  int64_t got = 0;
  ck_assert_int_eq(call(&const_rows[_i].a, &got), 0);
  ck_assert_int_eq(got, const_rows[_i].want);
}
END_TEST

START_TEST(test_int8) {
  binary_entry(byte_rows[_i].op, DT_INT8, DT_INT8);
  int8_t args[2] = {byte_rows[_i].a, byte_rows[_i].b}, got = 0;
  ck_assert_int_eq(call(args, &got), 0);
  ck_assert_int_eq(got, byte_rows[_i].want);
}
END_TEST

static bool same_double(double a, double c) { return isnan(a) ? isnan(c) : a == c && signbit(a) == signbit(c); }
START_TEST(test_float) {
  binary_entry(float_rows[_i].op, DT_FLOAT64, DT_FLOAT64);
  double args[2] = {float_rows[_i].a, float_rows[_i].b}, got = 0;
  ck_assert_int_eq(call(args, &got), 0);
  ck_assert_msg(same_double(float_rows[_i].want, got), "row %d: got %g", _i, got);
}
END_TEST

START_TEST(test_cast) {
  DType to = cast_rows[_i].to;
  func("f", scalar(to));
  IrVar *x = param("x", f64());
  ret(ir_cast(&b, scalar(to), ir_var(&b, x)));
  int64_t got = 0;
  ck_assert_int_eq(call(&cast_rows[_i].from, &got), 0);
  unsigned unused = 64 - 8 * dtype_size(to);
  got = dtype_is_signed(to) ? (int64_t)((uint64_t)got << unused) >> unused : got;
  ck_assert_int_eq(got, cast_rows[_i].want);
}
END_TEST

START_TEST(test_mixed) {
  func("f", scalar(DT_BOOL));
  IrVar *x = param("x", mixed_rows[_i].a_signed ? i64() : scalar(DT_UINT64)),
        *y = param("y", mixed_rows[_i].a_signed ? scalar(DT_UINT64) : i64());
  ret(ir_compare(&b, mixed_rows[_i].op, ir_var(&b, x), ir_var(&b, y)));
  bool got = false;
  ck_assert_int_eq(call(&mixed_rows[_i].a, &got), 0);
  ck_assert_int_eq(got, mixed_rows[_i].want);
}
END_TEST

START_TEST(test_math) {
  func("f", f64());
  IrVar *x = param("x", f64()), *y = param("y", f64());
  IrExpr *args[2] = {ir_var(&b, x), ir_var(&b, y)};
  if (math_rows[_i].id == MATH_LDEXP) args[1] = ir_cast(&b, i64(), args[1]);
  ret(ir_math(&b, math_rows[_i].id, f64(), args, (uint32_t)math_info[math_rows[_i].id].args));
  double got = 0;
  ck_assert_int_eq(call(&math_rows[_i].a, &got), 0);
  ck_assert_msg(same_double(math_rows[_i].want, got), "row %d: got %.17g", _i, got);
}
END_TEST

START_TEST(test_complex) {
  const Type *c = scalar(DT_COMPLEX128);
  const Type *parts[4] = {c, c, c, f64()};
  func("f", type_tuple(&tt, parts, 4));
  IrVar *x = param("x", c), *y = param("y", c);
  IrExpr *arg = ir_var(&b, x);
  IrExpr *items[4] = {
      ir_binary(&b, IR_MUL, c, ir_var(&b, x), ir_var(&b, y)),
      ir_binary(&b, IR_DIV, c, ir_var(&b, x), ir_var(&b, y)),
      ir_math(&b, MATH_SQRT, c, &arg, 1),
      ir_unary(&b, IR_ABS, f64(), ir_var(&b, x)),
  };
  ret(ir_tuple(&b, b.func->result, items, 4));
  double args[4] = {3, 4, 1, -2}, got[7];
  ck_assert_int_eq(call(args, got), 0);
  const double want[7] = {11, -2, -1, 2, 2, 1, 5};
  for (int i = 0; i < 7; i++) ck_assert_double_eq_tol(got[i], want[i], 1e-15);
}
END_TEST

static void index_checks(IrVar *a, IrExpr **index) {
  for (unsigned k = 0; k < a->type->ndim; k++) {
    IrExpr *low = ir_compare(&b, IR_GE, index[k], ir_int(&b, 0)), *high = ir_compare(&b, IR_LT, index[k], ir_shape(&b, a, k));
    ir_check(&b, CHECK_INDEX, ir_binary(&b, IR_LAND, scalar(DT_BOOL), low, high), INDEX_ERROR,
             "index %d is out of bounds for axis %d with size %d", index[k], ir_int(&b, k), ir_shape(&b, a, k), NULL);
  }
}

static IrVar *open_for(const char *name, IrExpr *hi) {
  IrStmt *s = ir_stmt(&b, IRS_FOR);
  IrVar *i = ir_new_var(&b, name, i64());
  i->once = true;
  s->as.for_.index = i;
  s->as.for_.lo = ir_int(&b, 0);
  s->as.for_.hi = hi;
  b.block = &s->as.for_.body;
  return i;
}

/* for i in range(a.shape[0] + more): for j in range(a.shape[1]): s += a[i, j] */
static void sum_entry(DType dtype, Layout layout, int64_t more) {
  IrFunc *f = func("sum", scalar(dtype));
  f->can_fail = true;
  IrVar *a = param("a", type_array(&tt, dtype, 2, layout, false)), *s = ir_new_var(&b, "s", scalar(dtype));
  ir_set(&b, s, ir_const(&b, scalar(dtype), 0));
  IrVar *i = open_for("i", ir_binary(&b, IR_ADD, i64(), ir_shape(&b, a, 0), ir_int(&b, more)));
  IrVar *j = open_for("j", ir_shape(&b, a, 1));
  IrExpr *index[2] = {ir_var(&b, i), ir_var(&b, j)};
  index_checks(a, index);
  ir_set(&b, s, ir_binary(&b, IR_ADD, scalar(dtype), ir_var(&b, s), ir_load(&b, a, index)));
  b.block = &f->body;
  ret(ir_var(&b, s));
}

/* for i in range(lo, n): j = start + i * step (or start - i); h = h * 3 + j: numbers that go along with the index, also where the first index is not 0 */
static const struct {
  int64_t start, lo, step;
  bool minus;
} along_rows[] = {
    {40, 0, 1, true}, {40, 3, 1, true}, {0, -2, 1, true},        {7, 0, -2, false},
    {7, 2, 3, false}, {7, 5, 1, false}, {INT64_MIN, 0, 1, true}, {0, 9, 1, true},
};

START_TEST(test_along) {
  int64_t n = 9, want = 0, lo = along_rows[_i].lo, step = along_rows[_i].step;
  bool minus = along_rows[_i].minus;
  IrFunc *f = func("along", i64());
  IrVar *start = param("start", i64()), *h = ir_new_var(&b, "h", i64());
  ir_set(&b, h, ir_int(&b, 0));
  IrVar *i = open_for("i", ir_int(&b, n));
  vec_last(&f->body)->as.for_.lo = ir_int(&b, lo);
  IrExpr *moves = step == 1 ? ir_var(&b, i) : ir_binary(&b, IR_MUL, i64(), ir_var(&b, i), ir_int(&b, step));
  IrVar *j = ir_let(&b, "j", ir_binary(&b, minus ? IR_SUB : IR_ADD, i64(), ir_var(&b, start), moves));
  ir_set(&b, h, ir_binary(&b, IR_ADD, i64(), ir_binary(&b, IR_MUL, i64(), ir_var(&b, h), ir_int(&b, 3)), ir_var(&b, j)));
  b.block = &f->body;
  ret(ir_var(&b, h));
  for (int64_t k = lo; k < n; k++) {
    uint64_t by = (uint64_t)k * (uint64_t)step, j_is = (uint64_t)along_rows[_i].start + (minus ? -by : by);
    want = (int64_t)((uint64_t)want * 3 + j_is);
  }
  StrBuf object = {0}, error = {0}, text = {0};
  BackendDumps dumps = {.llvm = &text};
  ck_assert(backend_compile(backend, unit, "entry", &dumps, &object, NULL, &error));
  ck_assert_int_eq(strstr(sb_text(&text), "%j = phi") != NULL, minus || step != 1);
  int64_t got = 0;
  ck_assert_int_eq(call(&along_rows[_i].start, &got), 0);
  ck_assert_int_eq(got, want);
  sb_drop(&object);
  sb_drop(&text);
}
END_TEST

START_TEST(test_sum) {
  sum_entry(DT_INT64, (Layout)_i, 0);
  int64_t data[6] = {1, 2, 3, 4, 5, 6}, got = 0;
  struct {
    void *data, *owner;
    int64_t shape[2], strides[2];
  } args = {data, NULL, {2, 3}, {24, 8}};
  ck_assert_int_eq(call(&args, &got), 0);
  ck_assert_int_eq(got, 21);
}
END_TEST

START_TEST(test_check_raises) {
  sum_entry(DT_INT64, LAYOUT_C, 1);
  int64_t data[2] = {1, 2}, got = 0;
  struct {
    void *data, *owner;
    int64_t shape[2], strides[2];
  } args = {data, NULL, {2, 1}, {8, 8}};
  ck_assert_int_eq(call(&args, &got), INDEX_ERROR);
  ck_assert_int_eq(rt.error, INDEX_ERROR);
  ck_assert_str_eq(sb_text(&rt.message), "index 2 is out of bounds for axis 0 with size 2");
}
END_TEST

static StrBuf optimized(int fastmath) {
  unit->entry->fastmath = fastmath;
  StrBuf object = {0}, error = {0}, text = {0};
  BackendDumps dumps = {.llvm_opt = &text};
  ck_assert_msg(backend_compile(backend, unit, "entry", &dumps, &object, NULL, &error), "%s", sb_text(&error));
  if (getenv("DUMP_LLVM")) fputs(sb_text(&text), stderr);
  sb_drop(&object);
  sb_drop(&error);
  return text;
}

/* Loops up to the shape: no check is left, and the sum is vectorised if its type allows. */
static const struct {
  DType dtype;
  int fastmath;
  bool vector;
} shapes_of_loops[] = {{DT_INT64, 0, true}, {DT_FLOAT64, 0, false}, {DT_FLOAT64, FM_FAST, true}, {DT_FLOAT32, FM_REASSOC, true}};
START_TEST(test_loop_code) {
  sum_entry(shapes_of_loops[_i].dtype, LAYOUT_C, 0);
  StrBuf text = optimized(shapes_of_loops[_i].fastmath);
  ck_assert_ptr_null(strstr(sb_text(&text), "call void @lj_rt_raise"));
  ck_assert_int_eq(strstr(sb_text(&text), "llvm.vector.reduce") != NULL, shapes_of_loops[_i].vector);
  sb_drop(&text);
}
END_TEST

/* Multiplications by strides become additions only in modules whose innermost loops step through arrays by strides of run time; for the others
 * that work would be most of the compile time. Where LLVM may be shared with the host, the code generator does it always, later. */
static const struct {
  Layout layout;
  bool reduced;
} strides_of_loops[] = {{LAYOUT_C, false}, {LAYOUT_F, true}, {LAYOUT_A, true}};
START_TEST(test_strength_reduction) {
  sum_entry(DT_FLOAT64, strides_of_loops[_i].layout, 0);
  StrBuf text = optimized(0);
#if defined(LOOPJIT_OWN_LLVM) && defined(__x86_64__)
  bool expected = strides_of_loops[_i].reduced;
#else
  bool expected = false;
#endif
  ck_assert_int_eq(strstr(sb_text(&text), "lsr.iv") != NULL, expected);
  sb_drop(&text);
}
END_TEST

/* Strict arithmetic is never fused: a*b + c stays two operations. */
START_TEST(test_no_contraction) {
  func("f", f64());
  IrVar *x = param("x", f64()), *y = param("y", f64()), *z = param("z", f64());
  ret(ir_binary(&b, IR_ADD, f64(), ir_binary(&b, IR_MUL, f64(), ir_var(&b, x), ir_var(&b, y)), ir_var(&b, z)));
  StrBuf object = {0}, error = {0}, text = {0};
  BackendDumps dumps = {.assembly = &text};
  ck_assert(backend_compile(backend, unit, "entry", &dumps, &object, NULL, &error));
  ck_assert_ptr_null(strstr(sb_text(&text), "fmadd"));
  volatile double big = 1 + 0x1p-30;
  double args[3] = {big, big, -(1 + 0x1p-29)}, got = 1;
  ck_assert_int_eq(call(args, &got), 0);
  ck_assert_double_eq(got, 0);
  sb_drop(&object);
  sb_drop(&text);
}
END_TEST

static void alloc(IrVar *var, IrExpr *n, bool zero) {
  IrStmt *s = ir_stmt(&b, IRS_ALLOC);
  s->as.alloc.var = var;
  s->as.alloc.shape = arena_array(&arena, IrExpr *, 1);
  s->as.alloc.shape[0] = n;
  s->as.alloc.zero = zero;
}

static IrVar *owning(const char *name, const Type *type, bool once) {
  IrVar *var = ir_new_var(&b, name, type);
  var->owns = true;
  var->once = once;
  return var;
}

/* What the reference counts say: allocations that are not freed are found by the leak sanitizer too. */
typedef struct Array1 {
  double *data;
  lj_owner *owner;
  int64_t shape, stride;
} Array1;

START_TEST(test_alloc) {
  const Type *array = type_array(&tt, DT_FLOAT64, 1, LAYOUT_C, false);
  IrFunc *f = func("make", array);
  f->can_fail = true;
  IrVar *n = param("n", i64());
  IrVar *lost = owning("lost", array, true), *out = owning("out", array, _i);
  alloc(lost, ir_var(&b, n), true);
  alloc(out, ir_var(&b, n), false);
  IrVar *i = open_for("i", ir_var(&b, n));
  IrExpr *index = ir_var(&b, i);
  ir_store(&b, out, &index, ir_binary(&b, IR_ADD, f64(), ir_cast(&b, f64(), ir_var(&b, i)), ir_load(&b, lost, &index)));
  b.block = &f->body;
  IrStmt *s = ir_stmt(&b, IRS_RETURN);
  s->as.ret.value = ir_var(&b, out);
  s->as.ret.move = _i;
  int64_t count = 5;
  Array1 got = {0};
  ck_assert_int_eq(call(&count, &got), 0);
  ck_assert_int_eq(got.shape, 5);
  ck_assert_int_eq(got.stride, 8);
  ck_assert_double_eq(got.data[4], 4);
  ck_assert_int_eq(got.owner->refs, 1);
  lj_rt_free(got.owner);
  count = -1;
  ck_assert_int_eq(call(&count, &got), VALUE_ERROR);
}
END_TEST

/* b = a; a = zeros; c = move b; in a loop; then an error: everything is released. */
START_TEST(test_references) {
  const Type *array = type_array(&tt, DT_FLOAT64, 1, LAYOUT_C, false);
  IrFunc *f = func("f", array);
  f->can_fail = true;
  IrVar *x = param("x", array), *fail = param("fail", scalar(DT_BOOL));
  IrVar *a = owning("a", array, false), *c = owning("c", array, false), *d = owning("d", array, false);
  ir_set(&b, a, ir_var(&b, x));
  open_for("i", ir_int(&b, 3));
  ir_set(&b, c, ir_var(&b, a));
  alloc(a, ir_int(&b, 4), true);
  ir_set(&b, d, ir_var(&b, c));
  b.block->data[b.block->len - 1]->as.set.move = true;
  b.block = &f->body;
  ir_check(&b, CHECK_VALUE, ir_unary(&b, IR_LNOT, scalar(DT_BOOL), ir_var(&b, fail)), VALUE_ERROR, "failed", NULL, NULL, NULL, NULL);
  ir_stmt(&b, IRS_DROP)->as.drop.var = c;
  ret(ir_var(&b, x));
  lj_array_head *head = calloc(1, sizeof *head + 16);
  int64_t shape = 4;
  ck_assert_int_eq(lj_rt_alloc(&rt, NULL, 1, &shape, 8, 1, head), 0);
  struct {
    Array1 x;
    bool fail;
  } args = {{head->data, head->owner, 4, 8}, _i};
  Array1 got = {0};
  ck_assert_int_eq(call(&args, &got), _i ? VALUE_ERROR : 0);
  ck_assert_int_eq(head->owner->refs, _i ? 1 : 2);
  lj_rt_free(head->owner);
  free(head);
}
END_TEST

/* inner raises; outer traces and passes the status on. */
START_TEST(test_call_chain) {
  IrFunc *outer = func("outer", i64()), *inner;
  outer->can_fail = true;
  IrVar *x = param("x", i64()), *r = ir_new_var(&b, "r", i64());
  r->once = true;
  IrStmt *s = ir_stmt(&b, IRS_CALL);
  s->as.call.result = r;
  s->as.call.args = arena_array(&arena, IrExpr *, 1);
  s->as.call.count = 1;
  s->as.call.args[0] = ir_var(&b, x);
  ret(ir_binary(&b, IR_ADD, i64(), ir_var(&b, r), ir_int(&b, 1)));
  inner = func("inner", i64());
  inner->can_fail = true;
  s->as.call.callee = inner;
  IrVar *y = param("y", i64());
  ir_check(&b, CHECK_DIVISOR, ir_compare(&b, IR_NE, ir_var(&b, y), ir_int(&b, 0)), ZERO_DIVISION_ERROR, "division by zero", NULL, NULL,
           NULL, NULL);
  ret(ir_binary(&b, IR_FLOORDIV, i64(), ir_int(&b, 100), ir_var(&b, y)));
  int64_t arg = 7, got = 0;
  ck_assert_int_eq(call(&arg, &got), 0);
  ck_assert_int_eq(got, 15);
  arg = 0;
  ck_assert_int_eq(call(&arg, &got), ZERO_DIVISION_ERROR);
  ck_assert_str_eq(sb_text(&rt.message), "division by zero");
  ck_assert_uint_eq(rt.trace_len, 1);
}
END_TEST

static IrStmt *call_with(IrVar *result, IrExpr *arg) {
  IrStmt *s = ir_stmt(&b, IRS_CALL);
  result->once = true;
  s->as.call.result = result;
  s->as.call.args = arena_array(&arena, IrExpr *, 1);
  s->as.call.args[s->as.call.count++] = arg;
  return s;
}

/* The top level calls f, which does `turns` turns (0: as many as its argument says): a second copy of a loop is not worth its compile time. */
static const struct {
  bool is_main;
  unsigned calls;
  int64_t turns;
  bool stays;
} top_calls[] = {{true, 1, 0, false}, {true, 2, 0, true}, {false, 2, 0, false}, {true, 2, 4, false}};
START_TEST(test_top_level_calls) {
  IrFunc *top = func("top", i64());
  IrVar *x = param("x", i64()), *r[2];
  IrStmt *calls[2];
  top->is_main = top_calls[_i].is_main;
  for (unsigned i = 0; i < top_calls[_i].calls; i++)
    calls[i] = call_with(r[i] = ir_new_var(&b, "r", i64()), i ? ir_var(&b, r[0]) : ir_var(&b, x));
  ret(ir_var(&b, r[top_calls[_i].calls - 1]));
  IrFunc *f = func("f", i64());
  for (unsigned i = 0; i < top_calls[_i].calls; i++) calls[i]->as.call.callee = f;
  IrVar *n = param("n", i64()), *s = ir_new_var(&b, "s", i64());
  ir_set(&b, s, ir_var(&b, n));
  IrVar *i = open_for("i", top_calls[_i].turns ? ir_int(&b, top_calls[_i].turns) : ir_var(&b, n));
  ir_set(&b, s, ir_binary(&b, IR_XOR, i64(), ir_binary(&b, IR_MUL, i64(), ir_var(&b, s), ir_int(&b, 5)), ir_var(&b, i)));
  b.block = &f->body;
  ret(ir_var(&b, s));
  StrBuf text = optimized(0);
  ck_assert_int_eq(strstr(sb_text(&text), "@f(") != NULL, top_calls[_i].stays);
  sb_drop(&text);
}
END_TEST

/* f(n) = 1 + f(n - 1), without an end. */
START_TEST(test_recursion) {
  IrFunc *f = func("f", i64());
  f->can_fail = f->recursive = true;
  IrVar *n = param("n", i64()), *r = ir_new_var(&b, "r", i64());
  IrStmt *s = ir_stmt(&b, IRS_IF);
  s->as.if_.cond = ir_compare(&b, IR_EQ, ir_var(&b, n), ir_int(&b, 0));
  b.block = &s->as.if_.then;
  ret(ir_int(&b, 0));
  b.block = &f->body;
  s = ir_stmt(&b, IRS_CALL);
  s->as.call.callee = f;
  s->as.call.result = r;
  s->as.call.args = arena_array(&arena, IrExpr *, 1);
  s->as.call.count = 1;
  s->as.call.args[0] = ir_binary(&b, IR_SUB, i64(), ir_var(&b, n), ir_int(&b, 1));
  ret(ir_binary(&b, IR_XOR, i64(), ir_var(&b, r), ir_var(&b, n)));
  int64_t arg = 1000, got = 0;
  ck_assert_int_eq(call(&arg, &got), 0);
  ck_assert_int_eq(got, 1000);
  arg = -1;
  ck_assert_int_eq(call(&arg, &got), RECURSION_ERROR);
  ck_assert_str_eq(sb_text(&rt.message), "maximum recursion depth exceeded");
}
END_TEST

static void collect(void *data, const char *text, size_t length) { sb_add(data, text, length); }

START_TEST(test_text) {
  StrTab names;
  strtab_init(&names, &arena);
  IrFunc *f = func("f", tt.str);
  f->can_fail = true;
  const Type *elems[2] = {scalar(DT_BOOL), f64()};
  const Type *pair = type_tuple(&tt, elems, 2);
  IrVar *x = param("x", type_optional(&tt, pair));
  ir_stmt(&b, IRS_TEXT)->as.text.value = ir_string(&b, sym_c(&names, "x = "));
  ir_stmt(&b, IRS_TEXT)->as.text.value = ir_unary(&b, IR_UNWRAP, pair, ir_var(&b, x));
  ir_stmt(&b, IRS_PRINT);
  IrStmt *s = ir_stmt(&b, IRS_TEXT);
  s->as.text.value = ir_get(&b, ir_unary(&b, IR_UNWRAP, pair, ir_var(&b, x)), 1);
  s->as.text.spec = ir_string(&b, sym_c(&names, ".3f"));
  IrVar *out = owning("out", tt.str, true);
  ir_stmt(&b, IRS_TEXT_TAKE)->as.take.var = out;
  ret(ir_var(&b, out));
  struct {
    uint8_t some;
    struct {
      uint8_t flag;
      double value;
    } pair;
  } packed = {1, {1, 2.5}};
  lj_str got = {0};
  StrBuf printed = {0};
  rt.print = collect;
  rt.print_data = &printed;
  ck_assert_int_eq(call(&packed, &got), 0);
  ck_assert_str_eq(sb_text(&printed), "x = (True, 2.5)");
  ck_assert_int_eq(got.length, 5);
  ck_assert_mem_eq(got.data, "2.500", 5);
  ck_assert_int_eq(got.owner->refs, 1);
  lj_rt_free(got.owner);
  sb_drop(&printed);
}
END_TEST

/* while True: n -= 3; if n < 0: break; if n % 2: continue; s += n, through a view with stride and GET_AT of a long tuple. */
START_TEST(test_while) {
  IrFunc *f = func("f", i64());
  IrVar *n = param("n", i64()), *m = ir_new_var(&b, "m", i64()), *s = ir_new_var(&b, "s", i64());
  ir_set(&b, m, ir_var(&b, n));
  ir_set(&b, s, ir_int(&b, 0));
  IrStmt *loop = ir_stmt(&b, IRS_WHILE);
  loop->as.while_.cond = ir_bool(&b, true);
  b.block = &loop->as.while_.body;
  ir_set(&b, m, ir_binary(&b, IR_SUB, i64(), ir_var(&b, m), ir_int(&b, 3)));
  IrStmt *s1 = ir_stmt(&b, IRS_IF);
  s1->as.if_.cond = ir_compare(&b, IR_LT, ir_var(&b, m), ir_int(&b, 0));
  b.block = &s1->as.if_.then;
  ir_stmt(&b, IRS_BREAK);
  b.block = &loop->as.while_.body;
  IrStmt *s2 = ir_stmt(&b, IRS_IF);
  s2->as.if_.cond = ir_compare(&b, IR_NE, ir_binary(&b, IR_MOD, i64(), ir_var(&b, m), ir_int(&b, 2)), ir_int(&b, 0));
  b.block = &s2->as.if_.then;
  ir_stmt(&b, IRS_CONTINUE);
  b.block = &loop->as.while_.body;
  const Type *six[6] = {i64(), i64(), i64(), i64(), i64(), i64()};
  IrExpr *items[6];
  for (int k = 0; k < 6; k++) items[k] = ir_binary(&b, IR_MUL, i64(), ir_var(&b, n), ir_int(&b, k));
  IrExpr *at = ir_binary(&b, IR_MOD, i64(), ir_var(&b, m), ir_int(&b, 6));
  IrExpr *item = ir_binary(&b, IR_GET_AT, i64(), ir_tuple(&b, type_tuple(&tt, six, 6), items, 6), at);
  ir_set(&b, s, ir_binary(&b, IR_ADD, i64(), ir_var(&b, s), ir_binary(&b, IR_ADD, i64(), ir_var(&b, m), item)));
  b.block = &f->body;
  ret(ir_var(&b, s));
  int64_t arg = 20, got = 0; /* m: 17 14 11 8 5 2 -1: 14 + 8 + 2, and 20 * (2 + 2 + 2) */
  ck_assert_int_eq(call(&arg, &got), 0);
  ck_assert_int_eq(got, 24 + 120);
}
END_TEST

START_TEST(test_view) {
  const Type *array = type_array(&tt, DT_FLOAT64, 1, LAYOUT_C, false), *strided = type_array(&tt, DT_FLOAT64, 1, LAYOUT_A, false);
  func("f", strided);
  IrVar *x = param("x", array);
  IrExpr *shape = ir_shape(&b, x, 0), *stride = ir_int(&b, -8);
  IrExpr *offset = ir_binary(&b, IR_SUB, i64(), ir_binary(&b, IR_MUL, i64(), shape, ir_int(&b, 8)), ir_int(&b, 8));
  IrVar *v = ir_let(&b, "v", ir_view(&b, strided, x, offset, &shape, &stride));
  IrExpr *zero = ir_int(&b, 0);
  ir_store(&b, v, &zero, ir_float(&b, 9));
  ret(ir_var(&b, v));
  double data[3] = {1, 2, 3};
  Array1 args = {data, NULL, 3, 8}, got = {0};
  ck_assert_int_eq(call(&args, &got), 0);
  ck_assert_ptr_eq(got.data, data + 2);
  ck_assert_int_eq(got.stride, -8);
  ck_assert_double_eq(data[2], 9);
}
END_TEST

START_TEST(test_missing_symbol) {
  static const char junk[] = "not an object";
  StrBuf error = {0};
  void *address;
  ck_assert(!backend_link(backend, junk, sizeof junk, "entry", NULL, &code, &address, NULL, &error));
  ck_assert(error.len > 0);
  ck_assert_ptr_null(code);
  sb_drop(&error);
}
END_TEST

Suite *suite_codegen(void) {
  Suite *s = suite_create("codegen");
  TCase *t = tcase_create("codegen");
  tcase_add_unchecked_fixture(t, open_backend, close_backend);
  tcase_add_checked_fixture(t, set_up, tear_down);
  tcase_set_timeout(t, 60);
  tcase_add_loop_test(t, test_int, 0, (int)LJ_COUNT(int_rows));
  tcase_add_loop_test(t, test_int_const, 0, (int)LJ_COUNT(const_rows));
  tcase_add_loop_test(t, test_int8, 0, (int)LJ_COUNT(byte_rows));
  tcase_add_loop_test(t, test_float, 0, (int)LJ_COUNT(float_rows));
  tcase_add_loop_test(t, test_cast, 0, (int)LJ_COUNT(cast_rows));
  tcase_add_loop_test(t, test_mixed, 0, (int)LJ_COUNT(mixed_rows));
  tcase_add_loop_test(t, test_math, 0, (int)LJ_COUNT(math_rows));
  tcase_add_test(t, test_complex);
  tcase_add_loop_test(t, test_sum, 0, 2);
  tcase_add_loop_test(t, test_along, 0, (int)LJ_COUNT(along_rows));
  tcase_add_test(t, test_check_raises);
  tcase_add_loop_test(t, test_loop_code, 0, (int)LJ_COUNT(shapes_of_loops));
  tcase_add_loop_test(t, test_strength_reduction, 0, (int)LJ_COUNT(strides_of_loops));
  tcase_add_test(t, test_no_contraction);
  tcase_add_loop_test(t, test_alloc, 0, 2);
  tcase_add_loop_test(t, test_references, 0, 2);
  tcase_add_test(t, test_call_chain);
  tcase_add_loop_test(t, test_top_level_calls, 0, (int)LJ_COUNT(top_calls));
  tcase_add_test(t, test_recursion);
  tcase_add_test(t, test_text);
  tcase_add_test(t, test_while);
  tcase_add_test(t, test_view);
  tcase_add_test(t, test_missing_symbol);
  suite_add_tcase(s, t);
  return s;
}
