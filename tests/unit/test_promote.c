/* Promotion of scalars and arrays against the tables that gen_promote.py got from NumPy and numba: every operator, every pair. */
#include <check.h>

#include "frontend/types.h"
#include "tests/unit/promote_table.h"

static char letter(DType t) { return PROMOTE_LETTERS[t]; }

static void check_pair(const ArrayRow *row, DType a, DType b) {
  char want = row->results[a][b];
  if (want == '.') return;
  DType got = DT_BOOL;
  bool ok = true;
  if (row->op < 0)
    got = promote_common(a, row->weak_a, b, row->weak_b);
  else
    ok = promote_arrays((BinOp)row->op, a, row->weak_a, b, row->weak_b, &got);
  ck_assert_msg((ok ? letter(got) : '-') == want, "operator %d: %s%s with %s%s gives %c, NumPy says %c", row->op, dtype_name(a),
                row->weak_a ? " (weak)" : "", dtype_name(b), row->weak_b ? " (weak)" : "", ok ? letter(got) : '-', want);
}

START_TEST(arrays_promote_as_numpy) {
  for (int a = 0; a < DT_COUNT; a++)
    for (int b = 0; b < DT_COUNT; b++) check_pair(&array_rows[_i], (DType)a, (DType)b);
}
END_TEST

START_TEST(scalars_promote_as_numba) {
  Arena arena;
  arena_init(&arena);
  TypeTable tt;
  types_init(&tt, &arena);
  const ScalarRow *row = &scalar_rows[_i];
  for (int a = 0; a < DT_COUNT; a++)
    for (int b = 0; b < DT_COUNT; b++) {
      const Type *got = promote_scalars(&tt, row->op, tt.scalars[a], tt.scalars[b]);
      char is = got ? letter(got->dtype) : '-', want = row->results[a][b];
      ck_assert_msg(is == want, "%s op %d %s gives %c, numba says %c", dtype_name((DType)a), (int)row->op, dtype_name((DType)b), is, want);
    }
  ck_assert_ptr_null(promote_scalars(&tt, row->op, tt.none, tt.scalars[DT_INT64]));
  arena_drop(&arena);
}
END_TEST

Suite *suite_promote(void);
Suite *suite_promote(void) {
  Suite *suite = suite_create("promote");
  TCase *tc = tcase_create("tables");
  tcase_add_loop_test(tc, arrays_promote_as_numpy, 0, (int)LJ_COUNT(array_rows));
  tcase_add_loop_test(tc, scalars_promote_as_numba, 0, (int)LJ_COUNT(scalar_rows));
  suite_add_tcase(suite, tc);
  return suite;
}
