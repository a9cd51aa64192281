/* The text that print, f-strings and messages build piece by piece in rt->text, and where it goes.
 * lj_rt_print is the only function of the runtime that writes output; a failed write is remembered, not repeated. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rt_format.h"
#include "runtime/rt_pool.h"

enum { FLAG_REPR = 1, FLAG_KERNEL = 2 };

void lj_rt_text_value(lj_rt *rt, const char *type_code, const void *value, int32_t flags) {
  lj_format_value(&rt->text, type_code, value, flags & FLAG_REPR, flags & FLAG_KERNEL);
}

void lj_rt_text_str(lj_rt *rt, const char *data, int64_t length) { sb_add(&rt->text, data, (size_t)length); }

int32_t lj_rt_text_format(lj_rt *rt, const lj_site *site, const char *type_code, const void *value, const char *spec, int64_t spec_length,
                          int32_t flags) {
  StrBuf message = {0};
  ErrorKind kind = format_with_spec(&rt->text, type_code, value, spec, (size_t)spec_length, flags & FLAG_KERNEL, &message);
  if (kind != ERROR_NONE) { /* what was built so far belongs to a statement that ends here */
    sb_clear(&rt->text);
    sb_add(&rt->text, sb_text(&message), message.len);
    lj_rt_raise_text(rt, site, kind);
  }
  sb_drop(&message);
  return kind;
}

static void release_text(lj_owner *owner) { free(owner); }

int32_t lj_rt_text_take(lj_rt *rt, const lj_site *site, lj_str *out) {
  size_t length = rt->text.len;
  *out = (lj_str){.data = "", .owner = NULL, .length = 0};
  if (!length) return 0;
  lj_owner *owner = NULL;
  char *data = NULL;
  if (lj_pool_hooks(rt->pool))
    data = lj_rt_new_block(rt->pool, length, &owner);
  else if ((owner = malloc(sizeof *owner + length)))
    data = (char *)(owner + 1), *owner = (lj_owner){.refs = 1, .release = release_text, .memory = data, .size = (int64_t)length};
  if (!data) {
    lj_rt_raise(rt, site, MEMORY_ERROR, "cannot allocate a string of %d bytes", (int64_t)length, 0, 0, 0);
    sb_clear(&rt->text);
    return MEMORY_ERROR;
  }
  memcpy(data, rt->text.data, length);
  *out = (lj_str){.data = data, .owner = owner, .length = (int64_t)length};
  sb_clear(&rt->text);
  return 0;
}

void lj_rt_print(lj_rt *rt) {
  if (rt->text.len) {
    if (rt->print)
      rt->print(rt->print_data, rt->text.data, rt->text.len);
    else if (!rt->flush_failed && fwrite(rt->text.data, 1, rt->text.len, stdout) != rt->text.len)
      rt->flush_failed = true;
  }
  sb_clear(&rt->text);
}

int32_t lj_rt_str_equal(const char *a, int64_t a_length, const char *b, int64_t b_length) {
  return a_length == b_length && (a_length == 0 || memcmp(a, b, (size_t)a_length) == 0);
}

int64_t lj_rt_str_length(const char *data, int64_t length) {
  int64_t count = 0;
  for (int64_t i = 0; i < length; i++) count += ((unsigned char)data[i] & 0xc0) != 0x80;
  return count;
}
