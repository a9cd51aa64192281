/* BLAKE3, from LLVM's own library: digests of keys and of files of the cache. In: bytes. Out: 32 bytes. */
#include "jit/cache.h"

#include <llvm-c/blake3.h>

_Static_assert(LLVM_BLAKE3_OUT_LEN == CACHE_KEY_BYTES, "a digest has another size");

CacheDigest digest_of(const void *data, size_t size) {
  llvm_blake3_hasher hasher;
  CacheDigest digest;
  llvm_blake3_hasher_init(&hasher);
  llvm_blake3_hasher_update(&hasher, data, size);
  llvm_blake3_hasher_finalize(&hasher, digest.bytes, sizeof digest.bytes);
  return digest;
}
