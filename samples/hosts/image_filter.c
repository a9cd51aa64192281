/* A tool with filters as files: reads an image (binary PGM or PPM), runs a function of image_filter.lp, which lies next to the program, on its pixels
 * without a copy, and writes the result. New filters need no new build: any function (pixels, out) or (pixels, out, number) is one.
 * Build: cc image_filter.c $(pkg-config --cflags --libs loopjit)
 * Run:   image_filter FILTER IN OUT [NUMBER]
 *
 * expect: blur: 7 x 5 pixels, 3 channels
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <loopjit.h>

enum { MAX_SIDE = 1 << 16, MAX_BYTES = 1 << 30 };

typedef struct Image {
  int64_t shape[3]; /* rows, columns, channels */
  unsigned char *pixels;
} Image;

static size_t image_bytes(const Image *im) { return (size_t)(im->shape[0] * im->shape[1] * im->shape[2]); }

/* ---- PNM files ---- */

/* A file as it stands on disk: its pixels are used there. */
typedef struct File {
  unsigned char *bytes;
  size_t size;
} File;

static int is_space(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The next number of the header, behind spaces and comments; -1 when there is none or it is above `limit`. Takes one character behind the number, as
 * the format wants it. */
static int64_t header_number(const File *f, size_t *at, int64_t limit) {
  size_t i = *at;
  while (i < f->size && (is_space(f->bytes[i]) || f->bytes[i] == '#')) {
    if (f->bytes[i] == '#')
      while (i < f->size && f->bytes[i] != '\n') i++;
    else
      i++;
  }
  int64_t n = 0;
  size_t first = i;
  for (; i < f->size && f->bytes[i] >= '0' && f->bytes[i] <= '9' && n <= limit; i++) n = n * 10 + (f->bytes[i] - '0');
  if (i == first || n > limit || i == f->size || !is_space(f->bytes[i])) return -1;
  *at = i + 1;
  return n;
}

/* NULL, or what is wrong with the file. */
static const char *find_pixels(const File *f, Image *im) {
  if (f->size < 2 || f->bytes[0] != 'P' || (f->bytes[1] != '5' && f->bytes[1] != '6')) return "not a binary PGM or PPM image (P5 or P6)";
  size_t at = 2;
  im->shape[1] = header_number(f, &at, MAX_SIDE);
  im->shape[0] = header_number(f, &at, MAX_SIDE);
  im->shape[2] = f->bytes[1] == '6' ? 3 : 1;
  int64_t white = header_number(f, &at, 65535);
  if (im->shape[0] < 1 || im->shape[1] < 1 || white < 1) return "its header is no PNM header, or its size is not between 1 and 65536";
  if (white != 255) return "only images with values up to 255 are read";
  if (image_bytes(im) > MAX_BYTES) return "it is larger than a gigabyte";
  if (image_bytes(im) > f->size - at) return "it ends before its last pixel";
  im->pixels = f->bytes + at;
  return NULL;
}

/* NULL, or what is wrong. */
static const char *map_file(const char *path, File *f) {
  struct stat about;
  int fd = open(path, O_RDONLY | O_NONBLOCK); /* of a pipe nobody may be the writer */
  if (fd < 0) return strerror(errno);
  const char *problem = NULL;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
    problem = "not a plain file";
  } else if (about.st_size > 0) { /* nothing cannot be mapped */
    void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
      problem = strerror(errno);
    else
      *f = (File){bytes, (size_t)about.st_size};
  }
  close(fd);
  return problem;
}

static int read_image(const char *path, File *f, Image *im) {
  const char *problem = map_file(path, f);
  if (!problem) problem = find_pixels(f, im);
  if (problem) fprintf(stderr, "image_filter: %s: %s\n", path, problem);
  return im->pixels != NULL;
}

