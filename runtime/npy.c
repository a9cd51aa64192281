/* Reading .npy files: a strict parser of the header, then a mapping of the data.
 * Comes in: a path (its content is not trusted). Goes out: an array whose owner unmaps the file, or a text that says what is wrong.
 * The header is a Python dict literal with exactly the keys descr, fortran_order and shape; nothing else is evaluated. */
#include "runtime/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the header ---- */

enum { HEADER_MOST = 1 << 20, HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

typedef struct Reader {
  const char *name;
  const char *start, *at, *end;
  NpyHeader *out;
  StrBuf *error;
} Reader;

static bool fail(Reader *r, const char *what) {
  sb_clear(r->error);
  sb_printf(r->error, "'%s' is no .npy file that can be read: %s", r->name, what);
  if (r->start) sb_printf(r->error, " (byte %td of the header)", r->at - r->start);
  return false;
}

static void skip_space(Reader *r) {
  while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) r->at++;
}

static bool accept(Reader *r, char c) {
  skip_space(r);
  if (r->at == r->end || *r->at != c) return false;
  r->at++;
  return true;
}

static bool accept_word(Reader *r, const char *word) {
  size_t length = strlen(word);
  skip_space(r);
  if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) return false;
  r->at += length;
  return true;
}

/* 'text' or "text" without escapes. */
static bool read_string(Reader *r, const char **text, size_t *length) {
  skip_space(r);
  if (r->at == r->end || (*r->at != '\'' && *r->at != '"')) return fail(r, "a quoted name is missing in its header");
  char quote = *r->at++;
  *text = r->at;
  while (r->at < r->end && *r->at != quote && *r->at != '\\' && *r->at != '\n') r->at++;
  *length = (size_t)(r->at - *text);
  if (r->at == r->end || *r->at != quote) return fail(r, "a quoted name in its header does not end");
  r->at++;
  return true;
}

static bool refuse_dtype(Reader *r, const char *descr, size_t length) {
  static const struct {
    const char *letters, *what;
  } reasons[] = {{"O", "it holds Python objects; save numbers instead, as with a.astype(float)"},
                 {"US", "it holds text; save numbers instead"},
                 {"a", "it holds text; save numbers instead"},
                 {"V", "it holds raw records; save one array for each field"},
                 {"Mm", "it holds dates or times; save them as numbers, as with a.astype('int64')"}};
  char kind = length > 1 ? descr[1] : length ? descr[0] : 0;
  for (size_t i = 0; i < LJ_COUNT(reasons); i++)
    if (kind && strchr(reasons[i].letters, kind)) return fail(r, reasons[i].what);
  StrBuf text = {0};
  sb_puts(&text, "its dtype '");
  for (size_t i = 0; i < length && i < 24; i++) sb_putc(&text, descr[i] >= 32 && descr[i] < 127 ? descr[i] : '?');
  sb_puts(&text, "' is none of bool, int8 to int64, uint8 to uint64, float32, float64, complex64, complex128; convert it with a.astype()");
  fail(r, sb_text(&text));
  sb_drop(&text);
  return false;
}

static bool read_descr(Reader *r) {
  const char *descr;
  size_t length;
  skip_space(r);
  if (r->at < r->end && (*r->at == '[' || *r->at == '(')) return fail(r, "it holds records; save one array for each field");
  if (!read_string(r, &descr, &length)) return false;
  bool has_order = length && strchr("<>|=", descr[0]);
  if (!has_order || !dtype_find_npy(descr + 1, length - 1, &r->out->dtype)) return refuse_dtype(r, descr, length);
  if (descr[0] == '>' && dtype_size(r->out->dtype) > 1)
    return fail(r, "its bytes are big-endian; convert it with a.astype(a.dtype.newbyteorder('<'))");
  return true;
}

static bool read_order(Reader *r) {
  r->out->fortran = accept_word(r, "True");
  return r->out->fortran || accept_word(r, "False") || fail(r, "fortran_order is neither True nor False");
}

static bool read_dimension(Reader *r) {
  int64_t value = 0;
  if (r->at < r->end && *r->at == '-') return fail(r, "its shape has a negative dimension");
  const char *start = r->at;
  for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *r->at - '0', &value))
      return fail(r, "its shape has a dimension beyond 64 bits");
  if (r->at == start) return fail(r, "its shape is no tuple of integers");
  if (r->at < r->end && *r->at == 'L') r->at++; /* written by Python 2 */
  if (r->out->ndim == NPY_MAX_NDIM) return fail(r, "it has more than 8 dimensions");
  r->out->shape[r->out->ndim++] = value;
  return true;
}

