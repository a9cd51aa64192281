/* .npy and .npz: what is accepted, what is refused and how it is said, and that what was written reads back. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/npy.h"

/* ---- headers ---- */

#define FINE(descr) "{'descr': '" descr "', 'fortran_order': False, 'shape': (2, 3), }"

static const struct {
  const char *header;
  const char *want; /* dtype, shape; or a part of the message behind a '!' */
} headers[] = {
    {FINE("<f8"), "float64 C 2 3"},
    {FINE("|b1"), "bool C 2 3"},
    {FINE("|u1"), "uint8 C 2 3"},
    {FINE("=i4"), "int32 C 2 3"},
    {FINE("<c16"), "complex128 C 2 3"},
    {FINE(">u1"), "uint8 C 2 3"},
    {"{\"shape\":(),\"descr\":\"<i8\",\"fortran_order\":True}  \n", "int64 F"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (5L,)}", "float32 C 5"},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (0, 4611686018427387904)}", "int8 C 0 4611686018427387904"},
    {FINE(">f8"), "!its bytes are big-endian; convert it with"},
    {FINE("|O"), "!it holds Python objects"},
    {FINE("<U5"), "!it holds text"},
    {FINE("|S5"), "!it holds text"},
    {FINE("|V8"), "!it holds raw records"},
    {FINE("<M8[ns]"), "!it holds dates"},
    {FINE("<f2"), "!its dtype '<f2' is none of"},
    {FINE("<f16"), "!its dtype '<f16' is none of"},
    {FINE(""), "!its dtype '' is none of"},
    {FINE("f8"), "!its dtype 'f8' is none of"},
    {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", "!it holds records"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }", "!its shape has a negative dimension"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", "!a dimension beyond 64 bits"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "!more than 63 bits"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", "!more than 8 dimensions"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3), }", "!no tuple of integers"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': [3], }", "!no tuple of integers"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3 4), }", "!a comma is missing"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (x,), }", "!no tuple of integers"},
    {"{'descr': '<f8', 'fortran_order': 0, 'shape': (3,), }", "!neither True nor False"},
    {"{'descr': '<f8', 'fortran_order': False, }", "!lacks one of"},
    {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "!a key twice"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), 'more': 1}", "!none of descr, fortran_order, shape"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), } + 1", "!goes on behind the dict"},
    {"{'descr': '<f8' 'fortran_order': False, 'shape': (3,), }", "!a comma is missing"},
    {"{'descr", "!does not end"},
    {"", "!no dict"},
};

static size_t build(unsigned char *file, const char *header, int version) {
  size_t length = strlen(header), at = 0;
  memcpy(file, "\x93NUMPY", 6);
  file[6] = (unsigned char)version;
  file[7] = 0;
  at = 8;
  for (int i = 0; i < (version == 1 ? 2 : 4); i++) file[at++] = (unsigned char)(length >> (8 * i));
  memcpy(file + at, header, length);
  return at + length;
}

START_TEST(headers_are_read) {
  unsigned char file[512];
  StrBuf error = {0}, got = {0};
  NpyHeader header;
  for (int version = 1; version <= 3; version++) {
    size_t length = build(file, headers[_i].header, version);
    bool ok = npy_read_header("x.npy", file, length, &header, &error);
    if (headers[_i].want[0] == '!') {
      ck_assert_msg(!ok && strstr(sb_text(&error), headers[_i].want + 1), "%s\ngives: %s", headers[_i].header, sb_text(&error));
      continue;
    }
    ck_assert_msg(ok, "%s", sb_text(&error));
    sb_clear(&got);
    sb_printf(&got, "%s %c", dtype_name(header.dtype), header.fortran ? 'F' : 'C');
    for (int i = 0; i < header.ndim; i++) sb_printf(&got, " %" PRId64, header.shape[i]);
    ck_assert_str_eq(sb_text(&got), headers[_i].want);
    ck_assert_uint_eq(header.data_offset, length);
    for (size_t cut = 0; cut < length; cut++) {
      unsigned char *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees reads behind the end */
      memcpy(exact, file, cut);
      ck_assert(!npy_read_header("x.npy", exact, cut, &header, &error));
      free(exact);
    }
  }
  sb_drop(&got);
  sb_drop(&error);
}
END_TEST

START_TEST(other_files_are_refused) {
  StrBuf error = {0};
  NpyHeader header;
  ck_assert(!npy_read_header("x", (const unsigned char *)"PK\3\4aaaaaaaaaa", 14, &header, &error));
  ck_assert_ptr_nonnull(strstr(sb_text(&error), "archive"));
  ck_assert(!npy_read_header("x", (const unsigned char *)"1,2,3\n4,5,6\n", 12, &header, &error));
  ck_assert_ptr_nonnull(strstr(sb_text(&error), "np.save"));
  ck_assert(!npy_read_header("x", (const unsigned char *)"\x93NUMPY\4\0aaaaaa", 14, &header, &error));
  ck_assert_ptr_nonnull(strstr(sb_text(&error), "version"));
  sb_drop(&error);
}
END_TEST

