/* Passes of the Loop IR: what bounds proves, what version tests before a loop, what must stay. A row's function f is looked at after the pass. */
#include "tests/unit/ir_help.h"

#define F(args, body) "@njit\ndef f(" args "):\n" body
#define CALL1 "f(np.ones(5))\n"
#define CALL2 "f(np.ones((5, 5)), np.ones((5, 5)))\n"

static const struct {
  const char *src, *after, *part;
  int want; /* times; -1: at least once */
} rows[] = {
    /* bounds: loop ranges, offsets, triangles, guards, asserts, earlier checks */
    {F("a", "    for i in range(len(a)): a[i] = 0\n") CALL1, "bounds", "check", 0},
    {F("a", "    for i in range(a.shape[0] - 1): a[i + 1] = a[i]\n") CALL1, "bounds", "check", 0},
    {F("a", "    for i in range(1, len(a)): a[i] = a[i - 1]\n") CALL1, "bounds", "check", 0},
    {F("a", "    for i in range(len(a)): a[i] = a[i + 1]\n") CALL1, "bounds", "check index", 1},
    {F("a", "    for i in range(len(a)): a[i - 1] = 0\n") CALL1, "bounds", "check index", 0},
    {F("a", "    for i in range(len(a)): a[i - 1] = 0\n") CALL1, "bounds", "select", 1},
    {F("a", "    for i in range(len(a)): a[-1 - i] = 0\n") CALL1, "bounds", "check index", 0},
    {F("a", "    for i in range(len(a) - 1, -1, -1): a[i] = 0\n") CALL1, "bounds", "check", 0},
    {F("a", "    for i in range(0, len(a), 3): a[i] = 0\n") CALL1, "bounds", "check", 0},
    {F("a, b", "    n = a.shape[0]\n    for i in range(n):\n        for j in range(i, n): a[j, i] = a[i, j - i]\n") CALL2, "bounds",
     "check index", 2}, /* only the second axis is not known to be as long */
    {F("a", "    for i in range(len(a)):\n        if i > 0: a[i - 1] = 1\n") CALL1, "bounds", "select", 0},
    {F("a", "    for i in range(len(a)):\n        if i + 1 >= len(a): continue\n        a[i + 1] = 1\n") CALL1, "bounds", "check", 0},
    {F("a, k", "    if 0 <= k and k < len(a): a[k] = 1\n") "f(np.ones(3), 1)\n", "bounds", "check", 0},
    {F("a, k", "    assert 0 <= k < len(a)\n    a[k] = 1\n") "f(np.ones(3), 1)\n", "bounds", "check index", 0},
    {F("a, k", "    for i in range(len(a)): a[i + k] = 1\n") "f(np.ones(3), 0)\n", "bounds", "check index", 1},
    {F("n", "    a = np.zeros(n)\n    for i in range(n): a[i] = 1\n    return a\n") "f(3)\n", "version", "check index",
     1}, /* n may be negative */
    /* … remainders: a comparison near the divisor, no sign to correct, and what they are less than */
    {F("a", "    n = len(a)\n    for i in range(n): a[(i + 1) % n] = a[(i - 1) % n]\n") CALL1, "bounds", "%", 0},
    {F("a", "    n = len(a)\n    for i in range(n): a[(i + 1) % n] = a[(i - 1) % n]\n") CALL1, "bounds", "check", 0},
    {F("a", "    n = len(a)\n    for i in range(n): a[i * i % n] = 1\n") CALL1, "bounds", "check", 0},
    {F("n, k", "    s = 0\n    for i in range(n): s = (s + i) % k\n    return s\n") "f(9, 5)\n", "bounds", "cast<uint64>", 0},
    {F("a", "    s = 1\n    for i in range(len(a)): s = (s + a[i]) % 251\n    return s\n") "f(np.ones(5, np.uint8))\n", "bounds",
     "cast<uint64>(", 1},
    {F("a", "    s = 1\n    for i in range(len(a)): s = (s + a[i]) % 251\n    return s\n") "f(np.ones(5, np.int8))\n", "bounds",
     "cast<uint64>(", 0},
    /* reuse: one check an index, on every path to it */
    {F("a, k", "    return a[k] + a[k] * a[k + 1] + a[1 + k] * a[k + 1]\n") "f(np.ones(3), 1)\n", "reuse", "check index", 3},
    {F("a, k", "    a[k] = 2\n    return a[k]\n") "f(np.ones(3), 1)\n", "reuse", "select(", 1},
    {F("a, b, k", "    return a[k] + b[k]\n") "f(np.ones(3), np.ones(3), 1)\n", "reuse", "check index", 2},
    {F("a, k", "    if k > 1: a[k] = 1\n    return a[k]\n") "f(np.ones(3), 1)\n", "reuse", "check index", 2},
    {F("a, k", "    x = a[k]\n    while a[k] > 0: a[k] -= 1\n    return x\n") "f(np.ones(3), 1)\n", "reuse", "check index", 1},
    {F("a, k", "    x = a[k]\n    k += 1\n    return x + a[k]\n") "f(np.ones(3), 1)\n", "reuse", "check index", 2},
    {F("a, p", "    return a[p[0]] + a[p[0]]\n") "f(np.ones(3), np.ones(3, np.int64))\n", "reuse", "check index", 3},
    {F("a, p, q", "    s = 0.0\n    for i in range(p, q): s += a[i]\n    return s\n") "f(np.ones(3), 0, 3)\n", "version", "1099511627776",
     2},
    {F("a", "    j = len(a) - 1\n    while a[j] > 0: j -= 1\n    return j\n") CALL1, "wrap", "if unlikely not((t", 1},
    /* … the place of the best so far: 0 or an index of the search */
    {F("a, b", "    for k in range(len(a)):\n        m = 0\n        for i in range(len(a)):\n            if a[i] > 2: m = i\n        b[k] "
               "= b[m]\n") "f(np.ones(3), "
                           "np.ones(3))\n",
     "version", "check index", 2},
    {F("a", "    u = -1\n    for i in range(len(a)):\n        if u < 0 or a[i] < a[u]: u = i\n    return u\n") CALL1, "bounds", "check", 0},
    /* narrow: 32 bits where that is proven, 64 elsewhere */
    {F("a, b", "    for i in range(len(a)): b[i] = abs(a[i] * 2 - 7)\n") "f(np.ones(5, np.uint8), np.ones(5))\n", "narrow",
     "abs(((cast<int32>(a[", -1},
    {F("a, b", "    for i in range(len(a)): b[i] = a[i] * 2 - 7\n") "f(np.ones(5, np.int32), np.ones(5))\n", "narrow", "int32>(", 0},
    {F("a, b", "    for i in range(len(a)): b[i] = a[i] - np.uint64(7)\n") "f(np.ones(5, np.uint8), np.ones(5))\n", "narrow", "int32>(", 0},
    {F("a, b", "    for i in range(len(a)): b[i] = (a[i] + i) * 2\n") "f(np.ones(5, np.uint8), np.ones(5))\n", "narrow", "int32>(", 0},
    {F("a, b", "    for i in range(len(a)):\n        v = a[i] + 3\n        if v > 99: v = 99\n        b[i] = v\n") "f(np.ones(5, np.int8), "
                                                                                                                   "np.ones(5))\n",
     "narrow", "v: int32 = ", -1},
    {F("a, b", "    v = 0\n    for i in range(len(a)):\n        v = v + a[i]\n        b[i] = v\n") "f(np.ones(5, np.int8), np.ones(5))\n",
     "narrow", "v: int32 = ", 0},
    /* expand: one nest for every case; tests only where something is open */
    {F("a, b", "    b[1:-1, 1:-1] = a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]\n") CALL2, "version", "for i", 2},
    {F("a, b", "    b[1:-1, 1:-1] = a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]\n") CALL2, "version", "<= ", 2},
    {F("a, b", "    b[1:-1, 1:-1] = a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:]\n") CALL2, "fold", "check", 0},
    {F("a", "    a[:] = a + 1\n") CALL1, "expand", "if", 0},
    {F("a", "    a[1:] += 1\n") CALL1, "expand", "if", 0},
    {F("a", "    a[1:] = a[:-1]\n") CALL1, "expand", "lj_rt_assign", 1},
    {F("a, b", "    return a * b\n") CALL2, "expand", "select(", 6},
    {F("a, b", "    return a * b\n") CALL2, "expand", "for i in", 1}, /* one dimension */
    {F("a, b", "    return a * b.T\n") CALL2, "expand", "for i", 4},
    {F("a, b", "    return (a * b).sum()\n") CALL2, "expand", "view<array(float64, 1d, C)>", 2},
    {F("a", "    return a.sum()\n") "f(np.ones((5, 5)))\n", "expand", "view<array(float64, 1d, C)>", 1},
    {F("n", "    a = np.ones(n)\n    b = np.zeros(n)\n    b[:] = a * 2\n    return b\n") "f(3)\n", "expand", "if", 0},
    /* fuse: what joins, what becomes a scalar, what stays apart */
    {F("a, b", "    c = a + b\n    d = c * 2\n    return d - c\n") "f(np.ones(3), np.ones(3))\n", "fuse", "lines 4, 4, 4", 0},
    {F("a", "    c = a + 1\n    d = c * 2\n    return d - c\n") CALL1, "fuse", "never in memory: c, d", 1},
    {F("a", "    c = a + 1\n    d = c * 2\n    return d - c\n") CALL1, "fuse", "if ", 0}, /* nothing is open */
    {F("a", "    c = a + 1\n    d = c * 2\n    return d - c\n") CALL1, "fuse", "alloc", 1},
    {F("a", "    c = a + 1\n    return (c * c).sum()\n") CALL1, "fuse", "alloc", 0},
    {F("a", "    c = a + 1\n    d = c * 2\n    return c, d\n") CALL1, "fuse", "alloc", 2},
    {F("a", "    c = a + 1\n    d = c[::-1] * 2\n    return d\n") CALL1, "fuse", "map", 2},
    {F("a", "    c = a + 1\n    d = c * c.sum()\n    return d\n") CALL1, "fuse", "needs the result of a reduction before", 1},
    {F("a, b", "    a[:] = b + 1\n    c = b * 2\n    return c\n") "f(np.ones(3), np.ones(3))\n", "fuse", "one nest",
     0}, /* the allocation may fail */
    {F("a, b", "    a[:] = b + 1\n    c = a * 2\n    b[:] = c - a\n") "f(np.ones(3), np.ones(3))\n", "fuse", "one nest for 3", 1},
    {F("a, b", "    a[1:] = b[1:] + 1\n    a[:-1] = b[1:] * 2\n") "f(np.ones(3), np.ones(3))\n", "fuse", "another part of an array", 1},
    {"@njit(parallel=True)\ndef f(a):\n    c = a + 1\n    return (c * 2).sum()\n" CALL1, "fuse", "one nest", 1},
    /* version: one test, the loop twice, no check in the first */
    {F("a, k", "    for i in range(len(a)): a[i + k] = 1\n") "f(np.ones(3), 0)\n", "version", "for i in", 2},
    {F("a, k", "    for i in range(len(a)): a[i + k] = 1\n") "f(np.ones(3), 0)\n", "version", "check index", 1},
    {F("a, b", "    for i in range(a.shape[0]):\n        for j in range(a.shape[1]): b[i, j] = a[i, j]\n") CALL2, "version",
     "do not overlap", 1},
    {F("a, b", "    for i in range(a.shape[0]):\n        for j in range(a.shape[1]): b[i, j] = a[i, j]\n") CALL2, "version", "data(", 4},
    {F("a, b", "    for i in range(a.shape[0]):\n        for j in range(a.shape[1]): a[i, j] = i\n") CALL2, "version", "if ", 0},
    {F("a, b", "    c = np.zeros((3, 3))\n    for i in range(3):\n        for j in range(3): c[i, j] = a[i, j]\n    return c\n") CALL2,
     "version", "data(", 0}, /* fresh memory overlaps nothing */
    {F("a, k", "    for i in range(len(a)):\n        if k > 3: a[i + k] = 1\n") "f(np.ones(3), 0)\n", "version", "for i in",
     2}, /* may never run: taken along, and the other version is not cold */
    {F("a", "    for i in range(2, len(a)):\n        for j in range(i * i, len(a), i): a[j] = 0\n") CALL1, "version", "check index", 1},
    {F("a, b, k",
       "    for p in range(0, len(a), k):\n        for i in range(p, min(p + k, len(a))): a[i] = b[i]\n") "f(np.ones(5), np.ones(5), 2)\n",
     "version", "shape(b, 0) + (-1 * shape(a, 0))) >= 0", 1}, /* a tile ends with the array */
    {F("a, idx", "    s = 0.0\n    for i in range(len(idx)): s += a[idx[i]]\n    return s\n") "f(np.ones(3), np.arange(3))\n", "version",
     "check index", 1},
    {F("a, p",
       "    s = 0.0\n    for i in range(len(p) - 1):\n        for j in range(p[i], p[i + 1]): s += a[j]\n    return s\n") "f(np.ones(3), "
                                                                                                                          "np.arange(3))\n",
     "version", "for j in", 2},
    /* blocks: what is left is tested ahead, unless the loop may change what the test reads or gains nothing */
    {F("a, b", "    for i in range(len(a)): a[i] = a[i] / b[i]\n") "f(np.ones(3), np.ones(3))\n", "blocks", "ok and", 1},
    {F("a", "    for i in range(len(a)): a[i] = 1 / a[i]\n") CALL1, "blocks", "ok and", 1},
    {F("a", "    for i in range(len(a) - 1): a[i] = 1 / a[i + 1]\n") CALL1, "blocks", "check divisor", 1},
    {F("a", "    for i in range(1, len(a)): a[i] = 1 / a[i - 1]\n") CALL1, "blocks", "ok and", 0},
    {F("a", "    n = 0\n    for i in range(len(a)): n += 3 // int(a[i])\n    return n\n") CALL1, "blocks", "ok and", 1},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += 3 / a[i]\n    return s\n") CALL1, "blocks", "the order of its sums is fixed", 1},
    {F("a", "    x = 1.0\n    for i in range(9): x = 2\n    return x / a[0]\n") CALL1, "blocks", "block", 0},
    {F("a", "    k = 0\n    for i in range(len(a)):\n        x = 7 // int(a[i])\n        y = a[i] * 0.1\n        if y < 2: continue\n      "
            "  k += x\n    return k\n") CALL1,
     "blocks", "ok and", 1}, /* the branch decides about nothing that is tested */
    {F("a, b, idx", "    for i in range(len(idx)): b[i] = a[idx[i]]\n") "f(np.ones(3), np.ones(3), np.arange(3))\n", "blocks", "select",
     3}, /* in the exact version, in that for arrays that overlap, and for the last block */
    {F("a, k", "    for i in range(len(a)):\n        if k > 3: a[i + k] = 1 / a[i + k]\n") "f(np.ones(3), 0)\n", "blocks", "check divisor",
     2}, /* in both versions */
    {F("a", "    for i in range(len(a)):\n        print(1 / a[i])\n") CALL1, "blocks", "the loop has other effects", 1},
    {F("a", "    for i in range(len(a)):\n        a[i] = 1 // int(math.exp(a[i]))\n") CALL1, "blocks", "costs too much", 1},
    /* splice: small functions in the place of their calls; not with loops, memory, recursion, or when told not to */
    {"def g(a, i):\n    return a[i] + 1\n" F("a", "    for i in range(len(a)): a[i] = g(a, i)\n") CALL1, "bounds", "call", 0},
    {"def g(a, i):\n    return a[i] + 1\n" F("a", "    for i in range(len(a)): a[i] = g(a, i)\n") CALL1, "bounds", "check", 0},
    {"def g(x):\n    if x > 1: return 1.0\n    return x\n" F("a", "    for i in range(len(a)): a[i] = g(a[i])\n") CALL1, "splice", "call",
     0},
    {"def g(x):\n    if x > 1:\n        if x > 2: return 1.0\n    return x\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 1},
    {"def g(x):\n    for i in range(3): x = x + 1\n    return x\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 1},
    {"def g(x):\n    return h(x) + 1\ndef h(x):\n    return x / 3\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 0},
    {"def g(x):\n    return g(x - 1) if x > 0 else x\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 1},
    {"@njit(inline='never')\ndef g(x):\n    return x + 1\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 1},
    {"@njit(fastmath=True)\ndef g(x):\n    return x + 1\n" F("a", "    a[0] = g(a[0])\n") CALL1, "splice", "call", 1},
    /* wrap: what stays in loops is wrapped and checked on the unusual path */
    {F("a, idx", "    s = 0.0\n    for i in range(len(idx)): s += a[idx[i]]\n    return s\n") "f(np.ones(3), np.arange(3))\n", "wrap",
     "select", 0},
    {F("a, idx", "    s = 0.0\n    for i in range(len(idx)): s += a[idx[i]]\n    return s\n") "f(np.ones(3), np.arange(3))\n", "wrap",
     "if unlikely", 1},
    {F("a, k", "    return a[k]\n") "f(np.ones(3), 1)\n", "wrap", "select", 1}, /* no loop */
    /* trial: recursion without effects; fewer copies of what is big or calls itself often; not with stores, memory of its own, printing */
    {F("n", "    if n < 2: return n\n    return f(n - 1) + f(n - 2)\n") "f(5)\n", "trial", "recursive trial 4:", 1},
    {F("n", "    if n < 2: return n\n    return f(n - 1) + f(n - 2) + f(n - 3) + f(n - 4)\n") "f(5)\n", "trial", "trial 2:", 1},
    {F("n", "    s = 0\n    for i in range(n): s += f(i)\n    return s\n") "f(5)\n", "trial", "wary:", 1},
    {F("a, n", "    if n < 0: return 0.0\n    return 1.0 / a[n] + f(a, n - 1)\n") "f(np.ones(3), 2)\n", "trial", "trial 4:", 1},
    {F("a, n", "    if n > 0: f(a, n - 1)\n    a[n] = 1\n") "f(np.ones(3), 2)\n", "trial", "trial", 0},
    {F("n", "    b = np.zeros(3)\n    return n if n < 3 else f(n - int(b[0]) - 1)\n") "f(5)\n", "trial", "trial", 0},
    {F("n", "    if n: f(n - 1)\n    print(n)\n") "f(5)\n", "trial", "trial", 0},
    {F("n", "    return n // 3\n") "f(5)\n", "trial", "trial", 0},
    /* operations with known bounds: min, max, %, //, >>, &, select, narrow casts */
    {F("a", "    s = 0.0\n    n = len(a)\n    for i in range(n): s += a[max(i - 1, 0)] + a[min(i + 1, n - 1)]\n    return s\n") CALL1,
     "bounds", "check", 0},
    {F("a", "    s = 0.0\n    n = len(a)\n    for i in range(n): s += a[(i + 1) % n]\n    return s\n") CALL1, "bounds", "check index", 0},
    {F("a", "    s = 0.0\n    n = len(a)\n    for i in range(n): s += a[(i - 1 + n) % n]\n    return s\n") CALL1, "bounds", "check index",
     0},
    {F("a", "    s = 0.0\n    for i in range(len(a) // 2): s += a[2 * i] + a[2 * i + 1]\n    return s\n") CALL1, "bounds", "check", 0},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += a[i // 2] + a[i >> 1]\n    return s\n") CALL1, "bounds", "check", 0},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += a[i // 2 + 1]\n    return s\n") CALL1, "bounds", "check index", 1},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += a[i - 1 if i > 0 else len(a) - 1]\n    return s\n") CALL1, "bounds", "check", 0},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += a[i - 1 if i > 0 else len(a)]\n    return s\n") CALL1, "bounds", "check index",
     1},
    {F("a, k", "    s = 0.0\n    for i in range(len(a)): s += a[k & 3]\n    return s\n") "f(np.ones(5), 1)\n", "bounds", "select", 0},
    {F("a, u", "    for i in range(len(u)): a[u[i]] += 1\n") "f(np.ones(300), np.zeros(9, np.uint8))\n", "version", "check index",
     1}, /* in the other version only */
    {F("a, u", "    for i in range(len(u)): a[u[i]] += 1\n") "f(np.ones(300), np.zeros(9, np.uint32))\n", "version", "for i in", 2},
    /* products of loop indices and values */
    {F("a, n, m", "    for i in range(n):\n        for j in range(m): a[i * m + j] = 0\n") "f(np.ones(6), 2, 3)\n", "version",
     "check index", 1},
    {F("a, n, m",
       "    for i in range(n):\n        for j in range(m):\n            for k in range(3): a[(i * m + j) * 3 + k] = 0\n") "f(np.ones(18), "
                                                                                                                          "2, 3)\n",
     "version", "check index", 1},
    /* values: what a loop reads and does not set is fixed; counters: while loops that count */
    {F("a, k", "    while k > 0:\n        for i in range(k): a[i] = 1\n        k = k // 2\n") "f(np.ones(6), 3)\n", "version", "for i in",
     2},
    {F("a", "    i = 0\n    n = len(a)\n    while i < n:\n        a[i] = 1\n        i += 1\n") CALL1, "bounds", "check", 0},
    {F("a", "    i = len(a) - 1\n    while i >= 0:\n        a[i] = 1\n        i -= 1\n") CALL1, "bounds", "check index", 0},
    {F("a", "    i = 0\n    while i <= len(a) - 1:\n        a[i] = 1\n        i = i + 2\n") CALL1, "bounds", "check index", 0},
    {F("a, k", "    i = 0\n    while i < len(a):\n        a[i] = 1\n        i += k\n") "f(np.ones(6), 3)\n", "bounds",
     "while:", 1}, /* for a step that is not positive */
    {F("a, k", "    j = len(a) - 1\n    while j >= 0 and a[j] > k:\n        a[j] = 1\n        j -= 1\n") "f(np.ones(6), 3)\n", "bounds",
     "check index", 0},
    {F("a", "    i = 0\n    while i < len(a):\n        if a[i] > 1: i += 1\n        i += 1\n") CALL1, "bounds", "while:", 1},
    {F("a", "    i = 0\n    while i < len(a):\n        if a[i] > 1: continue\n        i += 1\n") CALL1, "bounds",
     "not advanced on every path", 1},
    {F("a", "    i = 0\n    while i > len(a):\n        a[i] = 1\n        i += 1\n") CALL1, "bounds", "moves away", 1},
    {F("a", "    return np.sum(a)\n") CALL1, "bounds", "counter", 0}, /* a pass made its loops: users cannot write them otherwise */
    /* ranges: mutable integers over branches and loops */
    {F("a", "    m = 0\n    for i in range(len(a)):\n        if a[i] < a[m]: m = i\n    return m\n") CALL1, "bounds", "check index", 0},
    {F("a", "    m = 0\n    for i in range(len(a)):\n        if a[i] < a[m]: m = i + 1\n    return m\n") CALL1, "bounds", "check index", 1},
    {F("a, x", "    lo = 0\n    hi = len(a) - 1\n    while lo <= hi:\n        mid = (lo + hi) // 2\n        if a[mid] < x:\n            lo "
               "= mid + 1\n"
               "        else:\n            hi = mid - 1\n    return lo\n") "f(np.ones(5), 1.0)\n",
     "bounds", "check index", 0},
    {F("a, x",
       "    lo = 0\n    hi = len(a)\n    while lo <= hi:\n        mid = (lo + hi) // 2\n        if a[mid] < x:\n            lo = mid + 1\n"
       "        else:\n            hi = mid - 1\n    return lo\n") "f(np.ones(5), 1.0)\n",
     "bounds", "check index", 1},
    {F("a", "    i = 0\n    k = 0\n    while i < len(a):\n        while i < len(a) and a[i] < 1: i += 1\n        if i >= len(a): break\n   "
            "     k += a[i]\n"
            "        i += 1\n    return k\n") CALL1,
     "bounds", "check index", 0},
    {F("a", "    i = 0\n    while i < len(a):\n        i += 1\n        a[i] = 1\n") CALL1, "bounds", "check index", 1},
    {F("a", "    k = 1\n    while k < len(a):\n        a[k] = 1\n        k = k * 2\n") CALL1, "bounds", "check index",
     0}, /* no extent is so large that k wraps */
    {F("a", "    k = 5\n    for i in range(len(a)):\n        if k > 0: k = k - 1\n        a[i] = k\n        if i >= k: a[i - k] = 2\n")
         CALL1,
     "bounds", "check index", 0},
    /* alias: swapped arrays are fixed inside of each nest; what a call gives may be any array */
    {F("a, b", "    for t in range(4):\n        for i in range(a.shape[0]):\n            for j in range(a.shape[1]): b[i, j] = a[i, j]\n   "
               "     a, b = b, a\n") CALL2,
     "version", "do not overlap", 1},
    {"@njit\ndef g(a):\n    return a\n" F("n", "    a = np.zeros((n, n))\n    b = g(a)\n    for i in range(1, n):\n        for j in "
                                               "range(n): b[i, j] = a[i - 1, j]\n    return a\n") "f(5)\n",
     "version", "data(", 4},
    /* who takes float divisors: blocks those that are simple to compute ahead in loops that store; defer all others that it can take */
    {F("a, b", "    for i in range(len(a)): a[i] = 1.0 / (b[i] + 1)\n") "f(np.ones(3), np.ones(3))\n", "defer", "blocks of iterations", 0},
    {F("a, b", "    for i in range(len(a)): a[i] = 1.0 / np.sqrt(b[i])\n") "f(np.ones(3), np.ones(3))\n", "defer", "blocks of iterations",
     1},
    {F("a, b", "    for i in range(len(a)):\n        x = 2 / b[i]\n        a[i] = 1.0 / (x + 1)\n") "f(np.ones(3), np.ones(3))\n", "blocks",
     "ok and", 0},
    {F("a", "    k = 0\n    for i in range(len(a)):\n        if 1.0 / a[i] > 2: k += 1\n    return k\n") CALL1, "defer", "end of the loop",
     1},
    {F("a", "    for i in range(1, len(a)): a[i] = 1.0 / (np.sqrt(a[i]) + a[i - 1])\n") CALL1, "blocks", "not done", 1},
    /* defer: float divisors that cost too much to test ahead wait for the end of a loop or block; the loop with the check is left for the error */
    {F("a, b", "    for i in range(len(a)): a[i] = 1.0 / math.exp(b[i])\n") "f(np.ones(3), np.ones(3))\n", "defer", "blocks of iterations",
     1},
    {F("a", "    k = 0\n    for i in range(len(a)):\n        if 1.0 / math.exp(a[i]) > 2: k += 1\n    return k\n") CALL1, "defer",
     "end of the loop", 1},
    {F("a", "    s = 0.0\n    for i in range(len(a)): s += 1.0 / a[i]\n    return s\n") CALL1, "defer", "keeps its order", 1},
    {F("a", "    for i in range(1, len(a)): a[i] = 1.0 / a[i - 1]\n") CALL1, "defer", "read elsewhere", 1},
    {F("a, b", "    for i in range(len(a)): a[i] = int(1.0 / math.exp(b[i]))\n") "f(np.ones(3), np.ones(3))\n", "defer",
     "integers of floats", 1},
    {F("a, b", "    for i in range(len(a)): a[i] = i // int(b[i])\n") "f(np.ones(3), np.ones(3))\n", "defer", "zero: bool", 0},
    /* elements: one place throughout the loop, and the ranges prove that no other access touches it */
    {F("a", "    for i in range(1, len(a)): a[0] += a[i]\n") CALL1, "elements", "live in variables", 1},
    {F("a", "    for i in range(len(a)): a[0] += a[i]\n") CALL1, "elements", "live in variables", 0},
    {F("a", "    for i in range(1, len(a)): a[i] = a[0]\n") CALL1, "elements", "live in variables", 1},
    {F("a", "    for i in range(len(a) - 1): a[i] = a[-1]\n") CALL1, "elements", "live in variables", 1},
    {F("a, b", "    for i in range(1, len(a)): b[0] += a[i]\n") "f(np.ones(3), np.ones(3))\n", "elements", "live in variables", 1},
    {F("a", "    n = a.shape[0]\n    for i in range(n):\n        for j in range(i):\n            for k in range(j): a[i, j] -= a[i, k] * "
            "a[j, k]\n") "f(np."
                         "ones((5, 5)))\n",
     "elements", "live in variables", 1},
};

START_TEST(passed) { ir_expect(rows[_i].src, rows[_i].after, rows[_i].part, rows[_i].want); }
END_TEST

Suite *suite_passes(void);
Suite *suite_passes(void) {
  Suite *suite = suite_create("passes");
  TCase *tc = tcase_create("rows");
  tcase_add_checked_fixture(tc, ir_begin, ir_end);
  tcase_add_loop_test(tc, passed, 0, (int)LJ_COUNT(rows));
  suite_add_tcase(suite, tc);
  return suite;
}