static int write_image(const char *path, const Image *im) {
  FILE *f = fopen(path, "wb");
  int good = f != NULL;
  if (f) {
    fprintf(f, "P%c\n%lld %lld\n255\n", im->shape[2] == 3 ? '6' : '5', (long long)im->shape[1], (long long)im->shape[0]);
    good = fwrite(im->pixels, 1, image_bytes(im), f) == image_bytes(im);
    good = fclose(f) == 0 && good; /* a full disk may show here only */
  }
  if (!good) fprintf(stderr, "image_filter: %s: %s\n", path, strerror(errno));
  return good;
}

/* ---- the filter ---- */

/* image_filter.lp in the folder of this program. */
static void filters_path(char *path, size_t size) {
  static const char name[] = "image_filter.lp";
  ssize_t n = readlink("/proc/self/exe", path, size - sizeof name);
  while (n > 0 && path[n - 1] != '/') n--;
  strcpy(path + (n > 0 ? n : 0), name);
}

static int usage(const lj_module *filters) {
  fprintf(stderr, "usage: image_filter FILTER IN OUT [NUMBER]\n");
  for (size_t i = 0; i < lj_module_function_count(filters); i++) {
    const lj_function *f = lj_module_function(filters, i);
    size_t count = lj_function_param_count(f);
    if ((count == 2 || count == 3) && strcmp(lj_function_param_name(f, 0), "pixels") == 0)
      fprintf(stderr, "  %-10s %s\n", lj_function_name(f), lj_function_doc(f));
  }
  return 2;
}

/* The filter reads the file's own pages and writes the host's memory; the wrong number of arguments is an error of the call like any other. */
static int apply(lj_function *filter, const Image *in, const Image *out, const char *number, lj_report *report) {
  lj_value args[3] = {lj_array_wrap_const(LJ_UINT8, in->pixels, 3, in->shape), /* a filter that stores into its input is refused */
                      lj_array_wrap(LJ_UINT8, out->pixels, 3, out->shape), lj_none()};
  if (number && lj_value_parse(number, strlen(number), report, &args[2]) != LJ_OK) return 0;
  lj_status status = lj_call(filter, args, number ? 3 : 2, NULL, report);
  lj_value_free(&args[2]);
  return status == LJ_OK;
}

static int filter_file(lj_module *filters, char **argv, const char *number, lj_report *report) {
  lj_function *filter = lj_module_find(filters, argv[1]);
  if (!filter) return fprintf(stderr, "image_filter: there is no filter '%s'\n", argv[1]), usage(filters);
  File file = {NULL, 0};
  Image in = {.pixels = NULL}, out;
  if (!read_image(argv[2], &file, &in)) return 1; /* the file stays mapped until the program ends */
  out = in;
  out.pixels = malloc(image_bytes(&in));
  int good = out.pixels != NULL;
  if (!good)
    fprintf(stderr, "image_filter: not enough memory\n");
  else if (!(good = apply(filter, &in, &out, number, report)))
    fprintf(stderr, "%s", lj_report_text(report));
  good = good && write_image(argv[3], &out);
  if (good)
    printf("%s: %lld x %lld pixels, %lld channel%s\n", argv[1], (long long)in.shape[1], (long long)in.shape[0], (long long)in.shape[2],
           in.shape[2] == 1 ? "" : "s");
  free(out.pixels);
  return !good;
}

int main(int argc, char **argv) {
  char path[4096];
  filters_path(path, sizeof path);
  lj_report *report = lj_report_new();
  lj_engine *engine = NULL;
  lj_module *filters = NULL;
  int status = 1;
  if (lj_engine_new(NULL, report, &engine) != LJ_OK || lj_module_load_file(engine, path, 0, report, &filters) != LJ_OK)
    fprintf(stderr, "%s", lj_report_text(report));
  else
    status = argc == 4 || argc == 5 ? filter_file(filters, argv, argc == 5 ? argv[4] : NULL, report) : usage(filters);
  lj_module_free(filters);
  lj_engine_free(engine);
  lj_report_free(report);
  return status;
}
