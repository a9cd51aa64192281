/* What compiled code and the runtime agree on: the call context, error sites, array and string values in memory, type codes.
 * Compiled code meets the runtime only through this header and the symbol table runtime/rt_symbols.def.
 *
 * Values in memory (arguments and results of entries, what is printed) are laid out like C structs:
 *   scalars as in C (bool is one byte, 0 or 1); complex: real, imaginary; str: lj_str; array: lj_array_head, shape[ndim], strides[ndim] (bytes);
 *   tuple: a struct of its elements; optional: a struct {uint8_t present; T value;}; None, dtypes and functions without captures: nothing (size 0,
 *   alignment 1); functions with captures: a struct of them.
 * Type codes describe them, one after the other without separators:
 *   "b1" "i8" "u4" "f4" "f8" "c8" "c16"  scalars     "(" elements ")"  tuple     "A" ndim layout dtype  array: "A2Cf8"
 *   "S" str     "N" None     "?" T  optional     "D" dtype  a dtype as value     "F"  a function (nothing in memory) */
#ifndef LJ_RT_H
#define LJ_RT_H

#include "base/diag.h"

#include <stdatomic.h>

/* Heap memory of an array or string. refs is changed atomically (also inline by compiled code); at 0 lj_rt_free() gets it. */
typedef struct lj_owner lj_owner;
struct lj_owner {
  int64_t refs;                      /* offset 0: known to compiled code */
  void (*release)(lj_owner *owner);  /* frees the memory and the owner itself */
  void *memory;
  int64_t size; /* bytes */
};

typedef struct lj_array_head {
  void *data;
  lj_owner *owner; /* NULL: borrowed for the duration of the call */
  int64_t dims[];  /* shape[ndim], then strides[ndim] in bytes */
} lj_array_head;

typedef struct lj_str {
  const char *data; /* UTF-8, not NUL-terminated */
  lj_owner *owner;  /* NULL for constants */
  int64_t length;   /* bytes */
} lj_str;

/* Where a site stands in the source as it is now; asked only when an error is shown. */
typedef struct lj_where {
  const char *file, *text; /* text: the whole source line, without its end; not NUL-terminated */
  size_t text_length;
  uint32_t line, column; /* from 1 */
  uint32_t width;        /* code points to underline; at least 1 */
} lj_where;

/* A part of a source text that sites of compiled code refer to. Code is linked against a table of its unit's places, so that it knows
 * neither the file's name nor a line and stays good when they change. */
typedef struct lj_site lj_site;
typedef struct lj_place lj_place;
struct lj_place {
  void (*locate)(const lj_place *place, const lj_site *site, lj_where *where);
  const void *source; /* of the locator */
  uint32_t part;
  uint32_t is_library; /* a function of runtime/prelude: an error there belongs to the call */
};
#define LJ_PLACES "lj_places" /* the table's name for the linker */

/* A place in the source, as a constant of the compiled module: base/source.h's anchor. */
struct lj_site {
  const lj_place *place; /* NULL: nobody wrote it */
  const char *function;
  uint32_t lo_token, lo_offset, hi_token, hi_offset;
};

static inline bool lj_site_is_library(const lj_site *site) { return site && site->place && site->place->is_library; }

enum { LJ_TRACE_MAX = 24 }; /* innermost calls that are kept; deeper ones are counted */

/* What functions under lru_cache remember: rt_memo.c. All zeros is empty. */
typedef struct lj_memo lj_memo;
typedef struct lj_memos {
  _Atomic(lj_memo *) first;
} lj_memos;
void lj_memos_drop(lj_memos *memos);

/* Whether a call is to end early. Set by any thread, or a signal handler; compiled code looks at `reason` where the pass "poll" says. */
typedef enum StopReason { STOP_NONE, STOP_ASKED, STOP_TIMEOUT } StopReason;
typedef struct lj_stop {
  _Atomic int32_t reason; /* offset 0: known to compiled code */
  double seconds;         /* that the call was given, for the message; written before it starts */
} lj_stop;