/* ---- files ---- */

typedef struct Folder {
  char path[32], file[64];
} Folder;

static void folder_make(Folder *folder) {
  strcpy(folder->path, "/tmp/test_npy.XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder->path));
  snprintf(folder->file, sizeof folder->file, "%s/a.npy", folder->path);
}

static void folder_remove(Folder *folder) {
  unlink(folder->file);
  ck_assert_int_eq(rmdir(folder->path), 0); /* nothing else was left behind */
}

static void write_bytes(const char *path, const void *data, size_t length) {
  FILE *file = fopen(path, "wb");
  ck_assert(file && fwrite(data, 1, length, file) == length && fclose(file) == 0);
}

static StrBuf read_bytes(const char *path) {
  StrBuf out = {0};
  char buffer[4096];
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) sb_add(&out, buffer, n);
  fclose(file);
  return out;
}

static double element(const NpyArray *a, int64_t i, int64_t j) {
  double value;
  memcpy(&value, (char *)a->data + i * a->strides[0] + j * a->strides[1], sizeof value);
  return value;
}

/* Strides of a 3 x 4 array of doubles in a buffer of 48. */
static const struct {
  int64_t strides[2], offset;
  bool fortran;
} layouts[] = {{{32, 8}, 0, false},    {{8, 24}, 0, true}, {{64, 16}, 0, false},
               {{-32, -8}, 11, false}, {{0, 8}, 0, false}, {{16, 96}, 1, false}};

START_TEST(arrays_read_back) {
  Folder folder;
  StrBuf error = {0};
  double values[48];
  folder_make(&folder);
  for (int i = 0; i < 48; i++) values[i] = i + 0.5;
  NpyArray a = {.dtype = DT_FLOAT64, .ndim = 2, .shape = {3, 4}, .data = values + layouts[_i].offset}, b;
  memcpy(a.strides, layouts[_i].strides, sizeof layouts[_i].strides);
  for (int writable = 0; writable < 2; writable++) {
    ck_assert_msg(npy_save(folder.file, &a, &error), "%s", sb_text(&error));
    ck_assert_msg(npy_map(folder.file, writable, &b, &error), "%s", sb_text(&error));
    ck_assert(b.ndim == 2 && b.shape[0] == 3 && b.shape[1] == 4 && b.dtype == DT_FLOAT64);
    ck_assert_int_eq(b.fortran, layouts[_i].fortran);
    ck_assert_uint_eq((uintptr_t)b.data % 64, 0);
    for (int i = 0; i < 3; i++)
      for (int j = 0; j < 4; j++) ck_assert_double_eq(element(&a, i, j), element(&b, i, j));
    *(double *)b.data = -1; /* reaches the file or not */
    NpyArray again;
    ck_assert(npy_map(folder.file, false, &again, &error));
    ck_assert(writable == (element(&again, 0, 0) == -1));
    npy_drop(&again);
    ck_assert_msg(npy_save(folder.file, &b, &error), "%s", sb_text(&error)); /* over the file it is mapped from */
    ck_assert_double_eq(element(&b, 0, 0), -1);
    npy_drop(&b);
  }
  folder_remove(&folder);
  sb_drop(&error);
}
END_TEST

START_TEST(header_is_that_of_numpy) {
  Folder folder;
  StrBuf error = {0};
  folder_make(&folder);
  int16_t value = 7;
  NpyArray a = {.dtype = DT_INT16, .data = &value};
  ck_assert(npy_save(folder.file, &a, &error));
  StrBuf got = read_bytes(folder.file);
  ck_assert_uint_eq(got.len, 130);
  ck_assert_int_eq(memcmp(got.data, "\x93NUMPY\1\0\x76\0{'descr': '<i2', 'fortran_order': False, 'shape': (), }      ", 70), 0);
  ck_assert(got.data[127] == '\n' && got.data[128] == 7);
  sb_drop(&got);
  NpyArray b;
  ck_assert(npy_map(folder.file, false, &b, &error) && b.ndim == 0 && *(int16_t *)b.data == 7);
  npy_drop(&b);
  folder_remove(&folder);
  sb_drop(&error);
}
END_TEST

static const struct {
  const char *header;
  size_t data; /* bytes of 3 behind it */
  bool writable;
  const char *want; /* NULL: accepted */
} bodies[] = {
    {FINE("<f8"), 48, false, NULL},
    {FINE("<f8"), 100, true, NULL},
    {FINE("<f8"), 47, false, "is cut off"},
    {FINE("<f8"), 0, false, "its data needs 48 bytes, the file has 0"},
    {FINE("|b1"), 6, false, NULL},
    {FINE("|b1"), 6, true, "no bool"},
    {FINE("<f8") " ", 48, false, NULL},
    {FINE("<f8") " ", 48, true, "not aligned"},
    {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 7), }", 0, false, NULL},
    {"{'descr': '<i1', 'fortran_order': False, 'shape': (1152921504606846976,), }", 5, false, "is cut off"},
};

