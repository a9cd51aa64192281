/* Memory of arrays: 64-byte aligned data with its owner in the 64 bytes before it, one allocation for both.
 * Comes in: a shape. Goes out: zeroed or raw memory with one reference, or ValueError or MemoryError in the context.
 * With an allocator of the host all of it comes from there and goes back there.
 * A request beyond the memory of the machine is refused here: the system would grant it and kill the process on first use. */
#include "runtime/rt_format.h"
#include "runtime/rt_pool.h"
#include "runtime/rt_race.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

enum { ALIGN = 64, HUGE_FROM = 4 << 20, PAGE = 4096, ASK_SYSTEM_FROM = 64 << 20 };

/* The line before the data. */
typedef struct Block {
  lj_owner owner; /* first */
  lj_pool *pool;  /* holds it; NULL: none */
  size_t room;    /* bytes of `memory` */
} Block;
_Static_assert(sizeof(Block) <= ALIGN, "the owner stands in the line before the data");

static void release_block(lj_owner *owner) { free(owner->memory); }

static void release_to_pool(lj_owner *owner) {
  lj_pool *pool = ((Block *)owner)->pool;
  lj_pool_give(pool, owner->memory, ((Block *)owner)->room);
  lj_pool_release(pool);
}

static bool exceeds_machine(size_t size) {
  struct sysinfo info;
  if (size < ASK_SYSTEM_FROM || sysinfo(&info)) return false;
  return size / info.mem_unit >= info.totalram + info.totalswap;
}

static void release_to_host(lj_owner *owner) {
  lj_pool *pool = ((Block *)owner)->pool;
  const lj_hooks *hooks = lj_pool_hooks(pool);
  hooks->release(hooks->data, owner->memory, ((Block *)owner)->room);
  lj_pool_release(pool);
}

/* The line of the owner, then the data: aligned as the block is. */
static void *allocate_from_host(lj_pool *pool, const lj_hooks *hooks, size_t size, bool zero) {
  size_t room = size + ALIGN;
  char *memory = room < size || room > PTRDIFF_MAX ? NULL : hooks->allocate(hooks->data, room, ALIGN);
  if (!memory) return NULL;
  if ((uintptr_t)memory & (ALIGN - 1)) { /* not what was asked for: useless */
    hooks->release(hooks->data, memory, room);
    return NULL;
  }
  if (zero) memset(memory + ALIGN, 0, size);
  *(Block *)(void *)memory = (Block){{.refs = 1, .release = release_to_host, .memory = memory, .size = (int64_t)size}, pool, room};
  lj_pool_hold(pool);
  return memory + ALIGN;
}

/* calloc knows which pages are fresh, so big zeros cost nothing until they are used. */
static void *allocate(lj_pool *pool, size_t size, bool zero) {
  const lj_hooks *hooks = lj_pool_hooks(pool);
  if (hooks) return allocate_from_host(pool, hooks, size, zero);
  size_t room = size + 2 * ALIGN, found = 0;
  if (room < size || room > PTRDIFF_MAX || exceeds_machine(room)) return NULL;
  if (room < LJ_POOL_FROM) pool = NULL;
  char *memory = pool ? lj_pool_take(pool, room, &found) : NULL;
  if (memory && zero) memset(memory, 0, room);
  if (memory)
    room = found;
  else
    memory = zero ? calloc(1, room) : malloc(room);
  if (!memory) return NULL;
  char *data = memory + ALIGN;
  data += -(uintptr_t)data & (ALIGN - 1);
  if (size >= HUGE_FROM && !found) { /* advice only: a failure changes nothing but speed */
    uintptr_t lo = ((uintptr_t)data + PAGE - 1) & ~(uintptr_t)(PAGE - 1), hi = (uintptr_t)(data + size) & ~(uintptr_t)(PAGE - 1);
    (void)madvise((void *)lo, hi - lo, MADV_HUGEPAGE);
  }
  Block *block = (Block *)(void *)(data - ALIGN);
  *block = (Block){{.refs = 1, .release = pool ? release_to_pool : release_block, .memory = memory, .size = (int64_t)size}, pool, room};
  if (pool) lj_pool_hold(pool);
  return data;
}

void *lj_rt_new_block(lj_pool *pool, size_t size, lj_owner **owner) {
  char *data = allocate(pool, size, true);
  if (data) *owner = (lj_owner *)(void *)(data - ALIGN);
  return data;
}

static int32_t refuse(lj_rt *rt, const lj_site *site, double size, int64_t ndim, const int64_t *shape) {
  static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  StrBuf text = {0};
  size_t unit = 0;
  for (; size >= 1024 && unit + 1 < LJ_COUNT(units); unit++) size /= 1024;
  sb_printf(&text, "cannot allocate %.*f %s for an array of shape ", unit ? 2 : 0, size, units[unit]);
  format_shape(&text, ndim, shape);
  lj_rt_raise(rt, site, MEMORY_ERROR, sb_text(&text), 0, 0, 0, 0); /* the text holds no '%' */
  sb_drop(&text);
  return MEMORY_ERROR;
}

int32_t lj_rt_alloc(lj_rt *rt, const lj_site *site, int64_t ndim, const int64_t *shape, int64_t itemsize, int32_t zero,
                    lj_array_head *out) {
  int64_t size = itemsize;
  bool overflow = false, empty = false;
  for (int64_t i = 0; i < ndim; i++) {
    if (shape[i] < 0) {
      lj_rt_raise(rt, site, VALUE_ERROR, "negative dimensions are not allowed", 0, 0, 0, 0);
      return VALUE_ERROR;
    }
    empty |= shape[i] == 0;
    overflow |= shape[i] != 0 && __builtin_mul_overflow(size, shape[i], &size);
  }
  if (overflow) { /* also when empty, as NumPy: strides could not be computed */
    lj_rt_raise(rt, site, VALUE_ERROR, "array is too big: its size in bytes does not fit in 63 bits", 0, 0, 0, 0);
    return VALUE_ERROR;
  }
  void *data = allocate(rt->pool, empty ? 0 : (size_t)size, zero != 0);
  if (!data) return refuse(rt, site, (double)size, ndim, shape);
  lj_race_forget(rt->race, data, empty ? 0 : (size_t)size);
  out->data = data;
  out->owner = (lj_owner *)(void *)((char *)data - ALIGN);
  return 0;
}

void lj_rt_free(lj_owner *owner) {
  if (owner && owner->release) owner->release(owner);
}
