/* Fuzzing the header of .npy files: any bytes are refused with a message or give an array that fits into 63 bits. */
#include "runtime/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  NpyHeader header;
  StrBuf error = {0};
  if (npy_read_header("fuzz.npy", data, size, &header, &error)) {
    LJ_ASSERT(header.ndim >= 0 && header.ndim <= NPY_MAX_NDIM && header.data_offset <= size && (unsigned)header.dtype < DT_COUNT);
    LJ_ASSERT(header.data_size <= (uint64_t)INT64_MAX - header.data_offset);
    for (int i = 0; i < header.ndim; i++) LJ_ASSERT(header.shape[i] >= 0);
  } else {
    LJ_ASSERT(error.len > 0);
  }
  sb_drop(&error);
  return 0;
}
