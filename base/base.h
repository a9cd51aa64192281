/* What every room may assume: fixed-width types, assertions that stay in release builds, a few macros.
 * Knows nothing of the language. Must not print or exit, except lj_panic(), for our own bugs and exhausted memory. */
#ifndef LJ_BASE_H
#define LJ_BASE_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LJ_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LJ_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define LJ_NORETURN __attribute__((noreturn))
#define LJ_UNUSED __attribute__((unused))

/* Ends the process with a message: a bug of ours, or no memory left for the compiler itself. */
LJ_NORETURN void lj_panic(const char *file, int line, const char *what);

/* Our own bugs, never the user's mistakes. Kept in release builds. */
#define LJ_ASSERT(cond) ((cond) ? (void)0 : lj_panic(__FILE__, __LINE__, "assertion failed: " #cond))
#define LJ_UNREACHABLE() lj_panic(__FILE__, __LINE__, "unreachable")

/* vsnprintf and strtod in the C locale, whatever locale the host has set. lj_strtod reads all of `text`, which must be a valid number. */
int lj_vsnprintf(char *out, size_t size, const char *fmt, va_list args) LJ_PRINTF(3, 0);
double lj_strtod(const char *text);

static inline size_t lj_max_size(size_t a, size_t b) { return a > b ? a : b; }
static inline size_t lj_min_size(size_t a, size_t b) { return a < b ? a : b; }

#endif
