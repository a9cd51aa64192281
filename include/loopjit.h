/* loopjit: compiles numba-style loop kernels (.lp files, a strict subset of Python) to native code, inside any C or C++ program.
 *
 *   lj_engine *engine;
 *   lj_engine_new(NULL, NULL, &engine);
 *   lj_module *module;
 *   lj_module_load(engine, "k.lp", text, strlen(text), 0, NULL, &module);
 *   lj_value args[2] = {lj_float64(2.0), lj_array1d(LJ_FLOAT64, data, n)}, result;
 *   if (lj_call(lj_module_find(module, "scale"), args, 2, &result, NULL) == LJ_OK) lj_value_free(&result);
 *   lj_module_free(module);
 *   lj_engine_free(engine);
 *
 * Rules that hold everywhere:
 * - Nothing is global: engines are independent of each other. Handles are opaque; structs that may grow begin with their size.
 * - What went wrong is told by the lj_status and, in detail, by the lj_report that the caller passed (NULL: not wanted).
 * - Pointers must not be NULL unless their comment allows it. Functions that give an lj_status answer LJ_MISUSE when what they work on is NULL; "out"
 *   parameters are never NULL unless said otherwise.
 * - "Out" parameters are set whenever a function returns: to a result after LJ_OK, else to NULL, zero or None.
 * - Text is UTF-8. Texts that functions return belong to the object they came from and live as long as it, unless said otherwise.
 * - The library never prints (print() of a program goes to the config's callback or, without one, to standard output), never exits, sets no
 *   signal handlers, changes no locale. Only exhausted memory inside the compiler itself ends the process.
 * - Thread safety: an engine, its modules, functions and kernels may be used by any number of threads at once. A report, a value and a
 *   context may be used by one thread at a time. Freeing needs that no other thread uses the object. */
#ifndef LOOPJIT_H
#define LOOPJIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LJ_API __attribute__((visibility("default")))

/* ---- versions ------------------------------------------------------------------------------------------------------------------------ */

#define LJ_ABI_VERSION 1 /* changes when a program compiled against an older header would break */

LJ_API const char *lj_version(void); /* of loopjit: "0.1.0" */
LJ_API int lj_abi_version(void); /* LJ_ABI_VERSION of the library that was linked */
LJ_API const char *lj_llvm_version(void); /* of the LLVM it was built with: "22.1.8" */

/* ---- status and report --------------------------------------------------------------------------------------------------------------- */

/* One row each: the suffix of the constant, its value, its text. */
#define LJ_STATUSES(X)                                                                                                                     \
  X(OK, 0, "ok")                                                                                                                           \
  X(ERROR, 1, "error in the program") /* the report holds at least one error with place and kind */                                        \
  X(MISUSE, 2, "wrong use of the library") /* the report holds one message; nothing was done */                                            \
  X(IO, 3, "a file could not be read or written") /* the report says why */                                                                \
  X(INTERNAL, 4, "the compiler failed; this is its own bug") /* the report holds what is known */                                          \
  X(STOPPED, 5, "the call was stopped") /* by a timeout or the host; the report holds a TimeoutError or KeyboardInterrupt with its place */

typedef enum lj_status {
#define X(id, value, text) LJ_##id = value,
  LJ_STATUSES(X)
#undef X
} lj_status;

LJ_API const char *lj_status_text(lj_status status);

typedef enum lj_severity { LJ_SEVERITY_ERROR, LJ_SEVERITY_WARNING, LJ_SEVERITY_NOTE } lj_severity;

/* One message. A note belongs to the error before it; the chain of calls of a run-time error is a note for each call, innermost first. A note that
 * no error goes before is about the engine: that its cache cannot be used, once. */
typedef struct lj_diagnostic {
  lj_severity severity;
  const char *kind; /* Python's name: "TypeError"; "" for notes and warnings */
  const char *message;
  const char *file; /* NULL when there is no place */
  uint32_t line, column; /* from 1, the column in code points; 0 when there is no place */
  uint32_t end_line, end_column; /* just behind the place */
} lj_diagnostic;

/* What the last call that it was passed to had to say. Made once, passed to many calls; each clears it first. */
typedef struct lj_report lj_report;

LJ_API lj_report *lj_report_new(void); /* Owned by the caller, freed with lj_report_free(). */
LJ_API void lj_report_free(lj_report *report); /* NULL is allowed. */
LJ_API void lj_report_clear(lj_report *report);
LJ_API size_t lj_report_count(const lj_report *report); /* messages, notes included */
LJ_API size_t lj_report_errors(const lj_report *report); /* errors, also those beyond the 20 that are kept */
LJ_API const lj_diagnostic *lj_report_get(const lj_report *report, size_t index); /* NULL beyond the end; lives until the report changes */
/* All as text: FILE:LINE:COL: error: KIND: message, the source line, a caret, the notes. "" when empty; lives until the report changes. */
LJ_API const char *lj_report_text(const lj_report *report);

/* The same as JSON: an array of {"severity": "error" | "warning" | "note", "kind", "message", "file", "line", "column", "end_line", "end_column"}, with
 * null for what a message has not, and a line end. "[]\n" when empty; lives until the report changes. */
LJ_API const char *lj_report_json(lj_report *report);

/* A text or bytes that the caller owns. Zero-initialised is empty. `data` ends with a NUL that `length` does not count. */
typedef struct lj_text {
  char *data; /* NULL when empty */
  size_t length;
} lj_text;

LJ_API void lj_text_free(lj_text *text); /* and empties it */

/* ---- values -------------------------------------------------------------------------------------------------------------------------- */

/* Types of scalars and of array elements, as NumPy names them. */
/* clang-format off */
typedef enum lj_dtype {
  LJ_BOOL, LJ_INT8, LJ_INT16, LJ_INT32, LJ_INT64, LJ_UINT8, LJ_UINT16, LJ_UINT32, LJ_UINT64, LJ_FLOAT32, LJ_FLOAT64, LJ_COMPLEX64, LJ_COMPLEX128
} lj_dtype;
/* clang-format on */

