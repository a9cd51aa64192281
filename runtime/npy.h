/* NumPy's .npy files, mapped into memory or written, and .npz archives of them, written without compression.
 * Errors come back as text that says what, where and what to do. Nothing here prints or keeps state. */
#ifndef LJ_NPY_H
#define LJ_NPY_H

#include "base/dtype.h"
#include "runtime/rt.h"

enum { NPY_MAX_NDIM = 8 };

typedef struct NpyArray {
  DType dtype;
  int ndim;
  int64_t shape[NPY_MAX_NDIM], strides[NPY_MAX_NDIM]; /* strides in bytes */
  void *data;
  lj_owner *owner; /* of `data`; NULL where it is borrowed */
  bool fortran;    /* the file stores columns first */
} NpyArray;

typedef struct NpyHeader {
  DType dtype;
  int ndim;
  int64_t shape[NPY_MAX_NDIM];
  bool fortran;
  uint64_t data_offset, data_size; /* bytes in the file; their sum does not overflow an int64_t */
} NpyHeader;

/* The header of a file that starts with these bytes (all of the header must be there). `name` is for messages. */
bool npy_read_header(const char *name, const unsigned char *bytes, size_t length, NpyHeader *out, StrBuf *error);

/* Maps the array of a file. Not writable: changes stay private to the process. Writable: they go to the file.
 * On success out->owner holds one reference; the mapping ends with it. Truncating the file meanwhile kills the process with SIGBUS. */
bool npy_map(const char *path, bool writable, NpyArray *out, StrBuf *error);
void npy_drop(NpyArray *array); /* gives the reference back */

/* Writes version 1.0 with the header NumPy writes; any strides. An existing file is replaced only when all is written, so an array
 * may be saved over the file it is mapped from. */
bool npy_save(const char *path, const NpyArray *array, StrBuf *error);

typedef struct NpzEntry {
  const char *name; /* without ".npy"; NULL: arr_0, arr_1, … by position */
  const NpyArray *array;
} NpzEntry;
bool npz_save(const char *path, const NpzEntry *entries, size_t count, StrBuf *error);

#endif
