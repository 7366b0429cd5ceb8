/* A block of packed weights of 4 or 8 bits, taken apart. */
#ifndef KAON_KERNELS_NBITS_H
#define KAON_KERNELS_NBITS_H

#include "kernels/gemm_nbits.h"
#include "kernels/gemm_tile.h"

enum { HALF_BYTES = 0x0f0f0f0f };

struct nbits_block {
    const uint8_t *scales, *zeros, *weights;
};

static inline __attribute__((always_inline)) struct nbits_block
nbits_block(const struct kaon_nbits *f, const uint8_t *block)
{
    struct nbits_block b = { .scales = block, .zeros = NULL };
    block += KAON_GEMM_PANEL * (f->half_scales ? 2 : 4);
    if (f->zeros) {
        b.zeros = block;
        block += 64;
    }
    b.weights = block;
    return b;
}

/* Scales and zero points of the columns from 16 * half on. */
static inline __attribute__((always_inline)) vf
nbits_scales(const struct kaon_nbits *f, const struct nbits_block *b, size_t half)
{
    if (f->half_scales)
        return v_load_f16((const uint16_t *)(const void *)b->scales + half * VLEN);
    return v_load((const float *)(const void *)b->scales + half * VLEN);
}

static inline __attribute__((always_inline)) vi
nbits_zeros(const struct kaon_nbits *f, const struct nbits_block *b, size_t half)
{
    return b->zeros ? i_load_u8(b->zeros + half * VLEN) : i_set(1 << (f->bits - 1));
}

/* Four k, a byte each, of both halves of the columns: the `quad` th of eight. */
static inline __attribute__((always_inline)) void nbits_quad(vi q[2], unsigned bits,
                                                             const uint8_t *weights, size_t quad)
{
    if (bits == 8) {
        q[0] = i_load(weights + quad * 128);
        q[1] = i_load(weights + quad * 128 + 64);
    } else {
        const vi both = i_load(weights + quad * 64), low = i_set(HALF_BYTES);
        q[0] = i_and(both, low);
        q[1] = i_and(i_srl4(both), low);
    }
}

#endif
