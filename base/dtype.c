/* The table of scalar types, their names, and NumPy 2's promotion. Data and pure functions only. */
#include "base/dtype.h"

const DTypeInfo dtype_info[DT_COUNT] = {
#define X(id, name, kind, size, npy, ctype) [DT_##id] = {name, kind, size, npy, ctype},
    DTYPES(X)
#undef X
};

static const struct {
  const char *name;
  DType type;
} aliases[] = {
    {"bool_", DT_BOOL},     {"boolean", DT_BOOL},      {"byte", DT_INT8},          {"ubyte", DT_UINT8},         {"short", DT_INT16},
    {"ushort", DT_UINT16},  {"intc", DT_INT32},        {"uintc", DT_UINT32},       {"int", DT_INT64},           {"int_", DT_INT64},
    {"intp", DT_INT64},     {"long", DT_INT64},        {"longlong", DT_INT64},     {"uint", DT_UINT64},         {"uintp", DT_UINT64},
    {"ulong", DT_UINT64},   {"ulonglong", DT_UINT64},  {"single", DT_FLOAT32},     {"float", DT_FLOAT64},       {"float_", DT_FLOAT64},
    {"double", DT_FLOAT64}, {"csingle", DT_COMPLEX64}, {"complex", DT_COMPLEX128}, {"complex_", DT_COMPLEX128}, {"cdouble", DT_COMPLEX128},
};

static bool same(const char *name, const char *text, size_t length) { return strlen(name) == length && memcmp(name, text, length) == 0; }

bool dtype_find(const char *name, size_t length, DType *out) {
  for (int t = 0; t < DT_COUNT; t++)
    if (same(dtype_info[t].name, name, length)) return *out = (DType)t, true;
  for (size_t i = 0; i < LJ_COUNT(aliases); i++)
    if (same(aliases[i].name, name, length)) return *out = aliases[i].type, true;
  return dtype_find_npy(name, length, out);
}

bool dtype_find_npy(const char *code, size_t length, DType *out) {
  for (int t = 0; t < DT_COUNT; t++)
    if (same(dtype_info[t].npy, code, length)) return *out = (DType)t, true;
  return false;
}

static DType signed_of(unsigned size) { return size == 1 ? DT_INT8 : size == 2 ? DT_INT16 : size == 4 ? DT_INT32 : DT_INT64; }

/* The float that holds every value of a bool or integer type as NumPy sees it: float32 up to 16 bits, else float64. */
static DType float_for(DType t) { return dtype_is_int(t) && dtype_size(t) > 2 ? DT_FLOAT64 : DT_FLOAT32; }

static DType promote_ints(DType a, DType b) {
  if (dtype_is_signed(a) == dtype_is_signed(b)) return dtype_size(a) >= dtype_size(b) ? a : b;
  DType s = dtype_is_signed(a) ? a : b, u = s == a ? b : a;
  if (dtype_size(s) > dtype_size(u)) return s;
  return u == DT_UINT64 ? DT_FLOAT64 : signed_of(dtype_size(u) * 2);
}

DType dtype_promote(DType a, DType b) {
  if (a == b || b == DT_BOOL) return a;
  if (a == DT_BOOL) return b;
  if (dtype_is_int(a) && dtype_is_int(b)) return promote_ints(a, b);
  DType real_a = dtype_is_int(a) ? float_for(a) : dtype_real_of(a);
  DType real_b = dtype_is_int(b) ? float_for(b) : dtype_real_of(b);
  bool is_wide = real_a == DT_FLOAT64 || real_b == DT_FLOAT64;
  if (dtype_is_complex(a) || dtype_is_complex(b)) return is_wide ? DT_COMPLEX128 : DT_COMPLEX64;
  return is_wide ? DT_FLOAT64 : DT_FLOAT32;
}

const char *dtype_letter(DType t) {
  if (t == DT_BOOL) return "b";
  return dtype_is_unsigned(t) ? "u" : dtype_is_int(t) ? "i" : dtype_is_float(t) ? "f" : "c";
}
