/* The form of an entry: a header with a checksum over everything, then fields, one after the other. In: bytes of a file, which may be anything.
 * Out: fields that were written by this build under this key, or nothing. */
#include "jit/cache.h"

static const char magic[8] = {'l', 'o', 'o', 'p', 'j', 'i', 't', 1};

typedef struct Header {
  char magic[8];
  uint32_t kind, unused;
  uint64_t size; /* of the file */
  CacheDigest key;
  CacheDigest sum; /* of the file, with zeros here */
} Header;

void cache_put_number(StrBuf *out, uint32_t number) { sb_add(out, (const char *)&number, sizeof number); }

void cache_put_bytes(StrBuf *out, const void *data, size_t size) {
  LJ_ASSERT(size < UINT32_MAX);
  cache_put_number(out, (uint32_t)size);
  if (size) sb_add(out, data, size);
  sb_putc(out, 0);
}

void cache_put_text(StrBuf *out, const char *text) { cache_put_bytes(out, text, strlen(text)); }

void cache_entry_start(StrBuf *out, CacheKind kind, const CacheKey *key, const char *file, const char *what) {
  Header header = {.kind = (uint32_t)kind, .key = key->digest};
  memcpy(header.magic, magic, sizeof magic);
  sb_clear(out);
  sb_add(out, (const char *)&header, sizeof header);
  cache_put_text(out, sb_text(&key->rows));
  cache_put_text(out, file);
  cache_put_text(out, what);
}

static CacheDigest checksum(const char *data, size_t size) {
  Header header;
  memcpy(&header, data, sizeof header);
  memset(&header.sum, 0, sizeof header.sum);
  CacheDigest parts[2] = {digest_of(&header, sizeof header), digest_of(data + sizeof header, size - sizeof header)};
  return digest_of(parts, sizeof parts);
}

void cache_entry_seal(StrBuf *out, const CacheKey *key) {
  Header header;
  memcpy(&header, out->data, sizeof header);
  header.key = key->digest;
  header.size = out->len;
  memcpy(out->data, &header, sizeof header);
  header.sum = checksum(out->data, out->len);
  memcpy(out->data, &header, sizeof header);
}

uint32_t cache_take_number(CacheReader *in) {
  uint32_t number = 0;
  if (in->bad || (size_t)(in->end - in->at) < sizeof number) return in->bad = true, 0;
  memcpy(&number, in->at, sizeof number);
  in->at += sizeof number;
  return number;
}

uint32_t cache_take_count(CacheReader *in) {
  uint32_t count = cache_take_number(in);
  if (count > (size_t)(in->end - in->at)) in->bad = true;
  return in->bad ? 0 : count;
}

const char *cache_take_bytes(CacheReader *in, size_t *size) {
  *size = cache_take_number(in);
  if (in->bad || (size_t)(in->end - in->at) <= *size || in->at[*size]) return in->bad = true, *size = 0, "";
  const char *data = in->at;
  in->at += *size + 1;
  return data;
}

const char *cache_take_text(CacheReader *in) {
  size_t size;
  return cache_take_bytes(in, &size);
}

bool cache_entry_open(const StrBuf *file, const CacheDigest *key, CacheEntry *out) {
  Header header;
  *out = (CacheEntry){0};
  if (file->len < sizeof header) return false;
  memcpy(&header, file->data, sizeof header);
  if (memcmp(header.magic, magic, sizeof magic) != 0 || header.size != file->len || memcmp(&header.key, key, sizeof *key) != 0)
    return false;
  CacheDigest sum = checksum(file->data, file->len);
  if (header.kind != CACHE_KERNEL && header.kind != CACHE_PROGRAM) return false;
  if (memcmp(&sum, &header.sum, sizeof sum) != 0) return false;
  out->kind = (CacheKind)header.kind;
  out->rest = (CacheReader){file->data + sizeof header, file->data + file->len, false};
  out->rows = cache_take_text(&out->rest);
  out->file = cache_take_text(&out->rest);
  out->what = cache_take_text(&out->rest);
  return !out->rest.bad;
}
