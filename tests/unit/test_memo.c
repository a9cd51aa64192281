/* runtime/rt_memo.c: what functions under lru_cache remember. */
#include <check.h>
#include <pthread.h>

#include "runtime/rt.h"

typedef struct Found {
  char present;
  int64_t value;
} Found;

static bool look(lj_rt *rt, int64_t id, int64_t key, int64_t *value) {
  Found out = {.present = 7, .value = 7};
  ck_assert_int_eq(lj_rt_memo_find(rt, NULL, id, &key, sizeof key, offsetof(Found, value), sizeof out.value, &out), 0);
  *value = out.value;
  return out.present;
}

static void keep(lj_rt *rt, int64_t id, int64_t key, int64_t value, int64_t maxsize) {
  lj_rt_memo_store(rt, NULL, id, &key, sizeof key, &value, sizeof value, maxsize);
}

START_TEST(the_least_recently_used_goes) {
  lj_rt rt;
  int64_t value;
  lj_rt_init(&rt);
  for (int64_t key = 1; key <= 3; key++) {
    ck_assert(!look(&rt, 5, key, &value) && value == 0);
    keep(&rt, 5, key, key * 10, 3);
  }
  ck_assert(look(&rt, 5, 1, &value) && value == 10);
  keep(&rt, 5, 4, 40, 3);
  ck_assert(!look(&rt, 5, 2, &value));
  ck_assert(look(&rt, 5, 3, &value) && look(&rt, 5, 1, &value) && look(&rt, 5, 4, &value) && value == 40);
  keep(&rt, 5, 4, 99, 3); /* it is there */
  ck_assert(look(&rt, 5, 4, &value) && value == 40);
  ck_assert(!look(&rt, 6, 4, &value)); /* another function */
  ck_assert_int_eq(lj_rt_memo_count(&rt, NULL, 5, 0), 5);
  ck_assert_int_eq(lj_rt_memo_count(&rt, NULL, 5, 1), 4);
  ck_assert_int_eq(lj_rt_memo_count(&rt, NULL, 5, 2), 3);
  lj_rt_memo_clear(&rt, NULL, 5);
  for (int64_t which = 0; which < 3; which++) ck_assert_int_eq(lj_rt_memo_count(&rt, NULL, 5, which), 0);
  keep(&rt, 5, 1, 10, 0);
  ck_assert(!look(&rt, 5, 1, &value));
  lj_rt_drop(&rt);
}
END_TEST

START_TEST(many_entries_are_found) {
  lj_rt rt;
  int64_t value;
  lj_rt_init(&rt);
  for (int64_t key = 0; key < 10000; key++) keep(&rt, -1, key, key * key, -1);
  for (int64_t key = 0; key < 10000; key++) ck_assert(look(&rt, -1, key, &value) && value == key * key);
  ck_assert_int_eq(lj_rt_memo_count(&rt, NULL, -1, 2), 10000);
  lj_rt_drop(&rt);
}
END_TEST

static void *use(void *data) {
  int64_t value;
  for (int64_t i = 0; i < 20000; i++) {
    int64_t key = i * 7919 % 100;
    if (!look(data, i % 3, key, &value))
      keep(data, i % 3, key, key + 1, 50);
    else
      ck_assert_int_eq(value, key + 1);
  }
  return NULL;
}

START_TEST(threads_share_tables) {
  enum { THREADS = 4 };
  lj_rt rt;
  pthread_t threads[THREADS];
  lj_rt_init(&rt);
  for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, use, &rt), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int64_t id = 0; id < 3; id++) ck_assert_int_le(lj_rt_memo_count(&rt, NULL, id, 2), 50);
  int64_t uses = 0;
  for (int64_t id = 0; id < 3; id++) uses += lj_rt_memo_count(&rt, NULL, id, 0) + lj_rt_memo_count(&rt, NULL, id, 1);
  ck_assert_int_eq(uses, THREADS * 20000);
  lj_rt_drop(&rt);
}
END_TEST

Suite *suite_memo(void);
Suite *suite_memo(void) {
  Suite *suite = suite_create("memo");
  TCase *tc = tcase_create("all");
  tcase_add_test(tc, the_least_recently_used_goes);
  tcase_add_test(tc, many_entries_are_found);
  tcase_add_test(tc, threads_share_tables);
  suite_add_tcase(suite, tc);
  return suite;
}
