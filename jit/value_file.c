/* Values from and to NumPy's files: the adapter between lj_value and runtime/npy.h.
 * In: a path. Out: an array that shares the file's mapping, or a file. */
#include "jit/engine.h"

#include <stdlib.h>

#include "runtime/npy.h"

lj_status lj_value_load(const char *path, lj_file_mode mode, lj_report *report, lj_value *value) {
  NpyArray array;
  StrBuf error = {0};
  *value = lj_none();
  lj_report_clear(report);
  if (!path) return report_message(report, LJ_MISUSE, "the file's name is NULL");
  bool ok = npy_map(path, mode == LJ_FILE_WRITE, &array, &error);
  if (ok) {
    *value = lj_array_wrap_strided((lj_dtype)array.dtype, array.data, array.ndim, array.shape, array.strides);
    value->owner = array.owner;
  } else {
    report_message(report, LJ_IO, "%s", sb_text(&error));
  }
  sb_drop(&error);
  return ok ? LJ_OK : LJ_IO;
}

/* An array or a scalar as npy.h sees it. `scalar` is room for the latter. False for other values. */
static bool as_npy(const lj_value *value, char scalar[16], NpyArray *out) {
  *out = (NpyArray){.dtype = (DType)value->dtype, .data = scalar};
  if (value->kind == LJ_KIND_SCALAR) return value_pack(value, &(Type){.kind = TYPE_SCALAR, .dtype = out->dtype}, scalar);
  if (value->kind != LJ_KIND_ARRAY) return false;
  const lj_array *a = &value->as.array;
  out->dtype = (DType)a->dtype;
  out->ndim = a->ndim;
  out->data = a->data;
  memcpy(out->shape, a->shape, sizeof out->shape);
  memcpy(out->strides, a->strides, sizeof out->strides);
  return true;
}

static bool ends_with(const char *path, const char *ending) {
  size_t n = strlen(path), m = strlen(ending);
  return n > m && strcmp(path + n - m, ending) == 0;
}

static lj_status save_all(const lj_value *values, size_t count, bool archive, const char *path, lj_report *report) {
  NpyArray *arrays = calloc(count + 1, sizeof *arrays);
  NpzEntry *entries = calloc(count + 1, sizeof *entries);
  char (*scalars)[16] = calloc(count + 1, sizeof *scalars);
  StrBuf error = {0};
  if (!arrays || !entries || !scalars) lj_panic(__FILE__, __LINE__, "out of memory");
  bool ok = true;
  for (size_t i = 0; i < count && ok; i++) {
    ok = as_npy(&values[i], scalars[i], &arrays[i]);
    if (!ok) sb_printf(&error, "only numbers and arrays can be saved to '%s'", path);
    entries[i].array = &arrays[i];
  }
  if (ok) ok = archive ? npz_save(path, entries, count, &error) : npy_save(path, arrays, &error);
  lj_status status = ok ? LJ_OK : report_message(report, LJ_IO, "%s", sb_text(&error));
  free(arrays);
  free(entries);
  free(scalars);
  sb_drop(&error);
  return status;
}

lj_status lj_value_save(const lj_value *value, const char *path, lj_report *report) {
  lj_report_clear(report);
  if (!value || !path) return report_message(report, LJ_MISUSE, "a value and a file's name are needed");
  bool archive = ends_with(path, ".npz"), tuple = value->kind == LJ_KIND_TUPLE;
  if (!value_is_sound(value)) return report_value(report, "the value", value);
  if (!archive && !ends_with(path, ".npy")) return report_message(report, LJ_MISUSE, "'%s' should end with .npy or .npz", path);
  if (tuple && !archive) return report_message(report, LJ_MISUSE, "a tuple is saved as .npz, not as '%s'", path);
  if (tuple) return save_all(value->as.tuple.items, value->as.tuple.count, true, path, report);
  return save_all(value, 1, archive, path, report);
}
