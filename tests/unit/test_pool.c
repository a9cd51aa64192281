/* The pool of big blocks: what is kept, what is found again, who frees it. Under the address sanitizer there is no pool, and its own tests are not added. */
#include <check.h>
#include <stdlib.h>

#include "runtime/rt_pool.h"

static lj_pool *pool;
static void set_up(void) { pool = lj_pool_new(); }
static void tear_down(void) { lj_pool_release(pool); }

/* malloc gives blocks of 400000 bytes back to the system, too. In a block twice as large too much would be lost; small ones are malloc's own business. */
static const struct {
  size_t given, wanted;
  bool found;
} rows[] = {
    {2 << 20, 2 << 20, true},        {400000, 400000, true},    {2 << 20, (2 << 20) - 100, true},
    {2 << 20, (2 << 20) + 1, false}, {4 << 20, 2 << 20, false}, {LJ_POOL_FROM - 1, 1000, false},
};

START_TEST(finds_what_fits) {
  size_t size = 0;
  void *block = malloc(rows[_i].given);
  lj_pool_give(pool, block, rows[_i].given);
  void *got = lj_pool_take(pool, rows[_i].wanted, &size);
  ck_assert_int_eq(got != NULL, rows[_i].found);
  if (!got) return;
  ck_assert_ptr_eq(got, block);
  ck_assert_uint_eq(size, rows[_i].given);
  ck_assert_ptr_null(lj_pool_take(pool, rows[_i].wanted, &size));
  free(got);
}
END_TEST

START_TEST(keeps_the_newest) {
  size_t size, kept = 0;
  for (int i = 0; i < 3 * LJ_POOL_BLOCKS; i++) lj_pool_give(pool, malloc(LJ_POOL_FROM), LJ_POOL_FROM);
  for (void *block; (block = lj_pool_take(pool, LJ_POOL_FROM, &size)); kept++) free(block);
  ck_assert_uint_eq(kept, LJ_POOL_BLOCKS);
}
END_TEST

/* An array that outlives its context and engine gives its memory back to a pool that waited for it. */
START_TEST(outlives_its_context) {
  lj_rt rt;
  lj_array_head array;
  int64_t shape = 1 << 19;
  lj_pool *own = lj_pool_new();
  lj_rt_init(&rt);
  rt.pool = own;
  ck_assert_int_eq(lj_rt_alloc(&rt, NULL, 1, &shape, 8, 1, &array), 0);
  lj_rt_drop(&rt);
  lj_pool_release(own);
  ck_assert(((double *)array.data)[shape - 1] == 0.0);
  lj_rt_free(array.owner);
}
END_TEST

/* Memory that comes from the pool is zeroed when zeros were asked for. */
START_TEST(zeroes_again) {
  lj_rt rt;
  lj_array_head array;
  int64_t shape = 1 << 18;
  lj_rt_init(&rt);
  rt.pool = pool;
  for (int round = 0; round < 3; round++) {
    ck_assert_int_eq(lj_rt_alloc(&rt, NULL, 1, &shape, 8, 1, &array), 0);
    int64_t *data = array.data;
    int64_t first = 0; /* that is not zero; one check: each takes a microsecond, on a busy machine far more */
    while (first < shape && !data[first]) first++;
    ck_assert_int_eq(first, shape);
    memset(data, 0xff, (size_t)shape * 8);
    lj_rt_free(array.owner);
  }
  lj_rt_drop(&rt);
}
END_TEST

Suite *suite_pool(void);
Suite *suite_pool(void) {
  Suite *suite = suite_create("pool");
  TCase *tc = tcase_create("pool");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  lj_pool *probe = lj_pool_new();
  if (probe) {
    tcase_add_loop_test(tc, finds_what_fits, 0, (int)LJ_COUNT(rows));
    tcase_add_test(tc, keeps_the_newest);
  }
  lj_pool_release(probe);
  tcase_add_test(tc, outlives_its_context);
  tcase_add_test(tc, zeroes_again);
  suite_add_tcase(suite, tc);
  return suite;
}
