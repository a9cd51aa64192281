/* Writing .npy files and .npz archives (zip without compression, zip64 where sizes need it).
 * Comes in: arrays of any strides. Goes out: a complete file or none: all is written beside the target, which is then replaced.
 * An archive stores each file's CRC before its data, so its elements are walked twice. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/npy.h"
#include "runtime/rt_format.h"

typedef struct Crc {
  uint32_t table[4][256];
} Crc;

typedef struct Sink {
  FILE *file;     /* NULL: only count */
  const Crc *crc; /* NULL: none is needed */
  uint32_t sum;
  uint64_t size;
  bool failed;
} Sink;

static void crc_init(Crc *crc) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    crc->table[0][i] = c;
  }
  for (int k = 1; k < 4; k++)
    for (uint32_t i = 0; i < 256; i++) crc->table[k][i] = crc->table[k - 1][i] >> 8 ^ crc->table[0][crc->table[k - 1][i] & 255];
}

static uint32_t crc_add(const Crc *crc, uint32_t sum, const unsigned char *p, size_t n) {
  uint32_t c = ~sum;
  for (; n >= 4; n -= 4, p += 4) {
    c ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    c = crc->table[3][c & 255] ^ crc->table[2][c >> 8 & 255] ^ crc->table[1][c >> 16 & 255] ^ crc->table[0][c >> 24];
  }
  for (; n; n--, p++) c = c >> 8 ^ crc->table[0][(c ^ *p) & 255];
  return ~c;
}

static void put(Sink *sink, const void *data, size_t size) {
  if (!size || sink->failed) return;
  if (sink->crc) sink->sum = crc_add(sink->crc, sink->sum, data, size);
  if (sink->file && fwrite(data, 1, size, sink->file) != size) sink->failed = true;
  sink->size += size;
}

/* ---- one array ---- */

static bool is_contiguous(const NpyArray *a, bool fortran) {
  int64_t step = dtype_size(a->dtype);
  for (int i = 0; i < a->ndim; i++) {
    int axis = fortran ? i : a->ndim - 1 - i;
    if (a->shape[axis] == 0) return true;
    if (a->shape[axis] != 1 && a->strides[axis] != step) return false;
    step *= a->shape[axis];
  }
  return true;
}

/* As NumPy 2 writes it, with room for the first dimension to grow in place. */
static void put_header(Sink *sink, const NpyArray *a, bool fortran) {
  enum { ALIGN = 64, GROWTH_DIGITS = 21, MAGIC = 10 };
  StrBuf text = {0}, shape = {0};
  format_shape(&shape, a->ndim, a->shape);
  sb_printf(&text, "{'descr': '%c%s', 'fortran_order': %s, 'shape': %s, }", dtype_size(a->dtype) == 1 ? '|' : '<', dtype_info[a->dtype].npy,
            fortran ? "True" : "False", shape.data);
  if (a->ndim) {
    sb_clear(&shape);
    format_int(&shape, a->shape[fortran ? a->ndim - 1 : 0]);
    sb_pad(&text, ' ', GROWTH_DIGITS - shape.len);
  }
  sb_pad(&text, ' ', ALIGN - (MAGIC + text.len + 1) % ALIGN);
  sb_putc(&text, '\n');
  unsigned char magic[MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)text.len, (unsigned char)(text.len >> 8)};
  put(sink, magic, sizeof magic);
  put(sink, text.data, text.len);
  sb_drop(&text);
  sb_drop(&shape);
}

/* One line along the last axis. */
static void put_line(Sink *sink, const char *at, int64_t length, int64_t stride, size_t size) {
  if (stride == (int64_t)size) {
    put(sink, at, (size_t)length * size);
    return;
  }
  char buffer[4096];
  size_t filled = 0;
  for (int64_t i = 0; i < length; i++, at += stride) {
    memcpy(buffer + filled, at, size);
    filled += size;
    if (filled + size <= sizeof buffer) continue;
    put(sink, buffer, filled);
    filled = 0;
  }
  put(sink, buffer, filled);
}

static void put_elements(Sink *sink, const NpyArray *a, const char *at, int axis) {
  size_t size = dtype_size(a->dtype);
  if (a->ndim == 0)
    put(sink, at, size);
  else if (axis == a->ndim - 1)
    put_line(sink, at, a->shape[axis], a->strides[axis], size);
  else
    for (int64_t i = 0; i < a->shape[axis] && !sink->failed; i++) put_elements(sink, a, at + i * a->strides[axis], axis + 1);
}

