/* Dot products of four bytes in each 32-bit lane, unsigned by signed, exact: lane i of `dot` is
 * sums + u0 s0 + u1 s1 + u2 s2 + u3 s3, modulo 2^32. vpmaddubsw would saturate its 16-bit sums, so
 * without VNNI the bytes are widened to pairs of 16 bits. Both operands are prepared once and used
 * with many others. */
#ifndef KAON_KERNELS_DOT_H
#define KAON_KERNELS_DOT_H

#include "kernels/isa.h"

#if defined(KAON_EXTENSION_VNNI)
typedef struct {
    vi all;
} unsigned_bytes, signed_bytes;

static inline unsigned_bytes unsigned_of(vi x)
{
    return (unsigned_bytes){ x };
}

static inline signed_bytes signed_of(vi x)
{
    return (signed_bytes){ x };
}

/* By hand: gcc 12 copies the sums around the intrinsic, three moves a product. */
static inline vi dot(vi sums, unsigned_bytes u, signed_bytes s)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sums) : "v"(u.all), "v"(s.all));
    return sums;
}
#else
typedef struct {
    vi even, odd;
} unsigned_bytes, signed_bytes;

static inline unsigned_bytes unsigned_of(vi x)
{
    return (unsigned_bytes){ i_even_u8(x), i_odd_u8(x) };
}

static inline signed_bytes signed_of(vi x)
{
    return (signed_bytes){ i_even_s8(x), i_odd_s8(x) };
}

static inline vi dot(vi sums, unsigned_bytes u, signed_bytes s)
{
    const vi pairs = i_add(i_madd_16(u.even, s.even), i_madd_16(u.odd, s.odd));
    return i_add(sums, pairs);
}
#endif

/* Up to four bytes in a word, zeros after. */
static inline int32_t bytes_at(const void *p, size_t n)
{
    int32_t word = 0;
    memcpy(&word, p, n < 4 ? n : 4);
    return word;
}

#endif
