/* Matrix product with weights of 4 or 8 bits in blocks of 32 along k, each with a scale and perhaps a
 * zero point: weight = (q - zero) * scale, q unsigned, zero 8 or 128 where there is none. The layout
 * that is packed is that of com.microsoft MatMulNBits with block_size 32; larger blocks come as
 * several with the same scale. Everything else is as in kernels/gemm.h.
 *
 * gemm_nbits: the bits of kaon_gemm on the weights, each rounded to float once. scratch:
 * KAON_GEMM_PANEL * k floats, used if m > 2.
 *
 * gemm_nbits_s8, an approximation: each 32 values of a row of a are rounded to bytes, step = (largest
 * magnitude) / 127, so that an element of a is off by half a step and
 *
 *   c = sum over blocks of float(sum_k byte (q - zero)) * (scale * step), one fma a block
 *
 * then the epilogue. The sums of bytes are exact and every instruction set gives the same bits. A row's
 * block with a NaN or infinity makes the row NaN, one below 2^-120 counts as zero. |error| <= sum over blocks of 0.51 step * sum
 * |weight|, and the rounding of k / 32 fmas. scratch: kaon_nbits_s8_scratch bytes, aligned to 4. */
#ifndef KAON_KERNELS_GEMM_NBITS_H
#define KAON_KERNELS_GEMM_NBITS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernels/gemm.h"

enum { KAON_NBITS_BLOCK = 32 };

struct kaon_nbits {
    unsigned bits;    /* 4 or 8 */
    bool half_scales; /* f16, or f32 */
    bool zeros;       /* there are zero points */
};

/* Packed: for each 32 columns and each block of k the scales of the columns, their zero points (32
 * bytes in 64) if there are any, and the weights as bytes 4 k by 32 columns as in
 * kernels/gemm_u8s8.h; of 4 bits those of columns 16 to 31 in the upper half of the bytes of columns 0
 * to 15. */
static inline size_t kaon_nbits_block_bytes(const struct kaon_nbits *f)
{
    return (size_t)(KAON_GEMM_PANEL * (f->half_scales ? 2 : 4) + (f->zeros ? 64 : 0)) +
           (size_t)KAON_GEMM_PANEL * KAON_NBITS_BLOCK * f->bits / 8;
}

static inline size_t kaon_nbits_blocks(size_t k)
{
    return (k + KAON_NBITS_BLOCK - 1) / KAON_NBITS_BLOCK;
}

static inline size_t kaon_nbits_packed_bytes(const struct kaon_nbits *f, size_t k, size_t n)
{
    const size_t panels = (n + KAON_GEMM_PANEL - 1) / KAON_GEMM_PANEL;
    return panels * kaon_nbits_blocks(k) * kaon_nbits_block_bytes(f);
}

static inline size_t kaon_nbits_s8_scratch(size_t m, size_t k)
{
    return m * kaon_nbits_blocks(k) * (KAON_NBITS_BLOCK + sizeof(float) + sizeof(int32_t));
}

/* q (n, blocks, 32 * bits / 8), the lower half of a byte first; scales (n, blocks) f32 or f16; zeros (n,
 * bytes that hold blocks of `bits`) or NULL. */
typedef void kaon_gemm_pack_nbits_fn(uint8_t *packed, const struct kaon_nbits *f, const uint8_t *q,
                                     const void *scales, const uint8_t *zeros, size_t k, size_t n);
typedef void kaon_gemm_nbits_fn(float *c, size_t ldc, const float *a, size_t lda,
                                const uint8_t *packed, const struct kaon_nbits *f, size_t m,
                                size_t n, size_t k, const struct kaon_epilogue *e, void *scratch);

#ifdef KAON_ISA
kaon_gemm_pack_nbits_fn KAON_K(kaon_gemm_pack_nbits);
kaon_gemm_nbits_fn KAON_K(kaon_gemm_nbits);
kaon_gemm_nbits_fn KAON_X(kaon_gemm_nbits_s8);
#endif

#endif
