/* Fuzzing format specifications: the first byte chooses the kind of value, eight more its bits, the rest is the specification. */
#include "runtime/rt_format.h"

/* Wide fields and long fractions are right but slow. */
static bool is_too_wide(const uint8_t *text, size_t size) {
  size_t digits = 0;
  for (size_t i = 0; i < size; i++) {
    digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
    if (digits > 4 && digits < 20) return true;
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const DType types[] = {DT_BOOL, DT_INT64, DT_UINT64, DT_FLOAT64, DT_COMPLEX128};
  if (size < 9 || is_too_wide(data + 9, size - 9)) return 0;
  StrBuf out = {0}, message = {0};
  const char *spec = (const char *)data + 9;
  size_t kind = data[0] % (LJ_COUNT(types) + 1);
  Scalar value = {0};
  memcpy(&value, data + 1, 8);
  if (kind == 0) value.i &= 1;
  value.f.im = kind == 4 ? value.f.re : 0;
  ErrorKind error = kind < LJ_COUNT(types) ? format_spec_scalar(&out, types[kind], value, spec, size - 9, &message)
                                           : format_spec_str(&out, (const char *)data + 1, 8, spec, size - 9, &message);
  LJ_ASSERT(error == ERROR_NONE ? message.len == 0 : message.len > 0 && out.len == 0);
  sb_drop(&out);
  sb_drop(&message);
  return 0;
}