/* Context of one call from the host (or of one program run). One thread at a time. */
typedef struct lj_pool lj_pool;
typedef struct lj_race lj_race;
typedef struct lj_rt lj_rt;
struct lj_rt {
  char *stack_limit;  /* offset 0: a function that recurses fails with RecursionError below this address */
  const lj_stop *stop; /* offset 8: own_stop, or another one that the host or the context that started a parallel loop has; never NULL */
  lj_stop own_stop;
  int32_t error;      /* ErrorKind, 0 while there is none */
  bool stopped;       /* the error is that the call was stopped */
  const lj_site *site; /* where the error was raised */
  StrBuf message;      /* of the error */
  const lj_site *trace[LJ_TRACE_MAX]; /* call sites, innermost first */
  uint32_t trace_len, trace_dropped;
  StrBuf text;  /* being built by lj_rt_text_* for print, f-strings and messages */
  void (*print)(void *data, const char *text, size_t length); /* where print() goes; NULL: stdout */
  void *print_data;
  bool flush_failed; /* writing the output failed: reported once */
  bool in_parallel;  /* a chunk of a parallel loop runs: loops inside are serial */
  int32_t threads;   /* for parallel loops: set_num_threads(); 0: as many as there are */
  int32_t thread_id; /* within the parallel loop */
  int32_t schedule;  /* rt_schedule.h; 0: what the environment says */
  int64_t chunk;     /* iterations: set_parallel_chunksize(); 0: nothing was said */
  lj_pool *pool;     /* rt_pool.h: where big arrays come from and go; NULL: none, they are the system's. Borrowed */
  lj_memos *memos;   /* own_memos, or those of a module or of the context that started a parallel loop */
  lj_memos own_memos;
  const lj_site *note_site; /* a second place that the error is about; NULL: none */
  const char *note;         /* constant: what happened there */
  lj_owner **lent;          /* rt_assign.c: arrays that compiled code works on for the length of a statement */
  size_t lent_len, lent_cap;
  lj_race *race;            /* rt_race.c: made by the first loop that is checked */
};

/* A part of a parallel loop: number of the chunk, first index, end. A status. */
typedef int32_t lj_chunk(lj_rt *rt, const void *frame, int64_t chunk, int64_t lo, int64_t hi);
int32_t
lj_rt_max_threads(void); /* rt_schedule.c: LOOPJIT_NUM_THREADS, OMP_NUM_THREADS, NUMBA_NUM_THREADS, or the processors of this process */

void lj_rt_init(lj_rt *rt);  /* computes the stack limit of the calling thread */
void lj_rt_drop(lj_rt *rt);
/* Zeroed memory for values, aligned to 64 bytes, with one reference; NULL when there is none. pool NULL: malloc's. */
void *lj_rt_new_block(lj_pool *pool, size_t size, lj_owner **owner);
void lj_rt_clear_error(lj_rt *rt);
/* Loops of the runtime ask this as often as compiled ones, and return lj_rt_stop() then. */
static inline bool lj_rt_is_stopped(const lj_rt *rt) { return atomic_load_explicit(&rt->stop->reason, memory_order_relaxed) != STOP_NONE; }
/* The same where an iteration is short: asks now and then, by a counter. */
static inline bool lj_rt_stops_at(const lj_rt *rt, int64_t count) { return (count & 4095) == 4095 && lj_rt_is_stopped(rt); }
/* What a function of the host says that went wrong; it has no place until the function has returned (lj_rt_host_failed). */
void lj_rt_host_error(lj_rt *rt, int32_t kind, const char *text, size_t length);
lj_where lj_rt_where(const lj_site *site); /* rt_error.c */
/* The error as text: FILE:LINE:COL: error: KIND: message, source line, caret, then a note per call, outermost last. */
void lj_rt_render_error(const lj_rt *rt, StrBuf *out);
/* Address of a function of rt_symbols.def by name, or of a libm function that ir/math.def names; NULL when there is none. */
void *lj_rt_symbol(const char *name);
#define LJ_OTHER_NAME "lj_other_" /* before the name of a symbol: the same, by a name that LLVM does not know */

/* Formatting shared with the host side (values of command-line results). `kernel` shows float32 as the double it equals. */
void lj_format_value(StrBuf *out, const char *type_code, const void *value, bool repr, bool kernel);
size_t lj_type_code_size(const char *type_code, size_t *align); /* of the value in memory, padded to its alignment */

/* Compiled code calls these: prototypes generated from the table so that the two cannot differ. They are hidden, except in the shared runtime. */
#ifdef LOOPJIT_RT_SHARED
#define LJ_RT_API __attribute__((visibility("default")))
#else
#define LJ_RT_API
#endif
#define RT(result, name, params, signature) LJ_RT_API result name params;
#include "runtime/rt_symbols.def"
#undef RT

#endif
