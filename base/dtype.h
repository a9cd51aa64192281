/* The scalar types: one row each. Enum suffix, name in numba and NumPy, kind letter, bytes, .npy letter-and-size, C type for headers. */
#ifndef LJ_DTYPE_H
#define LJ_DTYPE_H

#include "base/base.h"

#define DTYPES(X)                                                                                                                          \
  X(BOOL, "bool", 'b', 1, "b1", "bool")                                                                                                    \
  X(INT8, "int8", 'i', 1, "i1", "int8_t")                                                                                                  \
  X(INT16, "int16", 'i', 2, "i2", "int16_t")                                                                                               \
  X(INT32, "int32", 'i', 4, "i4", "int32_t")                                                                                               \
  X(INT64, "int64", 'i', 8, "i8", "int64_t")                                                                                               \
  X(UINT8, "uint8", 'u', 1, "u1", "uint8_t")                                                                                               \
  X(UINT16, "uint16", 'u', 2, "u2", "uint16_t")                                                                                            \
  X(UINT32, "uint32", 'u', 4, "u4", "uint32_t")                                                                                            \
  X(UINT64, "uint64", 'u', 8, "u8", "uint64_t")                                                                                            \
  X(FLOAT32, "float32", 'f', 4, "f4", "float")                                                                                             \
  X(FLOAT64, "float64", 'f', 8, "f8", "double")                                                                                            \
  X(COMPLEX64, "complex64", 'c', 8, "c8", "lj_complex64")                                                                                  \
  X(COMPLEX128, "complex128", 'c', 16, "c16", "lj_complex128")

typedef enum DType {
#define X(id, name, kind, size, npy, ctype) DT_##id,
  DTYPES(X)
#undef X
      DT_COUNT
} DType;

typedef struct DTypeInfo {
  const char *name; /* "float64" */
  char kind;        /* 'b' bool, 'i' signed, 'u' unsigned, 'f' float, 'c' complex */
  uint8_t size;     /* bytes */
  const char *npy;  /* "f8" */
  const char *ctype;
} DTypeInfo;
extern const DTypeInfo dtype_info[DT_COUNT];

static inline const char *dtype_name(DType t) { return dtype_info[t].name; }
static inline unsigned dtype_size(DType t) { return dtype_info[t].size; }
static inline bool dtype_is_signed(DType t) { return dtype_info[t].kind == 'i'; }
static inline bool dtype_is_unsigned(DType t) { return dtype_info[t].kind == 'u'; }
static inline bool dtype_is_int(DType t) { return dtype_info[t].kind == 'i' || dtype_info[t].kind == 'u'; }
static inline bool dtype_is_float(DType t) { return dtype_info[t].kind == 'f'; }
static inline bool dtype_is_complex(DType t) { return dtype_info[t].kind == 'c'; }
static inline DType dtype_real_of(DType t) { return t == DT_COMPLEX64 ? DT_FLOAT32 : t == DT_COMPLEX128 ? DT_FLOAT64 : t; }
/* Also the aliases: "int" and "intp" int64, "float" float64, "bool_" and "boolean" bool, "complex" complex128, "double", "i8", "f4", … */
bool dtype_find(const char *name, size_t length, DType *out);
bool dtype_find_npy(const char *code, size_t length, DType *out); /* "f8", "i4", "b1": without the byte order */
/* NumPy 2's promotion of two array dtypes: np.result_type(a, b). */
DType dtype_promote(DType a, DType b);
const char *dtype_letter(DType t); /* NumPy's dtype.kind: "b", "i", "u", "f", "c" */

#endif