LJ_API const char *lj_dtype_name(lj_dtype dtype); /* "float64"; "?" for no dtype */
LJ_API size_t lj_dtype_size(lj_dtype dtype); /* bytes of an element */
LJ_API bool lj_dtype_find(const char *name, lj_dtype *dtype); /* by its name or an alias of NumPy: "float", "f4", "intp" */

typedef struct lj_complex64 {
  float re, im;
} lj_complex64;
typedef struct lj_complex128 {
  double re, im;
} lj_complex128;

enum { LJ_MAX_NDIM = 8 };

/* An array: a description of memory. Fields as DLPack's DLTensor, except that strides are in bytes (as NumPy's). */
typedef struct lj_array {
  void *data; /* of the first element; aligned for the dtype */
  lj_dtype dtype;
  int32_t ndim; /* 0 to LJ_MAX_NDIM */
  int64_t shape[LJ_MAX_NDIM]; /* never negative */
  int64_t strides[LJ_MAX_NDIM]; /* bytes; any sign; multiples of the dtype's alignment */
  /* Kernels that store into it are refused while compiling. So are they for arrays in which different indices may be the same memory (a stride of 0, or
   * one that is less than what the axes with smaller strides reach), as if it were set: NumPy's broadcast_to() is read-only, too. */
  bool readonly;
} lj_array;

typedef enum lj_kind { LJ_KIND_NONE, LJ_KIND_SCALAR, LJ_KIND_STR, LJ_KIND_TUPLE, LJ_KIND_ARRAY, LJ_KIND_DTYPE } lj_kind;

/* A typed value: an argument or a result. Zero-initialised is None. Scalars need no freeing.
 * `owner` is NULL for memory that the host keeps, else the library's hold on the memory behind array, text or items: lj_value_free()
 * gives it back. Never copy a struct with an owner and free both; lj_value_copy() makes a second one. */
typedef struct lj_value {
  lj_kind kind;
  lj_dtype dtype; /* SCALAR: its type; DTYPE: the dtype it is */
  void *owner;
  union {
    int64_t i; /* BOOL (0 or 1), INT8 … INT64 */
    uint64_t u; /* UINT8 … UINT64 */
    double f; /* FLOAT32, FLOAT64 */
    lj_complex128 c; /* COMPLEX64, COMPLEX128 */
    struct {
      const char *data; /* UTF-8, no NUL needed */
      size_t length;
    } str;
    struct {
      struct lj_value *items; /* owned with the tuple when owner is set */
      size_t count;
    } tuple;
    lj_array array;
  } as;
} lj_value;

static inline lj_value lj_none(void) {
  lj_value v;
  v.kind = LJ_KIND_NONE, v.dtype = LJ_BOOL, v.owner = NULL, v.as.i = 0;
  return v;
}
static inline lj_value lj_bool(bool b) {
  lj_value v = lj_none();
  v.kind = LJ_KIND_SCALAR, v.as.i = b;
  return v;
}
static inline lj_value lj_int64(int64_t i) {
  lj_value v = lj_none();
  v.kind = LJ_KIND_SCALAR, v.dtype = LJ_INT64, v.as.i = i;
  return v;
}
static inline lj_value lj_float64(double f) {
  lj_value v = lj_none();
  v.kind = LJ_KIND_SCALAR, v.dtype = LJ_FLOAT64, v.as.f = f;
  return v;
}
static inline lj_value lj_complex(double re, double im) {
  lj_value v = lj_none();
  v.kind = LJ_KIND_SCALAR, v.dtype = LJ_COMPLEX128, v.as.c.re = re, v.as.c.im = im;
  return v;
}

/* A scalar of any dtype from a number: converted as C casts do; 0 where C leaves it open (nan or 2e19 as an int64). */
LJ_API lj_value lj_scalar(lj_dtype dtype, double number);
/* Borrows `text` (NUL-terminated). */
LJ_API lj_value lj_string(const char *text);
/* Borrows `items`. */
LJ_API lj_value lj_tuple(lj_value *items, size_t count);
/* Host memory as an array, in C order, without a copy. Borrowed: it must live while the value, or a result that is a view of it, is used. */
LJ_API lj_value lj_array_wrap(lj_dtype dtype, void *data, int ndim, const int64_t *shape);
LJ_API lj_value lj_array1d(lj_dtype dtype, void *data, int64_t n);
LJ_API lj_value lj_array2d(lj_dtype dtype, void *data, int64_t rows, int64_t columns);
/* The same with strides in bytes. */
LJ_API lj_value lj_array_wrap_strided(lj_dtype dtype, void *data, int ndim, const int64_t *shape, const int64_t *strides);
/* A new array of zeros in C order that the library owns. None when the memory, the shape or the dtype is impossible. `shape` may be NULL for 0 axes. */
LJ_API lj_value lj_array_new(lj_dtype dtype, int ndim, const int64_t *shape);
/**
 * Hand host memory over: `release(context)` is called once, when the last value or array inside a program that shares it is gone.
 * @param array    An array that lj_array_wrap() or its kin made; it owns the memory afterwards: lj_value_free().
 * @param release  May be called by any thread that frees a value or runs a kernel. Must not call the library.
 * @return LJ_OK; LJ_MISUSE when it is no sound array or has an owner already: nothing was taken.
 */
LJ_API lj_status lj_value_adopt(lj_value *array, void (*release)(void *context), void *context);
/**
 * An array from a tensor of DLPack (version 1), without a copy. The host's dlpack.h has the struct.
 * @param tensor  In main memory. Taken over when LJ_OK is returned: its deleter is called when the last holder is gone; else still the caller's.
 * @param value   Out, owned by the caller. Read-only when the tensor says so.
 * @return LJ_OK; LJ_MISUSE with the reason in the report (another device, a type without a dtype, another major version).
 */