static void put_array(Sink *sink, const NpyArray *a) {
  bool fortran = a->ndim > 1 && !is_contiguous(a, false) && is_contiguous(a, true);
  int64_t count = 1;
  for (int i = 0; i < a->ndim; i++) count *= a->shape[i];
  put_header(sink, a, fortran);
  if (fortran)
    put(sink, a->data, (size_t)count * dtype_size(a->dtype));
  else if (count)
    put_elements(sink, a, a->data, 0);
}

/* ---- the file ---- */

typedef struct Output {
  const char *path;
  char *beside; /* written first; NULL: `path` is a device or pipe, written directly */
  FILE *file;
} Output;

static bool fail_output(Output *out, StrBuf *error, int code) {
  sb_clear(error);
  sb_printf(error, "cannot write '%s': %s", out->path, code ? strerror(code) : "the write failed");
  if (out->file) fclose(out->file);
  if (out->beside) unlink(out->beside);
  free(out->beside);
  return false;
}

static bool open_output(const char *path, Output *out, StrBuf *error) {
  struct stat info;
  mode_t mode = 0;
  *out = (Output){.path = path};
  bool exists = stat(path, &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) return fail_output(out, error, EISDIR);
  if (exists && !S_ISREG(info.st_mode)) {
    out->file = fopen(path, "wbe");
    return out->file || fail_output(out, error, errno);
  }
  if (exists && access(path, W_OK)) return fail_output(out, error, errno);
  char *real = exists ? realpath(path, NULL) : NULL; /* a link stays, its target is replaced */
  StrBuf name = {0};
  sb_puts(&name, real ? real : path);
  free(real);
  sb_puts(&name, ".XXXXXX");
  int fd = mkstemp(name.data);
  int code = errno;
  if (fd >= 0) {
    mode = umask(0);
    umask(mode);
    fchmod(fd, exists ? info.st_mode & 07777 : 0666 & ~mode);
    out->beside = strdup(name.data);
    out->file = out->beside ? fdopen(fd, "wb") : NULL;
    code = errno;
    if (!out->file) close(fd);
    if (!out->beside) unlink(name.data);
  }
  sb_drop(&name);
  return out->file || fail_output(out, error, code);
}

static bool close_output(Output *out, bool failed, StrBuf *error) {
  errno = 0;
  if (failed || fflush(out->file)) return fail_output(out, error, errno);
  int closed = fclose(out->file);
  out->file = NULL;
  if (closed) return fail_output(out, error, errno);
  if (!out->beside) return true;
  char *target = strdup(out->beside);
  if (!target) return fail_output(out, error, ENOMEM);
  target[strlen(target) - strlen(".XXXXXX")] = 0;
  int renamed = rename(out->beside, target), code = errno;
  free(target);
  if (renamed) return fail_output(out, error, code);
  free(out->beside);
  return true;
}

bool npy_save(const char *path, const NpyArray *array, StrBuf *error) {
  Output out;
  sb_clear(error);
  if (!open_output(path, &out, error)) return false;
  Sink sink = {.file = out.file};
  put_array(&sink, array);
  return close_output(&out, sink.failed, error);
}

/* ---- archives ---- */

enum { ZIP_OLD = 20, ZIP_64 = 45, DOS_DATE = 0x21 }; /* 1980-01-01: equal arrays make equal files */

typedef struct Member {
  StrBuf name;
  uint32_t crc;
  uint64_t size, offset;
} Member;

static void le(StrBuf *out, uint64_t value, int bytes) {
  for (; bytes; bytes--, value >>= 8) sb_putc(out, (char)(value & 255));
}

static uint64_t clip32(uint64_t value) { return value < UINT32_MAX ? value : UINT32_MAX; }

static bool is_ascii(const StrBuf *name) {
  for (size_t i = 0; i < name->len; i++)
    if ((unsigned char)name->data[i] >= 0x80) return false;
  return true;
}

/* What the local and the central record share: version to sizes, and the length of the name. */
static void add_common(StrBuf *out, const Member *m, bool is_big, unsigned extra) {
  le(out, is_big ? ZIP_64 : ZIP_OLD, 2);
  le(out, is_ascii(&m->name) ? 0 : 0x800, 2); /* names are UTF-8 */
  le(out, 0, 2);                              /* stored */
  le(out, 0, 2);
  le(out, DOS_DATE, 2);
  le(out, m->crc, 4);
  le(out, clip32(m->size), 4);
  le(out, clip32(m->size), 4);
  le(out, m->name.len, 2);
  le(out, extra, 2);
}

