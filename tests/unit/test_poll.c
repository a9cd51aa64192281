/* Where code that can be stopped asks whether it should: pass "poll". Golden files show whole functions; here is one row a rule. */
#include "tests/unit/ir_help.h"

static void set_up(void) {
  ir_begin();
  ir_options = (ProgramOptions){.interruptible = true};
}
static void tear_down(void) {
  ir_options = (ProgramOptions){0};
  ir_end();
}

#define EACH "asks in each iteration"
#define EVERY "asks every"
static const struct {
  const char *body, *part;
  int want;
} rows[] = {
    /* innermost loops: in parts, shorter where an iteration takes longer */
    {"    s = 0.0\n    for i in range(n):\n        s += i\n    return s\n", EVERY, 1},
    {"    s = 0.0\n    for i in range(n):\n        s += i\n    return s\n", "asks every 16384 iterations", 1},
    {"    s = 0.0\n    for i in range(n):\n        s += math.sin(i) ** 1.5\n    return s\n", "asks every 1024 iterations", 1},
    /* what an iteration has just stored is read by the next one: whole; not what it will store or stored long before, nor in ranges that go down */
    {"    a = np.ones(n)\n    for i in range(1, n):\n        a[i] = a[i - 1] * 0.5 + a[i]\n    return a\n", "not in parts", -1},
    {"    a = np.ones(n)\n    for i in range(n - 2, -1, -1):\n        a[i] = a[i + 1] * 0.5 + a[i]\n    return a\n", "not in parts", 0},
    {"    a = np.ones((n, n))\n    for i in range(1, n):\n        for j in range(2, n):\n            a[i, j] = a[i, j - 2] * 0.5 + a[i - "
     "1, j]\n    return a\n",
     "not in parts", -1},
    {"    a = np.ones(n)\n    for i in range(n - 1):\n        a[i] = a[i + 1] * 0.5 + a[i]\n    return a\n", "not in parts", 0},
    {"    a = np.ones(n)\n    for i in range(64, n):\n        a[i] = a[i - 64] * 0.5\n    return a\n", "not in parts", 0},
    {"    a = np.ones((n, n))\n    for i in range(1, n):\n        for j in range(n):\n            a[i, j] = a[i - 1, j] * 0.5\n    return "
     "a\n",
     "not in parts", 0},
    {"    a = np.ones(n)\n    b = np.ones(n)\n    for i in range(1, n):\n        a[i] = b[i - 1] * 0.5\n    return a\n", "not in parts", 0},
    {"    s = 0.0\n    for i in range(n, 2 * n):\n        s += i * 0.5\n    return s\n", "not in parts", 1},
    /* few iterations that are known: straight code, also within others */
    {"    s = 0.0\n    for i in range(8):\n        s += i\n    return s\n", "asks", 0},
    {"    s = 0.0\n    for i in range(n):\n        for k in range(3):\n            s += i * k\n    return s\n", "asks", 1},
    {"    s = 0.0\n    for i in range(n):\n        for k in range(3):\n            s += i * k\n    return s\n", EVERY, 1},
    {"    s = 0.0\n    for k in range(1000000000):\n        s += k\n    return s\n", EVERY, 1},
    /* around a loop that may be long: each time */
    {"    s = 0.0\n    for i in range(n):\n        for k in range(n):\n            s += i * k\n    return s\n", EACH, 1},
    {"    s = 0.0\n    for i in range(n):\n        for k in range(n):\n            s += i * k\n    return s\n", EVERY, 1},
    {"    s = 0.0\n    for i in range(4):\n        for k in range(n):\n            s += i * k\n    return s\n", EACH, 1},
    /* while loops */
    {"    while n != 1:\n        n = n // 2 if n % 2 == 0 else 3 * n + 1\n    return n\n", EACH, 1},
    {"    s = 0\n    while n > 3:\n        while n % 7:\n            n -= 1\n        s += 1\n    return s\n", "asks", 1},
    {"    s = 0\n    for i in range(n):\n        k = i\n        while k % 7:\n            k = k * 5 % 11\n        s += k\n    return s\n",
     "asks", 1},
    {"    s = 0\n    while n > 3:\n        n -= 1\n        if n % 5 == 0: continue\n        while n % 7:\n            n -= 1\n    return "
     "s\n",
     "asks", 2},
    /* array statements, and the tree of a float sum; calls of the runtime that are given arrays */
    {"    a = np.ones(n)\n    return a * 2.0 + 1.0\n", EVERY, 1},
    {"    a = np.ones(n)\n    for i in range(n):\n        a = np.random.rand(n)\n    return a\n", EACH, 1},
    {"    s = 0.0\n    for i in range(n):\n        s += np.random.rand()\n    return s\n", EVERY, 1},
};

START_TEST(poll_places) {
  const char *source = arena_printf(&arena, "@njit\ndef f(n):\n%sprint(f(5))\n", rows[_i].body);
  ir_expect(source, "poll", rows[_i].part, rows[_i].want);
}
END_TEST

/* Recursion asks on entry; calls of such functions, and of functions with long loops, count as long. */
START_TEST(poll_calls) {
  ir_expect("def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(5))\n", "poll", "recursive polls", 1);
  ir_expect("def g(n):\n    return n if n < 2 else g(n - 1) + g(n - 2)\ndef f(n):\n    s = 0\n    for i in range(n):\n        s += g(i)\n"
            "    return s\nprint(f(5))\n",
            "poll", EACH, 1);
  ir_expect("def g(n):\n    s = 0\n    while n > 1:\n        n = n // 3\n        s += n\n    return s\ndef f(n):\n    s = 0\n    for i in "
            "range(n):\n"
            "        s += g(i)\n    return s\nprint(f(5))\n",
            "poll", EACH, 1);
}
END_TEST

START_TEST(poll_only_when_asked_for) {
  ir_options.interruptible = false;
  ir_expect("def f(n):\n    s = 0\n    while n > 1:\n        n -= 2\n        s += n\n    return f(s - 1) if s > 0 else n\nprint(f(5))\n",
            "poll", "asks", 0);
}
END_TEST

Suite *suite_poll(void);
Suite *suite_poll(void) {
  Suite *suite = suite_create("poll");
  TCase *tc = tcase_create("poll");
  tcase_add_checked_fixture(tc, set_up, tear_down);
  tcase_add_loop_test(tc, poll_places, 0, LJ_COUNT(rows));
  tcase_add_test(tc, poll_calls);
  tcase_add_test(tc, poll_only_when_asked_for);
  suite_add_tcase(suite, tc);
  return suite;
}