struct DLManagedTensorVersioned;
struct DLManagedTensor;
LJ_API lj_status lj_value_from_dlpack(struct DLManagedTensorVersioned *tensor, lj_report *report, lj_value *value);
/* The same for the struct before version 1, which libraries still exchange as a capsule named "dltensor". */
LJ_API lj_status lj_value_from_dlpack_unversioned(struct DLManagedTensor *tensor, lj_report *report, lj_value *value);
/**
 * A tensor that shares an array's memory.
 * @param value   An array. Owned memory lives until the tensor's deleter is called; borrowed memory must be kept by the host until then.
 * @param tensor  Out, owned by the caller or whoever it is given to: freed by its own deleter, on any thread.
 * @return LJ_OK; LJ_MISUSE (no array; strides that are no multiples of the element size; read-only and unversioned).
 */
LJ_API lj_status lj_value_to_dlpack(const lj_value *value, lj_report *report, struct DLManagedTensorVersioned **tensor);
LJ_API lj_status lj_value_to_dlpack_unversioned(const lj_value *value, lj_report *report, struct DLManagedTensor **tensor);
/* A second hold on the same value: owned memory is shared, borrowed memory stays borrowed. Free both. */
LJ_API lj_value lj_value_copy(const lj_value *value);
/* Gives back what the value owns; it is None afterwards. Any initialised value may be passed. */
LJ_API void lj_value_free(lj_value *value);
/* Its type, as signatures write it: "float64[:, ::1]", "int64", "Tuple((int64, float64))". *out is owned by the caller. */
LJ_API void lj_value_type(const lj_value *value, lj_text *out);

/**
 * A value from text: a Python literal (3, -2.5, True, None, "s", 1+2j, nested tuples, [..] of numbers for an array), or DTYPE:literal for a
 * scalar of that type (float32:2.5).
 * @param value  Out, owned by the caller: free it with lj_value_free().
 * @return LJ_OK, or LJ_ERROR with the reason in the report.
 */
LJ_API lj_status lj_value_parse(const char *text, size_t length, lj_report *report, lj_value *value);
/* As print() shows it, or (strings, arrays) as repr() does. *out is owned by the caller. */
LJ_API void lj_value_format(const lj_value *value, bool repr, lj_text *out);

/* Borrows `length` bytes of UTF-8, which may hold NULs. */
LJ_API lj_value lj_string_n(const char *text, size_t length);
/* lj_array_wrap() for memory that must not change: kernels that store into it are refused while compiling. */
LJ_API lj_value lj_array_wrap_const(lj_dtype dtype, const void *data, int ndim, const int64_t *shape);
/**
 * A scalar as a C number, whatever its dtype is.
 * @param number   Out: booleans as 0 or 1, integers beyond 2**53 rounded; 0 when false is returned.
 * @param integer  Out: booleans as 0 or 1; 0 when false is returned.
 * @return false when the value is no scalar, or complex; of lj_value_integer() also when it is a float, or beyond int64.
 */
LJ_API bool lj_value_number(const lj_value *value, double *number);
LJ_API bool lj_value_integer(const lj_value *value, int64_t *integer);
/* Bytes of an array's elements without gaps; 0 when the value is no sound array. */
LJ_API size_t lj_array_bytes(const lj_value *array);
/**
 * Copy an array of any strides to memory of the host, in C order and without gaps.
 * @param buffer  Does not overlap the array; may be NULL when `bytes` is 0.
 * @param bytes   Its size: lj_array_bytes(array), no more and no less.
 * @return LJ_OK; LJ_MISUSE with the reason in the report: nothing was copied.
 */
LJ_API lj_status lj_array_copy_out(const lj_value *array, lj_report *report, void *buffer, size_t bytes);

typedef enum lj_file_mode {
  LJ_FILE_PRIVATE, /* mapped copy-on-write: stores stay in memory */
  LJ_FILE_WRITE /* mapped shared: stores go to the file */
} lj_file_mode;

/* An array from a .npy file, without a copy. Owned by the caller. LJ_IO when the file cannot be read or is not a .npy file that is supported. */
LJ_API lj_status lj_value_load(const char *path, lj_file_mode mode, lj_report *report, lj_value *value);
/* To a file: an array or scalar as .npy; a tuple of them as .npz, with the names arr_0, arr_1, … that NumPy gives; the ending decides. */
LJ_API lj_status lj_value_save(const lj_value *value, const char *path, lj_report *report);

/* ---- engine -------------------------------------------------------------------------------------------------------------------------- */

typedef struct lj_engine lj_engine;
typedef struct lj_module lj_module;
typedef struct lj_function lj_function;
typedef struct lj_kernel lj_kernel;

typedef enum lj_schedule {
  LJ_SCHEDULE_DEFAULT, /* a block for each thread; who is done takes over from the others */
  LJ_SCHEDULE_STATIC, /* a block for each thread; with a size, pieces of it in turn */
  LJ_SCHEDULE_DYNAMIC, /* the next piece for whoever is free */
  LJ_SCHEDULE_GUIDED /* the same with big pieces first */
} lj_schedule;

/* How an engine compiles and runs. Fill it with lj_config_init(), then change what you want. Flags are the defaults for what a kernel's
 * decorator leaves unset. */