static bool read_shape(Reader *r) {
  if (!accept(r, '(')) return fail(r, "its shape is no tuple of integers");
  r->out->ndim = 0;
  bool comma = true;
  for (skip_space(r); !accept(r, ')'); skip_space(r)) {
    if (!comma || !read_dimension(r)) return comma ? false : fail(r, "a comma is missing in its shape");
    comma = accept(r, ',');
  }
  if (r->out->ndim == 1 && !comma) return fail(r, "its shape is no tuple of integers");
  return true;
}

static bool read_item(Reader *r, unsigned *seen) {
  static const struct {
    const char *key;
    unsigned bit;
    bool (*read)(Reader *r);
  } items[] = {{"descr", HAS_DESCR, read_descr}, {"fortran_order", HAS_ORDER, read_order}, {"shape", HAS_SHAPE, read_shape}};
  const char *key;
  size_t length;
  if (!read_string(r, &key, &length)) return false;
  for (size_t i = 0; i < LJ_COUNT(items); i++) {
    if (strlen(items[i].key) != length || memcmp(items[i].key, key, length) != 0) continue;
    if (*seen & items[i].bit) return fail(r, "its header names a key twice");
    *seen |= items[i].bit;
    if (!accept(r, ':')) return fail(r, "a ':' is missing in its header");
    return items[i].read(r);
  }
  return fail(r, "its header has a key that is none of descr, fortran_order, shape");
}

static bool read_dict(Reader *r) {
  unsigned seen = 0;
  bool comma = true;
  if (!accept(r, '{')) return fail(r, "its header is no dict");
  while (!accept(r, '}')) {
    if (!comma) return fail(r, "a comma is missing in its header");
    if (!read_item(r, &seen)) return false;
    comma = accept(r, ',');
  }
  skip_space(r);
  if (r->at != r->end) return fail(r, "its header goes on behind the dict");
  return seen == HAS_ALL || fail(r, "its header lacks one of descr, fortran_order, shape");
}

static bool measure(Reader *r) {
  int64_t size = dtype_size(r->out->dtype), end;
  bool overflow = false, empty = false;
  for (int i = 0; i < r->out->ndim; i++) {
    empty |= r->out->shape[i] == 0;
    overflow |= r->out->shape[i] != 0 && __builtin_mul_overflow(size, r->out->shape[i], &size);
  }
  if (overflow || __builtin_add_overflow(size, (int64_t)r->out->data_offset, &end))
    return fail(r, "its shape needs more than 63 bits of bytes");
  r->out->data_size = empty ? 0 : (uint64_t)size;
  return true;
}

bool npy_read_header(const char *name, const unsigned char *bytes, size_t length, NpyHeader *out, StrBuf *error) {
  Reader r = {.name = name, .out = out, .error = error};
  *out = (NpyHeader){0};
  if (length < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0) {
    if (length >= 4 && memcmp(bytes, "PK\x03\x04", 4) == 0) return fail(&r, "it is an archive (.npz); unpack it first, as with unzip");
    return fail(&r, "it does not start with \\x93NUMPY; write it with np.save");
  }
  if (bytes[6] < 1 || bytes[6] > 3 || bytes[7] != 0) return fail(&r, "its format version is none of 1.0, 2.0, 3.0");
  size_t start = bytes[6] == 1 ? 10 : 12;
  if (length < start) return fail(&r, "it ends within the header");
  size_t size = bytes[8] | (size_t)bytes[9] << 8;
  if (start == 12) size |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
  if (size > HEADER_MOST) return fail(&r, "its header is longer than 1 MiB");
  if (size > length - start) return fail(&r, "it ends within the header");
  r.start = r.at = (const char *)bytes + start;
  r.end = r.start + size;
  out->data_offset = start + size;
  return read_dict(&r) && measure(&r);
}

/* ---- the mapping ---- */

static void release_mapping(lj_owner *owner) {
  munmap(owner->memory, (size_t)owner->size);
  free(owner);
}

static void release_copy(lj_owner *owner) {
  free(owner->memory);
  free(owner);
}