START_TEST(bodies_are_checked) {
  Folder folder;
  StrBuf error = {0};
  unsigned char file[512];
  folder_make(&folder);
  size_t length = build(file, bodies[_i].header, 1);
  while (strstr(bodies[_i].header, "} ") == NULL && length % 8) { /* aligned by spaces, as every writer does */
    file[length++] = ' ';
    file[8]++;
  }
  memset(file + length, 3, bodies[_i].data);
  write_bytes(folder.file, file, length + bodies[_i].data);
  NpyArray a;
  bool ok = npy_map(folder.file, bodies[_i].writable, &a, &error);
  ck_assert_msg(ok == (bodies[_i].want == NULL), "%s: %s", bodies[_i].header, sb_text(&error));
  if (ok) {
    for (int64_t i = 0; a.dtype == DT_BOOL && i < 6; i++) ck_assert_int_eq(((char *)a.data)[i], 1);
    ck_assert_uint_eq((uintptr_t)a.data % dtype_size(a.dtype), 0);
    npy_drop(&a);
  } else {
    ck_assert_msg(strstr(sb_text(&error), bodies[_i].want) && strstr(sb_text(&error), folder.file), "%s", sb_text(&error));
  }
  folder_remove(&folder);
  sb_drop(&error);
}
END_TEST

START_TEST(paths_are_checked) {
  StrBuf error = {0};
  NpyArray a = {.dtype = DT_BOOL, .data = ""}, b;
  ck_assert(!npy_map("/nonexistent/a.npy", false, &b, &error));
  ck_assert_str_eq(sb_text(&error), "cannot open '/nonexistent/a.npy': No such file or directory");
  ck_assert(!npy_map("/tmp", false, &b, &error) && strstr(sb_text(&error), "directory"));
  ck_assert(!npy_map("/dev/null", false, &b, &error) && strstr(sb_text(&error), "no regular file"));
  ck_assert(!npy_save("/nonexistent/a.npy", &a, &error));
  ck_assert_str_eq(sb_text(&error), "cannot write '/nonexistent/a.npy': No such file or directory");
  ck_assert(!npy_save("/tmp", &a, &error));
  ck_assert(npy_save("/dev/null", &a, &error));
  if (access("/dev/full", W_OK) == 0) ck_assert(!npy_save("/dev/full", &a, &error) && strstr(sb_text(&error), "No space"));
  sb_drop(&error);
}
END_TEST

START_TEST(archives_are_written) {
  Folder folder;
  StrBuf error = {0};
  folder_make(&folder);
  double x[] = {1, 2, 3};
  NpyArray a = {.dtype = DT_FLOAT64, .ndim = 1, .shape = {3}, .strides = {8}, .data = x};
  NpzEntry entries[] = {{NULL, &a}, {"speed", &a}}, twice[] = {{"x", &a}, {"x", &a}}, outside[] = {{"../x", &a}};
  ck_assert_msg(npz_save(folder.file, entries, 2, &error), "%s", sb_text(&error));
  StrBuf got = read_bytes(folder.file);
  static const unsigned char start[] = {'P', 'K', 3, 4, 20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0};
  ck_assert_int_eq(memcmp(got.data, start, sizeof start), 0);
  static const unsigned char crc[] = {0x2a, 0xc1, 0x1d, 0x44}; /* of the first array's file, by zlib */
  ck_assert_int_eq(memcmp(got.data + 14, crc, 4), 0);
  ck_assert_int_eq(memcmp(got.data + 30, "arr_0.npy\x93NUMPY", 15), 0);
  ck_assert_int_eq(memcmp(got.data + got.len - 22, "PK\5\6\0\0\0\0\2\0\2\0", 12), 0);
  sb_drop(&got);
  ck_assert(!npz_save(folder.file, twice, 2, &error) && strstr(sb_text(&error), "there twice"));
  ck_assert(!npz_save(folder.file, outside, 1, &error));
  folder_remove(&folder);
  sb_drop(&error);
}
END_TEST

Suite *suite_npy(void);
Suite *suite_npy(void) {
  Suite *suite = suite_create("npy");
  TCase *tc = tcase_create("all");
  tcase_add_loop_test(tc, headers_are_read, 0, (int)LJ_COUNT(headers));
  tcase_add_test(tc, other_files_are_refused);
  tcase_add_loop_test(tc, arrays_read_back, 0, (int)LJ_COUNT(layouts));
  tcase_add_test(tc, header_is_that_of_numpy);
  tcase_add_loop_test(tc, bodies_are_checked, 0, (int)LJ_COUNT(bodies));
  tcase_add_test(tc, paths_are_checked);
  tcase_add_test(tc, archives_are_written);
  suite_add_tcase(suite, tc);
  return suite;
}