typedef struct lj_config {
  size_t size; /* of this struct, set by lj_config_init(): newer libraries accept older programs */
  const char *cpu; /* NULL: this machine's, with its features; else LLVM's name of one: "x86-64-v3". Copied. */
  int opt_level; /* 0 to 3; 3 */
  bool fastmath; /* allow reassociation, contraction and approximate functions; false */
  bool parallel; /* prange and large array expressions run on all cores; false */
  bool numpy_errors; /* division by zero gives inf, nan or 0 instead of ZeroDivisionError; false */
  bool no_boundscheck; /* indices are not checked; false */
  void (*print)(void *data, const char *text,
                size_t length); /* where print() goes; NULL: standard output. May be called by several threads. */
  void *print_data;
  int32_t threads; /* of parallel loops; 0: LOOPJIT_NUM_THREADS, OMP_NUM_THREADS or NUMBA_NUM_THREADS from the environment, or all cores */
  /* Parallel loops run serially, and each access of an array in them is watched: where two iterations use the same element and one of them stores
   * into it, the call fails with a RuntimeError whose note is the other access. Slow: for tests. Implies `parallel`. false */
  bool race_check;
  /* Plain loops whose iterations are proven independent run on all cores, too: never where that could change a result. Functions that say
   * parallel=True have it anyway. Implies `parallel`. false */
  bool auto_parallel;
  /* How the iterations of parallel loops are given to the threads. Never changes a result. Default: LOOPJIT_SCHEDULE or OMP_SCHEDULE from the
   * environment ("dynamic,16"), or a choice that suits balanced and unbalanced loops. */
  lj_schedule schedule;
  int64_t chunk; /* iterations that a thread takes at a time, about; 0: chosen. A program may set its own: set_parallel_chunksize() */
  /* Where compiled code is kept between runs. NULL: $LOOPJIT_CACHE_DIR, $XDG_CACHE_HOME/loopjit or ~/.cache/loopjit; "": nowhere. Copied. */
  const char *cache_dir;
  uint64_t cache_bytes; /* the folder's bound; 0: $LOOPJIT_CACHE_SIZE or 256 MB */
  bool cache_explain; /* lj_engine_cache_log() shall say why something was not there; false */
  /* Compiled code asks now and then whether its call is to stop, so that timeouts, lj_context_stop() and lj_future_cancel() end a running call within
   * milliseconds, wherever it is; calls of BLAS and LAPACK, of host functions and of the host's print(), and compiling, are waited for, and the
   * copies around a Fourier transform of millions of points take longer. Costs 5 % on average, up to 75 % where short innermost loops stand under many turns
   * of outer ones. Without it, calls with a timeout are refused, and a stop is seen between calls and by parallel loops only. false */
  bool interruptible;
  int32_t workers; /* threads for lj_submit(), each started when it is needed first; 0: as many as `threads` gives for 0 */
  /* Where the memory of arrays and strings comes from that programs of this engine make, and lj_engine_array_new(): at least `size` bytes at a multiple of
   * `alignment`, or NULL, which is a MemoryError in the program. Each block goes back to `release` once, with its size: when the last value, view or
   * variable that shares it is gone, on whichever thread that is, after lj_engine_free() perhaps. Both may be called by several threads at once and must not
   * call the library. NULL, both: malloc, and big blocks are kept for the next arrays. The compiler, contexts, lj_array_new(), tuples of results and
   * what BLAS, LAPACK and Fourier transforms work in always use malloc. */
  void *(*allocate)(void *data, size_t size, size_t alignment);
  void (*release)(void *data, void *memory, size_t size);
  void *allocator_data;
} lj_config;

LJ_API void lj_config_init(lj_config *config);

/**
 * An engine: holds the compiler's settings and the compiled code.
 * @param config  NULL for the defaults; not kept.
 * @param engine  Out, owned by the caller: lj_engine_free() after all of its modules are freed.
 * @return LJ_OK; LJ_MISUSE when the config is wrong (an unknown CPU).
 */
LJ_API lj_status lj_engine_new(const lj_config *config, lj_report *report, lj_engine **engine);
LJ_API void lj_engine_free(lj_engine *engine); /* NULL is allowed. */

/* As lj_array_new(), in memory of the engine: of its allocator, if it has one. */
LJ_API lj_value lj_engine_array_new(lj_engine *engine, lj_dtype dtype, int ndim, const int64_t *shape);

/* ---- host functions ------------------------------------------------------------------------------------------------------------------ */

/* What is true of a host function. */
enum {
  /* No effects, and the result depends on the arguments alone (and on what `data` points to, which stays as it is): it may be called more often, less
   * often and earlier than the program says, with any arguments, by any thread. It gives one number, changes no array and cannot fail. */
  LJ_HOST_PURE = 1,
  LJ_HOST_THREADS = 2, /* several threads may call it at once: programs may call it in prange */
  LJ_HOST_FAILS = 4, /* it returns a status: 0, or what lj_fail() gave */
  LJ_HOST_NO_DATA = 8 /* it has no parameter for `data`, which must be NULL: cbrt() and other functions that are there already */
};

/* Any C function: cast it. Its parameters, in order:
 *   void *data            as registered; not with LJ_HOST_NO_DATA
 *   lj_failure *failure   with LJ_HOST_FAILS only
 *   the arguments         bool, integers and floats by value (float64: double; int8: int8_t; bool: bool); all others as `const T *`, where T is the
 *                         struct of native entries below: lj_complex128, lj_native1d, lj_native_str, a tuple. Theirs is what they point to until the function returns.
 *   T *result             with LJ_HOST_FAILS, or when the result is not given by value; not for None
 * It returns bool, integers and floats by value, nothing when the result is written through `result` or is None, or (LJ_HOST_FAILS) an int status. An array
 * or string that it gives brings a reference along: its owner (lj_value_to_native()), or NULL for memory that lives long enough. */
typedef void (*lj_host_function)(void);
typedef struct lj_failure lj_failure;