static void add_local(StrBuf *out, const Member *m) {
  bool is_big = m->size >= UINT32_MAX;
  sb_add(out, "PK\3\4", 4);
  add_common(out, m, is_big, is_big ? 20 : 0);
  sb_add(out, m->name.data, m->name.len);
  if (!is_big) return;
  le(out, 1, 2);
  le(out, 16, 2);
  le(out, m->size, 8);
  le(out, m->size, 8);
}

static void add_central(StrBuf *out, const Member *m) {
  bool big_size = m->size >= UINT32_MAX, big_offset = m->offset >= UINT32_MAX, is_big = big_size || big_offset;
  unsigned extra = (big_size ? 16 : 0) + (big_offset ? 8 : 0);
  sb_add(out, "PK\1\2", 4);
  le(out, (is_big ? ZIP_64 : ZIP_OLD) | 3 << 8, 2); /* made on Unix: the mode is in the attributes */
  add_common(out, m, is_big, is_big ? extra + 4 : 0);
  le(out, 0, 2);
  le(out, 0, 2);
  le(out, 0, 2);
  le(out, 0600u << 16, 4);
  le(out, clip32(m->offset), 4);
  sb_add(out, m->name.data, m->name.len);
  if (!is_big) return;
  le(out, 1, 2);
  le(out, extra, 2);
  if (big_size) le(out, m->size, 8), le(out, m->size, 8);
  if (big_offset) le(out, m->offset, 8);
}

static void add_end(StrBuf *out, uint64_t count, uint64_t size, uint64_t offset) {
  if (count >= UINT16_MAX || size >= UINT32_MAX || offset >= UINT32_MAX) {
    sb_add(out, "PK\6\6", 4);
    le(out, 44, 8);
    le(out, ZIP_64, 2);
    le(out, ZIP_64, 2);
    le(out, 0, 8);
    le(out, count, 8);
    le(out, count, 8);
    le(out, size, 8);
    le(out, offset, 8);
    sb_add(out, "PK\6\7", 4);
    le(out, 0, 4);
    le(out, offset + size, 8);
    le(out, 1, 4);
  }
  uint64_t shown = count < UINT16_MAX ? count : UINT16_MAX;
  sb_add(out, "PK\5\6", 4);
  le(out, 0, 4);
  le(out, shown, 2);
  le(out, shown, 2);
  le(out, clip32(size), 4);
  le(out, clip32(offset), 4);
  le(out, 0, 2);
}

static void put_members(Sink *sink, const NpzEntry *entries, Member *members, size_t count) {
  Crc crc;
  crc_init(&crc);
  StrBuf record = {0};
  for (size_t i = 0; i < count && !sink->failed; i++) {
    Member *m = &members[i];
    Sink counter = {.crc = &crc};
    put_array(&counter, entries[i].array);
    m->crc = counter.sum;
    m->size = counter.size;
    m->offset = sink->size;
    sb_clear(&record);
    add_local(&record, m);
    put(sink, record.data, record.len);
    put_array(sink, entries[i].array);
  }
  sb_clear(&record);
  for (size_t i = 0; i < count; i++) add_central(&record, &members[i]);
  add_end(&record, count, record.len, sink->size);
  put(sink, record.data, record.len);
  sb_drop(&record);
}

static bool name_members(const char *path, const NpzEntry *entries, Member *members, size_t count, StrBuf *error) {
  for (size_t i = 0; i < count; i++) {
    StrBuf *name = &members[i].name;
    if (entries[i].name)
      sb_puts(name, entries[i].name);
    else
      sb_printf(name, "arr_%zu", i);
    sb_puts(name, ".npy");
    bool bad = name->len > 1000 || name->data[0] == '/' || name->data[0] == '.' || strchr(name->data, '\\') || strstr(name->data, "..");
    for (size_t k = 0; k < i && !bad; k++) bad = strcmp(members[k].name.data, name->data) == 0;
    if (!bad) continue;
    sb_printf(error, "cannot write '%s': '%s' is no name for an array in an archive, or it is there twice", path, sb_text(name));
    return false;
  }
  return true;
}

bool npz_save(const char *path, const NpzEntry *entries, size_t count, StrBuf *error) {
  Output out;
  sb_clear(error);
  Member *members = calloc(count ? count : 1, sizeof *members);
  LJ_ASSERT(members);
  bool ok = name_members(path, entries, members, count, error) && open_output(path, &out, error);
  if (ok) {
    Sink sink = {.file = out.file};
    put_members(&sink, entries, members, count);
    ok = close_output(&out, sink.failed, error);
  }
  for (size_t i = 0; i < count; i++) sb_drop(&members[i].name);
  free(members);
  return ok;
}