void npy_drop(NpyArray *array) {
  lj_owner *owner = array->owner;
  array->owner = NULL;
  array->data = NULL;
  if (owner && __atomic_sub_fetch(&owner->refs, 1, __ATOMIC_ACQ_REL) == 0) owner->release(owner);
}

static bool fail_system(StrBuf *error, const char *what, const char *path) {
  int code = errno;
  sb_clear(error);
  sb_printf(error, "cannot %s '%s': %s", what, path, strerror(code));
  return false;
}

static void set_strides(NpyArray *array) {
  int64_t step = dtype_size(array->dtype);
  for (int i = 0; i < array->ndim; i++) {
    int axis = array->fortran ? i : array->ndim - 1 - i;
    array->strides[axis] = step;
    step *= array->shape[axis] ? array->shape[axis] : 1;
  }
}

/* Compiled code relies on aligned elements, and on bools that are 0 or 1; a file promises neither. */
static bool make_usable(const char *path, bool writable, const NpyHeader *header, NpyArray *out, StrBuf *error) {
  size_t size = (size_t)header->data_size;
  unsigned align = dtype_is_complex(out->dtype) ? dtype_size(out->dtype) / 2 : dtype_size(out->dtype);
  if ((uintptr_t)out->data % align != 0) {
    if (writable) {
      sb_printf(error, "cannot map '%s' for writing: its data is not aligned to %u bytes; save it again with np.save", path, align);
      return false;
    }
    void *copy = malloc(size ? size : 1);
    if (!copy) return fail_system(error, "read", path);
    memcpy(copy, out->data, size);
    munmap(out->owner->memory, (size_t)out->owner->size);
    *out->owner = (lj_owner){.refs = 1, .release = release_copy, .memory = copy, .size = (int64_t)size};
    out->data = copy;
  }
  unsigned char *bytes = out->data;
  for (size_t i = 0; out->dtype == DT_BOOL && i < size; i++) {
    if (bytes[i] <= 1) continue;
    if (writable) {
      sb_printf(error, "cannot map '%s' for writing: byte %zu of its data is %u, no bool; save it again with np.save", path, i, bytes[i]);
      return false;
    }
    bytes[i] = 1;
  }
  return true;
}

static bool map_open_file(const char *path, int fd, bool writable, NpyArray *out, StrBuf *error) {
  struct stat info;
  if (fstat(fd, &info)) return fail_system(error, "read", path);
  Reader r = {.name = path, .error = error};
  if (S_ISDIR(info.st_mode)) return fail(&r, "it is a directory");
  if (!S_ISREG(info.st_mode)) return fail(&r, "it is no regular file, so it cannot be mapped");
  if (info.st_size == 0) return fail(&r, "it is empty");
  size_t size = (size_t)info.st_size;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, writable ? MAP_SHARED : MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED) return fail_system(error, "map", path);
  NpyHeader header;
  lj_owner *owner = malloc(sizeof *owner);
  bool ok = owner && npy_read_header(path, (const unsigned char *)memory, size, &header, error);
  if (!owner) fail_system(error, "map", path);
  if (ok && header.data_size > size - header.data_offset) {
    sb_printf(error, "'%s' is cut off: its data needs %" PRIu64 " bytes, the file has %" PRIu64 "; copy or save it again", path,
              header.data_size, (uint64_t)(size - header.data_offset));
    ok = false;
  }
  if (!ok) {
    munmap(memory, size);
    free(owner);
    return false;
  }
  *owner = (lj_owner){.refs = 1, .release = release_mapping, .memory = memory, .size = (int64_t)size};
  *out = (NpyArray){.dtype = header.dtype, .ndim = header.ndim, .owner = owner, .fortran = header.fortran};
  out->data = memory + header.data_offset;
  memcpy(out->shape, header.shape, sizeof out->shape);
  set_strides(out);
  if (make_usable(path, writable, &header, out, error)) return true;
  npy_drop(out);
  return false;
}

bool npy_map(const char *path, bool writable, NpyArray *out, StrBuf *error) {
  *out = (NpyArray){0};
  sb_clear(error);
  int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK); /* a FIFO without a writer is refused, not waited for */
  if (fd < 0) return fail_system(error, "open", path);
  bool ok = map_open_file(path, fd, writable, out, error);
  close(fd);
  return ok;
}