/**
 * Let programs call a C function: `from host import NAME`. Modules that are loaded afterwards see it, for as long as they live; so must `data`.
 * A name may be registered several times with different arguments; a call takes the signature with the cheapest conversions, as numba does.
 *
 * @param name       An identifier in ASCII, no keyword of Python. Copied.
 * @param signature  With a result, as numba writes it: "float64(float64, int64[:])", "void(str)". An argument that is an array is converted to
 *                   nothing else: float64[:] takes any strides, float64[::1] contiguous arrays only. Arrays that may not be changed are passed
 *                   to pure functions and to Array(float64, 1, "A", readonly=True) only, others to all. Copied.
 * @param function   Must not throw, longjmp out, free the module, the engine or the context of its call, or call functions of a module that reads arrays
 *                   of its top level (it may call others, itself through them, too: too deep is a RecursionError). A timeout or a stop of the call that
 *                   it is in is not seen by calls that it makes itself.
 * @param data       Handed back with each call. May be NULL.
 * @param flags      LJ_HOST_… or 0.
 * @return LJ_OK; LJ_MISUSE with the reason in the report: nothing was registered.
 * Thread safety: as all functions of an engine.
 */
LJ_API lj_status lj_engine_register(lj_engine *engine, const char *name, const char *signature, lj_host_function function, void *data,
                                    unsigned flags, lj_report *report);
/* Inside a function with LJ_HOST_FAILS: `return lj_fail(failure, "ValueError", "no row %d", row);`. The program fails at the call with this error.
 * `kind` is a name of Python's; others become RuntimeError, with the name before the text; NULL: RuntimeError. Returns a status that is not 0. Of several
 * calls the last counts, and none when the function returns 0. What the function wrote through `result` is not read then: references in it are its own. */
