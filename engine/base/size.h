/* Checked arithmetic on sizes that come from files. */
#ifndef KAON_BASE_SIZE_H
#define KAON_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KAON_COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline bool kaon_mul(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool kaon_add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static inline int64_t kaon_min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t kaon_max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

#endif