LJ_API int lj_fail(lj_failure *failure, const char *kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For results of host functions: moves an array of `ndim` axes (-1: a string) with its reference into the struct of native entries that `native` points
 * to; the value is None afterwards. Dtype and layout must be those of the signature. Of any other value, None among them: an array or string without
 * elements. */
LJ_API void lj_value_to_native(lj_value *value, void *native, int ndim);

/* What the engine asked its cache so far. */
typedef struct lj_cache_counts {
  size_t size; /* of this struct: set it before the call */
  uint64_t hits, misses, stored;
} lj_cache_counts;
LJ_API void lj_engine_cache_counts(lj_engine *engine, lj_cache_counts *counts);
/* With cache_explain: a line for each question: hit, or which parts of the key differ from what is there. *out is owned by the caller. */
LJ_API void lj_engine_cache_log(lj_engine *engine, lj_text *out);

/* What can be done with a cache as a whole: "path", "stats", "list", "verify", "prune", "clear". NULL beyond the end. */
LJ_API const char *lj_cache_action_name(size_t index);
LJ_API const char *lj_cache_action_about(size_t index); /* in a few words */
/**
 * Does one of them with the cache that an engine of this config has; NULL for the defaults.
 * @param out  Owned by the caller: what there is to say, in lines.
 * @return LJ_OK; LJ_ERROR when "verify" found something; LJ_IO when there is no such folder or it cannot be used; LJ_MISUSE.
 */
LJ_API lj_status lj_cache_do(const lj_config *config, const char *action, lj_report *report, lj_text *out);

/* ---- modules ------------------------------------------------------------------------------------------------------------------------- */

enum {
  LJ_LOAD_MAIN = 1 /* the module is a program: __name__ is "__main__" in it (else the file's name without folder and ending) */
};

/**
 * Compile the source text of a module as far as its types: everything that can be wrong with the text itself is reported here.
 *
 * @param file    The name that diagnostics show: a path, "<stdin>", any name. Copied.
 * @param source  UTF-8, `length` bytes, no NUL needed. Copied.
 * @param flags   LJ_LOAD_… or 0.
 * @param module  Out, owned by the caller: lj_module_free() before its engine.
 * @return LJ_OK; LJ_ERROR with up to 20 errors in the report.
 */
LJ_API lj_status lj_module_load(lj_engine *engine, const char *file, const char *source, size_t length, unsigned flags, lj_report *report,
                                lj_module **module);
/* The same from a file. LJ_IO when it cannot be read. */
LJ_API lj_status lj_module_load_file(lj_engine *engine, const char *path, unsigned flags, lj_report *report, lj_module **module);
/* Frees the module, its functions and kernels, and unloads their code. Results of calls stay valid. NULL is allowed. */
LJ_API void lj_module_free(lj_module *module);
/**
 * Run the top-level statements, as `loopjit run` does, on the calling thread. May be called again: each run starts afresh, but for what functions with
 * @lru_cache remember, which is the module's.
 * @return LJ_OK; LJ_ERROR with the error and its chain of calls in the report.
 */
LJ_API lj_status lj_module_run(lj_module *module, lj_report *report);

/* The functions that stand at the module's top level, in the order of the text. Functions belong to their module. */
LJ_API size_t lj_module_function_count(const lj_module *module);
LJ_API lj_function *lj_module_function(const lj_module *module, size_t index); /* NULL beyond the end */
LJ_API lj_function *lj_module_find(const lj_module *module, const char *name); /* NULL when there is none */
LJ_API const char *lj_function_name(const lj_function *function);
LJ_API const char *lj_function_doc(const lj_function *function); /* its docstring; "" when it has none */
LJ_API size_t lj_function_param_count(const lj_function *function);
LJ_API const char *lj_function_param_name(const lj_function *function, size_t index); /* NULL beyond the end */
LJ_API bool lj_function_param_has_default(const lj_function *function, size_t index);
/* Its default value as it stands in the text: "1.0"; NULL when it has none. */
LJ_API const char *lj_function_param_default(const lj_function *function, size_t index);
LJ_API uint32_t lj_function_line(const lj_function *function); /* of its name in the text, from 1 */
/* What makes it more than a plain function: "njit" (for jit, too), "vectorize", "guvectorize", "stencil"; "" when nothing does. */
LJ_API const char *lj_function_decorator(const lj_function *function);
/* How it is compiled: what its decorator says, else the engine's config. */
enum {
  LJ_FUNCTION_PARALLEL = 1, /* prange and large array expressions run on all cores */
  LJ_FUNCTION_FASTMATH = 2, /* all or some of fastmath's flags */
  LJ_FUNCTION_UNCHECKED = 4, /* indices are not checked */
  LJ_FUNCTION_NUMPY_ERRORS = 8 /* division by zero is no error */
};
LJ_API unsigned lj_function_flags(const lj_function *function);

/* ---- calls --------------------------------------------------------------------------------------------------------------------------- */

/**
 * Call a function with values: compiled for their types at the first call, then found again. Trailing parameters with defaults may be left out.
 * Arrays are passed without a copy.
 *
 * @param args    Borrowed; may be NULL when `count` is 0.
 * @param result  Out, owned by the caller: lj_value_free(). None of the arguments. NULL: dropped. A result that is a view of an argument shares its memory.
 * @return LJ_OK; LJ_ERROR with compile-time errors or the run-time error in the report; LJ_MISUSE for a malformed value, with a message that names the
 *         argument and what is wrong with it.
 * A call whose types were met before takes no lock and no memory of its own: any number of threads run side by side.
 * When the function reads arrays of the module's top level, the top-level statements run before it in each call, as an import would run them,
 * and such calls of one module run one after another.
 */
LJ_API lj_status lj_call(lj_function *function, const lj_value *args, size_t count, lj_value *result, lj_report *report);

/**
 * Compile a function for argument types and keep the result.
 * @param signature  As numba writes it, with or without a result: "float64(float64[:, ::1], int64)", "float64[:], int64", "" for no arguments.
 * @param kernel     Out; belongs to the module. The same types give the same kernel.
 * @return LJ_OK; LJ_ERROR.
 */
LJ_API lj_status lj_specialise(lj_function *function, const char *signature, lj_report *report, lj_kernel **kernel);
/* The same for the types of example values. */
LJ_API lj_status lj_specialise_for(lj_function *function, const lj_value *args, size_t count, lj_report *report, lj_kernel **kernel);
/* "float64(array(float64, 2d, C), int64)". */
LJ_API const char *lj_kernel_signature(const lj_kernel *kernel);
/* Call it: arguments are converted to its types as numba converts them (int to float, C order to any), or refused with a TypeError. */
LJ_API lj_status lj_kernel_call(lj_kernel *kernel, const lj_value *args, size_t count, lj_value *result, lj_report *report);

/* Native calls, without checks and conversions. `args` points to a C struct of the arguments in order, `result` to room for the result. Scalars
 * are as in C (bool: one byte; complex: real, imaginary). Arrays are {void *data; void *owner (NULL: borrowed); int64_t shape[ndim];
 * int64_t strides[ndim] (bytes)}, strings {const char *data; void *owner; int64_t length}, tuples structs of their elements; None, dtypes and
 * functions take no room. A result's owner, if not NULL, is given back with lj_owner_release(). */
typedef struct lj_native1d {
  void *data;
  void *owner;
  int64_t shape[1], strides[1];
} lj_native1d;
typedef struct lj_native2d {
  void *data;
  void *owner;
  int64_t shape[2], strides[2];
} lj_native2d;
typedef struct lj_native3d {
  void *data;
  void *owner;
  int64_t shape[3], strides[3];
} lj_native3d;
typedef struct lj_native_str {
  const char *data;
  void *owner;
  int64_t length;
} lj_native_str;
typedef struct lj_context lj_context;
typedef int32_t (*lj_entry)(lj_context *context, const void *args, void *result); /* 0, or nonzero: the error is in the context */
/* Lives as long as the module. Any number of threads may call it, unless the function reads arrays of the module's top level. */
LJ_API lj_entry lj_kernel_entry(const lj_kernel *kernel);
LJ_API size_t lj_kernel_args_size(const lj_kernel *kernel); /* bytes of the struct of arguments */
LJ_API size_t lj_kernel_result_size(const lj_kernel *kernel);
LJ_API lj_context *lj_context_new(lj_engine *engine); /* for calls of one thread: the one that made it. Owned by the caller. */
LJ_API void lj_context_free(lj_context *context);
LJ_API void lj_context_report(lj_context *context, lj_report *report); /* the error of the last call, which is then cleared */
LJ_API void lj_owner_release(void *owner); /* NULL is allowed */

/* ---- stopping calls ------------------------------------------------------------------------------------------------------------------ */

/**
 * End the call that runs with the context, or, when none does, the next one: with LJ_STOPPED and a KeyboardInterrupt that names the place, memory
 * released as after any error. The context stays as it is until lj_context_resume(), lj_context_report() or a call that ends with LJ_STOPPED.
 * How soon a running call ends is a matter of lj_config.interruptible.
 * Thread safety: any thread, at any time before lj_context_free(); also in a signal handler.
 */
LJ_API void lj_context_stop(lj_context *context);
LJ_API void
lj_context_resume(lj_context *context); /* takes a stop back that no call has seen yet; not while a call runs with the context */
/**
 * From now on native calls with the context have so many seconds together: then they end as above, with a TimeoutError.
 * @param seconds  0 takes the timeout back. Another number replaces it.
 * @return LJ_OK; LJ_MISUSE for a negative number or nan, or when the engine is not interruptible.
 */
LJ_API lj_status lj_context_timeout(lj_context *context, double seconds, lj_report *report);

typedef struct lj_future lj_future;

/* How a call is made. Fill it with lj_call_options_init(), then change what you want. */
typedef struct lj_call_options {
  size_t size; /* of this struct, set by lj_call_options_init() */
  double
      timeout; /* seconds from now on, compiling (which is not cut short) and waiting in a queue included; 0: no limit. Needs lj_config.interruptible */
  lj_context *
      context; /* of the same engine, so that lj_context_stop() can end the call; no other call may use it meanwhile. NULL: none. Not for lj_submit() */
  /* lj_submit() only: called once when the call has ended, however it did, perhaps before lj_submit() returns; NULL: nothing is. On any thread of the
   * library, or on the one that cancels. May use the future (also free it: then nobody else may, nor what lj_submit() gave) and the library, but neither free
   * the engine nor wait for other futures: it may keep the only worker busy that could run them. lj_module_free() does not wait for it, lj_engine_free()
   * does, if a thread of the library runs it. */
  void (*done)(void *data, lj_future *future);
  void *done_data;
} lj_call_options;

LJ_API void lj_call_options_init(lj_call_options *options);

/* As lj_call(), lj_kernel_call() and lj_module_run(), with options (NULL: the defaults). LJ_STOPPED when the timeout was over or the context was
 * stopped: then the report holds the error, with its place unless the call had not begun. */
LJ_API lj_status lj_call_with(lj_function *function, const lj_value *args, size_t count, const lj_call_options *options, lj_value *result,
                              lj_report *report);
LJ_API lj_status lj_kernel_call_with(lj_kernel *kernel, const lj_value *args, size_t count, const lj_call_options *options,
                                     lj_value *result, lj_report *report);
LJ_API lj_status lj_module_run_with(lj_module *module, const lj_call_options *options, lj_report *report);

/* ---- calls that go on by themselves -------------------------------------------------------------------------------------------------- */

/**
 * Call a function on a thread of the engine: compiled there, too, where that is needed. Calls that find no free thread wait in a queue without bound, the
 * first come first.
 * @param args     Copied as by lj_value_copy(): borrowed memory, and texts and items of tuples that are borrowed, must live until the call has ended.
 * @param options  NULL: the defaults. Copied.
 * @param report   For what is wrong with this call of lj_submit(); the call's own report waits in the future.
 * @param future   Out, owned by the caller: lj_future_free(). NULL: the call goes on unwatched, its result is dropped.
 * @return LJ_OK; LJ_MISUSE.
 * The module may be freed meanwhile, and the engine: that ends the calls as lj_future_cancel() does, and waits for them. A future that remains then
 * can still be asked. After fork() the child's futures that had not ended have been stopped there; the parent's go on.
 */
LJ_API lj_status lj_submit(lj_function *function, const lj_value *args, size_t count, const lj_call_options *options, lj_report *report,
                           lj_future **future);
LJ_API lj_status lj_kernel_submit(lj_kernel *kernel, const lj_value *args, size_t count, const lj_call_options *options, lj_report *report,
                                  lj_future **future);
/* Any number of threads may wait for, poll and cancel a future. */
LJ_API bool lj_future_wait(lj_future *future,
                           double seconds); /* for its end; negative: as long as it takes; nan: not at all. Has it ended? */
LJ_API bool lj_future_poll(lj_future *future); /* has it ended? */
LJ_API void lj_future_cancel(lj_future *future); /* one that waits in the queue never starts, one that runs ends as by lj_context_stop() */
/**
 * What came of the call; waits for its end.
 * @param result  Out, owned by the caller. NULL: dropped. The first take gets it, later ones None.
 * @param report  Gets what the call reported, the first time. NULL: not wanted.
 * @return What lj_call() would have returned; LJ_STOPPED when it was cancelled or its timeout was over.
 */
LJ_API lj_status lj_future_take(lj_future *future, lj_value *result, lj_report *report);
LJ_API void lj_future_free(lj_future *future); /* Cancels and waits for one that has not ended, and for its callback. NULL is allowed. */

/* ---- types as data ---------------------------------------------------------------------------------------------------------------------- */

/* The type of a parameter, a result, or an item of a tuple. Belongs to the module of its kernel. Within a module equal types are the same pointer. Reading
 * one takes no lock: any number of threads may. No function here takes NULL for a type or a kernel. */
typedef struct lj_type lj_type;

typedef enum lj_layout {
  LJ_LAYOUT_C, /* the last index runs fastest, without gaps */
  LJ_LAYOUT_F, /* the first index runs fastest, without gaps */
  LJ_LAYOUT_ANY /* any strides */
} lj_layout;

LJ_API lj_kind lj_type_kind(const lj_type *type); /* None also for what hosts cannot hold: a function as a result */
LJ_API bool lj_type_is_optional(const lj_type *type); /* it may be None as well; all else is told of the type that it is otherwise */
LJ_API const char *lj_type_text(const lj_type *type); /* as numba writes it: "array(float64, 2d, C)" */
LJ_API lj_dtype lj_type_dtype(const lj_type *type); /* of a scalar, an array's elements, a dtype; else LJ_BOOL */
LJ_API int lj_type_ndim(const lj_type *type); /* of an array; else 0 */
LJ_API lj_layout lj_type_layout(const lj_type *type); /* of an array; else LJ_LAYOUT_C */
LJ_API bool lj_type_is_readonly(const lj_type *type); /* an array that is not stored into */
LJ_API size_t lj_type_item_count(const lj_type *type); /* of a tuple; else 0 */
LJ_API const lj_type *lj_type_item(const lj_type *type, size_t index); /* of a tuple; NULL beyond the end */
LJ_API size_t lj_type_size(const lj_type *type); /* bytes in the structs of native calls */

/* The arguments that a call of the kernel passes: without trailing ones that were left to their defaults. */
LJ_API size_t lj_kernel_param_count(const lj_kernel *kernel);
LJ_API const lj_type *lj_kernel_param_type(const lj_kernel *kernel, size_t index); /* NULL beyond the end */
/* Where it stands in the struct of a native call; SIZE_MAX for what takes no room (None, dtypes) and beyond the end. */
LJ_API size_t lj_kernel_param_offset(const lj_kernel *kernel, size_t index);
LJ_API const lj_type *lj_kernel_result_type(const lj_kernel *kernel);
LJ_API lj_function *lj_kernel_function(const lj_kernel *kernel);
/* The kernels that were made of a function so far, the oldest first: by calls, by lj_specialise(). Only those found in this process count. */
LJ_API size_t lj_function_kernel_count(lj_function *function);
LJ_API lj_kernel *lj_function_kernel(lj_function *function, size_t index); /* NULL beyond the end */
/**
 * The structs of a kernel's native call as C (and C++): NAME_args, NAME_result, and NAME_call(), which calls the entry with them. Other sizes than the
 * compiler's do not compile. The structs of arrays, texts and tuples are those of lj_module_build()'s headers, and may stand beside them. Parameters whose names C does not take are named arg1, arg2, … by their places.
 * @param name  For the structs; NULL: the function's.
 * @param out   Owned by the caller.
 * @return LJ_OK; LJ_MISUSE when there is no kernel, the name is none that C takes, or a type has no struct (a function as a result).
 */
LJ_API lj_status lj_kernel_c_header(const lj_kernel *kernel, const char *name, lj_report *report, lj_text *out);

/* ---- building libraries -------------------------------------------------------------------------------------------------------------- */

/* Native libraries made ahead of time, which need neither LLVM nor this library: plain C functions, a C header, and a small runtime. See "Building
 * libraries" in docs/EMBEDDING.md for what C and ctypes see. */
typedef struct lj_build_options {
  size_t size; /* of this struct, set by lj_build_options_init(): newer libraries accept older programs */
  /* The output's name; folders before it do not matter. Its ending says what is made: ".o" an object, ".a" a static library, ".so" a shared one. The
   * rest, without a "lib" at its start, is the library's name: "libk.so" has k_error(), k_release(), k_set_threads() and k_cpu(). */
  const char *file;
  /* "saxpy(float64, float64[::1], float64[::1])": a function for these types of arguments; "fast=saxpy(...)" is called `fast` in C; "saxpy" has the
   * types of its decorator's signature. None at all: every function that has a signature. */
  const char *const *exports;
  size_t export_count;
  const char *prefix; /* before the names of exported functions; NULL: nothing */
  /* "x86-64-v2,x86-64-v4": one version of the code for each; the best that the machine can run is chosen at the first call. Levels of x86-64, and
   * "native", which is this machine's CPU; or one name of a CPU, which is not checked when the code runs. NULL: "x86-64,x86-64-v3" on x86-64. */
  const char *cpus;
  /* ".a" and ".so" contain the runtime; true: they do not, and libloopjit-rt.so (or .a) is linked to the program. Objects never contain it. */
  bool shared_runtime;
  const char *runtime_folder; /* of libloopjit-rt.a and .so; NULL: found beside this library */
  const char *compiler; /* that links ".so": words separated by spaces; NULL: $CC, cc, clang or gcc, the first that is there */
} lj_build_options;
LJ_API void lj_build_options_init(lj_build_options *options);

/**
 * Build functions of a module. The engine's settings count, except its cpu. The same program, options and loopjit give the same bytes, wherever it is done;
 * a shared library is linked by a C compiler, in a temporary folder, and depends on that as well.
 *
 * @param output  Out, owned by the caller: lj_text_free(). The bytes of the object, archive or shared library.
 * @param header  Out, owned by the caller: a header for C11 and C++ that declares the functions.
 * @return LJ_OK; LJ_ERROR with what cannot be built, and why; LJ_IO when something that is needed is not there: a C compiler, the runtime; LJ_MISUSE.
 * Other threads may use the module meanwhile; where they need something compiled they wait. A compiler is run as a child process, without a shell.
 */
LJ_API lj_status lj_module_build(lj_module *module, const lj_build_options *options, lj_report *report, lj_text *output, lj_text *header);

/* ---- inspection ---------------------------------------------------------------------------------------------------------------------- */

/* The stages that can be shown, in order: "tokens", "ast", "types", "loops", "explain", "llvm", "llvm-opt", "asm", "obj". NULL beyond the end. */
LJ_API const char *lj_stage_name(size_t index);
LJ_API const char *lj_stage_about(size_t index); /* what it is, in a few words */
/* What programs may call or read besides their own functions, in the order of the compiler's table: "numpy.zeros", "array.sum" (methods and attributes of
 * arrays), "scalar.real", "len". NULL beyond the end. */
LJ_API const char *lj_library_name(size_t index);
LJ_API const char *
lj_library_params(size_t index); /* names separated by commas, `?` behind optional ones, "*" for any number; "" for none */
/* The passes over the Loop IR, in order. NULL beyond the end. */
LJ_API const char *lj_pass_name(size_t index);
LJ_API const char *lj_pass_about(size_t index);

/* What does not need correct types: the stage "tokens" or "ast" of a text. For "tokens" mistakes are part of the output. */
LJ_API lj_status lj_source_emit(const char *file, const char *source, size_t length, const char *stage, lj_report *report, lj_text *out);
/**
 * What the compiler made of a module.
 * @param stage      One of lj_stage_name(); "loops:after=PASS" stops after a pass.
 * @param function   NULL: the module as a program. Else this function, for the types of `signature`.
 * @param signature  As for lj_specialise(); NULL without a function, or for the function's own signature.
 * @param out        Owned by the caller. Text, except for "obj": an object file.
 * @return LJ_OK; LJ_ERROR; LJ_MISUSE when there is no such stage or pass.
 */
LJ_API lj_status lj_module_emit(lj_module *module, const char *stage, lj_function *function, const char *signature, lj_report *report,
                                lj_text *out);

/* Seconds spent on a module so far, by stage: one row each. */
#define LJ_TIMES(X)                                                                                                                        \
  X(read) X(parse) X(sema) X(infer) X(lower) X(passes) X(start_llvm) X(codegen) X(optimize) X(emit) X(link) X(run) X(cache)
typedef struct lj_times {
  size_t size; /* of this struct: set it before the call */
#define X(stage) double stage;
  LJ_TIMES(X)
#undef X
} lj_times;
LJ_API void lj_module_times(const lj_module *module, lj_times *times);

#ifdef __cplusplus
}
#endif

#endif
